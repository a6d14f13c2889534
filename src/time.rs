//! Moments, lifetimes and the one clock. SQL never asks for the time; a use-case reads the clock
//! once and passes the moment down.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 2026-01-01: a clock that says less is wrong, since this program is younger.
    pub const PLAUSIBLE: Self = Self(1_767_225_600);

    /// A moment given in Unix seconds.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The moment this much later.
    #[must_use]
    pub fn plus(self, ttl: Ttl) -> Self {
        Self(self.0.saturating_add(ttl.seconds()))
    }

    /// Year, month, day, hour and minute in UTC, after Howard Hinnant's `civil_from_days`.
    pub fn civil(self) -> (i64, i64, i64, i64, i64) {
        let (days, seconds) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day, seconds / 3_600, seconds % 3_600 / 60)
    }

    /// Seconds from `earlier` until this moment; negative if this one is the earlier.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long something lives: at least one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(i64);

impl Ttl {
    /// A lifetime in seconds; what is below one second becomes one.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(if seconds < 1 { 1 } else { seconds })
    }

    /// The lifetime in seconds.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The receipt's lifetime: twice the secret's.
    #[must_use]
    pub const fn doubled(self) -> Self {
        Self(self.0.saturating_mul(2))
    }
}

impl fmt::Display for Ttl {
    /// In the largest of days, hours, minutes and seconds that divides it: `7 days`, `1 hour`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
        let (size, unit) = UNITS.into_iter().find(|(size, _)| self.0 % size == 0).unwrap_or((1, "second"));
        let count = self.0 / size;
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

/// The operator's bounds for lifetimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlPolicy {
    /// Granted when the caller names none.
    pub default: Ttl,
    /// Shorter wishes are raised to this.
    pub min: Ttl,
    /// Longer wishes are lowered to this.
    pub max: Ttl,
}

impl TtlPolicy {
    /// What a wish in seconds is granted: none and zero mean the default, all else is clamped.
    pub fn grant(&self, wish: Option<i64>) -> Ttl {
        match wish {
            None | Some(0) => self.default,
            Some(seconds) => Ttl::from_seconds(seconds).clamp(self.min, self.max),
        }
    }
}

/// What the clocks say at one moment.
///
/// The wall clock can be set by anyone with the right to do so, and by a broken time server. The
/// steady clock cannot: it counts from the start of the program, suspends included. A secret is
/// withheld as soon as either calls it expired, and erased only when both do, so that no jump of
/// the wall clock destroys anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    wall: Timestamp,
    steady: Timestamp,
}

impl Now {
    /// The moment to write down for what happens now.
    pub fn moment(&self) -> Timestamp {
        self.steady
    }

    /// The moment to compare an expiry with before something is shown.
    pub fn latest(&self) -> Timestamp {
        self.wall.max(self.steady)
    }

    /// The moment to compare an expiry with before something is erased.
    pub fn earliest(&self) -> Timestamp {
        self.wall.min(self.steady)
    }
}

/// Where the time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clocks.
    System(Steady),
    /// Moved by hand, for tests.
    Manual(Mutex<Now>),
}

impl Clock {
    /// The machine's clocks, the steady one anchored to the wall clock as it stands now.
    pub fn system() -> Self {
        Self::System(Steady::anchored(wall(), crate::os::since_boot()))
    }

    /// A clock that stands still until it is moved.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Mutex::new(Now { wall: at, steady: at }))
    }

    /// What the clocks say.
    pub fn now(&self) -> Now {
        match self {
            Self::System(steady) => steady.read(wall(), crate::os::since_boot()),
            Self::Manual(now) => *lock(now),
        }
    }

    /// Time since some moment of the past. It never goes back, no setting of a clock moves it, and it counts
    /// suspends.
    pub fn elapsed(&self) -> Duration {
        match self {
            Self::System(_) => crate::os::since_boot(),
            Self::Manual(now) => Duration::from_secs(lock(now).steady.0.unsigned_abs()),
        }
    }

    /// Whether the wall clock was stepped by more than five minutes and is not yet believed.
    pub fn is_disputed(&self) -> bool {
        let now = self.now();
        now.wall.since(now.steady).abs() > BELIEVED_STEP
    }

    /// Lets time pass on a manual clock. The system's clocks cannot be moved from here.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            let mut now = lock(now);
            now.wall.0 += seconds;
            now.steady.0 += seconds;
        }
    }

    /// Steps the wall clock of a manual clock and leaves the steady one alone.
    pub fn step_wall(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            lock(now).wall.0 += seconds;
        }
    }
}

