//! Every endpoint's every outcome, byte for byte: status, headers, and JSON with its exact types in
//! its own order, one file each in `golden/`. `UPDATE_GOLDEN=1 cargo test --test api` writes them
//! anew; what changed then shows in the diff.

use crate::support::http::Login;
use crate::support::http::Reply;
use crate::support::server::{Made, policy};
use crate::support::{Request, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use tellonce::app::Policy;
use tellonce::limits::AttemptPolicy;
use tellonce::web::{v1, v2};

/// Of the right form, and nobody's.
const UNKNOWN: &str = "abcdefghijklmnopqrstuvwxyz01234";
/// `someone@example.com:0123abcd`.
const WRONG_CREDENTIALS: &str = "Basic c29tZW9uZUBleGFtcGxlLmNvbTowMTIzYWJjZA==";
/// Headers that say when, and how much of a body was read, but nothing of the answer.
const VOLATILE: [&str; 2] = ["date", "connection"];
/// Longer than any body that [`rules`] admit.
const TOO_LONG: usize = 6 * 1000 + (64 << 10) + 1;

#[test]
fn every_reply_is_as_it_was_written_down() {
    let server = Server::start_with(rules());
    let cases = cases();
    let logins = Logins::add_to(&server);
    let made = make_all(&server, &logins, &cases);
    let replies =
        cases.iter().zip(&made).map(|(case, made)| (case.file(), case.play(&server, &logins, made)));
    let replies: BTreeMap<String, String> = replies.collect();
    assert_eq!(replies.len(), cases.len(), "two cases have the same name");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write_all(&replies);
    }
    let complaints = compare(&replies, &read_all());
    assert!(complaints.is_empty(), "{complaints}");
}

/// Small bounds, so that bodies are short and few guesses are needed.
fn rules() -> Policy {
    let attempts =
        AttemptPolicy { per_window: 2, window: 50, lockout: 1800, lifetime: 3, ..policy().attempts };
    Policy { max_secret_bytes: 1000, attempts, ..policy() }
}

/// The accounts there are.
struct Logins {
    /// Makes what is asked about.
    owner: Login,
    other: Login,
    /// Has made two secrets, one of which was read.
    lister: Login,
    listed: [Made; 2],
    /// Has made none.
    newcomer: Login,
}

impl Logins {
    fn add_to(server: &Server) -> Self {
        let [owner, other, lister, newcomer] = ["owner", "other", "lister", "newcomer"]
            .map(|name| server.account(&format!("{name}@example.com")));
        let listed = [(); 2].map(|()| server.conceal_as(&lister, json!({ "secret": "hello" })));
        Self { owner, other, lister, listed, newcomer }
    }

    fn of(&self, who: Who) -> &Login {
        match who {
            Who::Owner => &self.owner,
            Who::Other => &self.other,
            Who::Lister => &self.lister,
            Who::Newcomer => &self.newcomer,
        }
    }
}

#[derive(Clone, Copy)]
enum Who {
    Owner,
    Other,
    Lister,
    Newcomer,
}

/// What has happened to a secret before the request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Made by an account.
    Owned,
    Protected,
    OtherDomain,
    Generated,
    Looked,
    Revealed,
    Burned,
    Expired,
    /// Destroyed by wrong guesses.
    Orphaned,
    /// Its guesses are used up for now.
    Limited,
}

/// Gives each case a secret of its own: made at the start, used 100 seconds later, and 100 seconds
/// after that the requests are sent.
fn make_all(server: &Server, logins: &Logins, cases: &[Case]) -> Vec<Made> {
    let made: Vec<Made> = cases.iter().map(|case| make(server, logins, case.before)).collect();
    server.advance(100);
    server.reveal(&logins.listed[0]).ok();
    for (case, made) in cases.iter().zip(&made) {
        use_up(server, case.before, made);
    }
    server.advance(100);
    made
}

