//! Requests answered, counted by route, status and duration: a fixed table of atomic numbers, made once.
//! Nothing is locked and nothing is allocated for a request, and nothing of it but these numbers is kept.

use super::routes::Route;
use super::{describe, pages, plain, v1, v2};
use actix_web::HttpRequest;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Statuses that are counted by themselves; the last place is for all others.
pub const STATUSES: [u16; 20] =
    [200, 204, 303, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 431, 500, 501, 503, 504, 507];
/// Upper bounds of durations, in microseconds; the last place is for all that take longer.
pub const BOUNDS: [u64; 13] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];

/// The place of a route in the table. The first is for requests that no route takes.
#[derive(Clone, Copy, Default)]
pub struct RouteNumber(usize);

/// The place of this route.
pub fn number(base: &str, path: &str) -> RouteNumber {
    let found = routes().position(|(known, (suffix, _))| known == base && suffix == path);
    RouteNumber(found.map_or(0, |index| index + 1))
}

/// Every route, with what its scope's paths begin with.
pub fn routes() -> impl Iterator<Item = (&'static str, Route)> {
    let tables = [
        (v1::BASE, v1::ROUTES),
        (v2::BASE, v2::ROUTES),
        (describe::BASE, describe::ROUTES),
        (pages::BASE, pages::ROUTES),
        (plain::BASE, plain::ROUTES),
    ];
    tables.into_iter().flat_map(|(base, table)| table.iter().map(move |route| (base, *route)))
}

/// The table.
pub struct Counts {
    routes: Box<[RouteCounts]>,
}

/// What was answered on one route.
pub struct RouteCounts {
    /// Its pattern, such as `/api/v2/secret/{id}`.
    pub pattern: String,
    statuses: [AtomicU64; STATUSES.len() + 1],
    durations: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        let none = "(none)".to_owned();
        let patterns = std::iter::once(none).chain(routes().map(|(base, (path, _))| format!("{base}{path}")));
        Self { routes: patterns.map(RouteCounts::new).collect() }
    }
}

impl Counts {
    /// The route that this request took.
    pub fn route(&self, request: &HttpRequest) -> &RouteCounts {
        let number = request.app_data::<RouteNumber>().copied().unwrap_or_default();
        &self.routes[number.0]
    }

    /// What was answered, route by route.
    pub fn routes(&self) -> &[RouteCounts] {
        &self.routes
    }
}

impl RouteCounts {
    fn new(pattern: String) -> Self {
        Self {
            pattern,
            statuses: Default::default(),
            durations: Default::default(),
            microseconds: AtomicU64::new(0),
        }
    }

    /// Counts one reply.
    pub fn add(&self, status: u16, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let status = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len());
        let bucket = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
        self.statuses[status].fetch_add(1, Ordering::Relaxed);
        self.durations[bucket].fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(took, Ordering::Relaxed);
    }

    /// How many replies had each status; none of those that never occurred.
    pub fn statuses(&self) -> impl Iterator<Item = (Option<u16>, u64)> {
        let counts = self.statuses.iter().map(|count| count.load(Ordering::Relaxed));
        let names = STATUSES.into_iter().map(Some).chain([None]);
        names.zip(counts).filter(|(_, count)| *count > 0)
    }

    /// How many replies took at most as long as each of [`BOUNDS`], and how many there were.
    pub fn durations(&self) -> [u64; BOUNDS.len() + 1] {
        let mut sum = 0;
        std::array::from_fn(|bucket| {
            sum += self.durations[bucket].load(Ordering::Relaxed);
            sum
        })
    }

    /// How long all of them took together.
    pub fn time(&self) -> Duration {
        Duration::from_micros(self.microseconds.load(Ordering::Relaxed))
    }
}
