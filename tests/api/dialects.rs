//! How real programs speak, byte for byte: query strings in place of bodies, content types that are
//! missing, doubled or wrong, old versions of HTTP, odd credentials and odd values.

use crate::support::http::Reply;
use crate::support::server::{BASE, Made, START, links, policy};
use crate::support::{Request, Server};
use serde_json::{Value, json};
use tellonce::app::Policy;
use tellonce::web::{v1, v2};

/// `:`, which a client without an account sends.
const BLANK: &str = "Basic Og==";
/// `someone@example.com:0123abcd`.
const WRONG: &str = "Basic c29tZW9uZUBleGFtcGxlLmNvbTowMTIzYWJjZA==";

/// Sends these very bytes on a connection of their own. Lines may end as they are written here.
#[track_caller]
fn raw(server: &Server, head: &str, body: &[u8]) -> Reply {
    let head = head.trim().replace('\n', "\r\n") + "\r\n\r\n";
    let mut client = server.connect();
    client.send_bytes(&[head.as_bytes(), body].concat()).expect("sent");
    client.read(false).expect("a reply")
}

/// A form or something else in the body of v1's share, under these header lines.
#[track_caller]
fn share(server: &Server, target: &str, lines: &str, body: &str) -> Reply {
    let lines = lines.trim();
    let length = body.len();
    let head = format!("POST {target} HTTP/1.1\nHost: localhost\nContent-Length: {length}\n{lines}");
    raw(server, &head, body.as_bytes())
}

/// What the secret of v1's share reply holds.
#[track_caller]
fn content(server: &Server, shared: &Value) -> String {
    let key = shared["secret_key"].as_str().expect("a secret key");
    let reply = server.send(&Request::post(&format!("/api/v1/secret/{key}"))).ok();
    reply["value"].as_str().expect("a value").to_owned()
}

#[track_caller]
fn is_shared(server: &Server, target: &str, lines: &str, body: &str, expected: &str) {
    let shared = share(server, target, lines, body).ok();
    assert_eq!(content(server, &shared), expected, "{target} {lines} {body}");
}

/// The lifetime that v1 grants for a form.
#[track_caller]
fn ttl(server: &Server, form: &str) -> i64 {
    let shared = server.send(&Request::post("/api/v1/share").form(&format!("secret=hello&{form}"))).ok();
    shared["ttl"].as_i64().expect("a number")
}

#[test]
fn a_post_may_carry_everything_in_its_query_string() {
    let server = Server::start();
    let target = "/api/v1/share?secret=a+b%20c&passphrase=&recipient=&ttl=0";
    let shared = raw(&server, &format!("POST {target} HTTP/1.1\nHost: localhost"), b"").ok();
    assert_eq!((&shared["ttl"], &shared["passphrase_required"]), (&json!(604_800), &json!(false)));
    assert_eq!(content(&server, &shared), "a b c");
    let shared = share(&server, "/api/v1/share?secret=hello&ttl=60", "", "").ok();
    assert_eq!(shared["ttl"], 60);
    let key = shared["metadata_key"].as_str().expect("a key");
    let burned = share(&server, &format!("/api/v1/private/{key}/burn?passphrase="), "", "").ok();
    assert_eq!(burned["state"]["state"], "burned");
}

