//! The one thread that writes: it commits whatever has queued up in one transaction, and only then
//! answers.

use super::reserve::Reserve;
use super::slots::FreeSlots;
use super::{Condition, OnFatal, WriteTx, connection, schema, secrets};
use crate::error::Error;
use rusqlite::ffi::SQLITE_IOERR_WRITE;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Jobs and bytes in one commit, at the most.
const BATCH_JOBS: usize = 256;
const BATCH_BYTES: usize = 16 << 20;

/// A write that has been queued. Await it on the event loop, or [`Pending::wait`] for it elsewhere.
/// Dropping it before its turn has come cancels the write.
#[must_use]
pub struct Pending<T>(oneshot::Receiver<Result<T, Error>>);

impl<T> Pending<T> {
    /// Blocks until the write is committed. Not for the event loop.
    ///
    /// # Errors
    /// As [`super::Store::write`].
    pub fn wait(self) -> Result<T, Error> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(busy()))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or_else(|_| Err(busy())))
    }
}

fn busy() -> Error {
    Error::Unavailable("the queue of writes is full or closed".into())
}

fn no_room() -> Error {
    Error::StorageFull("the disk is full".into())
}

/// A write in the queue.
pub trait Job: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// About how many bytes it writes.
    fn bytes(&self) -> usize;
    /// Does the work and keeps the answer. May be called again once all it did was undone.
    fn run(&mut self, tx: &WriteTx<'_>) -> Ran;
    /// Gives the answer, or `failure` in its place.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

/// How a job went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// To be committed.
    Done,
    /// To be undone, alone.
    Failed,
    /// To be undone, alone: there was no room on the disk.
    Full,
}

/// How the jobs of a transaction are kept apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// Not at all. A job hardly ever fails once it has written something, and for a savepoint SQLite
    /// copies every page that is written after it.
    No,
    /// Each in a savepoint, so that it can be undone alone.
    Savepoints,
}

struct Task<T, F> {
    bytes: usize,
    work: F,
    answer: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

/// A job for the queue and the place to wait for its answer.
pub fn job<T, F>(bytes: usize, work: F) -> (Box<dyn Job>, Pending<T>)
where
    T: Send + 'static,
    F: Fn(&WriteTx<'_>) -> Result<T, Error> + Send + 'static,
{
    let (reply, pending) = oneshot::channel();
    (Box::new(Task { bytes, work, answer: None, reply }), Pending(pending))
}

impl<T, F> Job for Task<T, F>
where
    T: Send + 'static,
    F: Fn(&WriteTx<'_>) -> Result<T, Error> + Send + 'static,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn run(&mut self, tx: &WriteTx<'_>) -> Ran {
        match self.answer.insert((self.work)(tx)) {
            Ok(_) => Ran::Done,
            Err(Error::StorageFull(_)) => Ran::Full,
            Err(_) => Ran::Failed,
        }
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        // A job that failed by itself keeps its own answer; one that succeeded in vain does not.
        let answer = match (self.answer, failure) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(failure)) => Err(failure),
            (Some(ok), None) => ok,
            (None, None) => Err(busy()),
        };
        let _ = self.reply.send(answer);
    }
}

/// How the file stands after a batch.
enum Verdict {
    Committed,
    /// Nothing of the batch happened.
    RolledBack(Error),
    /// Nothing of the batch happened, since one job had to be undone: now each for itself.
    Spoilt,
    /// Nobody knows what happened.
    Unknown(String),
}

/// The writer's own side of the store.
pub struct Writer {
    connection: Connection,
    queue: Receiver<Box<dyn Job>>,
    reserve: Reserve,
    condition: Arc<Condition>,
    checkpoints: Checkpoints,
    free_slots: FreeSlots,
    on_fatal: OnFatal,
}

impl Writer {
    pub fn new(
        mut connection: Connection,
        path: &Path,
        queue: Receiver<Box<dyn Job>>,
        reserve: Reserve,
        condition: Arc<Condition>,
        on_fatal: OnFatal,
    ) -> rusqlite::Result<Self> {
        condition.full.store(!reserve.has_room(), Ordering::Relaxed);
        let (checkpoints, free_slots) = (Checkpoints::new(path, &mut connection)?, FreeSlots::default());
        Ok(Self { connection, queue, reserve, condition, checkpoints, free_slots, on_fatal })
    }

