//! The shapes of the description. Those of replies come from the wire types; what a Rust type cannot
//! say (which texts there are, what an identifier looks like) is added by name. Those of requests are
//! what `params` accepts.

use super::json::{Json, object};
use crate::web::error::Body;
use crate::web::{v1, v2};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// 31 characters, as identifiers look.
pub const IDENTIFIER: &str = "^[a-z0-9]{31}$";
const SHORT: &str = "^[a-z0-9]{8}$";
const DIGITS: &str = "^[0-9]+$";

/// Forms of texts, by the names that have them everywhere.
const FORMS: [(&str, &str); 17] = [
    ("identifier", IDENTIFIER),
    ("key", IDENTIFIER),
    ("metadata_key", IDENTIFIER),
    ("secret_key", IDENTIFIER),
    ("secret_identifier", IDENTIFIER),
    ("shortid", SHORT),
    ("secret_shortid", SHORT),
    ("secret_shortkey", SHORT),
    ("created", DIGITS),
    ("updated", DIGITS),
    ("secret_ttl", DIGITS),
    ("receipt_ttl", DIGITS),
    ("lifespan", DIGITS),
    ("view_count", DIGITS),
    ("failed_attempts", DIGITS),
    ("expiration_in_seconds", DIGITS),
    ("error_id", "^[0-9a-f]{20}$"),
];

/// The texts that a member may have.
const TEXTS: [(&str, &str, &[&str]); 19] = [
    ("V1Receipt", "state", &["new", "received", "burned", "expired", "orphaned"]),
    ("V1Status", "status", &["nominal"]),
    ("V2Status", "status", &["nominal"]),
    ("V2Secret", "state", &["new", "revealed"]),
    ("V2Receipt", "state", RECEIPT_STATES),
    ("V2NativeReceipt", "state", RECEIPT_STATES),
    ("V2ReceiptRecord", "state", RECEIPT_STATES),
    ("V2Receipt", "kind", KINDS),
    ("V2NativeReceipt", "kind", KINDS),
    ("V2ReceiptRecord", "kind", KINDS),
    ("V2ConcealedDetails", "kind", KINDS),
    ("V2UnknownSecret", "state", &["unknown"]),
    ("V2ReceiptRecord", "secret_state", &["new"]),
    ("V2ReceiptDetails", "type", &["record"]),
    ("V2ReceiptDetails", "display_lines", &["4"]),
    ("V2ReceiptDetails", "mail", &["pending", "sent", "failed"]),
    ("V2RecentDetails", "type", &["list"]),
    ("Error", "error", ERRORS),
    ("Error", "error_type", ERRORS),
];
const RECEIPT_STATES: &[&str] = &["new", "shared", "revealed", "burned", "expired", "orphaned"];
const KINDS: &[&str] = &["conceal", "generate"];
const ERRORS: &[&str] = &[
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "MethodNotAllowed",
    "TooLarge",
    "UnsupportedMediaType",
    "FormError",
    "LimitExceeded",
    "ServerError",
    "Unavailable",
    "StorageFull",
];

impl PartialSchema for v2::wire::Flag {
    fn schema() -> RefOr<Schema> {
        from_json(
            r#"{"description": "`\"true\"` if it holds, else null; never `\"false\"`.",
            "anyOf": [{"type": "string", "enum": ["true"]}, {"type": "null"}]}"#,
        )
    }
}
impl ToSchema for v2::wire::Flag {}

impl PartialSchema for v2::wire::Time {
    fn schema() -> RefOr<Schema> {
        from_json(
            r#"{"type": ["string", "null"], "pattern": "^[0-9]+$",
            "description": "Text of whole Unix seconds, null if it has not come."}"#,
        )
    }
}
impl ToSchema for v2::wire::Time {}

