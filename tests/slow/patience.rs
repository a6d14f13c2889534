//! What the deadlines must not do: take away an answer, or a large secret from a slow line. And what
//! they must do to those who send without end.

use crate::crowd::{Target, open_files};
use crate::support::http::Client;
use crate::support::{Request, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// The longest body by default.
const LONGEST_BODY: usize = 6 * (1 << 20) + (64 << 10);

#[test]
fn a_client_whose_request_has_arrived_gets_its_answer_however_long_it_takes() {
    let server = Server::start();
    let (made, looked) = (server.conceal("hello"), server.conceal("look"));
    // Longer than any deadline of a connection.
    let stall = server.site.app.store().write(|_| {
        thread::sleep(Duration::from_secs(17));
        Ok(())
    });
    let began = Instant::now();
    thread::scope(|scope| {
        let revealed = scope.spawn(|| server.reveal(&made));
        // Bytes of the next request make no difference.
        let pipelined = scope.spawn(|| {
            let mut client = server.connect();
            let body = json!({ "secret": { "secret": "piped" } });
            let request = Request::post("/api/v2/secret/conceal").json(&body);
            client.send_bytes(&[request.bytes(), b"GET /api/v2".to_vec()].concat()).expect("sent");
            client.read(false).expect("an answer")
        });
        let shown = scope.spawn(|| server.get(&format!("/api/v2/secret/{}", looked.secret)));
        assert_eq!(revealed.join().expect("an answer").ok()["record"]["secret_value"], "hello");
        pipelined.join().expect("an answer").expect(200);
        shown.join().expect("an answer").expect(200);
    });
    assert!(began.elapsed() > Duration::from_secs(16));
    server.run(stall).expect("written");
}

#[test]
fn all_who_come_while_the_server_is_held_up_find_a_place_to_wait() {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("a setting of the system");
    let count = most.trim().parse().map_or(1_000, |most: usize| most.min(1_000));
    open_files();
    let target = Target::start(&[]);
    let process = Pid::from_raw(target.process.id().cast_signed()).expect("a process");
    kill_process(process, Signal::STOP).expect("stopped");
    let enter =
        |_| TcpStream::connect_timeout(&target.process.address, Duration::from_secs(5)).expect("a place");
    let crowd: Vec<_> = (0..count).map(enter).collect();
    kill_process(process, Signal::CONT).expect("going on");
    for mut stream in crowd {
        stream.write_all(b"GET /api/v2/status HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 200");
    }
}

#[test]
fn requests_sent_all_at_once_are_answered_one_after_the_other() {
    let server = Server::start();
    let chunked = "POST /api/v2/secret/conceal HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                   Transfer-Encoding: chunked\r\n\r\n1c\r\n{\"secret\":{\"secret\":\"hello\"}\r\n1\r\n}\r\n0\r\n\r\n";
    let posted =
        Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": "\n\n\r\n" } })).bytes();
    let looked = b"\r\nGET /api/v2/status HTTP/1.1\nHost: localhost\n\n".to_vec();
    let round = [chunked.as_bytes(), &posted, &looked, &posted].concat();
    let mut client = server.connect();
    client.send_bytes(&round.repeat(50)).expect("sent");
    for _ in 0..50 {
        for secret in [Some("hello"), Some("\n\n\r\n"), None, Some("\n\n\r\n")] {
            let reply = client.read(false).expect("an answer").expect(200).json();
            let Some(secret) = secret else {
                assert_eq!(reply["status"], "nominal");
                continue;
            };
            let made = crate::support::server::Made::of(&reply);
            assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], secret);
        }
    }
}

/// Uploads a secret of so many KiB at so many KiB a second.
#[track_caller]
fn upload(kib: usize, speed: usize) {
    let server = Server::start();
    let secret = "s".repeat(kib << 10);
    let bytes =
        Request::post("/api/v2/secret/conceal").json(&json!({ "secret": { "secret": secret } })).bytes();
    let mut client = server.connect();
    let began = Instant::now();
    for (tick, piece) in bytes.chunks((speed << 10) / 10).enumerate() {
        let due = Duration::from_millis(100 * u64::try_from(tick).expect("few"));
        thread::sleep(due.saturating_sub(began.elapsed()));
        client.send_bytes(piece).expect("sent");
    }
    let reply = client.read(false).expect("an answer").expect(200);
    let made = crate::support::server::Made::of(&reply.json());
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], secret);
}

#[test]
fn a_slow_line_may_send_a_secret_and_take_longer_than_a_deadline_for_a_large_one() {
    thread::scope(|scope| {
        scope.spawn(|| upload(200, 50));
        scope.spawn(|| upload(360, 24));
    });
}

#[test]
fn an_upload_without_end_is_refused_and_cut_off() {
    for head in ["Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 10000000000\r\n\r\n"] {
        let target = Target::start(&["--limits", "off"]);
        target.create();
        let memory = target.memory("VmRSS");
        let mut stream = TcpStream::connect(target.process.address).expect("connected");
        stream.set_write_timeout(Some(Duration::from_secs(30))).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        let mut reader = stream.try_clone().expect("a socket");
        let answer = thread::spawn(move || {
            let mut answer = Vec::new();
            let _ = reader.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        });
        let opening = format!("POST /api/v2/secret/conceal HTTP/1.1\r\nHost: localhost\r\n{head}");
        stream.write_all(opening.as_bytes()).expect("sent");
        let chunk = [b"4000\r\n", "a".repeat(0x4000).as_bytes(), b"\r\n"].concat();
        let mut sent = 0;
        let began = Instant::now();
        while sent < 1 << 30 && stream.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        let answer = answer.join().expect("no panic");
        let took = began.elapsed();
        eprintln!(
            "without end: {sent} bytes in {took:?}, memory {} KiB",
            (target.memory("VmHWM") - memory) >> 10
        );
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(sent > LONGEST_BODY, "{sent}");
        // The system's buffers on both sides take some more.
        assert!(sent < LONGEST_BODY + (16 << 20), "{sent}");
        assert!(took < Duration::from_secs(20), "{took:?}");
        target.create();
    }
}

#[test]
fn a_refusal_is_heard_by_a_client_that_is_still_sending() {
    let server = Server::start();
    for size in [LONGEST_BODY + 1, LONGEST_BODY + (100 << 10)] {
        let body = "a".repeat(size);
        let mut client: Client = server.connect();
        // It sends all of it before it listens.
        let _ = client.send_bytes(&Request::post("/api/v2/secret/conceal").body(body).bytes());
        client.read(false).expect("an answer").expect(413);
    }
}
