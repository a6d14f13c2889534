//! What a request says of its sender and of this host: believed only as far as the operator trusts a
//! proxy, and never in a link.

use crate::support::http::Reply;
use crate::support::server::{BASE, policy};
use crate::support::{Process, Request, Server};
use serde_json::{Value, json};
use tellonce::app::Policy;
use tellonce::limits::{Rate, RatePolicy};
use tellonce::web::{ForwardedHeader, Rules};
use tempfile::TempDir;

/// A server where each source makes one secret, behind these proxies.
fn server(trusted: &[&str], forwarded_header: ForwardedHeader) -> Server {
    let rates = RatePolicy { create: Rate::per(1, 3600), ..RatePolicy::OFF };
    let trusted_proxies = trusted.iter().map(|network| network.parse().expect("a network")).collect();
    let rules = Rules { trusted_proxies, forwarded_header, ..Rules::default() };
    Server::start_under(Policy { rates, ..policy() }, rules)
}

fn share() -> Request {
    Request::post("/api/v1/share").form("secret=hello")
}

/// Sends one creation with each of these values and returns which were a new source.
fn new_sources(server: &Server, name: &str, values: &[&str]) -> Vec<bool> {
    let send = |value: &&str| server.send(&share().header(name, value)).status;
    values.iter().map(|value| send(value) == 200).collect()
}

/// A thousand ways to say that one is somebody else.
fn forgeries() -> Vec<(&'static str, String)> {
    let addresses = |index: usize| {
        let (high, low) = (index / 250, index % 250);
        [
            format!("203.0.{high}.{low}"),
            format!("2001:db8:{index:x}::1"),
            format!("[2001:db8:{index:x}::1]:443"),
            format!("203.0.{high}.{low}:80"),
            format!("127.0.0.1, 203.0.{high}.{low}"),
            format!("203.0.{high}.{low}, 127.0.0.1"),
            format!("::ffff:203.0.{high}.{low}"),
        ]
    };
    let mut forgeries = Vec::new();
    for index in 0..40 {
        for address in addresses(index) {
            forgeries.push(("X-Forwarded-For", address.clone()));
            forgeries.push(("X-Real-IP", address.clone()));
            forgeries.push(("Forwarded", format!("for=\"{address}\"")));
            forgeries.push(("Forwarded", format!("for={address};proto=https;host=evil.example")));
            forgeries.push(("True-Client-IP", address));
        }
    }
    forgeries
}

#[test]
fn without_a_trusted_proxy_a_thousand_forged_senders_are_one_source() {
    let forgeries = forgeries();
    assert!(forgeries.len() >= 1000);
    for trusted in [&[][..], &["10.0.0.0/8", "2001:db8::/32"]] {
        let server = server(trusted, ForwardedHeader::XForwardedFor);
        server.send(&share()).expect(200);
        let mut client = server.connect();
        for (name, value) in &forgeries {
            let reply = client.send(&share().header(name, value)).expect("a reply");
            assert_eq!(reply.status, 429, "{name}: {value}");
        }
    }
}

#[test]
fn of_a_trusted_proxys_list_only_the_right_most_hop_that_is_not_trusted_counts() {
    let server = server(&["127.0.0.1", "10.0.0.0/8"], ForwardedHeader::XForwardedFor);
    let values = [
        "198.51.100.7",
        "1.2.3.4, 198.51.100.7",
        "5.6.7.8,9.9.9.9 ,198.51.100.7",
        "198.51.100.7, 10.1.2.3",
        "1.1.1.1, 198.51.100.7, 10.1.2.3, 127.0.0.1",
        "198.51.100.7:4711",
        "::ffff:198.51.100.7",
        "[::ffff:198.51.100.7]:80",
        "198.51.100.8",
        "198.51.100.7, 198.51.100.9",
    ];
    let mut expected = vec![false; values.len()];
    for fresh in [0, 8, 9] {
        expected[fresh] = true;
    }
    assert_eq!(new_sources(&server, "X-Forwarded-For", &values), expected);
    // Several headers are one list.
    let two = share().header("X-Forwarded-For", "192.0.2.77").header("X-Forwarded-For", "198.51.100.7");
    server.send(&two).expect(429);
    let two = share().header("X-Forwarded-For", "198.51.100.7").header("X-Forwarded-For", "192.0.2.77");
    server.send(&two).expect(200);
}

#[test]
fn what_is_no_address_counts_as_the_proxy_that_reported_it() {
    let server = server(&["127.0.0.1"], ForwardedHeader::XForwardedFor);
    server.send(&share()).expect(200);
    let junk = [
        "",
        "unknown",
        "_hidden",
        "198.51.100.7, unknown",
        "198.51.100.7,",
        "198.51.100.7, ,",
        "198.51.100.256",
        "198.51.100.7/24",
        "1.2.3",
        "[2001:db8::1",
        "\u{7f}",
        "for=198.51.100.7",
        "2001:db8::1::2",
    ];
    assert_eq!(new_sources(&server, "X-Forwarded-For", &junk), [false; 13]);
    // Another proxy's header is nobody's word.
    assert_eq!(new_sources(&server, "Forwarded", &["for=198.51.100.7"]), [false]);
    assert_eq!(new_sources(&server, "X-Real-IP", &["198.51.100.7"]), [false]);
}