impl PartialSchema for v2::wire::Null {
    fn schema() -> RefOr<Schema> {
        from_json(r#"{"type": "null"}"#)
    }
}
impl ToSchema for v2::wire::Null {}

fn from_json(text: &str) -> RefOr<Schema> {
    serde_json::from_str(text).expect("a schema")
}

/// All schemas, by their names.
pub fn all() -> Json {
    let mut all = replies();
    let Json::Object(members) = &mut all else { unreachable!("it is an object") };
    members.extend(requests());
    all
}

/// The shapes of replies, from the wire types.
fn replies() -> Json {
    use v1::wire as one;
    use v2::wire as two;
    let mut found = Shapes::default();
    found.add::<one::Receipt>("V1", "Receipt");
    found.add::<one::Revealed>("V1", "Revealed");
    found.add::<one::Burned>("V1", "Burned");
    found.add::<one::Status>("V1", "Status");
    found.add_envelope::<two::Concealed, two::ConcealedDetails>("ConcealReply");
    found.add_envelope::<two::SecretObject, two::ShowDetails>("SecretReply");
    found.add_envelope::<two::SecretObject, two::StatusDetails>("SecretStatusReply");
    found.add::<two::Unknown>("V2", "UnknownReply");
    found.add::<two::Statuses>("V2", "StatusesReply");
    found.add_envelope::<two::ReceiptRecord, two::ReceiptDetails>("ReceiptReply");
    found.add::<two::Recent>("V2", "RecentReply");
    found.add::<two::Status>("V2", "Status");
    found.add::<two::Version>("V2", "Version");
    found.add::<two::Locales>("V2", "Locales");
    found.add::<Body>("", "Error");
    found.finish()
}

/// Schemas as they are found.
#[derive(Default)]
struct Shapes(Vec<(String, Json)>);

impl Shapes {
    /// The schema of a wire type under this name, and of all that it consists of.
    fn add<T: ToSchema>(&mut self, version: &str, name: &str) {
        let mut parts = vec![(String::new(), T::schema())];
        T::schemas(&mut parts);
        for (part, schema) in parts {
            let name = if part.is_empty() { format!("{version}{name}") } else { named(version, &part) };
            let mut schema = Json::of(&schema);
            rename(&mut schema, version);
            if !self.0.iter().any(|(known, _)| *known == name) {
                self.0.push((name, schema));
            }
        }
    }

    /// A reply of version 2. Its parts are added too: to the derived code they are parameters, not parts.
    fn add_envelope<R: ToSchema, D: ToSchema>(&mut self, name: &str) {
        self.add::<v2::wire::Envelope<R, D>>("V2", name);
        self.add::<R>("V2", R::name().trim_end_matches("Object"));
        self.add::<D>("V2", &D::name());
    }

    fn finish(self) -> Json {
        let flat: Vec<(String, Json)> =
            self.0.iter().map(|(name, schema)| (name.clone(), self.flat(schema))).collect();
        let native = |member: &str| {
            let receipt = &flat.iter().find(|(name, _)| name == "V2Receipt").expect("the receipt").1;
            receipt.at(&["properties", member, "description"]).clone()
        };
        let mut all = Vec::new();
        for (name, mut schema) in flat.clone() {
            if name == "V2NativeReceipt" {
                for (member, shape) in members_of(&mut schema) {
                    if shape.get("description").is_null() {
                        shape.set("description", native(member));
                    }
                }
            }
            refine(&name, &mut schema);
            all.push((name, schema));
        }
        all.push((
            "V1Receipts".into(),
            object! {
                "type" => "array",
                "description" => "An account's receipts.",
                "items" => reference("V1Receipt"),
            },
        ));
        all.retain(|(name, _)| name != "V2Null");
        Json::Object(all)
    }

