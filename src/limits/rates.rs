//! How often one source or account may do something.

use super::table::{Count, Table};
use crate::time::Timestamp;
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

    fn is_full(self, window: &Window) -> bool {
        window.amount >= self.amount
    }

    /// When a window begins anew. A full one rests, whether or not anyone asks meanwhile.
    fn end(self, window: &Window) -> i64 {
        window.start.saturating_add(if self.is_full(window) { self.lockout } else { self.window })
    }
}

/// What was used since when; nothing, a long time ago, to begin with.
#[derive(Clone, Copy, Default)]
struct Window {
    start: i64,
    amount: u64,
}

impl Count for Window {
    fn amount(&self) -> u64 {
        self.amount
    }
}

/// Counters of one kind of use, by the number of a source or an account.
pub struct Limiter {
    rate: Rate,
    windows: Table<Window>,
}

impl Limiter {
    /// Nothing is used yet.
    pub fn new(rate: Rate) -> Self {
        Self { rate, windows: Table::new() }
    }

    /// Uses `amount` of what the rate allows this key.
    ///
    /// # Errors
    /// How long to rest, if it does not allow that much.
    pub fn take(&self, key: u64, amount: u64, now: Timestamp) -> Result<(), Duration> {
        let rate = self.rate;
        self.with(key, now, |window| {
            if window.amount.saturating_add(amount) > rate.amount {
                return Err(rest(rate.end(window), now));
            }
            window.amount += amount;
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
            |window| if rate.is_full(window) { Err(rest(rate.end(window), now)) } else { Ok(()) },
        )
    }

    /// How much this key has left.
    pub fn left(&self, key: u64, now: Timestamp) -> u64 {
        self.with(key, now, |window| self.rate.amount.saturating_sub(window.amount))
    }

    /// Takes back what was used in this window, unless another has taken over the counter since.
    pub fn give_back(&self, key: u64, amount: u64) {
        self.windows.if_present(key, |window| window.amount = window.amount.saturating_sub(amount));
    }

    fn with<T>(&self, key: u64, now: Timestamp, act: impl FnOnce(&mut Window) -> T) -> T {
        let (seconds, rate) = (now.unix(), self.rate);
        self.windows.with(
            key,
            |window| rate.end(window) <= seconds,
            |window| {
                if window.amount == 0 {
                    window.start = seconds;
                }
                act(window)
            },
        )
    }
}

/// From now until `end`, in whole seconds, one at least.
pub(super) fn rest(end: i64, now: Timestamp) -> Duration {
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
        assert_eq!((limiter.left(7, at(599)), limiter.left(7, at(600))), (1, 5));
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

    /// Memory of this process, in KiB.
    fn memory() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim_end_matches("kB").trim().parse().expect("a number")
    }

    #[test]
    fn a_flood_of_sources_never_loosens_a_limit_nor_takes_memory() {
        let limiter = Limiter::new(RATE);
        for _ in 0..5 {
            assert_eq!(limiter.take(7, 1, at(0)), Ok(()));
        }
        let soak = crate::config::process_variable("TELLONCE_TEST_SIZE").as_deref() == Some("soak");
        let before = memory();
        for key in 100..if soak { 10_000_000 } else { 300_000 } {
            let _ = limiter.take(key, 1, at(1));
            if key % 10_000 == 0 {
                assert!(limiter.take(7, 1, at(1)).is_err());
            }
        }
        assert!(limiter.take(7, 1, at(1)).is_err());
        let growth = memory().saturating_sub(before);
        eprintln!("memory grew by {growth} KiB");
        // Every day other tests run in this process as well.
        assert!(!soak || growth <= 1 << 10, "{growth} KiB");
    }

    #[test]
    fn among_many_newcomers_few_are_taken_for_those_who_used_all() {
        let limiter = Limiter::new(RATE);
        for key in (0..1_000).cycle().take(5_000) {
            let _ = limiter.take(key, 1, at(0));
        }
        let refused = (1_000..11_000).filter(|key| limiter.take(*key, 1, at(1)).is_err()).count();
        assert!(refused < 500, "{refused} of 10,000 newcomers");
    }
}
