//! Parameters from forms, urlencoded and multipart. What is not UTF-8 is refused: a secret is kept
//! byte for byte or not at all.

use super::MOST_PARAMETERS;
use super::value::Value;
use crate::error::Error;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use multer::Multipart;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use zeroize::Zeroizing;

const NOT_UTF8: Error = Error::BadRequest("A parameter is not valid UTF-8");
const TOO_MANY: Error = Error::BadRequest("There are too many parameters");
const BAD_MULTIPART: Error = Error::BadRequest("The multipart body is malformed");
/// Bytes in a name as it is sent. That of a parameter is shorter, even with each letter as an escape; a longer
/// one is left out unread, so that it costs nothing.
const LONGEST_NAME: usize = 256;

/// Reads `name=value&…`; a stray `%` stays as it is.
///
/// # Errors
/// [`Error::BadRequest`] for too many parameters or a value that is not UTF-8.
pub fn urlencoded(text: &[u8], count: &mut usize) -> Result<Value, Error> {
    let mut parameters = Value::empty();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        *count += 1;
        if *count > MOST_PARAMETERS {
            return Err(TOO_MANY);
        }
        let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        if split <= LONGEST_NAME {
            let value = decode(pair.get(split + 1..).unwrap_or_default())?;
            parameters.insert(&decode(&pair[..split])?, Value::Text(value));
        }
    }
    Ok(parameters)
}

fn decode(text: &[u8]) -> Result<Zeroizing<String>, Error> {
    let spaced: Zeroizing<Vec<u8>> =
        Zeroizing::new(text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    utf8(Cow::from(percent_decode(&spaced)).into_owned())
}

fn utf8(bytes: Vec<u8>) -> Result<Zeroizing<String>, Error> {
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|_| NOT_UTF8)
}

/// The boundary of a multipart body, if one is announced.
pub fn boundary(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::CONTENT_TYPE).filter_map(|value| value.to_str().ok());
    values.find_map(|value| multer::parse_boundary(value).ok())
}

/// Reads a multipart form; a file is its text.
///
/// # Errors
/// [`Error::BadRequest`] for what is no such form, has too many parts, or is not UTF-8.
pub async fn multipart(body: Bytes, boundary: String, count: &mut usize) -> Result<Value, Error> {
    let mut parameters = Value::empty();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(parameters);
    }
    let whole = futures_util::stream::once(std::future::ready(Ok::<_, std::convert::Infallible>(body)));
    let mut parts = Multipart::new(whole, boundary);
    while let Some(part) = parts.next_field().await.map_err(|_| BAD_MULTIPART)? {
        *count += 1;
        if *count > MOST_PARAMETERS {
            return Err(TOO_MANY);
        }
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.bytes().await.map_err(|_| BAD_MULTIPART)?;
        parameters.insert(&name, Value::Text(utf8(value.to_vec())?));
    }
    Ok(parameters)
}
