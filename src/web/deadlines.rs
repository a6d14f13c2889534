//! Deadlines of a connection. The server library times the head of a connection's first request and
//! nothing after that; here every byte is timed, whatever request it belongs to. And a request is
//! handed over only once the one before it is answered: each takes kilobytes in the library, however
//! few bytes it was sent in.

use super::head::Head;
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a request may take to arrive, from its first byte on,
const REQUEST: Duration = Duration::from_secs(10);
/// and how many bytes buy one second more: slow lines may send large secrets.
const BYTES_PER_SECOND: u64 = 16 << 10;
/// How long a client may leave what we send unread.
const UNREAD: Duration = Duration::from_secs(10);
/// How long a client may stay silent after something was sent to it.
pub const REST: Duration = Duration::from_secs(12);
/// Bytes that are still taken of a request whose refusal is on its way,
const AFTER_REFUSAL: u64 = 64 << 10;
/// and how long the refusal has to be heard: closing at once would reset the connection, and might take
/// it away from a client that is still sending.
pub const FAREWELL: Duration = Duration::from_secs(3);

/// Bytes of later requests that are read while one is being answered.
const HELD_BYTES: usize = 4 << 10;

/// Told by whoever has read a request to its end: from then on the client waits for us, and no
/// deadline may take away the reply, which may be the only one there is.
#[derive(Clone, Default)]
pub struct Whole(Rc<Cell<bool>>);

impl Whole {
    /// The request has arrived.
    pub fn tell(&self) {
        self.0.set(true);
    }
}

/// A connection that breaks off when its client is too slow.
pub struct Timed<T> {
    stream: T,
    /// When the request that is arriving must be whole, or else the next one must have begun.
    arrival: Instant,
    has_begun: bool,
    /// Whether it was refused before it was whole.
    is_refused: bool,
    /// When the client must have read some more; none if it keeps up.
    unread: Option<Instant>,
    whole: Whole,
    /// What was read beyond the head of a request, until that request was looked at and answered.
    held: Vec<u8>,
    head: Head,
    /// Whether the client has said all it will say.
    has_ended: bool,
    /// Bytes of the request that is arriving, and the most that are taken of one.
    received: u64,
    most: u64,
    alarm: Pin<Box<Sleep>>,
}

impl<T> Timed<T> {
    /// Watches this connection from now on. Of a request of more than `most` bytes no more than those
    /// are read; the server library would read on for as long as it is sent.
    pub fn new(stream: T, most: u64) -> Self {
        let arrival = Instant::now() + REQUEST;
        Self {
            stream,
            arrival,
            has_begun: false,
            is_refused: false,
            unread: None,
            whole: Whole::default(),
            held: Vec::new(),
            head: Head::default(),
            has_ended: false,
            received: 0,
            most,
            alarm: Box::pin(sleep_until(arrival)),
        }
    }

    /// Where the request's reader tells that it has arrived.
    pub fn whole(&self) -> Whole {
        self.whole.clone()
    }

    /// Breaks off once the deadline has passed, and otherwise wakes the task when it does.
    fn watch(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        ready!(self.alarm.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn arrived(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or_default();
        self.received += bytes;
        if self.is_refused {
            return;
        }
        if !self.has_begun {
            self.has_begun = true;
            self.arrival = Instant::now() + REQUEST;
        }
        self.arrival += Duration::from_millis(bytes * 1000 / BYTES_PER_SECOND);
    }

    /// Whether what the client sends has to wait: it has a request that is not answered yet.
    fn has_to_wait(&self) -> bool {
        self.head.is_over() || self.whole.0.get() || self.unread.is_some()
    }

    /// Hands over what was held, up to the end of a head.
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) {
        let most = self.held.len().min(buffer.remaining());
        let end = self.head.end_in(&self.held[..most]);
        buffer.put_slice(&self.held[..end]);
        self.held.drain(..end);
        self.arrived(end);
    }

    /// Holds back what came after the end of a head.
    fn hold_back(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let end = before + self.head.end_in(&buffer.filled()[before..]);
        self.held.extend_from_slice(&buffer.filled()[end..]);
        buffer.set_filled(end);
        self.arrived(end - before);
    }

    /// Something was sent: an answer, or leave to go on. What comes next is timed anew. A request that
    /// is answered before it is whole was refused, and little more of it is read.
    fn answered(&mut self) {
        self.is_refused = self.received > AFTER_REFUSAL && !self.whole.0.get();
        self.received = if self.is_refused { self.most.saturating_sub(AFTER_REFUSAL) } else { 0 };
        if self.whole.0.get() {
            self.head = Head::default();
        }
        self.whole.0.set(false);
        self.has_begun = false;
        self.arrival = Instant::now() + if self.is_refused { FAREWELL } else { REST };
        self.unread = None;
    }

    fn written<R>(&mut self, result: Poll<io::Result<R>>, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        if result.is_ready() {
            self.answered();
            if !self.held.is_empty() || self.has_ended {
                context.waker().wake_by_ref();
            }
            return result;
        }
        let deadline = *self.unread.get_or_insert_with(|| Instant::now() + UNREAD);
        self.watch(deadline, context).map(Err)
    }
}

impl<T: AsyncRead + Unpin> Timed<T> {
    /// Reads on behalf of later: from a client that has to wait, nothing is handed over but that it is
    /// gone. `true` if there is something to come back for.
    fn hold(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> io::Result<bool> {
        let is_news = self.head.is_over() && !self.held.is_empty();
        self.head.goes_on();
        if self.has_ended || self.held.len() >= HELD_BYTES {
            return Ok(is_news);
        }
        let before = buffer.filled().len();
        if Pin::new(&mut self.stream).poll_read(context, buffer)?.is_pending() {
            return Ok(is_news);
        }
        self.held.extend_from_slice(&buffer.filled()[before..]);
        self.has_ended = buffer.filled().len() == before;
        buffer.set_filled(before);
        Ok(true)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Timed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.has_to_wait() {
            if this.hold(context, buffer)? {
                context.waker().wake_by_ref();
            }
            if this.has_ended && this.held.is_empty() {
                return Poll::Ready(Ok(()));
            }
        } else if !this.held.is_empty() {
            this.hand_over(buffer);
            return Poll::Ready(Ok(()));
        } else if this.has_ended {
            return Poll::Ready(Ok(()));
        } else if this.received < this.most {
            let before = buffer.filled().len();
            if Pin::new(&mut this.stream).poll_read(context, buffer)?.is_ready() {
                this.hold_back(buffer, before);
                return Poll::Ready(Ok(()));
            }
        }
        if this.whole.0.get() || this.unread.is_some() {
            return Poll::Pending;
        }
        let arrival = self.arrival;
        self.watch(arrival, context).map(Err)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Timed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
