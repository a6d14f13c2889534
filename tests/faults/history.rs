//! What many clients saw of the same secrets, checked afterwards: there must be an order in which all
//! of it makes sense.

use crate::kit::{Dice, Folder, conceal_with, made, size, with_key};
use crate::race::{Try, tries};
use crate::support::Client;
use crate::support::process::Process;
use crate::support::server::Made;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

const CLIENTS: usize = 16;
/// Secrets that are there at once.
const SECRETS: usize = 48;
/// Requests between two looks at what came of them.
const ROUND: usize = 400;
/// Keys with which a reply may be fetched again.
const KEYS: usize = 2;
/// Seconds for which it may.
const KEPT: f64 = 60.0;

/// A moment, in seconds. The server counts lifetimes in whole seconds of the same clock.
#[expect(clippy::disallowed_methods, reason = "clients have clocks of their own")]
fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// From when to when something took.
#[derive(Clone, Copy, Debug)]
struct Span {
    began: f64,
    ended: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The secret, or word that it is burned.
    Won,
    /// It is there.
    There,
    Gone,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    span: Span,
    what: Try,
    /// Of the keys, the one that a reveal came with.
    key: Option<usize>,
    answer: Answer,
}

impl Seen {
    /// Whether both are of the one who sends this key.
    fn is_by_reader_of(&self, other: &Self) -> bool {
        self.key.is_some() && self.key == other.key
    }
}

/// A secret and all that anyone saw of it.
struct Story {
    made: Made,
    canary: String,
    making: Span,
    ttl: u32,
    seen: Mutex<Vec<Seen>>,
}

impl Story {
    fn begin(client: &mut Client, number: usize, dice: &mut Dice) -> Self {
        let canary = format!("canary-of-the-history-{number:07}-end");
        // Some expire while they are asked for.
        let ttl = if dice.below(3) == 0 { 1 } else { 3600 };
        let began = now();
        let reply = client.send(&conceal_with(&json!({ "secret": canary, "ttl": ttl }))).expect("a reply");
        let making = Span { began, ended: now() };
        Self { made: made(&reply), canary, making, ttl, seen: Mutex::default() }
    }

    fn ask(&self, client: &mut Client, dice: &mut Dice) {
        let tries = tries(&self.made);
        // Mostly looks, or few secrets would be there when the next request comes.
        let (what, request) = loop {
            let choice = &tries[dice.below(tries.len())];
            if choice.0 == Try::Look || dice.below(4) == 0 {
                break choice;
            }
        };
        // Of a receipt, which outlives its secret, nothing can be told this way.
        if *what == Try::Look && dice.below(2) == 0 {
            return self.look(client);
        }
        let key = (*what == Try::Reveal && dice.below(2) == 0).then(|| dice.below(KEYS));
        let request = key.map_or_else(|| request.clone(), |key| with_key(request.clone(), key));
        let began = now();
        let reply = client.send(&request).expect("a reply");
        let span = Span { began, ended: now() };
        let answer = match (what, reply.status, reply.contains(&self.canary)) {
            (Try::Reveal, 200, true) | (Try::Burn, 200, false) => Answer::Won,
            (Try::Reveal | Try::Burn, 404, false) => Answer::Gone,
            (Try::Look, 200 | 404, false) => return,
            // The same key is at it, or there is no room to keep one more reply. Nothing was consumed.
            (Try::Reveal, 503, false) if key.is_some() => return,
            other => panic!("{}: {other:?}", self.canary),
        };
        self.note(Seen { span, what: *what, key, answer });
    }

    fn look(&self, client: &mut Client) {
        let began = now();
        let request = crate::support::Request::get(&format!("/api/v2/secret/{}", self.made.secret));
        let reply = client.send(&request).expect("a reply");
        let span = Span { began, ended: now() };
        assert!(!reply.contains(&self.canary), "a look shows {}", self.canary);
        let answer = if reply.status == 200 { Answer::There } else { Answer::Gone };
        self.note(Seen { span, what: Try::Look, key: None, answer });
    }

    fn note(&self, seen: Seen) {
        self.seen.lock().expect("no client panics").push(seen);
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no client panics").clone()
    }

