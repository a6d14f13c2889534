//! `tellonce completions` and `tellonce man`: ready-made files, which a test makes from the definition of
//! the command line and compares.

use super::terminal::list;
use crate::error::StartError;
use crate::packed;
use clap::{Arg, ArgMatches, Command};

/// Shells that complete our commands.
pub const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// The command that prints completions.
pub fn completions_definition() -> Command {
    Command::new("completions")
        .about("Print what lets a shell complete commands and options")
        .arg(Arg::new("shell").value_name("SHELL").value_parser(SHELLS).required(true))
        .after_help(
            "For example: tellonce completions bash > ~/.local/share/bash-completion/completions/tellonce",
        )
}

/// The command that prints manual pages.
pub fn man_definition() -> Command {
    Command::new("man")
        .about("Print a manual page")
        .arg(Arg::new("command").value_name("COMMAND").help("The page of this command, such as share"))
        .after_help("For example: tellonce man share | man -l -")
}

/// Prints completions.
pub fn run_completions(matches: &ArgMatches) -> Result<(), StartError> {
    let shell = matches.get_one::<String>("shell").map_or("", String::as_str);
    show(packed::text(&format!("static/completions/{shell}")))
}

/// Prints a manual page.
pub fn run_man(matches: &ArgMatches) -> Result<(), StartError> {
    let command = matches.get_one::<String>("command").map(|name| format!("-{name}")).unwrap_or_default();
    show(packed::text(&format!("static/man/tellonce{command}.1")))
}

fn show(text: Option<String>) -> Result<(), StartError> {
    let text = text.ok_or_else(|| StartError::usage("there is no such command: see `tellonce --help`"))?;
    list(&text)
}
