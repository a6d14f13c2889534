//! Headers of every page, whatever comes of it.

use super::html::submit;
use crate::support::headers::{TLS_ONLY, complaints};
use crate::support::{Reply, Request, Server};
use serde_json::json;
use tellonce::web::pages::ROUTES;

/// Beyond what every reply is held to.
#[track_caller]
fn check_page(reply: &Reply, what: &str) {
    assert_eq!(reply.header("strict-transport-security"), Some(TLS_ONLY), "{what}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
}

#[test]
fn a_header_that_is_missing_or_too_much_is_noticed() {
    let reply = Server::start().get("/");
    let noticed = |change: fn(&mut Reply)| {
        let mut changed = reply.clone();
        change(&mut changed);
        complaints(&changed).len()
    };
    assert_eq!(noticed(|_| ()), 0);
    assert_eq!(noticed(|reply| reply.headers.clear()), 9);
    assert_eq!(noticed(|reply| reply.headers.push(("set-cookie".into(), "a=b".into()))), 1);
    assert!(noticed(|reply| reply.headers.push(("x-frame-options".into(), "SAMEORIGIN".into()))) > 0);
}

#[test]
fn every_page_has_the_same_headers_whatever_comes_of_it() {
    let server = Server::start();
    let make = || server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let (live, gone) = (make(), make());
    let _ = server.reveal_with(&gone, Some("right")).expect(200);
    let forms: [&[(&str, &str)]; 4] =
        [&[("passphrase", "wrong")], &[("secret", "x")], &[("generate", "true"), ("length", "x")], &[]];
    let mut outcomes = std::collections::BTreeSet::new();
    for (route, methods) in
        ROUTES.iter().filter(|(route, _)| !route.contains('.') && !route.contains("assets"))
    {
        for made in [&live, &gone] {
            let id = if route.contains("secret") { &made.secret } else { &made.receipt };
            for id in [id, "abcdefghijklmnopqrstuvwxyz01234", "x", "%ff"] {
                let path = route.replace("{id}", id);
                for method in ["GET", "HEAD", "PATCH", "DELETE"] {
                    let reply = server.send(&Request::new(method, &path));
                    check_page(&reply, &format!("{method} {path}"));
                    assert_eq!(reply.status == 405, !matches!(method, "GET" | "HEAD"), "{method} {path}");
                    outcomes.insert(reply.status);
                }
                for form in forms.iter().filter(|_| methods.contains(&"post")) {
                    let reply = submit(&server, &path, form);
                    check_page(&reply, &format!("POST {path} {form:?}"));
                    outcomes.insert(reply.status);
                }
            }
        }
    }
    let _ = submit(&server, &format!("/secret/{}", live.secret), &[("passphrase", "right")]).expect(200);
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), [200, 401, 404, 405, 422]);
}

#[test]
fn the_other_files_have_them_too() {
    let server = Server::start();
    let robots = server.get("/robots.txt").expect(200);
    assert_eq!(robots.text(), "User-agent: *\nDisallow: /\n");
    assert_eq!(robots.header("content-type"), Some("text/plain; charset=utf-8"));
    let icon = server.get("/favicon.svg").expect(200);
    assert_eq!(icon.header("content-type"), Some("image/svg+xml"));
    for reply in [robots, icon] {
        assert_eq!(reply.header("strict-transport-security"), Some(TLS_ONLY));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_methods_of_a_page_are_told() {
    let server = Server::start();
    for (route, methods) in ROUTES {
        let path = route.replace("{id}", "x").replace("{name}", "x");
        let methods = methods.iter().chain(&["options"]).map(|method| method.to_uppercase());
        let allow = methods.collect::<Vec<_>>().join(", ");
        let options = server.send(&Request::new("OPTIONS", &path)).expect(204);
        assert_eq!(options.header("allow"), Some(allow.as_str()), "{path}");
        let refused = server.send(&Request::new("DELETE", &path)).expect(405);
        assert_eq!(refused.header("allow"), Some(allow.as_str()), "{path}");
        check_page(&refused, &path);
    }
}
