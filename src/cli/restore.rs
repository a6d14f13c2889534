//! `tellonce restore FILE`: accounts and receipts of a backup in place of the database.

use super::terminal::{Terminal, is_interactive, note, warn};
use super::{account, backup, counted, serve};
use crate::config::{BaseUrl, Config};
use crate::error::StartError;
use crate::keyfile;
use crate::store::backup::{Backup, Held};
use crate::store::{Replaced, Role, restore};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::path::PathBuf;

/// The command and its arguments.
pub fn definition() -> Command {
    let about =
        "Put a backup in the place of the database, and end every secret in it; the server must be stopped";
    let yes = Arg::new("yes").long("yes").action(ArgAction::SetTrue).help("Do not ask");
    super::with_options(Command::new("restore").about(about))
        .arg(yes)
        .arg(backup::file("What `tellonce backup` wrote"))
}

/// Checks the backup and its key, asks, replaces the database, and lists the accounts.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    let backup = Backup::open(&matches.get_one::<PathBuf>("file").cloned().unwrap_or_default())?;
    let at_hand = keyfile::load(&config.key, true)?;
    keyfile::check_against(&at_hand.keys, &backup.keys, &config.key)?;
    serve::make_folder(&config.data)?;
    let _lock = serve::lock(&config.data)?;
    let replaced = Replaced::look(&config.database())?;
    if let Some(replaced) = &replaced {
        ask(replaced, &config, matches.get_flag("yes"))?;
    }
    restore(&backup, &config.database(), replaced.as_ref())?;
    let Held { accounts, receipts } = backup.held;
    println!("restored {} and {}", counted(accounts, "account"), counted(receipts, "receipt"));
    list_accounts(&config)
}

fn ask(replaced: &Replaced, config: &Config, is_agreed: bool) -> Result<(), StartError> {
    let ends = match replaced.live {
        0 => "No secret lives in it".to_owned(),
        1 => "1 secret lives in it, and ends with this".to_owned(),
        count => format!("{count} secrets live in it, and end with this"),
    };
    note(&format!("This replaces {}. {ends}.", config.database().display()));
    if is_agreed {
        return Ok(());
    }
    let terminal = Terminal::open().filter(|_| is_interactive());
    let terminal = terminal
        .ok_or_else(|| StartError::usage("there is no terminal to ask on: use --yes; nothing was changed"))?;
    if terminal.confirm("Replace it?")? {
        return Ok(());
    }
    Err(StartError::no("nothing was changed"))
}

/// Opening also shows that the server will start on what was restored.
fn list_accounts(config: &Config) -> Result<(), StartError> {
    let base_url = config.base_url.clone().unwrap_or_else(|| BaseUrl::of_address(config.listen));
    let started = super::open(config, &base_url, Role::Command)?;
    if !started.missing_keys.is_empty() {
        warn("older root keys are not in the key file: the accounts cannot be listed until they are back");
        return Ok(());
    }
    note("Accounts, with the tokens that they had when the backup was made:");
    account::list(&started.app)
}
