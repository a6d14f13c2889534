//! What travels: to whom, under which protection, and what the client makes of odd answers.

use crate::desk::{Desk, Ran, finish};
use crate::stranger::{Stranger, tls_in_front_of};
use crate::support::BadLine;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const ID: &str = "abcdefghijklmnopqrstuvwxyz01234";

#[track_caller]
fn fails(ran: &Ran, code: i32, sentence: &str) {
    assert_eq!(
        (ran.code, ran.text(), ran.err.as_str()),
        (code, "", format!("tellonce: {sentence}\n").as_str())
    );
}

#[test]
fn tls_is_trusted_with_the_right_certificate_and_refused_without() {
    let desk = Desk::new();
    let port = tls_in_front_of(desk.server.address, &desk.path("ca.pem"));
    let url = format!("https://localhost:{port}");
    let tls = ["--server", &url];
    let trusted = [&["share"][..], &tls, &["--ca-file", "ca.pem"]].concat();
    let link = desk.run(&trusted, b"hello").done();
    assert!(link.starts_with(&format!("{url}/secret/")), "{link}");
    let untrusted = desk.run(&["get", link.trim_end()], b"");
    assert_eq!((untrusted.code, untrusted.text()), (69, ""));
    assert!(untrusted.err.starts_with(&format!("tellonce: {url} cannot be trusted: ")), "{}", untrusted.err);
    let mut by_variable = desk.command();
    by_variable.env("TELLONCE_CA_FILE", desk.path("ca.pem")).args(["get", link.trim_end()]);
    assert_eq!(finish(by_variable, b"").done(), "hello");
    // The certificate is for another name.
    let other = format!("https://127.0.0.1:{port}");
    let ran = desk.run(&["share", "--server", &other, "--ca-file", "ca.pem"], b"hello");
    assert_eq!(ran.code, 69);
    assert!(ran.err.contains("cannot be trusted"), "{}", ran.err);
}

#[test]
fn a_file_without_certificates_is_told() {
    let desk = Desk::new();
    std::fs::write(desk.path("ca.pem"), "nothing").expect("a file");
    let https =
        |file: &str| desk.run(&["share", "--server", "https://localhost:1", "--ca-file", file], b"hello");
    fails(&https("ca.pem"), 78, "there is no certificate in ca.pem: it must be in PEM form");
    fails(&https("nowhere"), 78, "cannot read nowhere: No such file or directory (os error 2)");
}

