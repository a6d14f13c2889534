//! What stays behind in files: no plaintext and no identifier ever, and of an erased secret nothing
//! with which it could be opened.

use crate::kit::{
    Folder, account, command, conceal_with, finish, identifiers, made, receipt, reveal, reveal_with, size,
    wait_until,
};
use crate::support::process::{Process, program};
use crate::support::server::Made;
use crate::support::smtp::{Manner, Sink};
use crate::support::{Client, Reply, Request};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tellonce::secret::{Claim, IdempotencyKey, Passphrase, SecretId};
use tellonce::time::Timestamp;
use tellonce::vault::{
    Argon2Cost, Identifiers, KeyId, KeyRing, PassphraseKey, Protection, ReplyKey, RootKey, SealedSecret,
    SecretKeyParts, Share, Vault, VaultError,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// In all that must not be found.
const CANARY: &str = "anzibar-";
/// In every plaintext, several times, so that any longer piece of one holds it.
const PLAINTEXT: &str = "Zanzibar-Plaintext";
/// In every passphrase.
const PASSPHRASE: &str = "Zanzibar-Passphrase";
/// In what no request should carry, but some do.
const JUNK: &str = "Zanzibar-Junk";
/// In every key with which a reply may be fetched again.
const KEY: &str = "Zanzibar-Idempotency-Key";
/// In the address of every person.
const PERSON: &str = "zanzibar-person";
/// Where callers are, as the proxy says.
const SOURCES: [&str; 2] = ["203.0.113.77", "2001:db8:5a5a:1:2:3:4:77"];
const CLIENTS: usize = 6;
/// The length of the pieces that are searched for.
const PIECE: usize = 16;

/// Whether these bytes occur. A library function finds the first byte, since tests are compiled
/// without optimisation and the files are large.
fn has(bytes: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let mut rest = bytes;
    while rest.skip_until(word[0]).is_ok_and(|skipped| skipped > 0) {
        if rest.starts_with(&word[1..]) && bytes[bytes.len() - rest.len() - 1] == word[0] {
            return true;
        }
    }
    false
}

/// Identifiers, as the two overlapping halves of each.
#[derive(Clone, Default)]
struct Names(HashSet<Vec<u8>>);

impl Names {
    fn add(&mut self, made: &Made) {
        for name in [&made.secret, &made.receipt] {
            assert_eq!(name.len(), 31);
            self.add_one(name);
        }
    }

    /// Of a longer name, its two ends.
    fn add_one(&mut self, name: &str) {
        self.0.insert(name.as_bytes()[..PIECE].to_vec());
        self.0.insert(name.as_bytes()[name.len() - PIECE..].to_vec());
    }

    /// Whether any half of an identifier occurs. Each is inside a run of small letters and digits,
    /// and such a run covers a place whose number is a multiple of its length.
    fn occur_in(&self, bytes: &[u8]) -> bool {
        let is_letter = |place: usize| matches!(bytes[place], b'a'..=b'z' | b'0'..=b'9');
        let mut done = 0;
        let mut place = 0;
        while place < bytes.len() {
            if place >= done && is_letter(place) {
                let (mut start, mut end) = (place, place);
                while start > 0 && is_letter(start - 1) {
                    start -= 1;
                }
                while end < bytes.len() && is_letter(end) {
                    end += 1;
                }
                if bytes[start..end].windows(PIECE).any(|piece| self.0.contains(piece)) {
                    return true;
                }
                done = end;
            }
            place += PIECE;
        }
        false
    }
}

/// Bytes to be found in files, each by two of its pieces.
pub struct Needles {
    /// Whether any piece begins with these three bytes.
    begins: Vec<bool>,
    /// The needle that a piece belongs to.
    pieces: HashMap<Vec<u8>, usize>,
}

impl Needles {
    pub fn new<'a>(needles: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut made = Self { begins: vec![false; 1 << 24], pieces: HashMap::new() };
        for (number, needle) in needles.enumerate() {
            for piece in [&needle[..PIECE], &needle[needle.len() - PIECE..]] {
                made.begins[Self::beginning(piece, 0)] = true;
                made.pieces.insert(piece.to_vec(), number);
            }
        }
        made
    }

    fn beginning(bytes: &[u8], place: usize) -> usize {
        (bytes[place] as usize) << 16 | (bytes[place + 1] as usize) << 8 | bytes[place + 2] as usize
    }

    /// The needles of which a piece occurs.
    pub fn found_in<'b>(&self, files: impl Iterator<Item = &'b Vec<u8>>) -> HashSet<usize> {
        let mut found = HashSet::new();
        for bytes in files {
            let mut place = 0;
            while place + PIECE <= bytes.len() {
                if self.begins[Self::beginning(bytes, place)]
                    && let Some(number) = self.pieces.get(&bytes[place..place + PIECE])
                {
                    found.insert(*number);
                }
                place += 1;
            }
        }
        found
    }
}

