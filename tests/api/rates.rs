//! How much one source, one account, and everybody without an account may do.

use crate::core::Core;
use crate::support::http::{Login, Reply};
use crate::support::server::{Made, anyone, policy};
use crate::support::{Request, Server};
use futures_util::future::{join, join_all};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use tellonce::app::{Policy, Wishes};
use tellonce::error::Error;
use tellonce::limits::{AttemptPolicy, Rate, RatePolicy};
use tellonce::secret::{Account, AccountId, Caller, EmailAddress, Receipt, State};
use tellonce::time::Ttl;
use tellonce::vault::{Argon2Cost, padded_size};
use tellonce::web::Rules;
use zeroize::Zeroizing;

const DAY: i64 = 86_400;
/// Addresses of callers behind the proxy.
const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

/// A server behind a proxy, so that a request can come from anywhere.
fn server(rates: RatePolicy) -> Server {
    server_with(Policy { rates, ..policy() })
}

fn server_with(policy: Policy) -> Server {
    let trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    Server::start_under(policy, Rules { trusted_proxies, ..Rules::default() })
}

fn from(source: &str, request: &Request) -> Request {
    request.clone().header("X-Forwarded-For", source)
}

/// Every way to make a secret.
fn creations() -> [Request; 8] {
    let v2 = json!({ "secret": { "secret": "hello" } });
    [
        Request::post("/api/v1/share").form("secret=hello"),
        Request::post("/api/v1/create").form("secret=hello"),
        Request::post("/api/v1/generate"),
        Request::post("/api/v2/secret/conceal").json(&v2),
        Request::post("/api/v2/secret/generate").json(&v2),
        Request::post("/api/v2/guest/secret/conceal").json(&v2),
        Request::post("/api/v2/guest/secret/generate").json(&v2),
        Request::post("/").form("secret=hello"),
    ]
}

fn share() -> Request {
    creations()[0].clone()
}

/// A refusal that says when to come back: in this many seconds.
#[track_caller]
fn too_many(reply: &Reply, seconds: u64) {
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert_eq!(reply.header("retry-after"), Some(&*seconds.to_string()));
    if reply.header("content-type").is_some_and(|kind| kind.contains("json")) {
        let body = reply.json();
        assert_eq!(body["error"], "LimitExceeded");
        assert_eq!(body["retry_after"], seconds);
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(body["error_id"].is_string());
    } else {
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(reply.contains("Too many requests. Try again in "));
    }
}

#[test]
fn a_source_makes_so_many_secrets_in_so_long_through_whatever_door() {
    let server = server(RatePolicy { create: Rate::per(8, 3600), ..RatePolicy::OFF });
    for request in creations() {
        server.send(&from(HERE, &request)).expect(200);
    }
    server.advance(100);
    for request in creations() {
        too_many(&server.send(&from(HERE, &request)), 3500);
        server.send(&from(ELSEWHERE, &request)).expect(200);
    }
    too_many(&server.send(&from(ELSEWHERE, &share())), 3600);
    server.advance(3500);
    for request in creations() {
        server.send(&from(HERE, &request)).expect(200);
    }
}

#[test]
fn an_account_makes_so_many_secrets_wherever_it_is() {
    let rates =
        RatePolicy { create: Rate::per(1, 3600), create_account: Rate::per(4, 600), ..RatePolicy::OFF };
    let server = server(rates);
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    for source in [HERE, ELSEWHERE, HERE, ELSEWHERE] {
        server.send(&from(source, &share()).login(&frank)).expect(200);
    }
    for source in [HERE, ELSEWHERE] {
        too_many(&server.send(&from(source, &share()).login(&frank)), 600);
        server.send(&from(source, &share()).login(&ann)).expect(200);
        // What accounts do is not the source's.
        server.send(&from(source, &share())).expect(200);
        too_many(&server.send(&from(source, &share())), 3600);
    }
    server.advance(600);
    server.send(&from(HERE, &share()).login(&frank)).expect(200);
}