#[test]
fn an_empty_body_is_fine_under_any_content_type() {
    let server = Server::start();
    for name in
        ["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "x"]
    {
        let lines = format!("Content-Type: {name}");
        is_shared(&server, "/api/v1/share?secret=hello", &lines, "", "hello");
        is_shared(&server, "/api/v1/share?secret=hello", &lines, " \r\n", "hello");
    }
}

#[test]
fn the_body_decides_how_it_is_read() {
    let server = Server::start();
    let json = r#" {"secret":"a&b=c"}"#;
    let form = "secret=a%26b=c";
    let headers = [
        "",
        "Content-Type: text/plain",
        "Content-Type: text/html\nContent-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json\nContent-Type: text/html",
        "Content-Type: application/json, application/x-www-form-urlencoded",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: \u{e9}",
    ];
    for lines in headers {
        is_shared(&server, "/api/v1/share", lines, form, "a&b=c");
        is_shared(&server, "/api/v1/share", lines, json, "a&b=c");
    }
    is_shared(&server, "/api/v1/share", "Content-Type: application/json", json, "a&b=c");
}

#[test]
fn a_form_that_is_announced_as_nothing_but_json_is_refused() {
    let server = Server::start();
    for lines in [
        "Content-Type: application/json",
        "Content-Type: application/json\nContent-Type: text/json; charset=utf-8",
    ] {
        share(&server, "/api/v1/share", lines, "secret=hello").expect(400);
    }
}

#[test]
fn a_multipart_form_and_its_files_are_parameters() {
    let server = Server::start();
    let body = "--\u{21}own.boundary 1\r\n\
                Content-Disposition: form-data; name=\"ttl\"\r\n\r\n3600\r\n\
                --\u{21}own.boundary 1\r\n\
                Content-Disposition: form-data; name=\"secret\"; filename=\"key.txt\"\r\n\
                Content-Type: application/octet-stream\r\n\r\nline 1\r\nline 2 %41+\r\n\
                --\u{21}own.boundary 1--\r\n";
    let lines = "Content-Type: multipart/form-data; boundary=\"!own.boundary 1\"";
    let shared = share(&server, "/api/v1/share", lines, body).ok();
    assert_eq!(shared["ttl"], 3600);
    assert_eq!(content(&server, &shared), "line 1\r\nline 2 %41+");
    let nested = "--x\r\nContent-Disposition: form-data; name=\"secret[secret]\"\r\n\r\nhello\r\n--x--\r\n";
    let lines = "Content-Type: multipart/form-data; boundary=x";
    let concealed = share(&server, "/api/v2/secret/conceal", lines, nested).ok();
    assert_eq!(concealed["record"]["secret"]["state"], "new");
}

#[test]
fn stray_separators_make_no_difference() {
    let server = Server::start();
    is_shared(&server, "/api/v1/share", "", "secret=hello&", "hello");
    is_shared(&server, "/api/v1/share/", "", "secret=hello", "hello");
    is_shared(&server, "/api/v1/share/?", "", "&&secret=hello&&", "hello");
    is_shared(&server, "//api//v1/share", "", "secret=hello", "hello");
    is_shared(&server, "/api/v1/share?&secret=hello&", "", "", "hello");
    assert_eq!(server.get("/api/v1/status?").ok()["status"], "nominal");
    assert_eq!(server.get("/api/v2/status/").ok()["status"], "nominal");
}

#[test]
fn a_stray_percent_sign_stays_as_it_is() {
    let server = Server::start();
    is_shared(&server, "/api/v1/share", "", "secret=100%+%zz%4&ttl=60", "100% %zz%4");
    is_shared(&server, "/api/v1/share?secret=100%&ttl=60", "", "", "100%");
    is_shared(&server, "/api/v1/share?secret=%zz", "", "", "%zz");
}

#[test]
fn a_body_may_come_in_chunks() {
    let server = Server::start();
    let chunks = b"7\r\nsecret=\r\n1;x=y\r\nh\r\n4\r\nello\r\n0\r\n\r\n";
    let head = "POST /api/v1/share HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked";
    assert_eq!(content(&server, &raw(&server, head, chunks).ok()), "hello");
    let shared = raw(&server, &head.replace("share", "share?secret=hello"), b"0\r\n\r\n").ok();
    assert_eq!(content(&server, &shared), "hello");
}

#[test]
fn http_1_0_is_spoken() {
    let server = Server::start();
    let shared = raw(&server, "POST /api/v1/share HTTP/1.0\nContent-Length: 12", b"secret=hello").ok();
    assert_eq!(content(&server, &shared), "hello");
    let head = "POST /api/v1/share?secret=hello HTTP/1.0\nContent-Length: 0";
    assert_eq!(content(&server, &raw(&server, head, b"").ok()), "hello");
    assert_eq!(raw(&server, "GET /api/v1/status HTTP/1.0", b"").ok()["status"], "nominal");
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it() {
    let server = Server::start();
    let mut client = server.connect();
    let head = "POST /api/v1/share HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n";
    client.send_bytes(head.as_bytes()).expect("sent");
    assert_eq!(client.read_line().expect("a line"), "HTTP/1.1 100 Continue");
    assert_eq!(client.read_line().expect("a line"), "");
    client.send_bytes(b"secret=hello").expect("sent");
    assert_eq!(content(&server, &client.read(false).expect("a reply").ok()), "hello");
}

#[test]
fn a_recipient_may_be_empty_in_any_form() {
    let server = Server::start();
    for form in ["recipient=", "recipient[]=", "recipient%5B%5D=", "recipient[]=&recipient[]=", "Recipient="]
    {
        let shared = server.send(&Request::post("/api/v1/share").form(&format!("secret=hello&{form}"))).ok();
        assert_eq!(shared["recipient"], json!([]), "{form}");
    }
    for value in [json!(null), json!(""), json!([]), json!([""]), json!([null])] {
        server.conceal_with(json!({ "secret": "hello", "recipient": value }));
    }
    for form in ["recipient=ann@example.com", "recipient[]=ann@example.com", "Recipient=ann@example.com"] {
        let refused = server.send(&Request::post("/api/v1/share").form(&format!("secret=hello&{form}")));
        assert_eq!(refused.expect(422).json()["field"], "recipient", "{form}");
    }
}

#[test]
fn a_lifetime_is_clamped_never_refused() {
    let server = Server::start();
    for (form, granted) in [
        ("", 604_800),
        ("ttl=", 604_800),
        ("ttl=0", 604_800),
        ("ttl=000", 604_800),
        ("ttl=1", 60),
        ("ttl=60", 60),
        ("ttl=0090", 90),
        ("ttl=604801", 604_800),
        ("ttl=99999999999999999999999999", 604_800),
        ("TTL=90", 90),
    ] {
        assert_eq!(ttl(&server, form), granted, "{form}");
    }
    for (value, granted) in [
        ("null", 604_800),
        ("0", 604_800),
        ("-0.5", 604_800),
        ("-5", 60),
        ("3600.7", 3600),
        ("\"3600\"", 3600),
        ("1e3", 1000),
        ("1e300", 604_800),
        ("-1e300", 60),
        ("99999999999999999999", 604_800),
        ("-99999999999999999999", 60),
    ] {
        let body = format!(r#"{{"secret":{{"secret":"hello","ttl":{value}}}}}"#);
        let concealed = server.send(&Request::post("/api/v2/secret/conceal").body(body)).ok();
        assert_eq!(concealed["record"]["metadata"]["secret_ttl"], granted, "{value}");
    }
}

#[test]
fn a_lifetime_that_is_not_all_digits_is_refused() {
    let server = Server::start();
    for text in ["-5", "3600.7", "soon", "1h", "%2B60", "+60", "0x3c", "1e3", "%D9%A3"] {
        let refused = server.send(&Request::post("/api/v1/share").form(&format!("secret=hello&ttl={text}")));
        assert_eq!(refused.expect(422).json()["field"], "ttl", "{text}");
        let body = json!({ "secret": { "secret": "hello", "ttl": text } });
        assert_eq!(server.post("/api/v2/secret/conceal", &body).expect(422).json()["field"], "ttl", "{text}");
    }
}

#[test]
fn v1_knows_names_without_case() {
    let server = Server::start();
    let shared =
        server.send(&Request::post("/api/v1/share").form("SECRET=hello&PassPhrase=right&Ttl=90")).ok();
    assert_eq!((&shared["ttl"], &shared["passphrase_required"]), (&json!(90), &json!(true)));
    let key = shared["secret_key"].as_str().expect("a key");
    let revealed = server.send(&Request::post(&format!("/api/v1/secret/{key}?PASSPHRASE=right"))).ok();
    assert_eq!(revealed["value"], "hello");
    let shared = server.post("/api/v1/share", &json!({ "Secret": "hello" })).ok();
    assert_eq!(content(&server, &shared), "hello");
}

#[test]
fn v2_takes_nested_names_in_query_strings_and_forms() {
    let server = Server::start();
    let query = "secret[secret]=hello&secret[ttl]=90&secret%5Bshare_domain%5D=links.example";
    let replies = [
        share(&server, &format!("/api/v2/secret/conceal?{query}"), "", ""),
        share(&server, "/api/v2/secret/conceal", "", query),
        share(&server, "/api/v2/secret/conceal?secret[ttl]=90", "", &query.replace("ttl", "unknown")),
    ];
    for reply in replies {
        let record = reply.ok()["record"].clone();
        assert_eq!(
            (&record["receipt"]["secret_ttl"], &record["share_domain"]),
            (&json!("90"), &json!("links.example"))
        );
    }
    let body =
        "secret[length]=20&secret[character_sets][symbols]=false&secret[character_sets][numbers]=false";
    let reply = share(&server, "/api/v2/secret/generate", "", body).ok();
    let value = reply["record"]["secret"]["secret_value"].as_str().expect("a value").to_owned();
    assert!(value.len() == 20 && value.bytes().all(|byte| byte.is_ascii_alphabetic()), "{value}");
}

#[test]
fn query_and_body_are_merged_field_by_field() {
    let server = Server::start();
    let shared = share(&server, "/api/v1/share?ttl=90&secret=query", "", "secret=body").ok();
    assert_eq!(shared["ttl"], 90);
    assert_eq!(content(&server, &shared), "body");
    let target = "/api/v2/secret/conceal?secret[ttl]=90&secret[secret]=query&secret[passphrase]=right";
    let body = json!({ "secret": { "secret": "body", "share_domain": "links.example" } });
    let record = server.post(target, &body).ok()["record"].clone();
    assert_eq!(
        (&record["metadata"]["secret_ttl"], &record["share_domain"]),
        (&json!(90), &json!("links.example"))
    );
    let id = |pointer| record.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
    let made = Made { secret: id("/secret/key"), receipt: id("/receipt/key") };
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "body");
}

#[test]
fn of_a_repeated_name_the_last_counts() {
    let server = Server::start();
    is_shared(&server, "/api/v1/share?secret=1&secret=2", "", "secret=3&secret=4", "4");
    is_shared(&server, "/api/v1/share?secret=1&SECRET=2", "", "", "2");
    // The body wins, whatever the case of its names.
    is_shared(&server, "/api/v1/share?Secret=1&secret=2", "", "Secret=3", "3");
    is_shared(&server, "/api/v1/share?secret=1", "", "SECRET=2&ttl=60", "2");
    assert_eq!(ttl(&server, "ttl=60&ttl=90&TTL=120"), 120);
    let twice = r#"{"secret":{"secret":"a","ttl":60,"ttl":90,"secret":"b"},"secret":{"ttl":100,"secret":"c","ttl":120}}"#;
    let record = server.send(&Request::post("/api/v2/secret/conceal").body(twice)).ok()["record"].clone();
    assert_eq!(record["metadata"]["secret_ttl"], 120);
    let reveal = format!("/api/v2/secret/{}/reveal", record["secret"]["key"].as_str().expect("a key"));
    assert_eq!(server.post(&reveal, &json!({ "continue": true })).ok()["record"]["secret_value"], "c");
}

#[test]
fn heads_up_to_60_kib_work() {
    let server = Server::start();
    let text = "x".repeat(60 << 10);
    is_shared(&server, &format!("/api/v1/share?secret={text}"), "", "", &text);
    let long_header = format!("X-Long: {text}");
    is_shared(&server, "/api/v1/share", &long_header, "secret=hello", "hello");
}

#[test]
fn a_parameter_may_be_any_text() {
    let server = Server::start();
    is_shared(&server, "/api/v1/share", "", "secret=secret=a=b", "secret=a=b");
    is_shared(&server, "/api/v1/share", "", "secret=p%C3%A4ss%F0%9F%94%91", "päss🔑");
    is_shared(&server, "/api/v1/share", "", "secret=päss🔑", "päss🔑");
    is_shared(&server, "/api/v1/share", "", "secret=%00%0d%0a%09", "\0\r\n\t");
    is_shared(&server, "/api/v1/share", "", "secret=+", " ");
}

#[test]
fn blank_credentials_count_as_none() {
    let server = Server::start();
    for blank in [BLANK, "basic Og==", "Basic ICA6IA=="] {
        let lines = format!("Authorization: {blank}");
        is_shared(&server, "/api/v1/share", &lines, "secret=hello", "hello");
        let refused = server.send(&Request::get("/api/v1/private/recent").header("Authorization", blank));
        assert!(refused.expect(401).header("www-authenticate").is_some(), "{blank}");
    }
}

/// Every route with every method it takes, with identifiers filled in.
fn all_routes(made: &Made) -> Vec<Request> {
    let mut requests = Vec::new();
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, methods) in routes {
            let id = if path.contains("secret/{") { &made.secret } else { &made.receipt };
            let target = format!("{base}{path}").replace("{key}", id).replace("{id}", id);
            requests.extend(methods.iter().map(|method| Request::new(&method.to_uppercase(), &target)));
        }
    }
    requests
}

