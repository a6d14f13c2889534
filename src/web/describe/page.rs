//! The page at `/api`, made from the description: every route with its parameters, its answers and
//! programs that call it. It is checked in, so the server only fills in its own address.

use super::json::Json;
use super::operations;
use std::fmt::Write;

/// The part of the page that is its own, as a template with the places `base`, `style` and `script`.
pub fn page(document: &Json) -> String {
    let mut html = Page::default();
    html.line("<link rel=\"stylesheet\" href=\"{{style}}\">");
    html.line("<script src=\"{{script}}\" type=\"module\"></script>");
    html.line("<div class=\"api\">");
    html.line("<h1>API</h1>");
    html.line(&format!("<p class=\"lead\">{}</p>", rich(document.at(&["info", "summary"]).text())));
    html.line("<div class=\"actions\">");
    html.line("<a class=\"button\" href=\"/api/openapi.json\">OpenAPI 3.1</a>");
    html.line("<a class=\"button quiet\" href=\"/api/postman.json\" download=\"tellonce.postman_collection.json\">Postman collection</a>");
    html.line("</div>");
    contents(&mut html, document);
    html.line("<section class=\"card\" id=\"rules\">\n<h2>For every request</h2>");
    for paragraph in document.at(&["info", "description"]).text().split("\n\n") {
        html.line(&format!("<p>{}</p>", rich(paragraph)));
    }
    html.line("</section>");
    for (version, title) in VERSIONS {
        html.line(&format!("<section id=\"{version}\">\n<h2>{title}</h2>"));
        for group in groups(document, version) {
            operation(&mut html, document, &group);
        }
        html.line("</section>");
    }
    refusals(&mut html, document);
    objects(&mut html, document);
    html.line("</div>");
    html.0
}

const VERSIONS: [(&str, &str); 2] = [("v1", "Version 1"), ("v2", "Version 2")];

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }
}

/// Something that can be done, with every route that does it; the documented one first.
struct Group<'d> {
    routes: Vec<(&'d str, &'d str, &'d Json)>,
}

/// The groups of a version, in the order of the table of operations.
fn groups<'d>(document: &'d Json, version: &str) -> Vec<Group<'d>> {
    let paths = document.get("paths").members();
    let of = |operation: &operations::Operation| {
        let mut routes = Vec::new();
        for (path, item) in paths {
            let Some(below) = path.strip_prefix(&format!("/api/{version}")) else { continue };
            let (documented, ..) = operations::canonical(version, below);
            let found = item.get(operation.method);
            if documented == operation.path && !found.is_null() {
                routes.push((path.as_str(), operation.method, found));
            }
        }
        routes.sort_by_key(|(path, ..)| !path.ends_with(operation.path) || path.contains("/guest/"));
        Group { routes }
    };
    operations::all().iter().filter(|operation| operation.version == version).map(of).collect()
}

fn contents(html: &mut Page, document: &Json) {
    html.line("<nav class=\"card contents\" aria-label=\"Contents\">");
    for (version, title) in VERSIONS {
        html.line(&format!("<div>\n<h2><a href=\"#{version}\">{title}</a></h2>\n<ul>"));
        for group in groups(document, version) {
            let (_, _, operation) = group.routes[0];
            let (id, summary) = (operation.get("operationId").text(), operation.get("summary").text());
            html.line(&format!("<li><a href=\"#{id}\">{}</a></li>", escape(summary)));
        }
        html.line("</ul>\n</div>");
    }
    html.line("<div>\n<h2>Besides</h2>\n<ul>");
    for (id, title) in [("rules", "For every request"), ("refusals", "Refusals"), ("objects", "Objects")] {
        html.line(&format!("<li><a href=\"#{id}\">{title}</a></li>"));
    }
    html.line("</ul>\n</div>\n</nav>");
}

fn operation(html: &mut Page, document: &Json, group: &Group) {
    let (path, method, operation) = group.routes[0];
    let id = operation.get("operationId").text();
    let body = operation.at(&["requestBody", "content", "application/json"]);
    let needs_account = operation.get("security").list().len() == 1;
    let is_open = !needs_account && !operation.at(&["responses", "200"]).is_null();
    let mut attributes = String::new();
    if is_open {
        write!(attributes, " data-method=\"{}\" data-path=\"{}\"", method.to_uppercase(), escape(path))
            .expect("a text");
        if !body.is_null() {
            write!(attributes, " data-body=\"{}\"", escape(body.get("example").pretty().trim()))
                .expect("a text");
        }
    }
    html.line(&format!("<article class=\"card operation\" id=\"{id}\"{attributes}>\n<div class=\"told\">"));
    html.line(&format!("<h3>{}</h3>", escape(operation.get("summary").text())));
    html.line(&format!("<p class=\"route\">{}</p>", route(method, path)));
    html.line(&format!("<p>{}</p>", rich(operation.get("description").text())));
    if needs_account {
        html.line("<p class=\"hint\">Takes an account.</p>");
    }
    parameters(html, document, operation);
    answers(html, operation);
    html.line("</div>\n<div class=\"shown\">");
    examples(html, operation);
    let reply = operation.at(&["responses", "200", "content", "application/json", "example"]);
    if !reply.is_null() {
        html.line(&format!(
            "<details>\n<summary>An answer</summary>\n{}\n</details>",
            code(reply.pretty().trim())
        ));
    }
    others(html, group);
    html.line("</div>\n</article>");
}

