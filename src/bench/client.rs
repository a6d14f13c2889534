//! Clients that load a server: one request after another on each connection, and every reply is checked.

use super::Operation;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Secrets made ahead to be read, for each connection.
const AHEAD: usize = 200;
const PASSPHRASE: &str = "correct horse battery staple";

/// What is to be done.
pub struct Load {
    pub server: SocketAddr,
    pub operation: Operation,
    pub connections: usize,
    pub time: Duration,
}

/// What came of it.
pub struct Run {
    /// How long each operation took; never empty.
    pub latencies: Vec<Duration>,
    /// How long all took together.
    pub took: Duration,
}

impl Load {
    /// Runs it: for its time, or until one connection has nothing left to read.
    pub async fn run(&self) -> io::Result<Run> {
        let clients = (0..self.connections).map(|number| Client::connect(self, number));
        let mut clients = try_join_all(clients).await?;
        let began = Instant::now();
        let runs = clients.iter_mut().map(|client| client.run(self.operation, began + self.time));
        let latencies = try_join_all(runs).await?.concat();
        Ok(Run { latencies, took: began.elapsed() })
    }
}

/// A connection, and what it has made ahead.
pub struct Client {
    stream: TcpStream,
    number: usize,
    made: usize,
    ahead: Vec<Made>,
}

struct Made {
    id: String,
    content: String,
}

impl Client {
    async fn connect(load: &Load, number: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(load.server).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, number, made: 0, ahead: Vec::new() };
        if load.operation == Operation::Reveal {
            for _ in 0..AHEAD {
                let made = client.conceal(None).await?;
                client.ahead.push(made);
            }
        }
        Ok(client)
    }

    async fn run(&mut self, operation: Operation, until: Instant) -> io::Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        loop {
            let began = Instant::now();
            match operation {
                Operation::Conceal => drop(self.conceal(None).await?),
                Operation::ConcealProtected => drop(self.conceal(Some(PASSPHRASE)).await?),
                Operation::Cycle => {
                    let made = self.conceal(None).await?;
                    self.reveal(&made).await?;
                }
                Operation::Reveal => match self.ahead.pop() {
                    Some(made) => self.reveal(&made).await?,
                    None => return Ok(latencies),
                },
            }
            latencies.push(began.elapsed());
            if Instant::now() >= until {
                return Ok(latencies);
            }
        }
    }

    async fn conceal(&mut self, passphrase: Option<&str>) -> io::Result<Made> {
        self.made += 1;
        let content = format!("{:050}{:050}", self.number, self.made);
        let body = json!({ "secret": { "secret": content, "passphrase": passphrase } });
        let reply = self.post("/api/v2/guest/secret/conceal", &body).await?;
        let id = reply.pointer("/record/secret/identifier").and_then(Value::as_str);
        Ok(Made { id: id.ok_or_else(|| wrong("a secret has no identifier"))?.to_owned(), content })
    }

    async fn reveal(&mut self, made: &Made) -> io::Result<()> {
        let path = format!("/api/v2/guest/secret/{}/reveal", made.id);
        let reply = self.post(&path, &json!({ "continue": true })).await?;
        match reply.pointer("/record/secret_value").and_then(Value::as_str) {
            Some(content) if content == made.content => Ok(()),
            _ => Err(wrong("a reveal did not tell what was concealed")),
        }
    }

    async fn post(&mut self, path: &str, body: &Value) -> io::Result<Value> {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let mut reply = Vec::with_capacity(4096);
        loop {
            if self.stream.read_buf(&mut reply).await? == 0 {
                return Err(wrong("the server hung up"));
            }
            if let Some(body) = whole_body(&reply) {
                if !reply.starts_with(b"HTTP/1.1 200") {
                    return Err(wrong("the server refused a request"));
                }
                return serde_json::from_slice(body).map_err(io::Error::other);
            }
        }
    }
}

/// The body of a reply, once all of it is there.
fn whole_body(reply: &[u8]) -> Option<&[u8]> {
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&reply[..end]).ok()?.to_ascii_lowercase();
    let (_, rest) = head.split_once("content-length: ")?;
    let length: usize = rest.split_once('\r')?.0.parse().ok()?;
    reply[end..].get(..length)
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(what)
}