fn make(server: &Server, logins: &Logins, before: Before) -> Made {
    match before {
        Before::Owned => server.conceal_as(&logins.owner, json!({ "secret": "hello" })),
        Before::Protected | Before::Limited => {
            server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }))
        }
        Before::OtherDomain => {
            server.conceal_with(json!({ "secret": "hello", "share_domain": "links.example" }))
        }
        Before::Expired => server.conceal_with(json!({ "secret": "hello", "ttl": 150 })),
        Before::Generated => {
            let reply = server.post("/api/v2/secret/generate", &json!({ "secret": {} })).ok();
            let id = |pointer| reply.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
            Made { secret: id("/record/secret/identifier"), receipt: id("/record/receipt/identifier") }
        }
        Before::Orphaned => {
            let made = server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }));
            server.reveal_with(&made, Some("wrong")).expect(422);
            made
        }
        Before::Nothing | Before::Looked | Before::Revealed | Before::Burned => server.conceal("hello"),
    }
}

fn use_up(server: &Server, before: Before, made: &Made) {
    match before {
        Before::Looked => drop(server.get(&format!("/api/v2/secret/{}", made.secret)).ok()),
        Before::Revealed => drop(server.reveal(made).ok()),
        Before::Burned => {
            drop(server.post(&format!("/api/v2/receipt/{}/burn", made.receipt), &json!({})).ok());
        }
        Before::Orphaned | Before::Limited => {
            for _ in 0..2 {
                server.reveal_with(made, Some("wrong")).expect(422);
            }
        }
        _ => {}
    }
}

/// A request, and what came before it. In its texts `{secret}` and `{receipt}` stand for identifiers.
#[derive(Clone)]
struct Case {
    route: String,
    method: String,
    outcome: String,
    before: Before,
    target: String,
    who: Option<Who>,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
}

