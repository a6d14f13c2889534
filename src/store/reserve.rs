//! Four megabytes on the disk that are given up when it is full, so that secrets can still end.

use crate::os;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BYTES: u64 = 4 << 20;
/// How often to try to get the room back.
const RETRY: Duration = Duration::from_secs(2);

/// A file of zeros beside the database.
pub struct Reserve {
    path: Option<PathBuf>,
    given_up: Option<Instant>,
}

impl Reserve {
    /// No reserve: for commands that run beside a server.
    pub fn none() -> Self {
        Self { path: None, given_up: None }
    }

    /// The reserve of this database; it is made if it is missing and there is room.
    pub fn beside(database: &Path) -> Self {
        let mut reserve = Self { path: Some(database.with_extension("reserve")), given_up: None };
        if reserve.take().is_err() {
            reserve.give_up();
        }
        reserve
    }

    /// Frees the room for those who end secrets.
    pub fn give_up(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
            self.given_up = Some(Instant::now());
        }
    }

    /// Whether the room is given up and a new try to get it back is due.
    pub fn is_due(&self) -> bool {
        self.given_up.is_some_and(|at| at.elapsed() >= RETRY)
    }

    /// Whether the reserve stands.
    pub fn stands(&self) -> bool {
        self.given_up.is_none()
    }

    /// Tries to get the room back.
    pub fn retry(&mut self) {
        if self.take().is_err() {
            self.give_up();
        }
    }

    fn take(&mut self) -> std::io::Result<()> {
        if let Some(path) = &self.path
            && !std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == BYTES)
        {
            let _ = std::fs::remove_file(path);
            os::allocate(&os::create_private(path)?, BYTES)?;
        }
        self.given_up = None;
        Ok(())
    }
}
