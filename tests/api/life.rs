//! The life of a secret in any order of events, against a model that knows nothing of databases,
//! ciphers or HTTP: what was done, when, and what must have come of it.

use crate::core::Core;
use crate::support::server::{anyone, policy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tellonce::app::{App, Policy, Wishes};
use tellonce::error::Error;
use tellonce::limits::{AttemptPolicy, Rate};
use tellonce::secret::{ReceiptId, SecretId, State};
use tellonce::time::{Now, Timestamp};
use zeroize::Zeroizing;

/// Bounds that a short story can reach.
const RULES: AttemptPolicy = AttemptPolicy {
    per_source: Rate::per(1_000_000, 1),
    per_window: 3,
    window: 600,
    lockout: 1800,
    lifetime: 7,
};
const DEFAULT_TTL: i64 = 604_800;
const LONGEST_TTL: i64 = 604_800;
const SHORTEST_TTL: i64 = 60;

/// What may happen. Numbers choose among the secrets there are.
#[derive(Clone, Debug)]
enum Action {
    Conceal { has_passphrase: bool, ttl: Option<i64> },
    Show(usize),
    Reveal(usize, Guess),
    Burn(usize, Guess),
    Sweep,
    Advance(i64),
    StepWall(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Right,
    Wrong,
    Missing,
    /// Longer than any passphrase may be.
    Endless,
}

impl Guess {
    fn text(self) -> Option<Zeroizing<String>> {
        match self {
            Self::Right => Some(Zeroizing::new("right".into())),
            Self::Wrong => Some(Zeroizing::new("wrong".into())),
            Self::Missing => None,
            Self::Endless => Some(Zeroizing::new("right".repeat(300))),
        }
    }
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![
        2 => Just(Guess::Right),
        4 => Just(Guess::Wrong),
        1 => Just(Guess::Missing),
        1 => Just(Guess::Endless),
    ]
}

fn ttl() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(0)),
        1 => any::<i64>().prop_map(Some),
        4 => (1i64..4000).prop_map(Some),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let conceal = (prop::bool::weighted(0.7), ttl())
        .prop_map(|(has_passphrase, ttl)| Action::Conceal { has_passphrase, ttl });
    prop_oneof![
        2 => conceal,
        3 => any::<usize>().prop_map(Action::Show),
        6 => (any::<usize>(), guess()).prop_map(|(which, guess)| Action::Reveal(which, guess)),
        3 => (any::<usize>(), guess()).prop_map(|(which, guess)| Action::Burn(which, guess)),
        2 => Just(Action::Sweep),
        4 => prop_oneof![1i64..50, 500i64..2000, 50_000i64..700_000].prop_map(Action::Advance),
        1 => (-5000i64..5000).prop_map(Action::StepWall),
    ]
}

/// What must have become of one secret.
struct Model {
    secret: SecretId,
    receipt: ReceiptId,
    content: String,
    has_passphrase: bool,
    created: i64,
    ttl: i64,
    end: Option<State>,
    looks: (u32, Option<i64>, Option<i64>),
    failed: u32,
    /// When the running window began, and the guesses in it.
    window: Option<(i64, u32)>,
    plaintexts: u32,
}

/// What must come of a passphrase.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Opens,
    Unknown,
    Wrong,
    Refused { seconds: i64 },
}

impl Model {
    fn expires(&self) -> i64 {
        self.created + self.ttl
    }

    fn is_live(&self, now: Now) -> bool {
        self.end.is_none() && now.latest().unix() < self.expires()
    }

    fn has_receipt(&self, now: Now) -> bool {
        now.latest().unix() < self.created + 2 * self.ttl
    }

    fn state(&self, now: Now) -> State {
        match self.end {
            Some(end) => end,
            None if self.is_live(now) => State::New,
            None => State::Expired(Timestamp::from_unix(self.expires())),
        }
    }

    fn try_passphrase(&mut self, guess: Guess, now: Now) -> Verdict {
        if !self.is_live(now) {
            return Verdict::Unknown;
        }
        if !self.has_passphrase {
            return Verdict::Opens;
        }
        let at = now.latest().unix();
        let (began, guesses) = match self.window {
            Some((began, guesses))
                if guesses == RULES.per_window && (0..RULES.lockout).contains(&(at - began)) =>
            {
                return Verdict::Refused { seconds: began + RULES.lockout - at };
            }
            Some((began, guesses))
                if guesses < RULES.per_window && (0..RULES.window).contains(&(at - began)) =>
            {
                (began, guesses)
            }
            _ => (at, 0),
        };
        self.window = Some((began, guesses + 1));
        if guess == Guess::Right {
            return Verdict::Opens;
        }
        self.failed += 1;
        if self.failed == RULES.lifetime {
            self.end = Some(State::Orphaned(Some(now.latest())));
        }
        Verdict::Wrong
    }
}

