//! How often one source or account may do something, in memory of fixed size.
//!
//! Counters live in a set-associative table. When all places of a set are taken by others, the
//! newcomer takes over the one with the smallest count and goes on from there, as in the
//! Space-Saving algorithm (Metwally et al., "Efficient Computation of Frequent and Top-k Elements in
//! Data Streams"): a count may be too high but never too low, so a flood of addresses makes limits
//! tighter and never looser.

use crate::random::fill;
use crate::time::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So much in so long, from the first use on; then a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How much.
    pub amount: u64,
    /// Seconds that a window lasts from its first use.
    pub window: i64,
    /// Seconds from the first use of a full window until it opens again; at least the window.
    pub lockout: i64,
}

impl Rate {
    /// So much in so many seconds.
    pub const fn per(amount: u64, window: i64) -> Self {
        Self { amount, window, lockout: window }
    }

    fn is_full(self, counter: &Counter) -> bool {
        counter.amount >= self.amount
    }

    /// When a counter begins anew. A full one rests, whether or not anyone asks meanwhile.
    fn end(self, counter: &Counter) -> i64 {
        counter.start.saturating_add(if self.is_full(counter) { self.lockout } else { self.window })
    }
}

#[derive(Clone, Copy)]
struct Counter {
    tag: u64,
    start: i64,
    amount: u64,
}

const FREE: Counter = Counter { tag: 0, start: i64::MIN, amount: 0 };

/// Places that one key may take.
const WAYS: usize = 8;
/// Sets of places: 1,024 × 8 × 24 bytes make 192 KiB.
const SETS: usize = 1024;
/// Locks, each for a part of the sets.
const SHARDS: usize = 16;

/// Counters of one kind of use, by the number of a source or an account.
pub struct Limiter {
    rate: Rate,
    seed: [u8; 32],
    shards: Vec<Mutex<Vec<[Counter; WAYS]>>>,
}

impl Limiter {
    /// An empty table with a seed of its own, so that nobody can choose addresses that collide.
    pub fn new(rate: Rate) -> Self {
        let mut seed = [0; 32];
        fill(&mut seed);
        let shard = || Mutex::new(vec![[FREE; WAYS]; SETS / SHARDS]);
        Self { rate, seed, shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    /// Uses `amount` of what the rate allows this key.
    ///
    /// # Errors
    /// How long to rest, if it does not allow that much.
    pub fn take(&self, key: u64, amount: u64, now: Timestamp) -> Result<(), Duration> {
        let rate = self.rate;
        self.with(key, now, |counter| {
            if counter.amount.saturating_add(amount) > rate.amount {
                return Err(rest(rate.end(counter), now));
            }
            counter.amount += amount;
            Ok(())
        })
    }

    /// Uses nothing.
    ///
    /// # Errors
    /// How long to rest, if this key has nothing left.
    pub fn check(&self, key: u64, now: Timestamp) -> Result<(), Duration> {
        let rate = self.rate;
        self.with(
            key,
            now,
            |counter| {
                if rate.is_full(counter) { Err(rest(rate.end(counter), now)) } else { Ok(()) }
            },
        )
    }

    /// Takes back what was used in this window, unless another has taken over the counter since.
    pub fn give_back(&self, key: u64, amount: u64) {
        self.in_set(key, |tag, counters| {
            if let Some(counter) = counters.iter_mut().find(|counter| counter.tag == tag) {
                counter.amount = counter.amount.saturating_sub(amount);
            }
        });
    }

    fn with<T>(&self, key: u64, now: Timestamp, act: impl FnOnce(&mut Counter) -> T) -> T {
        let seconds = now.unix();
        let has_ended = |counter: &Counter| self.rate.end(counter) <= seconds;
        self.in_set(key, |tag, counters| {
            let counter = &mut counters[find(counters, tag, has_ended)];
            if has_ended(counter) {
                *counter = Counter { tag, start: seconds, amount: 0 };
            }
            counter.tag = tag;
            act(counter)
        })
    }

    fn in_set<T>(&self, key: u64, act: impl FnOnce(u64, &mut [Counter; WAYS]) -> T) -> T {
        let (tag, set) = self.place(key);
        let mut shard = self.shards[set % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        act(tag, &mut shard[set / SHARDS])
    }

    fn place(&self, key: u64) -> (u64, usize) {
        let hash = blake3::keyed_hash(&self.seed, &key.to_le_bytes());
        let [tag, set] = [0, 8].map(|start| {
            hash.as_bytes()[start..start + 8].iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte))
        });
        (tag, usize::try_from(set % SETS as u64).unwrap_or_default())
    }
}

/// The key's own counter, else one that has run out, else the one with the smallest count.
fn find(counters: &[Counter; WAYS], tag: u64, has_ended: impl Fn(&Counter) -> bool) -> usize {
    let own = counters.iter().position(|counter| counter.tag == tag);
    let ended = || counters.iter().position(&has_ended);
    let smallest = || (0..WAYS).min_by_key(|index| counters[*index].amount).unwrap_or_default();
    own.or_else(ended).unwrap_or_else(smallest)
}

fn rest(end: i64, now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(end - now.unix()).unwrap_or_default().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { amount: 5, window: 600, lockout: 1800 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds)
    }

    #[test]
    fn a_full_window_rests_until_its_lockout_is_over() {
        let limiter = Limiter::new(RATE);
        for second in 0..5 {
            assert_eq!(limiter.take(7, 1, at(second)), Ok(()));
        }
        assert_eq!(limiter.take(7, 1, at(10)), Err(Duration::from_secs(1790)));
        assert_eq!(limiter.take(7, 1, at(1799)), Err(Duration::from_secs(1)));
        assert_eq!(limiter.take(8, 1, at(10)), Ok(()), "another key");
        assert_eq!(limiter.take(7, 1, at(1800)), Ok(()));
    }

    #[test]
    fn a_window_that_was_not_filled_begins_anew() {
        let limiter = Limiter::new(RATE);
        for _ in 0..4 {
            assert_eq!(limiter.take(7, 1, at(0)), Ok(()));
        }
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(600)), Ok(()));
        }
        assert!(limiter.take(7, 1, at(600)).is_err());
    }

    #[test]
    fn a_full_window_rests_even_if_nobody_asks_before_it_would_have_ended() {
        let limiter = Limiter::new(RATE);
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(0)), Ok(()));
        }
        assert_eq!(limiter.check(7, at(600)), Err(Duration::from_secs(1200)));
        assert_eq!(limiter.take(7, 1, at(1799)), Err(Duration::from_secs(1)));
        assert_eq!(limiter.check(7, at(1800)), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_used_again_and_is_nobody_elses() {
        let limiter = Limiter::new(RATE);
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(0)), Ok(()));
        }
        limiter.give_back(8, 5);
        assert!(limiter.check(7, at(0)).is_err());
        limiter.give_back(7, 1);
        assert_eq!(limiter.take(7, 1, at(599)), Ok(()));
        limiter.give_back(7, 1);
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(600)), Ok(()), "a window that is not full any more has ended");
        }
    }

    #[test]
    fn a_flood_of_sources_never_loosens_a_limit() {
        let limiter = Limiter::new(RATE);
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(0)), Ok(()));
        }
        for key in 100..300_000 {
            let _ = limiter.take(key, 1, at(1));
            if key % 10_000 == 0 {
                assert!(limiter.take(7, 1, at(1)).is_err());
            }
        }
        assert!(limiter.take(7, 1, at(1)).is_err());
    }
}