impl Case {
    fn new(route: &str, method: &str, outcome: &str) -> Self {
        let own = if route.contains("secret/{") { "{secret}" } else { "{receipt}" };
        Self {
            route: route.into(),
            method: method.to_uppercase(),
            outcome: outcome.into(),
            before: Before::Nothing,
            target: route.replace("{key}", own).replace("{id}", own),
            who: None,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// With this account's credentials.
    fn by(self, who: Who) -> Self {
        Self { who: Some(who), ..self }
    }

    fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn form(self, body: impl Into<String>) -> Self {
        let case = self.header("Content-Type", "application/x-www-form-urlencoded");
        Self { body: body.into(), ..case }
    }

    fn json(self, body: impl ToString) -> Self {
        let case = self.header("Content-Type", "application/json");
        Self { body: body.to_string(), ..case }
    }

    /// With another identifier in the path.
    fn id(self, id: &str) -> Self {
        Self { target: self.target.replace("{secret}", id).replace("{receipt}", id), ..self }
    }

    fn file(&self) -> String {
        let route = self.route.trim_start_matches("/api/").replace(['{', '}'], "").replace('/', "-");
        format!("{route}-{}-{}.txt", self.method.to_lowercase(), self.outcome)
    }

    #[track_caller]
    fn play(&self, server: &Server, logins: &Logins, made: &Made) -> String {
        let fill = |text: &str| text.replace("{secret}", &made.secret).replace("{receipt}", &made.receipt);
        let mut request = Request::new(&self.method, &fill(&self.target));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = if self.body.is_empty() { request } else { request.body(fill(&self.body)) };
        let login = self.who.map(|who| logins.of(who));
        let reply = server.send(&login.map_or(request.clone(), |login| request.login(login)));
        let mut text = self.as_sent(login);
        writeln!(text, "\nHTTP/1.1 {}", reply.status).expect("a text");
        let headers: BTreeSet<String> = reply
            .headers
            .iter()
            .filter(|(name, _)| !VOLATILE.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        text.extend(headers);
        text + "\n" + &self.masked_body(&reply, logins, made)
    }

    /// The request, with its placeholders.
    fn as_sent(&self, login: Option<&Login>) -> String {
        let mut text = format!("{} {}\n", self.method, self.target);
        if let Some(login) = login {
            writeln!(text, "Authorization: Basic ({}:token)", login.user).expect("a text");
        }
        for (name, value) in &self.headers {
            writeln!(text, "{name}: {value}").expect("a text");
        }
        match self.body.len() {
            0 => {}
            1..=500 => writeln!(text, "\n{}", self.body).expect("a text"),
            length => writeln!(text, "\n({length} bytes)").expect("a text"),
        }
        text
    }

    #[track_caller]
    fn masked_body(&self, reply: &Reply, logins: &Logins, made: &Made) -> String {
        if reply.body.is_empty() {
            return String::new();
        }
        let mut text = reply.text();
        let body = reply.json();
        let own = |pointer| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let creates =
            ["/share", "/create", "/generate", "/conceal"].iter().any(|end| self.route.ends_with(end));
        let (secret, receipt) = if creates && reply.status == 200 {
            let secret = own("/secret_key").or_else(|| own("/record/secret/identifier"));
            let receipt = own("/metadata_key").or_else(|| own("/record/receipt/identifier"));
            (secret.expect("a secret"), receipt.expect("a receipt"))
        } else {
            (made.secret.clone(), made.receipt.clone())
        };
        let [first, second] = &logins.listed;
        let names = [
            (&secret, "secret"),
            (&receipt, "receipt"),
            (&first.secret, "first secret"),
            (&first.receipt, "first receipt"),
            (&second.secret, "second secret"),
            (&second.receipt, "second receipt"),
        ];
        for (id, name) in names {
            assert!(is_identifier(id), "{id}");
            text = text.replace(id, &format!("{{{name}}}"));
            text = text.replace(&format!("\"{}\"", &id[..8]), &format!("\"{{{name} shortid}}\""));
        }
        if let Some(error_id) = own("/error_id") {
            assert!(
                error_id.len() == 20 && error_id.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{error_id}"
            );
            text = text.replace(&error_id, "{error_id}");
        }
        if self.route.ends_with("/generate")
            && let Some(value) = own("/value").or_else(|| own("/record/secret/secret_value"))
        {
            assert!([12, 20].contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()));
            text = text.replace(&json!(value).to_string(), "\"{value}\"");
        }
        let version = format!("[{}]", env!("CARGO_PKG_VERSION").replace('.', ","));
        assert_no_identifier(&text);
        pretty(&text.replace(&version, "\"{version}\""))
    }
}

fn is_identifier(text: &str) -> bool {
    text.len() == 31 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[track_caller]
fn assert_no_identifier(text: &str) {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let left: Vec<&str> = words.filter(|word| is_identifier(word) && *word != UNKNOWN).collect();
    assert!(left.is_empty(), "an identifier that nobody expects: {left:?} in {text}");
}

/// All routes' cases. A route that is not known here fails the test.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, methods) in routes {
            let route = format!("{base}{path}");
            for method in *methods {
                // HEAD is GET without a body: a few outcomes show it.
                let few =
                    |case: &Case| ["success", "unknown", "no-credentials"].contains(&case.outcome.as_str());
                let outcomes = of_route(&route, method).into_iter();
                cases.extend(outcomes.filter(|case| *method != "head" || few(case)));
                let refused = Case::new(&route, method, "wrong-credentials");
                cases.push(refused.header("Authorization", WRONG_CREDENTIALS));
            }
            cases.push(Case::new(&route, "options", "success"));
            cases.push(Case::new(&route, "delete", "not-allowed"));
        }
        cases.push(Case::new(&format!("{base}/nowhere"), "get", "no-route"));
        cases.push(Case::new(&format!("{base}/nowhere"), "post", "no-route").form("secret=hello"));
    }
    cases
}

