//! One request, one connection, one reply. Redirects are never followed: a secret or a token goes to
//! the server that was named, and to no other.

use super::problem::{Problem, fit_to_show};
use super::reply::{Reply, refusal};
use crate::config::BaseUrl;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::http::{Method, Request, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

/// How long a host may take to be found and to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long one exchange may take in all: a mebibyte over a slow line takes minutes.
const EXCHANGE: Duration = Duration::from_secs(300);
/// The longest reply: the longest secret any server takes, all of it escaped, and some room.
const LONGEST_REPLY: u64 = (6 * (16 << 20)) + (1 << 20);

/// Where systems keep the certificates they trust.
const SYSTEM_ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The way to one server.
pub struct Transport {
    agent: Agent,
    server: BaseUrl,
    /// The whole value of the header `Authorization`.
    credentials: Option<Zeroizing<String>>,
    note: Note,
}

/// A reply before it is understood.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: Zeroizing<Vec<u8>>,
}

/// Told what happens on the wire: nothing in it is secret.
pub type Note = Box<dyn Fn(&str)>;

impl Transport {
    /// The way to this server, trusting the system's certificates and those in the file.
    ///
    /// # Errors
    /// A sentence about a file that cannot be used.
    pub fn new(
        server: BaseUrl,
        credentials: Option<Zeroizing<String>>,
        ca_file: Option<&Path>,
        note: Note,
    ) -> Result<Self, String> {
        let is_tls = server.scheme() == "https";
        let roots = if is_tls { roots(ca_file)? } else { RootCerts::WebPki };
        let builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // A connection that rested while a person thought may just have been closed.
            .max_idle_connections(0)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(EXCHANGE))
            .user_agent(concat!("tellonce/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        // A proxy would read what is not encrypted.
        let config = if is_tls { builder.build() } else { builder.proxy(None).build() };
        Ok(Self { agent: config.new_agent(), server, credentials, note })
    }

    /// Sends a request and reads a reply in JSON. `route` is a pattern such as `/api/v2/secret/{id}`,
    /// and `id` goes into its place.
    pub fn send(
        &self,
        method: &Method,
        route: &str,
        id: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Reply, Problem> {
        self.send_known_by(None, method, route, id, body)
    }

    /// The same with a key by which the server knows the request again, should it be sent again.
    pub fn send_known_by(
        &self,
        key: Option<&str>,
        method: &Method,
        route: &str,
        id: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Reply, Problem> {
        let began = Instant::now();
        (self.note)(&format!("> {method} {}{route}", self.server.as_str()));
        let answered = self.exchange(key, method, &route.replace("{id}", id), body);
        let elapsed = began.elapsed().as_millis();
        match &answered {
            Ok(Answer { status, body, .. }) => {
                (self.note)(&format!("< {status}, {} bytes, {elapsed} ms", body.len()));
            }
            Err(problem) => (self.note)(&format!("< {problem}, {elapsed} ms")),
        }
        let Answer { status, retry_after, body } = answered?;
        if status != 200 {
            return Err(refusal(status, retry_after, &body));
        }
        let parsed = serde_json::from_slice(&body);
        parsed.map(Reply::new).map_err(|_| self.unreachable("answers, but not as a server of this API"))
    }

    fn exchange(
        &self,
        key: Option<&str>,
        method: &Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Answer, Problem> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server.as_str()))
            .header(header::ACCEPT, "application/json");
        if let Some(credentials) = &self.credentials {
            request = request.header(header::AUTHORIZATION, credentials.as_str());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map(json).transpose().map_err(|_| self.unreachable("cannot be told this"))?;
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let sent = match &body {
            Some(bytes) => request.body(&bytes[..]).map_err(Into::into).and_then(|it| self.agent.run(it)),
            None => request.body(()).map_err(Into::into).and_then(|it| self.agent.run(it)),
        };
        let mut response = sent.map_err(|error| self.explain(&error))?;
        self.refuse_redirect(&response)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.body_mut().with_config().limit(LONGEST_REPLY).read_to_vec();
        let body = Zeroizing::new(body.map_err(|error| self.explain(&error))?);
        Ok(Answer { status, retry_after, body })
    }

    fn refuse_redirect(&self, response: &Response<Body>) -> Result<(), Problem> {
        if !response.status().is_redirection() {
            return Ok(());
        }
        let target = response.headers().get(header::LOCATION).and_then(|target| target.to_str().ok());
        // Its path may name a secret.
        let target = target.and_then(|target| target.split_once("://")).map(|(scheme, rest)| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            format!(" {}", fit_to_show(&format!("{scheme}://{host}")))
        });
        let target = target.unwrap_or_else(|| " another place".into());
        Err(self.unreachable(&format!(
            "sends us on to{target}, and redirects are not followed: name the right server"
        )))
    }

    /// A sentence for what kept a request from being answered. It holds no path.
    fn explain(&self, error: &ureq::Error) -> Problem {
        let reason = match error {
            ureq::Error::HostNotFound => "has a name that leads nowhere".to_owned(),
            ureq::Error::Timeout(_) => "does not answer in time".to_owned(),
            ureq::Error::ConnectionFailed => "cannot be reached".to_owned(),
            ureq::Error::Io(error) => explain_io(error),
            ureq::Error::Rustls(error) => format!("cannot be trusted: {error}"),
            ureq::Error::Tls(reason) => format!("cannot be trusted: {reason}"),
            ureq::Error::BodyExceedsLimit(_) => "answers with more than any secret can be".to_owned(),
            _ => "does not answer in HTTP".to_owned(),
        };
        let problem = match error {
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Problem::Unreachable,
            ureq::Error::HostNotFound
            | ureq::Error::Timeout(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::Io(_) => Problem::BrokeOff,
            _ => Problem::Unreachable,
        };
        problem(format!("{} {}", self.server.as_str(), fit_to_show(&reason)))
    }

    fn unreachable(&self, reason: &str) -> Problem {
        Problem::Unreachable(format!("{} {reason}", self.server.as_str()))
    }
}

fn explain_io(error: &io::Error) -> String {
    match error.kind() {
        // What is wrong with a certificate comes this way.
        io::ErrorKind::InvalidData => format!("cannot be trusted: {error}"),
        io::ErrorKind::ConnectionRefused => "cannot be reached: nothing listens there".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "broke off in the middle".to_owned()
        }
        _ => format!("cannot be reached: {error}"),
    }
}

/// JSON in a buffer that never has to grow, so that no piece of it stays behind.
fn json(body: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, body)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(counter.0));
    serde_json::to_writer(&mut *bytes, body)?;
    Ok(bytes)
}

/// Counts what is written.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The system's certificates, or those that browsers carry where the system has none; and the file's.
pub fn roots(ca_file: Option<&Path>) -> Result<RootCerts, String> {
    let system = SYSTEM_ROOTS.iter().find_map(|path| fs::read(path).ok());
    if system.is_none() && ca_file.is_none() {
        return Ok(RootCerts::WebPki);
    }
    let mut certificates = system.map(|pem| certificates(&pem)).unwrap_or_default();
    if let Some(path) = ca_file {
        let pem = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let own = self::certificates(&pem);
        if own.is_empty() {
            return Err(format!("there is no certificate in {}: it must be in PEM form", path.display()));
        }
        certificates.extend(own);
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    parse_pem(pem).filter_map(certificate).collect()
}
