//! Examples: replies from the golden files, refusals from the code that makes them, and programs in
//! three languages.

use super::json::{Json, object};
use super::operations::{EXAMPLE_RECEIPT, EXAMPLE_SECRET, Operation};
use crate::error::{Error, Rule};
use crate::web::error::respond;
use actix_web::body::MessageBody;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Whom examples with credentials are from.
const LOGIN: &str = "frank@example.com:TOKEN";
/// A value that a generator could have made.
const VALUE: &str = "Wm7;kqR2!vTz8@pLx4nd";

/// The body of the golden reply of this route, method and outcome, with what was masked filled in.
pub fn golden(path: &str, method: &str, outcome: &str) -> Json {
    let route = path.trim_start_matches("/api/").replace(['{', '}'], "").replace('/', "-");
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/api/golden")
        .join(format!("{route}-{method}-{outcome}.txt"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (_, reply) = text.split_once("\nHTTP/1.1 ").expect("a reply");
    let (_, body) = reply.split_once("\n\n").expect("a body");
    Json::parse(&filled(body))
}

fn filled(body: &str) -> String {
    let version = env!("CARGO_PKG_VERSION").replace('.', ", ");
    let second = |id: &str| id.chars().rev().collect::<String>();
    let pairs = [
        ("{first secret}", EXAMPLE_SECRET.to_owned()),
        ("{first receipt}", EXAMPLE_RECEIPT.to_owned()),
        ("{second secret}", second(EXAMPLE_SECRET)),
        ("{second receipt}", second(EXAMPLE_RECEIPT)),
        ("{secret}", EXAMPLE_SECRET.to_owned()),
        ("{receipt}", EXAMPLE_RECEIPT.to_owned()),
        ("{value}", VALUE.to_owned()),
        ("\"{version}\"", format!("[{version}]")),
    ];
    let mut text = body.to_owned();
    for (place, value) in pairs {
        let short = place.replace('}', " shortid}");
        text = text.replace(&short, value.get(..8).unwrap_or_default()).replace(place, &value);
    }
    text
}

/// The statuses of refusals.
pub const REFUSALS: [u16; 11] = [400, 401, 403, 404, 413, 415, 422, 429, 500, 503, 507];

/// A refusal: its name, when it comes, and what the server says.
pub fn refusal(status: u16) -> (&'static str, &'static str, Json) {
    let wait = Duration::from_secs(1700);
    let (name, when, errors): (_, _, Vec<(&str, Error)>) = match status {
        400 => (
            "BadRequest",
            "The body cannot be read, or a parameter has the wrong JSON type.",
            vec![("undecodable", Error::BadRequest("The body is not valid JSON"))],
        ),
        401 => (
            "Unauthorized",
            "The credentials are wrong, or missing where an account is needed.",
            vec![("unauthorized", Error::Unauthorized { challenge: false })],
        ),
        403 => (
            "Forbidden",
            "This caller may not do this here: an operation switched off for guests, another account's receipt, or \
             credentials sent from another site's page.",
            vec![("guests", Error::Forbidden("The operation conceal is not open to guests here".into()))],
        ),
        404 => (
            "NotFound",
            "Unknown, expired, read or burned: all the same. In version 1 a wrong passphrase, too.",
            vec![("unknown", Error::NotFound)],
        ),
        413 => {
            ("TooLarge", "The body is longer than any secret may be.", vec![("too_large", Error::TooLarge)])
        }
        415 => {
            ("UnsupportedMediaType", "The body is compressed.", vec![("compressed", Error::UnsupportedMedia)])
        }
        422 => (
            "FormError",
            "A parameter breaks a rule: `field` says which. In version 2 a wrong passphrase, too.",
            vec![
                ("empty", Error::Invalid(Rule::NothingToShare)),
                ("passphrase", Error::WrongPassphrase { tries_left: None }),
            ],
        ),
        429 => (
            "LimitExceeded",
            "Too much from this caller, or too many wrong passphrases.",
            vec![("limit", Error::LimitExceeded { retry_after: wait })],
        ),
        500 => ("ServerError", "A mistake of the server's.", vec![("internal", Error::Internal("".into()))]),
        503 => (
            "Unavailable",
            "Busy, or unable to open what is stored. Nothing was consumed.",
            vec![("busy", Error::Unavailable("".into()))],
        ),
        507 => (
            "StorageFull",
            "No room for a new secret. Nothing was stored.",
            vec![("full", Error::StorageFull("".into()))],
        ),
        _ => panic!("{status} is no refusal"),
    };
    let examples =
        errors.iter().map(|(name, error)| ((*name).to_owned(), object! { "value" => answer(error) }));
    (name, when, Json::Object(examples.collect()))
}

/// What the server answers, with an `error_id` that does not change.
fn answer(error: &Error) -> Json {
    let reply = respond(error, None);
    let body = reply.into_body().try_into_bytes().unwrap_or_default();
    let mut answer = Json::parse(str::from_utf8(&body).expect("UTF-8"));
    answer.set("error_id", "0f1e2d3c4b5a69788796");
    answer
}

/// The same parameters with the names of a form.
pub fn as_form(body: &Json) -> Json {
    let mut pairs = Vec::new();
    flatten(body, "", &mut pairs);
    Json::Object(pairs.into_iter().map(|(name, text)| (name, text.into())).collect())
}

fn flatten(body: &Json, outer: &str, pairs: &mut Vec<(String, String)>) {
    for (name, value) in body.members() {
        let name = if outer.is_empty() { name.clone() } else { format!("{outer}[{name}]") };
        match value {
            Json::Object(_) => flatten(value, &name, pairs),
            Json::Text(text) => pairs.push((name, text.clone())),
            Json::List(list) => {
                let texts: Vec<&str> = list.iter().map(Json::text).collect();
                pairs.push((name, texts.join(",")));
            }
            other => pairs.push((name, other.pretty().trim().to_owned())),
        }
    }
}

/// What a program sends.
struct Call {
    method: String,
    url: String,
    /// In version 1.
    form: Vec<(String, String)>,
    /// In version 2, on one line.
    json: Option<String>,
    has_login: bool,
}

/// The same call in three languages.
pub fn samples(operation: &Operation, method: &str, path: &str, request: Option<&Json>) -> Vec<Json> {
    let id = if path.contains("/secret/{") { EXAMPLE_SECRET } else { EXAMPLE_RECEIPT };
    let filled = request.filter(|body| !body.members().is_empty());
    let is_form = operation.version == "v1";
    let mut form = Vec::new();
    if let Some(body) = filled.filter(|_| is_form) {
        flatten(body, "", &mut form);
    }
    let call = Call {
        method: method.to_uppercase(),
        url: format!("{}{path}", super::PLACEHOLDER).replace("{key}", id).replace("{id}", id),
        form,
        json: filled.filter(|_| !is_form).map(one_line),
        has_login: operation.needs_account,
    };
    let sample = |language: &str, label: &str, source: String| {
        object! {
            "lang" => language, "label" => label, "source" => source
        }
    };
    vec![
        sample("Shell", "curl", curl(&call)),
        sample("Python", "Python", python(&call)),
        sample("JavaScript", "JavaScript", javascript(&call)),
    ]
}

/// JSON as people write it on one line. No example has a text that this could spoil.
fn one_line(json: &Json) -> String {
    serde_json::to_string(json).expect("JSON").replace("\":", "\": ").replace(",\"", ", \"")
}

fn curl(call: &Call) -> String {
    let mut lines = vec![format!("curl {}", call.url)];
    let has_body = call.json.is_some() || !call.form.is_empty();
    if call.method != "GET" && !(call.method == "POST" && has_body) {
        lines[0] = format!("curl -X {} {}", call.method, call.url);
    }
    if call.has_login {
        lines.push(format!("-u {LOGIN}"));
    }
    if let Some(json) = &call.json {
        lines.push("-H 'Content-Type: application/json'".into());
        lines.push(format!("-d '{json}'"));
    }
    lines.extend(call.form.iter().map(|(name, value)| format!("-d '{name}={value}'")));
    lines.join(" \\\n  ")
}

fn python(call: &Call) -> String {
    let mut imports = vec!["import urllib.request"];
    let mut arguments = vec![format!("\"{}\"", call.url)];
    let mut headers = Vec::new();
    if call.has_login {
        imports.insert(0, "import base64");
        headers.push(("Authorization", "\"Basic \" + base64.b64encode(login).decode()"));
    }
    if let Some(json) = &call.json {
        imports.insert(0, "import json");
        let literal = json.replace(": true", ": True");
        arguments.push(format!("data=json.dumps({literal}).encode()"));
        headers.push(("Content-Type", "\"application/json\""));
    }
    if !call.form.is_empty() {
        imports.insert(0, "import urllib.parse");
        let pairs: Vec<String> =
            call.form.iter().map(|(name, value)| format!("\"{name}\": \"{value}\"")).collect();
        arguments.push(format!("data=urllib.parse.urlencode({{{}}}).encode()", pairs.join(", ")));
    }
    if !headers.is_empty() {
        let pairs: Vec<String> = headers.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        arguments.push(format!("headers={{{}}}", pairs.join(", ")));
    }
    arguments.push(format!("method=\"{}\"", call.method));
    imports.sort_unstable();
    let login = if call.has_login { format!("login = b\"{LOGIN}\"\n") } else { String::new() };
    format!(
        "{}\n\n{login}request = urllib.request.Request(\n    {},\n)\nwith urllib.request.urlopen(request) as reply:\n    \
         print(reply.read().decode())",
        imports.join("\n"),
        arguments.join(",\n    "),
    )
}

fn javascript(call: &Call) -> String {
    let mut options = Vec::new();
    if call.method != "GET" {
        options.push(format!("method: '{}'", call.method));
    }
    let mut headers = Vec::new();
    if call.has_login {
        headers.push(format!("'Authorization': 'Basic ' + btoa('{LOGIN}')"));
    }
    if call.json.is_some() {
        headers.push("'Content-Type': 'application/json'".into());
    }
    if !headers.is_empty() {
        options.push(format!("headers: {{ {} }}", headers.join(", ")));
    }
    if let Some(json) = &call.json {
        options.push(format!("body: JSON.stringify({json})"));
    }
    if !call.form.is_empty() {
        let pairs: Vec<String> = call.form.iter().map(|(name, value)| format!("{name}: '{value}'")).collect();
        options.push(format!("body: new URLSearchParams({{ {} }})", pairs.join(", ")));
    }
    let options = match options.len() {
        0 => String::new(),
        _ => format!(", {{\n  {},\n}}", options.join(",\n  ")),
    };
    format!("const reply = await fetch('{}'{options});\nconsole.log(await reply.text());", call.url)
}
