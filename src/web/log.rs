//! One log line a request: method, route pattern, status, duration, and the id of an error. Never a
//! path, query, identifier, header, body or address.

use super::error::Logged;
use actix_web::dev::ServiceResponse;
use std::time::Duration;

/// Logs a request that is answered. Requests that succeed are logged at debug, since they say who was
/// busy when.
pub fn request<B>(route: &str, took: Duration, response: &ServiceResponse<B>) {
    let status = response.status();
    if status.is_success() && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let logged = response.response().extensions().get::<Logged>().cloned();
    let method = response.request().method().as_str();
    let error_id = logged.as_ref().map(|logged| logged.error_id.as_str());
    let cause = logged.as_ref().and_then(|logged| logged.cause.as_deref());
    if status.is_server_error() {
        tracing::error!(method, route, status = status.as_u16(), ms, error_id, cause, "request failed");
    } else if status.is_client_error() {
        tracing::info!(method, route, status = status.as_u16(), ms, error_id, "request refused");
    } else {
        tracing::debug!(method, route, status = status.as_u16(), ms, "request");
    }
}