fn verdict<T>(outcome: &Result<T, Error>) -> Verdict {
    match outcome {
        Ok(_) => Verdict::Opens,
        Err(Error::NotFound) => Verdict::Unknown,
        Err(Error::WrongPassphrase { .. }) => Verdict::Wrong,
        Err(Error::LimitExceeded { retry_after }) => {
            Verdict::Refused { seconds: retry_after.as_secs().try_into().expect("seconds") }
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// One story.
struct Story<'c> {
    core: &'c Core,
    secrets: Vec<Model>,
    /// By how much the wall clock was stepped.
    stepped: i64,
}

impl Story<'_> {
    fn app(&self) -> &App {
        self.core.app()
    }

    fn act(&mut self, action: &Action) {
        match *action {
            Action::Conceal { has_passphrase, ttl } => self.conceal(has_passphrase, ttl),
            Action::Show(which) => self.show(which % self.secrets.len()),
            Action::Reveal(which, guess) => self.reveal(which % self.secrets.len(), guess),
            Action::Burn(which, guess) => self.burn(which % self.secrets.len(), guess),
            Action::Sweep => drop(self.core.run(self.app().sweep()).expect("a sweep")),
            Action::Advance(seconds) => self.app().clock().advance(seconds),
            Action::StepWall(seconds) => {
                self.app().clock().step_wall(seconds);
                self.stepped += seconds;
            }
        }
    }

    fn conceal(&mut self, has_passphrase: bool, wish: Option<i64>) {
        let now = self.app().clock().now();
        let content = format!("secret {}", self.secrets.len());
        let passphrase = if has_passphrase { Guess::Right.text() } else { None };
        let wishes = Wishes { passphrase, ttl: wish, ..Wishes::default() };
        let caller = anyone();
        let concealed = self.app().conceal(Some(Zeroizing::new(content.clone())), wishes, &caller);
        let receipt = self.core.run(concealed).expect("a receipt");
        let ttl = match wish {
            None | Some(0) => DEFAULT_TTL,
            Some(wish) => wish.clamp(SHORTEST_TTL, LONGEST_TTL),
        };
        self.secrets.push(Model {
            secret: receipt.secret,
            receipt: receipt.id,
            content,
            has_passphrase,
            created: now.moment().unix(),
            ttl,
            end: None,
            looks: (0, None, None),
            failed: 0,
            window: None,
            plaintexts: 0,
        });
    }

    fn show(&mut self, which: usize) {
        let now = self.app().clock().now();
        let shown = self.core.run(self.app().show(&self.secrets[which].secret, &anyone()));
        let model = &mut self.secrets[which];
        assert_eq!(shown.is_ok(), model.is_live(now));
        if let Ok(secret) = shown {
            let at = Some(now.moment().unix());
            model.looks = (model.looks.0 + 1, model.looks.1.or(at), at);
            assert_eq!(secret.first_look.map(Timestamp::unix), model.looks.1);
        }
    }

    fn reveal(&mut self, which: usize, guess: Guess) {
        let now = self.app().clock().now();
        let revealed =
            self.core.run(self.app().reveal(&self.secrets[which].secret, guess.text(), None, &anyone()));
        let model = &mut self.secrets[which];
        assert_eq!(verdict(&revealed), model.try_passphrase(guess, now));
        if let Ok(revealed) = revealed {
            assert_eq!(revealed.content.expose(), model.content);
            model.plaintexts += 1;
            model.end = Some(State::Revealed(now.moment()));
        }
        assert!(model.plaintexts <= 1);
    }

    fn burn(&mut self, which: usize, guess: Guess) {
        let now = self.app().clock().now();
        let burned = self.core.run(self.app().burn(&self.secrets[which].receipt, guess.text(), &anyone()));
        let model = &mut self.secrets[which];
        assert_eq!(verdict(&burned), model.try_passphrase(guess, now));
        if let Ok(receipt) = burned {
            model.end = Some(State::Burned(now.moment()));
            assert_eq!(receipt.state, State::Burned(now.moment()));
        }
    }

    /// Compares everything that can be seen of every secret with its model.
    fn check(&self) {
        let now = self.app().clock().now();
        for model in &self.secrets {
            let status = self.app().status(&model.secret, &anyone());
            assert_eq!(status.is_ok(), model.is_live(now));
            if let Ok(secret) = status {
                assert_eq!(secret.seconds_left, model.expires() - now.latest().unix());
                assert_eq!(secret.has_passphrase, model.has_passphrase);
            }
            let receipt = self.app().receipt(&model.receipt, &anyone());
            assert_eq!(receipt.is_ok(), model.has_receipt(now));
            if let Ok(receipt) = receipt {
                assert_eq!(receipt.state, model.state(now));
                assert_eq!((receipt.created.unix(), receipt.ttl.seconds()), (model.created, model.ttl));
                let looks = receipt.looks;
                let seen = (looks.count, looks.first.map(Timestamp::unix), looks.last.map(Timestamp::unix));
                assert_eq!((seen, receipt.failed_attempts), (model.looks, model.failed));
                assert_eq!(receipt.secret_seconds_left().is_some(), model.is_live(now));
            }
        }
    }

    /// However it went, time ends it all, and the sweeper leaves nothing behind.
    fn end(&self) {
        self.app().clock().step_wall(-self.stepped);
        self.app().clock().advance(2 * LONGEST_TTL);
        while !self.core.run(self.app().sweep()).expect("a sweep").is_nothing() {}
        let left = self.app().store().read(|db| {
            let count = "SELECT (SELECT count(*) FROM secrets) + (SELECT count(*) FROM receipts)
                              + (SELECT count(*) FROM slots WHERE used = 1)";
            Ok(db.query_row(count, [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(left.expect("a count"), 0);
    }
}

#[test]
fn the_life_of_a_secret_is_as_modelled_whatever_happens_in_whatever_order() {
    let core = Core::open(Policy { attempts: RULES, ..policy() });
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let stories = (any::<bool>(), ttl(), vec(action(), 1..40));
    let told = TestRunner::new(config).run(&stories, |(has_passphrase, ttl, actions)| {
        let mut story = Story { core: &core, secrets: Vec::new(), stepped: 0 };
        story.act(&Action::Conceal { has_passphrase, ttl });
        for action in &actions {
            story.act(action);
            story.check();
        }
        story.end();
        Ok(())
    });
    told.unwrap_or_else(|error| panic!("{error}"));
}