    /// A type that holds another flattened, as the one object that is sent.
    fn flat(&self, schema: &Json) -> Json {
        let [whole, own] = schema.get("allOf").list() else { return schema.clone() };
        let name = whole.get("$ref").text().rsplit('/').next().unwrap_or_default();
        let (_, inner) = self.0.iter().find(|(known, _)| known == name).expect("a flattened schema");
        let both = |part: &str| -> (Json, Json) { (inner.get(part).clone(), own.get(part).clone()) };
        let mut flat = object! { "type" => "object" };
        flat.set("description", schema.get("description").clone());
        if let (Json::List(first), Json::List(second)) = both("required") {
            flat.set("required", Json::List([first, second].concat()));
        }
        if let (Json::Object(first), Json::Object(second)) = both("properties") {
            flat.set("properties", Json::Object([first, second].concat()));
        }
        flat
    }
}

/// The name in the description of a wire type.
fn named(version: &str, part: &str) -> String {
    match part {
        "Flag" | "Time" => part.to_owned(),
        _ => format!("{version}{}", part.strip_suffix("Object").unwrap_or(part)),
    }
}

/// Lets references name what they mean in this version.
fn rename(json: &mut Json, version: &str) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                match value {
                    Json::Text(text) if key == "$ref" => {
                        let part = text.rsplit('/').next().unwrap_or_default();
                        *text = format!("#/components/schemas/{}", named(version, part));
                    }
                    value => rename(value, version),
                }
            }
        }
        Json::List(list) => list.iter_mut().for_each(|json| rename(json, version)),
        _ => {}
    }
}

fn members_of(schema: &mut Json) -> &mut [(String, Json)] {
    let properties = schema.members_mut().iter_mut().find(|(name, _)| name == "properties");
    properties.map_or(&mut [], |(_, properties)| properties.members_mut())
}

/// Adds what the types do not say. A member that may be null is always there: what may be left out
/// is never null.
fn refine(name: &str, schema: &mut Json) {
    let required: Vec<String> =
        schema.get("required").list().iter().map(|name| name.text().to_owned()).collect();
    let mut always = Vec::new();
    for (member, shape) in members_of(schema) {
        if shape.get("$ref").text().ends_with("/V2Null") {
            let description = shape.get("description").clone();
            *shape = object! { "type" => "null", "description" => description };
        }
        let is_nullable = shape.get("type").list().contains(&"null".into());
        if is_nullable || required.contains(member) {
            always.push(member.clone());
        }
        let is_text =
            shape.get("type").text() == "string" || shape.get("type").list().contains(&"string".into());
        if let Some((_, form)) = FORMS.iter().find(|(known, _)| known == member).filter(|_| is_text) {
            shape.set("pattern", *form);
        }
        if let Some((_, _, texts)) = TEXTS.iter().find(|(known, text, _)| known == &name && text == member) {
            let mut texts: Vec<Json> = texts.iter().map(|text| (*text).into()).collect();
            texts.extend(is_nullable.then_some(Json::Null));
            shape.set("enum", Json::List(texts));
        }
    }
    if !always.is_empty() {
        schema.set("required", always);
    }
}

/// A reference to a schema.
pub fn reference(name: &str) -> Json {
    object! { "$ref" => format!("#/components/schemas/{name}") }
}

