//! HTML from templates. What is HTML and what is text are two types: text becomes [`Html`] only by
//! being escaped, and markup comes only from the files in `static/pages`.

use rust_embed::Embed;
use zeroize::Zeroizing;

#[derive(Embed)]
#[folder = "static/pages/"]
struct Templates;

/// Markup that is safe to send. It may hold a secret, so it is wiped when dropped.
#[derive(Default)]
pub struct Html(Zeroizing<String>);

impl Html {
    /// The bytes to send.
    pub fn into_body(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

/// Text as HTML, for content and for quoted attributes alike.
pub fn text(text: &str) -> Html {
    let length = text.chars().map(|character| escape(character).map_or(character.len_utf8(), str::len)).sum();
    // Sized beforehand: a string that grows leaves copies of a secret behind.
    let mut escaped = Zeroizing::new(String::with_capacity(length));
    for character in text.chars() {
        match escape(character) {
            Some(reference) => escaped.push_str(reference),
            None => escaped.push(character),
        }
    }
    Html(escaped)
}

fn escape(character: char) -> Option<&'static str> {
    Some(match character {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        // A browser would read a bare one as a line feed.
        '\r' => "&#13;",
        // HTML has no way to write it; browsers drop it or show this.
        '\0' => "\u{fffd}",
        _ => return None,
    })
}

/// A template with its `{{name}}` places filled. Each place is found in the template itself, before
/// anything is filled in, so that braces in a value are only braces.
pub fn fill(name: &str, values: &[(&str, Html)]) -> Html {
    let file = Templates::get(name);
    let template = file.as_ref().and_then(|file| str::from_utf8(&file.data).ok()).unwrap_or_default();
    debug_assert!(!template.is_empty(), "there is no template {name}");
    // The end of the file is not part of the page: it would be a space between words.
    let template = template.trim_end_matches('\n');
    let mut pieces = Vec::new();
    for (index, piece) in template.split("{{").enumerate() {
        match piece.split_once("}}") {
            Some((place, rest)) if index > 0 => pieces.extend([value(name, values, place), rest]),
            _ => pieces.push(piece),
        }
    }
    Html(Zeroizing::new(pieces.concat()))
}

fn value<'v>(name: &str, values: &'v [(&str, Html)], place: &str) -> &'v str {
    let found = values.iter().find(|(key, _)| *key == place);
    debug_assert!(found.is_some(), "{name} has a place {place} that nothing fills");
    found.map_or("", |(_, html)| &html.0)
}

/// Several pieces of HTML, one after the other.
pub fn join(pieces: impl IntoIterator<Item = Html>) -> Html {
    let pieces: Vec<Html> = pieces.into_iter().collect();
    let texts: Vec<&str> = pieces.iter().map(|piece| piece.0.as_str()).collect();
    Html(Zeroizing::new(texts.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let html = text("</textarea><script>alert(\"1\" + '2')</script> & \r\n\0é").into_body();
        assert_eq!(
            html,
            "&lt;/textarea&gt;&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39;)&lt;/script&gt; &amp; &#13;\n\u{fffd}é"
        );
    }

    #[test]
    fn braces_in_a_value_are_only_braces() {
        let values = [("machine", text("{{words}}")), ("words", text("{{machine}}"))];
        let html = fill("part-time.html", &values).into_body();
        assert_eq!(html, "<time datetime=\"{{words}}\">{{machine}}</time>");
    }

    #[test]
    fn no_template_has_script_or_style_of_its_own_or_loads_from_elsewhere() {
        for name in Templates::iter() {
            let file = Templates::get(&name).expect("a template that was just listed");
            let template = str::from_utf8(&file.data).expect("UTF-8").to_ascii_lowercase();
            let template = template.replace("<script src=\"{{script}}\" type=\"module\"></script>", "");
            for bad in
                ["<script", "<style", " style=", "javascript:", "http:", "https:", "\"//", "url(", " on"]
            {
                let found = template.match_indices(bad).find(|(at, _)| {
                    bad != " on"
                        || template[at + bad.len()..]
                            .split_once('=')
                            .is_some_and(|(word, _)| word.bytes().all(|byte| byte.is_ascii_lowercase()))
                });
                assert!(found.is_none(), "{name} has {bad}");
            }
        }
    }
}
