//! Other sites: what a browser sends from them with credentials it remembers is refused, and their
//! scripts may make secrets only where the operator lists them.

use crate::support::http::{Login, Reply};
use crate::support::server::{BASE, Made, policy};
use crate::support::{Request, Server};
use serde_json::json;
use tellonce::web::Rules;

const LISTED: &str = "https://intranet.example";
/// Sites that are neither ours nor listed, however near.
const FOREIGN: [&str; 12] = [
    "https://evil.example",
    "http://secrets.example",
    "https://secrets.example:8443",
    "https://secrets.example.evil.example",
    "https://evil-secrets.example",
    "https://a.secrets.example",
    "https://secrets.example/",
    "https://evil.example@secrets.example",
    "https://intranet.example.evil.example",
    "http://intranet.example",
    "https://a.links.example",
    "https://localhost",
];
/// V2's creations and their twins.
const CREATIONS: [&str; 4] = [
    "/api/v2/secret/conceal",
    "/api/v2/secret/generate",
    "/api/v2/guest/secret/conceal",
    "/api/v2/guest/secret/generate",
];

fn server() -> Server {
    Server::start_under(policy(), Rules { origins: vec![LISTED.into()], ..Rules::default() })
}

/// Everything that changes something, for a secret of this account.
fn changes(server: &Server, login: &Login) -> Vec<Request> {
    let made = |_| server.conceal_as(login, json!({ "secret": "hello" }));
    let secrets: Vec<Made> = (0..8).map(made).collect();
    let body = json!({ "secret": { "secret": "hello" }, "continue": true });
    let receipt = |at: usize| secrets[at].receipt.as_str();
    let mut requests = vec![
        Request::post("/api/v1/share").form("secret=hello"),
        Request::post("/api/v1/generate"),
        Request::post(&format!("/api/v1/secret/{}", secrets[0].secret)),
        Request::post(&format!("/api/v1/private/{}/burn", receipt(1))),
        Request::post(&format!("/api/v2/secret/{}/reveal", secrets[2].secret)).json(&body),
        Request::post(&format!("/api/v2/receipt/{}/burn", receipt(3))),
        Request::post(&format!("/api/v2/guest/secret/{}/reveal", secrets[4].secret)).json(&body),
        Request::post(&format!("/api/v2/guest/receipt/{}/burn", receipt(5))),
        Request::new("PATCH", &format!("/api/v2/receipt/{}", receipt(6))).json(&json!({ "memo": "note" })),
        Request::new("PATCH", &format!("/api/v2/private/{}", receipt(7))).json(&json!({ "memo": "note" })),
        Request::post("/").form("secret=hello"),
    ];
    requests.extend(CREATIONS.map(|target| Request::post(target).json(&body)));
    requests
}

fn receipts(server: &Server, login: &Login) -> serde_json::Value {
    server.send(&Request::get("/api/v2/receipt/recent").login(login)).ok()["records"].clone()
}

#[test]
fn with_credentials_a_foreign_site_changes_nothing() {
    let server = server();
    let login = server.account("frank@example.com");
    let changes = changes(&server, &login);
    let before = receipts(&server, &login);
    for request in &changes {
        for origin in FOREIGN {
            let reply = server.send(&request.clone().login(&login).header("Origin", origin)).expect(403);
            if reply.header("content-type").is_some_and(|kind| kind.contains("json")) {
                assert_eq!(reply.json()["error"], "Forbidden", "{origin}");
            }
        }
        for (hidden, site) in
            [(None, "cross-site"), (Some("null"), "cross-site"), (Some("null"), "same-site")]
        {
            let request = request.clone().login(&login).header("Sec-Fetch-Site", site);
            let request = hidden.map_or(request.clone(), |origin| request.header("Origin", origin));
            server.send(&request).expect(403);
        }
    }
    assert_eq!(receipts(&server, &login), before);
}

#[test]
fn with_credentials_ones_own_pages_listed_sites_and_programs_are_served() {
    let server = server();
    let login = server.account("frank@example.com");
    let origins =
        [None, Some(BASE), Some("https://links.example"), Some(LISTED), Some("null"), Some("app://x")];
    for origin in origins {
        for request in changes(&server, &login) {
            let request = request.login(&login);
            let request = origin.map_or(request.clone(), |origin| request.header("Origin", origin));
            server.send(&request).expect(200);
        }
    }
    for site in ["same-origin", "none"] {
        let request = Request::post("/api/v1/share").form("secret=hello").login(&login);
        server.send(&request.header("Sec-Fetch-Site", site)).expect(200);
    }
}

