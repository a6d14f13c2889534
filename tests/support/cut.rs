//! A bad line between a client and a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Passes requests on to a server and its replies back, one for each connection; but some connections it
/// cuts, once the server has answered and before a byte of the reply comes through.
pub struct BadLine {
    pub address: SocketAddr,
    left: Arc<AtomicUsize>,
}

impl BadLine {
    /// Cuts the first so many POSTs to targets with this text.
    pub fn cutting(times: usize, target: &'static str, server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let left = Arc::new(AtomicUsize::new(times));
        let counter = Arc::clone(&left);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let left = Arc::clone(&counter);
                std::thread::spawn(move || pass(stream, server, target, &left));
            }
        });
        Self { address, left }
    }

    /// Connections that are still to be cut.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

fn pass(client: TcpStream, server: SocketAddr, target: &str, left: &AtomicUsize) -> Option<()> {
    let request = read_request(&mut BufReader::new(&client))?;
    let first = request.lines().next()?;
    let is_meant = first.starts_with("POST ") && first.contains(target);
    let reply = ask(server, &request)?;
    let less = |left: usize| left.checked_sub(1);
    if !is_meant || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
        (&client).write_all(&reply).ok()?;
    }
    Some(())
}

/// The reply of a server that closes the connection after it.
fn ask(server: SocketAddr, request: &str) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(server).ok()?;
    server.write_all(request.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    Some(reply)
}

fn read_request(stream: &mut impl BufRead) -> Option<String> {
    let mut request = String::new();
    let mut length = 0;
    while !request.ends_with("\r\n\r\n") {
        let start = request.len();
        if stream.read_line(&mut request).ok()? == 0 {
            return None;
        }
        if let Some(text) = request[start..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.push_str(str::from_utf8(&body).ok()?);
    Some(request)
}
