//! `tellonce backup FILE`: a copy of what may be copied, while the server runs or not.

use super::counted;
use crate::error::StartError;
use crate::store::backup;
use clap::{Arg, ArgMatches, Command};
use std::path::PathBuf;

/// The command and its argument.
pub fn definition() -> Command {
    let about = "Copy accounts and receipts, and no secret, into a new file; the server may run";
    super::with_options(Command::new("backup").about(about)).arg(file("The file to make; it must not exist"))
}

/// The argument that names a backup.
pub(super) fn file(help: &'static str) -> Arg {
    Arg::new("file").value_name("FILE").required(true).value_parser(clap::value_parser!(PathBuf)).help(help)
}

/// Writes the backup and says what it holds.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    let file = matches.get_one::<PathBuf>("file").cloned().unwrap_or_default();
    super::require_database(&config)?;
    let backup::Held { accounts, receipts } = backup::write(&config.database(), &file)?;
    let (accounts, receipts) = (counted(accounts, "account"), counted(receipts, "receipt"));
    println!("copied {accounts} and {receipts} to {}", file.display());
    Ok(())
}