/// A larger step of the wall clock, in seconds, is not believed at once.
pub const BELIEVED_STEP: i64 = 300;
/// How long a larger step must stand, in seconds since boot, until it is believed.
const DISPUTE: i64 = 3_600;

/// The boot-time clock, anchored to the wall clock.
#[derive(Debug)]
pub struct Steady(Mutex<Anchor>);

#[derive(Debug)]
struct Anchor {
    /// Wall time less time since boot, in seconds.
    offset: i64,
    /// When, since boot, the wall clock was first seen to disagree.
    disputed_since: Option<i64>,
}

impl Steady {
    fn anchored(wall: i64, since_boot: Duration) -> Self {
        Self(Mutex::new(Anchor { offset: wall - seconds(since_boot), disputed_since: None }))
    }

    /// Follows small corrections at once and a large step once it has stood for an hour.
    fn read(&self, wall: i64, since_boot: Duration) -> Now {
        let boot = seconds(since_boot);
        let mut anchor = lock(&self.0);
        let is_small = (wall - boot - anchor.offset).abs() <= BELIEVED_STEP;
        if is_small || boot - *anchor.disputed_since.get_or_insert(boot) >= DISPUTE {
            anchor.offset = wall - boot;
            anchor.disputed_since = None;
        }
        Now { wall: Timestamp(wall), steady: Timestamp(boot + anchor.offset) }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, seconds)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The values behind these locks are whole at every step, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_lifetime_is_clamped_and_zero_means_the_default() {
        let policy = TtlPolicy {
            default: Ttl::from_seconds(600),
            min: Ttl::from_seconds(60),
            max: Ttl::from_seconds(3600),
        };
        let granted = |wish| policy.grant(wish).seconds();
        assert_eq!(granted(None), 600);
        assert_eq!(granted(Some(0)), 600);
        assert_eq!(granted(Some(-5)), 60);
        assert_eq!(granted(Some(i64::MIN)), 60);
        assert_eq!(granted(Some(90)), 90);
        assert_eq!(granted(Some(i64::MAX)), 3600);
    }

    #[test]
    fn a_lifetime_is_told_in_the_largest_unit_that_divides_it() {
        let told = |seconds| Ttl::from_seconds(seconds).to_string();
        assert_eq!(told(604_800), "7 days");
        assert_eq!(told(3_600), "1 hour");
        assert_eq!(told(5_400), "90 minutes");
        assert_eq!(told(61), "61 seconds");
    }

    #[test]
    fn a_moment_has_its_date_in_utc() {
        assert_eq!(Timestamp::from_unix(0).civil(), (1970, 1, 1, 0, 0));
        assert_eq!(Timestamp::from_unix(START).civil(), (2027, 1, 15, 8, 0));
        assert_eq!(Timestamp::from_unix(1_709_251_199).civil(), (2024, 2, 29, 23, 59));
        assert_eq!(Timestamp::from_unix(-1).civil(), (1969, 12, 31, 23, 59));
    }

    #[test]
    fn the_steady_clock_follows_small_corrections() {
        let steady = Steady::anchored(START, at(100));
        let now = steady.read(START + 10 + 299, at(110));
        assert_eq!(now.moment().unix(), START + 309);
        assert_eq!(now.earliest(), now.latest());
    }

    #[test]
    fn a_suspend_is_time_that_passed() {
        let steady = Steady::anchored(START, at(100));
        // Both clocks went on for a day, and what the wall clock is set by is a little off.
        let now = steady.read(START + 86_400 + 3, at(100 + 86_400));
        assert_eq!([now.earliest(), now.moment(), now.latest()].map(Timestamp::unix), [START + 86_403; 3]);
        assert_eq!(lock(&steady.0).disputed_since, None);
    }

    #[test]
    fn a_jump_of_years_withholds_but_does_not_erase() {
        let steady = Steady::anchored(START, at(100));
        let now = steady.read(START + 315_360_000, at(101));
        assert_eq!(now.latest().unix(), START + 315_360_000);
        assert_eq!(now.earliest().unix(), START + 1);
        let back = steady.read(START + 60, at(160));
        assert_eq!(back.latest().unix(), START + 60);
    }

    #[test]
    fn a_step_that_stands_for_an_hour_is_believed() {
        let steady = Steady::anchored(START, at(0));
        steady.read(START + 10_000, at(0));
        let now = steady.read(START + 10_000 + 3_599, at(3_599));
        assert_eq!(now.earliest().unix(), START + 3_599);
        let now = steady.read(START + 10_000 + 3_600, at(3_600));
        assert_eq!(now.earliest().unix(), START + 13_600);
    }
}