/// What is to happen to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Revealed,
    Burned,
    Expired,
    Locked,
    Kept,
}

struct Secret {
    number: usize,
    made: Made,
    passphrase: Option<String>,
    fate: Fate,
}

fn plaintext(number: usize) -> String {
    // Some are longer than a page, so that they spill over.
    let times = if number.is_multiple_of(50) { 300 } else { 3 };
    format!("{PLAINTEXT}-{number:05}-").repeat(times)
}

/// What every second reader sends.
fn key(number: usize) -> Option<String> {
    number.is_multiple_of(2).then(|| format!("{KEY}-{number:05}"))
}

/// A request that comes through a proxy.
fn from_afar(request: Request, number: usize) -> Request {
    request.header("X-Forwarded-For", SOURCES[number % SOURCES.len()])
}

fn fate(number: usize) -> Fate {
    match number {
        0..5 => Fate::Locked,
        _ => match number % 12 {
            0..5 => Fate::Revealed,
            5..8 => Fate::Burned,
            8..10 => Fate::Expired,
            _ => Fate::Kept,
        },
    }
}

/// Has several clients do something with each of these, and gathers what comes of it.
pub fn spread<T: Sync, R: Send>(
    process: &Process,
    items: &[T],
    act: impl Fn(&mut Client, &T) -> R + Sync,
) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = process.connect();
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = act(&mut client, item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Sends until the server is not too busy with passphrases.
#[track_caller]
pub fn send(client: &mut Client, request: &Request) -> Reply {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = client.send(request).expect("a reply");
        if reply.status != 503 || Instant::now() > deadline {
            return reply;
        }
    }
}

fn create(client: &mut Client, number: usize) -> Secret {
    let passphrase = (number < 5 || number % 72 == 3).then(|| format!("{PASSPHRASE}-{number:05}"));
    let mut wish = json!({ "secret": plaintext(number), "passphrase": passphrase });
    if fate(number) == Fate::Expired {
        wish["ttl"] = json!(1);
    }
    let made = made(&send(client, &from_afar(conceal_with(&wish), number)).expect(200));
    if number.is_multiple_of(6) {
        junk(client, number, &made);
    }
    Secret { number, made, passphrase, fate: fate(number) }
}

/// Requests that go wrong in every way that might be logged.
fn junk(client: &mut Client, number: usize, made: &Made) {
    let Made { secret, receipt } = made;
    let bad = [
        Request::get(&format!("/api/v2/nothing/{secret}?text={JUNK}")),
        Request::new("DELETE", &format!("/api/v2/secret/{secret}?passphrase={PASSPHRASE}")),
        Request::post("/api/v2/secret/conceal").json(&json!({ "secret": PLAINTEXT })),
        Request::post(&format!("/api/v1/secret/{receipt}?passphrase={PASSPHRASE}")),
        Request::post("/api/v1/share").header("Content-Type", "application/json").body(PLAINTEXT),
        Request::get(&format!("/api/v2/receipt/{receipt}"))
            .header("User-Agent", PLAINTEXT)
            .header("Referer", secret),
        Request::post(&format!("/api/v1/secret/{secret}"))
            .header("Idempotency-Key", &format!("{KEY} with spaces")),
        reveal(&Made { secret: receipt.clone(), receipt: secret.clone() }).header("Idempotency-Key", KEY),
    ];
    let bad = bad[number / 6 % bad.len()].clone();
    let reply = send(client, &from_afar(bad, number));
    assert!(reply.status < 500, "{}", reply.text());
}

