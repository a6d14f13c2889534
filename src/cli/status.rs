//! `tellonce status`: what became of a secret, without reading it.

use super::made::date;
use super::session::{self, Session, link, link_argument};
use super::terminal::{list, waiting};
use crate::client::{Client, Leads, Link, Problem, Reply};
use crate::error::StartError;
use crate::time::{Timestamp, Ttl};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;

/// The command and its arguments.
pub fn definition() -> Command {
    let command = Command::new("status")
        .about("Tell what became of a secret, by its link or its receipt; nothing is read")
        .arg(link_argument())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print a JSON object in place of lines"),
        );
    session::with_options(command)
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let link = link(matches)?;
    let session = Session::start(matches)?;
    let client = session.client_for(&link)?;
    let facts = waiting("Asking the server", || facts(&client, &link))?;
    if matches.get_flag("json") {
        let object = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact.value));
        return list(&format!("{}\n", Value::Object(object.collect())));
    }
    let known = facts.iter().filter(|(_, fact)| !fact.shown.is_empty());
    list(
        &known
            .map(|(name, fact)| format!("{}: {}\n", name.replace('_', " "), fact.shown))
            .collect::<String>(),
    )
}

/// Something known, for programs and for people.
struct Fact {
    value: Value,
    shown: String,
}

type Facts = Vec<(&'static str, Fact)>;

/// An identifier alone is first taken for a receipt's, which tells more.
fn facts(client: &Client, link: &Link) -> Result<Facts, Problem> {
    match link.leads {
        Leads::ToSecret => client.show(&link.id).map(|reply| of_secret(&reply)),
        Leads::ToReceipt => client.receipt(&link.id).map(|reply| of_receipt(&reply)),
        Leads::Somewhere => match client.receipt(&link.id) {
            Err(Problem::NotFound) => client.show(&link.id).map(|reply| of_secret(&reply)),
            found => found.map(|reply| of_receipt(&reply)),
        },
    }
}

fn of_secret(reply: &Reply) -> Facts {
    let (created, ttl) = (reply.number("/record/created"), reply.number("/record/secret_ttl"));
    let expires = created.zip(ttl).map(|(created, ttl)| created.saturating_add(ttl));
    vec![
        ("state", text(reply.shown("/record/state"))),
        ("expires", moment(expires)),
        ("passphrase", flag(reply.flag("/record/has_passphrase"))),
    ]
}

fn of_receipt(reply: &Reply) -> Facts {
    let time = |pointer: &str| moment(reply.number(pointer));
    vec![
        ("state", text(reply.shown("/record/state"))),
        ("created", time("/record/created")),
        ("expires", time("/record/expiration")),
        ("left", span(reply.number("/details/secret_realttl"))),
        ("passphrase", flag(reply.flag("/record/has_passphrase"))),
        ("recipient", texts(reply.all_shown("/record/recipients"))),
        ("memo", text(reply.shown("/record/memo"))),
        ("looks", number(reply.number("/details/view_count"))),
        ("first_look", time("/details/first_access")),
        ("wrong_passphrases", number(reply.number("/details/failed_attempts"))),
        ("read", time("/record/revealed")),
        ("burned", time("/record/burned")),
    ]
}

fn text(text: Option<String>) -> Fact {
    Fact { shown: text.clone().unwrap_or_default(), value: text.into() }
}

fn texts(texts: Vec<String>) -> Fact {
    Fact { shown: texts.join(", "), value: texts.into() }
}

fn number(number: Option<i64>) -> Fact {
    Fact { value: number.into(), shown: number.map(|number| number.to_string()).unwrap_or_default() }
}

fn moment(seconds: Option<i64>) -> Fact {
    let shown = seconds.map(|seconds| date(Timestamp::from_unix(seconds))).unwrap_or_default();
    Fact { value: seconds.into(), shown }
}

fn flag(holds: bool) -> Fact {
    Fact { value: holds.into(), shown: if holds { "yes" } else { "no" }.into() }
}

/// In whole days, hours or minutes, to the nearest.
fn span(seconds: Option<i64>) -> Fact {
    let rounded = |seconds: i64| {
        let unit = [86_400, 3_600, 60].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
        Ttl::from_seconds((seconds.saturating_add(unit / 2)) / unit * unit)
    };
    let shown = seconds.map(|seconds| format!("about {}", rounded(seconds))).unwrap_or_default();
    Fact { value: seconds.into(), shown }
}
