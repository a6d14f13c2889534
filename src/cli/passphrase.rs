//! Where a passphrase comes from: a prompt, a file, a descriptor. Arguments are for everyone to see.

use super::session::Session;
use super::terminal::warn;
use crate::client::Problem;
use crate::error::StartError;
use crate::secret::Passphrase;
use clap::{Arg, ArgGroup, ArgMatches, Command};
use std::fs::File;
use std::io::Read;
use zeroize::Zeroizing;

/// Where it comes from.
pub enum Source {
    /// Nothing was said.
    Unsaid,
    /// From the terminal.
    Prompt,
    /// From a file or a descriptor.
    File(File),
    /// From the command line.
    Argument(Passphrase),
}

/// What `--passphrase` does where a secret is to be opened.
pub const TO_OPEN: &str = "Ask for the passphrase, which is done anyway where one is needed; one given as TEXT is \
                           there for every user of this machine to see";

/// Adds the ways to give a passphrase.
pub fn with_options(command: Command, help: &'static str) -> Command {
    command
        .arg(
            Arg::new("passphrase")
                .long("passphrase")
                .short('p')
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("")
                .value_name("TEXT")
                .help(help),
        )
        .arg(
            Arg::new("passphrase-file")
                .long("passphrase-file")
                .value_name("FILE")
                .help("Read the passphrase from this file; one newline at its end does not count"),
        )
        .arg(
            Arg::new("passphrase-fd")
                .long("passphrase-fd")
                .value_name("N")
                .value_parser(clap::value_parser!(u32))
                .help("Read the passphrase from this open file descriptor, as from a file"),
        )
        .group(ArgGroup::new("passphrase-source").args(["passphrase", "passphrase-file", "passphrase-fd"]))
}

impl Source {
    /// Opens the source that the command line names; commands without passphrases have none.
    pub fn open(matches: &ArgMatches) -> Result<Self, StartError> {
        let given = |name| matches.try_get_one::<String>(name).ok().flatten();
        if let Some(number) = matches.try_get_one::<u32>("passphrase-fd").ok().flatten() {
            return open(&format!("/proc/self/fd/{number}"), &format!("file descriptor {number}"));
        }
        if let Some(path) = given("passphrase-file") {
            return open(path, path);
        }
        match given("passphrase") {
            None => Ok(Self::Unsaid),
            Some(text) if text.is_empty() => Ok(Self::Prompt),
            Some(text) => {
                warn(
                    "a passphrase among the arguments is there for every user of this machine to see, and in \
                     the shell's history: use --passphrase alone, --passphrase-file or --passphrase-fd",
                );
                passphrase(Zeroizing::new(text.clone())).map(Self::Argument)
            }
        }
    }

    /// Reads what does not take a person.
    fn read(&mut self) -> Result<Option<Passphrase>, StartError> {
        match std::mem::replace(self, Self::Unsaid) {
            Self::Unsaid => Ok(None),
            Self::Prompt => {
                *self = Self::Prompt;
                Ok(None)
            }
            Self::Argument(passphrase) => Ok(Some(passphrase)),
            Self::File(file) => read(file).and_then(passphrase).map(Some),
        }
    }
}

fn open(path: &str, name: &str) -> Result<Source, StartError> {
    let file = File::open(path);
    file.map(Source::File).map_err(|error| StartError::usage(format!("cannot read {name}: {error}")))
}

fn read(file: File) -> Result<Zeroizing<String>, StartError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(Passphrase::MAX_BYTES + 3));
    file.take(Passphrase::MAX_BYTES as u64 + 2)
        .read_to_end(&mut bytes)
        .map_err(|error| StartError::storage(format!("cannot read the passphrase: {error}")))?;
    let text = str::from_utf8(&bytes).map_err(|_| StartError::data("the passphrase is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(Zeroizing::new(text.to_owned()))
}

fn passphrase(text: Zeroizing<String>) -> Result<Passphrase, StartError> {
    Passphrase::new(text)
        .ok_or_else(|| StartError::data(format!("a passphrase has 1 to {} bytes", Passphrase::MAX_BYTES)))
}

const ADVICE: &str = "give the passphrase by --passphrase-file or --passphrase-fd";

/// The passphrase for a new secret, typed twice; none if none is wanted.
pub fn for_a_new_secret(session: &mut Session) -> Result<Option<Passphrase>, StartError> {
    if let Some(passphrase) = session.passphrase.read()? {
        return Ok(Some(passphrase));
    }
    if !matches!(session.passphrase, Source::Prompt) {
        return Ok(None);
    }
    let terminal = session.terminal_or(ADVICE)?;
    let typed = terminal.ask_hidden("Passphrase: ")?;
    if *terminal.ask_hidden("The same again: ")? != *typed {
        return Err(StartError::data("the two passphrases differ"));
    }
    passphrase(typed).map(Some)
}

/// Tries to open a secret, with its passphrase if it has one. A passphrase that was typed may be typed
/// again.
pub fn open_secret<T>(
    session: &mut Session,
    has_passphrase: bool,
    attempt: impl Fn(Option<&Passphrase>) -> Result<Result<T, Problem>, StartError>,
) -> Result<T, StartError> {
    if !has_passphrase {
        return Ok(attempt(None)??);
    }
    if let Some(passphrase) = session.passphrase.read()? {
        return Ok(attempt(Some(&passphrase))??);
    }
    loop {
        let typed = session.terminal_or(ADVICE)?.ask_hidden("Passphrase: ")?;
        match attempt(Some(&passphrase(typed)?))? {
            Err(problem @ Problem::WrongPassphrase) => warn(&problem.to_string()),
            outcome => return Ok(outcome?),
        }
    }
}
