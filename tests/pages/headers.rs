//! Headers of every page, whatever comes of it.

use super::html::submit;
use crate::support::{Reply, Request, Server};
use serde_json::json;
use tellonce::web::pages::ROUTES;

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'";

#[track_caller]
fn check_common(reply: &Reply, what: &str) {
    let wanted = [
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("x-robots-tag", "noindex, nofollow"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ];
    for (name, value) in wanted {
        assert_eq!(reply.header(name), Some(value), "{what}");
    }
    for name in ["set-cookie", "server", "x-powered-by", "x-xss-protection", "last-modified"] {
        assert_eq!(reply.header(name), None, "{what}");
    }
    for (name, _) in &reply.headers {
        assert_eq!(reply.headers.iter().filter(|(key, _)| key == name).count(), 1, "{what}: {name}");
    }
}

#[track_caller]
fn check_page(reply: &Reply, what: &str) {
    check_common(reply, what);
    assert_eq!(reply.header("content-security-policy"), Some(PAGE_POLICY), "{what}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
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
        check_common(&reply, "a file");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(
            reply.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
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