#[test]
fn a_guest_with_credentials_counts_as_a_source() {
    let rates = RatePolicy { create: Rate::per(1, 3600), ..RatePolicy::OFF };
    let server = server(rates);
    let login = server.account("frank@example.com");
    let guest = creations()[5].clone().login(&login);
    server.send(&from(HERE, &guest)).expect(200);
    too_many(&server.send(&from(HERE, &guest)), 3600);
    server.send(&from(HERE, &share()).login(&login)).expect(200);
}

/// How long a refused caller is told to wait.
fn rest(reply: Reply) -> i64 {
    reply.expect(429).header("retry-after").and_then(|rest| rest.parse().ok()).expect("a time")
}

#[test]
fn a_source_never_keeps_more_secrets_than_it_may() {
    const LIFE: i64 = 7 * DAY;
    let server =
        server(RatePolicy { source_secrets: 3, longest: Ttl::from_seconds(LIFE), ..RatePolicy::OFF });
    let make = || server.send(&from(HERE, &share()));
    make().expect(200);
    server.advance(LIFE - 10);
    for _ in 0..2 {
        make().expect(200);
    }
    make().expect(429);
    // The first is gone, the two others are not.
    let wait = rest(make());
    assert!((10..=LIFE / 4).contains(&wait), "{wait}");
    server.advance(wait);
    make().expect(200);
    let wait = rest(make());
    assert!((LIFE / 2..=LIFE + LIFE / 4).contains(&wait), "{wait}");
    server.send(&from(ELSEWHERE, &share())).expect(200);
    let login = server.account("frank@example.com");
    server.send(&from(HERE, &share()).login(&login)).expect(200);
    server.advance(wait);
    make().expect(200);
    make().expect(200);
    make().expect(429);
}

#[test]
fn an_account_mails_so_many_links() {
    let rates = RatePolicy { mail: Rate::per(4, 3600), ..RatePolicy::OFF };
    let server = server_with(Policy { rates, max_recipients: 3, ..policy() });
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let mail = |login: &Login, count: usize| {
        let recipients: Vec<String> = (0..count).map(|index| format!("friend{index}@example.org")).collect();
        let body = json!({ "secret": "hello", "recipient": recipients });
        server.send(&Request::post("/api/v1/share").json(&body).login(login))
    };
    mail(&frank, 2).expect(200);
    too_many(&mail(&frank, 3), 3600);
    // What was refused has sent nothing, so there are two left.
    mail(&frank, 2).expect(200);
    too_many(&mail(&frank, 1), 3600);
    mail(&frank, 0).expect(200);
    mail(&ann, 3).expect(200);
    server.advance(3600);
    mail(&frank, 1).expect(200);
}

fn share_of(bytes: usize) -> Request {
    Request::post("/api/v1/share").form(&format!("secret={}", "a".repeat(bytes)))
}

#[test]
fn a_source_keeps_so_many_bytes_as_they_are_padded() {
    let rates = RatePolicy {
        source_bytes: u64::try_from(2 * padded_size(1)).expect("a small number"),
        longest: Ttl::from_seconds(DAY),
        ..RatePolicy::OFF
    };
    let server = server(rates);
    for _ in 0..2 {
        server.send(&from(HERE, &share_of(1))).expect(200);
    }
    let wait = rest(server.send(&from(HERE, &share_of(1))));
    assert!((DAY..=DAY + DAY / 4).contains(&wait), "{wait}");
    // One that is too large by itself does not take away the room for those that fit.
    server.send(&from(ELSEWHERE, &share_of(10_000))).expect(429);
    server.send(&from(ELSEWHERE, &share_of(1))).expect(200);
    server.advance(wait);
    server.send(&from(HERE, &share_of(1))).expect(200);
}

