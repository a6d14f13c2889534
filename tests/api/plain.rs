//! Pipes over HTTP: a body in, a link out; a link in, the bytes out.

use crate::support::headers::TLS_ONLY;
use crate::support::server::{BASE, Made, policy};
use crate::support::{Reply, Request, Server};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};
use tellonce::app::{Create, Policy};
use tellonce::limits::{Rate, RatePolicy};

const UNKNOWN: &str = "abcdefghijklmnopqrstuvwxyz01234";

fn put(body: &[u8]) -> Request {
    Request::new("PUT", "/").body(body)
}

fn raw(id: &str) -> Request {
    Request::post(&format!("/secret/{id}/raw"))
}

/// Beyond what every reply is held to.
#[track_caller]
fn check_plain(reply: &Reply) {
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("strict-transport-security"), Some(TLS_ONLY));
}

/// The identifiers in the reply to a PUT.
#[track_caller]
fn made(reply: Reply) -> Made {
    let reply = reply.expect(200);
    check_plain(&reply);
    let link = reply.text();
    let secret = link.strip_prefix(&format!("{BASE}/secret/")).and_then(|rest| rest.strip_suffix('\n'));
    let receipt =
        reply.header("tellonce-receipt").and_then(|link| link.strip_prefix(&format!("{BASE}/receipt/")));
    Made { secret: secret.expect("a link").into(), receipt: receipt.expect("a link").into() }
}

/// A refusal in one plain sentence.
#[track_caller]
fn refused(reply: &Reply, status: u16, sentence: &str) {
    assert_eq!((reply.status, reply.text().as_str()), (status, format!("{sentence}.\n").as_str()));
    check_plain(reply);
}

#[test]
fn what_is_put_in_comes_out_again_byte_for_byte() {
    let server = Server::start();
    let largest = "é".repeat(1 << 19);
    for text in ["hello", "hello\n", "\n", " \r\n\t", "{\"secret\": 1}", "secret=x&ttl=60", "\0", &largest] {
        let made = made(server.send(&put(text.as_bytes())));
        let reply = server.send(&raw(&made.secret)).expect(200);
        check_plain(&reply);
        assert!(reply.body == text.as_bytes(), "{} bytes", text.len());
        refused(&server.send(&raw(&made.secret)), 404, "Unknown secret");
    }
}

#[test]
fn the_body_is_the_secret_whatever_its_header_says() {
    let server = Server::start();
    for content_type in
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let made = made(server.send(&put(b"{\"a\": \"%20\"}").header("Content-Type", content_type)));
        assert_eq!(server.send(&raw(&made.secret)).expect(200).text(), "{\"a\": \"%20\"}");
    }
}

#[test]
fn wishes_are_headers() {
    let server = Server::start();
    let ttl = |text: &str| {
        let made = made(server.send(&put(b"hello").header("Tellonce-TTL", text)));
        server.receipt(&made)["secret_ttl"].as_str().expect("a text").to_owned()
    };
    assert_eq!(ttl("4h"), "14400");
    assert_eq!(ttl("90"), "90");
    assert_eq!(ttl(""), "604800");
    // Clamped, as everywhere.
    assert_eq!((ttl("1s").as_str(), ttl("30d").as_str()), ("60", "604800"));
    let made = made(server.send(&put(b"hello").header("Tellonce-Passphrase", "pâss wörd")));
    let wrong = |request: Request| refused(&server.send(&request), 422, "Incorrect passphrase");
    wrong(raw(&made.secret));
    wrong(raw(&made.secret).header("Tellonce-Passphrase", "pass word"));
    let right = raw(&made.secret).header("tellonce-passphrase", "pâss wörd");
    assert_eq!(server.send(&right).expect(200).text(), "hello");
}

#[test]
fn what_cannot_be_taken_is_refused_with_a_sentence() {
    let server = Server::start();
    let sent = |request: Request| server.send(&request);
    refused(&sent(put(b"")), 422, "You did not provide anything to share");
    refused(
        &sent(put(b"\xff\xfe")),
        422,
        "The secret is not valid UTF-8: wrap other bytes, such as in base64",
    );
    let too_long = vec![b'x'; (1 << 20) + 1];
    refused(&sent(put(&too_long)), 422, "The secret is longer than 1048576 bytes");
    refused(&sent(put(b"x").header("Tellonce-TTL", "soon")), 422, "The ttl must be like 30m, 4h or 7d");
    refused(&sent(put(b"x").header("Tellonce-TTL", "-5")), 422, "The ttl must be like 30m, 4h or 7d");
    let long = "x".repeat(1025);
    refused(
        &sent(put(b"x").header("Tellonce-Passphrase", &long)),
        422,
        "The passphrase is longer than 1024 bytes",
    );
    refused(&sent(put(b"x").header("Content-Encoding", "gzip")), 415, "A compressed body is not supported");
    refused(&sent(raw(UNKNOWN)), 404, "Unknown secret");
    refused(&sent(raw("nothing")), 404, "Unknown secret");
}