/// Brings a secret to its end, with looks before and after.
fn end(client: &mut Client, secret: &Secret) {
    let Secret { made, passphrase, fate, number } = secret;
    if number.is_multiple_of(3) && *fate != Fate::Expired {
        send(client, &Request::get(&format!("/api/v2/secret/{}", made.secret))).expect(200);
    }
    match fate {
        Fate::Revealed => {
            let request =
                passphrase.as_ref().map_or_else(|| reveal(made), |passphrase| reveal_with(made, passphrase));
            let request = from_afar(request, *number);
            let times = if key(*number).is_some() { 2 } else { 1 };
            let request =
                key(*number).iter().fold(request, |request, key| request.header("Idempotency-Key", key));
            for _ in 0..times {
                assert!(send(client, &request).expect(200).contains(&plaintext(*number)));
            }
        }
        Fate::Burned => {
            let wish = json!({ "passphrase": passphrase });
            send(client, &Request::post(&format!("/api/v2/receipt/{}/burn", made.receipt)).json(&wish))
                .expect(200);
        }
        Fate::Locked => {
            for guess in 0..3 {
                send(client, &reveal_with(made, &format!("{PASSPHRASE}-wrong-{guess}"))).expect(422);
            }
        }
        Fate::Kept => {
            if passphrase.is_some() {
                send(client, &reveal_with(made, &format!("{PASSPHRASE}-wrong"))).expect(422);
            }
        }
        Fate::Expired => {}
    }
    let state = send(client, &receipt(made));
    let expected = match fate {
        Fate::Revealed => "revealed",
        Fate::Burned => "burned",
        Fate::Locked => "orphaned",
        Fate::Kept => "new",
        Fate::Expired => return,
    };
    assert_eq!(state.expect(200).json()["record"]["state"], expected);
}

/// Where programs may put temporary files.
fn temporary(folder: &Folder) -> PathBuf {
    folder.beside("temporary")
}

/// All files of the folder, those that are temporary, and the log.
fn everything(folder: &Folder, log: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = folder.files();
    files.extend(crate::kit::files(&temporary(folder)));
    files.insert("the log".into(), fs::read(log).expect("a log"));
    files
}

/// What must never be in any file, live or not.
fn leaks(files: &BTreeMap<String, Vec<u8>>, names: &Names) -> Vec<String> {
    let mut leaks = Vec::new();
    for (name, bytes) in files {
        if has(bytes, CANARY) {
            let words =
                [PLAINTEXT, PASSPHRASE, JUNK, KEY, PERSON].into_iter().filter(|word| has(bytes, word));
            leaks.push(format!("{:?} in {name}", words.collect::<Vec<_>>()));
        }
        for source in SOURCES.into_iter().filter(|source| has(bytes, source)) {
            leaks.push(format!("{source} is in {name}"));
        }
        if names.occur_in(bytes) {
            leaks.push(format!("an identifier is in {name}"));
        }
    }
    leaks
}

/// Looks at the files again and again until told to stop; returns how often, the longest time between two
/// looks, and what it found.
fn watch(
    folder: &Folder,
    log: &Path,
    names: &Mutex<Names>,
    stop: &mpsc::Receiver<()>,
) -> (usize, Duration, Vec<String>) {
    let (mut samples, mut longest, mut found) = (0, Duration::ZERO, Vec::new());
    let mut looked = Instant::now();
    let between = Duration::from_millis(size(300, 100) as u64);
    let pause = |looked: Instant| between.saturating_sub(looked.elapsed());
    while stop.recv_timeout(pause(looked)) == Err(RecvTimeoutError::Timeout) {
        longest = longest.max(looked.elapsed());
        looked = Instant::now();
        let files = everything(folder, log);
        let known = names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        found.extend(leaks(&files, &known));
        samples += 1;
    }
    (samples, longest, found)
}

/// Waits until the server, with nothing else to do, has emptied its log.
#[track_caller]
fn empties_its_log(folder: &Folder) {
    let began = Instant::now();
    // Every day the machine may be busy with other tests.
    let patience = Duration::from_secs(size(10, 2) as u64);
    wait_until(patience, "the log is empty", || folder.log_bytes() == 0);
    println!("the log is empty after {:?}", began.elapsed());
}

