//! Sudden ends: of the program, at any moment, and of its callers.

use crate::kit::{
    Dice, Folder, burn, command, conceal, conceal_with, count, files, finish, identifiers, integrity, made,
    receipt, reveal, size, state, wait_until, with_key,
};
use crate::residue::{send, spread};
use crate::support::process::Process;
use crate::support::server::Made;
use crate::support::{Client, Request};
use rusqlite::Connection;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tellonce::secret::SecretId;

const CLIENTS: usize = 8;
/// Whose key reveals secrets, and whose never does.
const READER: usize = 1;
const STRANGER: usize = 2;

/// Callers who wait when the server is told to stop.
const WAITING: usize = 16;

/// What a client knows about a secret whose making was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Live,
    /// A request to end it is on its way, or was when the server was killed.
    Claimed,
    Revealed,
    Burned,
}

struct Entry {
    made: Made,
    canary: String,
    /// Whether its reader sends a key, with which the reply may be fetched again until the next start.
    has_key: bool,
    fate: Fate,
}

impl Entry {
    fn reveal(&self) -> Request {
        let request = reveal(&self.made);
        if self.has_key { with_key(request, READER) } else { request }
    }
}

/// What all clients together know.
#[derive(Default)]
struct Ledger {
    entries: Vec<Entry>,
    /// Places of the entries that are live, for choosing one.
    live: Vec<usize>,
    /// How often each canary was seen.
    seen: HashMap<String, usize>,
    /// What must not have happened.
    wrong: Vec<String>,
}

impl Ledger {
    fn add(&mut self, made: Made, canary: String) {
        self.live.push(self.entries.len());
        let has_key = self.entries.len().is_multiple_of(2);
        self.entries.push(Entry { made, canary, has_key, fate: Fate::Live });
    }

    /// Takes a live secret, so that only one client at a time asks for it.
    fn claim(&mut self, dice: &mut Dice) -> Option<usize> {
        let place = (!self.live.is_empty()).then(|| dice.below(self.live.len()))?;
        let index = self.live.swap_remove(place);
        self.entries[index].fate = Fate::Claimed;
        Some(index)
    }

    fn revealed(&mut self, index: usize, body: &str) {
        let canary = self.entries[index].canary.clone();
        if !body.contains(&canary) {
            self.wrong.push(format!("{canary} was revealed as something else: {body}"));
        }
        let seen = self.seen.entry(canary.clone()).or_insert(0);
        *seen += 1;
        if *seen > 1 {
            self.wrong.push(format!("{canary} was revealed {seen} times"));
        }
        self.entries[index].fate = Fate::Revealed;
    }

