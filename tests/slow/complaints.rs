//! Health complains of what does not work, and stops once it does again.

use crate::support::{Request, Server};
use serde_json::json;
use std::time::{Duration, Instant};
use tellonce::time::Ttl;
use tellonce::watch::Watch;

#[track_caller]
fn soon(watch: &Watch, complaints: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while watch.complaints() != complaints {
        assert!(Instant::now() < deadline, "{:?} instead of {complaints:?}", watch.complaints());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stuck_sweeper_a_stepped_clock_and_a_log_that_is_not_emptied() {
    let server = Server::start();
    let watch = Watch::new(server.site.clone(), Ttl::from_seconds(1), None);
    assert!(watch.complaints().is_empty());
    // Nobody sweeps in here.
    soon(&watch, &["sweeper-stuck"]);
    server.run(server.site.app.sweep()).expect("swept");
    assert!(watch.complaints().is_empty());

    let patient = Watch::new(server.site.clone(), Ttl::from_seconds(3600), None);
    server.site.app.clock().step_wall(301);
    assert_eq!(patient.complaints(), ["clock-stepped"]);
    server.site.app.clock().step_wall(-301);
    assert!(patient.complaints().is_empty());

    let database = server.folder().join("tellonce.db");
    let reader = rusqlite::Connection::open(database).expect("a connection");
    reader.execute_batch("BEGIN; SELECT count(*) FROM slots").expect("a reader that stays");
    let receipt = server.send(&Request::post("/api/v1/share").json(&json!({ "secret": "hello" }))).ok();
    let burn = format!("/api/v1/private/{}/burn", receipt["metadata_key"].as_str().expect("a key"));
    server.send(&Request::post(&burn)).expect(200);
    soon(&patient, &["log-not-emptied"]);
    drop(reader);
    soon(&patient, &[]);
}
