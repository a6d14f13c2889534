//! Servers that are not ours: one that answers what it is told to, and one that speaks TLS in front of
//! ours.

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that takes every request and gives the same answer.
pub struct Stranger {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stranger {
    /// Answers these bytes after a while.
    pub fn answering(reply: &str, after: Duration) -> Self {
        Self::answering_first(reply, reply, after)
    }

    /// Answers the first request like this, and all that follow like that.
    pub fn first(status: &str, body: &str, later_status: &str, later_body: &str) -> Self {
        let reply = |status: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        Self::answering_first(&reply(status, body), &reply(later_status, later_body), Duration::ZERO)
    }

    fn answering_first(first: &str, later: &str, after: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut reply, later) = (Arc::clone(&requests), first.to_owned(), later.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let request = read_request(&mut BufReader::new(&stream));
                seen.lock().expect("a list").push(String::from_utf8_lossy(&request).into_owned());
                std::thread::sleep(after);
                let _ = stream.write_all(reply.as_bytes());
                reply.clone_from(&later);
            }
        });
        Self { address, requests }
    }

    /// Answers at once, with this status line, these header lines, and this body.
    pub fn with(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::answering(
            &format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"),
            Duration::ZERO,
        )
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("a list").clone()
    }
}

/// A request, head and body.
fn read_request(stream: &mut impl BufRead) -> Vec<u8> {
    let mut request = Vec::new();
    let mut length = 0;
    loop {
        let start = request.len();
        if stream.read_until(b'\n', &mut request).unwrap_or(0) == 0 {
            return request;
        }
        let line = String::from_utf8_lossy(&request[start..]).to_ascii_lowercase();
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let start = request.len();
    request.resize(start + length, 0);
    let _ = stream.read_exact(&mut request[start..]);
    request
}

/// TLS for the name `localhost` in front of this server; its certificate goes into the file.
pub fn tls_in_front_of(server: SocketAddr, certificate: &Path) -> u16 {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    std::fs::write(certificate, made.cert.pem()).expect("a file");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate and its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            // A client that does not trust us breaks off here.
            let _ = pass_on(&mut BufReader::new(StreamOwned::new(session, stream)), server);
        }
    });
    port
}

fn pass_on(
    client: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>,
    server: SocketAddr,
) -> std::io::Result<()> {
    let request = read_request(client);
    if request.is_empty() {
        return Ok(());
    }
    let mut behind = TcpStream::connect(server)?;
    let request = String::from_utf8_lossy(&request).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    behind.write_all(request.as_bytes())?;
    let mut reply = Vec::new();
    behind.read_to_end(&mut reply)?;
    client.get_mut().write_all(&reply)?;
    client.get_mut().conn.send_close_notify();
    client.get_mut().flush()
}
