//! The server around the site: connections with their caps and deadlines.

use super::deadlines::{FAREWELL, REST, Timed, Whole};
use super::params::body_limit;
use super::{Site, everything, slashes};
use crate::os::bound_unread;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::App as Actix;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::web::Data;
use std::future::{Future, ready};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::server::TlsStream;

/// Bounds of the server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Threads that serve requests.
    pub workers: usize,
    /// Connections open at once, on all threads together.
    pub max_connections: usize,
    /// How long requests in flight may take to finish at a stop.
    pub shutdown: Duration,
}

/// Bytes of the longest head, as the server library bounds it, and of a body's framing.
const HEAD_BYTES: u64 = 256 << 10;
/// Bytes of a reply that wait in the system for their reader. A longer one waits here, in part.
const UNREAD_BYTES: usize = 64 << 10;
/// Bytes of it that are copied for sending at a time.
const WRITE_BYTES: usize = 16 << 10;
/// How long the head of a connection's first request may take.
const HEAD: Duration = Duration::from_secs(5);

/// How long a client may take to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Bytes of a reply that wait encrypted for the system to take them.
const ENCRYPTED_BYTES: usize = 16 << 10;

/// Serves the site on this listener, encrypted if there is something that does it. Runs once it is awaited.
///
/// # Errors
/// If the listener cannot be used.
pub fn server(
    site: &Data<Site>,
    listener: TcpListener,
    bounds: Bounds,
    tls: Option<TlsAcceptor>,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    bound_unread(&listener, UNREAD_BYTES)?;
    let builder = Server::build()
        .workers(bounds.workers)
        .max_concurrent_connections(bounds.max_connections.div_ceil(bounds.workers))
        .shutdown_timeout(bounds.shutdown.as_secs())
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    // The longest body and the longest head, so that what is too long can be refused in words.
    let most = u64::try_from(body_limit(site.app.policy().max_secret_bytes)).unwrap_or(u64::MAX) + HEAD_BYTES;
    let around = Around { site: site.clone(), address, stopping };
    let builder = match tls {
        None => builder.listen("http", listener, move || {
            let accept = |stream| ready(Ok(stream));
            fn_service(move |stream| connect(stream, most, accept)).and_then(around.http())
        })?,
        Some(tls) => builder.listen("https", listener, move || {
            let tls = tls.clone();
            fn_service(move |stream| {
                let tls = tls.clone();
                connect(stream, most, move |stream| encrypt(tls, stream))
            })
            .and_then(around.http())
        })?,
    };
    Ok(builder.run())
}

/// A connection with deadlines, once `prepare` has made of it what bytes are read from.
async fn connect<S, F: Future<Output = io::Result<S>>>(
    stream: TcpStream,
    most: u64,
    prepare: impl FnOnce(TcpStream) -> F,
) -> Result<(Timed<S>, Protocol, Option<SocketAddr>), DispatchError> {
    // Replies are whole when they are written: waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    let stream = prepare(stream).await.map_err(DispatchError::Io)?;
    Ok((Timed::new(stream, most), Protocol::Http1, peer))
}

async fn encrypt(tls: TlsAcceptor, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let bounded = |session: &mut ServerConnection| session.set_buffer_limit(Some(ENCRYPTED_BYTES));
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    timeout(HANDSHAKE, tls.accept_with(stream, bounded)).await.map_err(late)?
}

/// What makes the service of a connection.
#[derive(Clone)]
struct Around {
    site: Data<Site>,
    address: SocketAddr,
    stopping: GracefulShutdownSignal,
}

impl Around {
    fn http<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &self,
    ) -> impl ServiceFactory<
        (Timed<S>, Protocol, Option<SocketAddr>),
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
    > + use<S> {
        let Self { site, address, stopping } = self.clone();
        let pages = Actix::new().wrap(from_fn(prepare)).service(everything(site)).into_factory();
        let pages = pages.map_err(|error| error.error_response());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(REST))
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(FAREWELL)
            .h1_write_buffer_size(WRITE_BYTES)
            .local_addr(address)
            .on_connect_ext(|stream: &Timed<S>, data| {
                data.insert::<Whole>(stream.whole());
            })
            .finish(map_config(pages, |()| AppConfig::default()))
    }
}

/// Before any route is chosen. A request without a body has arrived with its head; the others tell when
/// they are read.
async fn prepare(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let has_body = !matches!(request.parts_mut().1, Payload::None);
    if let Some(whole) = request.conn_data::<Whole>().filter(|_| !has_body) {
        whole.tell();
    }
    slashes::merge(&mut request);
    next.call(request).await
}
