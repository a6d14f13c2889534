//! Whether the check that every test's replies go through would notice anything.

use crate::support::contract::complaints;
use crate::support::{Reply, Server};

/// A reply of the server, and the same with one thing changed.
#[track_caller]
fn is_noticed(change: impl FnOnce(&mut Reply), word: &str) {
    let server = Server::start();
    let mut reply = server.get("/api/v1/status").expect(200);
    let asked = b"GET /api/v1/status HTTP/1.1\r\n";
    assert!(complaints(asked, &reply).is_empty());
    change(&mut reply);
    let complaints = complaints(asked, &reply).join("\n");
    assert!(complaints.contains(word), "{complaints:?}");
}

#[test]
fn a_member_that_is_not_described_is_noticed() {
    is_noticed(|reply| reply.body = br#"{"status":"nominal","locale":"en","more":1}"#.to_vec(), "more");
}

#[test]
fn a_missing_member_is_noticed() {
    is_noticed(|reply| reply.body = br#"{"status":"nominal"}"#.to_vec(), "locale");
}

#[test]
fn a_member_of_another_type_is_noticed() {
    is_noticed(|reply| reply.body = br#"{"status":"nominal","locale":1}"#.to_vec(), "locale");
}

#[test]
fn a_status_that_is_not_described_is_noticed() {
    is_noticed(|reply| reply.status = 418, "418");
}

#[test]
fn a_header_that_is_not_described_is_noticed() {
    is_noticed(|reply| reply.headers.push(("server".into(), "tellonce".into())), "server");
}

#[test]
fn a_missing_header_is_noticed() {
    is_noticed(|reply| reply.headers.retain(|(name, _)| name != "cache-control"), "Cache-Control");
}

#[test]
fn a_route_that_is_not_described_must_not_answer() {
    let server = Server::start();
    let reply = server.get("/api/v1/status").expect(200);
    assert!(!complaints(b"GET /api/v1/nowhere HTTP/1.1\r\n", &reply).is_empty());
    assert!(!complaints(b"DELETE /api/v1/status HTTP/1.1\r\n", &reply).is_empty());
}
