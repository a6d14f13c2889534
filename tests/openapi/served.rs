//! What `/api` hands out.

use crate::support::server::{BASE, links, policy};
use crate::support::{Request, Server};
use std::collections::BTreeSet;
use tellonce::app::Policy;
use tellonce::web::{v1, v2};

#[test]
fn every_route_of_the_server_is_described_and_nothing_else() {
    let server = Server::start();
    let document = server.get("/api/openapi.json").ok();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        described.extend(item.as_object().expect("methods").keys().map(|method| format!("{method} {path}")));
    }
    let mut routes = BTreeSet::new();
    for (base, table) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, methods) in table {
            routes.extend(methods.iter().map(|method| format!("{method} {base}{path}")));
        }
    }
    // Every route answers OPTIONS in the same way; it is described where browsers ask.
    described.retain(|route| !route.starts_with("options "));
    assert_eq!(described, routes);
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn every_reply_is_described_with_an_example() {
    let server = Server::start();
    let document = server.get("/api/openapi.json").ok();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            for (status, reply) in operation["responses"].as_object().expect("responses") {
                let target = reply["$ref"].as_str().map(|target| target.trim_start_matches('#'));
                let reply = target.map_or(Some(reply), |target| document.pointer(target)).expect("a reply");
                let what = format!("{method} {path} {status}");
                assert!(reply["description"].is_string() && reply["headers"].is_object(), "{what}");
                let content = &reply["content"]["application/json"];
                let has_none = ["head", "options"].contains(&method.as_str());
                let is_shown = content["example"].is_object() || content["example"].is_array();
                assert!(has_none || is_shown || content["examples"].is_object(), "{what} has no example");
            }
        }
    }
}

#[test]
fn the_files_begin_with_the_configured_address_whatever_host_is_asked() {
    let base = "https://other.example:8443";
    let server = Server::start_with(Policy { links: links(base), ..policy() });
    let ask = |path: &str| {
        let request = Request::get(path)
            .header("X-Forwarded-Host", "evil.example")
            .header("Forwarded", "host=evil.example");
        server.send(&request).expect(200)
    };
    let openapi = ask("/api/openapi.json");
    assert_eq!(openapi.json()["servers"][0]["url"], base);
    let postman = ask("/api/postman.json");
    assert_eq!(postman.json()["variable"][0]["value"], base);
    let page = ask("/api");
    assert!(page.contains(&format!("curl {base}/api/v1/share")));
    for reply in [openapi, postman, page] {
        assert!(!reply.contains(BASE) && !reply.contains("evil.example"));
    }
}

#[test]
fn the_page_is_a_page_and_the_rest_of_the_folder_is_json() {
    let server = Server::start();
    let page = server.get("/api").expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("require-trusted-types-for 'script'"));
    assert!(!policy.contains("unsafe"));
    for path in ["/api/nothing", "/api/v3/status"] {
        assert_eq!(server.get(path).expect(404).json()["message"], "Not Found");
    }
}