/// Those in the path, and those in the body.
fn parameters(html: &mut Page, document: &Json, operation: &Json) {
    let places: Vec<&Json> =
        operation.get("parameters").list().iter().map(|place| resolve_parameter(document, place)).collect();
    let body = operation.at(&["requestBody", "content", "application/json", "schema"]);
    if places.is_empty() && body.is_null() {
        return;
    }
    html.line("<h4>Parameters</h4>\n<dl class=\"members\">");
    for parameter in places {
        let (name, what) = (parameter.get("name").text(), parameter.get("description").text());
        let place = match parameter.get("in").text() {
            "header" => "optional header",
            _ => "text in the path",
        };
        html.line(&format!("<dt><code>{name}</code> <span>{place}</span></dt>\n<dd>{}</dd>", rich(what)));
    }
    members(html, document, resolve(document, body), "");
    html.line("</dl>");
}

fn route(method: &str, path: &str) -> String {
    format!("<code><b>{}</b> {}</code>", method.to_uppercase(), escape(path))
}

/// Programs that call this route; the first is open.
fn examples(html: &mut Page, operation: &Json) {
    for (index, sample) in operation.get("x-codeSamples").list().iter().enumerate() {
        let open = if index == 0 { " open" } else { "" };
        let (label, source) = (sample.get("label").text(), sample.get("source").text());
        html.line(&format!("<details{open}>\n<summary>{label}</summary>\n{}\n</details>", code(source)));
    }
}

/// The same under other names and for guests.
fn others(html: &mut Page, group: &Group) {
    for (path, method, operation) in &group.routes[1..] {
        html.line(&format!("<details class=\"other\" id=\"{}\">", operation.get("operationId").text()));
        html.line(&format!("<summary>Also {}</summary>", route(method, path)));
        for sample in operation.get("x-codeSamples").list() {
            let (label, source) = (sample.get("label").text(), sample.get("source").text());
            html.line(&format!("<h4>{label}</h4>\n{}", code(source)));
        }
        html.line("</details>");
    }
}

fn answers(html: &mut Page, operation: &Json) {
    html.line("<h4>Answers</h4>\n<ul class=\"answers\">");
    let (done, refused): (Vec<_>, Vec<_>) =
        operation.get("responses").members().iter().partition(|(status, _)| status == "200");
    for (_, reply) in done {
        let schema = reply.at(&["content", "application/json", "schema"]);
        let either = schema.get("oneOf").list();
        let shapes: Vec<String> =
            if either.is_empty() { vec![kind(schema)] } else { either.iter().map(kind).collect() };
        html.line(&format!("<li><b>200</b> {}</li>", shapes.join(" or ")));
    }
    let links = refused.iter().map(|(status, _)| format!("<a href=\"#status-{status}\">{status}</a>"));
    html.line(&format!("<li>or {}</li>\n</ul>", links.collect::<Vec<_>>().join(", ")));
}

/// The members of an object, those of objects within by their whole names.
fn members(html: &mut Page, document: &Json, schema: &Json, outer: &str) {
    for (name, shape) in schema.get("properties").members() {
        let full = if outer.is_empty() { name.clone() } else { format!("{outer}.{name}") };
        let is_needed = schema.get("required").list().contains(&name.as_str().into());
        let needed = if is_needed { "" } else { ", optional" };
        html.line(&format!("<dt><code>{full}</code> <span>{}{needed}</span></dt>", kind(shape)));
        html.line(&format!("<dd>{}</dd>", rich(resolve(document, shape).get("description").text())));
        if !shape.get("properties").is_null() {
            members(html, document, shape, &full);
        }
    }
}