#[test]
fn half_an_ipv6_address_is_a_source() {
    let server = server(&["127.0.0.1"], ForwardedHeader::XForwardedFor);
    let values = [
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff:ffff:ffff:ffff",
        "[2001:db8:1:2::9]:443",
        "2001:DB8:1:2::A",
        "2001:db8:1:3::1",
        "2001:db8:2:2::1",
        "2001:db9:1:2::1",
    ];
    let expected = [true, false, false, false, true, true, true];
    assert_eq!(new_sources(&server, "X-Forwarded-For", &values), expected);
}

#[test]
fn forwarded_is_read_where_the_operator_says_so() {
    let server = server(&["127.0.0.1"], ForwardedHeader::Forwarded);
    let values = [
        "for=198.51.100.7",
        "for=1.2.3.4, for=198.51.100.7",
        "For=\"198.51.100.7:80\";proto=https;by=203.0.113.1",
        "proto=https;for=198.51.100.7",
        "for=\"[2001:db8::17]:4711\"",
        "for=\"[2001:db8::18]\"",
        "for=198.51.100.8",
    ];
    let expected = [true, false, false, false, true, false, true];
    assert_eq!(new_sources(&server, "Forwarded", &values), expected);
    server.send(&share()).expect(200);
    assert_eq!(new_sources(&server, "X-Forwarded-For", &["192.0.2.5"]), [false]);
    assert_eq!(
        new_sources(&server, "Forwarded", &["for=_hidden", "for=unknown", "by=192.0.2.5"]),
        [false; 3]
    );
}

/// Ways to write a foreign host that may slip through where hosts are compared.
fn hosts() -> Vec<String> {
    let own = ["secrets.example", "links.example"];
    let mut hosts = Vec::new();
    for own in own {
        for (before, after) in [
            ("", ".evil.test"),
            ("evil.test/", ""),
            ("evil.test#", ""),
            ("evil.test?", ""),
            ("evil.test\\", ""),
            ("user@evil.test:80/", ""),
            ("", "@evil.test"),
            ("", ":80@evil.test"),
            ("", "/@evil.test"),
            ("evil.test%2f", ""),
            ("", "%00.evil.test"),
            ("", "%0d%0aLocation:%20https://evil.test"),
            ("", "\t.evil.test"),
            ("evil.test,", ""),
            ("", ",evil.test"),
            ("evil.test ", ""),
            ("xn--evil.test.", ""),
            ("", ":evil.test"),
            ("//evil.test/", ""),
            ("https://evil.test/", ""),
            ("[evil.test]", ""),
            ("evil.test.", ""),
        ] {
            hosts.push(format!("{before}{own}{after}"));
        }
        for letter in own.char_indices().filter(|(_, letter)| letter.is_ascii_alphabetic()) {
            for other in ["evil.test", "\u{430}evil.test", "\u{ff0e}evil.test"] {
                hosts.push(format!("{}{other}{}", &own[..letter.0], &own[letter.0 + 1..]));
            }
        }
    }
    hosts
        .extend(["evil.test", "EVIL.TEST", "evil.test:443", "evil.test.", "[::1].evil.test"].map(Into::into));
    hosts
}

/// A reply may not name a foreign host anywhere. A browser resolves names without case.
#[track_caller]
fn names_no_foreign_host(reply: &Reply, sent: &str) {
    let mut text = reply.text();
    for (name, value) in &reply.headers {
        text += &format!("\n{name}: {value}");
    }
    assert!(!text.to_ascii_lowercase().contains("evil.test"), "{sent}: {text}");
}

/// Every link in a reply must begin with what was configured.
#[track_caller]
fn links_are_ours(body: &Value, sent: &str) {
    match body {
        Value::Object(members) => members.values().for_each(|value| links_are_ours(value, sent)),
        Value::Array(items) => items.iter().for_each(|value| links_are_ours(value, sent)),
        Value::String(text) if text.contains("://") => {
            let is_ours = text.starts_with(&format!("{BASE}/")) || text.starts_with("https://links.example/");
            assert!(is_ours, "{sent}: {text}");
        }
        _ => {}
    }
}

/// Sends a request that names a host in its own way. Such bytes may be refused as no HTTP at all.
fn send_raw(server: &Server, client: &mut Option<crate::support::Client>, bytes: &[u8]) -> Option<Reply> {
    let mut connection = client.take().unwrap_or_else(|| server.connect());
    connection.send_bytes(bytes).ok()?;
    let reply = connection.read(false).ok()?;
    if reply.header("connection") != Some("close") && reply.status == 200 {
        *client = Some(connection);
    }
    Some(reply)
}

