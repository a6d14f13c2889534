//! The subject that is shipped: the program's own core.

use super::{Links, Subject};
use crate::app::{App, Policy, Wishes};
use crate::error::{Error, StartError};
use crate::keyfile::KeySource;
use crate::secret::{Caller, Locale, Plaintext, ReceiptId, SecretId, Source};
use crate::store::Role;
use crate::time::{Clock, Timestamp, Ttl};
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The core on a database in a folder.
pub struct Genuine {
    app: App,
    folder: PathBuf,
    policy: Policy,
}

/// What a crash leaves of the files that matter.
const FILES: [&str; 3] = ["tellonce.db", "tellonce.db-wal", "tellonce.key"];

impl Genuine {
    /// Makes a database in an empty folder, or opens the one that is there.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn start(folder: &Path, policy: Policy, at: Timestamp) -> Result<Self, StartError> {
        let key = KeySource::File { path: folder.join("tellonce.key"), may_create: true };
        let database = folder.join("tellonce.db");
        // After an I/O error nothing is known, so there is nothing to report.
        let on_fatal = Box::new(|_: &str| std::process::exit(74));
        let opened = App::open(&database, &key, Role::Command, policy.clone(), Clock::manual(at), on_fatal)?;
        Ok(Self { app: opened.app, folder: folder.to_owned(), policy })
    }

    /// Copies the files as they lie there, while the writer stands still.
    fn copy_to(&self, folder: &Path) -> Result<(), Error> {
        let (from, to) = (self.folder.clone(), folder.to_owned());
        let copied = self.app.store().write(move |_| {
            let copy = || -> io::Result<()> {
                std::fs::create_dir(&to)?;
                for name in FILES {
                    std::fs::copy(from.join(name), to.join(name))?;
                }
                Ok(())
            };
            copy().map_err(|error| Error::Internal(Box::new(error)))
        });
        copied.wait()
    }
}

impl Subject for Genuine {
    fn conceal(&self, text: &str, passphrase: Option<&str>, ttl: Ttl) -> Result<Links, Error> {
        let wishes = Wishes { passphrase: owned(passphrase), ttl: Some(ttl.seconds()), ..Wishes::default() };
        let receipt = wait(self.app.conceal(owned(Some(text)), wishes, &anyone()))?;
        Ok(Links { secret: receipt.secret, receipt: receipt.id })
    }

    fn reveal(&self, id: &SecretId, passphrase: Option<&str>) -> Result<Option<Plaintext>, Error> {
        match wait(self.app.reveal(id, owned(passphrase), None, &anyone())) {
            Ok(revealed) => Ok(Some(revealed.content)),
            Err(Error::NotFound | Error::WrongPassphrase { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn burn(&self, id: &ReceiptId) -> Result<(), Error> {
        wait(self.app.burn(id, None, &anyone())).map(|_| ())
    }

    fn sweep(&self) -> Result<(), Error> {
        while !wait(self.app.sweep())?.is_nothing() {}
        Ok(())
    }

    fn advance(&self, seconds: i64) {
        self.app.clock().advance(seconds);
    }

    fn step_wall(&self, seconds: i64) {
        self.app.clock().step_wall(seconds);
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn crash(self) -> Result<Self, Error> {
        let (folder, now) = (self.folder.with_extension("after"), self.app.clock().now().moment());
        self.copy_to(&folder)?;
        Self::start(&folder, self.policy.clone(), now).map_err(|error| Error::Internal(Box::new(error)))
    }
}

fn owned(text: Option<&str>) -> Option<Zeroizing<String>> {
    text.map(|text| Zeroizing::new(text.to_owned()))
}

fn anyone() -> Caller {
    Caller { account: None, source: Source::of(Ipv4Addr::LOCALHOST.into()), locale: Locale::English }
}

/// Waits on a thread of its own event loop.
fn wait<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map_err(|error| Error::Internal(Box::new(error)))?.block_on(work)
}