/// The type of a value, in words.
fn kind(shape: &Json) -> String {
    let reference = shape.get("$ref").text();
    if !reference.is_empty() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let any_of = shape.get("anyOf").list();
    if !any_of.is_empty() {
        let kinds: Vec<String> = any_of.iter().map(kind).collect();
        return kinds.join(" or ");
    }
    let kinds = match shape.get("type") {
        Json::Text(kind) => vec![kind.as_str()],
        Json::List(kinds) => kinds.iter().map(Json::text).collect(),
        _ => return "anything".into(),
    };
    let words = kinds.iter().map(|kind| match *kind {
        "array" => format!("list of {}", plural(self::kind(shape.get("items")))),
        "string" => texts(shape),
        "integer" => "whole number".into(),
        other => other.to_owned(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn plural(kind: String) -> String {
    let is_word = !kind.contains('<') && !kind.contains(" or ");
    if is_word { kind + "s" } else { kind }
}

/// A text, or the few that it may be.
fn texts(shape: &Json) -> String {
    let texts: Vec<String> = shape
        .get("enum")
        .list()
        .iter()
        .filter(|text| !text.is_null())
        .map(|text| format!("<code>{}</code>", text.text()))
        .collect();
    if texts.is_empty() { "text".into() } else { texts.join(", ") }
}

fn refusals(html: &mut Page, document: &Json) {
    html.line("<section class=\"card\" id=\"refusals\">\n<h2>Refusals</h2>");
    html.line("<p>All have the same shape, <a href=\"#Error\">Error</a>.</p>");
    let found = document.at(&["components", "responses"]).members();
    for (name, reply) in found.iter().filter(|(_, reply)| !reply.get("content").is_null()) {
        let examples = reply.at(&["content", "application/json", "examples"]).members();
        let status =
            super::examples::REFUSALS.iter().find(|status| super::examples::refusal(**status).0 == name);
        let status = status.expect("the status of a refusal");
        html.line(&format!("<h3 id=\"status-{status}\">{status} <code>{name}</code></h3>"));
        html.line(&format!("<p>{}</p>", rich(reply.get("description").text())));
        for (_, example) in examples {
            html.line(&code(example.get("value").pretty().trim()));
        }
    }
    html.line("</section>");
}

/// The shapes of answers; those of requests are at their routes.
fn objects(html: &mut Page, document: &Json) {
    html.line("<section class=\"card\" id=\"objects\">\n<h2>Objects</h2>");
    for (name, schema) in document.at(&["components", "schemas"]).members() {
        if name.ends_with("Request") || name.ends_with("Form") {
            continue;
        }
        html.line(&format!("<h3 id=\"{name}\"><code>{name}</code></h3>"));
        html.line(&format!("<p>{}</p>", rich(schema.get("description").text())));
        if schema.get("properties").is_null() {
            html.line(&format!("<p>{}</p>", kind(schema)));
            continue;
        }
        html.line("<dl class=\"members\">");
        members(html, document, schema, "");
        html.line("</dl>");
    }
    html.line("</section>");
}

/// A parameter, or what a reference to one leads to.
fn resolve_parameter<'d>(document: &'d Json, place: &'d Json) -> &'d Json {
    let name = place.get("$ref").text().rsplit('/').next().unwrap_or_default();
    if name.is_empty() { place } else { document.at(&["components", "parameters", name]) }
}

/// What a reference leads to, with what is said where it stands.
fn resolve<'d>(document: &'d Json, shape: &'d Json) -> &'d Json {
    let name = shape.get("$ref").text().rsplit('/').next().unwrap_or_default();
    let is_told = !shape.get("description").is_null();
    if name.is_empty() || is_told { shape } else { document.at(&["components", "schemas", name]) }
}

fn code(source: &str) -> String {
    format!("<pre><code>{}</code></pre>", escape(source))
}

/// Text as HTML in a template: its braces are no places, and the address in it is.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = text.replace('"', "&quot;").replace('\'', "&#39;");
    text.replace('{', "&#123;").replace('}', "&#125;").replace(super::PLACEHOLDER, "{{base}}")
}

/// Text with `code`, *stress* and **strong** words.
fn rich(text: &str) -> String {
    let mut html = escape(text);
    for (mark, tag) in [("`", "code"), ("**", "strong"), ("*", "em")] {
        let parts: Vec<&str> = html.split(mark).collect();
        let mut marked = String::new();
        for (index, part) in parts.iter().enumerate() {
            let within = index % 2 == 1;
            marked += &if within { format!("<{tag}>{part}</{tag}>") } else { (*part).to_owned() };
        }
        html = marked;
    }
    html
}

#[cfg(test)]
mod tests {
    use super::super::{document::document, golden_file};
    use super::*;

    #[test]
    fn the_checked_in_page_is_the_one_the_description_gives() {
        golden_file("static/pages/api.html", &page(&document()));
    }

    #[test]
    fn every_route_and_every_program_is_on_the_page() {
        let document = document();
        let page = page(&document);
        for (path, item) in document.get("paths").members() {
            for (method, operation) in
                item.members().iter().filter(|(method, _)| method != "options" && method != "head")
            {
                assert!(page.contains(&route(method, path)), "{method} {path}");
                for sample in operation.get("x-codeSamples").list() {
                    assert!(page.contains(&code(sample.get("source").text())), "{method} {path}");
                }
            }
        }
    }

    #[test]
    fn every_link_on_the_page_leads_somewhere() {
        let page = page(&document());
        for link in page.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap_or_default();
            assert!(page.contains(&format!(" id=\"{id}\"")), "#{id}");
        }
    }
}
