//! What many clients saw of the same secrets, checked afterwards: there must be an order in which all
//! of it makes sense.

use crate::kit::{Dice, Folder, conceal_with, made, size};
use crate::race::{Try, tries};
use crate::support::Client;
use crate::support::process::Process;
use crate::support::server::Made;
use serde_json::json;
use std::sync::Mutex;
use std::time::SystemTime;

const CLIENTS: usize = 16;
/// Secrets that are there at once.
const SECRETS: usize = 48;
/// Requests between two looks at what came of them.
const ROUND: usize = 400;

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
    answer: Answer,
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
        let began = now();
        let reply = client.send(request).expect("a reply");
        let span = Span { began, ended: now() };
        let answer = match (what, reply.status, reply.contains(&self.canary)) {
            (Try::Reveal, 200, true) | (Try::Burn, 200, false) => Answer::Won,
            (Try::Reveal | Try::Burn, 404, false) => Answer::Gone,
            (Try::Look, 200 | 404, false) => return,
            other => panic!("{}: {other:?}", self.canary),
        };
        self.note(Seen { span, what: *what, answer });
    }

    fn look(&self, client: &mut Client) {
        let began = now();
        let request = crate::support::Request::get(&format!("/api/v2/secret/{}", self.made.secret));
        let reply = client.send(&request).expect("a reply");
        let span = Span { began, ended: now() };
        assert!(!reply.contains(&self.canary), "a look shows {}", self.canary);
        let answer = if reply.status == 200 { Answer::There } else { Answer::Gone };
        self.note(Seen { span, what: Try::Look, answer });
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

    /// What cannot be, in whatever order it happened within the spans.
    fn contradictions(&self) -> Vec<String> {
        let seen = self.seen();
        let winners: Vec<&Seen> = seen.iter().filter(|seen| seen.answer == Answer::Won).collect();
        let mut wrong = Vec::new();
        if winners.len() > 1 {
            wrong.push(format!("{} was won {} times: {winners:?}", self.canary, winners.len()));
        }
        for one in &seen {
            let is_there = one.answer != Answer::Gone;
            if is_there && one.span.began >= self.surely_expired() {
                wrong.push(format!("{} had expired and was there: {one:?}", self.canary));
            }
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
        }
        wrong
    }
}

/// Lets all clients ask for these secrets at random.
fn play(process: &Process, stories: &[Story], dice: &mut Dice) {
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let mut dice = dice.split();
            scope.spawn(move || {
                let mut client = process.connect();
                for _ in 0..ROUND / CLIENTS {
                    stories[dice.below(stories.len())].ask(&mut client, &mut dice);
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
    let mut stories: Vec<Story> = Vec::new();
    let (mut made, mut won, mut expired) = (0, 0, 0);
    let rounds = size(20_000, 2_000_000) / ROUND;
    for _ in 0..rounds {
        let mut client = process.connect();
        while stories.len() < SECRETS {
            stories.push(Story::begin(&mut client, made, &mut dice));
            made += 1;
        }
        play(&process, &stories, &mut dice);
        let wrong: Vec<String> = stories.iter().flat_map(Story::contradictions).collect();
        assert!(wrong.is_empty(), "{dice:?}: {wrong:#?}");
        let (over, on): (Vec<_>, Vec<_>) = stories.into_iter().partition(Story::is_over);
        for story in over {
            let is_won = story.seen().iter().any(|seen| seen.answer == Answer::Won);
            won += usize::from(is_won);
            expired += usize::from(!is_won);
        }
        stories = on;
    }
    println!("{} requests, {made} secrets: {won} revealed or burned, {expired} expired", rounds * ROUND);
    assert!(won > made / 4 && expired > 0, "too little happened: {won} {expired} of {made}");
}

#[test]
fn the_checker_finds_what_cannot_be() {
    let story = |ttl, seen: &[(Try, Answer, f64, f64)]| {
        let seen = seen.iter().map(|(what, answer, began, ended)| {
            let span = Span { began: 1000.0 + began, ended: 1000.0 + ended };
            Seen { span, what: *what, answer: *answer }
        });
        let made = Made { secret: String::new(), receipt: String::new() };
        let making = Span { began: 1000.2, ended: 1000.4 };
        let story = Story { made, canary: "it".into(), making, ttl, seen: Mutex::new(seen.collect()) };
        story.contradictions().len()
    };
    use Answer::{Gone, There, Won};
    use Try::{Burn, Look, Reveal};
    // Whoever is asked while it ends may find it or not.
    assert_eq!(story(60, &[(Reveal, Won, 1.0, 3.0), (Look, There, 2.0, 2.5), (Look, Gone, 1.0, 1.5)]), 0);
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Reveal, Gone, 3.0, 4.0), (Look, There, 0.5, 0.9)]), 0);
    assert_eq!(story(60, &[(Reveal, Gone, 59.0, 60.1)]), 0, "it has expired");
    // Nothing of this may be.
    assert_eq!(story(60, &[(Reveal, Won, 1.0, 2.0), (Reveal, Won, 1.5, 2.5)]), 1, "two readers");
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Reveal, Won, 3.0, 4.0)]), 1, "read after it was burned");
    assert_eq!(story(60, &[(Burn, Won, 1.0, 2.0), (Look, There, 3.0, 4.0)]), 1, "back from the dead");
    assert_eq!(story(60, &[(Reveal, Gone, 1.0, 2.0)]), 1, "lost");
    assert_eq!(story(60, &[(Reveal, Gone, 1.0, 2.0), (Burn, Won, 3.0, 4.0)]), 1, "gone too early");
    assert_eq!(story(2, &[(Reveal, Won, 2.0, 2.1)]), 1, "read after it expired");
}
