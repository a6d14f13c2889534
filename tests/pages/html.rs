//! Reading pages as a browser would, as far as these tests need it.

use crate::support::server::BASE;
use crate::support::{Reply, Request, Server};

/// Sends a form as a browser does, with these fields.
#[track_caller]
pub fn submit(server: &Server, path: &str, fields: &[(&str, &str)]) -> Reply {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    server.send(&Request::post(path).form(&pairs.join("&")))
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