    fn places(&self, fate: Fate) -> Vec<usize> {
        (0..self.entries.len()).filter(|index| self.entries[*index].fate == fate).collect()
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().expect("no client panics")
}

/// One client: conceals, reveals, burns and asks for what is gone, until its connection breaks.
fn load(process_address: std::net::SocketAddr, ledger: &Mutex<Ledger>, names: &AtomicUsize, mut dice: Dice) {
    let Ok(mut client) = Client::connect(process_address) else { return };
    while step(&mut client, ledger, names, &mut dice).is_ok() {}
}

fn step(
    client: &mut Client,
    ledger: &Mutex<Ledger>,
    names: &AtomicUsize,
    dice: &mut Dice,
) -> std::io::Result<()> {
    match dice.below(20) {
        0..10 => {
            let canary = format!("canary-of-the-storm-{:06}-end", names.fetch_add(1, Ordering::Relaxed));
            let reply = client.send(&conceal(&canary))?;
            if reply.status == 200 {
                lock(ledger).add(made(&reply), canary);
            } else {
                lock(ledger).wrong.push(format!("concealing {canary} answered {}", reply.status));
            }
        }
        choice @ 10..18 => {
            let Some(index) = lock(ledger).claim(dice) else { return Ok(()) };
            let is_reveal = choice < 14;
            let (request, has_key) = {
                let entry = &lock(ledger).entries[index];
                (if is_reveal { entry.reveal() } else { burn(&entry.made) }, is_reveal && entry.has_key)
            };
            let reply = client.send(&request)?;
            // Until the server is killed, its reader gets the same again.
            let again = if has_key { client.send(&request).ok() } else { None };
            let mut ledger = lock(ledger);
            if let Some(again) = again.filter(|again| again.body != reply.body) {
                ledger.wrong.push(format!("{} became {}", reply.text(), again.text()));
            }
            match (reply.status, is_reveal) {
                (200, true) => ledger.revealed(index, &reply.text()),
                (200, false) => ledger.entries[index].fate = Fate::Burned,
                (status, _) => {
                    let canary = &ledger.entries[index].canary;
                    let wrong = format!("{canary} was live, and ending it answered {status}");
                    ledger.wrong.push(wrong);
                }
            }
        }
        _ => {
            let gone = {
                let ledger = lock(ledger);
                let index = (!ledger.entries.is_empty()).then(|| dice.below(ledger.entries.len()));
                let entry = index.map(|index| &ledger.entries[index]);
                entry
                    .filter(|entry| matches!(entry.fate, Fate::Revealed | Fate::Burned))
                    .map(|entry| entry.made.clone())
            };
            let Some(gone) = gone else { return Ok(()) };
            let reveal = reveal(&gone);
            let reply = client.send(&if dice.below(2) == 0 { reveal } else { with_key(reveal, STRANGER) })?;
            if reply.status != 404 {
                lock(ledger).wrong.push(format!("what was gone answered {}: {}", reply.status, reply.text()));
            }
        }
    }
    Ok(())
}

/// Looks into a copy of the files: the rows must be those that the clients know of.
fn compare(database: &Connection, ledger: &mut Ledger) {
    let identifiers = identifiers(database);
    // All at once: no index leads from a lookup to its row.
    let mut find = database.prepare("SELECT lookup FROM secrets").expect("a query");
    let rows = find.query_map([], |row| row.get(0)).expect("rows");
    let rows: HashSet<[u8; 16]> = rows.collect::<rusqlite::Result<_>>().expect("rows");
    let mut wrong = Vec::new();
    for entry in &ledger.entries {
        let id = SecretId::parse(&entry.made.secret).expect("an identifier");
        match (entry.fate, rows.contains(identifiers.secret(&id).as_bytes())) {
            (Fate::Live, false) => wrong.push(format!("{} was acknowledged and is lost", entry.canary)),
            (Fate::Revealed | Fate::Burned, true) => wrong.push(format!("{} came back", entry.canary)),
            _ => {}
        }
    }
    ledger.wrong.extend(wrong);
}

/// Requests that were on their way may or may not have happened; receipts tell.
fn settle(process: &Process, ledger: &mut Ledger) {
    let mut client = process.connect();
    for index in ledger.places(Fate::Claimed) {
        let reply = client.send(&receipt(&ledger.entries[index].made)).expect("a reply").ok();
        let entry = &mut ledger.entries[index];
        entry.fate = match reply["record"]["state"].as_str() {
            Some("new") => Fate::Live,
            Some("revealed") => Fate::Revealed,
            Some("burned") => Fate::Burned,
            other => panic!("{}: its receipt says {other:?}", entry.canary),
        };
        if entry.fate == Fate::Live {
            ledger.live.push(index);
        }
    }
}

/// Reveals live secrets and asks for secrets that are gone.
fn probe(process: &Process, ledger: &mut Ledger, live: &[usize], gone: &[usize]) {
    let mut client = process.connect();
    for index in live {
        let reply = client.send(&reveal(&ledger.entries[*index].made)).expect("a reply");
        if reply.status == 200 {
            ledger.revealed(*index, &reply.text());
        } else {
            ledger.wrong.push(format!("{} was acknowledged and is lost", ledger.entries[*index].canary));
        }
    }
    for index in gone {
        let entry = &ledger.entries[*index];
        // After a start its reader's key is worth nothing any more.
        let reply = client.send(&entry.reveal()).expect("a reply");
        if reply.status != 404 {
            ledger.wrong.push(format!("{} came back: {}", entry.canary, reply.text()));
        }
    }
    let Ledger { live, entries, .. } = ledger;
    live.retain(|index| entries[*index].fate == Fate::Live);
}

/// Loads the server and kills it.
fn storm(process: &mut Process, ledger: &Mutex<Ledger>, names: &AtomicUsize, dice: &mut Dice) {
    let address = process.address;
    let moment = Duration::from_millis(10) + dice.within(Duration::from_millis(300));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let dice = dice.split();
            scope.spawn(move || load(address, ledger, names, dice));
        }
        // The moment of the kill is what the dice decide.
        std::thread::sleep(moment);
        process.kill();
    });
}