    /// Serves the queue until it is closed. A panic in here ends the process: nobody could write.
    pub fn run(mut self) {
        let guard = EndOnPanic;
        loop {
            match self.queue.recv_timeout(self.checkpoints.patience()) {
                Ok(first) => {
                    self.taken();
                    self.batch(first);
                }
                Err(RecvTimeoutError::Timeout) => self.checkpoints.idle(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.checkpoints.run_if_due(&self.connection, &self.condition);
            if self.reserve.is_due() {
                self.reserve.look();
                self.note_room();
            }
        }
        self.checkpoints.empty(&self.connection, &self.condition);
        std::mem::forget(guard);
    }

    /// One write less waits.
    fn taken(&self) {
        self.condition.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Tells everyone else whether there is room, and the log when that changes.
    fn note_room(&self) {
        let full = !self.reserve.has_room();
        if self.condition.full.swap(full, Ordering::Relaxed) != full {
            if full {
                tracing::error!(
                    "there is too little room on the disk, or it is read-only: new secrets are refused until \
                     there is room"
                );
            } else {
                tracing::info!("there is room on the disk again: new secrets are taken");
            }
        }
    }

    fn batch(&mut self, first: Box<dyn Job>) {
        let mut jobs = vec![first];
        let mut verdict = self.transact(&mut jobs, Apart::No);
        if let Verdict::Spoilt = verdict {
            verdict = self.transact(&mut jobs, Apart::Savepoints);
        }
        if !matches!(verdict, Verdict::Committed) {
            self.free_slots.forget();
        }
        let failure: Option<fn() -> Error> = match &verdict {
            Verdict::Committed => None,
            Verdict::RolledBack(Error::StorageFull(_)) => Some(no_room),
            Verdict::RolledBack(_) | Verdict::Spoilt | Verdict::Unknown(_) => {
                Some(|| Error::Unavailable("the commit failed".into()))
            }
        };
        for job in jobs {
            job.answer(failure.map(|failure| failure()));
        }
        match verdict {
            Verdict::Committed | Verdict::Spoilt => {}
            Verdict::RolledBack(error) => self.rolled_back(&error),
            Verdict::Unknown(reason) => (self.on_fatal)(&reason),
        }
    }

    fn rolled_back(&mut self, error: &Error) {
        if matches!(error, Error::StorageFull(_)) {
            self.reserve.give_up();
            self.note_room();
        } else {
            tracing::error!(cause = ?error.cause(), "a transaction was rolled back");
        }
    }

    /// The one place where a transaction begins. Runs these jobs and those that come meanwhile.
    fn transact(&mut self, jobs: &mut Vec<Box<dyn Job>>, apart: Apart) -> Verdict {
        if let Err(error) = self.statement("BEGIN IMMEDIATE") {
            return Verdict::RolledBack(error.into());
        }
        let tx = WriteTx::new(&self.connection, &self.free_slots);
        let (mut next, mut bytes, mut full) = (0, 0, false);
        while let Some(job) = jobs.get_mut(next) {
            bytes += job.bytes();
            match self.run_job(&tx, job.as_mut(), apart) {
                Err(error) => return self.give_up(error),
                Ok(None) => return self.undo(Verdict::Spoilt),
                Ok(Some(ran)) => full |= ran == Ran::Full,
            }
            // Some errors (full, I/O, memory) end the whole transaction.
            if self.connection.is_autocommit() {
                return Verdict::RolledBack(if full { no_room() } else { busy() });
            }
            next += 1;
            if next == jobs.len() && next < BATCH_JOBS && bytes < BATCH_BYTES {
                jobs.extend(self.queue.try_recv().inspect(|_| self.taken()));
            }
        }
        let tally = tx.tally.get();
        match self.commit(&tx) {
            Ok(()) => {
                self.checkpoints.committed(tally.erased);
                self.condition.erased.fetch_add(tally.erased, Ordering::Relaxed);
                if full {
                    self.rolled_back(&no_room());
                }
                Verdict::Committed
            }
            Err(error) => self.give_up(error),
        }
    }

    fn commit(&self, tx: &WriteTx<'_>) -> rusqlite::Result<()> {
        match tx.tally.get().anonymous_bytes {
            0 => {}
            change => secrets::add_anonymous_bytes(tx, change)?,
        }
        self.statement("COMMIT")
    }

    /// Runs one job so that it can fail alone; `None` if it cannot, since it has failed and nothing keeps
    /// it apart.
    fn run_job(&self, tx: &WriteTx<'_>, job: &mut dyn Job, apart: Apart) -> rusqlite::Result<Option<Ran>> {
        if job.is_abandoned() {
            return Ok(Some(Ran::Failed));
        }
        if apart == Apart::Savepoints {
            self.statement("SAVEPOINT job")?;
        }
        let (before, changes) = (tx.tally.get(), self.connection.total_changes());
        let ran = job.run(tx);
        if self.connection.is_autocommit() {
            return Ok(Some(ran));
        }
        let is_to_be_undone = ran != Ran::Done && self.connection.total_changes() != changes;
        if is_to_be_undone && apart == Apart::No {
            return Ok(None);
        }
        if is_to_be_undone {
            tx.tally.set(before);
            self.free_slots.forget();
            self.statement("ROLLBACK TO job")?;
        }
        if apart == Apart::Savepoints {
            self.statement("RELEASE job")?;
        }
        Ok(Some(ran))
    }

    /// After a failed statement: full, busy and read-only are rolled back; after another I/O error nothing is known.
    fn give_up(&self, error: rusqlite::Error) -> Verdict {
        if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
            return self.undo(Verdict::RolledBack(error.into()));
        }
        // The last write of a commit is what makes it one, so nothing of it holds.
        if is_failed_write(&error) && self.reserve.is_read_only() {
            return self.undo(Verdict::RolledBack(Error::StorageFull("the disk is read-only".into())));
        }
        Verdict::Unknown(error.to_string())
    }

    /// Ends the transaction, if it still stands, so that nothing of it has happened.
    fn undo(&self, verdict: Verdict) -> Verdict {
        if !self.connection.is_autocommit()
            && let Err(error) = self.statement("ROLLBACK")
        {
            return Verdict::Unknown(error.to_string());
        }
        verdict
    }

    fn statement(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// Whether SQLite could not write, rather than not sync or not read.
fn is_failed_write(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_WRITE)
}

struct EndOnPanic;

impl Drop for EndOnPanic {
    fn drop(&mut self) {
        // Reached only while unwinding: `run` forgets its guard.
        std::process::exit(70);
    }
}

/// When to bring the log into the file. Shares that were overwritten in the file are still readable in the log
/// until it is emptied, so this is part of erasing.
///
/// Under load the log is copied into the file again and again, and then written over from its start: syncing what
/// lies where something lay before takes half the time of syncing a file that grows.
struct Checkpoints {
    log: PathBuf,
    /// Pages in the log, as of the last commit.
    pages: Arc<AtomicU32>,
    /// Of those, how many were there at the last copy.
    copied: u32,
    first_erased: Option<Instant>,
    idle: bool,
    emptied: Instant,
    blocked_since: Option<Instant>,
    last_try: Instant,
}

impl Checkpoints {
    /// How long an erased share may wait in the log under load.
    const UNDER_LOAD: Duration = Duration::from_secs(1);
    /// How long one may wait when nothing else happens.
    const WHEN_IDLE: Duration = Duration::from_millis(500);
    /// How long plain writes, and writes of other processes, may wait when nothing else happens.
    const WRITTEN_IDLE: Duration = Duration::from_secs(2);
    /// How long these may wait in any case: short jobs may come so often that nothing is ever idle.
    const AT_MOST: Duration = Duration::from_secs(10);
    /// Pages after which the log is copied: callers wait for as long as that takes.
    const PAGES: u32 = 1000;
    /// How long to wait for readers, and between two tries that they blocked.
    const READERS: Duration = Duration::from_millis(50);

    fn new(database: &Path, connection: &mut Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let note = pages.clone();
        connection.wal_hook(Some(move |_: &mut Wal, pages: i32| {
            note.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            log: schema::beside(database, "-wal"),
            pages,
            copied: 0,
            first_erased: None,
            idle: false,
            emptied: Instant::now(),
            blocked_since: None,
            last_try: Instant::now(),
        })
    }

    /// How long the writer may sleep.
    fn patience(&self) -> Duration {
        match (self.blocked_since, self.first_erased) {
            (Some(_), _) => Self::READERS,
            (None, Some(_)) => Self::WHEN_IDLE,
            (None, None) => Self::WRITTEN_IDLE,
        }
    }

    fn committed(&mut self, erased: u64) {
        self.idle = false;
        if erased > 0 {
            self.first_erased.get_or_insert_with(Instant::now);
        }
    }

    fn idle(&mut self) {
        self.idle = true;
    }

    fn run_if_due(&mut self, connection: &Connection, condition: &Condition) {
        if self.blocked_since.is_some() && self.last_try.elapsed() < Self::READERS {
            return;
        }
        let erased = self.first_erased.is_some_and(|at| self.idle || at.elapsed() >= Self::UNDER_LOAD);
        // The log may hold what a command beside the server has erased, so its size decides and not
        // what this writer remembers.
        let written = (self.idle || self.emptied.elapsed() >= Self::AT_MOST) && self.log_bytes() > 0;
        if erased || written {
            self.empty(connection, condition);
        } else if self.is_to_be_copied() {
            self.copy(connection);
        }
    }

    fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |metadata| metadata.len())
    }

    fn is_to_be_copied(&mut self) -> bool {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.copied {
            // Written over from the start.
            self.copied = 0;
        }
        pages - self.copied >= Self::PAGES
    }

    fn copy(&mut self, connection: &Connection) {
        self.copied = self.pages.load(Ordering::Relaxed);
        if let Err(error) = connection::copy_log(connection) {
            tracing::warn!(%error, "cannot copy the write-ahead log into the file yet");
        }
    }

    fn empty(&mut self, connection: &Connection, condition: &Condition) {
        self.last_try = Instant::now();
        let _ = connection.busy_timeout(Self::READERS);
        let is_empty = connection::empty_log(connection);
        let _ = connection.busy_timeout(connection::BUSY);
        match is_empty {
            Ok(true) => {
                self.pages.store(0, Ordering::Relaxed);
                (self.copied, self.first_erased, self.blocked_since) = (0, None, None);
                self.emptied = self.last_try;
            }
            Ok(false) => {
                self.blocked_since.get_or_insert(self.last_try);
            }
            Err(error) => {
                // Said once, not at each try.
                if self.blocked_since.is_none() {
                    tracing::warn!(%error, "cannot empty the write-ahead log yet");
                }
                self.blocked_since.get_or_insert(self.last_try);
            }
        }
        let blocked_secs = self.blocked_since.map_or(0, |at| at.elapsed().as_secs());
        condition.checkpoint_blocked_secs.store(blocked_secs, Ordering::Relaxed);
    }
}
