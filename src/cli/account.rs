//! `tellonce account …`: who may have lists, memos and mail. Works while the server runs.

use crate::app::{App, Change};
use crate::config::BaseUrl;
use crate::error::{Error, StartError};
use crate::secret::{ApiToken, EmailAddress};
use crate::store::Role;
use clap::{Arg, ArgMatches, Command};
use std::io::BufRead;

/// The commands and their arguments.
pub fn definition() -> Command {
    let email = || Arg::new("email").value_name("EMAIL").required(true);
    let command = |name, about| super::with_options(Command::new(name).about(about));
    let old_token = Arg::new("old-token").long("old-token").value_name("-").help(
        "With `-`, read the old token from standard input: the list of earlier receipts goes on. Without it the \
         list begins anew",
    );
    let on_or_off = Arg::new("switch").value_name("on|off").value_parser(["on", "off"]).required(true);
    Command::new("account")
        .about("Manage accounts; the server may run")
        .subcommand_required(true)
        .subcommands([
            command("add", "Add an account and print its API token, once").arg(email()),
            command("list", "List accounts"),
            command("rotate", "Give an account a new API token and print it, once")
                .arg(email())
                .arg(old_token),
            command("disable", "Refuse an account's token; its links go on working").arg(email()),
            command("enable", "Accept a disabled account's token again").arg(email()),
            command("remove", "Forget an account; its links go on working").arg(email()),
            command("notify", "Mail the owner when a secret is read or burned, or do not")
                .arg(email())
                .arg(on_or_off),
        ])
}

/// Runs one of them.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let (name, matches) = matches.subcommand().ok_or_else(|| StartError::usage("no command was given"))?;
    let config = super::configuration(matches)?;
    super::require_database(&config)?;
    let base_url = config.base_url.clone().unwrap_or_else(|| BaseUrl::of_address(config.listen));
    let started = super::open(&config, &base_url, Role::Command)?;
    actix_web::rt::System::new().block_on(carry_out(&started.app, name, matches))
}

async fn carry_out(app: &App, name: &str, matches: &ArgMatches) -> Result<(), StartError> {
    match name {
        "add" => add(app, email(matches)?).await,
        "list" => list(app),
        "rotate" => rotate(app, email(matches)?, matches).await,
        "disable" => change(app, email(matches)?, Change::Disable, "disabled").await,
        "enable" => change(app, email(matches)?, Change::Enable, "enabled").await,
        "remove" => change(app, email(matches)?, Change::Remove, "removed").await,
        _ => {
            let is_on = matches.get_one::<String>("switch").is_some_and(|switch| switch == "on");
            let done = if is_on { "will be mailed" } else { "will not be mailed" };
            change(app, email(matches)?, Change::Notify(is_on), done).await
        }
    }
}

async fn add(app: &App, email: EmailAddress) -> Result<(), StartError> {
    let token = app.add_account(email).await.map_err(explain)?;
    eprintln!("This is the API token, shown only now:");
    println!("{}", token.expose());
    Ok(())
}

/// Prints all accounts.
pub(super) fn list(app: &App) -> Result<(), StartError> {
    for account in app.accounts().map_err(explain)? {
        let (year, month, day, _, _) = account.created.civil();
        let disabled = if account.is_disabled { "  disabled" } else { "" };
        let notify = if account.notify { "  notify" } else { "" };
        println!("{}  since {year:04}-{month:02}-{day:02}{disabled}{notify}", account.address.as_str());
    }
    Ok(())
}

async fn rotate(app: &App, email: EmailAddress, matches: &ArgMatches) -> Result<(), StartError> {
    let old = match matches.get_one::<String>("old-token").map(String::as_str) {
        None => None,
        Some("-") => Some(read_token()?),
        Some(_) => {
            return Err(StartError::usage(
                "give the old token on standard input, `--old-token -`: every user of the machine can read \
                 arguments",
            ));
        }
    };
    let is_list_kept = old.is_some();
    let token = app.rotate_token(email.as_str().to_owned(), old).await.map_err(explain)?;
    if is_list_kept {
        eprintln!("The list of earlier receipts goes on.");
    } else {
        eprintln!("The list of receipts begins anew: only the old token could open the earlier ones.");
    }
    eprintln!("This is the new API token, shown only now:");
    println!("{}", token.expose());
    Ok(())
}

fn read_token() -> Result<ApiToken, StartError> {
    let mut line = zeroize::Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| StartError::usage(format!("cannot read standard input: {error}")))?;
    ApiToken::parse(line.trim()).ok_or_else(|| StartError::usage("what was given is not an API token"))
}

async fn change(app: &App, email: EmailAddress, change: Change, done: &str) -> Result<(), StartError> {
    app.change_account(email.as_str().to_owned(), change).await.map_err(explain)?;
    eprintln!("{} {done}", email.as_str());
    Ok(())
}

fn email(matches: &ArgMatches) -> Result<EmailAddress, StartError> {
    let text = matches.get_one::<String>("email").map(String::as_str).unwrap_or_default();
    EmailAddress::parse(text).ok_or_else(|| StartError::usage(format!("`{text}` is not an e-mail address")))
}

fn explain(error: Error) -> StartError {
    match error {
        Error::NotFound => {
            StartError::usage("there is no account with this address: see `tellonce account list`")
        }
        Error::Invalid(rule) => StartError::usage(rule.to_string()),
        Error::Unauthorized { .. } => StartError::usage("the old token is not this account's"),
        other => {
            let cause = other.cause().map(ToString::to_string).unwrap_or_default();
            StartError::storage(format!("the database cannot be changed now, try again: {cause}"))
        }
    }
}
