//! Certificates that the server gets by itself.

use crate::directory::{Directory, Life, Manner};
use crate::kit::{Encrypted, exchange, shake_hands, soon};
use crate::redirect::free_address;
use crate::support::{Client, Process, Request};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A server that has its certificates from a directory.
struct Site {
    directory: Directory,
    folder: TempDir,
    redirect: SocketAddr,
    watch: SocketAddr,
}

impl Site {
    fn new() -> Self {
        let redirect = free_address();
        let folder = TempDir::new().expect("a folder");
        let directory = Directory::start(redirect);
        fs::write(folder.path().join("ca.pem"), directory.authority.pem()).expect("a file");
        Self { directory, folder, redirect, watch: free_address() }
    }

    fn start(&self) -> Process {
        let ca_file = self.folder.path().join("ca.pem").display().to_string();
        let (redirect, watch) = (self.redirect.to_string(), self.watch.to_string());
        let flags = [
            ["--acme", "on"],
            ["--acme-agree", "on"],
            ["--acme-contact", "ann@example.com"],
            ["--acme-directory", &self.directory.url()],
            ["--acme-ca-file", &ca_file],
            ["--base-url", "https://secrets.example"],
            ["--redirect-listen", &redirect],
            ["--metrics-listen", &watch],
        ];
        Process::start(&self.folder.path().join("data"), flags.as_flattened())
    }

    fn connect(&self, server: &Process) -> std::io::Result<Encrypted> {
        shake_hands(server.address, self.directory.authority.trusting(rustls::ALL_VERSIONS))
    }

    fn answers(&self, server: &Process) -> bool {
        let asked = self.connect(server).and_then(|mut it| exchange(&mut it, "GET", "/api/v2/status", ""));
        asked.is_ok_and(|reply| reply.starts_with("HTTP/1.1 200 "))
    }

    #[track_caller]
    fn watched(&self, path: &str) -> String {
        let mut client = Client::at_door(self.watch).expect("connected");
        client.send(&Request::get(path)).expect("a reply").text()
    }
}

#[test]
fn the_first_certificate_comes_by_itself_and_is_kept() {
    let site = Site::new();
    let mut server = site.start();
    soon("it answers over TLS", || site.answers(&server));
    assert_eq!(site.watched("/health/ready"), "ready\n");
    assert_eq!(site.directory.state().accounts, [serde_json::json!(["mailto:ann@example.com"])]);
    let files = fs::read_dir(site.folder.path().join("data/acme")).expect("a folder");
    let files: Vec<_> = files.map(|file| file.expect("a file").metadata().expect("its mode")).collect();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| file.mode() & 0o777 == 0o600));
    let token = "/.well-known/acme-challenge/token-0";
    let after =
        Client::at_door(site.redirect).expect("connected").send(&Request::get(token)).expect("a reply");
    assert_eq!(after.status, 301, "the proof is gone once it was looked at");

    server.terminate();
    site.directory.state().manner = Manner::IsGone;
    let again = site.start();
    assert!(site.answers(&again), "at once, and without the directory");
    let state = site.directory.state();
    assert_eq!((state.accounts.len(), state.issued), (1, 1));
}

#[test]
fn a_certificate_is_renewed_before_it_ends_and_nobody_notices() {
    let site = Site::new();
    // Less than the third part is left: it is due at once.
    site.directory.state().life = Life(90, 30);
    let server = site.start();
    soon("it answers over TLS", || site.answers(&server));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                assert!(site.answers(&server), "after {count} replies");
                count += 1;
            }
            count
        });
        soon("it is renewed twice", || site.directory.state().issued >= 3);
        site.directory.state().life = Life(0, 7_776_000);
        soon("a long one came", || {
            let left = site.watched("/metrics");
            let left = left.lines().find_map(|line| line.strip_prefix("tellonce_certificate_left_seconds "));
            left.and_then(|left| left.parse::<i64>().ok()).is_some_and(|left| left > 7_000_000)
        });
        done.store(true, Ordering::Relaxed);
        assert!(asking.join().expect("no refusal") > 10);
    });
    let issued = site.directory.state().issued;
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(site.directory.state().issued, issued, "a long one is left alone");
    assert_eq!(site.directory.state().accounts.len(), 1);
}

#[test]
fn a_directory_that_fails_is_complained_of_and_the_server_goes_on() {
    let site = Site::new();
    site.directory.state().life = Life(600, 60);
    let server = site.start();
    soon("it answers over TLS", || site.answers(&server));
    for manner in [Manner::IsGone, Manner::Talks] {
        site.directory.state().manner = manner;
        let failures = || server.log_text().matches("no certificate of the ACME directory").count();
        let before = failures();
        soon("the log says so", || failures() > before);
        assert!(site.answers(&server));
    }
    assert!(!site.watched("/metrics").contains("\ntellonce_certificate_failures 0\n"));
    assert_eq!(site.watched("/health/ready"), "certificate-not-renewed\n");
    assert!(!server.log_text().contains("ann@example.com"));
    let mut state = site.directory.state();
    (state.manner, state.life) = (Manner::Works, Life(0, 7_776_000));
    drop(state);
    soon("it comes in the end", || site.watched("/health/ready") == "ready\n");
    assert!(site.answers(&server));
    assert!(site.watched("/metrics").contains("\ntellonce_certificate_failures 0\n"));
}

#[test]
fn without_a_proof_there_is_no_certificate_and_what_needs_none_goes_on() {
    let site = Site::new();
    site.directory.state().looks_at = free_address();
    let server = site.start();
    soon("the log says what to look at", || server.log_text().contains("`redirect-listen`"));
    assert!(site.connect(&server).is_err(), "no certificate, no handshake");
    assert_eq!(site.watched("/health/ready"), "no-certificate\n");
    assert_eq!(site.watched("/health/live"), "live\n");
    let lead = Client::at_door(site.redirect).expect("connected").send(&Request::get("/")).expect("a reply");
    assert_eq!(lead.header("location"), Some("https://secrets.example/"));
    assert_eq!(site.directory.state().issued, 0);
}
