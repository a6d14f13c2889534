//! Backups: what they bring back, and what they cannot.

use crate::keys::{refused_untouched, write_key};
use crate::kit::{
    Dice, Folder, account, command, conceal, conceal_with, count, finish, integrity, made, receipt, reveal,
    state,
};
use crate::support::process::{Process, program};
use crate::support::server::Made;
use crate::support::{Login, Reply, Request};
use rusqlite::{Connection, OpenFlags, types::Value};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn backup(folder: &Folder, file: &Path) -> Command {
    let mut backup = command("backup", &folder.data, &[]);
    backup.arg(file);
    backup
}

fn restore(folder: &Folder, file: &Path) -> Command {
    let mut restore = command("restore", &folder.data, &["--yes"]);
    restore.arg(file);
    restore
}

/// Runs a command that must succeed.
#[track_caller]
fn run(command: Command) {
    let _ = finish(command).expect(0);
}

fn recent(login: &Login) -> Request {
    Request::get("/api/v2/receipt/recent").login(login)
}

#[track_caller]
fn receipts_in(reply: &Reply) -> usize {
    reply.clone().ok()["count"].as_u64().and_then(|count| usize::try_from(count).ok()).expect("a count")
}

/// All shares of secrets that live in this database.
fn live_shares(database: &Connection) -> Vec<Vec<u8>> {
    let mut query = database.prepare("SELECT share FROM slots WHERE used = 1").expect("slots");
    query.query_map([], |row| row.get(0)).expect("rows").map(|share| share.expect("a share")).collect()
}

/// How many of these shares have a half that occurs in these bytes.
fn found(shares: &[Vec<u8>], bytes: &[u8]) -> usize {
    let pieces: std::collections::HashSet<&[u8]> = bytes.windows(16).collect();
    let is_found = |share: &&Vec<u8>| pieces.contains(&share[..16]) || pieces.contains(&share[16..]);
    shares.iter().filter(is_found).count()
}

fn open_backup(file: &Path) -> Connection {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a backup")
}