#[test]
fn a_secret_that_was_not_stored_is_not_one_that_a_source_keeps() {
    let one = u64::try_from(padded_size(1)).expect("a small number");
    let rates = RatePolicy {
        source_secrets: 3,
        source_bytes: 3 * one,
        anonymous_bytes: one,
        longest: Ttl::from_seconds(7 * DAY),
        ..RatePolicy::OFF
    };
    let server = server(rates);
    let kept = server.send(&from(ELSEWHERE, &share_of(1))).ok();
    for _ in 0..5 {
        server.send(&from(HERE, &share_of(1))).expect(507);
    }
    let key = kept["secret_key"].as_str().expect("a key");
    server.post(&format!("/api/v1/secret/{key}"), &json!({})).ok();
    server.send(&from(HERE, &share_of(1))).expect(200);
}

/// The running sum in the file, and the sum that it runs after.
fn sums(database: &Path) -> (i64, i64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(database, flags).expect("the database");
    let sql = "SELECT anonymous_bytes, (SELECT coalesce(sum(anonymous_bytes), 0) FROM secrets) FROM meta";
    database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("two sums")
}

#[test]
fn all_callers_without_an_account_keep_so_many_bytes_together() {
    let one = padded_size(1);
    let rates =
        RatePolicy { anonymous_bytes: u64::try_from(2 * one).expect("a small number"), ..RatePolicy::OFF };
    let server = server(rates);
    let login = server.account("frank@example.com");
    let database = server.folder().join("tellonce.db");
    let full = i64::try_from(2 * one).expect("a small number");
    let create = |ttl: i64| {
        let request = Request::post("/api/v2/secret/conceal");
        server.send(&request.json(&json!({ "secret": { "secret": "x", "ttl": ttl } })))
    };
    let make = |ttl: i64| Made::of(&create(ttl).ok());
    let (first, second) = (make(3600), make(3600));
    assert_eq!(sums(&database), (full, full));
    let is_full = || {
        for request in creations() {
            let reply = server.send(&from(HERE, &request)).expect(507);
            assert!(
                reply
                    .header("retry-after")
                    .is_some_and(|rest| rest.parse::<u64>().is_ok_and(|rest| rest > 0))
            );
            if request.bytes().starts_with(b"POST /api") {
                assert_eq!(reply.json()["error"], "StorageFull");
                assert_eq!(
                    reply.json()["retry_after"].to_string(),
                    reply.header("retry-after").expect("a time")
                );
            }
        }
        // Accounts have room of their own.
        server.conceal_as(&login, json!({ "secret": "hello" }));
        assert_eq!(sums(&database), (full, full));
    };
    is_full();
    server.reveal(&first).ok();
    make(60);
    is_full();
    server.post(&format!("/api/v2/receipt/{}/burn", second.receipt), &json!({})).ok();
    make(60);
    is_full();
    // What has expired takes room until it is swept.
    server.advance(61);
    is_full();
    while !server.run(server.site.app.sweep()).expect("swept").is_nothing() {}
    assert_eq!(sums(&database), (0, 0));
    make(60);
    let guarded = json!({ "secret": { "secret": "x", "passphrase": "right" } });
    let guarded = Made::of(&server.post("/api/v2/secret/conceal", &guarded).ok());
    is_full();
    for _ in 0..50 {
        server.advance(100);
        server.reveal_with(&guarded, Some("wrong"));
        server.advance(1800);
    }
    assert_eq!(server.receipt(&guarded)["state"], "orphaned");
    while !server.run(server.site.app.sweep()).expect("swept").is_nothing() {}
    assert_eq!(sums(&database), (0, 0));
}

#[derive(Clone, Debug)]
enum Event {
    Conceal { bytes: usize, by_account: bool, ttl: i64 },
    Reveal(usize),
    Burn(usize),
    Guess(usize),
    Advance(i64),
    Sweep,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let conceal = (1usize..5000, prop::bool::weighted(0.3), 60i64..2000)
        .prop_map(|(bytes, by_account, ttl)| Event::Conceal { bytes, by_account, ttl });
    prop_oneof![
        5 => conceal,
        2 => any::<usize>().prop_map(Event::Reveal),
        2 => any::<usize>().prop_map(Event::Burn),
        3 => any::<usize>().prop_map(Event::Guess),
        2 => (1i64..1500).prop_map(Event::Advance),
        2 => Just(Event::Sweep),
        1 => Just(Event::Restart),
    ]
}

