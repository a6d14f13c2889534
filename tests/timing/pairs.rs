//! Requests that nobody may tell apart, by their replies or by how long these take.

use crate::support::{Client, Login, Reply, Request, http::basic, server::Made};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use std::iter::repeat_with;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use tellonce::secret::SecretId;
use tellonce::vault::Identifiers;

/// Routes that tell whether a secret is there, with what is sent there.
type Route = (&'static str, &'static str, &'static str);
const ROUTES: [Route; 4] = [
    ("GET", "/api/v2/secret/{id}/status", ""),
    ("GET", "/api/v2/secret/{id}", ""),
    ("POST", "/api/v2/secret/{id}/reveal", r#"{"continue":true}"#),
    ("POST", "/api/v1/secret/{id}", ""),
];
/// An address of an account, and one as long of none.
pub const KNOWN: &str = "friend@example.com";
const UNKNOWN: &str = "nobody@example.com";
/// Who makes secrets at the same time.
const HANDS: usize = 16;

/// A request, in parts that both a socket and the service without sockets can use.
#[derive(Clone)]
pub struct Ask {
    pub method: &'static str,
    pub target: String,
    /// The identifier in the target.
    pub id: String,
    pub authorization: Option<String>,
    pub body: &'static str,
}

impl Ask {
    fn of_secret((method, route, body): Route, id: &str) -> Self {
        Self { method, target: route.replace("{id}", id), id: id.into(), authorization: None, body }
    }

    fn of_account(user: &str, token: &str) -> Self {
        let authorization = Some(basic(&format!("{user}:{token}")));
        Self { method: "GET", target: "/api/v1/authcheck".into(), id: String::new(), authorization, body: "" }
    }

    /// As it is sent over a socket.
    pub fn request(&self) -> Request {
        let request = Request::new(self.method, &self.target);
        let request = match &self.authorization {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        if self.body.is_empty() {
            return request;
        }
        request.header("Content-Type", "application/json").body(self.body)
    }
}

/// What must come of a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No difference.
    Alike,
    /// One that is known and too small for anyone at the other end of a connection.
    Near,
    /// A difference, or the measurement is worth nothing.
    Different,
}

/// Two kinds of requests to compare, each with many examples, so that choosing one costs the same.
pub struct Pair {
    pub name: String,
    pub expected: Expected,
    pub kinds: [Vec<Ask>; 2],
}

/// An account, and secrets in every state that must look like none at all.
pub struct World {
    live: Vec<String>,
    revealed: Vec<String>,
    burned: Vec<String>,
    token: String,
    identifiers: Identifiers,
}

impl World {
    /// With the account of [`KNOWN`] in this database.
    pub fn new(login: Login, database: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(database, flags).expect("the database");
        let sql = "SELECT mask_constant FROM meta";
        let mask_constant = database.query_row(sql, [], |row| row.get(0)).expect("a constant");
        let [live, revealed, burned] = [const { Vec::new() }; 3];
        Self { live, revealed, burned, token: login.token, identifiers: Identifiers::new(mask_constant) }
    }

    /// Makes so many secrets of each state through the server there.
    pub fn grow(&mut self, address: SocketAddr, each: usize) {
        let conceal = Request::post("/api/v2/secret/conceal").json(&json!({"secret": {"secret": "hello"}}));
        let hand = || {
            let mut client = Client::connect(address).expect("connected");
            let mut send = |request: &Request| client.send(request).expect("a reply").ok();
            let mut made = || Made::of(&send(&conceal));
            // What becomes of a secret must not hang on which was made first: neighbours lie in other places.
            let mut three = || {
                let mut three = [made(), made(), made()];
                three.rotate_left(below(3));
                three
            };
            let all: Vec<_> = repeat_with(&mut three).take(each / HANDS).collect();
            for [_, revealed, burned] in &all {
                let reveal = Request::post(&format!("/api/v2/secret/{}/reveal", revealed.secret));
                send(&reveal.json(&json!({"continue": true})));
                send(&Request::post(&format!("/api/v2/receipt/{}/burn", burned.receipt)));
            }
            all
        };
        thread::scope(|scope| {
            let hands: Vec<_> = repeat_with(|| scope.spawn(hand)).take(HANDS).collect();
            for [live, revealed, burned] in hands.into_iter().flat_map(|hand| hand.join().expect("secrets")) {
                self.live.push(live.secret);
                self.revealed.push(revealed.secret);
                self.burned.push(burned.secret);
            }
        });
    }

    /// Every comparison, or those with this in their names.
    pub fn pairs(&self, part: &str) -> Vec<Pair> {
        let mut pairs = self.all_pairs();
        pairs.retain(|pair| pair.name.contains(part));
        pairs
    }

    fn all_pairs(&self) -> Vec<Pair> {
        let [unknown, again] = [self.unknown(&self.revealed), self.unknown(&self.revealed)];
        let any: Vec<_> = unknown.iter().map(|_| text(b"abcdefghijklmnopqrstuvwxyz0123456789", 31)).collect();
        let account = |user: &str, token: &dyn Fn() -> String| -> Vec<Ask> {
            unknown.iter().map(|_| Ask::of_account(user, &token())).collect()
        };
        let wrong = || in_any_case(&in_same_shape(&self.token));
        let right = || in_any_case(&self.token);
        // Like the right one, it leads to one place of the index, which the processor remembers.
        let one = in_same_shape(&self.token);
        let one_wrong = || in_any_case(&one);
        let status = |ids| of_secrets(ROUTES[0], ids);
        let pair = |name: &str, expected, kinds| Pair { name: name.into(), expected, kinds };
        let mut pairs = vec![
            pair("control: unknown, unknown", Expected::Alike, [status(&unknown), status(&again)]),
            pair("control: unknown, live", Expected::Different, [status(&unknown), status(&self.live)]),
            pair(
                "wrong token: unknown user, known user",
                Expected::Alike,
                [account(UNKNOWN, &wrong), account(KNOWN, &wrong)],
            ),
            pair(
                "unknown user: wrong token, another's token",
                Expected::Alike,
                [account(UNKNOWN, &one_wrong), account(UNKNOWN, &right)],
            ),
            // An identifier hides the number of its row. Where any other text leads, a secret may live, and then
            // there is a lookup to compare. Nobody at the other end of a connection sees that.
            pair("any text, revealed", Expected::Near, [status(&any), status(&self.revealed)]),
        ];
        for route in ROUTES {
            for (state, gone) in [("revealed", &self.revealed), ("burned", &self.burned)] {
                let name = format!("{} {}: unknown, {state}", route.0, route.1);
                let kinds = [of_secrets(route, &self.unknown(gone)), of_secrets(route, gone)];
                pairs.push(pair(&name, Expected::Alike, kinds));
            }
        }
        pairs
    }

    /// Identifiers that the server never drew, for the rows of these secrets: other rows lie in other places, and
    /// take other times to be found. Only the server can make such ones; to everybody else an unknown identifier
    /// is any text.
    fn unknown(&self, gone: &[String]) -> Vec<String> {
        let draw = |like: &String| {
            let like = SecretId::parse(like).expect("an identifier");
            let [a, b, c, d, ..] = *self.identifiers.secret(&like).as_bytes();
            let number = i64::from(u32::from_be_bytes([a, b, c, d]));
            self.identifiers.new_secret_id(number).as_str().to_owned()
        };
        gone.iter().map(draw).collect()
    }
}

fn of_secrets(route: Route, ids: &[String]) -> Vec<Ask> {
    ids.iter().map(|id| Ask::of_secret(route, id)).collect()
}

/// The same token: the case of its letters does not matter.
fn in_any_case(token: &str) -> String {
    let cases = text(b"lu", token.len());
    let letters = token.chars().zip(cases.chars());
    letters.map(|(letter, case)| if case == 'u' { letter.to_ascii_uppercase() } else { letter }).collect()
}

/// Another token with digits and letters in the same places, since reading it takes as long.
fn in_same_shape(token: &str) -> String {
    let (digits, letters) = (text(b"0123456789", token.len()), text(b"abcdef", token.len()));
    let choices = token.chars().zip(digits.chars().zip(letters.chars()));
    choices.map(|(old, (digit, letter))| if old.is_ascii_digit() { digit } else { letter }).collect()
}

fn text(alphabet: &[u8], length: usize) -> String {
    let mut random = vec![0; length];
    getrandom::fill(&mut random).expect("randomness");
    random.into_iter().map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()])).collect()
}

