//! Certificates from files that something else renews.

use crate::kit::{NAME, Secure, soon};
use std::fs;

/// The first certificate in a PEM text, as it is shown.
fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate").to_vec()
}

#[test]
fn a_new_pair_is_taken_while_the_server_runs_and_a_broken_one_is_not() {
    let secure = Secure::start(&[]);
    let first = secure.shown().expect("a certificate");
    let mut kept = secure.connect().expect("a connection from before");
    // Half a pair, as between the writing of one file and of the other.
    let (chain, key) = secure.authority.certify(NAME);
    fs::write(secure.path("cert.pem"), &chain).expect("a file");
    soon("the log says that it does not fit", || secure.server.log_text().contains("keeping the old one"));
    assert_eq!(secure.shown().as_deref(), Some(&*first));
    fs::write(secure.path("key.pem"), &key).expect("a file");
    soon("the new pair is shown", || secure.shown().is_some_and(|shown| *shown == *der(&chain)));
    // Not even a certificate.
    fs::write(secure.path("cert.pem"), "-----BEGIN CERTIFICATE-----\n????\n").expect("a file");
    soon("the log says so again", || secure.server.log_text().matches("keeping the old one").count() == 2);
    assert!(secure.shown().is_some_and(|shown| *shown == *der(&chain)));
    // Files that are renamed into place, as tools for renewal do it.
    let (chain, key) = secure.authority.certify(NAME);
    for (name, text) in [("cert.pem", &chain), ("key.pem", &key)] {
        fs::write(secure.path("new"), text).expect("a file");
        fs::rename(secure.path("new"), secure.path(name)).expect("renamed");
    }
    soon("the third is shown", || secure.shown().is_some_and(|shown| *shown == *der(&chain)));
    let reply = crate::kit::exchange(&mut kept, "GET", "/api/v2/status", "");
    // The connection from before went on, unless it had rested for too long.
    assert!(reply.is_err() || reply.is_ok_and(|reply| reply.is_empty() || reply.contains("200 OK")));
}

#[test]
fn a_key_never_shows_in_the_log() {
    let secure = Secure::start(&["--log", "trace"]);
    let key = fs::read_to_string(secure.path("key.pem")).expect("a key");
    secure.ask("GET", "/api/v2/status", "");
    fs::write(secure.path("cert.pem"), &key).expect("a file");
    let log = || secure.server.log_text();
    soon("it is refused", || log().contains("keeping the old one"));
    let line = key.lines().nth(1).expect("a line of the key");
    assert!(!log().contains(line));
}