const QUOTA: i64 = 20_000;

fn frank() -> Caller {
    let address = EmailAddress::parse("frank@example.com").expect("an address");
    let token = tellonce::vault::new_token();
    Caller { account: Some(Account { id: AccountId(1), address, token }), ..anyone() }
}

fn hidden(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// Plays these events, and checks after each that the running sum is right and within the quota.
fn play(events: &[Event]) -> Result<(), TestCaseError> {
    let attempts = AttemptPolicy {
        per_window: 100,
        lifetime: 3,
        per_source: Rate::per(1_000_000, 1),
        ..policy().attempts
    };
    let rates = RatePolicy { anonymous_bytes: QUOTA.unsigned_abs(), ..RatePolicy::OFF };
    let mut core = Core::open(Policy { attempts, rates, ..policy() });
    let mut made: Vec<(Receipt, i64)> = Vec::new();
    for event in events {
        let app = core.app();
        let pick =
            |which: usize| made.get(which.checked_rem(made.len()).unwrap_or(0)).map(|(receipt, _)| receipt);
        match event {
            Event::Conceal { bytes, by_account, ttl } => {
                let caller = if *by_account { frank() } else { anyone() };
                let wishes =
                    Wishes { passphrase: Some(hidden("right")), ttl: Some(*ttl), ..Wishes::default() };
                let content = Some(hidden(&"x".repeat(*bytes)));
                let padded = i64::try_from(padded_size(*bytes)).expect("a small number");
                let before = sums(&core.database()).0;
                let counted = if *by_account { 0 } else { padded };
                match core.run(app.conceal(content, wishes, &caller)) {
                    Ok(receipt) => made.push((receipt, counted)),
                    Err(_) => prop_assert!(counted > 0 && before + padded > QUOTA),
                }
            }
            Event::Reveal(which) => {
                if let Some(receipt) = pick(*which) {
                    let _ = core.run(app.reveal(&receipt.secret, Some(hidden("right")), None, &anyone()));
                }
            }
            Event::Burn(which) => {
                if let Some(receipt) = pick(*which) {
                    let _ = core.run(app.burn(&receipt.id, Some(hidden("right")), &anyone()));
                }
            }
            Event::Guess(which) => {
                if let Some(receipt) = pick(*which) {
                    let _ = core.run(app.reveal(&receipt.secret, Some(hidden("wrong")), None, &anyone()));
                }
            }
            Event::Advance(seconds) => app.clock().advance(*seconds),
            Event::Sweep => drop(core.run(app.sweep())),
            Event::Restart => core.reopen(),
        }
        let (running, sum) = sums(&core.database());
        prop_assert_eq!(running, sum);
        prop_assert!((0..=QUOTA).contains(&running));
    }
    while !core.run(core.app().sweep()).expect("swept").is_nothing() {}
    let live = |receipt: &Receipt| {
        let state = core.app().receipt(&receipt.id, &anyone()).map(|receipt| receipt.state);
        matches!(state, Ok(State::New))
    };
    let kept: i64 = made.iter().filter(|(receipt, _)| live(receipt)).map(|(_, bytes)| bytes).sum();
    prop_assert_eq!(sums(&core.database()), (kept, kept));
    Ok(())
}

#[test]
fn the_running_sum_is_right_after_any_order_of_events() {
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&vec(event(), 1..40), |events| play(&events)).expect("every order");
}

fn doors(made: &Made, passphrase: &str) -> [Request; 8] {
    let Made { secret, receipt } = made;
    let body = json!({ "passphrase": passphrase, "continue": true });
    let json = |target: String| Request::post(&target).json(&body);
    let form = |target: String| Request::post(&target).form(&format!("passphrase={passphrase}"));
    [
        json(format!("/api/v2/secret/{secret}/reveal")),
        json(format!("/api/v1/secret/{secret}")),
        json(format!("/api/v2/receipt/{receipt}/burn")),
        json(format!("/api/v1/private/{receipt}/burn")),
        json(format!("/api/v2/guest/secret/{secret}/reveal")),
        json(format!("/api/v2/guest/receipt/{receipt}/burn")),
        form(format!("/secret/{secret}")),
        form(format!("/receipt/{receipt}/burn")),
    ]
}

