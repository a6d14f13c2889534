//! Room on the disk: four megabytes that are given up when it is full, so that secrets can still end,
//! and a watermark below which nothing new is taken.

use crate::os;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BYTES: u64 = 4 << 20;
/// How often to look at the disk, and to try to get the room back.
const ROUND: Duration = Duration::from_secs(2);

/// A file of zeros beside the database, and what the disk was like when last looked at.
pub struct Reserve {
    path: Option<PathBuf>,
    /// With less room on the disk, in bytes, nothing new is taken.
    min_free: u64,
    stands: bool,
    has_room: bool,
    looked: Instant,
}

impl Reserve {
    /// No reserve: for commands that run beside a server.
    pub fn none() -> Self {
        Self { path: None, min_free: 0, stands: true, has_room: true, looked: Instant::now() }
    }

    /// The reserve of this database; it is made if it is missing and there is room.
    pub fn beside(database: &Path, min_free: u64) -> Self {
        let path = Some(database.with_extension("reserve"));
        let mut reserve = Self { path, min_free, stands: false, has_room: true, looked: Instant::now() };
        reserve.look();
        reserve
    }

    /// Frees the room for those who end secrets.
    pub fn give_up(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
            self.stands = false;
            self.looked = Instant::now();
        }
    }

    /// Whether it is time to look at the disk again.
    pub fn is_due(&self) -> bool {
        self.path.is_some() && self.looked.elapsed() >= ROUND
    }

    /// Looks at the disk, and takes back the room if it was given up.
    pub fn look(&mut self) {
        self.looked = Instant::now();
        let Some(path) = &self.path else { return };
        if !self.stands && (self.is_read_only() || take(path).is_err()) {
            self.give_up();
            return;
        }
        self.stands = true;
        // A system that does not tell is no reason to refuse secrets: a full disk tells by itself.
        let free = os::free_bytes(os::folder_of(path)).unwrap_or(u64::MAX);
        self.has_room = free >= self.min_free;
    }

    /// Whether the disk has become read-only.
    pub fn is_read_only(&self) -> bool {
        self.path.as_ref().is_some_and(|path| os::is_read_only(os::folder_of(path)))
    }

    /// Whether there is room for something new.
    pub fn has_room(&self) -> bool {
        self.stands && self.has_room
    }
}

fn take(path: &Path) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() == BYTES) {
        return Ok(());
    }
    let _ = std::fs::remove_file(path);
    os::allocate(&os::create_private(path)?, BYTES)
}
