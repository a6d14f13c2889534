//! How much one source may keep at a time, where nothing that is kept lasts longer than a known span.
//!
//! What was taken is counted in parts of that span and forgotten a part after it must be gone: so a
//! source never keeps more than its quota, and has it back after at most a quarter of the span more.

use super::rates::rest;
use super::table::{Count, Table};
use crate::time::Timestamp;
use std::time::Duration;

/// Parts of a span.
const PARTS: i64 = 4;
/// Parts that count: those of a span, and the one in which it ends.
const COUNTED: usize = 5;

/// What was taken in the present part and in those before it.
#[derive(Clone, Copy, Default)]
struct Parts {
    /// The number of the present part, counted from the beginning of time.
    newest: i64,
    /// The newest first.
    amounts: [u64; COUNTED],
}

impl Count for Parts {
    fn amount(&self) -> u64 {
        self.amounts.iter().fold(0, |sum, amount| sum.saturating_add(*amount))
    }
}

impl Parts {
    /// Goes on to a later part; a clock that was set back stays in the present one.
    fn move_on(&mut self, part: i64) {
        let steps = usize::try_from(part - self.newest).unwrap_or_default().min(self.amounts.len());
        self.amounts.rotate_right(steps);
        self.amounts[..steps].fill(0);
        self.newest = self.newest.max(part);
    }

    /// The part at whose beginning there is room for so much; the last there is if there never will be.
    fn part_with_room(mut self, amount: u64, most: u64) -> i64 {
        let last = self.newest + PARTS + 1;
        while self.newest < last && self.amount().saturating_add(amount) > most {
            self.move_on(self.newest + 1);
        }
        self.newest
    }
}

/// Quotas of one kind, by the number of a source.
pub struct Quota {
    most: u64,
    /// Seconds of a part.
    part: i64,
    kept: Table<Parts>,
}

impl Quota {
    /// At most so much at a time, of things that last at most so many seconds.
    pub fn new(most: u64, span: i64) -> Self {
        Self { most, part: (span.max(1) + PARTS - 1) / PARTS, kept: Table::new() }
    }

    /// Takes so much of this key's quota.
    ///
    /// # Errors
    /// How long until there is room.
    pub fn take(&self, key: u64, amount: u64, now: Timestamp) -> Result<(), Duration> {
        let part = now.unix().div_euclid(self.part);
        let has_ended = |parts: &Parts| part - parts.newest > PARTS;
        self.kept.with(key, has_ended, |parts| {
            parts.move_on(part);
            if parts.amount().saturating_add(amount) > self.most {
                return Err(rest(parts.part_with_room(amount, self.most) * self.part, now));
            }
            parts.amounts[0] += amount;
            Ok(())
        })
    }

    /// Takes back what was taken a moment ago.
    pub fn give_back(&self, key: u64, amount: u64) {
        self.kept.if_present(key, |parts| parts.amounts[0] = parts.amounts[0].saturating_sub(amount));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + seconds)
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let quota = Quota::new(10, 400);
        assert_eq!(quota.take(7, 10, at(0)), Ok(()));
        assert!(quota.take(7, 1, at(0)).is_err());
        quota.give_back(8, 5);
        assert!(quota.take(7, 1, at(0)).is_err());
        quota.give_back(7, 5);
        assert_eq!(quota.take(7, 5, at(0)), Ok(()));
        assert_eq!(quota.take(8, 10, at(0)), Ok(()), "another key");
    }

    #[test]
    fn more_than_the_whole_quota_is_never_granted() {
        let quota = Quota::new(10, 400);
        assert_eq!(quota.take(7, 11, at(0)), Err(Duration::from_secs(500)));
        assert_eq!(quota.take(7, 10, at(0)), Ok(()));
    }

    #[test]
    fn who_has_to_wait_is_told_no_longer_than_until_there_is_just_room() {
        let quota = Quota::new(10, 400);
        assert_eq!(quota.take(7, 4, at(0)), Ok(()));
        assert_eq!(quota.take(7, 6, at(100)), Ok(()));
        assert_eq!(quota.take(7, 4, at(100)), Err(Duration::from_secs(400)));
        assert_eq!(quota.take(7, 4, at(500)), Ok(()));
    }

    proptest! {
        /// Whatever is taken when: never is more kept than the quota, and who is told to wait finds room
        /// then, which is at most a quarter of the span, in whole seconds, after the last thing is gone.
        #[test]
        fn no_more_is_kept_than_the_quota(
            span in 4_i64..1_000,
            wishes in proptest::collection::vec((1_u64..6, 0_i64..200), 1..200),
        ) {
            const MOST: u64 = 10;
            let quota = Quota::new(MOST, span);
            let (mut now, mut kept) = (0, Vec::new());
            for (amount, pause) in wishes {
                now += pause;
                kept.retain(|(end, _)| *end > now);
                let sum: u64 = kept.iter().map(|(_, amount)| amount).sum();
                match quota.take(7, amount, at(now)) {
                    Ok(()) => kept.push((now + span, amount)),
                    Err(rest) => {
                        let rest = i64::try_from(rest.as_secs()).expect("a short time");
                        prop_assert!(rest <= 5 * ((span + 3) / 4));
                        now += rest;
                        kept.retain(|(end, _)| *end > now);
                        prop_assert_eq!(quota.take(7, amount, at(now)), Ok(()));
                        kept.push((now + span, amount));
                    }
                }
                prop_assert!(sum <= MOST);
                prop_assert!(kept.iter().map(|(_, amount)| amount).sum::<u64>() <= MOST);
            }
        }
    }
}