#[test]
fn kill_9_loses_nothing_acknowledged_and_brings_nothing_back() {
    let mut dice = Dice::thrown("kill_9");
    let folder = Folder::new();
    let ledger = Mutex::new(Ledger::default());
    let names = AtomicUsize::new(0);
    let (least, secrets) = (size(25, 500), size(0, 50_000));
    let (mut kills, mut survived) = (0, 0);
    while kills < least || lock(&ledger).entries.len() < secrets {
        kills += 1;
        let mut process = folder.start();
        settle(&process, &mut lock(&ledger));
        {
            let mut ledger = lock(&ledger);
            let live = (0..5).filter_map(|_| ledger.claim(&mut dice)).collect::<Vec<_>>();
            let gone = [ledger.places(Fate::Revealed), ledger.places(Fate::Burned)].concat();
            let gone: Vec<usize> =
                (0..5).filter(|_| !gone.is_empty()).map(|_| gone[dice.below(gone.len())]).collect();
            probe(&process, &mut ledger, &live, &gone);
        }
        storm(&mut process, &ledger, &names, &mut dice);
        let (_copy, database) = folder.open_copy();
        assert_eq!(integrity(&database), "ok", "kill {kills}");
        let mut ledger = lock(&ledger);
        compare(&database, &mut ledger);
        assert!(ledger.wrong.is_empty(), "kill {kills}, {dice:?}: {:#?}", ledger.wrong);
        survived += ledger.places(Fate::Live).len();
    }
    let mut process = folder.start();
    let mut ledger = ledger.into_inner().expect("no client panics");
    settle(&process, &mut ledger);
    let live = ledger.places(Fate::Live);
    let gone = [ledger.places(Fate::Revealed), ledger.places(Fate::Burned)].concat();
    assert!(survived > kills && gone.len() > kills, "too little happened: {survived} {}", gone.len());
    println!("{kills} kills, {} secrets made, {} of them ended", ledger.entries.len(), gone.len());
    probe(&process, &mut ledger, &live, &gone);
    assert!(ledger.wrong.is_empty(), "{dice:?}: {:#?}", ledger.wrong);
    assert!(process.terminate().success());
    assert_eq!(integrity(&folder.open()), "ok");
}

#[test]
fn kill_9_does_not_keep_the_next_start_among_100_000_secrets_waiting() {
    let mut dice = Dice::thrown("kill_9_rows");
    let folder = Folder::new();
    let rows = size(1_000, 100_000);
    let numbers: Vec<usize> = (0..rows).collect();
    spread(&folder.start(), &numbers, |client, number| {
        let _ = send(client, &conceal(&format!("one of many {number}"))).expect(200);
    });
    let (ledger, names) = (Mutex::new(Ledger::default()), AtomicUsize::new(0));
    let mut starts = Vec::new();
    for _ in 0..size(3, 25) {
        storm(&mut folder.start(), &ledger, &names, &mut dice);
        let began = Instant::now();
        let process = folder.start();
        starts.push(began.elapsed());
        settle(&process, &mut lock(&ledger));
    }
    starts.sort_unstable();
    let (median, slowest) = (starts[starts.len() / 2], starts[starts.len() - 1]);
    println!("{rows} secrets, {} kills: ready after {median:?}, at most {slowest:?}", starts.len());
    // Every day the machine may be busy with other tests, and time is not looked at.
    assert!(slowest <= Duration::from_secs(size(60, 1) as u64), "the start took {slowest:?}");
    assert_eq!(integrity(&folder.open_copy().1), "ok");
}

#[test]
fn a_first_start_that_is_killed_at_any_moment_leaves_a_folder_that_starts() {
    let mut dice = Dice::thrown("first_start");
    let usual = {
        let folder = Folder::new();
        let began = Instant::now();
        let _process = folder.start();
        began.elapsed()
    };
    for _ in 0..20 {
        let folder = Folder::new();
        let mut serve = command("serve", &folder.data, &[]);
        let mut child =
            serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        std::thread::sleep(dice.within(usual));
        child.kill().expect("killed");
        child.wait().expect("an end");
        works_once(&folder);
    }
}

/// Starts on this folder, and a secret makes its way.
#[track_caller]
fn works_once(folder: &Folder) {
    let mut process = folder.start();
    let made = made(&process.send(&conceal("after a bad start")));
    assert!(process.send(&reveal(&made)).expect(200).contains("after a bad start"));
    assert!(process.terminate().success());
    assert_eq!(integrity(&folder.open()), "ok");
}

