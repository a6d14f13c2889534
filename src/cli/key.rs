//! `tellonce key …`: a new root key, and which of the old ones are still needed.

use super::terminal::{list, note};
use crate::config::{Config, process_variable};
use crate::error::StartError;
use crate::keyfile::{self, KeySource};
use crate::store::{self, KeyRow, figures};
use crate::vault::{Fingerprint, RootKey};
use clap::{ArgMatches, Command};
use std::path::Path;

/// The commands and their arguments.
pub fn definition() -> Command {
    let command = |name, about| super::with_options(Command::new(name).about(about));
    Command::new("key").about("Manage root keys; the server may run").subcommand_required(true).subcommands([
        command("rotate", "Add a new key to the key file; from the next start on it seals"),
        command("list", "List the keys, and how many secrets, accounts and mails need each"),
    ])
}

/// Runs one of them.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let (name, matches) = matches.subcommand().ok_or_else(|| StartError::usage("no command was given"))?;
    let config = super::configuration(matches)?;
    let known = store::stored_keys(&config.database())?;
    match name {
        "rotate" => rotate(&config, &known),
        _ => super::require_database(&config).and_then(|()| list_keys(&config)),
    }
}

fn rotate(config: &Config, known: &[KeyRow]) -> Result<(), StartError> {
    let path = own_file(&config.key)?;
    let at_hand = keyfile::load(&config.key, true)?;
    keyfile::check_against(&at_hand.keys, known, &config.key)?;
    let added = keyfile::add(path)?;
    println!("added key {added} to {}", path.display());
    note("Back that file up again, then restart the server: from then on the new key seals.");
    note("Leave the older lines until `tellonce key list` says that nothing needs them.");
    Ok(())
}

/// The key file, if it is ours to change.
fn own_file(source: &KeySource) -> Result<&Path, StartError> {
    let elsewhere = |what: &str| {
        StartError::configuration(format!(
            "{what}: add the new key there, before the old ones, 64 random hexadecimal digits as of `openssl rand \
             -hex 32`, and restart the server"
        ))
    };
    match source {
        KeySource::Environment(_) => Err(elsewhere("the root keys come from TELLONCE_ROOT_KEY")),
        KeySource::File { path, .. } if is_handed_in(path) => {
            Err(elsewhere(&format!("{} is handed in from elsewhere (a credential)", path.display())))
        }
        KeySource::File { path, .. } if !path.exists() => Err(elsewhere(&format!(
            "there is no key file {}, so the server gets its keys from elsewhere, or `key` or `data` is not the \
             server's",
            path.display()
        ))),
        KeySource::File { path, .. } => Ok(path),
    }
}

/// Whether this file vanishes with the service that it was made for.
fn is_handed_in(path: &Path) -> bool {
    path.starts_with("/run")
        || process_variable("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder))
}

fn list_keys(config: &Config) -> Result<(), StartError> {
    let at_hand = keyfile::load(&config.key, true)?.keys;
    let uses = figures::key_uses(&config.database())?;
    let mut table = String::from("key       line  secrets  accounts  mails\n");
    let not_yet =
        at_hand.iter().filter(|key| uses.iter().all(|of| of.key.fingerprint != key.fingerprint().0));
    for key in not_yet {
        table +=
            &format!("{}  yes         -         -      -  seals from the next start on\n", key.fingerprint());
    }
    for (age, of) in uses.iter().enumerate() {
        let fingerprint = Fingerprint(of.key.fingerprint);
        let is_at_hand = at_hand.iter().any(|key: &RootKey| key.fingerprint() == fingerprint);
        let line = if is_at_hand { "yes" } else { "no" };
        let remark = match (age, is_at_hand, of.is_none()) {
            (0, ..) => "seals",
            (_, true, true) => "not needed: its line may go",
            (_, false, false) => "missing: what needs it answers 503",
            _ => "",
        };
        let row = format!(
            "{fingerprint}  {line:<4}  {:>7}  {:>8}  {:>5}  {remark}",
            of.secrets, of.accounts, of.mails
        );
        table += row.trim_end();
        table.push('\n');
    }
    list(&table)
}