#[test]
fn a_source_reveals_and_burns_so_often() {
    let server = server(RatePolicy { reveal: Rate::per(8, 60), ..RatePolicy::OFF });
    for door in 0..8 {
        server.send(&from(HERE, &doors(&server.conceal("hello"), "")[door])).expect(200);
    }
    let made = server.conceal("hello");
    for door in doors(&made, "") {
        too_many(&server.send(&from(HERE, &door)), 60);
    }
    // Refused is not consumed; looking is another matter.
    assert_eq!(server.receipt(&made)["state"], "new");
    server.send(&from(HERE, &Request::get(&format!("/api/v2/secret/{}", made.secret)))).expect(200);
    server.send(&from(ELSEWHERE, &doors(&made, "")[0])).expect(200);
    server.advance(60);
    server.send(&from(HERE, &doors(&server.conceal("hello"), "")[6])).expect(200);
}

#[test]
fn a_source_looks_so_often() {
    let server = server(RatePolicy { look: Rate::per(100, 60), ..RatePolicy::OFF });
    let login = server.account("frank@example.com");
    let made = server.conceal_as(&login, json!({ "secret": "hello" }));
    let Made { secret, receipt } = &made;
    let looks = [
        Request::get(&format!("/api/v2/secret/{secret}")),
        Request::new("HEAD", &format!("/api/v2/secret/{secret}")),
        Request::get(&format!("/api/v2/secret/{secret}/status")),
        Request::get(&format!("/api/v2/guest/secret/{secret}")),
        Request::post(&format!("/api/v2/secret/{secret}/reveal")),
        Request::post("/api/v2/secret/status").json(&json!({ "identifiers": [secret] })),
        Request::get(&format!("/api/v2/receipt/{receipt}")),
        Request::get(&format!("/api/v2/guest/receipt/{receipt}")),
        Request::get(&format!("/api/v1/private/{receipt}")),
        Request::post(&format!("/api/v1/private/{receipt}")),
        Request::get("/api/v1/private/recent").login(&login),
        Request::get("/api/v2/receipt/recent").login(&login),
        Request::get(&format!("/receipt/{receipt}")),
        Request::get(&format!("/receipt/{receipt}/burn")),
    ];
    for look in looks.iter().cycle().take(100) {
        server.send(&from(HERE, look)).expect(200);
    }
    for look in &looks {
        let reply = server.send(&from(HERE, look));
        if look.bytes().starts_with(b"HEAD") {
            assert_eq!((reply.status, reply.header("retry-after")), (429, Some("60")));
        } else {
            too_many(&reply, 60);
        }
        server.send(&from(ELSEWHERE, look)).expect(200);
    }
    // Nothing is looked at here.
    server.send(&from(HERE, &Request::get("/api/v2/status"))).expect(200);
    server.send(&from(HERE, &Request::get("/api/v1/authcheck").login(&login))).expect(200);
    server.advance(60);
    server.send(&from(HERE, &looks[0])).expect(200);
}

#[test]
fn beyond_the_limit_the_page_of_a_secret_is_the_same_and_counts_nothing() {
    let server = server(RatePolicy { look: Rate::per(2, 60), ..RatePolicy::OFF });
    let made = server.conceal("hello");
    let page = from(HERE, &Request::get(&format!("/secret/{}", made.secret)));
    let within = server.send(&page).expect(200);
    for _ in 0..5 {
        assert_eq!(server.send(&page).expect(200).body, within.body);
    }
    let receipt = from(ELSEWHERE, &Request::get(&format!("/api/v2/receipt/{}", made.receipt)));
    assert_eq!(server.send(&receipt).ok()["details"]["view_count"], "2");
}

