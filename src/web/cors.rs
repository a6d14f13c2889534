//! Other sites whose scripts may make secrets: none, unless the operator lists them.

use super::Site;
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Adds what lets a listed site's script read this reply, or send the request it asks leave for.
pub fn add(site: &Site, pattern: &str, request: &HttpRequest, headers: &mut HeaderMap) {
    let makes_a_secret = pattern.ends_with("/secret/conceal") || pattern.ends_with("/secret/generate");
    if site.origins.is_empty() || !makes_a_secret {
        return;
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let origin = request.headers().get(header::ORIGIN);
    let Some(origin) = origin.filter(|origin| origin.to_str().is_ok_and(|origin| site.allows_origin(origin)))
    else {
        return;
    };
    let allow: [(HeaderName, HeaderValue); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ];
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    // Otherwise the reply could not be read by the site that may read it.
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    for (name, value) in allow {
        headers.insert(name, value);
    }
}
