//! Many at once for one secret: exactly one gets it.

use crate::kit::{
    Folder, account, burn, conceal, conceal_with, made, reveal, reveal_with, size, state, with_key,
};
use crate::support::process::Process;
use crate::support::server::Made;
use crate::support::{Client, Login, Reply, Request};
use rustix::net::sockopt::set_socket_linger;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

const READERS: usize = 64;
/// Secrets that are raced for one after the other over the same connections.
const ROUNDS: usize = 200;
/// Secrets that are read with keys of several readers.
const KEYED: usize = 40;
const KEYS: usize = 8;

/// Sends the requests of each round at the same moment, each on a connection that is already open
/// and stays open. `rounds[round][reader]` becomes `replies[round][reader]`.
fn race(connect: impl Fn() -> io::Result<Client> + Sync, rounds: &[Vec<Request>]) -> Vec<Vec<Reply>> {
    let readers = rounds[0].len();
    let barrier = Barrier::new(readers);
    let read = |reader: usize| {
        let mut client = connect().expect("connected");
        let hello = client.send(&Request::get("/"));
        let replies = rounds.iter().map(|requests| {
            // Nothing may fail between two barriers, or the others would wait for ever.
            barrier.wait();
            client.send(&requests[reader])
        });
        let replies: Vec<_> = replies.collect();
        hello.map(|_| replies)
    };
    let by_reader: Vec<Vec<Reply>> = std::thread::scope(|scope| {
        let read = &read;
        let threads: Vec<_> = (0..readers).map(|reader| scope.spawn(move || read(reader))).collect();
        let joined = threads.into_iter().map(|thread| thread.join().expect("a reader"));
        let whole = joined.map(|replies| replies.expect("a connection").into_iter().collect());
        whole.collect::<io::Result<_>>().expect("every request has a reply")
    });
    (0..rounds.len()).map(|round| by_reader.iter().map(|replies| replies[round].clone()).collect()).collect()
}

/// What a reader tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    Reveal,
    Burn,
    Look,
}

/// Every way there is to end a secret or to look at it, in both versions and with and without
/// `guest`.
pub fn tries(made: &Made) -> [(Try, Request); 11] {
    let Made { secret, receipt } = made;
    let post = |path: String| Request::post(&path);
    [
        (Try::Reveal, post(format!("/api/v1/secret/{secret}"))),
        (Try::Reveal, reveal(made)),
        (Try::Burn, burn(made)),
        (Try::Reveal, post(format!("/api/v2/guest/secret/{secret}/reveal")).form("continue=true")),
        (Try::Look, Request::get(&format!("/api/v2/secret/{secret}"))),
        (Try::Burn, post(format!("/api/v1/private/{receipt}/burn"))),
        (Try::Reveal, post(format!("/api/v1/secret/{secret}")).form("passphrase=")),
        (Try::Reveal, post(format!("/api/v2/secret/{secret}/reveal?continue=true"))),
        (Try::Burn, post(format!("/api/v2/guest/receipt/{receipt}/burn")).json(&json!({}))),
        (Try::Look, Request::get(&format!("/api/v2/guest/receipt/{receipt}"))),
        (Try::Burn, post(format!("/api/v1/metadata/{receipt}/burn"))),
    ]
}

/// The tries of one round, so that over the rounds each reader tries everything.
fn round(made: &Made, number: usize, readers: usize) -> Vec<(Try, Request)> {
    let tries = tries(made);
    (0..readers).map(|reader| tries[(reader + number) % tries.len()].clone()).collect()
}

/// Checks one round and says who won.
fn winner(tries: &[(Try, Request)], replies: &[Reply], canary: &str) -> Result<Try, String> {
    let mut winners = Vec::new();
    for ((what, _), reply) in tries.iter().zip(replies) {
        let has_canary = reply.contains(canary);
        match (what, reply.status, has_canary) {
            (Try::Reveal, 200, true) | (Try::Burn, 200, false) => winners.push(*what),
            (Try::Reveal | Try::Burn, 404, false) | (Try::Look, 200 | 404, false) => {}
            _ => return Err(format!("{what:?} answered {} (canary: {has_canary})", reply.status)),
        }
    }
    match winners[..] {
        [winner] => Ok(winner),
        _ => Err(format!("the winners are {winners:?}")),
    }
}

