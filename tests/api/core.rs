//! The core without its server, for stories that would take too long over sockets or that end with
//! a restart.

use crate::support::server::START;
use std::future::Future;
use std::path::PathBuf;
use tellonce::app::{App, Policy};
use tellonce::keyfile::KeySource;
use tellonce::store::Role;
use tellonce::time::{Clock, Timestamp};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The core on a folder of its own.
pub struct Core {
    app: Option<App>,
    policy: Policy,
    runtime: Runtime,
    folder: TempDir,
}

impl Core {
    pub fn open(policy: Policy) -> Self {
        let folder = TempDir::new().expect("a folder");
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let mut core = Self { app: None, policy, runtime, folder };
        core.app = Some(core.start(Timestamp::from_unix(START)));
        core
    }

    /// Closes the files and opens them again, at the same moment.
    pub fn reopen(&mut self) {
        let now = self.app().clock().now().moment();
        self.app = None;
        self.app = Some(self.start(now));
    }

    fn start(&self, now: Timestamp) -> App {
        let key = KeySource::File { path: self.folder.path().join("tellonce.key"), may_create: true };
        let fatal = Box::new(|reason: &str| panic!("{reason}"));
        let clock = Clock::manual(now);
        App::open(&self.database(), &key, Role::Server, self.policy.clone(), clock, fatal)
            .expect("a database")
            .app
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("tellonce.db")
    }

    pub fn app(&self) -> &App {
        self.app.as_ref().expect("an open core")
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}