#[test]
fn wrong_credentials_are_refused_on_every_route_and_change_nothing() {
    let server = Server::start();
    let made = server.conceal("hello");
    let others =
        ["Bearer 0123abcd", "Basic", "Basic !!!", "Basic YTo=", "Basic OmE=", "Digest username=\"a\"", "x"];
    for wrong in [WRONG].iter().chain(&others) {
        for request in all_routes(&made) {
            let reply = server.send(&request.header("Authorization", wrong)).expect(401);
            assert_eq!(reply.header("www-authenticate"), None, "{wrong}");
        }
    }
    let receipt = server.get(&format!("/api/v2/receipt/{}", made.receipt)).ok();
    assert_eq!(
        (&receipt["record"]["state"], &receipt["details"]["view_count"]),
        (&json!("new"), &json!("0"))
    );
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

#[test]
fn of_two_authorization_headers_a_wrong_one_is_refused() {
    let server = Server::start();
    let request =
        Request::get("/api/v1/status").header("Authorization", BLANK).header("Authorization", WRONG);
    server.send(&request).expect(401);
}

#[test]
fn anonymous_callers_are_never_challenged_where_they_may_go() {
    let server = Server::start();
    let made = server.conceal("hello");
    for request in all_routes(&made) {
        let reply = server.send(&request);
        assert_eq!(reply.header("www-authenticate").is_some(), reply.status == 401, "{}", reply.text());
    }
}

#[test]
fn a_reveal_needs_continue_as_true_or_as_the_word() {
    let server = Server::start();
    let made = server.conceal("hello");
    let reveal = format!("/api/v2/secret/{}/reveal", made.secret);
    for no in [
        json!(false),
        json!("false"),
        json!(null),
        json!(1),
        json!("TRUE"),
        json!("yes"),
        json!([true]),
        json!({}),
    ] {
        let shown = server.post(&reveal, &json!({ "continue": no })).ok();
        assert_eq!(
            (&shown["record"]["state"], &shown["details"]["continue"]),
            (&json!("new"), &json!(null)),
            "{no}"
        );
        assert!(shown["record"].get("secret_value").is_none());
    }
    assert_eq!(server.post(&reveal, &json!({ "continue": "true" })).ok()["record"]["secret_value"], "hello");
    let made = server.conceal("hello");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
    let made = server.conceal("hello");
    let reveal = format!("/api/v2/secret/{}/reveal?continue=true", made.secret);
    assert_eq!(server.send(&Request::post(&reveal)).ok()["record"]["secret_value"], "hello");
}

#[test]
fn v1_reveals_with_and_without_continue() {
    let server = Server::start();
    for form in ["", "continue=true", "continue=false"] {
        let made = server.conceal("hello");
        let reply = server.send(&Request::post(&format!("/api/v1/secret/{}", made.secret)).form(form)).ok();
        assert_eq!(reply["value"], "hello", "{form}");
    }
}

#[test]
fn a_burn_needs_no_body() {
    let server = Server::start();
    for body in
        ["", "{}", r#"{"continue":true}"#, r#"{"continue":"true"}"#, r#"{"continue":null}"#, "continue="]
    {
        let made = server.conceal("hello");
        let reply =
            server.send(&Request::post(&format!("/api/v2/receipt/{}/burn", made.receipt)).body(body)).ok();
        assert_eq!(
            (&reply["success"], &reply["record"]["state"]),
            (&json!(true), &json!("burned")),
            "{body}"
        );
        server.reveal(&made).expect(404);
    }
}

#[test]
fn many_secrets_statuses_come_in_the_order_asked() {
    let server = Server::start();
    let (first, second, third) = (server.conceal("1"), server.conceal("2"), server.conceal("3"));
    server.reveal(&third).ok();
    let comma = format!("{}, {},nonsense,,{}", second.secret, third.secret, first.secret);
    let bodies = [
        json!({ "identifiers": [second.secret, third.secret, "nonsense", first.secret] }),
        json!({ "identifiers": comma }),
        json!({ "identifiers": [comma] }),
    ];
    for body in bodies {
        let reply = server.post("/api/v2/secret/status", &body).ok();
        assert_eq!(reply["count"], 2);
        assert_eq!(
            (&reply["records"][0]["identifier"], &reply["records"][1]["identifier"]),
            (&json!(second.secret), &json!(first.secret))
        );
    }
    let form = format!("identifiers[]={}&identifiers[]={}", second.secret, first.secret);
    assert_eq!(server.send(&Request::post("/api/v2/secret/status").form(&form)).ok()["count"], 2);
    let hundred = vec![first.secret.as_str(); 100].join(",");
    let reply = server.post("/api/v2/secret/status", &json!({ "identifiers": hundred })).ok();
    assert_eq!(reply["count"], 100);
}

/// The link to a secret that was made for this domain.
#[track_caller]
fn share_url(server: &Server, domain: &str) -> String {
    let made = server.conceal_with(json!({ "secret": "hello", "share_domain": domain }));
    let url = server.receipt(&made)["share_url"].as_str().expect("a link").to_owned();
    url.strip_suffix(&format!("/secret/{}", made.secret)).expect("the secret's link").to_owned()
}

#[test]
fn the_servers_own_host_is_the_default_domain() {
    let server = Server::start();
    for domain in ["", "secrets.example", "SECRETS.example", "secrets.example:443"] {
        assert_eq!(share_url(&server, domain), BASE, "{domain}");
    }
    let base = "https://secrets.example:8443";
    let server = Server::start_with(Policy { links: links(base), ..policy() });
    for domain in ["secrets.example", "secrets.example:8443"] {
        assert_eq!(share_url(&server, domain), base, "{domain}");
    }
}

#[test]
fn a_listed_domain_is_in_every_link() {
    let server = Server::start();
    assert_eq!(share_url(&server, "links.example"), "https://links.example");
    assert_eq!(share_url(&server, "Links.Example"), "https://links.example");
    let made = server.conceal_with(json!({ "secret": "hello", "share_domain": "links.example" }));
    let receipt = server.receipt(&made);
    for name in ["receipt_url", "metadata_url", "burn_url"] {
        assert!(
            receipt[name].as_str().expect("a link").starts_with("https://links.example/receipt/"),
            "{name}"
        );
    }
    let v1 = server.get(&format!("/api/v1/private/{}", made.receipt)).ok();
    assert_eq!(v1["metadata_url"], format!("https://links.example/receipt/{}", made.receipt));
    let revealed = server.send(&Request::post(&format!("/api/v1/secret/{}", made.secret))).ok();
    assert_eq!(revealed["share_domain"], "https://links.example");
}

#[test]
fn a_foreign_domain_is_refused() {
    let server = Server::start();
    let foreign = [
        "evil.example",
        "links.example.",
        "links.example:443",
        "xlinks.example",
        "a.links.example",
        "links.example/x",
        "user@links.example",
        "https://links.example",
        "links.example\r\nX: y",
        "l\u{456}nks.example",
        " links.example",
        "secrets.example.evil.example",
        "secrets.example:80@evil.example",
        "evil.example:443",
        "*",
        "null",
        ":443",
    ];
    for domain in foreign {
        let body = json!({ "secret": { "secret": "hello", "share_domain": domain } });
        assert_eq!(
            server.post("/api/v2/secret/conceal", &body).expect(422).json()["field"],
            "share_domain",
            "{domain}"
        );
    }
}

#[test]
fn numbers_are_numbers_in_v1_and_texts_in_v2() {
    let server = Server::start();
    let made = server.conceal("hello");
    server.advance(60);
    server.get(&format!("/api/v2/secret/{}", made.secret)).ok();
    server.send(&Request::post(&format!("/api/v1/secret/{}", made.secret))).ok();
    let v1 = server.send(&Request::post(&format!("/api/v1/metadata/{}", made.receipt))).ok();
    assert_eq!(
        (&v1["created"], &v1["received"], &v1["ttl"]),
        (&json!(START), &json!(START + 60), &json!(604_800))
    );
    assert!(["secret_key", "secret_ttl"].iter().all(|name| v1.get(name).is_none()));
    let v2 = server.receipt(&made);
    assert_eq!((&v2["created"], &v2["previewed"]), (&json!(START), &json!((START + 60).to_string())));
    assert_eq!((&v2["is_previewed"], &v2["is_burned"]), (&json!("true"), &json!(null)));
}