#[test]
fn a_first_start_cut_short_inside_any_file_leaves_a_folder_that_starts() {
    let whole = Folder::new();
    assert!(whole.start().terminate().success());
    let database = fs::read(whole.database()).expect("the database");
    let key = fs::read(whole.key()).expect("the key");
    // The database as it is before it gets a write-ahead log.
    let mut unfinished = database.clone();
    unfinished[18..20].copy_from_slice(&[1, 1]);
    let pages = unfinished.len() / 4096;
    assert!(pages > 5, "{pages} pages");
    // Pages are written in order, while a journal says that the file was empty before.
    for page in 0..=pages {
        let folder = Folder::new();
        fs::create_dir(&folder.data).expect("a folder");
        crate::keys::write_key(&folder.key(), &key);
        fs::write(folder.database(), &unfinished[..4096 * page]).expect("written");
        fs::write(folder.file("tellonce.db-journal"), journal_of_an_empty_file()).expect("written");
        works_once(&folder);
    }
    // The journal is gone: the database is whole, and only its log is missing.
    let folder = Folder::new();
    fs::create_dir(&folder.data).expect("a folder");
    crate::keys::write_key(&folder.key(), &key);
    fs::write(folder.database(), &unfinished).expect("written");
    works_once(&folder);
}

#[test]
fn a_crash_while_the_log_is_copied_into_the_file_leaves_a_folder_that_starts() {
    let folder = Folder::new();
    let mut process = folder.start();
    let text = "x".repeat(100_000);
    let made = made(&process.send(&conceal(&text)));
    process.kill();
    // Of all pages in the log, the first one alone has reached the file, and says how many there are.
    let log = fs::read(folder.file("tellonce.db-wal")).expect("the log");
    let first = log[32..].chunks_exact(24 + 4096).rfind(|frame| frame[..4] == [0, 0, 0, 1]).expect("a page");
    let mut file = fs::read(folder.database()).expect("the database");
    file[..4096].copy_from_slice(&first[24..]);
    fs::write(folder.database(), &file).expect("written");
    let pages = u32::from_be_bytes([file[28], file[29], file[30], file[31]]);
    assert!(pages as usize * 4096 > file.len(), "the file is as long as it says: {pages} pages");

    // A wrong key is refused as ever, and nothing is touched.
    let before = folder.files();
    let good = fs::read(folder.key()).expect("the key");
    crate::keys::write_key(&folder.key(), Dice::thrown("half_copied").key());
    finish(command("serve", &folder.data, &[])).refuses(78, &["is not the one"]);
    crate::keys::write_key(&folder.key(), good);
    assert!(before == folder.files(), "a look has changed something");

    let checked = finish(command("check", &folder.data, &[])).expect(0);
    assert!(!checked.stdout.is_empty());
    let process = folder.start();
    assert!(process.send(&reveal(&made)).expect(200).contains(&text));
}

/// The header of a rollback journal without pages: undoing it makes the file empty.
fn journal_of_an_empty_file() -> Vec<u8> {
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    for number in [0u32, 0x1234_5678, 0, 512, 4096] {
        journal.extend(number.to_be_bytes());
    }
    journal.resize(512, 0);
    journal
}

#[test]
fn a_key_file_is_never_there_in_part() {
    // Whenever the name exists, the key behind it is whole: a start that is killed while it makes
    // the key leaves no key file that the next start would refuse.
    let mut dice = Dice::thrown("key_file");
    for _ in 0..20 {
        let folder = Folder::new();
        let mut serve = command("serve", &folder.data, &[]);
        let mut child =
            serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        let text = loop {
            match fs::read_to_string(folder.key()) {
                Ok(text) => break text,
                Err(_) => assert!(Instant::now() < deadline, "no key file is made"),
            }
        };
        std::thread::sleep(dice.within(Duration::from_millis(1)));
        child.kill().expect("killed");
        child.wait().expect("an end");
        assert_eq!(text.lines().last().map(str::len), Some(64), "the key file was seen in part: {text:?}");
        works_once(&folder);
    }
}

/// A way to hang up on a request.
#[derive(Clone, Copy)]
enum HangUp {
    Whole,
    WithinBody,
    WithinHead,
}

impl HangUp {
    const ALL: [Self; 3] = [Self::Whole, Self::WithinBody, Self::WithinHead];