fn of_route(route: &str, method: &str) -> Vec<Case> {
    let case = |outcome: &str| Case::new(route, method, outcome);
    let path = route.replace("/guest", "").replace("/metadata", "/private").replace("/receipt", "/private");
    match (path.as_str(), method) {
        ("/api/v1/status" | "/api/v2/status" | "/api/v2/version" | "/api/v2/supported-locales", _) => {
            vec![case("success"), case("blank-credentials").header("Authorization", "Basic Og==")]
        }
        ("/api/v1/authcheck", _) => {
            let mut cases = account(&case);
            cases.push(case("success").by(Who::Newcomer));
            cases
        }
        ("/api/v1/private/recent" | "/api/v2/private/recent", "get" | "head") => {
            let mut cases = account(&case);
            cases.push(case("success").by(Who::Lister));
            cases.push(case("success-none").by(Who::Newcomer));
            cases
        }
        ("/api/v2/private/{id}", "patch") => memo(&case),
        ("/api/v1/private/recent", "post") => vec![case("unknown")],
        ("/api/v1/share" | "/api/v1/create", "post") => share(&case),
        ("/api/v1/generate", "post") => generate_v1(&case),
        ("/api/v1/secret/{key}", "post") => reveal_v1(&case),
        ("/api/v1/private/{key}" | "/api/v2/private/{id}", _) => receipt(&case),
        ("/api/v1/private/{key}/burn", "post") => burn_v1(&case),
        ("/api/v2/secret/conceal", "post") => conceal(&case),
        ("/api/v2/secret/generate", "post") => generate_v2(&case),
        ("/api/v2/secret/{id}" | "/api/v2/secret/{id}/status", _) => show(&case),
        ("/api/v2/secret/{id}/reveal", "post") => reveal_v2(&case),
        ("/api/v2/secret/status", "post") => statuses(&case),
        ("/api/v2/private/{id}/burn", "post") => burn_v2(&case),
        _ => panic!("{method} {route} has no golden files: add its outcomes"),
    }
}

type New<'a> = &'a dyn Fn(&str) -> Case;

fn account(case: New) -> Vec<Case> {
    vec![
        case("no-credentials"),
        case("blank-credentials").header("Authorization", "Basic Og=="),
        case("other-scheme").header("Authorization", "Bearer 0123abcd"),
    ]
}

fn memo(case: New) -> Vec<Case> {
    let mut cases: Vec<Case> =
        account(case).into_iter().map(|case| case.json(json!({ "memo": "for Ann" }))).collect();
    let with = |outcome: &str, memo: Value| {
        case(outcome).after(Before::Owned).by(Who::Owner).json(json!({ "memo": memo }))
    };
    cases.extend([
        with("success", json!("for Ann")),
        with("success-cleared", json!("")),
        with("long-memo", json!("m".repeat(501))),
        with("memo-is-a-number", json!(1)),
        with("foreign-site", json!("for Ann")).header("Origin", "https://evil.example"),
        with("other-account", json!("for Ann")).by(Who::Other),
        with("unknown", json!("for Ann")).id(UNKNOWN),
    ]);
    cases
}

/// The same for the account that made a secret, and for another one.
fn owned(case: New) -> [Case; 2] {
    [
        case("success-owner").after(Before::Owned).by(Who::Owner),
        case("success-other-account").after(Before::Owned).by(Who::Other),
    ]
}

/// What any POST with parameters may get wrong.
fn unreadable(case: New) -> Vec<Case> {
    vec![
        case("bad-json").json("{\"secret\": "),
        case("json-list").json("[\"hello\"]"),
        case("not-utf8").form("passphrase=%ff"),
        case("broken-multipart").header("Content-Type", "multipart/form-data; boundary=x").raw("hello"),
        case("compressed").header("Content-Encoding", "gzip").raw("\u{1f}hello"),
        case("too-large").form(format!("secret={}", "a".repeat(TOO_LONG))),
    ]
}

impl Case {
    fn raw(self, body: &str) -> Self {
        Self { body: body.into(), ..self }
    }
}

/// What any request with an identifier may get wrong.
fn nobody(case: New) -> Vec<Case> {
    vec![
        case("unknown").id(UNKNOWN),
        case("malformed-id").id("ABC"),
        case("revealed").after(Before::Revealed),
        case("burned").after(Before::Burned),
        case("expired").after(Before::Expired),
        case("orphaned").after(Before::Orphaned),
    ]
}