#[test]
fn a_redirect_is_not_followed() {
    let desk = Desk::new();
    let elsewhere = Stranger::with("200 OK", "", "{}");
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}/secret/canary\r\n", elsewhere.url());
        let server = Stranger::with(status, &location, "");
        let sentence = format!(
            "{} sends us on to {}, and redirects are not followed: name the right server",
            server.url(),
            elsewhere.url()
        );
        fails(&desk.run(&["share", "--server", &server.url()], b"hello"), 69, &sentence);
        fails(&desk.run(&["get", &format!("{}/secret/{ID}", server.url())], b""), 69, &sentence);
    }
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[test]
fn a_token_goes_to_the_server_that_gave_it_and_to_no_other() {
    let desk = Desk::new();
    let frank = desk.log_in();
    let other = Stranger::with("404 Not Found", "", r#"{"message": "Unknown secret"}"#);
    let link = |path: &str| format!("{}/{path}/{ID}", other.url());
    for arguments in [
        &["get", &link("secret")][..],
        &["status", &link("secret")],
        &["status", &link("receipt")],
        &["burn", &link("private")],
        &["status", ID, "--server", &other.url()],
        &["share", "--server", &other.url()],
        &["generate", "--server", &other.url()],
    ] {
        let ran = desk.run(arguments, b"hello");
        assert_eq!(ran.code, 1, "{arguments:?} {ran:?}");
    }
    assert_eq!(desk.run(&["recent", "--server", &other.url()], b"").code, 77);
    let requests = other.requests();
    assert!(requests.len() >= 7);
    for request in requests {
        let lower = request.to_ascii_lowercase();
        assert!(!lower.contains("authorization") && !lower.contains(&frank.token), "{request}");
    }
    // Its own server does get it.
    let made = desk.run(&["share", "--ttl", "20d"], b"hello").done();
    assert_eq!(desk.run(&["status", made.trim_end()], b"").code, 0);
}

#[test]
fn what_is_sent_is_what_the_documents_of_the_api_say() {
    let desk = Desk::new();
    let server = Stranger::with("404 Not Found", "", r#"{"message": "Unknown secret"}"#);
    std::fs::write(desk.path("right"), "right").expect("a file");
    desk.run(&["share", "--server", &server.url(), "--ttl", "4h", "--passphrase-file", "right"], b"hello");
    desk.run(&["generate", "--server", &server.url(), "--length", "20", "--sets", "numbers"], b"");
    desk.run(&["status", ID, "--server", &server.url()], b"");
    let requests = server.requests();
    let line = |index: usize| requests[index].lines().next().expect("a line").to_owned();
    let body = |index: usize| -> serde_json::Value {
        let (_, body) = requests[index].split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    };
    assert_eq!(line(0), "POST /api/v2/guest/secret/conceal HTTP/1.1");
    assert_eq!(
        body(0),
        json!({"secret": {
            "kind": "conceal", "share_domain": "", "secret": "hello", "passphrase": "right", "ttl": 14400
        }})
    );
    assert_eq!(line(1), "POST /api/v2/guest/secret/generate HTTP/1.1");
    assert_eq!(
        body(1),
        json!({"secret": {
            "kind": "generate", "share_domain": "", "length": 20, "character_sets": {
                "uppercase": false, "lowercase": false, "numbers": true, "symbols": false,
                "exclude_ambiguous": true
            }
        }})
    );
    assert_eq!(line(2), format!("GET /api/v2/guest/receipt/{ID} HTTP/1.1"));
    assert_eq!(line(3), format!("GET /api/v2/guest/secret/{ID} HTTP/1.1"));
    assert!(requests[0].contains("\r\ncontent-type: application/json\r\n"), "{}", requests[0]);
}

#[test]
fn other_servers_of_the_api_are_understood() {
    let desk = Desk::new();
    // Longer identifiers, numbers where ours sends text, and the other way round.
    let id = ID.repeat(2);
    let body = json!({"success": true, "record": {
        "secret": {"identifier": format!("a{id}"), "secret_ttl": 3600},
        "receipt": {"identifier": format!("b{id}"), "created": "1800000000", "has_passphrase": "true"},
        "share_domain": null
    }});
    let server = Stranger::with("200 OK", "", &body.to_string());
    let made = desk.run(&["share", "--server", &server.url(), "--json"], b"hello").done();
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    assert_eq!(
        made,
        json!({
            "link": format!("{}/secret/a{id}", server.url()),
            "receipt": format!("{}/receipt/b{id}", server.url()),
            "ttl": 3600, "expires": 1_800_003_600, "has_passphrase": true
        })
    );
    let body = json!({"record": {"secret_value": "hello"}});
    let server = Stranger::with("200 OK", "", &body.to_string());
    assert_eq!(desk.run(&["get", &format!("{}/secret/{id}", server.url())], b"").done(), "hello");
}

#[test]
fn an_answer_that_is_none_of_this_api_is_told() {
    let desk = Desk::new();
    let asks = |server: &Stranger| desk.run(&["share", "--server", &server.url()], b"hello");
    for body in ["<h1>It works</h1>", "{}", "[]", "", r#"{"record": {"secret": {"identifier": "a/b"}}}"#] {
        let server = Stranger::with("200 OK", "", body);
        let sentence = format!("{} answers, but not as a server of this API", server.url());
        fails(&asks(&server), 69, &sentence);
    }
    let server = Stranger::with("404 Not Found", "", "<h1>nginx</h1>");
    fails(&asks(&server), 69, "the server does not speak this API: is its address right?");
    let server = Stranger::with("502 Bad Gateway", "", "<h1>nginx</h1>");
    fails(&asks(&server), 69, "the server refuses (502): without a reason");
    let server = Stranger::with("403 Forbidden", "", r#"{"message": "Not today\u001b[2J"}"#);
    fails(&asks(&server), 77, "the server refuses (403): Not today [2J");
    let server = Stranger::with("503 Unavailable", "Retry-After: 7\r\n", r#"{"message": "Busy"}"#);
    fails(&asks(&server), 75, "the server refuses (503): Busy; try again in 7 seconds");
    let server = Stranger::answering("SSH-2.0-OpenSSH\r\n", Duration::ZERO);
    assert_eq!(asks(&server).code, 69);
    let server = Stranger::answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Duration::ZERO);
    fails(&asks(&server), 69, &format!("{} broke off in the middle", server.url()));
}

#[test]
fn an_answer_that_breaks_off_while_a_secret_is_read_is_told_as_what_it_is() {
    let desk = Desk::new();
    // It shows that there is a secret, and then says the same where it should give it out.
    let server = Stranger::with("200 OK", "", r#"{"record": {"state": "new"}}"#);
    let ran = desk.run(&["get", &format!("{}/secret/{ID}", server.url()), "-o", "out"], b"");
    assert_eq!(ran.code, 69);
    let told = "warning: it is not known whether the secret was read before that: `tellonce status` tells\n";
    assert!(ran.err.starts_with(told), "{}", ran.err);
    assert!(!desk.path("out").exists());
}

#[test]
fn a_reply_that_got_lost_is_fetched_again_and_the_person_need_not_know() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "through a bad line" }));
    let line = BadLine::cutting(2, "/reveal", desk.server.address);
    let link = format!("http://{}/secret/{}", line.address, made.secret);
    assert_eq!(desk.run(&["get", &link], b"").done(), "through a bad line");
    assert_eq!(line.left(), 0, "no reply was cut off");
    assert_eq!(desk.record(&made)["state"], "revealed");
    assert_eq!(desk.run(&["get", &desk.link(&made)], b"").code, 1);
}