    fn on(self, process: &Process, request: &Request) {
        let bytes = request.bytes();
        let end = match self {
            Self::Whole => bytes.len(),
            Self::WithinBody => bytes.len() - 3,
            Self::WithinHead => 30,
        };
        // The connection ends with the client.
        process.connect().send_bytes(&bytes[..end]).expect("sent");
    }
}

#[test]
fn of_callers_who_hang_up_nobody_breaks_the_server_and_no_secret_is_in_between() {
    let folder = Folder::new();
    let mut process = folder.start();
    let mut client = process.connect();
    let mut secrets = Vec::new();
    for number in 0..250 {
        let canary = format!("canary-hung-up-on-{number:03}-end");
        secrets.push((made(&client.send(&conceal(&canary)).expect("a reply")), canary));
    }
    for (number, (made, _)) in secrets.iter().enumerate() {
        let how = HangUp::ALL[number % 3];
        how.on(&process, &reveal(made));
        how.on(&process, &conceal(&format!("created by nobody {number}")));
    }
    let mut revealable = 0;
    for (number, (made, canary)) in secrets.iter().enumerate() {
        let reply = process.send(&reveal(made));
        let is_whole = matches!(HangUp::ALL[number % 3], HangUp::Whole);
        match reply.status {
            200 => assert!(reply.contains(canary)),
            404 => assert!(is_whole, "{canary} is gone without a request for it"),
            status => panic!("{canary} answers {status}"),
        }
        revealable += usize::from(reply.status == 200);
        assert_eq!(state(&process, made), "revealed", "{canary}");
        process.send(&reveal(made)).expect(404);
    }
    assert!(revealable >= 166, "only {revealable}");
    assert!(process.terminate().success());
    assert_eq!(integrity(&folder.open()), "ok");
}

