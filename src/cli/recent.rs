//! `tellonce recent`: what an account made.

use super::made::date;
use super::session::{self, Session};
use super::terminal::{list, waiting};
use crate::client::{Client, Identifier, Reply};
use crate::error::StartError;
use crate::time::Timestamp;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};

/// The command and its arguments.
pub fn definition() -> Command {
    let command = Command::new("recent")
        .about("List what your account made in the last 30 days, newest first")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print a JSON array in place of lines"))
        .after_help("Each line has the time, the state, the receipt's link, and where there are some the obscured recipient and the memo.");
    session::with_options(command)
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let session = Session::start(matches)?;
    let client = session.client()?;
    if !session.has_account()? {
        return Err(StartError::not_permitted("only an account has a list: see `tellonce login`"));
    }
    let receipts = waiting("Asking the server", || client.recent())?;
    if matches.get_flag("json") {
        let objects: Vec<Value> = receipts.iter().map(|receipt| object(&client, receipt)).collect();
        return list(&format!("{}\n", Value::Array(objects)));
    }
    list(&receipts.iter().map(|receipt| line(&client, receipt) + "\n").collect::<String>())
}

fn link(client: &Client, receipt: &Reply) -> Option<String> {
    let id = receipt.text("/identifier").or_else(|| receipt.text("/key")).and_then(Identifier::parse);
    id.map(|id| client.receipt_link(&id))
}

fn line(client: &Client, receipt: &Reply) -> String {
    let created = receipt.number("/created").map(Timestamp::from_unix).map(date).unwrap_or_default();
    let state = receipt.shown("/state").unwrap_or_default();
    let mut line = format!("{created}  {state:9} {}", link(client, receipt).unwrap_or_default());
    for more in receipt.all_shown("/recipients").into_iter().chain(receipt.shown("/memo")) {
        line.push_str("  ");
        line.push_str(&more);
    }
    line
}

fn object(client: &Client, receipt: &Reply) -> Value {
    let mut object = Map::new();
    object.insert("created".into(), receipt.number("/created").into());
    object.insert("state".into(), receipt.text("/state").into());
    object.insert("receipt".into(), link(client, receipt).into());
    object.insert("recipients".into(), receipt.all_shown("/recipients").into());
    object.insert("memo".into(), receipt.text("/memo").into());
    Value::Object(object)
}
