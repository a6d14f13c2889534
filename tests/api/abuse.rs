//! What nobody would send by accident: it gets the right refusal in JSON, changes nothing, and the
//! server goes on. And what people may well send, and must get back as it was.

use crate::support::http::Reply;
use crate::support::server::{BASE, Made};
use crate::support::{Request, Server};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tellonce::web::{v1, v2};

/// The longest secret under the tests' rules.
const LONGEST: usize = 1 << 20;
/// The longest body under the tests' rules.
const LONGEST_BODY: usize = 6 * LONGEST + (64 << 10);
const SHARE: &str = "/api/v1/share";
const CONCEAL: &str = "/api/v2/secret/conceal";
/// Every route that reads parameters, with identifiers that name nothing.
const READS_PARAMETERS: [&str; 12] = [
    SHARE,
    "/api/v1/create",
    "/api/v1/generate",
    "/api/v1/secret/abcdefghijklmnopqrstuvwxyz01234",
    "/api/v1/private/abcdefghijklmnopqrstuvwxyz01234/burn",
    CONCEAL,
    "/api/v2/secret/generate",
    "/api/v2/guest/secret/conceal",
    "/api/v2/guest/secret/generate",
    "/api/v2/secret/abcdefghijklmnopqrstuvwxyz01234/reveal",
    "/api/v2/secret/status",
    "/api/v2/receipt/abcdefghijklmnopqrstuvwxyz01234/burn",
];

/// Rows of secrets, receipts and occupied slots.
fn rows(server: &Server) -> (i64, i64, i64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let path = server.folder().join("tellonce.db");
    let database = Connection::open_with_flags(path, flags).expect("the database");
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).expect("a count")
    };
    (count("secrets"), count("receipts"), count("slots WHERE used = 1"))
}

/// Sends a request that must be refused with this status, in JSON, and must not store anything.
#[track_caller]
fn refuse(server: &Server, request: &Request, status: u16) -> Value {
    let before = rows(server);
    let reply = server.send(request);
    let body = is_refusal(&reply, status);
    assert_eq!(rows(server), before, "{body}");
    body
}

#[track_caller]
fn is_refusal(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    let body = reply.json();
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    body
}

#[track_caller]
fn is_well(server: &Server) {
    let made = server.conceal("still here");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "still here");
}

fn multipart(boundary: &str, parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in parts {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value, b"\r\n"].concat());
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[test]
fn malformed_json_is_refused() {
    let server = Server::start();
    let bodies: [&[u8]; 16] = [
        b"{",
        b"{\"secret\"",
        b"{\"secret\":}",
        b"{\"secret\":\"a\",}",
        b"{\"secret\":\"a\"} x",
        b"{\"secret\":\"a\"}{\"secret\":\"b\"}",
        b"{'secret':'a'}",
        b"{secret:\"a\"}",
        b"{\"secret\":\"\\ud800\"}",
        b"{\"secret\":\"\\udc00\\ud800\"}",
        b"{\"secret\":\"\\x41\"}",
        b"{\"secret\":\"a\nb\"}",
        b"{\"secret\":\"a\0b\"}",
        b"{\"secret\":NaN}",
        b"{\"secret\":\"a\",\"ttl\":01}",
        b"{\"secret\":\"a\",\"ttl\":1e999}",
    ];
    for body in bodies {
        for target in READS_PARAMETERS {
            refuse(&server, &Request::post(target).body(body), 400);
        }
    }
    for body in
        ["[]", "[{\"secret\":\"a\"}]", "\"secret\"", "null", "true", "1", "\u{feff}{\"secret\":\"a\"}"]
    {
        let request = Request::post(CONCEAL).header("Content-Type", "application/json").body(body);
        refuse(&server, &request, 400);
    }
}