#[test]
fn without_credentials_it_does_not_matter_where_a_request_comes_from() {
    let server = server();
    for origin in FOREIGN {
        let request = Request::post("/api/v1/share").form("secret=hello").header("Origin", origin);
        server.send(&request.header("Sec-Fetch-Site", "cross-site")).expect(200);
    }
}

#[test]
fn looking_is_no_change_wherever_it_comes_from() {
    let server = server();
    let login = server.account("frank@example.com");
    let made = server.conceal_as(&login, json!({ "secret": "hello" }));
    for target in
        ["/api/v1/authcheck", "/api/v2/receipt/recent", &format!("/api/v2/receipt/{}", made.receipt)]
    {
        let request = Request::get(target).login(&login).header("Origin", FOREIGN[0]);
        server.send(&request).expect(200);
    }
}

/// Whether a reply tells a browser anything about other sites.
fn tells(reply: &Reply) -> Vec<String> {
    let names = reply.headers.iter().map(|(name, _)| name.clone());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

#[test]
fn unless_the_operator_lists_sites_no_reply_speaks_of_them() {
    let server = Server::start();
    for target in CREATIONS {
        for method in ["POST", "OPTIONS"] {
            let request = Request::new(method, target).header("Origin", LISTED);
            let reply = server.send(&request.header("Access-Control-Request-Method", "POST"));
            assert_eq!(tells(&reply), Vec::<String>::new());
            assert_eq!(reply.header("vary"), None);
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("same-origin"));
        }
    }
}

#[test]
fn a_listed_site_is_named_in_replies_that_make_secrets_and_in_no_other() {
    let server = server();
    let login = server.account("frank@example.com");
    let body = json!({ "secret": { "secret": "hello" } });
    for target in CREATIONS {
        let preflight = Request::new("OPTIONS", target)
            .header("Origin", LISTED)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type");
        let preflight = server.send(&preflight).expect(204);
        assert_eq!(preflight.header("access-control-allow-methods"), Some("POST"));
        let headers = preflight.header("access-control-allow-headers").expect("headers").to_ascii_lowercase();
        assert!(headers.contains("authorization") && headers.contains("content-type"));
        let post = Request::post(target).json(&body).header("Origin", LISTED);
        let refused = Request::post(target).json(&json!({ "secret": 1 })).header("Origin", LISTED);
        let replies = [
            preflight,
            server.send(&post).expect(200),
            server.send(&post.login(&login)).expect(200),
            server.send(&refused).expect(400),
        ];
        for reply in replies {
            assert_eq!(reply.header("access-control-allow-origin"), Some(LISTED));
            assert_eq!(reply.header("access-control-allow-credentials"), None);
            assert_eq!(reply.header("vary"), Some("Origin"));
            assert_eq!(reply.header("cross-origin-resource-policy"), Some("cross-origin"));
        }
    }
    let made = server.conceal("hello");
    let others = [
        Request::post("/api/v1/share").form("secret=hello"),
        Request::post("/").form("secret=hello"),
        Request::get("/api/v2/status"),
        Request::get(&format!("/api/v2/secret/{}", made.secret)),
        Request::get(&format!("/api/v2/receipt/{}", made.receipt)),
        Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&json!({ "continue": true })),
        Request::new("OPTIONS", &format!("/api/v2/secret/{}/reveal", made.secret)),
        Request::new("OPTIONS", "/api/v1/share"),
        Request::get("/api/v2/nowhere"),
    ];
    for request in others {
        let reply = server.send(&request.header("Origin", LISTED));
        assert_eq!(tells(&reply), Vec::<String>::new());
    }
}

#[test]
fn a_site_that_is_not_listed_is_never_named_and_nobody_gets_a_star() {
    let server = server();
    for target in CREATIONS {
        for origin in FOREIGN.into_iter().chain([BASE, "null", "*", "https://INTRANET.example"]) {
            for method in ["POST", "OPTIONS"] {
                let reply = server.send(&Request::new(method, target).header("Origin", origin));
                assert_eq!(tells(&reply), Vec::<String>::new(), "{origin}");
                // What a cache keeps for one site must not be given to another.
                assert_eq!(reply.header("vary"), Some("Origin"));
            }
        }
    }
}
