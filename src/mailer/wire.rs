//! The plain connection to a mail server, which is not trusted before TLS has proved who it is.

use actix_web::rt::net::TcpStream;
use lettre::transport::smtp::client::AsyncTokioStream;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::lookup_host;
use tokio::time::timeout;

/// How long one of the server's addresses may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// Bytes that a server may say over one message, TLS included. The library would collect a line
/// without an end until the memory is full.
const MOST: usize = 256 << 10;

/// A connection that hands on one line at a time and is cut off if the server talks too much.
///
/// What follows the line that announces TLS in plain text is thus read as TLS, and fails. The library
/// would take it for answers given under TLS, and so believe whoever put it there.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<TcpStream>,
    rest: usize,
}

impl Wire {
    /// Connects to the first address of this host that answers.
    ///
    /// # Errors
    /// Why the last of them did not.
    pub async fn connect(host: &str, port: u16) -> io::Result<Self> {
        let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
        for address in lookup_host((host, port)).await? {
            result = match timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // A mail leaves in two writes, and the second would wait until the first is acknowledged.
                    let _ = stream.set_nodelay(true);
                    return Ok(Self { stream: BufReader::new(stream), rest: MOST });
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            };
        }
        result
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let arrived = ready!(Pin::new(&mut self.stream).poll_fill_buf(context))?;
        let line = arrived.iter().position(|byte| *byte == b'\n').map_or(arrived.len(), |end| end + 1);
        let taken = line.min(buffer.remaining());
        buffer.put_slice(&arrived[..taken]);
        Pin::new(&mut self.stream).consume(taken);
        let rest = self.rest.checked_sub(taken);
        self.rest = rest.ok_or_else(|| io::Error::other("the mail server talks too much"))?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().peer_addr()
    }
}