#[test]
fn a_parameter_of_another_json_type_is_refused() {
    let server = Server::start();
    let not_text = [
        json!(1),
        json!(1.5),
        json!(true),
        json!(false),
        json!([]),
        json!(["a"]),
        json!({}),
        json!({ "a": 1 }),
    ];
    let not_number = [json!(true), json!(false), json!([60]), json!({ "seconds": 60 })];
    let not_texts =
        [json!(1), json!(true), json!({ "to": "a" }), json!([1]), json!([["a"]]), json!(["a", {}])];
    let not_object = [json!(1), json!("all"), json!(true), json!([]), json!("")];
    let creating: [(&str, &[Value]); 5] = [
        ("passphrase", &not_text),
        ("share_domain", &not_text),
        ("ttl", &not_number),
        ("recipient", &not_texts),
        ("secret", &not_text),
    ];
    for (name, values) in creating {
        for value in values {
            let mut body = json!({ "secret": "hello" });
            body[name] = value.clone();
            refuse(&server, &Request::post(SHARE).json(&body), 400);
            refuse(&server, &Request::post(CONCEAL).json(&json!({ "secret": body })), 400);
            if name != "secret" {
                refuse(&server, &Request::post("/api/v1/generate").json(&body), 400);
                refuse(
                    &server,
                    &Request::post("/api/v2/secret/generate").json(&json!({ "secret": body })),
                    400,
                );
            }
        }
    }
    for (name, values) in [("length", &not_number[..]), ("character_sets", &not_object[..])] {
        for value in values {
            refuse(&server, &Request::post("/api/v1/generate").json(&json!({ name: value })), 400);
            let body = json!({ "secret": { name: value } });
            refuse(&server, &Request::post("/api/v2/secret/generate").json(&body), 400);
        }
    }
    for value in &not_object {
        refuse(&server, &Request::post(CONCEAL).json(&json!({ "secret": value })), 400);
    }
    let made = server.conceal("hello");
    for value in &not_text {
        let body = json!({ "passphrase": value, "continue": true });
        for target in [
            format!("/api/v1/secret/{}", made.secret),
            format!("/api/v2/secret/{}/reveal", made.secret),
            format!("/api/v1/receipt/{}/burn", made.receipt),
            format!("/api/v2/receipt/{}/burn", made.receipt),
        ] {
            refuse(&server, &Request::post(&target).json(&body), 400);
        }
    }
    for value in &not_texts {
        refuse(&server, &Request::post("/api/v2/secret/status").json(&json!({ "identifiers": value })), 400);
    }
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_million_parameters_are_refused() {
    let server = Server::start();
    let forms = "a=&".repeat(1_000_000) + "secret=hello";
    refuse(&server, &Request::post(SHARE).form(&forms), 400);
    let members = "\"\":0,".repeat(1_000_000) + "\"secret\":\"hello\"";
    refuse(&server, &Request::post(SHARE).body(format!("{{{members}}}")), 400);
    refuse(&server, &Request::post(CONCEAL).body(format!("{{\"secret\":{{{members}}}}}")), 400);
    let list = "0,".repeat(1_000_000) + "0";
    refuse(&server, &Request::post(SHARE).body(format!("{{\"secret\":\"hello\",\"x\":[{list}]}}")), 400);
    let (content_type, body) = multipart("x", &vec![("a", &b""[..]); 2_000]);
    refuse(&server, &Request::post(SHARE).header("Content-Type", &content_type).body(body), 400);
    refuse(&server, &Request::post(&format!("{SHARE}?secret=hello{}", "&a".repeat(25_000))), 400);
    is_well(&server);
}

#[test]
fn deep_nesting_is_refused_or_ignored() {
    let server = Server::start();
    let deep = |open: &str, close: &str, depth: usize| open.repeat(depth) + "0" + &close.repeat(depth);
    for depth in [1_000, 500_000] {
        let bodies = [
            format!("{{\"secret\":{}}}", deep("[", "]", depth)),
            format!("{{\"secret\":\"hello\",\"x\":{}}}", deep("{\"a\":", "}", depth)),
        ];
        for body in bodies {
            refuse(&server, &Request::post(SHARE).body(&*body), 400);
            refuse(&server, &Request::post(CONCEAL).body(&*body), 400);
        }
    }
    for depth in [1_000, 2_000_000] {
        for name in ["secret", "x"] {
            let name = format!("{name}{}", "[a]".repeat(depth));
            assert_eq!(refuse(&server, &Request::post(SHARE).form(&name), 422)["field"], "secret");
            refuse(&server, &Request::post(CONCEAL).form(&name), 422);
        }
        refuse(&server, &Request::post(SHARE).form(&"[".repeat(depth)), 422);
    }
    let (content_type, body) = multipart("x", &[(&format!("x{}", "[a]".repeat(500_000)), b"1")]);
    refuse(&server, &Request::post(SHARE).header("Content-Type", &content_type).body(body), 422);
    refuse(&server, &Request::post(&format!("{SHARE}?x{}", "[a]".repeat(20_000))), 422);
    is_well(&server);
}

#[test]
fn a_repeated_name_does_not_smuggle_a_type_in() {
    let server = Server::start();
    for body in [
        r#"{"secret":{"secret":"a"},"secret":"b"}"#,
        r#"{"secret":{"secret":"a","secret":["b"]}}"#,
        r#"{"secret":{"secret":"a"},"secret":{"secret":{}}}"#,
    ] {
        refuse(&server, &Request::post(CONCEAL).body(body), 400);
    }
    refuse(&server, &Request::post(SHARE).form("secret=a&secret[b]=c"), 400);
    refuse(&server, &Request::post(&format!("{CONCEAL}?secret[secret]=a")).form("secret=b"), 400);
}

#[test]
fn what_is_not_utf_8_is_refused() {
    let server = Server::start();
    let bad: [&[u8]; 5] = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"a\xc3"];
    for bytes in bad {
        let escaped: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        refuse(&server, &Request::post(SHARE).form(&format!("secret={escaped}")), 400);
        refuse(&server, &Request::post(&format!("{SHARE}?secret={escaped}")), 400);
        refuse(&server, &Request::post(SHARE).form(&format!("secret=a&{escaped}=b")), 400);
        refuse(&server, &Request::post(SHARE).body([b"secret=", bytes].concat()), 400);
        refuse(&server, &Request::post(SHARE).body([b"{\"secret\":\"", bytes, b"\"}"].concat()), 400);
        refuse(&server, &Request::post(SHARE).body([b"{\"", bytes, b"\":1,\"secret\":\"a\"}"].concat()), 400);
        let (content_type, body) = multipart("x", &[("secret", bytes)]);
        refuse(&server, &Request::post(SHARE).header("Content-Type", &content_type).body(body), 400);
    }
}