fn check(login: &Login) -> Request {
    Request::get("/api/v1/authcheck").login(login)
}

#[test]
fn a_source_with_too_many_wrong_credentials_waits_and_others_do_not() {
    let server = server(RatePolicy { failed_login: Rate::per(3, 600), ..RatePolicy::OFF });
    let right = server.account("frank@example.com");
    let wrong = Login { token: "0".repeat(40), ..right.clone() };
    // Right ones do not count.
    for _ in 0..10 {
        server.send(&from(HERE, &check(&right))).expect(200);
    }
    let malformed = Login { token: "x".into(), ..right.clone() };
    let unknown = Login { user: "nobody@example.com".into(), ..right.clone() };
    for wrong in [&wrong, &malformed, &unknown] {
        server.send(&from(HERE, &check(wrong))).expect(401);
    }
    server.advance(10);
    for request in [check(&wrong), check(&right), share().login(&right), creations()[3].clone().login(&right)]
    {
        too_many(&server.send(&from(HERE, &request)), 590);
        if request.bytes() != check(&wrong).bytes() {
            server.send(&from(ELSEWHERE, &request)).expect(200);
        }
    }
    too_many(&server.send(&from(HERE, &creations()[7].clone().login(&right))), 590);
    // Who shows none is not concerned.
    server.send(&from(HERE, &share())).expect(200);
    server.send(&from(HERE, &share().header("Authorization", "Basic Og=="))).expect(200);
    server.advance(590);
    server.send(&from(HERE, &check(&right))).expect(200);
}

#[test]
fn limits_that_are_off_are_off() {
    let server = server(RatePolicy::OFF);
    let login = server.account("frank@example.com");
    let wrong = Login { token: "0".repeat(40), ..login.clone() };
    let mut client = server.connect();
    for _ in 0..100 {
        let mut send = |request: &Request| client.send(&from(HERE, request)).expect("a reply");
        let made = send(&share()).ok();
        send(&share().login(&login)).ok();
        send(&check(&wrong)).expect(401);
        send(&Request::get(&format!("/api/v1/private/{}", made["metadata_key"].as_str().expect("a key"))))
            .ok();
        send(&Request::post(&format!("/api/v1/secret/{}", made["secret_key"].as_str().expect("a key")))).ok();
    }
    send_right(&server, &login);
}

#[track_caller]
fn send_right(server: &Server, login: &Login) {
    server.send(&from(HERE, &check(login))).expect(200);
}

/// A server with the guesses that operators get.
fn guarded() -> Server {
    server_with(Policy { attempts: AttemptPolicy::DEFAULT, ..policy() })
}

fn protected(server: &Server) -> Made {
    server.conceal_with(json!({ "secret": "hello", "passphrase": "right" }))
}

#[track_caller]
fn failed(server: &Server, made: &Made) -> usize {
    let receipt = server.get(&format!("/api/v2/receipt/{}", made.receipt)).ok();
    receipt["details"]["failed_attempts"].as_str().expect("a text").parse().expect("a number")
}

fn guess_from(server: &Server, source: &str, made: &Made, passphrase: &str) -> Reply {
    server.send(&from(source, &doors(made, passphrase)[0]))
}

/// Wrong guesses at the same moment, through all doors, from these sources.
fn guess_at_once(server: &Server, made: &Made, sources: &[String]) {
    let start = Barrier::new(sources.len());
    thread::scope(|scope| {
        for (index, source) in sources.iter().enumerate() {
            let start = &start;
            scope.spawn(move || {
                let mut client = server.connect();
                start.wait();
                let reply = client.send(&from(source, &doors(made, "wrong")[index % 8])).expect("a reply");
                assert!([404, 422, 429, 503].contains(&reply.status), "{}", reply.text());
                if reply.status >= 429 {
                    assert!(reply.header("retry-after").is_some());
                }
            });
        }
    });
}

