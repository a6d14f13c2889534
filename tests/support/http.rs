//! A small HTTP/1.1 client over a plain socket. It sends exactly what it is told and reads whole
//! replies, so that a test can speak as badly as real programs do.

use super::contract::Asked;
use super::headers;
use base64ct::{Base64, Encoding};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits for a server that should answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request in the making.
#[must_use]
#[derive(Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A body, as it is and without any content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string())
    }

    pub fn form(self, body: &str) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// With an account's credentials.
    pub fn login(self, login: &Login) -> Self {
        self.header("Authorization", &login.header())
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: localhost\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        text += "\r\n";
        [text.as_bytes(), &self.body].concat()
    }
}

/// An account's credentials.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub token: String,
}

impl Login {
    /// What the header `Authorization` says.
    pub fn header(&self) -> String {
        basic(&format!("{}:{}", self.user, self.token))
    }
}

/// HTTP Basic with this text.
pub fn basic(pair: &str) -> String {
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}

/// A whole reply.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body of a 200, as JSON.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// Whether it refuses what is no HTTP, before there is any route.
    pub fn is_to_no_request(&self) -> bool {
        self.status == 400 && self.body.is_empty() && self.header("cache-control").is_none()
    }

    /// Whether these bytes occur anywhere in the reply.
    pub fn contains(&self, needle: &str) -> bool {
        let found = |text: &[u8]| text.windows(needle.len()).any(|window| window == needle.as_bytes());
        found(&self.body) || self.headers.iter().any(|(_, value)| found(value.as_bytes()))
    }
}

/// One connection. Every reply on it is held to the description of the API, and has the headers of all.
pub struct Client {
    stream: BufReader<TcpStream>,
    /// What the next reply answers, where that can be told.
    asked: Option<Asked>,
    /// Whether a door beside the server answers, whose replies are of their own kind.
    is_at_door: bool,
}

impl Client {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), asked: None, is_at_door: false })
    }

    /// At a door beside the server, such as the one for metrics or the one for plain HTTP, or at another server.
    pub fn at_door(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { is_at_door: true, ..Self::connect(address)? })
    }

    #[track_caller]
    pub fn send(&mut self, request: &Request) -> io::Result<Reply> {
        self.send_bytes(&request.bytes())?;
        self.read(request.method == "HEAD")
    }

    /// Sends these very bytes. A server that has already refused may close while they travel.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.asked = self.asked.take().or_else(|| Asked::of(bytes));
        self.stream.get_mut().write_all(bytes)
    }

    /// Says that no more will be sent, and goes on listening.
    pub fn close_sending(&mut self) -> io::Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)
    }

    /// Reads one reply. One to HEAD has a length and no body.
    #[track_caller]
    pub fn read(&mut self, is_head: bool) -> io::Result<Reply> {
        let status = loop {
            let line = self.read_line()?;
            let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
            let status: u16 = status.ok_or_else(|| io::Error::other(format!("no status line: {line}")))?;
            if status != 100 {
                break status;
            }
            self.read_line()?;
        };
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut reply = Reply { status, headers, body: Vec::new() };
        if !is_head && status != 204 && status != 304 {
            reply.body = self.read_body(&reply)?;
        }
        if !self.is_at_door {
            let complaints = headers::complaints(&reply);
            assert!(complaints.is_empty(), "{status} {}\n{complaints:#?}", reply.text());
        }
        if let Some(asked) = self.asked.take() {
            asked.check(&reply);
        }
        Ok(reply)
    }

    fn read_body(&mut self, reply: &Reply) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = reply.header("content-length") {
            body.resize(length.parse().map_err(io::Error::other)?, 0);
            self.stream.read_exact(&mut body)?;
        } else if reply.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(self.read_line()?.trim(), 16).map_err(io::Error::other)?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.read_line()?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    /// One line of a reply, without its end.
    pub fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