/// What each request may hold, as JSON and as a form.
fn requests() -> Vec<(String, Json)> {
    let secret = object! { "type" => "string", "minLength" => 1_u64,
    "description" => "The secret: at least one byte, and by default at most 1 MiB of UTF-8, kept byte for byte." };
    let conceal = [vec![("secret", secret)], terms()].concat();
    let generate = [terms(), recipe()].concat();
    let kind = [("kind", object! { "description" => "Ignored: the path decides." })];
    let within = |inner: Vec<(&str, Json)>, is_needed: bool| {
        let mut inner = body(&[kind.to_vec(), inner].concat(), if is_needed { &["secret"] } else { &[] });
        if !is_needed {
            inner.set("type", ["object", "null"]);
        }
        inner.set("description", "What to make.");
        body(&[("secret", inner)], if is_needed { &["secret"] } else { &[] })
    };
    let bodies = [
        ("V1ShareRequest", body(&conceal, &["secret"])),
        ("V1GenerateRequest", body(&generate, &[])),
        ("V1PassphraseRequest", body(&[guess()], &[])),
        ("V2ConcealRequest", within(conceal, true)),
        ("V2GenerateRequest", within(generate, false)),
        (
            "V2RevealRequest",
            body(
                &[
                    guess(),
                    (
                        "continue",
                        object! {
                        "description" => "`true`, or the text `true`, reveals; anything else, or nothing, only shows." },
                    ),
                ],
                &[],
            ),
        ),
        (
            "V2BurnRequest",
            body(
                &[
                    guess(),
                    (
                        "continue",
                        object! {
                        "description" => "Accepted and not needed: a burn burns." },
                    ),
                ],
                &[],
            ),
        ),
        (
            "V2StatusesRequest",
            body(
                &[(
                    "identifiers",
                    object! {
                        "description" => "At most 100 identifiers: a list, or one text that parts them with commas.",
                        "anyOf" => [
                            object! { "type" => ["string", "null"] },
                            object! { "type" => "array", "items" => object! { "type" => ["string", "null"] } },
                        ],
                    },
                )],
                &[],
            ),
        ),
        (
            "V2MemoRequest",
            body(
                &[(
                    "memo",
                    object! { "type" => ["string", "null"], "maxLength" => 500_u64,
                    "description" => "The note; empty, null or nothing clears it." },
                )],
                &[],
            ),
        ),
    ];
    let forms = bodies.iter().map(|(name, body)| (name.replace("Request", "Form"), form_of(body)));
    let all: Vec<(String, Json)> =
        bodies.iter().map(|(name, body)| ((*name).to_owned(), body.clone())).collect();
    all.into_iter().chain(forms.collect::<Vec<_>>()).collect()
}

fn body(members: &[(&str, Json)], required: &[&str]) -> Json {
    let mut body = object! { "type" => "object" };
    if !required.is_empty() {
        body.set("required", required.to_vec());
    }
    let members = members.iter().map(|(name, shape)| ((*name).to_owned(), shape.clone()));
    body.set("properties", Json::Object(members.collect()));
    body
}

/// What any new secret may be given.
fn terms() -> Vec<(&'static str, Json)> {
    vec![
        (
            "passphrase",
            object! { "type" => ["string", "null"], "maxLength" => 1024_u64,
            "description" => "To be known by whoever reads it; at most 1024 bytes. The operator may ask for one, and \
                              for its length." },
        ),
        (
            "ttl",
            object! {
                "description" => "Seconds to live: a number, whose fraction is cut, or text of digits. 0, empty, null or \
                                  nothing means the default; what is out of the operator's range is clamped to it.",
                "anyOf" => [
                    object! { "type" => ["number", "null"] },
                    object! { "type" => "string", "pattern" => "^[0-9]*$" },
                ],
            },
        ),
        (
            "recipient",
            object! {
                "description" => "An address to mail the link to: a text, or a list with it. Takes an account, and a \
                                  server that sends mail.",
                "anyOf" => [
                    object! { "type" => ["string", "null"] },
                    object! { "type" => "array", "items" => object! { "type" => ["string", "null"] } },
                ],
            },
        ),
        (
            "share_domain",
            object! { "type" => ["string", "null"],
            "description" => "The host of the link: this server's own, one that the operator lists, or empty for the \
                              default." },
        ),
    ]
}