/// A number by chance. These are so few that taking a remainder favours none.
fn below(count: usize) -> usize {
    usize::try_from(getrandom::u64().expect("randomness")).expect("64 bits") % count
}

/// Requests to make, each of either kind by chance, and of which kind it is.
pub fn shuffled(pair: &Pair, count: usize) -> Vec<(usize, &Ask)> {
    let choose = || {
        let kind = below(2);
        (kind, &pair.kinds[kind][below(pair.kinds[kind].len())])
    };
    repeat_with(choose).take(count).collect()
}

/// A reply without what chance and the clock put into it, and without the identifier it was asked for.
pub fn without_chance(mut reply: Reply, id: &str) -> Reply {
    reply.headers.retain(|(name, _)| name != "date");
    // The server's table of headers draws their order anew for each reply.
    reply.headers.sort();
    let text = reply.text();
    // The id of an error, which JSON and pages carry alike.
    let is_error_id = |word: &&str| word.len() == 20 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let error_id = text.split(|c: char| !c.is_ascii_alphanumeric()).find(is_error_id);
    for (part, name) in [(error_id.unwrap_or_default(), "{error_id}"), (id, "{id}")] {
        if !part.is_empty() {
            reply.body = reply.text().replace(part, name).into();
        }
    }
    reply
}
