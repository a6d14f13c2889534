//! A second transfer for the one reader, whose connection may have broken before the reply came through.
//!
//! Who sends an `Idempotency-Key` has a place reserved in memory before the secret is claimed, and the
//! reply put into it after the commit: a secret that is gone for all others can be fetched again by the
//! same reader for a minute. What is kept is sealed under that key and the link, and never reaches a disk.
//! Whoever has another key, or none, finds the secret gone.

use super::Revealed;
use crate::error::Error;
use crate::secret::{Caller, Claim, Plaintext, SecretId, Source};
use crate::store::secrets::Look;
use crate::time::{Clock, Timestamp};
use crate::vault::{ReplyKey, sealed_size};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a reply is kept.
const KEPT: Duration = Duration::from_secs(60);
/// Bytes for all replies together.
const ROOM: usize = 16 << 20;
/// Once half of it is taken, a source with replies there gets no more than this part: whoever fills it makes
/// other readers wait.
const SHARE: usize = 8;
/// Bytes that a reply takes besides its sealed content, counted generously: its places in the map and in the
/// queue, both of which may have room for twice as many, what is told of the secret, and a host's name.
const BESIDES: usize = 1024;

/// The replies that are kept.
pub struct Replies {
    clock: Arc<Clock>,
    room: usize,
    held: Mutex<Held>,
}

type Name = [u8; 16];

#[derive(Default)]
struct Held {
    places: HashMap<Name, Place>,
    /// The filled ones and when they end, the oldest first.
    ends: VecDeque<(Duration, Name)>,
    /// Bytes that are reserved or filled.
    bytes: usize,
}

/// Room for one reply.
struct Place {
    bytes: usize,
    source: Source,
    /// None until the claim is committed.
    reply: Option<Arc<Reply>>,
}

/// A reply that was sent, for those who could not read it.
struct Reply {
    sealed: Zeroizing<Vec<u8>>,
    look: Look,
    at: Timestamp,
    /// The reader's right to it.
    claim: Claim,
}

/// What a reader's key leads to.
pub enum Entry {
    /// The reply that this reader was sent before.
    Again(Again),
    /// A place for the reply to come.
    Reserved(Reserved),
}

impl Replies {
    /// Room for replies, and at least for one to the longest secret that this server takes.
    pub fn new(clock: Arc<Clock>, max_secret_bytes: usize) -> Self {
        let room = ROOM.max(sealed_size(max_secret_bytes) + BESIDES);
        Self { clock, room, held: Mutex::default() }
    }

    /// Finds the reply of this name, or reserves a place for one of this size. No size means that the secret
    /// is gone; it has to be looked up before, so that no reply can come and go between the two.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::InProgress`] while the claim is made; [`Error::Unavailable`] if there is
    /// no room, or none for this source.
    pub fn enter(
        self: &Arc<Self>,
        key: ReplyKey,
        sealed_bytes: Option<usize>,
        source: Source,
    ) -> Result<Entry, Error> {
        let mut held = self.held();
        held.wipe(self.clock.elapsed());
        if let Some(place) = held.places.get(&key.name()) {
            let reply = place.reply.clone().ok_or(Error::InProgress)?;
            return Ok(Entry::Again(Again { key, reply }));
        }
        let bytes = sealed_bytes.ok_or(Error::NotFound)? + BESIDES;
        if held.bytes + bytes > self.room
            || held.bytes > self.room / 2 && held.is_greedy(source, self.room / SHARE)
        {
            return Err(Error::Unavailable("the room for replies that can be fetched again is full".into()));
        }
        held.bytes += bytes;
        held.places.insert(key.name(), Place { bytes, source, reply: None });
        Ok(Entry::Reserved(Reserved { replies: Arc::clone(self), key, is_filled: false }))
    }

    /// Wipes the replies whose minute is over.
    pub fn wipe(&self) {
        self.held().wipe(self.clock.elapsed());
    }