#[test]
fn of_64_who_reveal_and_burn_at_once_exactly_one_wins_and_no_other_sees_the_content() {
    let (readers, batches) = (size(READERS, 256), size(1, 25));
    let folder = Folder::new();
    let process = folder.start();
    let mut won = BTreeMap::new();
    for batch in 0..batches {
        for (winner, times) in race_a_batch(&process, batch, readers) {
            *won.entry(winner).or_insert(0) += times;
        }
    }
    println!("{readers} readers, {} secrets: won by {won:?}", batches * ROUNDS);
    assert_eq!(won.len(), 2, "only one kind of try ever wins: {won:?}");
}

/// Makes secrets, has them raced for, and says how often what has won.
fn race_a_batch(process: &Process, batch: usize, readers: usize) -> BTreeMap<&'static str, usize> {
    let mut client = process.connect();
    let mut secrets = Vec::new();
    for number in 0..ROUNDS {
        let canary = format!("canary-of-the-race-{batch:03}-{number:03}-end");
        secrets.push((made(&client.send(&conceal(&canary)).expect("a reply")), canary));
    }
    race_for(process, &secrets, readers)
}

/// Has these secrets raced for, and says how often what has won.
fn race_for(process: &Process, secrets: &[(Made, String)], readers: usize) -> BTreeMap<&'static str, usize> {
    let rounds: Vec<_> =
        secrets.iter().enumerate().map(|(number, (made, _))| round(made, number, readers)).collect();
    let requests: Vec<Vec<Request>> =
        rounds.iter().map(|tries| tries.iter().map(|(_, request)| request.clone()).collect()).collect();
    let replies = race(|| Ok(process.connect()), &requests);
    let mut won = BTreeMap::new();
    for (((made, canary), tries), replies) in secrets.iter().zip(&rounds).zip(&replies) {
        let winner = winner(tries, replies, canary).unwrap_or_else(|wrong| panic!("{canary}: {wrong}"));
        let expected = if winner == Try::Reveal { "revealed" } else { "burned" };
        assert_eq!(state(process, made), expected, "{canary}");
        *won.entry(expected).or_insert(0) += 1;
    }
    won
}

/// A server as many are written: it reads the secret, answers, and then deletes it.
fn start_naive_server(canary: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let secret = Arc::new(Mutex::new(None));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let secret = Arc::clone(&secret);
            std::thread::spawn(move || answer_naively(stream, &secret, canary));
        }
    });
    address
}