#[test]
fn no_request_puts_a_foreign_host_into_a_reply() {
    let server = Server::start();
    let made = server.conceal("hello");
    let (mut sent, mut answered) = (0, 0);
    let mut client = None;
    let receipt = &made.receipt;
    let targets = [
        ("POST", "/api/v1/share", "secret=hello"),
        ("POST", "/api/v2/secret/generate", ""),
        ("POST", "/", "secret=hello"),
        ("GET", &*format!("/api/v2/receipt/{receipt}"), ""),
        ("GET", &*format!("/api/v1/private/{receipt}"), ""),
        ("GET", &*format!("/receipt/{receipt}"), ""),
        ("GET", "/", ""),
        ("GET", "//nowhere//", ""),
    ];
    for host in hosts() {
        let heads = [
            ("", format!("Host: {host}\r\n")),
            ("", format!("Host: localhost\r\nX-Forwarded-Host: {host}\r\n")),
            ("", format!("Host: localhost\r\nForwarded: host={host};proto=http\r\n")),
            ("", format!("Host: localhost\r\nX-Original-Host: {host}\r\nX-Host: {host}\r\n")),
            ("", format!("Host: localhost\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Server: {host}\r\n")),
            ("http://", format!("Host: {host}\r\n")),
            ("https://", "Host: localhost\r\n".to_owned()),
        ];
        for (scheme, head) in heads {
            for (method, path, body) in targets {
                let target =
                    if scheme.is_empty() { path.to_owned() } else { format!("{scheme}{host}{path}") };
                let length = body.len();
                let request =
                    format!("{method} {target} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}");
                sent += 1;
                let Some(reply) = send_raw(&server, &mut client, request.as_bytes()) else { continue };
                answered += usize::from(reply.status == 200);
                names_no_foreign_host(&reply, &request);
                if reply.header("content-type").is_some_and(|kind| kind.contains("json")) {
                    links_are_ours(&reply.json(), &request);
                }
            }
        }
    }
    assert!(sent > 5000, "{sent}");
    assert!(answered * 2 > sent, "only {answered} of {sent} were answered");
}

/// Ways to change a host that is listed into one that is not.
fn changed(host: &str) -> Vec<String> {
    let mut changed = Vec::new();
    let inserts = [
        ".",
        "-",
        "_",
        ":",
        "@",
        "/",
        "\\",
        "#",
        "?",
        "%",
        " ",
        "\t",
        "\r\n",
        "\0",
        "a",
        "0",
        "\u{430}",
        "\u{200b}",
        "\u{ad}",
        "\u{ff0e}",
        "\u{3002}",
        "xn--",
        "evil.test",
        "%2e",
        "..",
        "::",
        "[",
        "]",
        "*",
        ",",
        ";",
        "\"",
        "'",
        "<b>",
        "\u{e9}",
    ];
    for at in 0..=host.len() {
        for insert in inserts {
            changed.push(format!("{}{insert}{}", &host[..at], &host[at..]));
        }
    }
    for (at, letter) in host.char_indices() {
        changed.push(format!("{}{}", &host[..at], &host[at + 1..]));
        for other in ('!'..='~').filter(|other| !other.eq_ignore_ascii_case(&letter)) {
            changed.push(format!("{}{other}{}", &host[..at], &host[at + 1..]));
        }
    }
    changed
}

#[test]
fn a_share_domain_is_a_listed_host_or_none() {
    let server = Server::start();
    let mut client = server.connect();
    let mut sent = 0;
    for host in changed("links.example").into_iter().chain(changed("secrets.example")).chain(hosts()) {
        for (target, body) in [
            ("/api/v1/share", json!({ "secret": "hello", "share_domain": host })),
            ("/api/v1/generate", json!({ "share_domain": host })),
            ("/api/v2/secret/conceal", json!({ "secret": { "secret": "hello", "share_domain": host } })),
        ] {
            sent += 1;
            let reply = client.send(&Request::post(target).json(&body)).expect("a reply");
            names_no_foreign_host(&reply, &host);
            if reply.status == 200 {
                // Nothing but our own name with some port is our own name.
                let port = host
                    .strip_prefix("secrets.example:")
                    .map(|port| port.bytes().all(|b| b.is_ascii_digit()));
                assert_eq!(port, Some(true), "{host:?} was taken");
                links_are_ours(&reply.json(), &host);
                assert!(!reply.contains("links.example"));
            } else {
                assert_eq!((reply.status, &reply.json()["field"]), (422, &json!("share_domain")), "{host:?}");
            }
        }
    }
    assert!(sent > 10_000, "{sent}");
}

#[test]
fn a_proxy_that_the_operator_did_not_name_is_told_of_once() {
    let folder = TempDir::new().expect("a folder");
    let process = Process::start(&folder.path().join("data"), &[]);
    let times_told = || process.log_text().matches("option `trusted-proxies` names none").count();
    process.send(&share()).expect(200);
    assert_eq!(times_told(), 0);
    for _ in 0..3 {
        process.send(&share().header("X-Forwarded-For", "192.0.2.1")).expect(200);
    }
    assert_eq!(times_told(), 1);
}
