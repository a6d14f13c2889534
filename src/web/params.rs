//! Parameters of a request: query string and body, merged field by field.
//!
//! Clients of this API send forms without a content type, with two of them, or as `text/plain`, JSON
//! under curl's form type, and bodies that are announced and empty. So the body itself decides how
//! it is read, and its header only where that leaves a choice.

mod form;
mod json;
mod value;

pub use value::Params;

use super::Site;
use super::deadlines::Whole;
use super::error::Failure;
use crate::error::{Error, Rule};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use value::Value;
use zeroize::{Zeroize, Zeroizing};

/// Parameters in one request; a form of a person has twenty at most.
const MOST_PARAMETERS: usize = 1000;

impl FromRequest for Params {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move { Ok(read(&request, payload).await?) })
    }
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<Params, Error> {
    let mut count = 0;
    let query = form::urlencoded(request.query_string().as_bytes(), &mut count)?;
    let (body, charge) = receive(request, payload).await?;
    let body = parse(request.headers(), body, &mut count).await?;
    Ok(Params::new(query.merged(body), charge))
}

/// A body that is the secret itself, whatever its header says.
pub struct Body {
    bytes: BytesMut,
    _charge: BodyCharge,
}

impl FromRequest for Body {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let (bytes, charge) = receive(&request, payload).await?;
            Ok(Self { bytes, _charge: charge })
        })
    }
}

impl Body {
    /// The text; none if the body is empty.
    ///
    /// # Errors
    /// [`Error::Invalid`] names this field if the bytes are not UTF-8.
    pub fn text(&self, field: &'static str) -> Result<Option<Zeroizing<String>>, Error> {
        let text = str::from_utf8(&self.bytes).map_err(|_| Rule::NotUtf8(field))?;
        Ok(Some(Zeroizing::new(text.to_owned())).filter(|text| !text.is_empty()))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.bytes.as_mut().zeroize();
    }
}

/// The whole body, within its bounds.
async fn receive(request: &HttpRequest, payload: Payload) -> Result<(BytesMut, BodyCharge), Error> {
    let site = request.app_data::<Data<Site>>().ok_or_else(|| Error::Internal("no site".into()))?;
    if is_encoded(request.headers()) {
        return Err(Error::UnsupportedMedia);
    }
    let limit = body_limit(site.app.policy().max_secret_bytes);
    let received = collect(payload, limit, &site.bodies).await?;
    if let Some(whole) = request.conn_data::<Whole>() {
        whole.tell();
    }
    Ok(received)
}

/// The longest body: a secret in which every byte is written as a JSON escape, and some room for the
/// other parameters.
pub fn body_limit(max_secret_bytes: usize) -> usize {
    6 * max_secret_bytes + (64 << 10)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

async fn parse(headers: &HeaderMap, body: BytesMut, count: &mut usize) -> Result<Value, Error> {
    if let Some(boundary) = form::boundary(headers) {
        return form::multipart(body.freeze(), boundary, count).await;
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Ok(Value::empty()),
        Some(b'{') => json::parse(&body, count),
        Some(_) if announces_only_json(headers) => Err(Error::BadRequest("The body is not a JSON object")),
        Some(_) => form::urlencoded(&body, count),
    }
}

/// Parameters that came whole, for what feeds this module odd bytes.
#[cfg(any(test, fuzzing))]
pub(crate) fn from_bytes(content_type: &str, body: &[u8]) -> Option<Params> {
    use futures_util::FutureExt;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_str(content_type).ok()?);
    let parsed = parse(&headers, BytesMut::from(body), &mut 0).now_or_never()?;
    Some(Params::new(parsed.ok()?, BodyCharge::default()))
}

fn announces_only_json(headers: &HeaderMap) -> bool {
    let announced = content_types(headers);
    !announced.is_empty() && announced.iter().all(|name| name.contains("json"))
}

/// Every content type that was named, in lower case: several headers, or several in one.
fn content_types(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONTENT_TYPE).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// Bytes of bodies that all requests together may hold. It bounds the memory of the whole server,
/// its queue and its commits included.
#[derive(Default)]
pub struct BodyBudget(Arc<AtomicUsize>);

/// A share of the budget, given back when dropped.
#[derive(Default)]
pub struct BodyCharge {
    held: usize,
    total: Arc<AtomicUsize>,
}

impl BodyBudget {
    const BYTES: usize = 64 << 20;

    fn open(&self) -> BodyCharge {
        BodyCharge { held: 0, total: Arc::clone(&self.0) }
    }
}

impl BodyCharge {
    fn add(&mut self, bytes: usize) -> Result<(), Error> {
        self.held += bytes;
        if self.total.fetch_add(bytes, Ordering::Relaxed) + bytes > BodyBudget::BYTES {
            return Err(Error::Unavailable("too many bytes of bodies at once".into()));
        }
        Ok(())
    }
}

impl Drop for BodyCharge {
    fn drop(&mut self) {
        self.total.fetch_sub(self.held, Ordering::Relaxed);
    }
}

async fn collect(
    mut payload: Payload,
    limit: usize,
    budget: &BodyBudget,
) -> Result<(BytesMut, BodyCharge), Error> {
    let mut charge = budget.open();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::BadRequest("The body broke off or is malformed"))?;
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge);
        }
        charge.add(chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok((body, charge))
}