#[test]
fn a_broken_multipart_body_is_refused() {
    let server = Server::start();
    let head = "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\nhello";
    let bodies = [
        head.to_owned(),
        format!("{head}\r\n--y--\r\n"),
        "hello".into(),
        "--x\r\nno header\r\n\r\nhello\r\n--x--\r\n".into(),
        "--x".into(),
        format!("--x\r\n{}\r\n\r\nhello\r\n--x--\r\n", "A: b\r\n".repeat(10_000)),
    ];
    for body in bodies {
        let request =
            Request::post(SHARE).header("Content-Type", "multipart/form-data; boundary=x").body(&*body);
        refuse(&server, &request, 400);
    }
}

#[test]
fn a_compressed_body_is_refused() {
    let server = Server::start();
    for target in READS_PARAMETERS {
        for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x-unheard-of"] {
            let request = Request::post(target).header("Content-Encoding", encoding).body("secret=hello");
            refuse(&server, &request, 415);
        }
    }
    let request = Request::post(SHARE).header("Content-Encoding", "identity").body("secret=hello");
    server.send(&request).ok();
}

#[test]
fn a_passphrase_of_a_mebibyte_is_refused_and_wrong() {
    let server = Server::start();
    let long = "p".repeat(LONGEST);
    let body = json!({ "secret": "hello", "passphrase": long });
    assert_eq!(refuse(&server, &Request::post(SHARE).json(&body), 422)["field"], "passphrase");
    assert_eq!(
        refuse(&server, &Request::post(CONCEAL).json(&json!({ "secret": body })), 422)["field"],
        "passphrase"
    );
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "p".repeat(1024) }));
    server.reveal_with(&made, Some(&long)).expect(422);
    assert_eq!(server.reveal_with(&made, Some(&"p".repeat(1024))).ok()["record"]["secret_value"], "hello");
}

