//! Plain HTTP beside TLS.

use crate::kit::Secure;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// An address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address")
}

#[track_caller]
fn say(address: SocketAddr, bytes: &str) -> String {
    let mut socket = TcpStream::connect(address).expect("connected");
    socket.write_all(bytes.as_bytes()).expect("sent");
    let mut reply = String::new();
    let _ = socket.read_to_string(&mut reply);
    reply
}

#[test]
fn plain_http_leads_to_the_configured_address_whatever_a_request_says() {
    let address = free_address();
    let _secure = Secure::start(&["--redirect-listen", &address.to_string()]);
    for (target, headers) in [
        ("/secret/abc?lang=de", "Host: secrets.example"),
        ("/secret/abc?lang=de", "Host: evil.example\r\nX-Forwarded-Host: evil.example"),
        ("/secret/abc?lang=de", "X-Nothing: 1"),
    ] {
        let reply = say(address, &format!("GET {target} HTTP/1.1\r\n{headers}\r\n\r\n"));
        assert!(reply.starts_with("HTTP/1.1 301 "), "{reply}");
        assert!(reply.contains("\r\nLocation: https://secrets.example/secret/abc?lang=de\r\n"), "{reply}");
        assert!(!reply.contains("evil"), "{reply}");
    }
    let double = say(address, "GET //evil.example/ HTTP/1.1\r\n\r\n");
    assert!(double.contains("\r\nLocation: https://secrets.example//evil.example/\r\n"), "{double}");
}

#[test]
fn nothing_else_is_answered_there() {
    let address = free_address();
    let _secure = Secure::start(&["--redirect-listen", &address.to_string()]);
    let posted = say(address, "POST /api/v1/share HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert!(posted.starts_with("HTTP/1.1 405 ") && !posted.contains("Location"), "{posted}");
    for target in ["http://evil.example/", "*", "evil.example", "/a\rX-Evil: 1", "/\u{e9}"] {
        let reply = say(address, &format!("GET {target} HTTP/1.1\r\n\r\n"));
        assert!(reply.starts_with("HTTP/1.1 400 ") && !reply.contains("evil"), "{target}: {reply}");
    }
    let unknown = say(address, "GET /.well-known/acme-challenge/unknown HTTP/1.1\r\n\r\n");
    assert!(unknown.starts_with("HTTP/1.1 301 "), "{unknown}");
    assert_eq!(say(address, &"x".repeat(20_000)), "");
}