/// Has all that expired swept by a command beside the server.
#[track_caller]
fn sweep(folder: &Folder, flags: &[&str], expired: usize) {
    let mut erased = 0;
    wait_until(Duration::from_secs(20), "all that expired is swept", || {
        let mut sweep = command("sweep", &folder.data, flags);
        sweep.env("TMPDIR", temporary(folder));
        let told = finish(sweep).expect(0).stdout;
        erased += told.split(' ').nth(1).and_then(|count| count.parse::<usize>().ok()).expect("a count");
        erased == expired
    });
}

/// The share of each live secret, by where it is found.
pub fn shares(database: &Connection) -> HashMap<[u8; 16], [u8; 32]> {
    let sql = "SELECT s.lookup, k.share FROM secrets s JOIN slots k ON k.id = s.slot_id";
    let mut statement = database.prepare(sql).expect("a query");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("shares")
}

/// The name of the reply that its reader may fetch again.
fn kept_under(secret: &Secret) -> Option<[u8; PIECE]> {
    let key = IdempotencyKey::parse(&key(secret.number)?).expect("a key");
    Some(ReplyKey::new(&secret_id(&secret.made), &key).name())
}

fn secret_id(made: &Made) -> SecretId {
    SecretId::parse(&made.secret).expect("an identifier")
}

#[test]
fn no_content_no_passphrase_and_no_link_is_in_any_file_and_no_share_outlives_its_secret() {
    let folder = Folder::new();
    let flags = ["--log", "trace", "--log-format", "json", "--ttl-min", "1s", "--sweep-interval", "1h"];
    let sink = Sink::start(Manner::Accepts);
    let mail = sink.address.to_string();
    let mut serve = program();
    fs::create_dir(temporary(&folder)).expect("a folder");
    serve.env("TMPDIR", temporary(&folder)).arg("serve").args(flags);
    serve.args(["--passphrase-attempts", "3", "--passphrase-attempts-source", "0"]);
    serve.args(["--trusted-proxies", "127.0.0.1"]);
    serve.args(["--smtp-host", &mail, "--smtp-tls", "off", "--mail-from", "no-reply@secrets.example"]);
    let mut process = Process::try_spawn(serve, &folder.data).expect("a server");
    let (log, names) = (process.log.clone(), Mutex::new(Names::default()));
    let owner = account(&folder, &format!("{PERSON}-owner@example.com"));
    names.lock().expect("nobody panics").add_one(&owner.token);
    let know = |made: &Made| names.lock().unwrap_or_else(PoisonError::into_inner).add(made);

    let (secrets, values, share_of) = std::thread::scope(|scope| {
        // Dropped when a check in here fails, so that the watcher stops.
        let (stop, stopped) = mpsc::channel();
        let (folder, log, names) = (&folder, &log, &names);
        let watcher = scope.spawn(move || watch(folder, log, names, &stopped));
        let numbers: Vec<usize> = (0..size(3_600, 10_000)).collect();
        let secrets = spread(&process, &numbers, |client, number| {
            let secret = create(client, *number);
            know(&secret.made);
            secret
        });
        let values = spread(&process, &numbers[..40], |client, _| {
            let wish = json!({ "secret": { "length": 40 } });
            let reply = send(client, &Request::post("/api/v2/secret/generate").json(&wish)).expect(200);
            know(&made(&reply));
            let value = reply.json()["record"]["secret"]["secret_value"].as_str().map(str::to_owned);
            (made(&reply), value.expect("a value"))
        });
        spread(&process, &numbers[..40], |client, number| {
            let wish = json!({ "secret": PLAINTEXT, "recipient": format!("{PERSON}-{number}@example.com") });
            know(&made(&send(client, &conceal_with(&wish).login(&owner)).expect(200)));
        });
        assert!(sink.mails(40).iter().all(|mail| mail.to[0].starts_with(PERSON)));
        let share_of = shares(&folder.open());
        spread(&process, &secrets, end);
        spread(&process, &values[..20], |client, (made, value)| {
            assert!(send(client, &reveal(made)).expect(200).contains(value));
        });
        empties_its_log(folder);
        sweep(folder, &flags, secrets.iter().filter(|secret| secret.fate == Fate::Expired).count());
        empties_its_log(folder);
        drop(stop);
        let (samples, longest, found) = watcher.join().expect("a watcher");
        println!("{samples} looks at the files, at most {longest:?} apart");
        assert!(samples >= 5 && longest <= Duration::from_secs(size(60, 2) as u64), "{samples} {longest:?}");
        assert_eq!(found, [""; 0]);
        (secrets, values, share_of)
    });

    let identifiers = identifiers(&folder.open());
    let files = everything(&folder, &log);
    let share = |secret: &Secret| &share_of[identifiers.secret(&secret_id(&secret.made)).as_bytes()][..];
    let (kept, erased): (Vec<_>, Vec<_>) = secrets.iter().partition(|secret| secret.fate == Fate::Kept);
    assert!(kept.len() > 500 && erased.len() > 2500);
    let found = Needles::new(kept.iter().map(|secret| share(secret))).found_in(files.values());
    assert_eq!(found.len(), kept.len(), "the search does not find the shares of live secrets");
    let needles = Needles::new(erased.iter().map(|secret| share(secret)));
    let found = needles.found_in(files.values());
    let fates: Vec<_> = found.iter().map(|number| (erased[*number].number, erased[*number].fate)).collect();
    assert!(fates.is_empty(), "shares of erased secrets are still there: {fates:?}");
    let generated = Needles::new(values.iter().map(|(_, value)| value.as_bytes()));
    assert!(generated.found_in(files.values()).is_empty(), "a generated value is in a file");
    let replies: Vec<_> = secrets.iter().filter_map(kept_under).collect();
    let replies = Needles::new(replies.iter().map(|name| &name[..]));
    assert!(replies.found_in(files.values()).is_empty(), "a reply that may be fetched again is in a file");
    assert!(crate::kit::files(&temporary(&folder)).is_empty());

    let expected = [
        "tellonce.db",
        "tellonce.db-shm",
        "tellonce.db-wal",
        "tellonce.key",
        "tellonce.lock",
        "tellonce.reserve",
    ];
    assert!(folder.files().keys().eq(expected), "{:?}", folder.files().keys());
    assert!(has(&files["the log"], "/api/v2/secret/conceal"), "the search does not find what is in the log");
    assert!(process.terminate().success());
    let names = names.into_inner().unwrap_or_else(PoisonError::into_inner);
    let after = everything(&folder, &log);
    assert_eq!(leaks(&after, &names), [""; 0]);
    assert!(needles.found_in(after.values()).is_empty(), "a stop brought an erased share back");
    assert_eq!(process.rest_of_stdout(), "");
}