/// Identifiers that name nothing, made from one that does.
fn odd_identifiers(real: &str) -> Vec<String> {
    let mut odd: Vec<String> = [
        "..",
        "../..",
        "..%2f..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%00",
        "a%00b",
        "%0d%0aX:%20y",
        "%ff",
        "%",
        "%zz",
        "%c3%a9",
        "a",
        "*",
        "-",
        "0",
        "null",
        "recent",
        "conceal",
        "%3Cscript%3E",
        "%27%20OR%201=1--",
        ";",
        "=",
        "a b",
    ]
    .iter()
    .map(|text| text.replace(' ', "+"))
    .collect();
    odd.extend([
        real.to_uppercase(),
        real[1..].to_owned(),
        format!("{real}a"),
        format!("{real}%00"),
        format!("{real}%20"),
        format!("{real}%0a"),
        format!("{real}."),
        format!("{real}.json"),
        format!("{real};a"),
        format!("{}%C3%A9", &real[2..]),
        real.repeat(2),
        "a".repeat(30_000),
        "%61".repeat(1_000),
        "%2f".repeat(1_000),
    ]);
    odd
}

#[test]
fn an_odd_identifier_is_simply_unknown() {
    let server = Server::start();
    let made = server.conceal("hello");
    let before = rows(&server);
    let mut client = server.connect();
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, methods) in routes.iter().filter(|(path, _)| path.contains('{')) {
            let real = if path.contains("secret/{") { &made.secret } else { &made.receipt };
            for odd in odd_identifiers(real) {
                let target = format!("{base}{path}").replace("{key}", &odd).replace("{id}", &odd);
                for method in *methods {
                    let request = Request::new(&method.to_uppercase(), &target);
                    let reply = client.send(&request).expect("a reply");
                    is_unknown(&reply, &format!("{method} {}", &target[..target.len().min(90)]));
                }
            }
        }
    }
    assert_eq!(rows(&server), before);
    assert_eq!(server.receipt(&made)["state"], "new");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

/// 404, or what another route says to a path or method that is not its own, or the state `unknown`.
#[track_caller]
fn is_unknown(reply: &Reply, what: &str) {
    assert!(matches!(reply.status, 200 | 401 | 404 | 405), "{what}: {}", reply.status);
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{what}");
    if reply.status == 200 && !reply.body.is_empty() {
        let body = reply.json();
        let is_harmless =
            body["record"]["state"] == "unknown" || body["status"] == "nominal" || body["count"] == 0;
        assert!(is_harmless, "{what}: {body}");
    } else if !reply.body.is_empty() {
        assert!(reply.json()["message"].is_string(), "{what}");
    }
}

#[test]
fn no_header_and_no_target_changes_a_link() {
    let server = Server::start();
    let forged = [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "evil"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-For", "evil"),
        ("X-Original-URL", "/evil"),
        ("X-Rewrite-URL", "/evil"),
        ("X-Host", "evil.example"),
        ("Forwarded", "host=evil.example;proto=evil"),
        ("Origin", "https://evil.example"),
        ("Referer", "https://evil.example/"),
    ];
    for target in [SHARE, "http://evil.example/api/v1/share", "https://evil.example:666/api/v1/share"] {
        for (name, value) in forged {
            let shared = send_forged(&server, &Request::post(target).form("secret=hello"), name, value);
            let key = shared["metadata_key"].as_str().expect("a key");
            assert_eq!(shared["metadata_url"], format!("{BASE}/receipt/{key}"));
            let target = target.replace("v1/share", &format!("v2/receipt/{key}"));
            let receipt = send_forged(&server, &Request::get(&target), name, value);
            assert!(receipt["record"]["share_url"].as_str().is_some_and(|url| url.starts_with(BASE)));
        }
    }
}

/// Sends a request with this header, in place of its own of that name, and finds no trace of it in
/// the reply.
#[track_caller]
fn send_forged(server: &Server, request: &Request, name: &str, value: &str) -> Value {
    let text = String::from_utf8(request.bytes()).expect("a text");
    let text = text.replace("Host: localhost", &format!("{name}: {value}"));
    let host = if name == "Host" { "" } else { "\r\nHost: localhost" };
    let text = text.replacen("\r\n\r\n", &format!("{host}\r\n\r\n"), 1);
    let mut client = server.connect();
    client.send_bytes(text.as_bytes()).expect("sent");
    let reply = client.read(false).expect("a reply");
    // With marks around them: identifiers are random and may hold any short word.
    for forged in ["evil.", "evil:", "/evil", ":666"] {
        assert!(!reply.contains(forged), "{name}: {}", reply.text());
    }
    reply.ok()
}

