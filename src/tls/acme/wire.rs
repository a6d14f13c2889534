//! The way to an ACME directory: HTTPS, on blocking threads, with the packages that the client's side of
//! the program has.

use crate::client::roots;
use actix_web::web::Bytes;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::http::request::Parts;
use ureq::http::{Request, Response};
use ureq::tls::TlsConfig;

/// How long one exchange may take,
const EXCHANGE: Duration = Duration::from_secs(30);
/// and how long a reply may be: a chain of certificates is a few kilobytes.
const LONGEST_REPLY: u64 = 1 << 20;

/// An agent that trusts the usual certificates and those in the file.
pub fn agent(ca_file: Option<&Path>) -> Result<Agent, String> {
    let tls = TlsConfig::builder().root_certs(roots(ca_file)?).build();
    let config = Agent::config_builder()
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(EXCHANGE))
        .user_agent(concat!("tellonce/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls);
    Ok(config.build().new_agent())
}

/// What the library of the protocol speaks through.
pub struct Wire(pub Agent);

type Answer = Result<BytesResponse, Error>;

impl HttpClient for Wire {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let agent = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            // The trait that reads it belongs to a package of the library's; a reply knows it.
            let mut body = BytesResponse::from(Response::new(body)).body;
            let body = body.into_bytes().await.map_err(Error::Other)?;
            let answered = spawn_blocking(move || exchange(&agent, parts, &body)).await;
            answered.map_err(|error| Error::Other(Box::new(error)))?
        })
    }
}

fn exchange(agent: &Agent, parts: Parts, body: &[u8]) -> Answer {
    let unreached = |error: ureq::Error| Error::Other(Box::new(error));
    let answered = if body.is_empty() {
        agent.run(Request::from_parts(parts, ()))
    } else {
        agent.run(Request::from_parts(parts, body))
    };
    let (parts, mut body) = answered.map_err(unreached)?.into_parts();
    let body = body.with_config().limit(LONGEST_REPLY).read_to_vec().map_err(unreached)?;
    Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) })
}