/// Parameters of a new secret that break a rule, as v1 forms.
fn refused_v1(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("ttl-not-digits").form("secret=hello&ttl=soon"),
        case("recipient").form("secret=hello&recipient=ann@example.com"),
        case("foreign-share-domain").form("secret=hello&share_domain=evil.example"),
        case("long-passphrase").form(format!("secret=hello&passphrase={}", "p".repeat(1025))),
        case("passphrase-is-a-number").json(json!({ "secret": "hello", "passphrase": 1 })),
        case("ttl-is-a-list").json(json!({ "secret": "hello", "ttl": [60] })),
        case("recipient-is-an-object").json(json!({ "secret": "hello", "recipient": { "to": "ann" } })),
        case("share-domain-is-a-bool").json(json!({ "secret": "hello", "share_domain": true })),
    ];
    cases.extend(unreadable(case));
    cases
}

fn share(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success").form("secret=hello"),
        case("success-json").json(json!({ "secret": "hello" })),
        case("success-everything")
            .form("secret=hello&passphrase=right&ttl=3600&recipient=&share_domain=links.example&unknown=1"),
        case("account").by(Who::Owner).form("secret=hello&ttl=9999999&recipient=friend@example.org"),
        case("foreign-site").by(Who::Owner).header("Origin", "https://evil.example").form("secret=hello"),
        case("no-secret"),
        case("empty-secret").form("secret="),
        case("long-secret").form(format!("secret={}", "s".repeat(1001))),
        case("secret-is-a-number").json(json!({ "secret": 1 })),
    ];
    cases.extend(refused_v1(case));
    cases
}

fn generate_v1(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success"),
        case("success-everything").form(
            "length=20&character_sets[symbols]=false&passphrase=right&ttl=3600&share_domain=links.example",
        ),
        case("account").by(Who::Owner),
        case("short-length").form("length=3"),
        case("long-length").form("length=129"),
        case("length-not-digits").form("length=many"),
        case("length-is-a-bool").json(json!({ "length": true })),
        case("no-character-set").json(json!({ "character_sets": {
            "uppercase": false, "lowercase": false, "numbers": false, "symbols": false,
        } })),
        case("character-sets-is-a-text").form("character_sets=all"),
    ];
    cases.extend(refused_v1(case));
    cases
}

/// Right, wrong and missing passphrases.
fn guesses(case: New) -> Vec<Case> {
    let right = json!({ "passphrase": "right", "continue": true });
    let wrong = json!({ "passphrase": "wrong", "continue": true });
    vec![
        case("right-passphrase").after(Before::Protected).json(&right),
        case("wrong-passphrase").after(Before::Protected).json(&wrong),
        case("missing-passphrase").after(Before::Protected).json(json!({ "continue": true })),
        case("too-many-guesses").after(Before::Limited).json(&right),
        case("passphrase-is-a-number")
            .after(Before::Protected)
            .json(json!({ "passphrase": 1, "continue": true })),
    ]
}

fn reveal_v1(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success"),
        case("success-other-domain").after(Before::OtherDomain),
        case("success-with-passphrase-for-none").form("passphrase=needless"),
    ];
    cases.extend(owned(case));
    cases.extend(guesses(case));
    cases.extend(nobody(case));
    cases.extend(unreadable(case));
    cases
}

fn receipt(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success"),
        case("protected").after(Before::Protected),
        case("other-domain").after(Before::OtherDomain),
        case("generated").after(Before::Generated),
        case("looked-at").after(Before::Looked),
        case("guessed-at").after(Before::Limited),
    ];
    cases.extend(owned(case));
    cases.extend(nobody(case));
    cases
}

fn burn_v1(case: New) -> Vec<Case> {
    let mut cases = vec![case("success"), case("success-other-domain").after(Before::OtherDomain)];
    cases.extend(owned(case));
    cases.extend(guesses(case));
    cases.extend(nobody(case));
    cases.extend(unreadable(case));
    cases
}

