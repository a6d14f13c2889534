//! The part of a path that varies, taken out before routes are compared.
//!
//! The server library compares a pattern that has such a part by a regular expression, at every request. No
//! pattern here has more than one, so it is taken out beforehand, and all that is left to compare are fixed texts.

use super::counts;
use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;
use std::sync::LazyLock;

/// Stands in a path for the part that was taken out.
const MARK: &str = "-";

/// A pattern such as `/secret/{id}/reveal`, cut at its braces.
struct Varying {
    before: String,
    name: &'static str,
    after: &'static str,
    /// The path without the part.
    fixed: Uri,
}

/// All patterns of all routes.
struct Patterns {
    fixed: Vec<String>,
    varying: Vec<Varying>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let mut patterns = Patterns { fixed: Vec::new(), varying: Vec::new() };
    for (base, (path, _)) in counts::routes() {
        match cut(path) {
            None => patterns.fixed.push(format!("{base}{path}")),
            Some((before, name, after)) => patterns.varying.push(Varying {
                before: format!("{base}{before}"),
                name,
                after,
                fixed: format!("{base}{}", fixed(path)).parse().expect("a route's path is a path"),
            }),
        }
    }
    patterns
});

fn cut(pattern: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = pattern.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// What the server library compares with a path in place of this pattern.
pub fn fixed(pattern: &str) -> String {
    match cut(pattern) {
        None => pattern.to_owned(),
        Some((before, _, after)) => format!("{before}{MARK}{after}"),
    }
}

/// Takes the part that varies out of a request's path, and keeps it under its name.
pub fn take(request: &mut ServiceRequest) {
    let path = request.match_info().as_str();
    if PATTERNS.fixed.iter().any(|fixed| fixed == path) {
        return;
    }
    let found = PATTERNS.varying.iter().find_map(|varying| Some((varying, varying.part(path)?.to_owned())));
    if let Some((varying, part)) = found {
        request.match_info_mut().get_mut().update(&varying.fixed);
        request.match_info_mut().add_static(varying.name, part);
    }
}

impl Varying {
    fn part<'a>(&self, path: &'a str) -> Option<&'a str> {
        let part = path.strip_prefix(&*self.before)?.strip_suffix(self.after)?;
        (!part.is_empty() && !part.contains('/')).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn routed(target: &str) -> (String, Option<String>) {
        let mut request = TestRequest::with_uri(target).to_srv_request();
        take(&mut request);
        let part = request.match_info().iter().next().map(|(_, part)| part.to_owned());
        (request.match_info().as_str().to_owned(), part)
    }

    #[test]
    fn what_varies_is_taken_out_of_a_path_and_all_else_stays() {
        for (target, path, part) in [
            ("/secret/abc", "/secret/-", Some("abc")),
            ("/api/v2/secret/abc/reveal?x=/y", "/api/v2/secret/-/reveal", Some("abc")),
            ("/api/v2/secret/-/reveal", "/api/v2/secret/-/reveal", Some("-")),
            ("/api/v2/secret/%61%2fb/reveal", "/api/v2/secret/-/reveal", Some("a%2fb")),
            ("/api/v1/private/recent", "/api/v1/private/recent", None),
            ("/api/v2/secret/conceal", "/api/v2/secret/conceal", None),
            ("/secret/abc/more", "/secret/abc/more", None),
            ("/secret/", "/secret/", None),
            ("/", "/", None),
        ] {
            assert_eq!(routed(target), (path.to_owned(), part.map(str::to_owned)), "{target}");
        }
    }

    #[test]
    fn every_pattern_has_one_part_that_varies_at_most() {
        for (_, (pattern, _)) in counts::routes() {
            assert!(!fixed(pattern).contains(['{', '}', '*']), "{pattern}");
        }
    }
}
