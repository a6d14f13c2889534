//! What is spoken, and what is cut off.

use crate::kit::{NAME, Secure, exchange, json, shake_hands, soon};
use rustls::version::{TLS12, TLS13};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn a_secret_travels_encrypted_and_its_link_says_so() {
    let secure = Secure::start(&[]);
    let made = secure.ask("POST", "/api/v2/secret/conceal", r#"{"secret":{"secret":"hello"}}"#);
    assert!(made.contains("strict-transport-security: max-age=63072000"), "{made}");
    let made = json(&made);
    let id = made["record"]["secret"]["identifier"].as_str().expect("an identifier");
    let reveal = format!("/api/v2/secret/{id}/reveal");
    let revealed = json(&secure.ask("POST", &reveal, r#"{"continue":true}"#));
    assert_eq!(revealed["record"]["secret_value"], "hello");
    assert!(secure.ask("POST", &reveal, r#"{"continue":true}"#).starts_with("HTTP/1.1 404 "));
    let piped = secure.ask("PUT", "/", "hello");
    assert!(piped.contains(&format!("\r\n\r\nhttps://{NAME}/secret/")), "{piped}");
}

#[test]
fn both_versions_of_today_are_spoken() {
    let secure = Secure::start(&[]);
    for version in [&TLS12, &TLS13] {
        let config = secure.authority.trusting(&[version]);
        let mut stream = shake_hands(secure.server.address, config).expect("a handshake");
        assert_eq!(stream.conn.protocol_version(), Some(version.version));
        let reply = exchange(&mut stream, "GET", "/api/v2/status", "").expect("a reply");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
}

/// A `ClientHello` of this version, with ciphers that every server of its day knew, and some of today's.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let ciphers = [0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x09, 0xc0, 0x13, 0x00, 0x2f, 0x00, 0x35];
    // Named curves with P-256, and signatures by ECDSA with SHA-256 among them.
    let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1];
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, u8::try_from(ciphers.len()).expect("few")]);
    body.extend(ciphers);
    body.extend([1, 0]);
    body.extend([0, u8::try_from(extensions.len()).expect("few")]);
    body.extend(extensions);
    let length = u8::try_from(body.len()).expect("short");
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
}

#[test]
fn what_is_older_than_tls_1_2_is_refused() {
    const ALERT: u8 = 21;
    const SERVER_HELLO: u8 = 22;
    const PROTOCOL_VERSION: u8 = 70;
    let secure = Secure::start(&[]);
    for (version, is_taken) in [([3, 0], false), ([3, 1], false), ([3, 2], false), ([3, 3], true)] {
        let mut socket = TcpStream::connect(secure.server.address).expect("connected");
        socket.write_all(&hello(version)).expect("sent");
        let mut reply = [0; 7];
        socket.read_exact(&mut reply).expect("a reply");
        if is_taken {
            assert_eq!(reply[0], SERVER_HELLO, "the control: {reply:?}");
        } else {
            assert_eq!((reply[0], reply[6]), (ALERT, PROTOCOL_VERSION), "{version:?}: {reply:?}");
        }
    }
}

#[test]
fn a_client_that_wants_another_protocol_is_refused_and_http_1_1_is_named() {
    let secure = Secure::start(&[]);
    let mut config = secure.authority.trusting(&[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = shake_hands(secure.server.address, config.clone()).expect("a handshake");
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(shake_hands(secure.server.address, config).is_err());
}

#[test]
fn who_speaks_no_tls_gets_nothing_and_disturbs_nobody() {
    let secure = Secure::start(&[]);
    for bytes in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], &[0; 64], &[22, 3, 1, 255, 255, 1]] {
        let mut socket = TcpStream::connect(secure.server.address).expect("connected");
        socket.write_all(bytes).expect("sent");
        let mut reply = Vec::new();
        let _ = socket.read_to_end(&mut reply);
        assert!(!reply.starts_with(b"HTTP"), "{reply:?}");
    }
    assert!(secure.ask("GET", "/api/v2/status", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_handshake_that_is_never_ended_is_cut_off_and_gives_its_place_back() {
    let secure = Secure::start(&["--workers", "1", "--max-connections", "2"]);
    let began = Instant::now();
    let mut silent: Vec<TcpStream> =
        (0..8).map(|_| TcpStream::connect(secure.server.address).expect("connected")).collect();
    for socket in &mut silent {
        socket.write_all(&hello([3, 3])[..20]).expect("a part");
    }
    let mut rest = Vec::new();
    let _ = silent[0].read_to_end(&mut rest);
    let took = began.elapsed();
    assert!((4..=15).contains(&took.as_secs()), "{took:?}");
    soon("its place is free", || {
        let answered = || exchange(&mut secure.connect()?, "GET", "/api/v2/status", "");
        answered().is_ok_and(|reply| reply.starts_with("HTTP/1.1 200 "))
    });
}

#[test]
fn a_client_that_reads_nothing_is_cut_off_as_without_tls() {
    let secure = Secure::start(&[]);
    let mut stream = secure.connect().expect("a handshake");
    let began = Instant::now();
    let request = format!("GET /api/openapi.json HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
    let sent = (0..2000).try_for_each(|_| stream.write_all(request.as_bytes()).and_then(|()| stream.flush()));
    drop(sent);
    let is_gone = || {
        let mut probe = stream.sock.try_clone().expect("a socket");
        probe.write_all(&[0]).is_err()
    };
    soon("it is cut off", is_gone);
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert!(secure.ask("GET", "/api/v2/status", "").starts_with("HTTP/1.1 200 "));
}
