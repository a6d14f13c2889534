//! Counters by the number of a source or an account, in memory of fixed size.
//!
//! The table is set-associative. When all places of a set are taken by others, the newcomer takes over
//! the one with the smallest count and goes on from there, as in the Space-Saving algorithm (Metwally
//! et al., "Efficient Computation of Frequent and Top-k Elements in Data Streams"): a count may be too
//! high but never too low, so a flood of addresses makes limits tighter and never looser.

use crate::random::fill;
use std::sync::{Mutex, PoisonError};

/// What is counted for one key.
pub trait Count: Copy + Default {
    /// How much was used, for choosing whose place a newcomer takes.
    fn amount(&self) -> u64;
}

/// A key's count; no key has the tag zero but for one in 2⁶⁴, who shares the free places.
#[derive(Clone, Copy, Default)]
struct Place<C> {
    tag: u64,
    count: C,
}

/// Places that one key may take.
const WAYS: usize = 8;
/// Sets of places.
const SETS: usize = 1024;
/// Locks, each for a part of the sets.
const SHARDS: usize = 16;

type Set<C> = [Place<C>; WAYS];

/// Counts of one kind of use. With counts of 16 bytes it takes 192 KiB.
pub struct Table<C> {
    seed: [u8; 32],
    shards: Vec<Mutex<Vec<Set<C>>>>,
}

impl<C: Count> Table<C> {
    /// An empty table with a seed of its own, so that nobody can choose addresses that collide.
    pub fn new() -> Self {
        let mut seed = [0; 32];
        fill(&mut seed);
        let shard = || Mutex::new(vec![[Place::default(); WAYS]; SETS / SHARDS]);
        Self { seed, shards: std::iter::repeat_with(shard).take(SHARDS).collect() }
    }

    /// Lets something happen to this key's count. `has_ended` tells counts that need not be kept; the
    /// key's own begins anew where it is one of them.
    pub fn with<T>(&self, key: u64, has_ended: impl Fn(&C) -> bool, act: impl FnOnce(&mut C) -> T) -> T {
        self.in_set(key, |tag, places| {
            let place = &mut places[find(places, tag, &has_ended)];
            if has_ended(&place.count) {
                place.count = C::default();
            }
            place.tag = tag;
            act(&mut place.count)
        })
    }

    /// Lets something happen to this key's count if it still has one.
    pub fn if_present(&self, key: u64, act: impl FnOnce(&mut C)) {
        self.in_set(key, |tag, places| {
            if let Some(place) = places.iter_mut().find(|place| place.tag == tag) {
                act(&mut place.count);
            }
        });
    }

    fn in_set<T>(&self, key: u64, act: impl FnOnce(u64, &mut Set<C>) -> T) -> T {
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

/// The key's own place, else one whose count has ended, else the one with the smallest.
fn find<C: Count>(places: &Set<C>, tag: u64, has_ended: impl Fn(&C) -> bool) -> usize {
    let own = places.iter().position(|place| place.tag == tag);
    let ended = || places.iter().position(|place| has_ended(&place.count));
    let smallest = || (0..WAYS).min_by_key(|index| places[*index].count.amount()).unwrap_or_default();
    own.or_else(ended).unwrap_or_else(smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Count for u64 {
        fn amount(&self) -> u64 {
            *self
        }
    }

    #[test]
    fn half_as_many_sources_as_there_are_places_hardly_ever_share_one() {
        let (table, sources) = (Table::<u64>::new(), (SETS * WAYS / 2) as u64);
        for source in 0..sources {
            table.with(source, |_| false, |uses| *uses += 1);
        }
        let alone = (0..sources).filter(|source| table.with(*source, |_| false, |uses| *uses == 1)).count();
        assert!(alone > SETS * WAYS / 2 * 9 / 10, "{alone} of {sources} are counted alone");
    }
}
