//! What `share` and `generate` have in common: the wishes, and how a new secret is presented. The link
//! goes to standard output, and whatever else helps a person to standard error.

use super::passphrase;
use super::qr;
use super::session::Session;
use super::terminal::{note, print, tell, waiting, warn};
use crate::client::{Client, Made, Problem, Wishes};
use crate::config::lifetime;
use crate::error::StartError;
use crate::secret::Plaintext;
use crate::time::{Timestamp, Ttl};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Adds what may be wished for a new secret and its presentation.
pub fn with_options(command: Command) -> Command {
    let switch = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let command = passphrase::with_options(
        command.arg(
            Arg::new("ttl")
                .long("ttl")
                .value_name("TIME")
                .value_parser(|text: &str| lifetime(text))
                .help("How long the link works, such as 30m, 4h or 7d; the server may grant less or more"),
        ),
        "Protect the secret with a passphrase, which is asked for; one given as TEXT is there for every user \
         of this machine to see",
    );
    command
        .arg(
            Arg::new("recipient")
                .long("recipient")
                .value_name("EMAIL")
                .action(ArgAction::Append)
                .help("Have the server mail the link to this address; takes an account"),
        )
        .arg(
            Arg::new("memo")
                .long("memo")
                .value_name("TEXT")
                .help("A note to yourself, shown by `recent`; takes an account"),
        )
        .arg(switch(
            "receipt",
            "Print the receipt's link too, on a line of its own: it tells what happened, and burns",
        ))
        .arg(switch("qr", "Draw the link as a QR code on standard error"))
        .arg(switch("json", "Print a JSON object in place of lines"))
}

/// The wishes of this command line. Asks for the passphrase.
pub fn wishes(matches: &ArgMatches, session: &mut Session) -> Result<Wishes, StartError> {
    let recipients: Vec<String> =
        matches.get_many::<String>("recipient").into_iter().flatten().cloned().collect();
    let needs_account = [("recipient", !recipients.is_empty()), ("memo", matches.contains_id("memo"))];
    if let Some((name, _)) = needs_account.iter().find(|(_, is_given)| *is_given)
        && !session.has_account()?
    {
        return Err(StartError::not_permitted(format!("--{name} takes an account: see `tellonce login`")));
    }
    Ok(Wishes {
        ttl: matches.get_one::<Ttl>("ttl").copied(),
        passphrase: passphrase::for_a_new_secret(session)?,
        recipients,
    })
}

/// Makes the secret and presents it.
pub fn make(
    matches: &ArgMatches,
    wishes: &Wishes,
    client: &Client,
    make: impl FnOnce(&Client) -> Result<Made, Problem>,
) -> Result<(), StartError> {
    let made = waiting("Sending the secret", || make(client))?;
    let memo = matches.get_one::<String>("memo");
    let noted = memo.map(|memo| waiting("Noting the memo", || client.set_memo(&made.receipt_id, memo)));
    present(matches, wishes, &made)?;
    match noted {
        Some(Err(problem)) => {
            warn("the secret is stored and its link works, but the memo was not noted");
            Err(problem.into())
        }
        _ => Ok(()),
    }
}

fn present(matches: &ArgMatches, wishes: &Wishes, made: &Made) -> Result<(), StartError> {
    print(&answer(matches, made)).map_err(|error| {
        StartError::storage(format!("the secret is stored, but its link cannot be written: {error}"))
    })?;
    if let (Some(wish), Some(granted)) = (wishes.ttl, made.ttl)
        && wish != granted
    {
        warn(&format!("the server grants {granted} instead of {wish}"));
    }
    let until = made.expires.map(|end| format!(" until {}", date(end))).unwrap_or_default();
    tell(&format!("The link works once{until}."));
    if matches.get_flag("qr") {
        note(qr::draw(&made.link)?.trim_end());
    }
    Ok(())
}

/// What goes to standard output.
fn answer(matches: &ArgMatches, made: &Made) -> Zeroizing<String> {
    if matches.get_flag("json") {
        return Zeroizing::new(object(made) + "\n");
    }
    let value = made.value.as_ref().map(Plaintext::expose);
    let receipt = matches.get_flag("receipt").then_some(made.receipt.as_str());
    let lines = [value, Some(&made.link), receipt].into_iter().flatten();
    Zeroizing::new(lines.flat_map(|line| [line, "\n"]).collect())
}

fn object(made: &Made) -> String {
    let mut object = Map::new();
    object.insert("link".into(), made.link.as_str().into());
    object.insert("receipt".into(), made.receipt.as_str().into());
    object.insert("ttl".into(), made.ttl.map(Ttl::seconds).into());
    object.insert("expires".into(), made.expires.map(Timestamp::unix).into());
    object.insert("has_passphrase".into(), made.has_passphrase.into());
    if let Some(value) = &made.value {
        object.insert("value".into(), value.expose().into());
    }
    Value::Object(object).to_string()
}

/// A moment for people, in UTC.
pub fn date(moment: Timestamp) -> String {
    let (year, month, day, hour, minute) = moment.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}