#[test]
fn the_search_finds_what_a_plain_table_leaves_behind() {
    let folder = TempDir::new().expect("a folder");
    let database = Connection::open(folder.path().join("plain.db")).expect("a database");
    database.pragma_update(None, "secure_delete", "OFF").expect("a setting");
    database
        .execute_batch("CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT, share BLOB, content TEXT)")
        .expect("a table");
    let mut names = Names::default();
    let mut shares = Vec::new();
    for number in 0..200usize {
        let name = |kind: char| format!("{kind}{number:030}");
        let made = Made { secret: name('s'), receipt: name('r') };
        names.add(&made);
        let share = Share::random().expose().to_vec();
        let sql = "INSERT INTO plain (name, share, content) VALUES (?1, ?2, ?3)";
        let content = format!("{} {KEY} {PERSON} {}", plaintext(number), SOURCES[number % SOURCES.len()]);
        database.execute(sql, params![made.secret, share, content]).expect("a row");
        shares.push(share);
    }
    database.execute_batch("DELETE FROM plain").expect("deleted");
    drop(database);
    let files = crate::kit::files(folder.path());
    let needles = Needles::new(shares.iter().map(Vec::as_slice));
    assert!(needles.found_in(files.values()).len() > 100, "no shares are found");
    let leaks = leaks(&files, &names);
    for word in [PLAINTEXT, KEY, PERSON, SOURCES[0], SOURCES[1], "an identifier"] {
        assert!(leaks.iter().any(|leak| leak.contains(word)), "{word} is not found: {leaks:?}");
    }
}