#[test]
fn sigterm_lets_every_request_that_was_accepted_have_its_answer() {
    let mut dice = Dice::thrown("sigterm");
    let folder = Folder::new();
    let (concealed, revealed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    for stop in 0..size(20, 200) {
        let mut process = folder.start();
        let address = process.address;
        let moment = Duration::from_millis(20) + dice.within(Duration::from_millis(150));
        std::thread::scope(|scope| {
            for client in 0..6 {
                let (concealed, revealed) = (&concealed, &revealed);
                scope.spawn(move || {
                    // One of them keeps the server busy with passphrases.
                    let wish = match client {
                        0 => json!({ "secret": "slow", "passphrase": "slow" }),
                        _ => json!({ "secret": "quick" }),
                    };
                    let Ok(mut connection) = Client::connect(address) else { return };
                    while let Ok(reply) = connection.send(&conceal_with(&wish)) {
                        concealed.fetch_add(1, Ordering::Relaxed);
                        let made = made(&reply);
                        if client % 2 == 1 {
                            let Ok(reply) = connection.send(&reveal(&made)) else { break };
                            assert_eq!(reply.status, 200, "{}", reply.text());
                            revealed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            // An idle connection must not hold up the stop.
            let mut idle = process.connect();
            idle.send(&Request::get("/api/v2/status")).expect("a reply").expect(200);
            std::thread::sleep(moment);
            let began = Instant::now();
            let status = process.terminate();
            assert_eq!(status.code(), Some(0), "stop {stop}, {dice:?}: {}", process.log_text());
            assert!(began.elapsed() < Duration::from_secs(10), "stop {stop} took {:?}", began.elapsed());
            drop(idle);
        });
        assert_eq!(folder.log_bytes(), 0, "stop {stop}");
        let database = folder.open();
        let (made, ended) = (concealed.load(Ordering::Relaxed), revealed.load(Ordering::Relaxed));
        // A row that nobody was told of is a request that was accepted and dropped.
        assert_eq!(count(&database, "SELECT count(*) FROM receipts"), made, "stop {stop}, {dice:?}");
        assert_eq!(count(&database, "SELECT count(*) FROM secrets"), made - ended, "stop {stop}, {dice:?}");
    }
    assert!(revealed.load(Ordering::Relaxed) > 20, "too little happened");
}

/// Of many who are accepted, and wait for their turn with Argon2, how many have an answer after this end.
fn answered(folder: &Folder, end: impl FnOnce(&mut Process)) -> usize {
    let mut process = folder.start();
    let wish = conceal_with(&json!({ "secret": "slow", "passphrase": "slow" }));
    let request = wish.header("Expect", "100-continue").bytes();
    let end_of_head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
    let (head, body) = request.split_at(end_of_head);
    let accept = |_| {
        let mut client = process.connect();
        client.send_bytes(head).expect("sent");
        let line = client.read_line().expect("word from the server");
        assert!(line.ends_with(" 100 Continue") && client.read_line().is_ok_and(|line| line.is_empty()));
        client
    };
    let mut accepted: Vec<Client> = (0..WAITING).map(accept).collect();
    for client in &mut accepted {
        client.send_bytes(body).expect("sent");
    }
    end(&mut process);
    let replies = accepted.iter_mut().filter_map(|client| client.read(false).ok());
    // Or word that it takes too long.
    replies.inspect(|reply| assert!(matches!(reply.status, 200 | 503), "{}", reply.text())).count()
}

#[test]
fn sigterm_lets_all_who_wait_for_argon2_have_their_answer_and_kill_9_does_not() {
    let folder = Folder::new();
    for stop in 0..size(5, 50) {
        assert_eq!(
            answered(&folder, |process| assert!(process.terminate().success())),
            WAITING,
            "stop {stop}"
        );
    }
    assert!(answered(&folder, Process::kill) < WAITING, "nobody had to wait");
}

#[test]
fn a_server_that_stops_takes_its_log_with_it() {
    let folder = Folder::new();
    for stop in 0..20 {
        let mut process = folder.start();
        // Every second time nothing has kept the server's threads busy.
        if stop % 2 == 0 {
            let made = made(&process.send(&conceal("short-lived")));
            process.send(&reveal(&made)).expect(200);
        }
        assert!(process.terminate().success());
        for name in ["tellonce.db-wal", "tellonce.db-shm"] {
            assert!(!folder.file(name).exists(), "stop {stop} left {name}");
        }
    }
}

#[test]
fn erased_shares_left_in_the_log_by_a_crash_are_gone_soon_after_the_next_start() {
    let folder = Folder::new();
    let mut process = folder.start();
    let made = made(&process.send(&conceal("to be gone")));
    let share: Vec<u8> = folder
        .open()
        .query_row("SELECT k.share FROM secrets s JOIN slots k ON k.id = s.slot_id", [], |row| row.get(0))
        .expect("a share");
    let found = || files(&folder.data).values().any(|file| file.windows(32).any(|window| window == share));
    assert!(found(), "the search finds nothing");
    process.send(&reveal(&made)).expect(200);
    process.kill();
    assert!(folder.log_bytes() > 0, "the kill came too late to leave a log");
    // Another process reads just then, so that the start cannot empty the log at once.
    let reader = folder.open();
    reader.execute_batch("BEGIN; SELECT count(*) FROM slots;").expect("a snapshot");
    let _process = Process::start(&folder.data, &["--sweep-interval", "1h"]);
    reader.execute_batch("COMMIT").expect("the end of the snapshot");
    wait_until(Duration::from_secs(10), "the log is empty", || folder.log_bytes() == 0);
    assert!(!found(), "an erased share is still there");
}

#[test]
fn what_a_sweep_beside_the_server_left_in_the_log_is_emptied_by_the_server() {
    let folder = Folder::new();
    let flags = ["--ttl-min", "1s", "--sweep-interval", "1h"];
    let process = Process::start(&folder.data, &flags);
    made(&process.send(&conceal_with(&json!({ "secret": "short", "ttl": 1 }))));
    wait_until(Duration::from_secs(10), "the log is empty", || folder.log_bytes() == 0);
    let expired = "SELECT count(*) FROM secrets WHERE expires_at <= unixepoch()";
    wait_until(Duration::from_secs(10), "the secret expires", || count(&folder.open(), expired) == 1);
    // A reader keeps the command from emptying the log itself.
    let reader = folder.open();
    reader.execute_batch("BEGIN; SELECT count(*) FROM slots;").expect("a snapshot");
    let swept = finish(command("sweep", &folder.data, &flags)).expect(0);
    assert!(swept.stdout.starts_with("erased 1 expired secret and "), "{}", swept.stdout);
    assert!(folder.log_bytes() > 0, "the reader keeps nothing back");
    reader.execute_batch("COMMIT").expect("the end of the snapshot");
    wait_until(Duration::from_secs(10), "the log is empty", || folder.log_bytes() == 0);
}