/// Parameters of a new secret that break a rule, nested as in v2.
fn refused_v2(case: New) -> Vec<Case> {
    let with = |name: &str, value: Value| json!({ "secret": { "secret": "hello", name: value } });
    let mut cases = vec![
        case("ttl-not-digits").json(with("ttl", json!("soon"))),
        case("recipient").json(with("recipient", json!(["ann@example.com"]))),
        case("foreign-share-domain").json(with("share_domain", json!("evil.example"))),
        case("long-passphrase").json(with("passphrase", json!("p".repeat(1025)))),
        case("passphrase-is-a-number").json(with("passphrase", json!(1))),
        case("ttl-is-a-list").json(with("ttl", json!([60]))),
        case("recipient-is-an-object").json(with("recipient", json!({ "to": "ann" }))),
        case("share-domain-is-a-bool").json(with("share_domain", json!(true))),
        case("secret-is-no-object").json(json!({ "secret": "hello" })),
    ];
    cases.extend(unreadable(case));
    cases
}

fn conceal(case: New) -> Vec<Case> {
    let everything = json!({ "secret": {
        "kind": "conceal", "secret": "hello", "share_domain": "links.example", "recipient": [],
        "passphrase": "right", "ttl": 5400, "unknown": 1,
    } });
    let mut cases = vec![
        case("success").json(json!({ "secret": { "secret": "hello" } })),
        case("success-everything").json(everything),
        case("account").by(Who::Owner).json(json!({ "secret": { "secret": "hello", "ttl": 9_999_999 } })),
        case("no-object"),
        case("no-secret").json(json!({ "secret": {} })),
        case("empty-secret").json(json!({ "secret": { "secret": "" } })),
        case("long-secret").json(json!({ "secret": { "secret": "s".repeat(1001) } })),
        case("secret-is-a-number").json(json!({ "secret": { "secret": 1 } })),
    ];
    cases.extend(refused_v2(case));
    cases
}

fn generate_v2(case: New) -> Vec<Case> {
    let everything = json!({ "secret": {
        "kind": "generate", "share_domain": "links.example", "passphrase": "right", "ttl": 90, "length": "20",
        "character_sets": { "symbols": false, "exclude_ambiguous": "false" },
    } });
    let none = json!({ "uppercase": false, "lowercase": false, "numbers": false, "symbols": false });
    let mut cases = vec![
        case("success").json(json!({ "secret": { "kind": "generate" } })),
        case("success-everything").json(everything),
        case("success-no-object"),
        case("account").by(Who::Owner),
        case("short-length").json(json!({ "secret": { "length": 3 } })),
        case("long-length").json(json!({ "secret": { "length": 129 } })),
        case("length-not-digits").json(json!({ "secret": { "length": "many" } })),
        case("length-is-a-bool").json(json!({ "secret": { "length": true } })),
        case("no-character-set").json(json!({ "secret": { "character_sets": none } })),
        case("character-sets-is-a-text").json(json!({ "secret": { "character_sets": "all" } })),
    ];
    cases.extend(refused_v2(case));
    cases
}

/// Show and status.
fn show(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success"),
        case("protected").after(Before::Protected),
        case("other-domain").after(Before::OtherDomain),
        case("looked-at").after(Before::Looked),
        case("guessed-at").after(Before::Limited),
    ];
    cases.extend(owned(case));
    cases.extend(nobody(case));
    cases
}

fn reveal_v2(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success").json(json!({ "continue": true })),
        case("success-as-text").form("continue=true"),
        case("success-with-passphrase-for-none").json(json!({ "continue": true, "passphrase": "needless" })),
        case("without-continue"),
        case("without-continue-wrong-passphrase")
            .after(Before::Protected)
            .json(json!({ "passphrase": "wrong" })),
        case("continue-false").json(json!({ "continue": false })),
    ];
    cases.extend(owned(case).map(|case| case.json(json!({ "continue": true }))));
    cases.extend(guesses(case));
    cases.extend(nobody(&|outcome: &str| case(outcome).json(json!({ "continue": true }))));
    cases.extend(unreadable(case));
    cases
}

