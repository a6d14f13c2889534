//! What the client's commands say to a person: questions on the terminal itself, so that standard input
//! and output stay free for pipes; warnings, and word of what takes long.

use crate::config::process_variable;
use crate::error::StartError;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// A terminal cuts lines at this many bytes.
const LONGEST_LINE: usize = 4095;

/// The terminal of whoever runs this.
pub struct Terminal {
    tty: File,
    /// How the terminal was before it was told to hide what is typed.
    usual: Arc<Mutex<Option<Termios>>>,
}

impl Terminal {
    /// The terminal, if there is one. From now on an interrupt first makes it show again what is typed.
    pub fn open() -> Option<Self> {
        let tty = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let usual = Arc::new(Mutex::new(None));
        restore_on_signal(tty.try_clone().ok()?, Arc::clone(&usual)).ok()?;
        Some(Self { tty, usual })
    }

    /// Asks for a line that everybody may see.
    pub fn ask(&self, question: &str) -> Result<String, StartError> {
        self.say(question)?;
        Ok(self.line()?.to_string())
    }

    /// Asks for a line that nobody sees.
    pub fn ask_hidden(&self, question: &str) -> Result<Zeroizing<String>, StartError> {
        self.hide().map_err(|error| lost(&error))?;
        let line = self.say(question).and_then(|()| self.line());
        restore(&self.tty, &self.usual);
        let _ = self.say("\n");
        line
    }

    /// Whether the answer is yes; anything but `y` and `yes` is no.
    pub fn confirm(&self, question: &str) -> Result<bool, StartError> {
        let answer = self.ask(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Puts words on the terminal.
    pub fn say(&self, words: &str) -> Result<(), StartError> {
        (&self.tty).write_all(words.as_bytes()).map_err(|error| lost(&error))
    }

    fn hide(&self) -> io::Result<()> {
        let usual = tcgetattr(&self.tty)?;
        let mut hidden = usual.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = Some(usual);
        Ok(tcsetattr(&self.tty, OptionalActions::Drain, &hidden)?)
    }

    /// One line, without its end. The terminal hands out lines whole.
    fn line(&self) -> Result<Zeroizing<String>, StartError> {
        let mut bytes = Zeroizing::new(vec![0; LONGEST_LINE + 1]);
        let length = (&self.tty).read(&mut bytes).map_err(|error| lost(&error))?;
        let line = bytes[..length].strip_suffix(b"\n").unwrap_or(&bytes[..length]);
        if length == 0 {
            return Err(StartError::no("nothing was answered"));
        }
        if line.len() >= LONGEST_LINE {
            let advice = "the terminal cuts a line of that length: use a file or a pipe instead";
            return Err(StartError::data(advice));
        }
        let text = str::from_utf8(line).map_err(|_| StartError::data("what was typed is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

fn lost(error: &io::Error) -> StartError {
    StartError::storage(format!("cannot use the terminal: {error}"))
}

/// Makes the terminal show again what is typed, if it was told not to.
fn restore(tty: &File, usual: &Mutex<Option<Termios>>) {
    if let Some(usual) = usual.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = tcsetattr(tty, OptionalActions::Drain, &usual);
    }
}

/// Ends the process at an interrupt as the shell expects it, but with a terminal that shows what is
/// typed.
fn restore_on_signal(tty: File, usual: Arc<Mutex<Option<Termios>>>) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    drop(guard);
    std::thread::spawn(move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
                _ = hang_up.recv() => 1,
            }
        });
        restore(&tty, &usual);
        let _ = (&tty).write_all(b"\n");
        std::process::exit(128 + number);
    });
    Ok(())
}

/// Lines on standard output, which another program may be reading.
pub fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// The same for lists and texts, of which a reader may have seen enough.
pub fn list(text: &str) -> Result<(), StartError> {
    match print(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(StartError::storage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A line on standard error. Where nobody hears it, the work goes on.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Something to know.
pub fn warn(message: &str) {
    note(&format!("{} {message}", paint("33", "warning:")));
}

/// What went wrong.
pub fn complain(error: &StartError) {
    note(&format!("{} {error}", paint("31", "tellonce:")));
}

/// Something that helps a person and that a script has no use for.
pub fn tell(message: &str) {
    if io::stderr().is_terminal() {
        note(message);
    }
}

/// In bold and this colour, where colours are welcome.
fn paint(colour: &str, text: &str) -> String {
    if wants_colours() { format!("\x1b[1;{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether standard error is a terminal with colours whose owner did not say no (<https://no-color.org>).
pub fn wants_colours() -> bool {
    let refuses = process_variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = process_variable("TERM").is_none_or(|name| name == "dumb");
    io::stderr().is_terminal() && !refuses && !is_dumb
}

/// Whether a person is there to answer: both sides of the conversation are a terminal.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Does the work; if it takes more than a second, counts the seconds on a terminal.
pub fn waiting<T>(what: &str, work: impl FnOnce() -> T) -> T {
    meanwhile(|is_done| count_seconds(what, is_done), work)
}

/// Does the work; if it takes more than a second, says so on a terminal, once: whoever we wait for may be
/// asking something there.
pub fn waiting_for_others<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let say = |is_done: &Receiver<()>| {
        if is_late(is_done) {
            note(&format!("{what} …"));
        }
    };
    meanwhile(say, work)
}

fn meanwhile<T>(say: impl FnOnce(&Receiver<()>) + Send, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, is_done) = channel();
        scope.spawn(move || say(&is_done));
        let outcome = work();
        drop(done);
        outcome
    })
}

/// Whether another second passes before the work is done.
fn is_late(is_done: &Receiver<()>) -> bool {
    is_done.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout)
}

/// Counts on one line, and wipes it at the end.
fn count_seconds(what: &str, is_done: &Receiver<()>) {
    let mut shown = String::new();
    for seconds in 1.. {
        if !is_late(is_done) {
            break;
        }
        shown = format!("{what} … {seconds} s");
        let _ = write!(io::stderr(), "\r{shown}");
    }
    if !shown.is_empty() {
        let _ = write!(io::stderr(), "\r{}\r", " ".repeat(shown.chars().count()));
    }
}