#[test]
fn of_five_hundred_guesses_at_once_from_one_source_five_are_checked() {
    let server = guarded();
    let made = protected(&server);
    guess_at_once(&server, &made, &vec![HERE.to_owned(); 500]);
    let first = failed(&server, &made);
    assert!((1..=5).contains(&first), "{first}");
    let rest = (0..10).take_while(|_| guess_from(&server, HERE, &made, "wrong").status == 422).count();
    assert_eq!((first + rest, failed(&server, &made)), (5, 5));
    assert_eq!(guess_from(&server, HERE, &made, "right").status, 429);
    let right = guess_from(&server, ELSEWHERE, &made, "right");
    assert_eq!(right.ok()["record"]["secret_value"], "hello");
    assert_eq!(failed(&server, &made), 5);
}

#[test]
fn guesses_at_once_from_thirty_sources_are_checked_twenty_times() {
    let server = guarded();
    let made = protected(&server);
    let sources: Vec<String> = (0..300).map(|index| format!("198.51.100.{}", index % 30)).collect();
    guess_at_once(&server, &made, &sources);
    for source in &sources[..30] {
        while guess_from(&server, source, &made, "wrong").status == 422 {}
    }
    assert_eq!(failed(&server, &made), 20);
    too_many(&guess_from(&server, ELSEWHERE, &made, "right"), 1800);
    server.advance(1800);
    guess_from(&server, ELSEWHERE, &made, "right").ok();
}

#[test]
fn five_wrong_guesses_rest_until_half_an_hour_after_the_first() {
    let server = guarded();
    let made = protected(&server);
    for _ in 0..5 {
        guess_from(&server, HERE, &made, "wrong").expect(422);
        server.advance(10);
    }
    too_many(&guess_from(&server, HERE, &made, "wrong"), 1750);
    server.advance(1749);
    too_many(&guess_from(&server, HERE, &made, "right"), 1);
    server.advance(1);
    guess_from(&server, HERE, &made, "wrong").expect(422);
    guess_from(&server, HERE, &made, "right").ok();
}

#[test]
fn a_source_that_used_up_its_guesses_rests_even_if_it_did_not_ask_again() {
    let server = guarded();
    let made = protected(&server);
    for _ in 0..5 {
        guess_from(&server, HERE, &made, "wrong").expect(422);
    }
    server.advance(600);
    too_many(&guess_from(&server, HERE, &made, "wrong"), 1200);
}

#[test]
fn four_wrong_guesses_are_forgotten_after_ten_minutes() {
    let server = guarded();
    let made = protected(&server);
    for _ in 0..4 {
        for _ in 0..4 {
            guess_from(&server, HERE, &made, "wrong").expect(422);
        }
        server.advance(600);
    }
    guess_from(&server, HERE, &made, "right").ok();
}

#[test]
fn a_sources_guesses_at_all_secrets_through_all_doors_count_together() {
    let server = guarded();
    let login = server.account("frank@example.com");
    for first in 0..8 {
        let source = format!("198.51.100.{first}");
        for door in first..first + 5 {
            let made = protected(&server);
            // Credentials make no other source.
            let door = doors(&made, "wrong")[door % 8].clone();
            let door = if first % 2 == 0 { door.login(&login) } else { door };
            let reply = server.send(&from(&source, &door));
            assert!([404, 422].contains(&reply.status), "{}", reply.text());
            assert_eq!(failed(&server, &made), 1);
        }
        let made = protected(&server);
        for door in doors(&made, "right") {
            too_many(&server.send(&from(&source, &door)), 1800);
        }
        assert_eq!((failed(&server, &made), &server.receipt(&made)["state"]), (0, &json!("new")));
        // A secret without a passphrase is not guarded by guesses.
        server.send(&from(&source, &doors(&server.conceal("hello"), "wrong")[0])).expect(200);
    }
}

#[test]
fn a_missing_or_endless_passphrase_is_a_guess_of_its_source() {
    let server = guarded();
    let made = protected(&server);
    for passphrase in ["", &"x".repeat(1025), "", &"x".repeat(2000), ""] {
        guess_from(&server, HERE, &made, passphrase).expect(422);
    }
    too_many(&guess_from(&server, HERE, &made, "right"), 1800);
}

