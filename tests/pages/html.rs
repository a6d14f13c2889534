//! Reading pages as a browser would, as far as these tests need it.

use crate::support::server::BASE;
use crate::support::{Reply, Request, Server};

/// Sends a form as a browser does, with these fields.
#[track_caller]
pub fn submit(server: &Server, path: &str, fields: &[(&str, &str)]) -> Reply {
    server.send(&form(path, fields))
}

/// A form as a browser sends it, with these fields.
pub fn form(path: &str, fields: &[(&str, &str)]) -> Request {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    Request::post(path).form(&pairs.join("&"))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            b' ' => "+".into(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The value of the text area with this id: without the first line feed, which HTML drops, and with
/// its character references resolved.
#[track_caller]
pub fn value(reply: &Reply, id: &str) -> String {
    let page = reply.text();
    let (_, from) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    let (_, content) = from.split_once('>').expect("the end of the tag");
    let (content, _) = content.split_once("</textarea>").expect("the end of the text area");
    let content = content.strip_prefix('\n').expect("a line feed to be dropped");
    assert!(!content.contains('<'), "{content}");
    unescape(content)
}

fn unescape(html: &str) -> String {
    let references = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#13;", "\r")];
    let text = references.iter().fold(html.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&amp;", "&")
}

/// The heading of a page.
#[track_caller]
pub fn heading(reply: &Reply) -> String {
    let page = reply.text();
    let (_, from) = page.split_once("<h1").expect("a heading");
    let (_, from) = from.split_once('>').expect("the end of the tag");
    from.split_once("</h1>").expect("the end of the heading").0.to_owned()
}

/// The path of a link that was made by this server.
#[track_caller]
pub fn path_of(link: &str) -> String {
    link.strip_prefix(BASE).unwrap_or_else(|| panic!("{link} is not below {BASE}")).to_owned()
}

/// The path of the receipt that a page links to.
#[track_caller]
pub fn receipt_path(reply: &Reply) -> String {
    let page = reply.text();
    let (_, from) = page.split_once("href=\"/receipt/").expect("a link to a receipt");
    format!("/receipt/{}", &from[..31])
}

/// A piece of a page that somebody may read.
#[derive(Debug)]
pub enum Piece {
    /// Between tags, with its character references resolved.
    Text(String),
    /// The name and the value of an attribute, likewise.
    Attribute(String, String),
}

/// A page, cut into texts and attributes. The pages quote every value with `"`.
#[track_caller]
pub fn pieces(page: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("a tag without end: {part}"));
        let mut rest = tag.split_once(' ').map_or("", |(_, attributes)| attributes.trim_start());
        while !rest.is_empty() {
            let end = rest.find([' ', '=']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let (value, after) = match after.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').expect("the end of a value"),
                None => ("", after),
            };
            found.push(Piece::Attribute(name.into(), unescape(value)));
            rest = after.trim_start();
        }
        if !text.trim().is_empty() {
            found.push(Piece::Text(unescape(text.trim())));
        }
    }
    found
}

/// The values of this attribute on a page, in their order.
pub fn attributes(page: &Reply, attribute: &str) -> Vec<String> {
    let value = |piece| match piece {
        Piece::Attribute(name, value) if name == attribute => Some(value),
        _ => None,
    };
    pieces(&page.text()).into_iter().filter_map(value).collect()
}

/// Whether the only script of a page is our own file, and nothing in it is script or style by itself.
pub fn has_no_script_but_ours(page: &Reply) -> bool {
    let text = page.text();
    let is_ours = text.matches("<script").count() == 1 && text.contains("<script src=\"/assets/app.");
    let is_empty = text.split_once("<script").is_some_and(|(_, from)| {
        from.split_once('>').is_some_and(|(_, content)| content.starts_with("</script>"))
    });
    let is_plain = pieces(&text).iter().all(|piece| match piece {
        Piece::Text(_) => true,
        Piece::Attribute(name, value) => {
            name != "style" && !name.starts_with("on") && !value.trim_start().starts_with("javascript:")
        }
    });
    is_ours && is_empty && is_plain && !text.contains("<style")
}
