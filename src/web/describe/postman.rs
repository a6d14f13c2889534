//! The description as a Postman collection, format 2.1: one request for each operation, with its
//! example. Requests that make a secret keep its identifiers for those that follow.

use super::json::{Json, object};
use super::operations::{EXAMPLE_RECEIPT, EXAMPLE_SECRET};

/// What Postman runs after a secret was made.
const KEEP: [&str; 3] = [
    "const made = pm.response.json();",
    "pm.collectionVariables.set('secret', made.secret_key ?? made.record.secret.identifier);",
    "pm.collectionVariables.set('receipt', made.metadata_key ?? made.record.receipt.identifier);",
];

/// The collection. Its variables are the server's address, an account, and the last secret made.
pub fn collection(document: &Json) -> Json {
    let folders = document.get("tags").list().iter().map(|tag| {
        let name = tag.get("name").text();
        object! { "name" => name, "description" => tag.get("description").clone(), "item" => requests(document, name) }
    });
    object! {
        "info" => object! {
            "name" => "Tellonce",
            "description" => document.at(&["info", "description"]).clone(),
            "schema" => "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "variable" => [
            object! { "key" => "baseUrl", "value" => super::PLACEHOLDER },
            object! { "key" => "username", "value" => "" },
            object! { "key" => "token", "value" => "" },
            object! { "key" => "secret", "value" => EXAMPLE_SECRET },
            object! { "key" => "receipt", "value" => EXAMPLE_RECEIPT },
        ],
        "item" => folders.collect::<Vec<_>>(),
    }
}

fn requests(document: &Json, tag: &str) -> Vec<Json> {
    let mut requests = Vec::new();
    for (path, item) in document.get("paths").members() {
        for (method, operation) in item.members() {
            if operation.get("tags").list().contains(&tag.into())
                && !["options", "head"].contains(&method.as_str())
            {
                requests.push(request(path, method, operation));
            }
        }
    }
    requests
}

fn request(path: &str, method: &str, operation: &Json) -> Json {
    let url = url(path, operation);
    // As long as its variables are blank, nobody's credentials count as none.
    let auth = if path.contains("/guest/") {
        object! { "type" => "noauth" }
    } else {
        basic()
    };
    let mut request = object! {
        "method" => method.to_uppercase(),
        "auth" => auth,
        "description" => operation.get("description").clone(),
        "url" => url,
    };
    let content = operation.at(&["requestBody", "content"]);
    match content.members().first() {
        Some((kind, body)) if kind == "application/json" => {
            request.set("header", [object! { "key" => "Content-Type", "value" => "application/json" }]);
            request.set(
                "body",
                object! { "mode" => "raw", "raw" => placed(body.get("example").pretty().trim()) },
            );
        }
        Some((_, body)) => {
            let pairs = body.get("example").members().iter();
            let pairs =
                pairs.map(|(name, value)| object! { "key" => name.as_str(), "value" => value.clone() });
            request
                .set("body", object! { "mode" => "urlencoded", "urlencoded" => pairs.collect::<Vec<_>>() });
        }
        None => {}
    }
    let mut item = object! { "name" => operation.get("summary").clone(), "request" => request.clone() };
    let example = operation.at(&["responses", "200", "content", "application/json", "example"]);
    if !example.is_null() {
        if !operation.at(&["responses", "200", "links"]).is_null() {
            let script = object! { "type" => "text/javascript", "exec" => KEEP };
            item.set("event", [object! { "listen" => "test", "script" => script }]);
        }
        let header = object! { "key" => "Content-Type", "value" => "application/json; charset=utf-8" };
        let reply = object! {
            "name" => "Done", "originalRequest" => request, "status" => "OK", "code" => 200_u64,
            "header" => [header], "body" => example.pretty().trim(),
        };
        item.set("response", [reply]);
    }
    item
}

fn url(path: &str, operation: &Json) -> Json {
    let path = path.replace('{', ":").replace('}', "");
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let in_path = operation.get("parameters").list().iter().filter(|it| it.get("in").text() == "path");
    let places = in_path.map(|parameter| {
        object! { "key" => parameter.get("name").clone(), "value" => placed(parameter.get("example").text()) }
    });
    object! {
        "raw" => format!("{{{{baseUrl}}}}{path}"),
        "host" => ["{{baseUrl}}"],
        "path" => segments,
        "variable" => places.collect::<Vec<_>>(),
    }
}

/// Identifiers of examples as the variables that stand for them.
fn placed(text: &str) -> String {
    text.replace(EXAMPLE_SECRET, "{{secret}}").replace(EXAMPLE_RECEIPT, "{{receipt}}")
}

fn basic() -> Json {
    let part = |key: &str, value: &str| object! { "key" => key, "value" => value, "type" => "string" };
    object! { "type" => "basic", "basic" => [part("username", "{{username}}"), part("password", "{{token}}")] }
}

#[cfg(test)]
mod tests {
    use super::super::{document::document, golden_file};
    use super::*;

    #[test]
    fn the_checked_in_collection_is_the_one_the_description_gives() {
        golden_file("static/postman.json", &collection(&document()).pretty());
    }

    #[test]
    fn every_operation_but_head_is_in_the_collection() {
        let document = document();
        let items = document.get("paths").members().iter().flat_map(|(_, item)| item.members());
        let operations = items.filter(|(method, _)| !["options", "head"].contains(&method.as_str())).count();
        let collection = collection(&document);
        let requests = collection.get("item").list().iter().map(|folder| folder.get("item").list().len());
        assert_eq!(requests.sum::<usize>(), operations);
    }
}
