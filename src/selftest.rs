//! Proof on the spot: promises of the server, each tried on a database of its own. What `tellonce selftest`
//! runs.
//!
//! The checks take what they try as a [`Subject`], so that the tests of this program can hand them broken
//! ones and see them fail.

mod genuine;

pub use genuine::Genuine;

use crate::error::Error;
use crate::secret::{Plaintext, ReceiptId, SecretId};
use crate::store;
use crate::time::Ttl;
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A server's core on files of its own, with a clock that is moved by hand.
pub trait Subject: Sync + Sized {
    /// Stores a secret.
    ///
    /// # Errors
    /// As [`crate::app::App::conceal`].
    fn conceal(&self, text: &str, passphrase: Option<&str>, ttl: Ttl) -> Result<Links, Error>;

    /// Reads a secret; `None` where that is refused, since it is gone or the passphrase is wrong.
    ///
    /// # Errors
    /// If it cannot be said.
    fn reveal(&self, id: &SecretId, passphrase: Option<&str>) -> Result<Option<Plaintext>, Error>;

    /// Destroys a secret.
    ///
    /// # Errors
    /// As [`crate::app::App::burn`].
    fn burn(&self, id: &ReceiptId) -> Result<(), Error>;

    /// Erases what has expired.
    ///
    /// # Errors
    /// As [`crate::app::App::sweep`].
    fn sweep(&self) -> Result<(), Error>;

    /// Lets time pass.
    fn advance(&self, seconds: i64);

    /// Sets the wall clock forward or back.
    fn step_wall(&self, seconds: i64);

    /// The folder that all of its files are in; the database is `tellonce.db`.
    fn folder(&self) -> &Path;

    /// Stops without a goodbye, as `kill -9` does, and starts anew on the same files.
    ///
    /// # Errors
    /// If it does not start.
    fn crash(self) -> Result<Self, Error>;
}

/// A secret's two identifiers.
#[derive(Debug, Clone)]
pub struct Links {
    /// For whoever reads it.
    pub secret: SecretId,
    /// For whoever made it.
    pub receipt: ReceiptId,
}

/// A promise that was tried.
#[derive(Debug)]
pub struct Trial {
    /// Its name.
    pub name: &'static str,
    /// What was proved, or what went wrong.
    pub outcome: Result<String, Failure>,
}

/// What went wrong.
#[derive(Debug)]
pub struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = error.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
        Self(format!("the check could not be made: {error}{cause}"))
    }
}

type Outcome = Result<String, Failure>;
type Check<S> = fn(S) -> Outcome;

/// Tries every promise, each on a subject of its own.
pub fn run<S: Subject>(new: impl Fn() -> Result<S, Error>) -> Vec<Trial> {
    let checks: [(&'static str, Check<S>); 5] = [
        ("race", race),
        ("wrong passphrase", wrong_passphrase),
        ("residue", residue),
        ("clock", clock),
        ("restart", restart),
    ];
    let run = |(name, check): (&'static str, Check<S>)| {
        let outcome = new().map_err(Failure::from).and_then(check);
        Trial { name, outcome }
    };
    checks.into_iter().map(run).collect()
}

const HOUR: Ttl = Ttl::from_seconds(3600);
const YEAR: i64 = 365 * 86_400;

/// Fails unless this holds.
fn ensure(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(otherwise.to_owned())) }
}

fn ensure_reads(
    subject: &impl Subject,
    links: &Links,
    passphrase: Option<&str>,
    text: &str,
) -> Result<(), Failure> {
    match subject.reveal(&links.secret, passphrase)? {
        Some(read) => ensure(read.expose() == text, "a secret was read as something else"),
        None => Err(Failure("a secret that should be there cannot be read".to_owned())),
    }
}

fn ensure_refuses(
    subject: &impl Subject,
    links: &Links,
    passphrase: Option<&str>,
    otherwise: &str,
) -> Result<(), Failure> {
    ensure(subject.reveal(&links.secret, passphrase)?.is_none(), otherwise)
}

/// Many readers at once: one gets the secret.
fn race<S: Subject>(subject: S) -> Outcome {
    const SECRETS: usize = 32;
    const READERS: usize = 16;
    for _ in 0..SECRETS {
        let links = subject.conceal("once", None, HOUR)?;
        let start = std::sync::Barrier::new(READERS);
        let read = || {
            start.wait();
            subject.reveal(&links.secret, None)
        };
        let reads: Vec<_> = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
            readers.into_iter().filter_map(|reader| reader.join().ok()).collect()
        });
        let reads = reads.into_iter().collect::<Result<Vec<_>, Error>>()?;
        let winners = reads.iter().flatten().count();
        ensure(reads.len() == READERS, "a reader broke off")?;
        ensure(winners == 1, &format!("{winners} of {READERS} readers got the same secret"))?;
        ensure_refuses(&subject, &links, None, "a secret was read again later")?;
    }
    Ok(format!("{SECRETS} secrets, each asked for by {READERS} readers at once: each was read exactly once"))
}