#[test]
fn a_body_longer_than_any_request_may_be_is_refused() {
    let server = Server::start_with(Policy { max_secret_bytes: 1000, ..policy() });
    refused(&server.send(&put(&vec![b'x'; 1001])), 422, "The secret is longer than 1000 bytes");
    refused(&server.send(&put(&vec![b'x'; 80_000])), 413, "The request is too large");
}

#[test]
fn looking_never_consumes() {
    let server = Server::start();
    let made = server.conceal("hello");
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH"] {
        let reply = server.send(&Request::new(method, &format!("/secret/{}/raw", made.secret))).expect(405);
        assert_eq!(reply.header("allow"), Some("POST, OPTIONS"));
        check_plain(&reply);
    }
    let options = server.send(&Request::new("OPTIONS", &format!("/secret/{}/raw", made.secret))).expect(204);
    assert_eq!(options.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(server.send(&raw(&made.secret)).expect(200).text(), "hello");
}

#[test]
fn accounts_pipe_too_and_wrong_credentials_are_refused() {
    let server = Server::start_with(Policy { create: Create::Accounts, ..policy() });
    let frank = server.account("frank@example.com");
    let anonymous = server.send(&put(b"hello"));
    refused(&anonymous, 401, "Not authorized");
    assert!(anonymous.header("www-authenticate").is_some_and(|value| value.starts_with("Basic ")));
    let made = made(server.send(&put(b"hello").header("Tellonce-TTL", "20d").login(&frank)));
    // Longer than anyone without an account is granted.
    assert_eq!(server.receipt(&made)["secret_ttl"], json!("1728000"));
    let wrong = crate::support::Login { token: "0".repeat(40), ..frank };
    refused(&server.send(&raw(&made.secret).login(&wrong)), 401, "Not authorized");
    assert_eq!(server.send(&raw(&made.secret)).expect(200).text(), "hello");
}

#[test]
fn no_other_site_can_use_a_browsers_credentials() {
    let server = Server::start();
    let frank = server.account("frank@example.com");
    let secret = server.conceal("hello").secret;
    let foreign = "Requests with credentials are not accepted from other sites";
    for (name, value) in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        for request in [put(b"hello"), raw(&secret)] {
            refused(&server.send(&request.login(&frank).header(name, value)), 403, foreign);
        }
    }
    // Without credentials a browser would have to be let, and is not.
    let preflight = Request::new("OPTIONS", "/").header("Origin", "https://evil.example");
    assert_eq!(
        server
            .send(&preflight.header("Access-Control-Request-Method", "PUT"))
            .header("access-control-allow-origin"),
        None
    );
    made(server.send(&put(b"hello").login(&frank).header("Origin", BASE)));
    assert_eq!(server.send(&raw(&secret)).expect(200).text(), "hello");
}

#[test]
fn rates_hold_as_everywhere_and_say_when_to_come_back() {
    let rates = RatePolicy { create: Rate::per(2, 3600), reveal: Rate::per(1, 60), ..RatePolicy::OFF };
    let server = Server::start_with(Policy { rates, ..policy() });
    let (first, _) = (made(server.send(&put(b"one"))), made(server.send(&put(b"two"))));
    let refusal = server.send(&put(b"three"));
    refused(&refusal, 429, "Too many attempts. Try again later");
    assert!(refusal.header("retry-after").is_some_and(|rest| rest.parse::<u64>().is_ok_and(|rest| rest > 0)));
    assert_eq!(server.send(&raw(&first.secret)).expect(200).text(), "one");
    refused(&server.send(&raw(&first.secret)), 429, "Too many attempts. Try again later");
}

#[test]
fn guesses_are_counted_as_everywhere() {
    let server = Server::start();
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    for _ in 0..3 {
        refused(
            &server.send(&raw(&made.secret).header("Tellonce-Passphrase", "wrong")),
            422,
            "Incorrect passphrase",
        );
    }
    assert_eq!(
        server.get(&format!("/api/v2/receipt/{}", made.receipt)).ok()["details"]["failed_attempts"],
        "3"
    );
}

/// Runs the real curl.
#[track_caller]
fn curl(arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("curl")
        .args(["-sS", "--fail-with-body", "--noproxy", "*"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("written");
    let output = child.wait_with_output().expect("the end");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn curl_pipes_in_and_out() {
    let server = Server::start();
    let here = |path: &str| format!("http://{}{path}", server.address);
    for text in ["hello\n", &"long ".repeat(200_000)] {
        let link = curl(
            &["-T", "-", &here("/"), "-H", "Tellonce-TTL: 4h", "-H", "Tellonce-Passphrase: x"],
            text.as_bytes(),
        );
        let path =
            link.strip_prefix(BASE).and_then(|path| path.strip_suffix('\n')).expect("one line with a link");
        let read = curl(&["-X", "POST", "-H", "Tellonce-Passphrase: x", &here(&format!("{path}/raw"))], b"");
        assert!(read == text);
    }
    let link = curl(&["-T", "-", &here("")], b"hello");
    let path = link.trim_end().strip_prefix(BASE).expect("a link");
    assert_eq!(curl(&["-X", "POST", &here(&format!("{path}/raw"))], b""), "hello");
}
