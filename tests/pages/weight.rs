//! What travels compressed, what never does, and how much a first visit weighs.

use super::html::{attributes, form};
use super::tour::UNKNOWN;
use crate::support::{Reply, Request, Server};
use flate2::read::GzDecoder;
use serde_json::json;
use std::io::Read;
use tellonce::secret::Locale;

/// The most that a first visit may take, in bytes: the page with its script, style and icon.
const FIRST_VISIT: usize = 25_000;

fn accepting(request: Request, codings: &str) -> Request {
    request.header("Accept-Encoding", codings)
}

#[track_caller]
fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(&*reply.body).read_to_end(&mut bytes).expect("a whole gzip file");
    bytes
}

/// What everybody gets alike.
fn common(server: &Server) -> Vec<String> {
    let page = server.get("/").expect(200);
    let files = [attributes(&page, "href"), attributes(&page, "src")].concat();
    let mut paths: Vec<String> = files.into_iter().filter(|path| path.starts_with("/assets/")).collect();
    assert_eq!(paths.len(), 4, "style, icon, script, and the icon as a logo: {paths:?}");
    paths.extend(["/".into(), format!("/secret/{UNKNOWN}"), "/secret/x".into(), "/favicon.svg".into()]);
    paths
}

#[test]
fn what_everybody_gets_alike_is_compressed_for_those_who_ask() {
    let server = Server::start();
    for path in common(&server) {
        let plain = server.get(&path).expect(200);
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("Accept-Encoding")));
        for codings in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5", "identity;q=0.1,gzip"] {
            let packed = server.send(&accepting(Request::get(&path), codings)).expect(200);
            assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path} {codings}");
            assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
            assert!(packed.body.len() < plain.body.len());
            assert_eq!(unpacked(&packed), plain.body, "{path}");
            for name in ["content-type", "content-security-policy", "cache-control", "etag"] {
                assert_eq!(packed.header(name), plain.header(name), "{path} {name}");
            }
        }
        for codings in ["", "identity", "br", "gzip;q=0", "gzip;q=nonsense", "x-gzipped", "\u{fffd}"] {
            let reply = server.send(&accepting(Request::get(&path), codings)).expect(200);
            assert_eq!(
                (reply.header("content-encoding"), &reply.body),
                (None, &plain.body),
                "{path} {codings}"
            );
        }
        let head = server.send(&accepting(Request::new("HEAD", &path), "gzip")).expect(200);
        let get = server.send(&accepting(Request::get(&path), "gzip")).expect(200);
        for name in ["content-encoding", "content-length", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[test]
fn each_language_has_its_own_page_compressed_or_not() {
    let server = Server::start();
    for (_, tag) in Locale::ALL {
        for path in ["/", "/secret/x"] {
            let request = || Request::get(path).header("Accept-Language", tag);
            let (plain, packed) = (server.send(&request()), server.send(&accepting(request(), "gzip")));
            assert_eq!(unpacked(&packed.expect(200)), plain.expect(200).body, "{tag} {path}");
        }
    }
}

/// The length of something compressed tells of its content to whoever can have a part of it repeated.
#[test]
fn nothing_with_a_secret_a_link_or_a_receipt_is_ever_compressed() {
    let server = Server::start();
    let login = server.account("one@example.com");
    let made = server.conceal_as(&login, json!({ "secret": "hello" }));
    let locked = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let (secret, receipt) = (format!("/secret/{}", made.secret), format!("/receipt/{}", made.receipt));
    let requests = [
        form("/", &[("secret", "x".repeat(5000).as_str())]),
        form("/", &[("secret", "hello"), ("ttl", "x")]),
        form("/", &[("generate", "true"), ("length", "20")]),
        Request::get("/").login(&login),
        Request::get(&format!("{secret}/ask")),
        Request::get(&receipt),
        Request::get(&receipt).login(&login),
        Request::get(&format!("{receipt}/burn")),
        form(&receipt, &[("memo", "note")]).login(&login),
        Request::get("/recent").login(&login),
        form("/recent", &[("receipts", &made.receipt)]),
        form(&format!("/secret/{}", locked.secret), &[("passphrase", "wrong")]),
        Request::get(&format!("/api/v2/receipt/{}", made.receipt)),
        Request::get(&format!("/api/v2/secret/{}", made.secret)),
        Request::get("/api/v2/receipt/recent").login(&login),
        Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": "hello" } })),
        form(&secret, &[]),
        Request::get("/nope"),
        Request::post(&format!("/api/v2/secret/{}/reveal", locked.secret))
            .json(&json!({ "continue": true, "passphrase": "right" })),
        form(&format!("/receipt/{}/burn", locked.receipt), &[("passphrase", "right")]),
    ];
    for request in requests {
        let reply = server.send(&accepting(request.clone(), "gzip, br, deflate, zstd"));
        let what = String::from_utf8_lossy(&request.bytes()).lines().next().unwrap_or_default().to_owned();
        assert_eq!(reply.header("content-encoding"), None, "{what}");
        assert!(!reply.body.starts_with(&[0x1f, 0x8b]) && !reply.body.is_empty(), "{what}");
    }
}

#[test]
fn a_first_visit_weighs_little() {
    let server = Server::start();
    let size = |path: &str, tag: &str| {
        let request = accepting(Request::get(path), "gzip").header("Accept-Language", tag);
        server.send(&request).expect(200).body.len()
    };
    let page = server.get("/").expect(200);
    let mut files = [attributes(&page, "href"), attributes(&page, "src")].concat();
    files.retain(|path| path.starts_with("/assets/"));
    files.sort();
    files.dedup();
    let parts: Vec<(&str, usize)> = files.iter().map(|path| (path.as_str(), size(path, "en"))).collect();
    let (tag, largest) = Locale::ALL
        .iter()
        .map(|(_, tag)| (*tag, size("/", tag)))
        .max_by_key(|(_, size)| *size)
        .expect("a language");
    let sum = largest + parts.iter().map(|(_, size)| size).sum::<usize>();
    println!("a first visit: {sum} bytes, / in {tag} {largest}, {parts:?}");
    assert!(parts.len() == 3 && sum <= FIRST_VISIT, "{sum}");
}
