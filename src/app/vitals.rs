//! What an operator watches: how much there is, how far behind the server is, and what ails it. Numbers
//! only; none of them is about one secret or one person.

use super::App;
use crate::error::Error;
use crate::store::secrets;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How the server is.
#[derive(Debug)]
pub struct Vitals {
    /// Padded bytes that callers without an account keep.
    pub anonymous_bytes: i64,
    /// Shares overwritten since the start.
    pub erased: u64,
    /// Writes that wait for the writer.
    pub queued_writes: usize,
    /// How long ago the sweeper last got anywhere.
    pub sweep_age: Duration,
    /// How long the log could not be emptied of erased shares.
    pub log_blocked: Duration,
    /// Bytes free on the disk; none if the system does not tell.
    pub free_bytes: Option<u64>,
    /// Whether new secrets are refused because the disk is full.
    pub is_full: bool,
    /// Whether the wall clock was stepped and is not believed.
    pub is_clock_disputed: bool,
    /// Mail that waits.
    pub mail_waiting: u32,
    /// Mail that was given up since the start.
    pub mail_given_up: u64,
    /// Runs of Argon2 at this moment, and callers that wait for their turn.
    pub argon2_running: usize,
    /// Those callers.
    pub argon2_waiting: usize,
}

/// What the core notes about itself as it goes.
pub struct Notes {
    began: Instant,
    /// When the sweeper last got anywhere, in milliseconds after `began`.
    swept: AtomicU64,
    mail_given_up: AtomicU64,
    live: Mutex<Live>,
}

/// The last count of live secrets.
#[derive(Clone, Copy)]
struct Live {
    count: u64,
    /// When to count again.
    until: Instant,
}

/// Rows that are counted in one read: the log cannot be emptied while a read lasts.
const COUNTED_AT_ONCE: u32 = 8192;
/// Counting takes at most the hundredth part of the time.
const REST_AFTER_COUNT: u32 = 100;

impl Notes {
    pub(super) fn new() -> Self {
        let began = Instant::now();
        let live = Mutex::new(Live { count: 0, until: began });
        Self { began, swept: AtomicU64::new(0), mail_given_up: AtomicU64::new(0), live }
    }

    pub(super) fn swept(&self) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.swept.store(passed, Ordering::Relaxed);
    }

    pub(super) fn mail_given_up(&self) {
        self.mail_given_up.fetch_add(1, Ordering::Relaxed);
    }

    fn sweep_age(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.swept.load(Ordering::Relaxed)))
    }
}

impl App {
    /// How the server is. Reads the disk: not for the event loop.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database cannot be read.
    pub fn vitals(&self) -> Result<Vitals, Error> {
        let condition = self.store.condition();
        let (argon2_running, argon2_waiting) = self.permits.in_use();
        Ok(Vitals {
            anonymous_bytes: self.store.read(secrets::anonymous_bytes)?,
            erased: condition.erased(),
            queued_writes: condition.waiting(),
            sweep_age: self.notes.sweep_age(),
            log_blocked: Duration::from_secs(condition.checkpoint_blocked_secs()),
            free_bytes: self.store.free_bytes(),
            is_full: condition.is_full(),
            is_clock_disputed: self.clock.is_disputed(),
            mail_waiting: self.waiting_mail()?,
            mail_given_up: self.notes.mail_given_up.load(Ordering::Relaxed),
            argon2_running,
            argon2_waiting,
        })
    }

    /// Secrets that are there, as counted a while ago: with a million of them counting takes a second.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database cannot be read.
    pub fn live_secrets(&self) -> Result<u64, Error> {
        let mut live = self.notes.live.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        if began >= live.until {
            let count = self.count_secrets()?;
            *live = Live { count, until: Instant::now() + began.elapsed() * REST_AFTER_COUNT };
        }
        Ok(live.count)
    }

    fn count_secrets(&self) -> Result<u64, Error> {
        let (mut count, mut after) = (0, 0);
        loop {
            let (rows, last) = self.store.read(|db| secrets::count_after(db, after, COUNTED_AT_ONCE))?;
            count += u64::from(rows);
            match last {
                Some(last) => after = last,
                None => return Ok(count),
            }
        }
    }
}
