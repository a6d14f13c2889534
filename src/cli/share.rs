//! `tellonce share`: a secret from standard input, a file or a prompt; its link on standard output.

use super::made;
use super::session::{self, Session};
use super::terminal::waiting_for_others;
use crate::error::StartError;
use crate::secret::Plaintext;
use base64ct::{Base64, Encoding};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use zeroize::Zeroizing;

/// The most any server takes.
const LONGEST: usize = 16 << 20;

/// The command and its arguments.
pub fn definition() -> Command {
    let command =
        Command::new("share")
            .about("Share a secret: print a link that works once")
            .arg(
                Arg::new("file")
                    .value_name("FILE")
                    .help("What to share; without one, or with -, standard input, or on a terminal a prompt"),
            )
            .arg(Arg::new("base64").long("base64").action(ArgAction::SetTrue).help(
                "Wrap the bytes in base64, so that they need not be text; `get --base64` unwraps them",
            ));
    session::with_options(made::with_options(command))
}

/// Where the secret comes from.
enum Input {
    Prompt,
    Stream(Box<dyn Read>),
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    // Before the session closes `/proc`, through which shells name the ends of their pipes.
    let input = open(matches)?;
    let mut session = Session::start(matches)?;
    let client = session.client()?;
    let plaintext = read(input, matches.get_flag("base64"), &mut session)?;
    let wishes = made::wishes(matches, &mut session)?;
    made::make(matches, &wishes, &client, |client| client.conceal(&plaintext, &wishes))
}

fn open(matches: &ArgMatches) -> Result<Input, StartError> {
    match matches.get_one::<String>("file").map(String::as_str) {
        None | Some("-") if io::stdin().is_terminal() => Ok(Input::Prompt),
        None | Some("-") => Ok(Input::Stream(Box::new(io::stdin()))),
        Some(path) => match File::open(path) {
            Ok(file) => Ok(Input::Stream(Box::new(file))),
            // Perhaps somebody took it for the place of the secret: it is not repeated.
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StartError::usage(
                "there is no such file; a secret comes from a pipe, a file or a prompt, never as an argument",
            )),
            Err(error) => Err(StartError::usage(format!("cannot read {path}: {error}"))),
        },
    }
}

fn read(input: Input, wraps: bool, session: &mut Session) -> Result<Plaintext, StartError> {
    let text = match input {
        Input::Prompt => {
            let terminal = session.terminal_or("give the secret on standard input or in a file")?;
            let typed = terminal.ask_hidden("Secret, which is not shown: ")?;
            if wraps { wrapped(typed.as_bytes()) } else { typed }
        }
        Input::Stream(stream) => {
            let bytes = waiting_for_others("Waiting for the secret", || read_all(stream))?;
            if wraps { wrapped(&bytes) } else { text(bytes)? }
        }
    };
    Plaintext::new(text).ok_or_else(|| StartError::data("there is nothing to share: the input is empty"))
}

fn wrapped(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64::encode_string(bytes))
}

fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, StartError> {
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(StartError::data(
                "the input is not UTF-8 text: share it with --base64, and let the recipient use \
                 `tellonce get --base64`",
            ))
        }
    }
}

/// All of it, byte for byte. When the buffer grows, the old one is wiped.
fn read_all(mut stream: Box<dyn Read>) -> Result<Zeroizing<Vec<u8>>, StartError> {
    let mut bytes = Zeroizing::new(vec![0; 64 << 10]);
    let mut length = 0;
    loop {
        if length == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; 2 * length]);
            larger[..length].copy_from_slice(&bytes);
            bytes = larger;
        }
        match stream.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(StartError::storage(format!("cannot read the secret: {error}"))),
        }
        if length > LONGEST {
            return Err(StartError::data("the input is longer than the 16 MiB that any server takes"));
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}
