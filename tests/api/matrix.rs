//! Who may do what: every route of the program, by everyone. A route that is not in the table fails.

use crate::support::http::Login;
use crate::support::server::Made;
use crate::support::{Request, Server};
use serde_json::json;
use std::collections::BTreeSet;
use tellonce::web::{describe, pages, plain, v1, v2};

/// What an anonymous caller, another account, the owner, and a caller with a wrong token get.
type Statuses = [u16; 4];

const ANYONE: Statuses = [200, 200, 200, 401];
const ACCOUNTS: Statuses = [401, 200, 200, 401];
const OWNER: Statuses = [401, 403, 200, 401];
/// No such thing, which is not told to those whose credentials are wrong.
const NOBODY: Statuses = [404, 404, 404, 401];
/// Wrong credentials mean no more than none on pages.
const VISITORS: Statuses = [200, 200, 200, 200];

#[rustfmt::skip]
const TABLE: &[(&str, &str, Statuses)] = &[
    ("get", "/api/v1/status", ANYONE),
    ("get", "/api/v1/authcheck", ACCOUNTS),
    ("post", "/api/v1/share", ANYONE),
    ("post", "/api/v1/create", ANYONE),
    ("post", "/api/v1/generate", ANYONE),
    ("post", "/api/v1/secret/{key}", ANYONE),
    ("get", "/api/v1/private/recent", ACCOUNTS),
    ("get", "/api/v1/metadata/recent", ACCOUNTS),
    ("get", "/api/v1/receipt/recent", ACCOUNTS),
    ("post", "/api/v1/private/recent", NOBODY),
    ("post", "/api/v1/metadata/recent", NOBODY),
    ("post", "/api/v1/receipt/recent", NOBODY),
    ("get", "/api/v1/private/{key}", ANYONE),
    ("get", "/api/v1/metadata/{key}", ANYONE),
    ("get", "/api/v1/receipt/{key}", ANYONE),
    ("post", "/api/v1/private/{key}", ANYONE),
    ("post", "/api/v1/metadata/{key}", ANYONE),
    ("post", "/api/v1/receipt/{key}", ANYONE),
    ("post", "/api/v1/private/{key}/burn", ANYONE),
    ("post", "/api/v1/metadata/{key}/burn", ANYONE),
    ("post", "/api/v1/receipt/{key}/burn", ANYONE),
    ("get", "/api/v2/status", ANYONE),
    ("get", "/api/v2/version", ANYONE),
    ("get", "/api/v2/supported-locales", ANYONE),
    ("post", "/api/v2/secret/conceal", ANYONE),
    ("post", "/api/v2/secret/generate", ANYONE),
    ("post", "/api/v2/secret/status", ANYONE),
    ("get", "/api/v2/secret/{id}", ANYONE),
    ("post", "/api/v2/secret/{id}/reveal", ANYONE),
    ("get", "/api/v2/secret/{id}/status", ANYONE),
    ("get", "/api/v2/receipt/recent", ACCOUNTS),
    ("get", "/api/v2/private/recent", ACCOUNTS),
    ("get", "/api/v2/receipt/{id}", ANYONE),
    ("get", "/api/v2/private/{id}", ANYONE),
    ("patch", "/api/v2/receipt/{id}", OWNER),
    ("patch", "/api/v2/private/{id}", OWNER),
    ("post", "/api/v2/receipt/{id}/burn", ANYONE),
    ("post", "/api/v2/private/{id}/burn", ANYONE),
    ("post", "/api/v2/guest/secret/conceal", ANYONE),
    ("post", "/api/v2/guest/secret/generate", ANYONE),
    ("get", "/api/v2/guest/secret/{id}", ANYONE),
    ("post", "/api/v2/guest/secret/{id}/reveal", ANYONE),
    ("get", "/api/v2/guest/receipt/{id}", ANYONE),
    ("post", "/api/v2/guest/receipt/{id}/burn", ANYONE),
    ("get", "/api", VISITORS),
    ("get", "/api/openapi.json", VISITORS),
    ("get", "/api/postman.json", VISITORS),
    ("get", "/", VISITORS),
    ("post", "/", ANYONE),
    ("put", "/", ANYONE),
    ("post", "/secret/{id}/raw", ANYONE),
    ("get", "/secret/{id}", VISITORS),
    ("post", "/secret/{id}", VISITORS),
    ("get", "/secret/{id}/ask", VISITORS),
    ("get", "/receipt/{id}", VISITORS),
    ("get", "/private/{id}", VISITORS),
    ("post", "/receipt/{id}", OWNER),
    ("post", "/private/{id}", OWNER),
    ("get", "/receipt/{id}/burn", VISITORS),
    ("get", "/private/{id}/burn", VISITORS),
    ("post", "/receipt/{id}/burn", VISITORS),
    ("post", "/private/{id}/burn", VISITORS),
    ("get", "/recent", ANYONE),
    ("post", "/recent", ANYONE),
    ("get", "/assets/{name}", VISITORS),
    ("get", "/favicon.svg", VISITORS),
    ("get", "/robots.txt", VISITORS),
];