#[test]
fn right_passphrases_are_never_counted() {
    let server = guarded();
    for door in (0..8).cycle().take(24) {
        server.send(&from(HERE, &doors(&protected(&server), "right")[door])).expect(200);
    }
    let made = protected(&server);
    for _ in 0..5 {
        guess_from(&server, HERE, &made, "wrong").expect(422);
    }
    too_many(&guess_from(&server, HERE, &made, "wrong"), 1800);
}

#[test]
fn a_guess_that_could_not_be_made_does_not_count_against_its_source() {
    let server = guarded();
    let (made, other) = (protected(&server), protected(&server));
    for source in 0..4 {
        for _ in 0..5 {
            guess_from(&server, &format!("198.51.100.{source}"), &made, "wrong").expect(422);
        }
    }
    // That secret takes no guess from anyone now, so none is lost on it.
    for passphrase in ["right", "wrong", "", "right", "", "wrong"] {
        too_many(&guess_from(&server, HERE, &made, passphrase), 1800);
    }
    guess_from(&server, HERE, &other, "right").ok();
}

#[test]
fn a_source_without_guesses_is_told_so_at_once_though_many_wait_for_their_turn() {
    let (attempts, argon2) = (AttemptPolicy::DEFAULT, Argon2Cost::DEFAULT);
    let core = Core::open(Policy { attempts, argon2, ..policy() });
    let (app, caller) = (core.app(), anyone());
    let conceal = || {
        let wishes = Wishes { passphrase: Some(hidden("right")), ..Wishes::default() };
        app.conceal(Some(hidden("hello")), wishes, &caller)
    };
    let receipt = core.run(conceal()).expect("a secret");
    let guess = || app.reveal(&receipt.secret, Some(hidden("wrong")), None, &caller);
    for _ in 0..5 {
        assert!(matches!(core.run(guess()), Err(Error::WrongPassphrase { .. })));
    }
    // More than may wait for Argon2: whoever joins them is turned away as well, for another reason.
    let crowd = join_all((0..50).map(|_| conceal()));
    let (crowd, told) = core.run(join(crowd, guess()));
    assert!(crowd.iter().any(|made| matches!(made, Err(Error::Unavailable(_)))));
    assert!(matches!(told, Err(Error::LimitExceeded { .. })));
}

#[test]
fn where_a_source_may_guess_without_end_each_secret_still_counts_its_own() {
    let attempts = AttemptPolicy { per_source: Rate::per(0, 1), ..AttemptPolicy::DEFAULT };
    let server = server_with(Policy { attempts, ..policy() });
    let made = protected(&server);
    for number in 0..20 {
        guess_from(&server, HERE, &protected(&server), "right").ok();
        guess_from(&server, HERE, &made, "wrong").expect(422);
        assert_eq!(failed(&server, &made), number + 1);
    }
    too_many(&guess_from(&server, HERE, &made, "right"), 1800);
}

#[test]
fn unknown_links_are_no_guesses() {
    let server = guarded();
    let made = Made { secret: "a".repeat(31), receipt: "b".repeat(31) };
    for door in doors(&made, "wrong").iter().cycle().take(40) {
        server.send(&from(HERE, door)).expect(404);
    }
    guess_from(&server, HERE, &protected(&server), "right").ok();
}

#[test]
fn a_refusal_says_nothing_of_the_secret() {
    let server = guarded();
    let (made, used_up) = (protected(&server), protected(&server));
    for _ in 0..5 {
        guess_from(&server, HERE, &used_up, "wrong").expect(422);
    }
    let mask = |reply: Reply| {
        let mut body = reply.expect(429).json();
        body["error_id"] = Value::Null;
        body
    };
    let wrong = mask(guess_from(&server, HERE, &made, "wrong"));
    assert_eq!(wrong, mask(guess_from(&server, HERE, &made, "right")));
    assert!(!wrong.to_string().contains(&made.secret));
}
