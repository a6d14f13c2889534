//! HTML from templates: files with places for values and for sentences. What is HTML and what is text are two types: text becomes [`Html`] only by
//! being escaped, and markup comes only from the files in `static/pages`.

use crate::words::{Piece, pieces};
use rust_embed::Embed;
use std::borrow::Cow;
use zeroize::Zeroizing;

#[derive(Embed)]
#[folder = "static/pages/"]
struct Templates;

/// Markup that is safe to send. It may hold a secret, so it is wiped when dropped.
#[derive(Default)]
pub struct Html(Zeroizing<String>);

impl Html {
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

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

/// A place in a template.
pub enum Place<'t> {
    /// `{{name}}`: a value.
    Value(&'t str),
    /// `[[key]]`: a sentence in the reader's language.
    Sentence(&'t str),
}

/// A template with its places filled. Each place is found in the template itself, before anything is
/// filled in, so that braces in a value are only braces.
pub fn fill<'v>(name: &str, find: impl Fn(&Place) -> Cow<'v, str>) -> Html {
    let file = Templates::get(name);
    let template = file.as_ref().and_then(|file| str::from_utf8(&file.data).ok()).unwrap_or_default();
    debug_assert!(!template.is_empty(), "there is no template {name}");
    // The end of the file is not part of the page: it would be a space between words.
    let mut rest = template.trim_end_matches('\n');
    let mut parts = Vec::new();
    while let Some((before, place, after)) = next_place(rest) {
        parts.extend([Cow::Borrowed(before), find(&place)]);
        rest = after;
    }
    parts.push(Cow::Borrowed(rest));
    Html(Zeroizing::new(parts.concat()))
}

/// A sentence as HTML, with its places filled.
pub fn sentence<'v>(sentence: &str, find: impl Fn(&str) -> Cow<'v, str>) -> Html {
    let parts = pieces(sentence).map(|piece| match piece {
        Piece::Text(piece) => text(piece).into_body().into(),
        Piece::Place(place) => find(place),
    });
    Html(Zeroizing::new(parts.collect::<Vec<_>>().concat()))
}

/// The first place, with what stands before and after it.
fn next_place(template: &str) -> Option<(&str, Place<'_>, &str)> {
    let value = template.find("{{").map(|start| (start, "}}"));
    let sentence = template.find("[[").map(|start| (start, "]]"));
    let (start, end) = value.into_iter().chain(sentence).min()?;
    let (name, after) = template[start + 2..].split_once(end)?;
    let place = if end == "}}" { Place::Value(name) } else { Place::Sentence(name) };
    Some((&template[..start], place, after))
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
        let html = fill("part-time.html", |place| match place {
            Place::Value("machine") => "{{words}}".into(),
            Place::Value("words") => "[[layout.skip]]{{machine}}".into(),
            Place::Value(name) | Place::Sentence(name) => panic!("{name}"),
        });
        assert_eq!(
            html.into_body(),
            "<time dir=\"ltr\" datetime=\"{{words}}\">[[layout.skip]]{{machine}}</time>"
        );
    }

    #[test]
    fn no_template_has_script_or_style_of_its_own_or_loads_from_elsewhere() {
        for name in Templates::iter() {
            let file = Templates::get(&name).expect("a template that was just listed");
            let template = str::from_utf8(&file.data).expect("UTF-8").to_ascii_lowercase();
            let template = template.replace("<script src=\"{{script}}\" type=\"module\"></script>", "");
            for bad in
                ["<script>", "<style", " style=", "javascript:", "http:", "https:", "\"//", "url(", " on"]
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
