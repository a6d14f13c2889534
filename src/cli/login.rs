//! `tellonce login` and `tellonce logout`: the account that this user of the machine calls with.

use super::session::{self, Session, line};
use super::stored::{self, Stored};
use super::terminal::{tell, waiting, warn};
use crate::client::Account;
use crate::config::{BaseUrl, base_url};
use crate::error::StartError;
use crate::secret::{ApiToken, EmailAddress};
use clap::{Arg, ArgMatches, Command};
use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// The command and its arguments.
pub fn definition() -> Command {
    let command = Command::new("login")
        .about("Keep a server and an account for later, once the server has confirmed them")
        .arg(Arg::new("email").value_name("EMAIL").help("The account's address; asked for if it is missing"))
        .after_help(
            "The API token is asked for, or read from standard input if that is no terminal. What is kept is in \
             tellonce/config.toml in the folder $XDG_CONFIG_HOME or ~/.config, for your eyes only.",
        );
    session::with_options(command)
}

/// The command that undoes it.
pub fn logout_definition() -> Command {
    Command::new("logout").about("Forget the account; the server and the certificates to trust are kept")
}

/// Logs in.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let mut session = Session::start(matches)?;
    let path = place()?;
    let server = server(&mut session)?;
    let account = Account { user: user(matches, &mut session)?, token: token(&mut session)? };
    let client = session.client_as(&server, Some(&account))?;
    waiting("Asking the server", || client.check_account())?;
    let ca_file = matches.get_one::<String>("ca-file").map(PathBuf::from);
    let ca_file = match ca_file {
        Some(path) => Some(fs::canonicalize(&path).unwrap_or(path)),
        None => session.stored().ca_file,
    };
    stored::write(&path, &Stored { server: Some(server), account: Some(account), ca_file })?;
    tell(&format!("The server knows this account; it is kept in {}.", path.display()));
    Ok(())
}

/// Logs out.
pub fn run_logout(_: &ArgMatches) -> Result<(), StartError> {
    let path = place()?;
    let stored = stored::read(&path)?;
    if stored.account.is_none() {
        warn("there was no account to forget");
        return Ok(());
    }
    stored::write(&path, &Stored { account: None, ..stored })
}

fn place() -> Result<PathBuf, StartError> {
    stored::place()
        .ok_or_else(|| StartError::configuration("there is no home folder: set HOME or XDG_CONFIG_HOME"))
}

/// The server that was named or stored, else the one that is typed.
fn server(session: &mut Session) -> Result<BaseUrl, StartError> {
    let unnamed = match session.server() {
        Ok(server) => return Ok(server),
        Err(error) => error,
    };
    let typed = session.terminal().ok_or(unnamed)?.ask("Server, such as https://secrets.example: ")?;
    base_url(typed.trim()).map_err(|rule| StartError::usage(format!("the server {rule}")))
}

fn user(matches: &ArgMatches, session: &mut Session) -> Result<EmailAddress, StartError> {
    let text = match matches.get_one::<String>("email") {
        Some(text) => text.clone(),
        None => session.terminal_or("name the account's address")?.ask("Account, an e-mail address: ")?,
    };
    EmailAddress::parse(text.trim()).ok_or_else(|| StartError::usage("this is not an e-mail address"))
}

fn token(session: &mut Session) -> Result<ApiToken, StartError> {
    let text = if io::stdin().is_terminal() {
        session.terminal_or("give the API token on standard input")?.ask_hidden("API token: ")?
    } else {
        line(io::stdin().lock())
            .map_err(|error| StartError::storage(format!("cannot read standard input: {error}")))?
    };
    ApiToken::parse(text.trim())
        .ok_or_else(|| StartError::data("this is not an API token: it has at least 40 hexadecimal digits"))
}
