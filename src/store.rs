//! One SQLite file behind two doors: [`Store::read`] and [`Store::write`]. Knows nothing of ciphers:
//! what it keeps are bytes, and it finds them by bytes.
//!
//! A write is a closure that runs inside a transaction on the one writer thread. Many are committed
//! together, and nobody is answered before the commit is on the disk.

pub mod accounts;
pub mod backup;
pub mod ceiling;
mod connection;
mod erase;
pub mod figures;
pub mod outbox;
pub mod receipts;
mod reserve;
mod restore;
mod rows;
mod schema;
pub mod secrets;
mod slots;
mod writer;

pub use erase::erase;
pub use restore::{Replaced, restore};
pub use schema::{KeyRow, beside, check_whole, stored_keys};
pub(crate) use schema::{keys, mask_constant};
pub use slots::used_shares;
pub use writer::Pending;

use crate::error::{Error, StartError};
use crate::os;
use reserve::Reserve;
use rusqlite::{Connection, ErrorCode};
use slots::FreeSlots;
use std::cell::Cell;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

/// Writes that may wait at once; more are turned away as "busy".
const QUEUE: usize = 4096;
/// Read-only connections kept open.
const READERS: usize = 4;

/// Called when nothing is known about the state of the file any more: the process must end.
pub type OnFatal = Box<dyn Fn(&str) + Send>;

/// The open database.
pub struct Store {
    path: PathBuf,
    jobs: Option<SyncSender<Box<dyn writer::Job>>>,
    thread: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    condition: Arc<Condition>,
    newest: AtomicI64,
}

/// What the writer tells everyone else.
#[derive(Default)]
pub struct Condition {
    /// The disk is full: nothing new is accepted, ends of secrets still are.
    full: AtomicBool,
    /// Seconds for which readers have kept erased shares in the log.
    checkpoint_blocked_secs: AtomicU64,
    /// Writes in the queue.
    waiting: AtomicUsize,
    /// Shares overwritten since the start.
    erased: AtomicU64,
}

impl Condition {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Seconds for which the log could not be emptied of erased shares.
    pub fn checkpoint_blocked_secs(&self) -> u64 {
        self.checkpoint_blocked_secs.load(Ordering::Relaxed)
    }

    /// Writes that wait for the writer.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Shares that were overwritten since the start.
    pub fn erased(&self) -> u64 {
        self.erased.load(Ordering::Relaxed)
    }
}

/// A write transaction. Only [`Store::write`] makes one.
pub struct WriteTx<'c> {
    connection: &'c Connection,
    free_slots: &'c FreeSlots,
    /// Padded bytes that anonymous callers kept before this transaction, once someone has asked.
    anonymous_before: Cell<Option<i64>>,
    tally: Cell<Tally>,
}

/// What a transaction has done so far.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Shares that were overwritten.
    erased: u64,
    /// By how much the padded bytes that anonymous callers keep have changed.
    anonymous_bytes: i64,
}

impl<'c> WriteTx<'c> {
    fn new(connection: &'c Connection, free_slots: &'c FreeSlots) -> Self {
        Self { connection, free_slots, anonymous_before: Cell::default(), tally: Cell::default() }
    }

    /// A share was overwritten: the log must be emptied soon.
    fn note_erased(&self) {
        let tally = self.tally.get();
        self.tally.set(Tally { erased: tally.erased + 1, ..tally });
    }

    /// Anonymous callers keep so many padded bytes more.
    fn note_anonymous(&self, bytes: i64) {
        let tally = self.tally.get();
        self.tally.set(Tally { anonymous_bytes: tally.anonymous_bytes + bytes, ..tally });
    }

    /// Padded bytes that anonymous callers keep at present.
    pub(crate) fn anonymous_bytes(&self) -> Result<i64, Error> {
        let before = match self.anonymous_before.get() {
            Some(before) => before,
            None => secrets::anonymous_bytes(self)?,
        };
        self.anonymous_before.set(Some(before));
        Ok(before + self.tally.get().anonymous_bytes)
    }
}

impl Deref for WriteTx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// How a command uses the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The server, which alone keeps a reserve for hard times.
    Server,
    /// A command that may run beside the server.
    Command,
}

impl Store {
    /// Opens the file at `path`, makes it if there is none, and brings it up to the present schema.
    ///
    /// `first_key` is the fingerprint of the newest root key at hand; if the file does not know it,
    /// it becomes the file's newest. A server refuses new secrets when the disk has less room than
    /// `min_free_disk` bytes.
    ///
    /// # Errors
    /// A sentence for the operator: wrong version, damage, permissions, no room.
    pub fn open(
        path: &Path,
        first_key: [u8; 16],
        role: Role,
        min_free_disk: u64,
        on_fatal: OnFatal,
    ) -> Result<Self, StartError> {
        let connection = schema::prepare(path, first_key)?;
        let told = |error: rusqlite::Error| StartError::storage(error.to_string());
        let newest = rows::newest(&connection).map_err(told)?;
        let condition = Arc::new(Condition::default());
        let (jobs, queue) = mpsc::sync_channel(QUEUE);
        let reserve = match role {
            Role::Server => Reserve::beside(path, min_free_disk),
            Role::Command => Reserve::none(),
        };
        let writer = writer::Writer::new(connection, path, queue, reserve, Arc::clone(&condition), on_fatal)
            .map_err(told)?;
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run())
            .map_err(|error| StartError::storage(format!("cannot start the store's thread: {error}")))?;
        Ok(Self {
            path: path.to_owned(),
            jobs: Some(jobs),
            thread: Some(thread),
            readers: Mutex::new(Vec::new()),
            condition,
            newest: newest.into(),
        })
    }

    /// The number for one more row.
    pub fn next_number(&self) -> i64 {
        self.newest.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Runs a query on a read-only connection. What it sees is advice: a write looks again.
    ///
    /// # Errors
    /// Whatever `query` returns, or [`Error::Unavailable`] if no connection can be had.
    pub fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = idle.map_or_else(|| connection::open_reader(&self.path), Ok)?;
        let answer = query(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        answer
    }

    /// Queues a write. It is skipped if nobody waits for the answer any more when its turn comes. `work`
    /// runs a second time if what it did had to be undone together with a failure of another's.
    ///
    /// # Errors
    /// The answer is whatever `work` returns once that is committed. [`Error::Unavailable`] if the
    /// queue is full or the commit failed, [`Error::StorageFull`] if the disk has no room; then
    /// nothing has changed.
    pub fn write<T, F>(&self, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.write_sized(0, work)
    }

    /// Queues a write of about this many bytes, so that one commit does not grow too large.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_sized<T, F>(&self, bytes: usize, work: F) -> Pending<T>
    where
        T: Send + 'static,
        F: Fn(&WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (job, pending) = writer::job(bytes, work);
        // A job that is not taken is dropped, and its `Pending` answers that the store is busy.
        if let Some(jobs) = &self.jobs {
            self.condition.waiting.fetch_add(1, Ordering::Relaxed);
            if jobs.try_send(job).is_err() {
                self.condition.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
        pending
    }

    /// Bytes this user may still write to the disk of the file; none if the system does not tell.
    pub fn free_bytes(&self) -> Option<u64> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        os::free_bytes(folder.unwrap_or(Path::new("."))).ok()
    }

    /// What the writer has to tell.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }
}

impl Drop for Store {
    /// Finishes what is queued, empties the log into the file, and closes it.
    fn drop(&mut self) {
        // Readers first: only a connection that can write, closed last, removes the log.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::StorageFull(Box::new(error)),
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(Box::new(error)),
            _ => Self::Internal(Box::new(error)),
        }
    }
}
