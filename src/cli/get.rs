//! `tellonce get`: the secret behind a link, byte for byte, once.

use super::passphrase;
use super::session::{self, Session, link, link_argument, refuse};
use super::terminal::{is_interactive, waiting, warn};
use crate::client::{Leads, Problem};
use crate::error::StartError;
use crate::os;
use crate::secret::Plaintext;
use base64ct::{Base64, Encoding};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Room made in an output file before the secret is asked for: what any server takes, else what most
/// servers take.
const ROOM: [u64; 2] = [16 << 20, 1 << 20];

/// The command and its arguments.
pub fn definition() -> Command {
    let switch = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let command = Command::new("get")
        .about("Read a secret, which ends it")
        .arg(link_argument())
        .arg(
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("FILE")
                .help("Write to this new file, which only you may read"),
        )
        .arg(switch("base64", "Unwrap what was shared with --base64"))
        .arg(switch("yes", "Do not ask before the secret is read").short('y'))
        .after_help(
            "Standard output gets the exact bytes. Only where it is a terminal a newline is added at the end, \
             and characters that could control the terminal are shown as codes.",
        );
    session::with_options(passphrase::with_options(command, passphrase::TO_OPEN))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let link = link(matches)?;
    refuse(
        &link,
        Leads::ToReceipt,
        "this is the link of a receipt: `tellonce status` and `tellonce burn` take it",
    )?;
    let mut session = Session::start(matches)?;
    let output = matches.get_one::<String>("output").map(PathBuf::from);
    if let Some(path) = &output {
        drop(Output::create(path)?);
    }
    let client = session.client_for(&link)?;
    let has_passphrase =
        waiting("Asking the server", || client.show(&link.id))?.flag("/record/has_passphrase");
    if is_interactive() && !matches.get_flag("yes") {
        let terminal = session.terminal_or("use --yes")?;
        if !terminal.confirm("This link works once. Read the secret now?")? {
            return Err(StartError::no("the secret was not read"));
        }
    }
    let (plaintext, file) = passphrase::open_secret(&mut session, has_passphrase, |passphrase| {
        // Once the secret is read, there must be a place for it.
        let file = output.as_deref().map(Output::create).transpose()?;
        let read = waiting("Reading the secret", || client.reveal(&link.id, passphrase));
        if matches!(read, Err(Problem::BrokeOff(_) | Problem::Unreachable(_))) {
            warn("it is not known whether the secret was read before that: `tellonce status` tells");
        }
        Ok(read.map(|plaintext| (plaintext, file)))
    })?;
    let unwraps = matches.get_flag("base64");
    let unwrapped = if unwraps { unwrapped(&plaintext) } else { None };
    match &unwrapped {
        Some(bytes) => write(bytes, file)?,
        None => write(plaintext.expose().as_bytes(), file)?,
    }
    if unwraps && unwrapped.is_none() {
        return Err(StartError::data("the secret is not in base64: it was written as it is"));
    }
    Ok(())
}

/// The bytes inside, if these are base64; one newline at the end does not count.
fn unwrapped(plaintext: &Plaintext) -> Option<Zeroizing<Vec<u8>>> {
    let text = plaintext.expose();
    let text = text.strip_suffix('\n').unwrap_or(text);
    Base64::decode_vec(text).ok().map(Zeroizing::new)
}

/// A new file that vanishes again unless it is filled.
struct Output {
    file: File,
    path: PathBuf,
    is_filled: bool,
}

impl Output {
    /// Makes the file, with room for a secret: once the secret is read, it is too late to find out that
    /// the disk is full.
    fn create(path: &Path) -> Result<Self, StartError> {
        let refuse = |error: &io::Error| {
            let reason = match error.kind() {
                io::ErrorKind::AlreadyExists => "it is there already, and is not overwritten".to_owned(),
                _ => error.to_string(),
            };
            StartError::cannot_create(format!(
                "cannot make {}: {reason}; the secret was not read",
                path.display()
            ))
        };
        let file = os::create_private(path).map_err(|error| refuse(&error))?;
        let output = Self { file, path: path.to_owned(), is_filled: false };
        output.make_room().map_err(|error| refuse(&error))?;
        Ok(output)
    }

    fn make_room(&self) -> io::Result<()> {
        let mut made = Ok(());
        for bytes in ROOM {
            made = os::allocate(&self.file, bytes);
            if made.is_ok() {
                break;
            }
        }
        // Some file systems cannot promise room.
        made.or_else(|error| if error.kind() == io::ErrorKind::Unsupported { Ok(()) } else { Err(error) })
    }

    fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        // From here on even a part is worth keeping.
        self.is_filled = true;
        self.file.write_all(bytes)?;
        self.file.set_len(bytes.len() as u64)?;
        self.file.sync_all()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.is_filled {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn write(bytes: &[u8], file: Option<Output>) -> Result<(), StartError> {
    let written = match file {
        Some(mut output) => output.fill(bytes),
        None if io::stdout().is_terminal() => display(bytes),
        None => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
    };
    written
        .map_err(|error| StartError::storage(format!("the secret was read, but cannot be written: {error}")))
}

/// For eyes: whoever made the secret must not control the terminal of whoever reads it.
fn display(bytes: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    let is_plain = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    let mut shown = Zeroizing::new(String::with_capacity(2 * text.len() + 1));
    for character in text.chars() {
        if is_plain(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    if !shown.ends_with('\n') {
        shown.push('\n');
    }
    io::stdout().write_all(shown.as_bytes())?;
    if !text.chars().all(is_plain) {
        warn("characters that could control the terminal are shown as codes; there is no second reading");
    }
    Ok(())
}
