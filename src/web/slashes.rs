//! Slashes in a path: one at the end, or several in a row, make no difference.
//!
//! The server library has the same as a middleware, which runs a regular expression over every path.

use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;

/// Rewrites the request's target, if its path has slashes too many.
pub fn merge(request: &mut ServiceRequest) {
    if let Some(uri) = merged(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// The same target without them; `None` if it has none.
pub(crate) fn merged(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.contains("//") && (path.len() <= 1 || !path.ends_with('/')) {
        return None;
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/{}{query}", segments.join("/")).parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_and_in_a_row_are_one_or_none() {
        for (target, same) in [
            ("//", "/"),
            ("/secret/", "/secret"),
            ("//api//v1///share//", "/api/v1/share"),
            ("/secret//abc/?a=//&b", "/secret/abc?a=//&b"),
            ("http://host//secret/", "http://host/secret"),
        ] {
            let merged = merged(&target.parse().expect("a target"));
            assert_eq!(merged.map(|uri| uri.to_string()).as_deref(), Some(same), "{target}");
        }
        for target in ["/", "/secret/abc", "/secret/abc?next=/a//b/", "*"] {
            assert_eq!(merged(&target.parse().expect("a target")), None, "{target}");
        }
    }
}