    /// Whether nothing new can be seen of it.
    fn is_over(&self) -> bool {
        let is_won = self.seen().iter().any(|seen| seen.answer == Answer::Won);
        let after = self.seen().iter().filter(|seen| seen.answer == Answer::Gone).count();
        (is_won || self.surely_expired() < now()) && after > 3
    }

    /// Before this moment it has not expired.
    fn not_expired(&self) -> f64 {
        self.making.began.floor() + f64::from(self.ttl)
    }

    /// From this moment on it has.
    fn surely_expired(&self) -> f64 {
        self.making.ended.floor() + f64::from(self.ttl)
    }

    /// Who ended it, and when. All that one reader fetched with the same key ended it once, before the first
    /// of these replies was there.
    fn winners(&self) -> Vec<Seen> {
        let mut winners: Vec<Seen> = Vec::new();
        for one in self.seen().into_iter().filter(|seen| seen.answer == Answer::Won) {
            match winners.iter_mut().find(|winner| winner.is_by_reader_of(&one)) {
                Some(Seen { span, .. }) => {
                    span.began = span.began.min(one.span.began);
                    span.ended = span.ended.min(one.span.ended);
                }
                None => winners.push(one),
            }
        }
        winners
    }

    /// What cannot be, in whatever order it happened within the spans.
    fn contradictions(&self) -> Vec<String> {
        let (seen, winners) = (self.seen(), self.winners());
        let mut wrong = Vec::new();
        if winners.len() > 1 {
            wrong.push(format!("{} was won {} times: {winners:?}", self.canary, winners.len()));
        }
        let there = seen.iter().filter(|one| one.answer == Answer::There);
        for one in winners.iter().chain(there) {
            if one.span.began >= self.surely_expired() {
                wrong.push(format!("{} had expired and was there: {one:?}", self.canary));
            }
        }
        for one in &seen {
            let ended_before = winners.iter().any(|winner| winner.span.ended < one.span.began);
            if one.answer == Answer::There && ended_before {
                wrong.push(format!("{} was gone and came back: {one:?}", self.canary));
            }
            let has_reason = winners.iter().any(|winner| winner.span.began <= one.span.ended)
                || one.span.ended >= self.not_expired();
            if one.answer == Answer::There && one.what != Try::Look {
                wrong.push(format!("{} was shown without a look: {one:?}", self.canary));
            }
            if one.answer == Answer::Gone && !has_reason {
                wrong.push(format!("{} was gone before anyone ended it: {one:?}", self.canary));
            }
            let is_withheld = winners.iter().any(|winner| {
                winner.is_by_reader_of(one)
                    && winner.span.ended < one.span.began
                    && one.span.ended < winner.span.began + KEPT
            });
            if one.answer == Answer::Gone && is_withheld {
                wrong.push(format!("{} is withheld from its reader: {one:?}", self.canary));
            }
        }
        wrong
    }
}

/// Lets all clients make secrets, where some are missing, and ask for all of them at random.
fn play(process: &Process, stories: &Mutex<Vec<Arc<Story>>>, names: &AtomicUsize, dice: &mut Dice) {
    let stories = || stories.lock().expect("no client panics");
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let mut dice = dice.split();
            scope.spawn(move || {
                let mut client = process.connect();
                for _ in 0..ROUND / CLIENTS {
                    let there = stories().len();
                    if there < SECRETS && (there == 0 || dice.below(2) == 0) {
                        let number = names.fetch_add(1, Ordering::Relaxed);
                        let story = Story::begin(&mut client, number, &mut dice);
                        stories().push(Arc::new(story));
                    } else {
                        let story = Arc::clone(&stories()[dice.below(there)]);
                        story.ask(&mut client, &mut dice);
                    }
                }
            });
        }
    });
}

