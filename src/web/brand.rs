//! The operator's name, colour, logo and links on the pages.

use crate::error::StartError;
use actix_web::web::Bytes;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the operator chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandOptions {
    /// The name at the top of each page; empty: Tellonce.
    pub name: String,
    /// The colour of buttons and links.
    pub accent: Option<Colour>,
    /// An image file.
    pub logo: Option<PathBuf>,
    /// Links at the bottom of each page.
    pub links: Vec<Link>,
}

/// A link at the bottom of each page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub name: String,
    /// Where it leads.
    pub address: String,
}

impl Link {
    /// From `NAME=ADDRESS`, where the address is a web page, a mail address or a path of this host.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, address) = text.split_once('=')?;
        let (name, address) = (name.trim(), address.trim());
        let is_path = address.starts_with('/') && !address.starts_with("//");
        let is_known = ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
        let is_plain =
            !address.contains(|character: char| character.is_whitespace() || character.is_control());
        (!name.is_empty() && is_plain && (is_path || is_known))
            .then(|| Self { name: name.to_owned(), address: address.to_owned() })
    }
}

/// The brand, ready to be served.
#[derive(Debug)]
pub struct Brand {
    /// The name at the top of each page.
    pub name: String,
    /// Links at the bottom of each page.
    pub links: Vec<Link>,
    style: Option<BrandFile>,
    logo: Option<BrandFile>,
}

/// A file of the operator's brand.
#[derive(Debug)]
pub struct BrandFile {
    /// Holds a hash of the content.
    pub name: String,
    /// What it is.
    pub content_type: &'static str,
    /// The content.
    pub content: Bytes,
}

impl BrandFile {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: Bytes) -> Self {
        let hash = blake3::hash(&content).to_hex();
        Self { name: format!("{stem}.{}.{extension}", &hash[..8]), content_type, content }
    }
}

/// The largest logo, in bytes.
const LOGO_BYTES: u64 = 256 << 10;

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Tellonce".into(), links: Vec::new(), style: None, logo: None }
    }
}

impl Brand {
    /// Reads the logo, and draws the colours that go with the accent.
    ///
    /// # Errors
    /// What is wrong with the logo.
    pub fn new(options: &BrandOptions) -> Result<Self, StartError> {
        let plain = Self::default();
        let style = options
            .accent
            .map(|accent| BrandFile::new("brand", "css", "text/css; charset=utf-8", style(accent).into()));
        Ok(Self {
            name: if options.name.is_empty() { plain.name } else { options.name.clone() },
            links: options.links.clone(),
            style,
            logo: options.logo.as_deref().map(logo).transpose().map_err(wrong)?,
        })
    }

    /// The path of the logo, if it is not ours.
    pub fn logo_path(&self) -> Option<String> {
        self.logo.as_ref().map(|logo| format!("/assets/{}", logo.name))
    }

    /// The path of the style with the accent, if there is one.
    pub fn style_path(&self) -> Option<String> {
        self.style.as_ref().map(|style| format!("/assets/{}", style.name))
    }

    /// The file with this name.
    pub fn file(&self, name: &str) -> Option<&BrandFile> {
        self.style.iter().chain(&self.logo).find(|file| file.name == name)
    }
}

fn wrong(why: String) -> StartError {
    StartError::configuration(format!("option `brand-logo`: {why}"))
}

fn logo(path: &Path) -> Result<BrandFile, String> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let content_type = match extension.to_ascii_lowercase().as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        _ => return Err("a logo is an .svg, .png, .webp or .jpg file".into()),
    };
    let mut content = Vec::new();
    let file =
        std::fs::File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let read = file.take(LOGO_BYTES + 1).read_to_end(&mut content);
    read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if content.len() as u64 > LOGO_BYTES {
        return Err(format!("{} is larger than {LOGO_BYTES} bytes", path.display()));
    }
    Ok(BrandFile::new("logo", &extension.to_ascii_lowercase(), content_type, content.into()))
}

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

const BLACK: Colour = Colour([0; 3]);
const WHITE: Colour = Colour([255; 3]);
/// The grounds of `static/assets/style.css` on which the accent is hardest to read.
const LIGHT_GROUND: Colour = Colour([0xf4, 0xf6, 0xf5]);
const DARK_GROUND: Colour = Colour([0x19, 0x21, 0x1e]);
/// Text on a button in the dark scheme.
const ON_DARK: Colour = Colour([0x0b, 0x12, 0x10]);
/// The least contrast of text, with a little to spare (WCAG 2.2, 1.4.3 asks for 4.5).
const CONTRAST: f64 = 4.6;

impl Colour {
    /// From `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |start: usize| u8::from_str_radix(&digits[start..start + 2], 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    fn css(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// This colour with so many hundredths of another.
    fn mixed(self, other: Self, hundredths: u16) -> Self {
        let mix = |one: u8, other: u8| {
            let sum = u16::from(one) * (100 - hundredths) + u16::from(other) * hundredths;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(std::array::from_fn(|index| mix(self.0[index], other.0[index])))
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast ratio (WCAG 2.2).
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        (one / two).max(two / one)
    }

    /// As little of `towards` as makes it readable on this ground.
    fn readable_on(self, ground: Self, towards: Self) -> Self {
        let steps = (0..=100).map(|hundredths| self.mixed(towards, hundredths));
        let mut readable = steps.filter(|colour| colour.contrast(ground) >= CONTRAST);
        readable.next().unwrap_or(towards)
    }
}

/// The accent and what goes with it, for both schemes, readable in both whatever was chosen.
fn style(accent: Colour) -> String {
    let light = accent.readable_on(LIGHT_GROUND, BLACK);
    let dark = accent.readable_on(DARK_GROUND, WHITE);
    let pair = |name: &str, light: Colour, dark: Colour| {
        format!("  --{name}: light-dark({}, {});\n", light.css(), dark.css())
    };
    let lines = [
        pair("accent", light, dark),
        pair("accent-strong", light.mixed(BLACK, 25), dark.mixed(WHITE, 35)),
        pair("on-accent", WHITE, ON_DARK),
        pair("tint", light.mixed(WHITE, 90), DARK_GROUND.mixed(dark, 12)),
    ];
    format!(":root {{\n{}}}\n", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_is_readable_in_both_schemes() {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let accent = Colour([red, green, blue]);
                    let light = accent.readable_on(LIGHT_GROUND, BLACK);
                    let dark = accent.readable_on(DARK_GROUND, WHITE);
                    assert!(light.contrast(LIGHT_GROUND) >= 4.5 && light.contrast(WHITE) >= 4.5);
                    assert!(dark.contrast(DARK_GROUND) >= 4.5 && dark.contrast(ON_DARK) >= 4.5);
                }
            }
        }
    }

    #[test]
    fn contrast_is_counted_as_the_guidelines_do() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 1e-9);
        let grey = Colour::parse("#767676").expect("a colour");
        assert!((grey.contrast(WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_link_leads_to_a_page_an_address_or_a_path() {
        for right in
            ["Imprint=https://example.com/imprint", "Help = mailto:help@example.com", "Privacy=/privacy"]
        {
            assert!(Link::parse(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            "Imprint",
            "=https://example.com",
            "Bad=javascript:alert(1)",
            "Bad=//example.com",
            "Bad=https://a b",
        ] {
            assert!(Link::parse(wrong).is_none(), "{wrong}");
        }
    }
}