    /// Bytes that are reserved or filled.
    pub fn bytes(&self) -> usize {
        self.held().bytes
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn wipe(&mut self, now: Duration) {
        while let Some((_, name)) = self.ends.front().filter(|(end, _)| *end <= now).copied() {
            self.ends.pop_front();
            self.free(name);
        }
    }

    /// Whether this source holds its share and more.
    fn is_greedy(&self, source: Source, share: usize) -> bool {
        let own = self.places.values().filter(|place| place.source == source);
        own.map(|place| place.bytes).sum::<usize>() >= share
    }

    fn free(&mut self, name: Name) {
        if let Some(place) = self.places.remove(&name) {
            self.bytes -= place.bytes;
        }
    }
}

/// A place for one reply. Dropped without one, it is free again: the claim has failed.
pub struct Reserved {
    replies: Arc<Replies>,
    key: ReplyKey,
    is_filled: bool,
}

impl Reserved {
    /// Keeps the reply that this content and this look make, with the claim it was given out against.
    pub fn fill(mut self, content: &Plaintext, look: Look, at: Timestamp, claim: Claim) {
        let sealed = Zeroizing::new(self.key.seal(content));
        let mut held = self.replies.held();
        if let Some(place) = held.places.get_mut(&self.key.name()) {
            debug_assert_eq!(place.bytes, sealed.len() + BESIDES, "it takes the room that was reserved");
            place.reply = Some(Arc::new(Reply { sealed, look, at, claim }));
            held.ends.push_back((self.replies.clock.elapsed() + KEPT, self.key.name()));
        }
        drop(held);
        self.is_filled = true;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_filled {
            self.replies.held().free(self.key.name());
        }
    }
}

/// A reply that is still kept, and the key that opens it.
pub struct Again {
    key: ReplyKey,
    reply: Arc<Reply>,
}

impl Again {
    /// The same as this reader was told before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the memory is damaged.
    pub fn revealed(&self, id: &SecretId, caller: &Caller) -> Result<Revealed, Error> {
        let Reply { sealed, look, at, claim } = &*self.reply;
        let content = self.key.open(sealed)?.release(claim);
        Ok(Revealed { secret: super::look::secret(id.clone(), look.clone(), *at, caller), content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::IdempotencyKey;
    use crate::store::secrets::Place as Row;
    use proptest::prelude::*;

    fn replies(max_secret_bytes: usize) -> (Arc<Replies>, Arc<Clock>) {
        let clock = Arc::new(Clock::manual(Timestamp::from_unix(1_800_000_000)));
        (Arc::new(Replies::new(Arc::clone(&clock), max_secret_bytes)), clock)
    }

    fn key(name: u8) -> ReplyKey {
        let id = SecretId::parse(&"a".repeat(31)).expect("an identifier");
        ReplyKey::new(&id, &IdempotencyKey::parse(&format!("{name:022}")).expect("a key"))
    }

    fn source(number: u8) -> Source {
        Source::of([192, 0, 2, number].into())
    }

    fn look() -> Look {
        let place = Row { id: 1, slot_id: 1, attempts: 0, anonymous_bytes: 0, has_mail: false };
        let at = Timestamp::from_unix(1_800_000_000);
        Look {
            place,
            key_id: 1,
            expires_at: at,
            protection: None,
            created_at: at,
            first_view: None,
            share_domain: Some("h".repeat(253)),
            account_id: None,
        }
    }

    fn fill(place: Reserved, text: &str) {
        let content = Plaintext::new(Zeroizing::new(text.to_owned())).expect("a text");
        place.fill(&content, look(), Timestamp::from_unix(1_800_000_000), Claim::after_commit());
    }

    #[test]
    fn what_a_reply_takes_besides_its_content_is_not_more_than_is_counted() {
        let entries = 2 * (size_of::<(Name, Place)>() + 1) + 2 * size_of::<(Duration, Name)>();
        let counters_of_arc = 2 * size_of::<usize>();
        assert!(entries + counters_of_arc + size_of::<Reply>() + 253 <= BESIDES);
    }

    #[test]
    fn there_is_always_room_for_one_reply_to_the_longest_secret() {
        for longest in [1 << 20, 16 << 20, 17 << 20] {
            let (replies, _) = replies(longest);
            let entry = replies.enter(key(1), Some(sealed_size(longest)), source(1));
            assert!(matches!(entry, Ok(Entry::Reserved(_))), "{longest}");
        }
    }

    #[test]
    fn whoever_fills_the_room_leaves_half_of_it_to_others() {
        let (replies, _) = replies(1 << 20);
        let long = sealed_size(1 << 20);
        let mut places: Vec<_> =
            (0..20).map(|name| replies.enter(key(name), Some(long), source(1))).collect();
        places.retain(Result::is_ok);
        assert!(replies.bytes() > ROOM / 2 && replies.bytes() <= ROOM / 2 + long + BESIDES);
        for other in 2..6 {
            assert!(matches!(
                replies.enter(key(20 + other), Some(1065), source(other)),
                Ok(Entry::Reserved(_))
            ));
        }
        let rest = (10..30).map(|other| replies.enter(key(other + 20), Some(long), source(other)));
        places.extend(rest.flatten().map(Ok));
        assert!(replies.bytes() > ROOM - long && replies.bytes() <= ROOM, "and all of it is theirs");
        drop(places);
        assert!(matches!(replies.enter(key(40), Some(long), source(1)), Ok(Entry::Reserved(_))));
    }

    #[test]
    fn a_source_may_take_more_than_its_share_until_more_than_half_of_the_room_is_taken() {
        let (replies, _) = replies(1 << 20);
        let _half = replies.enter(key(1), Some(ROOM / 2 - BESIDES), source(1));
        assert_eq!(replies.bytes(), ROOM / 2);
        let _more = replies.enter(key(2), Some(1065), source(1));
        assert_eq!(replies.bytes(), ROOM / 2 + 1065 + BESIDES);
        assert!(matches!(replies.enter(key(3), Some(1065), source(1)), Err(Error::Unavailable(_))));
    }

    #[test]
    fn while_a_place_is_reserved_the_same_key_has_to_wait_and_another_goes_on() {
        let (replies, _) = replies(1 << 20);
        let Ok(Entry::Reserved(place)) = replies.enter(key(1), Some(1065), source(1)) else {
            panic!("no place")
        };
        assert!(matches!(replies.enter(key(1), Some(1065), source(1)), Err(Error::InProgress)));
        assert!(matches!(replies.enter(key(1), None, source(1)), Err(Error::InProgress)));
        assert!(matches!(replies.enter(key(2), Some(1065), source(1)), Ok(Entry::Reserved(_))));
        assert!(matches!(replies.enter(key(2), None, source(1)), Err(Error::NotFound)));
        fill(place, "hello");
        assert!(matches!(replies.enter(key(1), None, source(1)), Ok(Entry::Again(_))));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Enter(u8, bool),
        Fill,
        Drop,
        Advance(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..6u8, any::<bool>()).prop_map(|(name, is_long)| Step::Enter(name, is_long)),
            2 => Just(Step::Fill),
            1 => Just(Step::Drop),
            1 => (1..70i64).prop_map(Step::Advance),
        ]
    }

    proptest! {
        #[test]
        fn in_any_order_the_count_is_what_is_held(steps in proptest::collection::vec(step(), 1..60)) {
            let (replies, clock) = replies(1 << 20);
            let mut reserved: Vec<(u8, usize, String, Reserved)> = Vec::new();
            let mut filled: Vec<(u8, usize, i64)> = Vec::new();
            let mut now = 0;
            for step in steps {
                match step {
                    Step::Enter(name, is_long) => {
                        let text = if is_long { "x".repeat(5000) } else { "x".into() };
                        let bytes = sealed_size(text.len());
                        let is_taken = reserved.iter().any(|(other, ..)| *other == name);
                        let is_kept = filled.iter().any(|(other, _, end)| *other == name && *end > now);
                        match replies.enter(key(name), Some(bytes), source(1)) {
                            Ok(Entry::Reserved(place)) => {
                                prop_assert!(!is_taken && !is_kept);
                                reserved.push((name, bytes, text, place));
                            }
                            Ok(Entry::Again(_)) => prop_assert!(is_kept),
                            Err(error) => prop_assert!(is_taken && matches!(error, Error::InProgress)),
                        }
                    }
                    Step::Fill => if let Some((name, bytes, text, place)) = reserved.pop() {
                        fill(place, &text);
                        filled.push((name, bytes, now + 60));
                    },
                    Step::Drop => drop(reserved.pop()),
                    Step::Advance(seconds) => {
                        clock.advance(seconds);
                        now += seconds;
                    }
                }
                replies.wipe();
                filled.retain(|(_, _, end)| *end > now);
                let held = reserved.iter().map(|(_, bytes, ..)| bytes).chain(filled.iter().map(|(_, bytes, _)| bytes));
                prop_assert_eq!(replies.bytes(), held.map(|bytes| bytes + BESIDES).sum::<usize>());
            }
        }
    }
}