#[test]
fn all_that_sixteen_clients_see_of_the_same_secrets_makes_sense_in_some_order() {
    let mut dice = Dice::thrown("history");
    let folder = Folder::new();
    let process = Process::start(&folder.data, &["--ttl-min", "1s", "--sweep-interval", "2s"]);
    let (stories, names) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let (mut won, mut again, mut expired) = (0, 0, 0);
    let rounds = size(20_000, 2_000_000) / ROUND;
    for _ in 0..rounds {
        play(&process, &stories, &names, &mut dice);
        let mut stories = stories.lock().expect("no client panics");
        let wrong: Vec<String> = stories.iter().flat_map(|story| story.contradictions()).collect();
        assert!(wrong.is_empty(), "{dice:?}: {wrong:#?}");
        stories.retain(|story| {
            if story.is_over() {
                let transfers = story.seen().iter().filter(|seen| seen.answer == Answer::Won).count();
                won += usize::from(transfers > 0);
                again += usize::from(transfers > 1);
                expired += usize::from(transfers == 0);
            }
            !story.is_over()
        });
    }
    let (made, requests) = (names.into_inner(), rounds * ROUND);
    println!(
        "{requests} requests, {made} secrets: {won} revealed or burned, {again} of them fetched again, {expired} expired"
    );
    assert!(
        won > made / 4 && again > made / 50 && expired > 0,
        "too little: {won} {again} {expired} of {made}"
    );
}

#[test]
fn the_checker_finds_what_cannot_be() {
    let keyed = |ttl, seen: &[(Try, Option<usize>, Answer, f64, f64)]| {
        let seen = seen.iter().map(|(what, key, answer, began, ended)| {
            let span = Span { began: 1000.0 + began, ended: 1000.0 + ended };
            Seen { span, what: *what, key: *key, answer: *answer }
        });
        let made = Made { secret: String::new(), receipt: String::new() };
        let making = Span { began: 1000.2, ended: 1000.4 };
        let story = Story { made, canary: "it".into(), making, ttl, seen: Mutex::new(seen.collect()) };
        story.contradictions().len()
    };
    let story = |ttl, seen: &[(Try, Answer, f64, f64)]| {
        let seen = seen.iter().map(|(what, answer, began, ended)| (*what, None, *answer, *began, *ended));
        keyed(ttl, &seen.collect::<Vec<_>>())
    };
    use Answer::{Gone, There, Won};
    use Try::{Burn, Look, Reveal};
    // Whoever is asked while it ends may find it or not.
    assert_eq!(story(60, &[(Reveal, Won, 1.0, 3.0), (Look, There, 2.0, 2.5), (Look, Gone, 1.0, 1.5)]), 0);
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Reveal, Gone, 3.0, 4.0), (Look, There, 0.5, 0.9)]), 0);
    assert_eq!(story(60, &[(Reveal, Gone, 59.0, 60.1)]), 0, "it has expired");
    // Who has the key is one reader, also after the secret would have expired.
    let (one, other) = (Some(0), Some(1));
    assert_eq!(keyed(2, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, one, Won, 1.5, 9.0)]), 0);
    assert_eq!(keyed(60, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, other, Gone, 1.5, 9.0)]), 0);
    assert_eq!(
        keyed(60, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, one, Gone, 59.0, 61.0)]),
        0,
        "a minute later"
    );
    // Nothing of this may be.
    assert_eq!(story(60, &[(Reveal, Won, 1.0, 2.0), (Reveal, Won, 1.5, 2.5)]), 1, "two readers");
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Reveal, Won, 3.0, 4.0)]), 1, "read after it was burned");
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Look, There, 3.0, 4.0)]), 1, "back from the dead");
    assert_eq!(story(60, &[(Reveal, Gone, 1.0, 2.0)]), 1, "lost");
    assert_eq!(story(60, &[(Reveal, Gone, 1.0, 2.0), (Burn, Won, 3.0, 4.0)]), 1, "gone too early");
    assert_eq!(story(2, &[(Reveal, Won, 2.0, 2.1)]), 1, "read after it expired");
    assert_eq!(keyed(60, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, other, Won, 3.0, 4.0)]), 1, "another key");
    assert_eq!(keyed(60, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, None, Won, 1.5, 4.0)]), 1, "without a key");
    assert_eq!(keyed(60, &[(Reveal, one, Won, 3.0, 4.0), (Burn, None, Won, 1.0, 2.0)]), 1, "burned before");
    assert_eq!(keyed(60, &[(Reveal, one, Won, 1.0, 2.0), (Reveal, one, Gone, 3.0, 4.0)]), 1, "withheld");
    let both = [(Reveal, one, Won, 1.0, 2.0), (Reveal, one, Won, 3.0, 9.0), (Look, None, There, 4.0, 5.0)];
    assert_eq!(keyed(60, &both), 1, "back while its reader fetches it again");
}
