//! Permits to run Argon2.

use crate::error::Error;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits to run Argon2: at most as many at once as there are cores to spare, with a short queue.
/// Memory and processor stay bounded whatever is asked.
pub struct Argon2Permits {
    running: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
}

/// A permit, to be moved into the closure that runs Argon2: a caller that hangs up must not free it
/// while the hash still runs.
pub struct Argon2Permit {
    _held: OwnedSemaphorePermit,
}

impl Argon2Permits {
    const MOST: usize = 2;
    const QUEUE: usize = 32;
    const PATIENCE: Duration = Duration::from_secs(2);

    /// Permits for this machine.
    pub fn new() -> Self {
        let most = std::thread::available_parallelism().map_or(1, NonZero::get).min(Self::MOST);
        Self { running: Arc::new(Semaphore::new(most)), most, waiting: AtomicUsize::new(0) }
    }

    /// Runs at this moment, and callers that wait for their turn.
    pub fn in_use(&self) -> (usize, usize) {
        let running = self.most.saturating_sub(self.running.available_permits());
        (running, self.waiting.load(Ordering::Relaxed))
    }

    /// Waits for a permit, two seconds at the most.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the queue is full or the wait too long.
    pub async fn acquire(&self) -> Result<Argon2Permit, Error> {
        let busy = || Error::Unavailable("too many passphrases are being checked".into());
        let _place = Place::take(&self.waiting).ok_or_else(busy)?;
        let permit = tokio::time::timeout(Self::PATIENCE, Arc::clone(&self.running).acquire_owned()).await;
        permit.ok().and_then(Result::ok).map(|held| Argon2Permit { _held: held }).ok_or_else(busy)
    }
}

impl Default for Argon2Permits {
    fn default() -> Self {
        Self::new()
    }
}

/// A place in the queue, given back when the wait is over, however it ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < Argon2Permits::QUEUE).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;

    #[test]
    fn so_many_wait_and_no_more_until_one_has_left() {
        let waiting = AtomicUsize::new(0);
        let newcomers = || std::iter::from_fn(|| Place::take(&waiting)).take(100);
        let mut places: Vec<_> = newcomers().collect();
        assert_eq!(places.len(), Argon2Permits::QUEUE);
        places.pop();
        places.extend(newcomers());
        assert_eq!(places.len(), Argon2Permits::QUEUE);
    }

    #[tokio::test]
    async fn what_runs_and_what_waits_can_be_seen() {
        let permits = Argon2Permits::new();
        let mut held = Vec::new();
        for running in 0..permits.most {
            assert_eq!(permits.in_use(), (running, 0));
            held.push(permits.acquire().await.expect("a permit"));
        }
        let mut next = pin!(permits.acquire());
        assert!(next.as_mut().now_or_never().is_none());
        assert_eq!(permits.in_use(), (permits.most, 1));
        drop(held);
        let _permit = next.await.expect("a permit");
        assert_eq!(permits.in_use(), (1, 0));
    }
}