#[test]
fn no_get_or_head_of_any_route_consumes_anything() {
    let server = Server::start();
    let made = server.conceal("hello");
    let before = rows(&server);
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, _) in routes {
            for id in [&made.secret, &made.receipt] {
                let target = format!("{base}{path}").replace("{key}", id).replace("{id}", id);
                for query in
                    ["", "?continue=true&passphrase=", "?secret=hello&secret[secret]=hello&_method=POST"]
                {
                    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
                        let request = Request::new(method, &format!("{target}{query}"));
                        let request =
                            request.header("X-HTTP-Method-Override", "POST").header("Purpose", "prefetch");
                        assert!(!server.send(&request).contains("hello"), "{method} {target}{query}");
                    }
                }
            }
        }
    }
    assert_eq!(rows(&server), before);
    assert_eq!(server.receipt(&made)["state"], "new");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_get_does_not_read_its_body_as_parameters() {
    let server = Server::start();
    let made = server.conceal("hello");
    let request = Request::get(&format!("/api/v2/secret/{}", made.secret)).body("{\"continue\":true");
    assert_eq!(server.send(&request).ok()["record"]["state"], "new");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

/// Shares a text as JSON, as a form and as multipart.
fn ways_to_share(text: &str) -> [Request; 4] {
    let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (content_type, body) = multipart("x", &[("secret", text.as_bytes())]);
    [
        Request::post(SHARE).json(&json!({ "secret": text })),
        Request::post(CONCEAL).json(&json!({ "secret": { "secret": text } })),
        Request::post(SHARE).form(&format!("secret={escaped}")),
        Request::post(SHARE).header("Content-Type", &content_type).body(body),
    ]
}

/// Sends what shares this text, and reads it back.
#[track_caller]
fn comes_back(server: &Server, request: &Request, text: &str) {
    let shared = server.send(request).ok();
    let value = match shared["secret_key"].as_str() {
        Some(key) => server.send(&Request::post(&format!("/api/v1/secret/{key}"))).ok()["value"].take(),
        None => {
            let key = shared["record"]["secret"]["key"].as_str().expect("a key");
            let reply = server.post(&format!("/api/v2/secret/{key}/reveal"), &json!({ "continue": true }));
            reply.ok()["record"]["secret_value"].take()
        }
    };
    assert!(value.as_str() == Some(text), "not what was sent");
}

/// Shares a text in every way.
#[track_caller]
fn survives(server: &Server, text: &str) {
    for request in ways_to_share(text) {
        comes_back(server, &request, text);
    }
}

#[test]
fn a_secret_of_exactly_a_mebibyte_comes_back_byte_for_byte() {
    let server = Server::start();
    let text: String =
        (0..LONGEST).map(|index| char::from(b' ' + u8::try_from(index % 95).expect("a byte"))).collect();
    survives(&server, &text);
    // The same in four-byte characters, and with each byte as a JSON escape, the longest body there is.
    let request = |text: &str| Request::post(CONCEAL).json(&json!({ "secret": { "secret": text } }));
    for text in ["🔑".repeat(LONGEST / 4), "\u{1}".repeat(LONGEST)] {
        comes_back(&server, &request(&text), &text);
    }
}

#[test]
fn a_secret_of_one_byte_more_is_refused() {
    let server = Server::start();
    for request in ways_to_share(&("é".repeat(LONGEST / 2) + "s")) {
        assert_eq!(refuse(&server, &request, 422)["field"], "secret");
    }
}

#[test]
fn any_text_survives() {
    let server = Server::start();
    let controls: String = (0u8..32).chain([127]).map(char::from).collect();
    for text in [
        &*controls,
        "\0",
        "\n",
        " ",
        "\r\n\r\n",
        "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪",
        "e\u{301}\u{e9}\u{202e}\u{feff}\u{fffd}\u{10ffff}",
        "%41+&=;",
        "{\"secret\":\"x\"}",
        "</script><!--",
        "--x\r\n",
        "null",
    ] {
        survives(&server, text);
    }
}

/// Sends a head and then this many bytes, or a block more, of a body that never ends.
#[track_caller]
fn send_endless(server: &Server, head: &str, bytes: usize) -> Reply {
    let mut client = server.connect();
    client.send_bytes(format!("{head}\r\n\r\n").as_bytes()).expect("sent");
    let block = vec![b'a'; 64 << 10];
    let is_chunked = head.contains("chunked");
    let chunk = if is_chunked { [b"10000\r\n", &*block, b"\r\n"].concat() } else { block };
    for _ in 0..bytes.div_ceil(64 << 10) {
        client.send_bytes(&chunk).expect("sent");
    }
    client.read(false).expect("a reply")
}

#[test]
fn a_body_over_the_limit_is_refused_as_soon_as_it_is() {
    let server = Server::start();
    for target in [SHARE, CONCEAL] {
        let lengths = [
            format!("Content-Length: {}", LONGEST_BODY + (256 << 10)),
            "Content-Length: 1099511627776".into(),
            "Transfer-Encoding: chunked".into(),
        ];
        for (length, content_type) in
            lengths.iter().zip(["application/json", "multipart/form-data; boundary=x", "x"])
        {
            let head =
                format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n{length}");
            let before = rows(&server);
            // No more than a read's length beyond the limit is needed, though more was announced.
            let reply = send_endless(&server, &head, LONGEST_BODY + (64 << 10));
            is_refusal(&reply, 413);
            assert_eq!(rows(&server), before);
        }
    }
    is_well(&server);
}

#[test]
fn a_body_of_just_the_limit_is_read() {
    let server = Server::start();
    let body = format!("secret=hello&x={}", "a".repeat(LONGEST_BODY - "secret=hello&x=".len()));
    assert_eq!(body.len(), LONGEST_BODY);
    server.send(&Request::post(SHARE).form(&body)).ok();
    refuse(&server, &Request::post(SHARE).form(&(body + "a")), 413);
}

#[test]
fn a_body_that_breaks_off_stores_nothing() {
    let server = Server::start();
    let before = rows(&server);
    for body in ["secret=hel", "{\"secret\":\"hello\"}"] {
        let mut client = server.connect();
        let head = format!("POST {SHARE} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{body}");
        client.send_bytes(head.as_bytes()).expect("sent");
        client.close_sending().expect("closed");
        assert!(client.read(false).map_or(true, |reply| reply.status == 400));
    }
    assert_eq!(rows(&server), before);
    is_well(&server);
}

#[test]
fn an_envelope_of_our_own_making_is_a_text_like_any_other() {
    let server = Server::start();
    let made = server.conceal("hello");
    let reply = server.get(&format!("/api/v2/receipt/{}", made.receipt)).text();
    survives(&server, &reply);
    assert_eq!(server.receipt(&made)["state"], "new");
}

#[test]
fn a_wrong_route_or_method_is_refused_in_json() {
    let server = Server::start();
    let Made { secret, receipt } = server.conceal("hello");
    for target in [
        "/api/v1",
        "/api/v2",
        "/api/v1/x",
        "/api/v2/guest",
        "/api/v2/guest/private/x",
        "/api/v2/guest/status",
    ] {
        assert_eq!(refuse(&server, &Request::get(target), 404)["message"], "Not Found", "{target}");
        assert_eq!(refuse(&server, &Request::post(target).form("secret=hello"), 404)["message"], "Not Found");
    }
    for target in [format!("/api/v1/secret/{secret}/burn"), format!("/api/v2/receipt/{receipt}/reveal")] {
        refuse(&server, &Request::post(&target), 404);
    }
    for target in
        [format!("/api/v1/secret/{secret}"), format!("/api/v2/secret/{secret}/reveal"), SHARE.into()]
    {
        let reply = server.get(&target);
        assert_eq!(reply.header("allow"), Some("POST, OPTIONS"));
        is_refusal(&reply, 405);
    }
}
