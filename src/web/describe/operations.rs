//! What the routes do, in the words of the description. One line for each thing that can be done;
//! the names a route has besides, and its twin for guests, are found from it.

use super::json::{Json, object};

/// Something that can be done over HTTP.
pub struct Operation {
    pub version: &'static str,
    pub method: &'static str,
    /// Below the version, by the name that is documented first.
    pub path: &'static str,
    /// Begins the identifier of the operation.
    pub name: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    /// Whether it takes an account.
    pub needs_account: bool,
    /// The parameters: a schema of `schemas::requests`, and an example.
    pub request: Option<(&'static str, Json)>,
    /// The schemas of its replies; none if it never succeeds.
    pub replies: &'static [&'static str],
    /// The outcome whose golden file is the example.
    pub golden: &'static str,
    /// Refusals besides those of every route.
    pub refusals: &'static [u16],
}

/// Refusals that any request may meet.
pub const ALWAYS: [u16; 4] = [401, 429, 500, 503];
/// Those of a request with parameters.
pub const WITH_PARAMETERS: [u16; 4] = [400, 403, 413, 415];

/// Everything that can be done.
pub fn all() -> Vec<Operation> {
    let mut all = v1_secrets();
    all.extend(v1_receipts());
    all.extend(v1_service());
    all.extend(v2_secrets());
    all.extend(v2_receipts());
    all.extend(v2_service());
    all
}

fn v1_secrets() -> Vec<Operation> {
    vec![
        Operation {
            name: "Share",
            request: Some(("V1ShareRequest", object! { "secret" => "correct horse" })),
            refusals: &[422, 507],
            ..post(
                "v1",
                "/share",
                "Share a secret",
                "Stores a text and answers with two identifiers: `secret_key` to share, `metadata_key` to keep.",
                &["V1Receipt"],
            )
        },
        Operation {
            name: "Generate",
            request: Some(("V1GenerateRequest", object! { "length" => 20_u64 })),
            refusals: &[422, 507],
            ..post(
                "v1",
                "/generate",
                "Generate a password and share it",
                "Makes a random value, stores it, and shows it in this reply. A `secret` that is sent is ignored.",
                &["V1Receipt"],
            )
        },
        Operation {
            name: "Reveal",
            request: Some(("V1PassphraseRequest", object! {})),
            refusals: &[404, 422],
            ..post(
                "v1",
                "/secret/{key}",
                "Read a secret, once",
                "Reveals at once, and the secret is gone. A wrong or missing passphrase is answered as an \
                 unknown secret, and consumes nothing. With an `Idempotency-Key`, a reply that got lost can be \
                 fetched again.",
                &["V1Revealed"],
            )
        },
    ]
}

fn v1_receipts() -> Vec<Operation> {
    vec![
        Operation {
            name: "Receipt",
            refusals: &[404],
            ..get(
                "v1",
                "/private/{key}",
                "See what became of a secret",
                "Whoever has the receipt's key may look, without an account too.",
                &["V1Receipt"],
            )
        },
        Operation {
            name: "ReceiptByPost",
            refusals: &[403, 404],
            ..post(
                "v1",
                "/private/{key}",
                "See what became of a secret, by POST",
                "The same as by GET: many older programs send POST.",
                &["V1Receipt"],
            )
        },
        Operation {
            name: "Burn",
            request: Some(("V1PassphraseRequest", object! {})),
            refusals: &[404],
            ..post(
                "v1",
                "/private/{key}/burn",
                "Destroy a secret unread",
                "Asks for the passphrase, if one was set. A second time, or after a read: 404.",
                &["V1Burned"],
            )
        },
        Operation {
            name: "Recent",
            needs_account: true,
            ..get(
                "v1",
                "/private/recent",
                "List an account's receipts",
                "Those of the last 30 days, newest first. No line holds a `secret_key`.",
                &["V1Receipts"],
            )
        },
        Operation {
            name: "NoReceipt",
            refusals: &[403, 404],
            ..post(
                "v1",
                "/private/recent",
                "No list by POST",
                "By POST `recent` is a key like any other, and nobody's: always 404.",
                &[],
            )
        },
    ]
}

fn v1_service() -> Vec<Operation> {
    vec![
        Operation {
            name: "Status",
            ..get("v1", "/status", "Ask whether the server is well", "It answers, so it is.", &["V1Status"])
        },
        Operation {
            name: "Authcheck",
            needs_account: true,
            ..get(
                "v1",
                "/authcheck",
                "Check an account's credentials",
                "401 if they are wrong.",
                &["V1Status"],
            )
        },
    ]
}