/// Every row of this query, as values.
fn rows(database: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut query = database.prepare(sql).expect("a query");
    let columns = query.column_count();
    let rows = query.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

#[test]
fn a_backup_taken_under_load_brings_back_accounts_and_receipts_and_no_secret() {
    let folder = Folder::new();
    let mut process = folder.start();
    let login = account(&folder, "ann@example.com");
    let read = made(&process.send(&conceal("read before the backup")));
    process.send(&reveal(&read)).expect(200);
    let owned = Request::post("/api/v2/secret/conceal").login(&login);
    let owned = made(&process.send(&owned.json(&json!({ "secret": { "secret": "Ann's" } }))));
    let guessed =
        made(&process.send(&conceal_with(&json!({ "secret": "guessed at", "passphrase": "right" }))));
    process.send(&crate::kit::reveal_with(&guessed, "wrong")).expect(422);
    let lost: Vec<Made> = (0..40).map(|n| made(&process.send(&conceal(&format!("lost {n}"))))).collect();

    let file = folder.beside("backup");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = process.connect();
                while !stop.load(Ordering::Relaxed) {
                    let made = made(&client.send(&conceal("under load")).expect("a reply"));
                    client.send(&reveal(&made)).expect("a reply").expect(200);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(100));
        let ended = finish(backup(&folder, &file)).expect(0);
        assert!(ended.stdout.starts_with("copied 1 account and "), "{}", ended.stdout);
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(folder.files().keys().all(|name| !name.contains("part")), "nothing half-done is left");
    let young = made(&process.send(&conceal("made after the backup")));
    assert!(process.terminate().success());

    let ended = finish(restore(&folder, &file)).expect(0);
    assert!(ended.stderr.contains("secrets live in it, and end with this"), "{}", ended.stderr);
    assert!(ended.stdout.contains("ann@example.com  since "), "{}", ended.stdout);
    assert_eq!(integrity(&folder.open_copy().1), "ok");

    let process = folder.start();
    for made in lost.iter().chain([&owned, &guessed, &young, &read]) {
        process.send(&reveal(made)).expect(404);
    }
    for made in lost.iter().chain([&owned, &guessed]) {
        assert_eq!(state(&process, made), "orphaned");
    }
    assert_eq!(state(&process, &read), "revealed");
    process.send(&receipt(&young)).expect(404);
    assert_eq!(receipts_in(&process.send(&recent(&login))), 1);
    let fresh = made(&process.send(&conceal("made after the restore")));
    assert_eq!(state(&process, &fresh), "new");
    assert!(process.send(&reveal(&fresh)).expect(200).contains("made after the restore"));
    process.send(&reveal(&young)).expect(404);
}

#[test]
fn a_backup_holds_every_column_of_accounts_and_receipts_and_nothing_else() {
    let folder = Folder::new();
    let mut process = folder.start();
    account(&folder, "ann@example.com");
    let gone = account(&folder, "bob@example.com");
    let guessed = made(&process.send(&conceal_with(&json!({ "secret": "x", "passphrase": "right" }))));
    process.send(&crate::kit::reveal_with(&guessed, "wrong")).expect(422);
    process.send(&Request::get(&format!("/api/v2/secret/{}", guessed.secret))).expect(200);
    made(&process.send(&conceal("y")));
    let mut remove = program();
    remove.args(["account", "remove", &gone.user, "--data"]).arg(&folder.data);
    run(remove);
    assert!(process.terminate().success());
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    let names: Vec<String> = folder.files().into_keys().collect();
    assert_eq!(names, ["tellonce.db", "tellonce.key", "tellonce.lock", "tellonce.reserve"]);

    let (source, copy) = (folder.open(), open_backup(&file));
    for table in ["keys", "accounts", "sqlite_sequence", "sqlite_schema"] {
        let sql = match table {
            "sqlite_schema" => "SELECT sql FROM sqlite_schema ORDER BY name".to_owned(),
            _ => format!("SELECT * FROM {table} ORDER BY 1"),
        };
        assert_eq!(rows(&source, &sql), rows(&copy, &sql), "{table}");
    }
    let columns =
        rows(&source, "SELECT name FROM pragma_table_info('receipts') WHERE name != 'failed_attempts'");
    let columns: Vec<String> = columns
        .iter()
        .map(|row| match &row[0] {
            Value::Text(name) => name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let sql = format!("SELECT {} FROM receipts ORDER BY id", columns.join(", "));
    assert_eq!(rows(&source, &sql), rows(&copy, &sql));
    assert_eq!(
        count(&copy, "SELECT sum(failed_attempts) FROM receipts"),
        1,
        "a wrong passphrase is not forgotten"
    );
    for table in ["slots", "secrets", "outbox"] {
        assert_eq!(count(&copy, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn no_share_is_in_a_backup_and_a_restore_overwrites_those_of_the_file_that_it_replaces() {
    let folder = Folder::new();
    let mut process = folder.start();
    for number in 0..200 {
        made(&process.send(&conceal(&format!("number {number}"))));
    }
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    assert!(process.terminate().success());
    let shares = live_shares(&folder.open());
    assert_eq!(shares.len(), 200);
    // The control: a plain copy holds every share.
    assert_eq!(found(&shares, &fs::read(folder.database()).expect("the database")), 200);
    assert_eq!(found(&shares, &fs::read(&file).expect("the backup")), 0);

    // A second name keeps the replaced file from vanishing.
    let replaced = folder.beside("replaced");
    fs::hard_link(folder.database(), &replaced).expect("a second name");
    run(restore(&folder, &file));
    assert_eq!(found(&shares, &fs::read(&replaced).expect("the replaced file")), 0);
    for (name, bytes) in folder.files() {
        assert_eq!(found(&shares, &bytes), 0, "{name}");
    }
}

#[test]
fn a_backup_overwrites_nothing_and_appears_only_whole() {
    let folder = Folder::new();
    let _process = folder.start();
    let file = folder.beside("backup");
    fs::write(&file, "a letter").expect("written");
    finish(backup(&folder, &file)).refuses(73, &["exists", "name another file"]);
    assert_eq!(fs::read_to_string(&file).expect("a letter"), "a letter");
    finish(backup(&folder, &folder.beside("nowhere/backup"))).refuses(73, &["cannot write", "nowhere"]);
    let empty = Folder::new();
    finish(backup(&empty, &empty.beside("backup"))).refuses(78, &["there is no database", "`data`"]);
    assert!(!empty.beside("backup").exists() && !empty.data.exists());
}

#[test]
fn what_is_no_backup_or_of_another_key_is_refused_and_no_byte_changes() {
    let folder = Folder::new();
    let mut process = folder.start();
    let kept = made(&process.send(&conceal("kept")));
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    let during = finish(restore(&folder, &file));
    during.refuses(75, &["another server is using", "stop it first"]);
    assert!(process.terminate().success());

    let other = Folder::new();
    let mut process = other.start();
    account(&other, "eve@example.com");
    assert!(process.terminate().success());
    let foreign = other.beside("backup");
    run(backup(&other, &foreign));
    refused_untouched(&folder, restore(&folder, &foreign))
        .refuses(78, &["is not the one", "put the right key"]);

    let key = fs::read(folder.key()).expect("the key");
    fs::remove_file(folder.key()).expect("removed");
    refused_untouched(&folder, restore(&folder, &file)).refuses(78, &["is missing"]);
    write_key(&folder.key(), key);

    let plain = folder.beside("plain-copy");
    fs::copy(folder.database(), &plain).expect("a copy");
    refused_untouched(&folder, restore(&folder, &plain)).refuses(74, &["not made by `tellonce backup`"]);
    let letter = folder.beside("letter");
    fs::write(&letter, "This is a letter and not a database.".repeat(500)).expect("written");
    refused_untouched(&folder, restore(&folder, &letter)).refuses(74, &["letter", "not a database"]);
    refused_untouched(&folder, restore(&folder, &folder.beside("nowhere"))).refuses(74, &["nowhere"]);

    let changed = |sql: &str| {
        let path = folder.beside("changed");
        fs::copy(&file, &path).expect("a copy");
        Connection::open(&path).expect("a backup").execute_batch(sql).expect("a change");
        path
    };
    let newer = changed("PRAGMA user_version = 1000");
    refused_untouched(&folder, restore(&folder, &newer)).refuses(74, &["schema 1000", "newer program"]);
    let stuffed = changed("INSERT INTO slots (used, share) VALUES (0, randomblob(32))");
    refused_untouched(&folder, restore(&folder, &stuffed)).refuses(74, &["was changed", "use another one"]);

    // Without a terminal and without --yes nobody agreed.
    let mut silent = command("restore", &folder.data, &[]);
    silent.arg(&file);
    let ended = refused_untouched(&folder, silent).expect(64);
    assert!(
        ended.stderr.contains("1 secret lives in it") && ended.stderr.contains("--yes"),
        "{}",
        ended.stderr
    );
    assert!(folder.start().send(&reveal(&kept)).expect(200).contains("kept"));
}

#[test]
fn no_server_runs_on_a_backup_that_lies_where_a_database_should() {
    let folder = Folder::new();
    let mut process = folder.start();
    made(&process.send(&conceal("lost")));
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    assert!(process.terminate().success());
    fs::copy(&file, folder.database()).expect("a copy");
    for name in ["serve", "sweep", "restore"] {
        let start =
            if name == "restore" { restore(&folder, &file) } else { command(name, &folder.data, &[]) };
        refused_untouched(&folder, start).refuses(74, &["this is a backup", "tellonce restore"]);
    }
    fs::remove_file(folder.database()).expect("removed");
    run(restore(&folder, &file));
    folder.start();
}

/// A new machine: an empty folder, the key, the backup.
#[test]
fn a_backup_and_its_key_make_a_server_on_an_empty_machine() {
    let folder = Folder::new();
    let mut process = folder.start();
    let login = account(&folder, "ann@example.com");
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    assert!(process.terminate().success());
    let machine = Folder::new();
    fs::create_dir(&machine.data).expect("a folder");
    fs::copy(folder.key(), machine.key()).expect("the key");
    let mut quiet = command("restore", &machine.data, &[]);
    quiet.arg(&file);
    let ended = finish(quiet).expect(0);
    assert!(!ended.stderr.contains("replaces"), "there is nothing to ask: {}", ended.stderr);
    let process = machine.start();
    assert_eq!(receipts_in(&process.send(&recent(&login))), 0);
    assert_eq!(account(&machine, "bob@example.com").user, "bob@example.com");
}

#[test]
fn a_backup_from_before_a_rotation_is_restored_as_long_as_its_key_is_there() {
    let folder = Folder::new();
    let mut process = folder.start();
    let login = account(&folder, "ann@example.com");
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    let mut rotate = program();
    rotate.args(["key", "rotate", "--data"]).arg(&folder.data);
    run(rotate);
    assert!(process.terminate().success());
    assert!(folder.start().terminate().success());

    let both = fs::read_to_string(folder.key()).expect("the key file");
    let new = both.lines().find(|line| !line.starts_with('#')).expect("the new key");
    write_key(&folder.key(), new);
    refused_untouched(&folder, restore(&folder, &file)).refuses(78, &["is not the one"]);
    write_key(&folder.key(), &both);
    let ended = finish(restore(&folder, &file)).expect(0);
    assert!(ended.stdout.contains("ann@example.com"), "{}", ended.stdout);
    assert!(folder.start().terminate().success());
    // The start has sealed the account's address under the new key again.
    write_key(&folder.key(), new);
    assert_eq!(receipts_in(&folder.start().send(&recent(&login))), 0);
}

#[test]
fn what_root_restores_belongs_to_the_owner_of_the_folder() {
    let folder = Folder::new();
    let mut process = folder.start();
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    assert!(process.terminate().success());
    let is_root = fs::metadata("/proc/self").expect("this process").uid() == 0;
    let owner = if is_root { 65_534 } else { fs::metadata(&folder.data).expect("a folder").uid() };
    for path in [folder.data.clone(), folder.key()] {
        chown(path, Some(owner), None).expect("another owner");
    }
    run(restore(&folder, &file));
    let mut rotate = program();
    rotate.args(["key", "rotate", "--data"]).arg(&folder.data);
    run(rotate);
    for path in [folder.database(), folder.key()] {
        let metadata = fs::metadata(&path).expect("a file");
        assert_eq!(
            (metadata.uid(), metadata.permissions().mode() & 0o777),
            (owner, 0o600),
            "{}",
            path.display()
        );
    }
}

#[test]
fn numbers_of_accounts_are_not_used_twice_across_a_restore() {
    let folder = Folder::new();
    let mut process = folder.start();
    account(&folder, "ann@example.com");
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    let late = account(&folder, "late@example.com");
    assert!(process.terminate().success());
    run(restore(&folder, &file));
    account(&folder, "new@example.com");
    let ids = rows(&folder.open_copy().1, "SELECT id FROM accounts ORDER BY id");
    assert_eq!(ids, [[Value::Integer(1)], [Value::Integer(3)]]);
    folder.start().send(&recent(&late)).expect(401);
}

/// What a server says of the first account's token and of a secret: whether each is there.
fn what_is_there(process: &Process, login: &Login, made: &Made) -> (bool, bool) {
    let knows = process.send(&recent(login)).status == 200;
    (knows, process.send(&Request::get(&format!("/api/v2/secret/{}", made.secret))).status == 200)
}

#[test]
fn a_restore_that_is_killed_leaves_a_database_that_starts_and_can_be_restored_again() {
    let mut dice = Dice::thrown("killed restore");
    let folder = Folder::new();
    let mut process = folder.start();
    let file = folder.beside("backup");
    run(backup(&folder, &file));
    assert!(process.terminate().success());
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..25 {
        let mut process = folder.start();
        let user = format!("late{}@example.com", dice.below(1 << 30));
        let login = account(&folder, &user);
        let made = made(&process.send(&conceal("old")));
        assert!(process.terminate().success());
        let mut child = restore(&folder, &file)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(dice.within(Duration::from_millis(60)));
        let _ = child.kill();
        let _ = child.wait();
        let process = folder.start();
        let there = what_is_there(&process, &login, &made);
        // The old database, the old one without its secrets, or the new one.
        assert!([(true, true), (true, false), (false, false)].contains(&there), "{there:?}");
        *seen.entry(there).or_insert(0) += 1;
        drop(process);
        assert_eq!(integrity(&folder.open_copy().1), "ok");
        run(restore(&folder, &file));
    }
    println!("{seen:?}");
    assert!(folder.files().keys().all(|name| !name.contains(".new")), "nothing half-done is left");
}

#[test]
fn after_a_crash_a_backup_has_what_is_only_in_the_log_and_a_restore_leaves_no_log_behind() {
    let folder = Folder::new();
    let mut process = folder.start();
    let lost = made(&process.send(&conceal("only in the log")));
    process.kill();
    assert!(folder.log_bytes() > 0, "the kill came too late to leave a log");
    let file = folder.beside("backup");
    run(backup(&folder, &file));

    let mut process = folder.start();
    let late = made(&process.send(&conceal("in the log of the replaced file")));
    process.kill();
    assert!(folder.log_bytes() > 0, "the kill came too late to leave a log");
    let shares = live_shares(&folder.open_copy().1);
    assert_eq!(shares.len(), 2);
    run(restore(&folder, &file));
    for (name, bytes) in folder.files() {
        assert_eq!(found(&shares, &bytes), 0, "{name}");
    }
    let process = folder.start();
    assert_eq!(state(&process, &lost), "orphaned");
    process.send(&receipt(&late)).expect(404);
}
