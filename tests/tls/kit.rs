//! An authority of one's own, certificates by it, and a client that trusts it and nobody else.

use crate::support::Process;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const NAME: &str = "secrets.example";
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    /// Its own certificate, in PEM form.
    #[cfg(feature = "acme")]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    #[cfg(feature = "acme")]
    pub fn issuer(&self) -> &CertifiedIssuer<'static, KeyPair> {
        &self.issuer
    }

    /// A certificate for this name and its key, in PEM form.
    pub fn certify(&self, name: &str) -> (String, String) {
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// The same, long over.
    pub fn certify_expired(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = rcgen::date_time_ymd(2020, 2, 29);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A client's configuration that trusts this authority alone.
    pub fn trusting(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(versions).expect("versions");
        builder.with_root_certificates(roots).with_no_client_auth()
    }
}

pub type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// Shakes hands under [`NAME`].
pub fn shake_hands(address: SocketAddr, config: ClientConfig) -> io::Result<Encrypted> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from(NAME).expect("a name");
    let mut session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    session.complete_io(&mut socket)?;
    Ok(StreamOwned::new(session, socket))
}

/// A server with TLS, and who certified it.
pub struct Secure {
    pub server: Process,
    pub authority: Authority,
    pub folder: TempDir,
}

impl Secure {
    pub fn start(flags: &[&str]) -> Self {
        let (authority, folder) = (Authority::new(), TempDir::new().expect("a folder"));
        let (chain, key) = authority.certify(NAME);
        std::fs::write(folder.path().join("cert.pem"), chain).expect("a file");
        std::fs::write(folder.path().join("key.pem"), key).expect("a file");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (chain, key, base) = (path("cert.pem"), path("key.pem"), format!("https://{NAME}"));
        let all = [&["--tls-cert", &chain, "--tls-key", &key, "--base-url", &base], flags].concat();
        let server = Process::start(&folder.path().join("data"), &all);
        Self { server, authority, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn connect(&self) -> io::Result<Encrypted> {
        shake_hands(self.server.address, self.authority.trusting(rustls::ALL_VERSIONS))
    }

    /// Asks on a connection of its own.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        exchange(&mut self.connect().expect("a handshake"), method, path, body).expect("a reply")
    }

    /// The certificate that is shown at present.
    pub fn shown(&self) -> Option<CertificateDer<'static>> {
        let stream = self.connect().ok()?;
        stream.conn.peer_certificates()?.first().cloned().map(CertificateDer::into_owned)
    }
}

/// One request in JSON and its reply, head and body, after which the connection closes.
pub fn exchange(stream: &mut Encrypted, method: &str, path: &str, body: &str) -> io::Result<String> {
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}

/// The body of a reply, as JSON.
#[track_caller]
pub fn json(reply: &str) -> Value {
    let (head, body) = reply.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{reply}");
    serde_json::from_str(body).expect("JSON")
}

/// Waits until this holds.
#[track_caller]
pub fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