fn statuses(case: New) -> Vec<Case> {
    let many = vec![UNKNOWN; 101];
    let mut cases = vec![
        case("success").json(json!({ "identifiers": ["{secret}", UNKNOWN, "ABC"] })),
        case("success-comma-list").form(format!("identifiers={UNKNOWN},{{secret}},")),
        case("success-none"),
        case("revealed").after(Before::Revealed).json(json!({ "identifiers": ["{secret}"] })),
        case("too-many").json(json!({ "identifiers": many })),
        case("identifiers-is-a-number").json(json!({ "identifiers": 1 })),
    ];
    cases.extend(unreadable(case));
    cases
}

fn burn_v2(case: New) -> Vec<Case> {
    let mut cases = vec![
        case("success"),
        case("success-empty-object").json("{}"),
        case("success-continue").json(json!({ "continue": true })),
        case("success-other-domain").after(Before::OtherDomain),
    ];
    cases.extend(owned(case));
    cases.extend(guesses(case));
    cases.extend(nobody(case));
    cases.extend(unreadable(case));
    cases
}

/// JSON with one member a line; every number, text and member stays as it came, in its place.
fn pretty(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    let mut last = ' ';
    for c in json.chars() {
        if in_text {
            text.push(c);
            (in_text, escaped) = (escaped || c != '"', !escaped && c == '\\');
            last = c;
            continue;
        }
        if matches!(c, '}' | ']') {
            depth -= 1;
        }
        let opens = matches!(last, '{' | '[');
        if matches!(c, '}' | ']') != opens && (opens || matches!(c, '}' | ']')) || last == ',' {
            text.push('\n');
            text.push_str(&"  ".repeat(depth));
        }
        text.push(c);
        match c {
            '{' | '[' => depth += 1,
            ':' => text.push(' '),
            '"' => in_text = true,
            _ => {}
        }
        last = c;
    }
    text + "\n"
}

#[test]
fn pretty_json_keeps_order_numbers_and_texts() {
    let compact = r#"{"b":[],"a":[1,{"x":"},\"{"}],"n":1.50}"#;
    let expected = "{\n  \"b\": [],\n  \"a\": [\n    1,\n    {\n      \"x\": \"},\\\"{\"\n    }\n  ],\n  \"n\": 1.50\n}\n";
    assert_eq!(pretty(compact), expected);
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/golden")
}

fn read_all() -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder()).expect("the folder of golden files");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.map(|path| (name(&path), fs::read_to_string(&path).expect("a golden file"))).collect()
}

fn write_all(replies: &BTreeMap<String, String>) {
    for name in read_all().keys().filter(|name| !replies.contains_key(*name)) {
        fs::remove_file(folder().join(name)).expect("a golden file is removed");
    }
    for (name, text) in replies {
        fs::write(folder().join(name), text).expect("a golden file is written");
    }
}

fn compare(replies: &BTreeMap<String, String>, golden: &BTreeMap<String, String>) -> String {
    let names: BTreeSet<&String> = replies.keys().chain(golden.keys()).collect();
    let mut complaints = String::new();
    for name in names {
        match (golden.get(name), replies.get(name)) {
            (Some(expected), Some(found)) if expected == found => {}
            (Some(expected), Some(found)) => {
                write!(complaints, "\n{name} differs:\n{}", difference(expected, found)).expect("a text");
            }
            (Some(_), None) => writeln!(complaints, "\n{name} belongs to no case").expect("a text"),
            (None, _) => writeln!(complaints, "\n{name} is missing").expect("a text"),
        }
    }
    complaints
}

/// The lines between the first and the last that differ.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let mut text = String::new();
    for line in &old[same..old.len() - tail] {
        writeln!(text, "  - {line}").expect("a text");
    }
    for line in &new[same..new.len() - tail] {
        writeln!(text, "  + {line}").expect("a text");
    }
    text
}
