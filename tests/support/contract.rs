//! The description of the API as a contract: whatever a test asks under `/api/v1` and `/api/v2`, the
//! answer has a status, headers and a body that are described for it, and not one member more.

use super::http::Reply;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

/// Headers that say how a message travels, not what it says.
const OF_TRANSPORT: [&str; 6] =
    ["date", "connection", "content-length", "content-type", "keep-alive", "transfer-encoding"];

/// A request, as far as its answer depends on it.
#[derive(Debug)]
pub struct Asked {
    method: String,
    path: String,
}

impl Asked {
    /// What these bytes ask for; nothing if they are no request to either version of the API.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let line = str::from_utf8(bytes.split(|byte| *byte == b'\r').next()?).ok()?;
        let (method, rest) = line.split_once(' ')?;
        let target = rest.strip_suffix(" HTTP/1.1").or_else(|| rest.strip_suffix(" HTTP/1.0"))?;
        let path = target.split('?').next()?;
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let is_ours = matches!(segments[..], ["api", "v1" | "v2", ..]) && path.starts_with('/');
        is_ours
            .then(|| Self { method: method.to_ascii_lowercase(), path: format!("/{}", segments.join("/")) })
    }

    /// Holds a reply to the contract.
    #[track_caller]
    pub fn check(&self, reply: &Reply) {
        let complaints = CONTRACT.complaints(self, reply);
        assert!(complaints.is_empty(), "{self:?}: {} {}\n{complaints:#?}", reply.status, reply.text());
    }
}

/// What is wrong with a reply to these bytes.
pub fn complaints(request: &[u8], reply: &Reply) -> Vec<String> {
    Asked::of(request).map(|asked| CONTRACT.complaints(&asked, reply)).unwrap_or_default()
}

struct Contract {
    document: Value,
    /// The schemas of replies, allowing no member that they do not name.
    strict: Value,
    /// By the schema they are for.
    validators: Mutex<BTreeMap<String, &'static Validator>>,
}

impl Contract {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/openapi.json");
        let text = std::fs::read_to_string(path).expect("the description");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let mut strict = document["components"]["schemas"].clone();
        for schema in strict.as_object_mut().expect("schemas").values_mut() {
            if schema.get("properties").is_some() {
                schema["additionalProperties"] = json!(false);
            }
        }
        Self { document, strict, validators: Mutex::default() }
    }

    fn complaints(&self, asked: &Asked, reply: &Reply) -> Vec<String> {
        if reply.is_to_no_request() {
            return Vec::new();
        }
        let Some(item) = self.item(&asked.path) else {
            return self.refusal(reply, 404);
        };
        match (item.get(&asked.method), asked.method.as_str()) {
            (Some(operation), _) => self.described(operation, asked, reply),
            (None, "options") if reply.status == 204 && reply.header("allow").is_some() => Vec::new(),
            (None, "options") => vec!["OPTIONS is answered by 204 and the methods".into()],
            (None, _) if reply.header("allow").is_none() => vec!["the methods are not told".into()],
            (None, _) => self.refusal(reply, 405),
        }
    }

    /// The description of a path. A name that is written out goes before a place for any.
    fn item(&self, path: &str) -> Option<&Map<String, Value>> {
        let paths = self.document["paths"].as_object()?;
        let fits = |template: &str| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template.zip(path).all(|(place, segment)| place.starts_with('{') || place == segment)
        };
        let found = paths.iter().filter(|(template, _)| fits(template));
        found.min_by_key(|(template, _)| template.matches('{').count()).and_then(|(_, item)| item.as_object())
    }

    fn described(&self, operation: &Value, asked: &Asked, reply: &Reply) -> Vec<String> {
        let described = self.resolve(&operation["responses"][reply.status.to_string()]);
        if described.is_null() {
            return vec![format!("{} is not described", reply.status)];
        }
        let mut complaints = self.headers(&described["headers"], reply);
        let content = &described["content"]["application/json"]["schema"];
        if content.is_null() != reply.body.is_empty() {
            complaints.push(format!("{} has a body where none is described, or none", asked.method));
        }
        if !content.is_null() {
            complaints.extend(self.body(content, reply));
        }
        complaints
    }

    fn refusal(&self, reply: &Reply, status: u16) -> Vec<String> {
        if reply.status != status {
            return vec![format!("{status} is expected")];
        }
        if reply.body.is_empty() {
            // To HEAD.
            return Vec::new();
        }
        self.body(&json!({ "$ref": "#/components/schemas/Error" }), reply)
    }

    fn headers(&self, described: &Value, reply: &Reply) -> Vec<String> {
        let described: Vec<(&String, &Value)> = described
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, header)| (name, self.resolve(header)))
            .collect();
        let mut complaints = Vec::new();
        for (name, value) in reply.headers.iter().filter(|(name, _)| !OF_TRANSPORT.contains(&name.as_str())) {
            match described
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, header)| header)
            {
                None => complaints.push(format!("the header {name} is not described")),
                Some(header) => {
                    let schema = &header["schema"];
                    let is_number = schema["type"] == "integer";
                    let wrong = schema["const"].as_str().is_some_and(|text| text != value);
                    if wrong || (is_number && value.parse::<u64>().is_err()) {
                        complaints.push(format!("{name}: {value} is not as described"));
                    }
                }
            }
        }
        let missing = described.iter().filter(|(_, header)| header["required"] == true);
        let missing = missing.filter(|(name, _)| reply.header(&name.to_ascii_lowercase()).is_none());
        complaints.extend(missing.map(|(name, _)| format!("the header {name} is missing")));
        complaints
    }

    fn body(&self, schema: &Value, reply: &Reply) -> Vec<String> {
        if reply.header("content-type") != Some("application/json; charset=utf-8") {
            return vec!["the content type is not that of JSON".into()];
        }
        let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
            return vec!["the body is not JSON".into()];
        };
        let errors = self.validator(schema).iter_errors(&body);
        errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn validator(&self, schema: &Value) -> &'static Validator {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = json!({ "schemas": self.strict });
            let validator = jsonschema::draft202012::new(&whole).expect("a schema");
            Box::leak(Box::new(validator))
        })
    }

    /// What a reference leads to.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let target =
            value["$ref"].as_str().and_then(|path| self.document.pointer(path.trim_start_matches('#')));
        target.unwrap_or(value)
    }
}