/// A row of a stolen file, with the content of its slot.
struct Stolen {
    sealed: SealedSecret,
    slot: i64,
    share: [u8; 32],
    protection: Option<Protection>,
}

impl Stolen {
    /// What a passphrase makes, if there is one.
    fn derive(&self, passphrase: &str) -> Option<PassphraseKey> {
        let passphrase = Passphrase::new(Zeroizing::new(passphrase.to_owned())).expect("a passphrase");
        self.protection.map(|protection| protection.derive(&passphrase).expect("a key"))
    }
}

/// Every live row, by where it is found.
fn steal(database: &Connection) -> HashMap<[u8; 16], Stolen> {
    let sql = "SELECT s.lookup, s.key_id, s.expires_at, s.check_value, s.box, s.slot_id, k.share, s.salt, s.m, s.t, s.p
               FROM secrets s JOIN slots k ON k.id = s.slot_id";
    let mut statement = database.prepare(sql).expect("a query");
    let rows = statement.query_map([], |row| {
        let salt: Option<[u8; 16]> = row.get(7)?;
        let protection = match salt {
            None => None,
            Some(salt) => Some(Protection {
                salt,
                cost: Argon2Cost { m: row.get(8)?, t: row.get(9)?, p: row.get(10)? },
            }),
        };
        Ok(Stolen {
            sealed: SealedSecret {
                lookup: tellonce::vault::Lookup::from_bytes(row.get(0)?),
                key_id: KeyId::from_number(row.get(1)?),
                expires_at: Timestamp::from_unix(row.get(2)?),
                check: row.get(3)?,
                sealed: row.get(4)?,
            },
            slot: row.get(5)?,
            share: row.get(6)?,
            protection,
        })
    });
    let rows = rows.expect("rows").map(|row| row.expect("a row"));
    rows.map(|row| (*row.sealed.lookup.as_bytes(), row)).collect()
}

/// A thief with the root key.
struct Thief {
    vault: Vault,
    identifiers: Identifiers,
}

impl Thief {
    fn new(folder: &Folder, database: &Connection) -> Self {
        let text = fs::read_to_string(folder.key()).expect("the key file");
        let root = RootKey::from_hex(text.lines().last().expect("a line")).expect("a key");
        let number = database.query_row("SELECT id FROM keys", [], |row| row.get(0)).expect("a key");
        let ring = KeyRing::new((KeyId::from_number(number), root), Vec::new());
        Self { vault: Vault::new(ring), identifiers: identifiers(database) }
    }

    fn find<'s>(&self, rows: &'s HashMap<[u8; 16], Stolen>, made: &Made) -> Option<&'s Stolen> {
        rows.get(self.identifiers.secret(&secret_id(made)).as_bytes())
    }

    fn open(
        &self,
        row: &Stolen,
        share: [u8; 32],
        id: &SecretId,
        passphrase: Option<&PassphraseKey>,
    ) -> Result<String, VaultError> {
        let share = Share::from_bytes(share);
        let parts = SecretKeyParts { id, share: &share, passphrase };
        let opened = self.vault.open_secret(&row.sealed, &parts)?;
        Ok(opened.release(&Claim::after_commit()).expose().to_owned())
    }
}