/// Every route of the program with each of its methods.
fn routes() -> BTreeSet<(&'static str, String)> {
    let scopes = [
        (v1::BASE, v1::ROUTES),
        (v2::BASE, v2::ROUTES),
        (describe::BASE, describe::ROUTES),
        (pages::BASE, pages::ROUTES),
        (pages::BASE, plain::ROUTES),
    ];
    let mut routes = BTreeSet::new();
    for (base, table) in scopes {
        for (path, methods) in table {
            routes.extend(methods.iter().map(|method| (*method, format!("{base}{path}"))));
        }
    }
    routes
}

/// A request that would succeed for whoever may send it.
fn request(server: &Server, method: &str, route: &str, made: &Made) -> Request {
    let own = if route.contains("/secret/{") { &made.secret } else { &made.receipt };
    let asset = || {
        let home = server.get("/").expect(200).text();
        let (_, rest) = home.split_once("/assets/").expect("a link to an asset");
        rest.split_once('"').expect("the end of the link").0.to_owned()
    };
    let mut target = route.replace("{key}", own).replace("{id}", own);
    if target.contains("{name}") {
        target = target.replace("{name}", &asset());
    }
    let request = Request::new(&method.to_uppercase(), &target);
    match (method, route) {
        ("patch", _) => request.json(&json!({ "memo": "note" })),
        ("post", route) if route.starts_with("/api/v2") => {
            request.json(&json!({ "secret": { "secret": "hello" }, "continue": true }))
        }
        ("post", _) => request.form("secret=hello&memo=note"),
        ("put", _) => request.body("hello"),
        _ => request,
    }
}

#[test]
fn every_route_lets_in_whom_the_table_names() {
    let server = Server::start();
    let (owner, other) = (server.account("owner@example.com"), server.account("other@example.com"));
    let wrong = Login { token: "0".repeat(40), ..owner.clone() };
    let callers = [None, Some(&other), Some(&owner), Some(&wrong)];
    let mut complaints = Vec::new();
    for (method, route) in routes() {
        let as_get = if method == "head" { "get" } else { method };
        let line = TABLE.iter().find(|(method, path, _)| *method == as_get && *path == route);
        let Some((_, _, statuses)) = line else {
            complaints.push(format!("{method} {route} is not in the table"));
            continue;
        };
        for (caller, expected) in callers.iter().zip(statuses) {
            let made = server.conceal_as(&owner, json!({ "secret": "hello" }));
            let request = request(&server, method, &route, &made);
            let request = caller.map_or(request.clone(), |login| request.login(login));
            let found = server.send(&request).status;
            if found != *expected {
                let name = caller.map_or("nobody", |login| &login.user);
                complaints.push(format!("{method} {route} as {name}: {found} instead of {expected}"));
            }
            // Whoever was refused has not changed anything.
            let receipt = server.receipt(&made);
            if *expected != 200 && (receipt["state"] != "new" || !receipt["memo"].is_null()) {
                complaints.push(format!("{method} {route} was refused and changed something"));
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn the_table_names_only_routes_that_exist() {
    let routes = routes();
    let unknown: Vec<_> =
        TABLE.iter().filter(|(method, path, _)| !routes.contains(&(*method, (*path).to_owned()))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
