//! A small door of its own beside the server: it reads the first line of a request, answers once and
//! closes. For what must be answered however busy the server is, and needs no more of HTTP than that.

use std::fmt::Write;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The longest head that is read,
const HEAD_BYTES: usize = 8 << 10;
/// and how long all of a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to rest when the system has no connection to give.
const REST: Duration = Duration::from_millis(100);

/// What is answered.
pub struct Answer {
    /// Status and reason, such as `200 OK`.
    pub status: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The text.
    pub body: String,
}

impl Answer {
    /// A plain text.
    pub fn text(status: &'static str, body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Self { status, headers, body: body.into() }
    }

    fn bytes(&self, is_head: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {}\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
        if !is_head {
            text += &self.body;
        }
        text.into_bytes()
    }
}

/// Answers whoever asks this listener for a path by GET or HEAD, on this event loop, over so many
/// connections at once.
pub fn serve<F, R>(listener: TcpListener, connections: usize, answer: F) -> JoinHandle<()>
where
    F: Fn(String) -> R + 'static,
    R: Future<Output = Answer> + 'static,
{
    let (answer, places) = (Rc::new(answer), Rc::new(Semaphore::new(connections)));
    actix_web::rt::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(REST).await;
                continue;
            };
            let (answer, places) = (Rc::clone(&answer), Rc::clone(&places));
            actix_web::rt::spawn(async move {
                // Whoever finds every place taken is sent away at once.
                let Ok(_place) = places.try_acquire() else { return };
                let _ = tokio::time::timeout(PATIENCE, exchange(stream, &*answer)).await;
            });
        }
    })
}

async fn exchange<F, R>(mut stream: TcpStream, answer: &F) -> io::Result<()>
where
    F: Fn(String) -> R,
    R: Future<Output = Answer>,
{
    let head = read_head(&mut stream).await?;
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let reply = match method {
        "GET" | "HEAD" if is_path(target) => answer(target.to_owned()).await,
        "GET" | "HEAD" => Answer::text("400 Bad Request", "this is no path\n"),
        _ => Answer::text("405 Method Not Allowed", "only GET and HEAD\n"),
    };
    stream.write_all(&reply.bytes(method == "HEAD")).await?;
    stream.shutdown().await
}

/// Nothing in it may end a line of the reply.
fn is_path(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads up to the empty line that ends a head.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::with_capacity(1 << 10);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() >= HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}
