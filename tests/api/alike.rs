//! Whoever has only a link cannot tell a secret that is gone, however it went, from one that never was;
//! whoever has no account cannot tell what is wrong with credentials.

use crate::support::server::{Made, policy};
use crate::support::{Login, Request, Server};
use crate::timing::pairs::without_chance;
use serde_json::json;
use tellonce::app::Policy;
use tellonce::limits::AttemptPolicy;
use tellonce::web::{pages, v1, v2};

/// Secrets that are gone, each in another way, with its name.
fn gone(server: &Server) -> Vec<(&'static str, Made)> {
    let passed = server.conceal_with(json!({ "secret": "hello", "ttl": 60 }));
    server.advance(61);
    let swept = server.run(server.site.app.sweep()).expect("a sweep").secrets;
    assert_eq!(swept, 1);
    let [revealed, burned, unswept] = [604_800, 604_800, 60]
        .map(|ttl| server.conceal_with(json!({ "secret": "hello", "ttl": ttl, "passphrase": "right" })));
    let locked = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    server.reveal_with(&revealed, Some("right")).ok();
    let burn = Request::post(&format!("/api/v2/receipt/{}/burn", burned.receipt));
    server.send(&burn.json(&json!({ "passphrase": "right", "continue": true }))).ok();
    server.reveal_with(&locked, Some("wrong")).expect(422);
    server.advance(61);
    let states = [("revealed", &revealed), ("burned", &burned), ("locked", &locked), ("unswept", &unswept)];
    for (_, made) in states {
        assert_ne!(server.receipt(made)["state"], "new");
    }
    let states = states.map(|(state, made)| (state, made.clone()));
    states.into_iter().chain([("swept", passed)]).collect()
}

/// The reply but for chance and the clock.
#[track_caller]
fn reply(server: &Server, request: &Request, id: &str) -> String {
    let reply = without_chance(server.send(request), id);
    format!("{} {:?}\n{}", reply.status, reply.headers, reply.text())
}

#[test]
fn a_secret_that_is_gone_looks_as_if_it_had_never_been() {
    // The first wrong passphrase destroys.
    let attempts = AttemptPolicy { lifetime: 1, ..policy().attempts };
    let server = Server::start_with(Policy { attempts, ..policy() });
    let gone = gone(&server);
    let never = "abcdefghijklmnopqrstuvwxyz01234";
    let mut compared = 0;
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES), (pages::BASE, pages::ROUTES)] {
        for (path, methods) in routes.iter().filter(|(path, _)| path.contains("secret/{")) {
            for method in *methods {
                for body in ["", "continue=true", "continue=true&passphrase=right"] {
                    let ask = |id: &str| {
                        let target = format!("{base}{path}").replace("{key}", id).replace("{id}", id);
                        let request = Request::new(&method.to_uppercase(), &target);
                        let is_empty = body.is_empty() || *method != "post";
                        reply(&server, &if is_empty { request } else { request.form(body) }, id)
                    };
                    let expected = ask(never);
                    for (state, made) in &gone {
                        assert_eq!(ask(&made.secret), expected, "{state}: {method} {path} {body}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn wrong_credentials_look_the_same_whatever_is_wrong_with_them() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let wrong = "0".repeat(40);
    let login = |user: &str, token: &str| Login { user: user.into(), token: token.into() };
    for request in [
        Request::get("/api/v1/authcheck"),
        Request::get("/api/v2/receipt/recent"),
        Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": "hello" } })),
    ] {
        let ask = |user: &str, token: &str| reply(&server, &request.clone().login(&login(user, token)), "");
        let expected = ask("nobody@example.com", &wrong);
        assert!(expected.starts_with("401 "), "{expected}");
        assert_eq!(ask(&frank.user, &wrong), expected);
        assert_eq!(ask("nobody@example.com", &frank.token), expected);
        assert_eq!(ask(&ann.user, &frank.token), expected);
        assert_eq!(ask(&frank.user, "no token at all"), expected);
    }
}