fn v2_secrets() -> Vec<Operation> {
    vec![
        Operation {
            name: "Conceal",
            request: Some((
                "V2ConcealRequest",
                object! { "secret" => object! { "secret" => "correct horse" } },
            )),
            refusals: &[422, 507],
            ..post(
                "v2",
                "/secret/conceal",
                "Conceal a secret",
                "Stores a text and answers with the identifiers of the secret, to share, and of its receipt, to keep.",
                &["V2ConcealReply"],
            )
        },
        Operation {
            name: "Generate",
            request: Some(("V2GenerateRequest", object! { "secret" => object! { "length" => 20_u64 } })),
            refusals: &[422, 507],
            ..post(
                "v2",
                "/secret/generate",
                "Generate a password and conceal it",
                "Makes a random value, stores it, and shows it in this reply as `record.secret.secret_value`.",
                &["V2ConcealReply"],
            )
        },
        Operation {
            name: "Show",
            refusals: &[404],
            ..get(
                "v2",
                "/secret/{id}",
                "Look at a secret without reading it",
                "Says whether it is there and takes a passphrase. Consumes nothing; looks by GET are counted on \
                 the receipt. A passphrase that is sent is ignored.",
                &["V2SecretReply"],
            )
        },
        Operation {
            name: "Reveal",
            request: Some(("V2RevealRequest", object! { "continue" => true })),
            refusals: &[404, 422],
            ..post(
                "v2",
                "/secret/{id}/reveal",
                "Read a secret, once",
                "With `continue`, and the passphrase if one was set, reveals the secret, and it is gone. Without \
                 `continue` it only shows, and the passphrase is not looked at. A wrong passphrase is 422 and \
                 consumes nothing. With an `Idempotency-Key`, a reply that got lost can be fetched again.",
                &["V2SecretReply"],
            )
        },
        Operation {
            name: "SecretStatus",
            ..get(
                "v2",
                "/secret/{id}/status",
                "Ask for a secret's state",
                "Always 200: what is not there has the state `unknown`. Not counted as a look.",
                &["V2SecretStatusReply", "V2UnknownReply"],
            )
        },
        Operation {
            name: "SecretStatuses",
            request: Some(("V2StatusesRequest", object! { "identifiers" => [EXAMPLE_SECRET] })),
            refusals: &[422],
            ..post(
                "v2",
                "/secret/status",
                "Ask for many secrets' states",
                "At most 100 at once. Those that are not there are left out.",
                &["V2StatusesReply"],
            )
        },
    ]
}

fn v2_receipts() -> Vec<Operation> {
    vec![
        Operation {
            name: "Receipt",
            refusals: &[404],
            ..get(
                "v2",
                "/receipt/{id}",
                "See what became of a secret",
                "Whoever has the receipt's identifier may look, without an account too.",
                &["V2ReceiptReply"],
            )
        },
        Operation {
            name: "Burn",
            request: Some(("V2BurnRequest", object! {})),
            refusals: &[404, 422],
            ..post(
                "v2",
                "/receipt/{id}/burn",
                "Destroy a secret unread",
                "Asks for the passphrase, if one was set; a wrong one is 422. An empty body is fine. A second time, \
                 or after a read: 404.",
                &["V2ReceiptReply"],
            )
        },
        Operation {
            method: "patch",
            name: "Memo",
            needs_account: true,
            request: Some(("V2MemoRequest", object! { "memo" => "for Ann" })),
            refusals: &[404, 422, 507],
            ..post(
                "v2",
                "/receipt/{id}",
                "Note something on a receipt",
                "For the account that made the secret. At most 500 characters; an empty text clears the memo.",
                &["V2ReceiptReply"],
            )
        },
        Operation {
            name: "Recent",
            needs_account: true,
            ..get(
                "v2",
                "/receipt/recent",
                "List an account's receipts",
                "Those of the last 30 days, newest first.",
                &["V2RecentReply"],
            )
        },
    ]
}

fn v2_service() -> Vec<Operation> {
    vec![
        Operation {
            name: "Status",
            ..get("v2", "/status", "Ask whether the server is well", "It answers, so it is.", &["V2Status"])
        },
        Operation {
            name: "Version",
            ..get("v2", "/version", "Ask for the server's version", "Of the program.", &["V2Version"])
        },
        Operation {
            name: "Locales",
            ..get(
                "v2",
                "/supported-locales",
                "Ask for the server's languages",
                "Those of its messages.",
                &["V2Locales"],
            )
        },
    ]
}

fn get(
    version: &'static str,
    path: &'static str,
    summary: &'static str,
    description: &'static str,
    replies: &'static [&'static str],
) -> Operation {
    Operation {
        version,
        method: "get",
        path,
        name: "",
        summary,
        description,
        needs_account: false,
        request: None,
        replies,
        golden: "success",
        refusals: &[],
    }
}

fn post(
    version: &'static str,
    path: &'static str,
    summary: &'static str,
    description: &'static str,
    replies: &'static [&'static str],
) -> Operation {
    Operation { method: "post", ..get(version, path, summary, description, replies) }
}

/// Identifiers in examples: of the right form, and nobody's.
pub const EXAMPLE_SECRET: &str = "k3v9x0qhm2w7r4tzc8n1bd5fj6ypags";
pub const EXAMPLE_RECEIPT: &str = "r8e2c5p1t7z4m0x9k6w3q2v5h8n1bjd";

/// The documented name of a path below a version, the other name it goes by, and whether it is the
/// twin for guests.
pub fn canonical(version: &str, path: &str) -> (String, Option<&'static str>, bool) {
    let (path, is_guest) = path.strip_prefix("/guest").map_or((path, false), |path| (path, true));
    let aliases: &[(&'static str, &str, &str)] = match version {
        "v1" => &[
            ("Create", "/create", "/share"),
            ("Metadata", "/metadata", "/private"),
            ("Receipt", "/receipt", "/private"),
        ],
        _ => &[("Private", "/private", "/receipt")],
    };
    let alias = aliases.iter().find(|(_, alias, _)| path.starts_with(alias));
    match alias {
        Some((name, alias, documented)) => (path.replacen(alias, documented, 1), Some(name), is_guest),
        None => (path.to_owned(), None, is_guest),
    }
}
