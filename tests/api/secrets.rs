//! The life of a secret.

use crate::support::{Request, Server};
use serde_json::json;

#[test]
fn a_secret_is_revealed_once() {
    let server = Server::start();
    let made = server.conceal("correct horse\n");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "correct horse\n");
    let second = server.reveal(&made).expect(404);
    assert_eq!(second.json()["message"], "Unknown secret");
    assert!(!second.contains("correct horse"));
    assert_eq!(server.receipt(&made)["state"], "revealed");
}

#[test]
fn a_wrong_passphrase_does_not_consume() {
    let server = Server::start();
    let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
    let wrong = server.reveal_with(&made, Some("wrong")).expect(422).json();
    assert_eq!(
        (wrong["message"].as_str(), wrong["field"].as_str()),
        (Some("Incorrect passphrase"), Some("passphrase"))
    );
    server.reveal(&made).expect(422);
    let v1 = server.send(&Request::post(&format!("/api/v1/secret/{}", made.secret)).form("passphrase=wrong"));
    assert_eq!(v1.expect(404).json()["message"], "Unknown secret");
    assert_eq!(server.reveal_with(&made, Some("right")).ok()["record"]["secret_value"], "hello");
}