/// What a generated value is made of.
fn recipe() -> Vec<(&'static str, Json)> {
    let set = |what: &str| {
        object! {
        "description" => format!("{what} `false`, or the text `false`, turns this off; all else leaves it on.") }
    };
    vec![
        (
            "length",
            object! {
                "description" => "Characters, 4 to 128: a number, whose fraction is cut, or text of digits. By default 12.",
                "anyOf" => [
                    object! { "type" => "number", "minimum" => 4_u64, "exclusiveMaximum" => 129_u64 },
                    object! { "type" => "string", "pattern" => "^[0-9]*$" },
                    object! { "type" => "null" },
                ],
            },
        ),
        (
            "character_sets",
            object! {
                "type" => ["object", "null"],
                "description" => "What the value consists of: everything, unless it is turned off. At least one of each set \
                                  that is on is in it.",
                "properties" => object! {
                    "uppercase" => set("Capital letters."),
                    "lowercase" => set("Small letters."),
                    "numbers" => set("Digits."),
                    "symbols" => set("Punctuation."),
                    "exclude_ambiguous" => set("Leaves out what looks alike, such as `O` and `0`."),
                },
            },
        ),
    ]
}

fn guess() -> (&'static str, Json) {
    (
        "passphrase",
        object! { "type" => ["string", "null"], "description" => "The passphrase, if one was set." },
    )
}

/// The same parameters as a form, where all are texts and nested names are in brackets.
fn form_of(body: &Json) -> Json {
    let mut names = Vec::new();
    flatten(body, "", &mut names);
    let required: Vec<&str> =
        names.iter().filter(|(_, _, needed)| *needed).map(|(name, _, _)| &**name).collect();
    let members: Vec<(&str, Json)> = names.iter().map(|(name, shape, _)| (&**name, shape.clone())).collect();
    self::body(&members, &required)
}

fn flatten(body: &Json, outer: &str, names: &mut Vec<(String, Json, bool)>) {
    for (name, shape) in body.get("properties").members() {
        let full = if outer.is_empty() { name.clone() } else { format!("{outer}[{name}]") };
        if !shape.get("properties").is_null() {
            flatten(shape, &full, names);
            continue;
        }
        let mut text = object! { "type" => "string", "description" => shape.get("description").clone() };
        let of_text = shape.get("anyOf").list().iter().find(|shape| !shape.get("pattern").is_null());
        for part in ["minLength", "maxLength", "pattern"] {
            let limit = of_text.unwrap_or(shape).get(part);
            if !limit.is_null() {
                text.set(part, limit.clone());
            }
        }
        let is_needed = body.get("required").list().contains(&name.as_str().into());
        names.push((full, text, is_needed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_added_by_name_has_a_place() {
        let all = all();
        for (schema, member, _) in TEXTS {
            assert!(!all.at(&[schema, "properties", member]).is_null(), "{schema} has no {member}");
        }
        for (member, _) in FORMS {
            let is_there =
                all.members().iter().any(|(_, schema)| !schema.at(&["properties", member]).is_null());
            assert!(is_there, "nothing has a member {member}");
        }
    }

    #[test]
    fn every_parameter_that_is_read_is_described_and_no_other() {
        let sources =
            [include_str!("../wishes.rs"), include_str!("../v1.rs"), include_str!("../v2.rs")].concat();
        let reads = ["text", "text_or_empty", "number", "texts", "is_true", "is_false", "inner"];
        let mut read = BTreeSet::new();
        for call in reads {
            let call = format!(".{call}(\"");
            let after = sources.match_indices(&call).map(|(start, _)| &sources[start + call.len()..]);
            read.extend(after.filter_map(|rest| rest.split('"').next()));
        }
        // What is accepted and not looked at.
        read.insert("kind");
        let all = all();
        let mut described = BTreeSet::new();
        for (_, schema) in all.members().iter().filter(|(name, _)| name.ends_with("Request")) {
            collect(schema, &mut described);
        }
        assert_eq!(described, read);
    }

    fn collect<'s>(schema: &'s Json, names: &mut BTreeSet<&'s str>) {
        for (name, shape) in schema.get("properties").members() {
            names.insert(name);
            collect(shape, names);
        }
    }

    #[test]
    fn every_member_is_explained() {
        for (name, schema) in all().members() {
            for (member, shape) in schema.get("properties").members() {
                assert!(!shape.get("description").text().is_empty(), "{name}.{member} is not explained");
            }
        }
    }
}
