//! The description as a whole, after `OpenAPI` 3.1: every route of both versions with what it takes
//! and what it answers. The routes come from their tables, the shapes from the wire types, the examples from
//! golden files and from the code that answers errors.

use super::examples;
use super::json::{Json, object};
use super::operations::{self, ALWAYS, EXAMPLE_RECEIPT, EXAMPLE_SECRET, Operation, WITH_PARAMETERS};
use super::schemas::{self, IDENTIFIER, reference};
use crate::web::{v1, v2};
use std::iter::once;

/// A route with one of its methods, and what it does.
struct Described<'o> {
    operation: &'o Operation,
    /// With the version.
    path: String,
    method: &'static str,
    alias: Option<&'static str>,
    is_guest: bool,
}

/// The description.
pub fn document() -> Json {
    object! {
        "openapi" => "3.1.0",
        "info" => info(),
        "servers" => [object! { "url" => super::PLACEHOLDER, "description" => "This server." }],
        "security" => [object! {}, basic()],
        "tags" => [
            tag("v1", "Version 1: forms in, numbers out. Frozen."),
            tag("v2", "Version 2: JSON in, flags and times as text."),
            tag("v2 guest", "The same without an account, whatever credentials come. The operator may switch each off."),
        ],
        "paths" => paths(),
        "components" => object! {
            "securitySchemes" => object! { "account" => object! {
                "type" => "http", "scheme" => "basic",
                "description" => "An account's e-mail address, and its API token as the password. Wrong credentials are \
                                  refused everywhere, even where none are needed.",
            } },
            "parameters" => object! {
                "secret" => identifier("The secret's identifier.", EXAMPLE_SECRET),
                "receipt" => identifier("The receipt's identifier.", EXAMPLE_RECEIPT),
                "retry" => retry(),
            },
            "headers" => headers(),
            "responses" => refusals(),
            "schemas" => schemas::all(),
        },
    }
}

fn info() -> Json {
    object! {
        "title" => "Tellonce",
        "version" => env!("CARGO_PKG_VERSION"),
        "summary" => "One-time secrets: what is shared can be read once.",
        "description" => "The Onetime Secret REST API, versions 1 and 2.\n\n\
            A *secret* is what is shared; a *receipt* (version 1: *metadata*) is its creator's record of it. Whoever \
            has a secret's identifier may read it, once; whoever has the receipt's may see what became of it, and burn \
            it.\n\n\
            **Requests.** Every POST and PATCH takes its parameters as JSON, as a form or as a multipart form; the body \
            itself decides how it is read. The same parameters may come in the query string, under the names they have \
            in a form; where both name one, the body wins. Unknown parameters are ignored, and empty or null ones are \
            unset, but for `secret` and `memo`. Names are matched without case in version 1. An empty body is fine \
            under any content type.\n\n\
            **Replies.** Success is 200, and JSON. GET and HEAD never change a secret. HEAD answers what GET does, \
            without the body; OPTIONS answers 204 everywhere and names the methods in `Allow`, and any other method \
            is 405.\n\n\
            **Lost replies.** PROMISE\n\n\
            **Refusals.** Always the same object: `message` for a person, `error` for a program. What is unknown, \
            expired, read or burned is one and the same 404.".replace("PROMISE", PROMISE),
        "license" => object! { "name" => "MIT", "identifier" => "MIT" },
    }
}

/// What is promised of a plaintext, in the same words wherever it is.
const PROMISE: &str = "A stored secret has one *reader*, possibly two *transfers*. Its content is sent in one reply; \
    if that is lost on the way, the secret is lost, unless the reader sent an `Idempotency-Key`: then the same key \
    and link fetch the same reply again for a minute, as often as the connection breaks. It is kept in memory alone, \
    sealed under that key and link, and nobody else gets it.";

fn tag(name: &str, description: &str) -> Json {
    object! { "name" => name, "description" => description }
}

fn basic() -> Json {
    object! { "account" => Json::List(Vec::new()) }
}