#[test]
fn stolen_files_and_the_root_key_open_nothing_without_the_link_and_nothing_at_all_after_a_reveal() {
    let folder = Folder::new();
    fs::create_dir(temporary(&folder)).expect("a folder");
    let flags = ["--ttl-min", "1s", "--sweep-interval", "1h", "--passphrase-attempts-source", "0"];
    let process = Process::start(&folder.data, &flags);
    let mut client = process.connect();
    // Of a hundred secrets three have a passphrase; each of these ends in another way.
    let passphrase = |number: usize| (number % 100 < 3).then_some("right");
    let expires = |number: usize| number % 3 == 2;
    let secrets: Vec<(Made, String)> = (0..size(500, 10_000))
        .map(|number| {
            let text = format!("{PLAINTEXT}-{number:05}-").repeat(3);
            let ttl = if expires(number) { 1 } else { 3600 };
            let wish = json!({ "secret": text, "passphrase": passphrase(number), "ttl": ttl });
            (made(&send(&mut client, &conceal_with(&wish))), text)
        })
        .collect();
    let wish: Value = json!({ "secret": "behind a passphrase", "passphrase": "right" });
    let protected = made(&client.send(&conceal_with(&wish)).expect("a reply"));

    let (_copy, database) = folder.open_copy();
    let thief = Thief::new(&folder, &database);
    let before = steal(&database);
    assert_eq!(before.len(), secrets.len() + 1);
    // Without links: fresh identifiers, and those of other secrets and receipts.
    let fresh = (0..10).map(|_| thief.identifiers.new_secret_id(1));
    let mut guesses: Vec<SecretId> = fresh.collect();
    guesses.extend(
        secrets[..50]
            .iter()
            .flat_map(|(made, _)| [&made.secret, &made.receipt])
            .filter_map(|name| SecretId::parse(name)),
    );
    assert_eq!(guesses.len(), 110);
    for row in before.values() {
        let own = |id: &SecretId| thief.identifiers.secret(id) == row.sealed.lookup;
        for guess in guesses.iter().filter(|id| !own(id)) {
            assert_eq!(
                thief.open(row, row.share, guess, None),
                Err(VaultError::Damaged),
                "a wrong link opens a row"
            );
        }
    }
    // With the link it opens, and with the passphrase where there is one: the thief's tools work.
    let mut keys = Vec::new();
    for (number, (made, text)) in secrets.iter().enumerate() {
        let row = thief.find(&before, made).expect("a row");
        let key = row.derive("right");
        assert_eq!(key.is_some(), passphrase(number).is_some());
        assert_eq!(thief.open(row, row.share, &secret_id(made), key.as_ref()).as_ref(), Ok(text));
        keys.push(key);
    }
    let row = thief.find(&before, &protected).expect("a row");
    let id = secret_id(&protected);
    let open = |passphrase| thief.open(row, row.share, &id, row.derive(passphrase).as_ref());
    assert_eq!(thief.open(row, row.share, &id, None), Err(VaultError::Damaged));
    assert_eq!(open("wrong"), Err(VaultError::WrongPassphrase));
    assert_eq!(open("right").as_deref(), Ok("behind a passphrase"));

    // The server has closed a connection that rested all this time.
    let mut client = process.connect();
    for (number, (made, _)) in secrets.iter().enumerate().filter(|(number, _)| !expires(*number)) {
        let wish = json!({ "continue": true, "passphrase": passphrase(number) });
        let path = match number % 3 {
            0 => format!("/api/v2/secret/{}/reveal", made.secret),
            _ => format!("/api/v2/receipt/{}/burn", made.receipt),
        };
        send(&mut client, &Request::post(&path).json(&wish)).expect(200);
    }
    empties_its_log(&folder);
    sweep(&folder, &flags, (0..secrets.len()).filter(|number| expires(*number)).count());
    empties_its_log(&folder);
    let (_copy, database) = folder.open_copy();
    let after = steal(&database);
    assert_eq!(after.len(), 1, "only one that nobody ended is left");
    let mut slot = database.prepare("SELECT share FROM slots WHERE id = ?1").expect("a query");
    for ((made, text), key) in secrets.iter().zip(&keys) {
        assert!(thief.find(&after, made).is_none(), "the row is still there");
        // Even with the row as it was before, and with the right passphrase.
        let row = thief.find(&before, made).expect("a row");
        let share: [u8; 32] = slot.query_row([row.slot], |row| row.get(0)).expect("a slot");
        let open = |share| thief.open(row, share, &secret_id(made), key.as_ref());
        assert!(open(share).is_err(), "it opens");
        assert_eq!(open(row.share).as_ref(), Ok(text), "the share makes the difference");
    }
}

#[test]
fn the_log_is_emptied_even_if_something_is_swept_all_the_time() {
    let folder = Folder::new();
    let process = Process::start(&folder.data, &["--sweep-interval", "1s"]);
    made(&process.send(&conceal_with(&json!({ "secret": "hello" }))).expect(200));
    assert!(folder.log_bytes() > 0, "the log is not used");
    wait_until(Duration::from_secs(30), "the log is empty", || folder.log_bytes() == 0);
}
