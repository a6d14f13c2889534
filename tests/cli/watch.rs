//! What operators watch: metrics, health, and the command that asks for it.

use crate::desk::{Desk, Ran, finish};
use crate::support::process::program;
use crate::support::{Client, Reply, Request};
use serde_json::json;
use std::net::SocketAddr;

const CANARY: &str = "canary-secret";
const PASSPHRASE: &str = "canary-passphrase";

/// A desk whose server can be watched, and where.
fn watched(flags: &[&str]) -> (Desk, SocketAddr) {
    let desk = Desk::with(&[&["--metrics-listen", "127.0.0.1:0"], flags].concat());
    let address = desk.server.watch_address();
    (desk, address)
}

#[track_caller]
fn ask(address: SocketAddr, path: &str) -> Reply {
    let mut client = Client::at_door(address).expect("connected");
    client.send(&Request::get(path)).expect("a reply")
}

fn health(desk: &Desk, address: SocketAddr, flags: &[&str]) -> Ran {
    let mut command = program();
    command.arg("health").args(flags).args(["--metrics-listen", &address.to_string()]);
    command.arg("--data").arg(desk.path("data"));
    finish(command, b"")
}

/// The value of this sample.
#[track_caller]
fn sample(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a number")
}

#[test]
fn requests_are_counted_by_route_and_status_and_time() {
    let (desk, address) = watched(&[]);
    let [made, ..] = [(); 3].map(|()| desk.conceal(json!({ "secret": "hello" })));
    let reveal = format!("/api/v2/secret/{}/reveal", made.secret);
    desk.server.send(&Request::post(&reveal).json(&json!({ "continue": true }))).expect(200);
    desk.server.send(&Request::post(&reveal).json(&json!({ "continue": true }))).expect(404);
    desk.server.send(&Request::get("/api/v2/nowhere")).expect(404);
    let text = ask(address, "/metrics").expect(200).text();
    let count = |route: &str, status: u16| {
        sample(&text, &format!("tellonce_requests_total{{route=\"{route}\",status=\"{status}\"}}"))
    };
    assert_eq!(count("/api/v2/secret/conceal", 200), 3);
    assert_eq!(count("/api/v2/secret/{id}/reveal", 200), 1);
    assert_eq!(count("/api/v2/secret/{id}/reveal", 404), 1);
    assert_eq!(count("(none)", 404), 1);
    let all = "tellonce_request_seconds_bucket{route=\"/api/v2/secret/conceal\",le=\"+Inf\"}";
    assert_eq!(sample(&text, all), 3);
    assert_eq!(sample(&text, "tellonce_secrets_live"), 2);
    assert_eq!(sample(&text, "tellonce_erasures_total"), 1);
    assert_eq!(sample(&text, "tellonce_queued_writes"), 0);
    assert!(sample(&text, "tellonce_disk_free_bytes") > 0);
    assert!(text.contains("tellonce_build_info{version=\""));
}

#[test]
fn every_line_of_the_metrics_is_of_the_text_format() {
    let (desk, address) = watched(&[]);
    desk.conceal(json!({ "secret": "hello" }));
    let reply = ask(address, "/metrics").expect(200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut families = Vec::new();
    for line in reply.text().lines() {
        if let Some(comment) = line.strip_prefix("# TYPE ") {
            families.push(comment.split(' ').next().expect("a name").to_owned());
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a sample");
        let family = families.last().expect("a family before its samples");
        assert!(name.starts_with(family.as_str()), "{name} belongs to {family}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        for label in name.split_once('{').map(|(_, labels)| labels.split("\",")).into_iter().flatten() {
            let label = label.split('=').next().expect("a name");
            assert!(["route", "status", "le", "kind", "version"].contains(&label), "{line}");
        }
    }
    families.sort_unstable();
    let all = families.len();
    families.dedup();
    assert!(all == families.len() && all > 10, "{families:?}");
}

#[test]
fn metrics_and_health_learn_nothing_of_anyone() {
    let (desk, address) = watched(&[]);
    let token = desk.log_in().token;
    let made = desk.conceal(json!({ "secret": CANARY, "passphrase": PASSPHRASE }));
    let wrong = json!({ "continue": true, "passphrase": "canary-wrong" });
    let reveal = format!("/api/v2/secret/{}/reveal", made.secret);
    desk.server.send(&Request::post(&reveal).json(&wrong)).expect(422);
    desk.server.send(&Request::get(&format!("/canary-path/{}", made.secret)).header("Host", "canary.host"));
    desk.run(&["recent"], b"").done();
    let right = json!({ "continue": true, "passphrase": PASSPHRASE });
    assert!(desk.server.send(&Request::post(&reveal).json(&right)).contains(CANARY), "the control");
    for path in ["/metrics", "/health/ready", "/health/live", "/metrics?canary-query", "/canary-path"] {
        let reply = ask(address, path);
        for secret in ["canary", "127.0.0.1", "frank", &token, &made.secret, &made.receipt] {
            assert!(!reply.contains(secret), "{secret} in {}", reply.text());
        }
    }
}

#[test]
fn nothing_is_told_on_the_servers_own_listener() {
    let (desk, _) = watched(&[]);
    for path in ["/metrics", "/health/live", "/health/ready"] {
        desk.server.send(&Request::get(path)).expect(404);
    }
}

#[test]
fn health_is_an_exit_code_for_whoever_keeps_the_server_running() {
    let (mut desk, address) = watched(&[]);
    assert_eq!(health(&desk, address, &[]).done(), "ready\n");
    assert_eq!(health(&desk, address, &["--live"]).done(), "live\n");
    desk.server.terminate();
    let gone = health(&desk, address, &[]);
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("`metrics-listen`"), "{gone:?}");
    let mut command = program();
    command.arg("health");
    let unset = finish(command, b"");
    assert_eq!(unset.code, 78);
    assert!(unset.err.contains("`metrics-listen`"), "{unset:?}");
}

#[test]
fn a_server_without_room_lives_but_is_not_ready() {
    // More room than any disk has.
    let (desk, address) = watched(&["--min-free-disk", "1125899906842624"]);
    assert_eq!(ask(address, "/health/ready").expect(503).text(), "disk-full\n");
    assert_eq!(ask(address, "/health/live").expect(200).text(), "live\n");
    let ran = health(&desk, address, &[]);
    assert_eq!((ran.code, ran.err.trim()), (1, "tellonce: disk-full"));
    assert_eq!(health(&desk, address, &["--live"]).done(), "live\n");
    let text = ask(address, "/metrics").text();
    assert_eq!(sample(&text, "tellonce_complaint{kind=\"disk-full\"}"), 1);
    assert_eq!(sample(&text, "tellonce_complaint{kind=\"clock-stepped\"}"), 0);
}

#[test]
fn only_get_and_head_are_answered_and_nobody_may_dawdle() {
    let (_desk, address) = watched(&[]);
    let mut client = Client::at_door(address).expect("connected");
    client.send(&Request::post("/metrics")).expect("a reply").expect(405);
    let mut head = Client::at_door(address).expect("connected");
    head.send(&Request::new("HEAD", "/health/live")).expect("a reply").expect(200);
    ask(address, "/elsewhere").expect(404);
    // More than there are places for, saying nothing: gone after five seconds, and others are answered.
    let silent: Vec<_> = (0..100).map(|_| Client::at_door(address).expect("connected")).collect();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let answered = || Client::at_door(address)?.send(&Request::get("/health/live"));
    while !answered().is_ok_and(|reply| reply.status == 200) {
        assert!(std::time::Instant::now() < deadline, "silent clients keep the others out");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(silent);
}