fn identifier(description: &str, example: &str) -> Json {
    object! {
        "name" => "id", "in" => "path", "required" => true, "description" => description,
        "schema" => object! { "type" => "string", "pattern" => IDENTIFIER }, "example" => example,
    }
}

fn retry() -> Json {
    object! {
        "name" => "Idempotency-Key", "in" => "header", "required" => false,
        "description" => "Drawn for this reveal alone, of at least 128 random bits. Sent again with the same link, it \
                          gets the same reply for a minute; while the first request is not answered, 503.",
        "schema" => object! {
            "type" => "string", "pattern" => "^[!-~]+$", "minLength" => 22_u64, "maxLength" => 128_u64,
        },
        "example" => "8e03978e-40d5-43dd-bc93-6894a57f9324",
    }
}

fn headers() -> Json {
    let header =
        |description: &str, schema: Json| object! { "description" => description, "schema" => schema };
    let text = |text: &str| object! { "type" => "string", "const" => text };
    let any = || object! { "type" => "string" };
    let mut all = vec![
        ("Cache-Control", header("Nothing is to be kept.", text("no-store"))),
        ("Retry-After", header("Seconds to wait.", object! { "type" => "integer", "minimum" => 0_u64 })),
        ("WWW-Authenticate", header("Only where an account is needed and no credentials came.", any())),
        ("Allow", header("The methods there are.", any())),
    ];
    let (policy, domain) = ("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy");
    all.extend([
        ("X-Content-Type-Options", header("Browsers must not guess.", text("nosniff"))),
        ("X-Frame-Options", header("No frames.", text("DENY"))),
        ("Referrer-Policy", header("A path must not travel.", text("no-referrer"))),
        (policy, header("No window of another site holds this one.", text("same-origin"))),
        (domain, header("`cross-origin` for origins that the operator lists.", any())),
        ("Permissions-Policy", header("What a page may use: nothing.", any())),
        ("X-Robots-Tag", header("Not for search engines.", text("noindex, nofollow"))),
        ("Content-Security-Policy", header("What a browser may load if it shows this: nothing.", any())),
        ("Strict-Transport-Security", header("Where the server is reached over TLS.", any())),
        ("Vary", header("Where the operator lists origins.", text("Origin"))),
        ("Access-Control-Allow-Origin", header("The calling site, if the operator lists it.", any())),
        ("Access-Control-Allow-Methods", header("For listed sites.", text("POST"))),
        ("Access-Control-Allow-Headers", header("For listed sites.", any())),
        ("Access-Control-Max-Age", header("For listed sites: seconds.", any())),
    ]);
    let all = all.into_iter().map(|(name, mut header)| {
        if EVERYWHERE.contains(&name) || name == "Retry-After" {
            header.set("required", true);
        }
        (name.to_owned(), header)
    });
    Json::Object(all.collect())
}

/// Headers of every reply.
const EVERYWHERE: [&str; 9] = [
    "Cache-Control",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "X-Robots-Tag",
    "Content-Security-Policy",
];
/// Headers of the routes that sites of others may be let use.
const SHARED: [&str; 5] = [
    "Vary",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
];

/// The headers of a reply: those of all, TLS where there is any, and these.
fn with_headers(own: &[&str]) -> Json {
    let names = EVERYWHERE.iter().chain(&["Strict-Transport-Security"]).chain(own);
    let reference = |name: &&str| object! { "$ref" => format!("#/components/headers/{name}") };
    Json::Object(names.map(|name| ((*name).to_owned(), reference(name))).collect())
}

/// The refusals by their names, each with what the server answers.
fn refusals() -> Json {
    let mut all = object! {
        "Head" => object! { "description" => "As GET, without the body.", "headers" => with_headers(&[]) },
    };
    for status in examples::REFUSALS {
        let (name, description, examples) = examples::refusal(status);
        let own: &[&str] = match status {
            401 => &["WWW-Authenticate"],
            429 | 503 | 507 => &["Retry-After"],
            _ => &[],
        };
        if HEAD.contains(&status) {
            let bare = object! { "description" => description, "headers" => with_headers(own) };
            all.set(&format!("{name}Head"), bare);
        }
        let content = object! { "schema" => reference("Error"), "examples" => examples };
        let reply = object! {
            "description" => description, "headers" => with_headers(&[own, &SHARED].concat()),
            "content" => object! { "application/json" => content },
        };
        all.set(name, reply);
    }
    all
}