/// A wrong passphrase reads nothing and ends nothing.
fn wrong_passphrase<S: Subject>(subject: S) -> Outcome {
    let links = subject.conceal("guarded", Some("right"), HOUR)?;
    for wrong in [Some("wrong"), Some("Right"), Some(""), None] {
        ensure_refuses(&subject, &links, wrong, "a secret was read with a wrong passphrase or none")?;
    }
    ensure_reads(&subject, &links, Some("right"), "guarded")?;
    ensure_refuses(&subject, &links, Some("right"), "a secret was read twice")?;
    Ok("a wrong passphrase or none was refused and consumed nothing; the right one read it, once".to_owned())
}

/// How long a share that was overwritten may still lie in the log.
const SOON: Duration = Duration::from_secs(10);

/// What has ended leaves nothing in the files with which it could be opened.
fn residue<S: Subject>(subject: S) -> Outcome {
    const EACH: usize = 8;
    const CANARY: &str = "a plaintext that no file may hold";
    let made = || (0..EACH).map(|_| subject.conceal(CANARY, None, HOUR)).collect::<Result<Vec<_>, _>>();
    let (read, burned, expired) = (made()?, made()?, made()?);
    let database = subject.folder().join("tellonce.db");
    let shares = store::used_shares(&database).map_err(|error| Failure(error.to_string()))?;
    let before = occurring(&shares, subject.folder())?;
    ensure(before == 3 * EACH, "the search for shares does not find those of live secrets")?;
    for links in &read {
        ensure_reads(&subject, links, None, CANARY)?;
    }
    for links in &burned {
        subject.burn(&links.receipt)?;
    }
    subject.advance(HOUR.seconds() + 1);
    subject.sweep()?;
    for links in &expired {
        ensure_refuses(&subject, links, None, "an expired secret was read")?;
    }
    let began = Instant::now();
    let mut left = shares.len();
    while left > 0 && began.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(50));
        left = occurring(&shares, subject.folder())?;
    }
    ensure(left == 0, &format!("{left} of {} shares are still in the files", shares.len()))?;
    ensure(occurring(&[CANARY], subject.folder())? == 0, "a plaintext is in a file")?;
    Ok(format!(
        "of {EACH} secrets read, {EACH} burned and {EACH} expired no file holds a share, each found there before, \
         nor a plaintext"
    ))
}

/// How many of these occur in any file of the folder.
fn occurring(needles: &[impl AsRef<[u8]>], folder: &Path) -> Result<usize, Failure> {
    let mut files = Vec::new();
    let mut look = || -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            match std::fs::read(entry?.path()) {
                // The log goes while we look.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                read => files.push(Zeroizing::new(read?)),
            }
        }
        Ok(())
    };
    look().map_err(|error| Failure(format!("the files cannot be read: {error}")))?;
    let is_in = |file: &[u8], needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    let found = needles.iter().filter(|needle| files.iter().any(|file| is_in(file, needle.as_ref())));
    Ok(found.count())
}

/// An expired secret is withheld before anyone sweeps, whatever becomes of the wall clock, and no jump of
/// it destroys anything.
fn clock<S: Subject>(subject: S) -> Outcome {
    let links = subject.conceal("short", None, HOUR)?;
    subject.advance(HOUR.seconds());
    ensure_refuses(&subject, &links, None, "an expired secret was read")?;
    subject.step_wall(-YEAR);
    ensure_refuses(&subject, &links, None, "a wall clock that was set back brought an expired secret back")?;
    subject.step_wall(YEAR);
    let links = subject.conceal("lasting", None, HOUR)?;
    subject.step_wall(YEAR);
    ensure_refuses(&subject, &links, None, "a secret was read that the wall clock calls expired")?;
    subject.sweep()?;
    subject.step_wall(-YEAR);
    ensure_reads(&subject, &links, None, "lasting")?;
    Ok("an expired secret was withheld before any sweep, and a year's jump of the wall clock neither brought one \
        back nor destroyed one"
        .to_owned())
}

/// What was acknowledged holds after `kill -9`.
fn restart<S: Subject>(subject: S) -> Outcome {
    const EACH: usize = 8;
    let made = || (0..EACH).map(|_| subject.conceal("kept", None, HOUR)).collect::<Result<Vec<_>, _>>();
    let (read, burned, kept) = (made()?, made()?, made()?);
    for links in &read {
        ensure_reads(&subject, links, None, "kept")?;
    }
    for links in &burned {
        subject.burn(&links.receipt)?;
    }
    let subject = subject.crash()?;
    for links in read.iter().chain(&burned) {
        ensure_refuses(&subject, links, None, "a secret that was read or burned is back after a crash")?;
    }
    for links in &kept {
        ensure_reads(&subject, links, None, "kept")?;
        ensure_refuses(&subject, links, None, "a secret was read twice after a crash")?;
    }
    Ok(format!(
        "after a crash {EACH} secrets were still there, and {EACH} read and {EACH} burned ones were still gone"
    ))
}