#[test]
fn every_reveal_has_a_fresh_key_and_a_real_answer_is_not_asked_for_twice() {
    let desk = Desk::new();
    let answers = [
        (r#"{"message": "Unknown secret"}"#, "404 Not Found"),
        (r#"{"message": "No", "retry_after": 9}"#, "429 Too Many"),
    ];
    let mut keys = Vec::new();
    for (body, status) in answers {
        // It shows the secret, and refuses to give it out.
        let server = Stranger::first("200 OK", r#"{"record": {"state": "new"}}"#, status, body);
        assert_ne!(desk.run(&["get", &format!("{}/secret/{ID}", server.url())], b"").code, 0);
        let requests = server.requests();
        assert_eq!(requests.len(), 2, "{requests:?}");
        let head = requests[1].to_ascii_lowercase();
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).expect("a key");
        assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        assert!(!requests[0].to_ascii_lowercase().contains("idempotency-key"));
        keys.push(key.to_owned());
    }
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_busy_server_is_asked_again_and_what_it_says_last_is_told() {
    let desk = Desk::new();
    let server = Stranger::first(
        "200 OK",
        r#"{"record": {"state": "new"}}"#,
        "503 Busy\r\nRetry-After: 1",
        r#"{"message": "Busy"}"#,
    );
    let ran = desk.run(&["get", &format!("{}/secret/{ID}", server.url())], b"");
    assert_eq!(ran.code, 75, "{ran:?}");
    let keys: BTreeSet<String> = server.requests()[1..]
        .iter()
        .map(|request| {
            let head = request.to_ascii_lowercase();
            head.lines().find(|line| line.starts_with("idempotency-key: ")).expect("a key").to_owned()
        })
        .collect();
    assert_eq!((server.requests().len(), keys.len()), (7, 1));
}

#[test]
fn an_unencrypted_way_to_another_machine_is_warned_of() {
    let desk = Desk::new();
    // Reserved for documentation: nobody answers, and nobody is there to be asked.
    let mut command = desk.command();
    command.args(["share", "--server", "http://nobody.invalid"]);
    let ran = finish(command, b"hello");
    assert_eq!(ran.code, 69);
    let warning = "warning: http://nobody.invalid is not encrypted: everyone on the way can read along\n";
    assert!(ran.err.starts_with(warning), "{}", ran.err);
    assert!(!desk.run(&["share"], b"hello").err.contains("warning"));
}

#[test]
fn a_proxy_sees_what_is_encrypted_and_nothing_else() {
    let desk = Desk::new();
    let proxy = Stranger::with("502 Bad Gateway", "", "");
    let through = |server: &str| {
        let mut command = desk.command();
        command.args(["share", "--server", server]);
        command.env("HTTPS_PROXY", proxy.url()).env("HTTP_PROXY", proxy.url()).env("ALL_PROXY", proxy.url());
        finish(command, b"canary")
    };
    through(&desk.url()).done();
    assert_eq!(proxy.requests(), [""; 0]);
    assert_eq!(through("https://nobody.invalid").code, 69);
    let requests = proxy.requests();
    assert!(
        requests.len() == 1 && requests[0].starts_with("CONNECT nobody.invalid:443 HTTP/1.1"),
        "{requests:?}"
    );
}