/// Statuses with which HEAD is refused.
const HEAD: [u16; 6] = [401, 403, 404, 429, 500, 503];

fn paths() -> Json {
    let operations = operations::all();
    let mut paths: Vec<(String, Json)> = Vec::new();
    for (version, base, routes) in [("v1", v1::BASE, v1::ROUTES), ("v2", v2::BASE, v2::ROUTES)] {
        for (path, methods) in routes {
            let mut item = object! {};
            for method in *methods {
                let described = describe(&operations, version, base, path, method);
                item.set(method, operation(&described));
            }
            if path.ends_with("/conceal") || path.ends_with("secret/generate") {
                item.set("options", preflight(path));
            }
            paths.push((format!("{base}{path}"), item));
        }
    }
    Json::Object(paths)
}

fn describe<'o>(
    operations: &'o [Operation],
    version: &str,
    base: &str,
    path: &str,
    method: &'static str,
) -> Described<'o> {
    let (documented, alias, is_guest) = operations::canonical(version, path);
    let as_get = if method == "head" { "get" } else { method };
    let found =
        operations.iter().find(|o| (o.version, o.path, o.method) == (version, documented.as_str(), as_get));
    let operation = found.unwrap_or_else(|| panic!("{method} {base}{path} is not described"));
    Described { operation, path: format!("{base}{path}"), method, alias, is_guest }
}

