//! A link as a QR code in a terminal: two rows of modules in each line of text.

use super::terminal::wants_colours;
use crate::error::StartError;
use fast_qr::{QRBuilder, QRCode};

/// Light modules around the code, which readers need to find it.
const QUIET: usize = 4;

/// Draws it. Where colours are welcome it is black on white whatever the terminal's own colours are;
/// elsewhere light modules are drawn as blocks, which is right on a dark terminal, and most readers take
/// the reverse as well.
pub fn draw(link: &str) -> Result<String, StartError> {
    let code =
        QRBuilder::new(link).build().map_err(|_| StartError::data("the link is too long for a QR code"))?;
    Ok(lines(&code, wants_colours()))
}

fn lines(code: &QRCode, in_colour: bool) -> String {
    let side = code.size + 2 * QUIET;
    let is_dark = |row: usize, column: usize| {
        let inside = QUIET..QUIET + code.size;
        inside.contains(&row) && inside.contains(&column) && code[row - QUIET][column - QUIET].value()
    };
    let mut text = String::new();
    for row in (0..side).step_by(2) {
        if in_colour {
            // Black and white by number: a theme may have changed the named ones.
            text.push_str("\x1b[38;5;16;48;5;231m");
        }
        for column in 0..side {
            // The terminal's own background, below the last row, counts as dark without colours.
            let below = if row + 1 < side { is_dark(row + 1, column) } else { !in_colour };
            text.push(half_blocks(is_dark(row, column) == in_colour, below == in_colour));
        }
        text.push_str(if in_colour { "\x1b[0m\n" } else { "\n" });
    }
    text
}

/// One character for two modules, those that are to be drawn filled.
fn half_blocks(upper: bool, lower: bool) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dark modules of a drawing, read back from its characters.
    fn read(drawing: &str, in_colour: bool) -> Vec<Vec<bool>> {
        let plain = drawing.replace("\x1b[38;5;16;48;5;231m", "").replace("\x1b[0m", "");
        let rows = plain.lines().flat_map(|line| {
            let row = |filled: &'static [char]| -> Vec<bool> {
                line.chars().map(|character| filled.contains(&character) == in_colour).collect()
            };
            [row(&['█', '▀']), row(&['█', '▄'])]
        });
        rows.collect()
    }

    #[test]
    fn a_drawing_holds_the_code_within_a_quiet_zone() {
        let code = QRBuilder::new("https://secrets.example/secret/abcdefghijklmnopqrstuvwxyz01234").build();
        let code = code.expect("a code");
        for in_colour in [true, false] {
            let rows = read(&lines(&code, in_colour), in_colour);
            let side = code.size + 2 * QUIET;
            assert_eq!(rows.len(), side + side % 2);
            for (y, row) in rows.iter().enumerate().take(side) {
                assert_eq!(row.len(), side);
                for (x, dark) in row.iter().enumerate() {
                    let inside = QUIET..QUIET + code.size;
                    let expected =
                        inside.contains(&y) && inside.contains(&x) && code[y - QUIET][x - QUIET].value();
                    assert_eq!(*dark, expected, "{x} {y}");
                }
            }
        }
    }
}