fn answer_naively(mut stream: TcpStream, secret: &Mutex<Option<&'static str>>, canary: &'static str) {
    const NOTHING: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let target = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let lock = || secret.lock().expect("nobody panics");
        let reply = if target.starts_with("POST /naive/conceal") {
            *lock() = Some(canary);
            NOTHING.to_owned()
        } else if target.starts_with("GET") {
            NOTHING.to_owned()
        } else {
            let found = *lock();
            std::thread::yield_now();
            *lock() = None;
            let (status, body) = found.map_or(("404 Not Found", ""), |found| ("200 OK", found));
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn the_race_finds_a_server_that_reads_before_it_deletes() {
    let canary = "canary-of-a-naive-server";
    let address = start_naive_server(canary);
    let tries: Vec<_> = (0..READERS).map(|_| (Try::Reveal, Request::post("/naive/reveal"))).collect();
    let requests = vec![tries.iter().map(|(_, request)| request.clone()).collect::<Vec<_>>()];
    let mut fooled = 0;
    for _ in 0..100 {
        let mut client = Client::at_door(address).expect("connected");
        client.send(&Request::post("/naive/conceal")).expect("a reply").expect(200);
        let replies = race(|| Client::at_door(address), &requests);
        fooled += usize::from(winner(&tries, &replies[0], canary).is_err());
    }
    assert!(fooled > 0, "in 100 races nobody noticed");
}

#[test]
fn a_generated_value_is_in_the_reply_that_made_it_and_in_one_reveal_only() {
    let (readers, batches) = (size(READERS, 256), size(1, 50));
    let folder = Folder::new();
    let process = folder.start();
    let owner = account(&folder, "owner@example.com");
    let (mut won, mut values) = (BTreeMap::new(), 0);
    for _ in 0..batches {
        let secrets: Vec<_> = (0..24).map(|number| generate(&process, &owner, number)).collect();
        nothing_shows(&process, &owner, &secrets);
        // If it is burned, in no reveal.
        for (winner, times) in race_for(&process, &secrets, readers) {
            *won.entry(winner).or_insert(0) += times;
        }
        nothing_shows(&process, &owner, &secrets);
        values += secrets.len();
    }
    println!("{readers} readers, {values} generated values: {won:?}");
    assert_eq!(won.len(), 2, "only one kind of try ever wins: {won:?}");
}

/// Has a value generated, in one of the ways there are, and reads it off the reply.
fn generate(process: &Process, owner: &Login, number: usize) -> (Made, String) {
    let wish = json!({ "secret": { "length": 32 } });
    let reply = process.send(&match number % 3 {
        0 => Request::post("/api/v1/generate").form("length=32").login(owner),
        1 => Request::post("/api/v2/secret/generate").json(&wish).login(owner),
        _ => Request::post("/api/v2/guest/secret/generate").json(&wish),
    });
    let body = reply.json();
    let value = body.pointer("/value").or(body.pointer("/record/secret/secret_value"));
    let value = value.and_then(|value| value.as_str()).expect("a value").to_owned();
    assert_eq!(value.chars().count(), 32);
    (made(&reply), value)
}

/// Looks at all that tells of these secrets, for anyone and for their owner.
#[track_caller]
fn nothing_shows(process: &Process, owner: &Login, secrets: &[(Made, String)]) {
    let mut client = process.connect();
    let mut look = |path: &str| client.send(&Request::get(path).login(owner)).expect("a reply");
    for path in ["/recent", "/api/v1/private/recent", "/api/v2/receipt/recent"] {
        let list = look(path).expect(200);
        assert!(list.contains(&secrets[0].0.receipt), "{path} does not list them");
        assert!(!secrets.iter().any(|(_, value)| list.contains(value)), "{path} shows a value");
    }
    for (Made { secret, receipt }, value) in secrets {
        for path in [format!("/receipt/{receipt}"), format!("/api/v1/private/{receipt}")] {
            assert!(!look(&path).expect(200).contains(value), "{path} shows the value");
        }
        for path in [format!("/secret/{secret}"), format!("/api/v2/secret/{secret}")] {
            assert!(!look(&path).contains(value), "{path} shows the value");
        }
    }
}

#[test]
fn of_many_with_a_passphrase_one_who_knows_it_wins_and_those_who_guess_see_nothing() {
    // Fewer than the twenty guesses that a secret takes before it rests.
    const KNOW: usize = 11;
    const GUESS: usize = 5;
    let folder = Folder::new();
    let process = Process::start(&folder.data, &["--trusted-proxies", "127.0.0.1"]);
    let mut secrets = Vec::new();
    for number in 0..6 {
        let canary = format!("canary-with-a-passphrase-{number}-end");
        let wish = json!({ "secret": canary, "passphrase": "right one" });
        secrets.push((made(&process.send(&conceal_with(&wish))), canary));
    }
    let requests: Vec<Vec<Request>> = secrets
        .iter()
        .zip(1..)
        .map(|((made, _), number)| {
            // Every guesser calls from somewhere else: one source may not guess so often.
            let from = |reader: usize| format!("192.0.{number}.{reader}");
            let v1 = Request::post(&format!("/api/v1/secret/{}", made.secret));
            let know = [reveal_with(made, "right one"), v1.clone().form("passphrase=right+one")];
            let guess = [reveal_with(made, "wrong one"), v1.form("passphrase=wrong"), reveal(made)];
            let know = (0..KNOW).map(|reader| know[reader % know.len()].clone());
            let guess = (0..GUESS)
                .map(|reader| guess[reader % guess.len()].clone().header("X-Forwarded-For", &from(reader)));
            know.chain(guess).collect()
        })
        .collect();
    for ((made, canary), replies) in secrets.iter().zip(race(|| Ok(process.connect()), &requests)) {
        let (know, guess) = replies.split_at(KNOW);
        for reply in guess {
            assert!(matches!(reply.status, 404 | 422 | 503), "{}", reply.text());
            assert!(!reply.contains(canary), "a guess was answered with the content");
        }
        let mut winners = 0;
        for reply in know {
            assert_eq!(reply.status == 200, reply.contains(canary), "{}", reply.text());
            assert!(matches!(reply.status, 200 | 404 | 503), "{}", reply.text());
            winners += usize::from(reply.status == 200);
        }
        // A server too busy for all of them may have turned away everyone; then it is still there.
        let last = process.send(&reveal_with(made, "right one"));
        winners += usize::from(last.contains(canary));
        assert_eq!(winners, 1, "{canary}");
        assert_eq!(state(&process, made), "revealed");
    }
}

#[test]
fn of_64_readers_with_keys_of_their_own_one_is_the_reader_however_often_each_asks() {
    let (readers, batches) = (size(READERS, 256), size(1, 25));
    let folder = Folder::new();
    let process = folder.start();
    for batch in 0..batches {
        race_with_keys(&process, batch, readers);
    }
    println!("{readers} readers with {KEYS} keys, {} secrets: one reader of each", batches * KEYED);
}

/// Everyone asks three times over: all that is kept is asked for, by its reader and by others.
fn race_with_keys(process: &Process, batch: usize, readers: usize) {
    let mut secrets = Vec::new();
    for number in 0..KEYED {
        let canary = format!("canary-of-the-keys-{batch:03}-{number:03}-end");
        secrets.push((made(&process.send(&conceal(&canary))), canary));
    }
    let requests: Vec<Vec<Request>> = secrets
        .iter()
        .map(|(made, _)| {
            let ways: Vec<_> = tries(made).into_iter().filter(|(what, _)| *what == Try::Reveal).collect();
            let keyed = |reader: usize| with_key(ways[reader / KEYS % ways.len()].1.clone(), reader % KEYS);
            (0..readers).map(keyed).collect()
        })
        .collect();
    let rounds: Vec<Vec<Request>> =
        requests.iter().flat_map(|round| [(); 3].map(|()| round.clone())).collect();
    let mut several = 0;
    for ((made, canary), replies) in secrets.iter().zip(race(|| Ok(process.connect()), &rounds).chunks(3)) {
        let mut winners = Vec::new();
        for (reader, reply) in replies.iter().flat_map(|round| round.iter().enumerate()) {
            assert_eq!(reply.contains(canary), reply.status == 200, "{}", reply.text());
            assert!(matches!(reply.status, 200 | 404 | 503), "{}", reply.text());
            if reply.status == 200 {
                winners.push(reader % KEYS);
            }
            if reply.status == 503 {
                assert_eq!(reply.header("retry-after"), Some("1"), "{}", reply.text());
            }
        }
        several += usize::from(winners.len() > 1);
        winners.sort_unstable();
        winners.dedup();
        assert_eq!(winners.len(), 1, "readers of {canary}: {winners:?}");
        assert_eq!(state(process, made), "revealed");
    }
    assert_eq!(several, secrets.len(), "a reader who asks again gets the reply again");
}

#[test]
fn a_restart_forgets_the_reply() {
    let folder = Folder::new();
    let mut process = folder.start();
    let made = made(&process.send(&conceal("canary-in-memory-alone-end")));
    let reveal = reveal(&made).header("Idempotency-Key", "0123456789abcdef0123456789abcdef");
    for _ in 0..2 {
        assert!(process.send(&reveal).expect(200).contains("canary-in-memory-alone-end"));
    }
    process.kill();
    let process = folder.start();
    assert!(!process.send(&reveal).expect(404).contains("canary"));
}

#[test]
fn who_hangs_up_before_the_answer_finds_the_reply_under_the_same_key() {
    let folder = Folder::new();
    let process = folder.start();
    let mut found = 0;
    for number in 0..60u64 {
        let canary = format!("canary-of-the-hasty-{number:02}-end");
        let made = made(&process.send(&conceal(&canary)));
        let reveal = reveal(&made).header("Idempotency-Key", "0123456789abcdef0123456789abcdef");
        let mut hasty = TcpStream::connect(process.address).expect("connected");
        // Closed, it resets the connection: the server learns at once that nobody listens.
        set_socket_linger(&hasty, Some(Duration::ZERO)).expect("set");
        hasty.write_all(&reveal.bytes()).expect("sent");
        // At any moment of the claim, so that some are in the middle of it.
        std::thread::sleep(Duration::from_micros(number * 40));
        drop(hasty);
        let reply = loop {
            let reply = process.send(&reveal);
            if reply.status != 503 {
                break reply;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        found += usize::from(reply.expect(200).contains(&canary));
    }
    assert_eq!(found, 60);
}