impl Described<'_> {
    /// Such as `v2GuestReveal`.
    fn id(&self) -> String {
        let guest = if self.is_guest { "Guest" } else { "" };
        let alias = self.alias.map(|alias| format!("As{alias}")).unwrap_or_default();
        let head = if self.method == "head" { "Head" } else { "" };
        format!("{}{guest}{}{alias}{head}", self.operation.version, self.operation.name)
    }

    fn makes_a_secret(&self) -> bool {
        self.operation.version == "v2" && ["Conceal", "Generate"].contains(&self.operation.name)
    }

    fn statuses(&self) -> Vec<u16> {
        let operation = self.operation;
        let mut all = [&ALWAYS[..], operation.refusals].concat();
        if operation.request.is_some() {
            all.extend(WITH_PARAMETERS);
        }
        if self.is_guest {
            all.push(403);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn operation(described: &Described) -> Json {
    let operation = described.operation;
    let tag = if described.is_guest { "v2 guest" } else { operation.version };
    let mut found = object! {
        "operationId" => described.id(),
        "tags" => [tag],
        "summary" => summary(described),
        "description" => operation.description,
    };
    if operation.needs_account {
        found.set("security", [basic()]);
    }
    let parameters = parameters(described);
    if !parameters.is_empty() {
        found.set("parameters", parameters);
    }
    if let Some((schema, example)) = &operation.request {
        found.set("requestBody", request(schema, example));
    }
    found.set("responses", responses(described));
    if described.method != "head" && !operation.replies.is_empty() {
        let example = operation.request.as_ref().map(|(_, example)| example);
        found.set("x-codeSamples", examples::samples(operation, described.method, &described.path, example));
    }
    found
}

fn summary(described: &Described) -> String {
    let (summary, path) = (described.operation.summary, &described.path);
    match (described.method, described.alias, described.is_guest) {
        ("head", ..) => format!("{summary}: headers only"),
        (_, Some(_), _) => format!("{summary}, under the name {path}"),
        (_, _, true) => format!("{summary}, without an account"),
        _ => summary.to_owned(),
    }
}

/// The identifier in the path. Asking for a state takes any text: what is no identifier is unknown.
fn parameters(described: &Described) -> Vec<Json> {
    let Some((_, rest)) = described.path.split_once('{') else { return Vec::new() };
    let name = rest.split('}').next().unwrap_or_default();
    let is_secret = described.path.contains("/secret/");
    let (what, example) =
        if is_secret { ("The secret's", EXAMPLE_SECRET) } else { ("The receipt's", EXAMPLE_RECEIPT) };
    let mut parameter = identifier(&format!("{what} identifier."), example);
    parameter.set("name", name);
    if described.operation.name == "SecretStatus" {
        parameter.set("schema", object! { "type" => "string", "minLength" => 1_u64 });
    }
    match described.operation.name {
        "Reveal" => vec![parameter, object! { "$ref" => "#/components/parameters/retry" }],
        _ => vec![parameter],
    }
}

fn request(schema: &str, example: &Json) -> Json {
    let form = reference(&schema.replace("Request", "Form"));
    let as_form = object! { "schema" => form, "example" => examples::as_form(example) };
    let as_json = object! { "schema" => reference(schema), "example" => example.clone() };
    let kinds = ["application/x-www-form-urlencoded", "multipart/form-data"];
    let forms = kinds.map(|kind| (kind, as_form.clone()));
    let json = once(("application/json", as_json));
    let content: Vec<(&str, Json)> = if schema.starts_with("V1") {
        forms.into_iter().chain(json).collect()
    } else {
        json.chain(forms).collect()
    };
    let is_required = schema.contains("Share") || schema.contains("Conceal");
    object! {
        "description" => "May come in the query string as well, under the names of the form.",
        "required" => is_required,
        "content" => Json::Object(content.into_iter().map(|(kind, body)| (kind.to_owned(), body)).collect()),
    }
}

fn responses(described: &Described) -> Json {
    let (operation, is_head) = (described.operation, described.method == "head");
    let refer = |name: String| object! { "$ref" => format!("#/components/responses/{name}") };
    let mut all = object! {};
    if is_head {
        all.set("200", refer("Head".into()));
    } else if !operation.replies.is_empty() {
        let own: &[&str] = if described.makes_a_secret() { &SHARED } else { &[] };
        let mut shapes: Vec<Json> = operation.replies.iter().map(|name| reference(name)).collect();
        let schema = if shapes.len() == 1 {
            shapes.remove(0)
        } else {
            object! { "oneOf" => shapes }
        };
        let example = examples::golden(&described.path, described.method, operation.golden);
        let content = object! { "schema" => schema, "example" => example };
        let mut reply = object! {
            "description" => "Done.", "headers" => with_headers(own),
            "content" => object! { "application/json" => content },
        };
        if ["Share", "Conceal", "Generate"].contains(&operation.name) {
            reply.set("links", links(described));
        }
        all.set("200", reply);
    }
    for status in described.statuses() {
        let (name, ..) = examples::refusal(status);
        all.set(&status.to_string(), refer(if is_head { format!("{name}Head") } else { name.to_owned() }));
    }
    all
}

/// What may be done with a secret that was made just now, and which identifier that takes.
fn links(described: &Described) -> Json {
    let guest = if described.is_guest { "Guest" } else { "" };
    let (name, secret, receipt, of_secret, of_receipt): (_, _, _, &[&str], &[&str]) =
        match (described.operation.version, described.is_guest) {
            ("v1", _) => {
                ("key", "/secret_key", "/metadata_key", &["Reveal"], &["Receipt", "ReceiptByPost", "Burn"])
            }
            (_, true) => ("id", SECRET_OF_V2, RECEIPT_OF_V2, &["Show", "Reveal"], &["Receipt", "Burn"]),
            _ => {
                let of_secret = &["Show", "Reveal", "SecretStatus"];
                ("id", SECRET_OF_V2, RECEIPT_OF_V2, of_secret, &["Receipt", "Burn", "Memo"])
            }
        };
    let secrets = of_secret.iter().map(|next| (next, secret));
    let links = secrets.chain(of_receipt.iter().map(|next| (next, receipt))).map(|(next, place)| {
        let link = object! {
            "operationId" => format!("{}{guest}{next}", described.operation.version),
            "parameters" => object! { name => format!("$response.body#{place}") },
        };
        ((*next).to_owned(), link)
    });
    Json::Object(links.collect())
}

const SECRET_OF_V2: &str = "/record/secret/identifier";
const RECEIPT_OF_V2: &str = "/record/receipt/identifier";

/// What a browser asks before a listed site's script may send its request.
fn preflight(path: &str) -> Json {
    let name = path
        .split('/')
        .map(|word| word[..word.len().min(1)].to_uppercase() + word.get(1..).unwrap_or_default());
    let headers = with_headers(&[&["Allow"], &SHARED[..]].concat());
    object! {
        "operationId" => format!("v2{}Preflight", name.collect::<String>()),
        "tags" => ["v2"],
        "summary" => "Whether another site's script may send this",
        "description" => "It may if the operator lists its origin; then the reply says so.",
        "security" => [object! {}],
        "responses" => object! { "204" => object! { "description" => "An answer.", "headers" => headers } },
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden_file;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_checked_in_description_is_the_one_the_code_gives() {
        golden_file("static/openapi.json", &document().pretty());
    }

    #[test]
    fn every_route_is_described_and_every_description_has_a_route() {
        let mut routes = BTreeSet::new();
        for (base, table) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
            for (path, methods) in table {
                routes.extend(methods.iter().map(|method| format!("{method} {base}{path}")));
            }
        }
        let document = document();
        let described = document.get("paths").members().iter().flat_map(|(path, item)| {
            let methods = item.members().iter().filter(|(method, _)| method != "options");
            methods.map(move |(method, _)| format!("{method} {path}"))
        });
        assert_eq!(described.collect::<BTreeSet<_>>(), routes);
        for operation in operations::all() {
            let name = format!("{} /api/{}{}", operation.method, operation.version, operation.path);
            assert!(routes.contains(&name), "{name} is described and is no route");
        }
    }

    #[test]
    fn no_two_operations_have_the_same_name() {
        let document = document();
        let items = document.get("paths").members().iter().flat_map(|(_, item)| item.members());
        let names: Vec<&str> = items.map(|(_, operation)| operation.get("operationId").text()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_over() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        let defined = ["headers", "responses", "schemas"].iter().flat_map(|kind| {
            let parts = document.at(&["components", kind]).members().iter();
            parts.map(move |(name, _)| format!("#/components/{kind}/{name}"))
        });
        let retry = "#/components/parameters/retry".to_owned();
        let defined: BTreeSet<String> = defined.chain([retry]).collect();
        assert_eq!(found, defined);
    }

    #[test]
    fn the_compatibility_document_names_every_member_of_every_reply() {
        let told = include_str!("../../../docs/compatibility.md");
        for (name, schema) in schemas::all().members() {
            let is_reply = !name.ends_with("Request") && !name.ends_with("Form");
            for (member, _) in schema.get("properties").members().iter().filter(|_| is_reply) {
                assert!(told.contains(&format!("`{member}`")), "{name}.{member}");
            }
        }
    }

    #[test]
    fn the_promise_reads_the_same_wherever_it_is() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (readme, map) = (include_str!("../../../README.md"), include_str!("../../lib.rs"));
        assert!(words(readme).contains(&words(PROMISE)));
        assert!(words(&map.replace("//!", "")).contains(&words(PROMISE)));
        assert!(document().at(&["info", "description"]).text().contains(PROMISE));
    }

    #[test]
    fn every_link_leads_to_an_operation() {
        let document = document();
        let text = document.pretty();
        let items = document.get("paths").members().iter().flat_map(|(_, item)| item.members());
        let links: Vec<&Json> = items
            .flat_map(|(_, o)| o.at(&["responses", "200", "links"]).members())
            .map(|(_, link)| link)
            .collect();
        assert!(links.len() > 20);
        for link in links {
            let id = link.get("operationId").text();
            assert_eq!(text.matches(&format!("\n        \"operationId\": \"{id}\"")).count(), 1, "{id}");
        }
    }

    fn references(json: &Json, found: &mut BTreeSet<String>) {
        for (name, value) in json.members() {
            match value {
                Json::Text(text) if name == "$ref" => drop(found.insert(text.clone())),
                value => references(value, found),
            }
        }
        json.list().iter().for_each(|json| references(json, found));
    }
}
