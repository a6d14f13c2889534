//! `tellonce login` and `tellonce logout`: the account that this user of the machine calls with.

use super::session::{self, Session, Stored, file, line, read};
use super::terminal::{tell, waiting, warn};
use crate::client::Account;
use crate::error::StartError;
use crate::os;
use crate::secret::{ApiToken, EmailAddress};
use clap::{Arg, ArgMatches, Command};
use std::fs::{self, DirBuilder};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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
    let server = match session.server() {
        Ok(server) => server,
        Err(error) => match session.terminal() {
            Some(terminal) => {
                let typed = terminal.ask("Server, such as https://secrets.example: ")?;
                crate::config::base_url(typed.trim())
                    .map_err(|rule| StartError::usage(format!("the server {rule}")))?
            }
            None => return Err(error),
        },
    };
    let account = Account { user: user(matches, &mut session)?, token: token(&mut session)? };
    let client = session.client_as(&server, Some(&account))?;
    waiting("Asking the server", || client.check_account())?;
    let ca_file = matches.get_one::<String>("ca-file").map(PathBuf::from);
    let ca_file = match ca_file {
        Some(path) => Some(fs::canonicalize(&path).unwrap_or(path)),
        None => session.stored().ca_file,
    };
    write(&path, &Stored { server: Some(server), account: Some(account), ca_file })?;
    tell(&format!("The server knows this account; it is kept in {}.", path.display()));
    Ok(())
}

/// Logs out.
pub fn run_logout(_: &ArgMatches) -> Result<(), StartError> {
    let path = place()?;
    let stored = read(&path)?;
    if stored.account.is_none() {
        warn("there was no account to forget");
        return Ok(());
    }
    write(&path, &Stored { account: None, ..stored })
}

fn place() -> Result<PathBuf, StartError> {
    file().ok_or_else(|| StartError::configuration("there is no home folder: set HOME or XDG_CONFIG_HOME"))
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

/// Replaces the file as a whole, so that it is never half there, and never open to others.
fn write(path: &Path, stored: &Stored) -> Result<(), StartError> {
    let wrong =
        |error: io::Error| StartError::cannot_create(format!("cannot write {}: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
    let new = path.with_extension(format!("toml.{}", std::process::id()));
    let written = os::create_private(&new).and_then(|mut file| {
        file.write_all(lines(stored).as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        os::sync_folder(folder)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&new);
        wrong(error)
    })
}

fn lines(stored: &Stored) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(8 << 10));
    // What JSON quotes, TOML reads the same way.
    let mut line = |name: &str, value: &str| {
        text.push_str(name);
        text.push_str(" = ");
        text.push_str(&Zeroizing::new(serde_json::Value::from(value).to_string()));
        text.push('\n');
    };
    if let Some(server) = &stored.server {
        line("server", server.as_str());
    }
    if let Some(path) = stored.ca_file.as_deref().and_then(Path::to_str) {
        line("ca_file", path);
    }
    if let Some(account) = &stored.account {
        line("user", account.user.as_str());
        line("token", account.token.expose());
    }
    text
}
