//! `tellonce burn`: destroys a secret that nobody has read.

use super::passphrase;
use super::session::{self, Session, link, link_argument, refuse};
use super::terminal::{is_interactive, tell, waiting};
use crate::client::{Leads, Problem};
use crate::error::StartError;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The command and its arguments.
pub fn definition() -> Command {
    let command = Command::new("burn")
        .about("Destroy a secret before anyone reads it, by its receipt")
        .arg(link_argument().value_name("RECEIPT"))
        .arg(
            Arg::new("yes")
                .long("yes")
                .short('y')
                .action(ArgAction::SetTrue)
                .help("Do not ask before the secret is destroyed"),
        );
    session::with_options(passphrase::with_options(command, passphrase::TO_OPEN))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let link = link(matches)?;
    refuse(&link, Leads::ToSecret, "this is the recipient's link: burning takes the receipt's")?;
    let mut session = Session::start(matches)?;
    let client = session.client_for(&link)?;
    let receipt = waiting("Asking the server", || client.receipt(&link.id))?;
    if receipt.flag("/record/is_destroyed") {
        return Err(Problem::NotFound.into());
    }
    if is_interactive() && !matches.get_flag("yes") {
        let terminal = session.terminal_or("use --yes")?;
        if !terminal.confirm("Nobody will be able to read this secret any more. Burn it?")? {
            return Err(StartError::no("the secret was not burned"));
        }
    }
    passphrase::open_secret(&mut session, receipt.flag("/record/has_passphrase"), |passphrase| {
        Ok(waiting("Burning the secret", || client.burn(&link.id, passphrase)))
    })?;
    tell("Burned.");
    Ok(())
}
