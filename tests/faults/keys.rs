//! Starts that must be refused: wrong keys, damaged or foreign files, folders in use or read-only. A
//! refusal is one sentence that says what to do, and changes nothing.

use crate::kit::{
    Dice, Ended, Folder, account, command, conceal, conceal_with, finish, made, reveal, reveal_with, size,
};
use crate::support::Request;
use crate::support::process::{Process, program};
use crate::support::server::Made;
use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Writes a key file that only its owner may read.
#[track_caller]
pub fn write_key(path: &Path, text: impl AsRef<[u8]>) {
    let mut options = fs::File::options();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).expect("a key file");
    file.write_all(text.as_ref()).expect("written");
}

#[track_caller]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// What a start on this folder says, which must be a refusal that leaves every byte as it was.
#[track_caller]
pub fn refused_untouched(folder: &Folder, start: Command) -> Ended {
    let before = folder.files();
    let ended = finish(start);
    let after = folder.files();
    assert!(before.keys().eq(after.keys()), "other files: {:?} {:?}", before.keys(), after.keys());
    for (name, content) in before {
        assert!(after[&name] == content, "{name} was changed");
    }
    ended
}

fn serve(folder: &Folder) -> Command {
    command("serve", &folder.data, &[])
}

/// A folder with a secret in it whose server was stopped.
fn folder_with_a_secret() -> (Folder, Made) {
    let folder = Folder::new();
    let mut process = folder.start();
    let made = made(&process.send(&conceal("kept through bad times")));
    assert!(process.terminate().success());
    (folder, made)
}

/// Tries every bad key file on this folder, puts the right one back, and reveals.
#[track_caller]
fn refuses_bad_key_files(folder: &Folder, made: &Made) {
    let path = folder.key();
    let good = fs::read_to_string(&path).expect("the key file");
    let digits = good.lines().last().expect("a key").to_owned();
    let other = Dice::thrown("key").key();
    let bad: [(&str, String, &[&str]); 10] = [
        ("another key", other, &["is not the one", "put the right key file back", "nothing was changed"]),
        ("a short key", digits[..62].to_owned(), &["64 random hexadecimal digits", "from your backup"]),
        ("a key cut in half", format!("{}\n", &digits[..32]), &["64 random hexadecimal digits", "backup"]),
        ("a long key", format!("{digits}00"), &["64 random hexadecimal digits", "from your backup"]),
        ("an empty file", String::new(), &["holds no key", "put the key file back"]),
        ("only comments", "# a key, once\n\n".to_owned(), &["holds no key", "put the key file back"]),
        ("no hexadecimal digits", "z".repeat(64), &["64 random hexadecimal digits", "from your backup"]),
        ("zeros", "0".repeat(64), &["64 random hexadecimal digits", "from your backup"]),
        ("a key twice", format!("{digits}\n{digits}\n"), &["line 2 repeats a key", "remove it"]),
        ("rubbish after the key", format!("{digits}\nrubbish\n"), &["line 2", "from your backup"]),
    ];
    for (what, text, words) in bad {
        println!("{what}");
        write_key(&path, text);
        refused_untouched(folder, serve(folder)).refuses(78, words);
    }
    write_key(&path, &good);
    for mode in [0o644, 0o604, 0o640, 0o660, 0o666, 0o602] {
        println!("mode {mode:o}");
        set_mode(&path, mode);
        refused_untouched(folder, serve(folder)).refuses(78, &["open to other users", "chmod 600", "0400"]);
    }
    fs::remove_file(&path).expect("removed");
    refused_untouched(folder, serve(folder)).refuses(78, &["is missing", "put the key file back"]);
    fs::create_dir(&path).expect("a folder in its place");
    set_mode(&path, 0o700);
    refused_untouched(folder, serve(folder)).refuses(78, &["cannot be read"]);
    fs::remove_dir(&path).expect("removed");
    let mut named = serve(folder);
    named.arg("--key").arg(folder.beside("nowhere.key"));
    refused_untouched(folder, named).refuses(78, &["nowhere.key", "is missing", "put the key file back"]);
    write_key(&path, &good);
    assert!(folder.start().send(&reveal(made)).expect(200).contains("kept through bad times"));
}

#[test]
fn a_bad_key_file_is_refused_with_a_sentence_and_no_byte_changes() {
    let (folder, made) = folder_with_a_secret();
    refuses_bad_key_files(&folder, &made);
}

#[test]
fn a_bad_key_file_is_refused_without_a_change_even_after_kill_9_left_a_log() {
    let folder = Folder::new();
    let mut process = folder.start();
    let made = made(&process.send(&conceal("kept through bad times")));
    process.kill();
    assert!(folder.log_bytes() > 0, "the kill came too late to leave a log");
    refuses_bad_key_files(&folder, &made);
}

#[test]
fn a_first_start_makes_no_key_where_one_was_named() {
    let folder = Folder::new();
    let mut named = serve(&folder);
    named.arg("--key").arg(folder.beside("nowhere.key"));
    finish(named).refuses(78, &["nowhere.key", "does not exist", "leave out the option `key`"]);
    assert!(!folder.database().exists(), "a database was made without a key");
}

fn start_with_root_key(folder: &Folder, keys: &str) -> Process {
    let mut command = program();
    command.arg("serve").env("TELLONCE_ROOT_KEY", keys);
    Process::try_spawn(command, &folder.data).unwrap_or_else(|status| panic!("the server ended: {status}"))
}

#[test]
fn keys_from_the_environment_are_taken_newest_first_and_leave_no_key_file() {
    let folder = Folder::new();
    let mut dice = Dice::thrown("environment");
    let (old, new) = (dice.key(), dice.key());
    let mut process = start_with_root_key(&folder, &old);
    let first = made(&process.send(&conceal("under the old key")));
    assert!(process.terminate().success());
    assert!(!folder.key().exists(), "a key file was made");
    let mut process = start_with_root_key(&folder, &format!("{new},{old}"));
    let second = made(&process.send(&conceal("under the new key")));
    assert!(process.send(&reveal(&first)).expect(200).contains("under the old key"));
    assert!(process.terminate().success());
    let mut wrong = serve(&folder);
    wrong.env("TELLONCE_ROOT_KEY", &old);
    refused_untouched(&folder, wrong).refuses(78, &["TELLONCE_ROOT_KEY", "is not the one"]);
    let mut short = serve(&folder);
    short.env("TELLONCE_ROOT_KEY", &new[1..]);
    let short = refused_untouched(&folder, short);
    short.refuses(78, &["TELLONCE_ROOT_KEY", "64 random hexadecimal digits"]);
    assert!(!short.stderr.contains(&new[1..9]), "the key is shown: {}", short.stderr);
    let process = start_with_root_key(&folder, &format!("{new},{old}"));
    assert!(process.send(&reveal(&second)).expect(200).contains("under the new key"));
}

#[test]
fn without_an_older_key_its_secrets_answer_503_and_wait_until_it_is_back() {
    let folder = Folder::new();
    let mut process = folder.start();
    let plain = made(&process.send(&conceal("under the old key")));
    let other = made(&process.send(&conceal("under the old key too")));
    let wish = json!({ "secret": "under the old key and a passphrase", "passphrase": "right" });
    let protected = made(&process.send(&conceal_with(&wish)));
    assert!(process.terminate().success());

    let old = fs::read_to_string(folder.key()).expect("the key file");
    let new = Dice::thrown("rotation").key();
    write_key(&folder.key(), format!("{new}\n{old}"));
    let mut process = folder.start();
    let young = made(&process.send(&conceal("under the new key")));
    let younger = made(&process.send(&conceal("under the new key too")));
    assert!(process.send(&reveal(&other)).expect(200).contains("under the old key too"));
    assert!(process.send(&reveal(&young)).expect(200).contains("under the new key"));
    assert!(process.terminate().success());

    write_key(&folder.key(), format!("{new}\n"));
    let mut process = Process::start(&folder.data, &["--passphrase-attempts", "3"]);
    assert!(process.log_text().contains("older root keys are not in the key file"));
    assert!(process.send(&reveal(&younger)).expect(200).contains("under the new key too"));
    // More often than a secret takes wrong passphrases: an attempt that cannot succeed is not one.
    for _ in 0..5 {
        for request in [
            reveal(&plain),
            reveal_with(&protected, "right"),
            reveal_with(&protected, "wrong"),
            reveal(&protected),
        ] {
            let reply = process.send(&request).expect(503);
            assert!(reply.header("retry-after").is_some_and(|rest| rest.parse::<u32>().is_ok()));
        }
    }
    assert!(process.log_text().contains("the root key this row was sealed under is not in the key file"));
    assert!(process.terminate().success());

    write_key(&folder.key(), format!("# the old one is back\n{new}\n{old}"));
    let process = folder.start();
    assert!(process.send(&reveal(&plain)).expect(200).contains("under the old key"));
    let reply = process.send(&reveal_with(&protected, "right")).expect(200);
    assert!(reply.contains("under the old key and a passphrase"));
}

#[test]
fn an_older_key_alone_does_not_open_a_database_that_knows_a_newer_one() {
    let (folder, made) = folder_with_a_secret();
    let old = fs::read_to_string(folder.key()).expect("the key file");
    let new = Dice::thrown("older").key();
    write_key(&folder.key(), format!("{new}\n{old}"));
    let mut process = folder.start();
    // The new key must count even if its server never had a quiet moment.
    process.kill();
    write_key(&folder.key(), &old);
    refused_untouched(&folder, serve(&folder))
        .refuses(78, &["is not the one", "put the right key file back"]);
    write_key(&folder.key(), format!("{new}\n{old}"));
    folder.start().send(&reveal(&made)).expect(200);
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = Folder::new();
    let process = folder.start();
    let made = made(&process.send(&conceal("of the first server")));
    let second = finish(serve(&folder));
    second.refuses(75, &["another server is using", "stop it first", "--data"]);
    assert!(second.took < std::time::Duration::from_secs(1), "{second:?}");
    assert!(process.send(&reveal(&made)).expect(200).contains("of the first server"));
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_not_changed() {
    let (folder, made) = folder_with_a_secret();
    let set = |version: u32| {
        let database = Connection::open(folder.database()).expect("a database");
        database.pragma_update(None, "user_version", version).expect("a version");
    };
    set(1000);
    refused_untouched(&folder, serve(&folder)).refuses(74, &["schema 1000", "start the newer program"]);
    refused_untouched(&folder, command("sweep", &folder.data, &[])).refuses(74, &["start the newer program"]);
    let check = refused_untouched(&folder, command("check", &folder.data, &[])).expect(78);
    assert!(check.stdout.contains("start the newer program"), "{}", check.stdout);
    // A newer program that was killed has left a log; closing the file would write it out.
    let crashed = Folder::new();
    fs::create_dir(&crashed.data).expect("a folder");
    let newer = Connection::open(folder.database()).expect("a database");
    newer
        .execute_batch("PRAGMA wal_checkpoint; UPDATE receipts SET views = 7, first_view = 1, last_view = 1")
        .expect("a write");
    for name in folder.files().keys() {
        fs::copy(folder.file(name), crashed.file(name)).expect("a copy");
    }
    drop(newer);
    assert!(crashed.log_bytes() > 0, "there is no log");
    refused_untouched(&crashed, serve(&crashed)).refuses(74, &["schema 1000", "start the newer program"]);
    set(1);
    folder.start().send(&reveal(&made)).expect(200);
}

/// Overwrites the page on which this table begins.
#[track_caller]
fn damage(folder: &Folder, table: &str) {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: u32 = folder.open().query_row(sql, [table], |row| row.get(0)).expect("a table");
    let page = usize::try_from(page).expect("a small number");
    let mut bytes = fs::read(folder.database()).expect("the database");
    bytes[(page - 1) * 4096..page * 4096].fill(0xa5);
    fs::write(folder.database(), bytes).expect("written");
    // What the look made beside the file goes with it.
    for name in ["tellonce.db-wal", "tellonce.db-shm"] {
        let _ = fs::remove_file(folder.file(name));
    }
}

#[test]
fn a_damaged_table_that_everything_hangs_on_is_found_at_the_start() {
    for table in ["slots", "meta", "keys"] {
        let (folder, _) = folder_with_a_secret();
        damage(&folder, table);
        let ended = finish(serve(&folder));
        ended.refuses(74, &["tellonce.db", "restore a backup into an empty folder"]);
        let check = finish(command("check", &folder.data, &[])).expect(78);
        assert!(check.stdout.contains("restore a backup"), "{table}: {}", check.stdout);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_and_not_changed() {
    let (folder, _) = folder_with_a_secret();
    fs::write(folder.database(), "This is a letter and not a database.".repeat(500)).expect("written");
    refused_untouched(&folder, serve(&folder))
        .refuses(74, &["tellonce.db", "not a database", "restore a backup"]);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named_with_its_option() {
    let folder = Folder::new();
    fs::write(&folder.data, "a file in its place").expect("written");
    finish(serve(&folder)).refuses(78, &["cannot make the data folder", "`data`"]);
    finish(command("serve", Path::new("/proc/tellonce/data"), &[]))
        .refuses(78, &["cannot make the data folder"]);
    finish(command("sweep", &folder.beside("nowhere"), &[])).refuses(78, &["there is no database", "`data`"]);
}

/// Someone without rights over the folders of this test: root itself ignores modes.
struct Nobody {
    program: std::path::PathBuf,
    is_root: bool,
}

impl Nobody {
    const ID: u32 = 65_534;

    /// The program is copied to where nobody may run it.
    fn new(folder: &Folder) -> Self {
        let program = folder.beside("tellonce");
        fs::copy(env!("CARGO_BIN_EXE_tellonce"), &program).expect("a copy of the program");
        set_mode(&program, 0o755);
        set_mode(folder.data.parent().expect("a folder"), 0o755);
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        Self { program, is_root }
    }

    fn serve(&self, folder: &Folder) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder.data);
        if self.is_root {
            command.uid(Self::ID).gid(Self::ID);
        }
        command
    }

    fn own(&self, path: &Path) {
        if self.is_root {
            chown(path, Some(Self::ID), Some(Self::ID)).expect("another owner");
        }
    }
}

#[test]
fn a_read_only_folder_or_file_is_refused_with_the_reason() {
    let (folder, made) = folder_with_a_secret();
    let nobody = Nobody::new(&folder);
    nobody.own(&folder.data);
    for name in folder.files().keys() {
        nobody.own(&folder.file(name));
    }

    set_mode(&folder.data, 0o500);
    set_mode(&folder.file("tellonce.lock"), 0o400);
    let lock = refused_untouched(&folder, nobody.serve(&folder));
    lock.refuses(78, &["cannot open", "tellonce.lock", "`data`", "Permission denied"]);

    set_mode(&folder.file("tellonce.lock"), 0o600);
    set_mode(&folder.database(), 0o400);
    let file = refused_untouched(&folder, nobody.serve(&folder));
    file.refuses(74, &["tellonce.db", "read"]);

    set_mode(&folder.data, 0o700);
    finish(nobody.serve(&folder)).refuses(74, &["tellonce.db", "read-only for this user"]);

    set_mode(&folder.database(), 0o000);
    finish(nobody.serve(&folder)).refuses(74, &["tellonce.db", "may this user read and write it"]);

    set_mode(&folder.database(), 0o600);
    if nobody.is_root {
        for name in folder.files().keys() {
            chown(folder.file(name), Some(0), Some(0)).expect("the old owner");
        }
    }
    folder.start().send(&reveal(&made)).expect(200);

    let fresh = Folder::new();
    fs::create_dir(&fresh.data).expect("a folder");
    set_mode(fresh.data.parent().expect("a folder"), 0o755);
    set_mode(&fresh.data, 0o555);
    let empty = refused_untouched(&fresh, nobody.serve(&fresh));
    empty.refuses(78, &["cannot open", "tellonce.lock", "`data`", "Permission denied"]);
}

fn key(name: &str, folder: &Folder) -> Command {
    let mut command = program();
    command.args(["key", name, "--data"]).arg(&folder.data);
    command
}

/// The lines of `key list`, each as its words, without the heading.
#[track_caller]
fn key_list(folder: &Folder) -> Vec<Vec<String>> {
    let listed = finish(key("list", folder)).expect(0).stdout;
    listed.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// What the list says of each key: whether its line is there, and how many secrets, accounts and mails need
/// it.
fn needs(list: &[Vec<String>]) -> Vec<[&str; 4]> {
    list.iter().map(|words| [1, 2, 3, 4].map(|place| words[place].as_str())).collect()
}

#[test]
fn keys_are_rotated_under_load_and_an_old_line_may_go_when_the_list_says_so() {
    let secrets = size(60, 1_000);
    let (all, half) = (&*secrets.to_string(), &*(secrets / 2).to_string());
    let folder = Folder::new();
    let mut process = folder.start();
    let login = account(&folder, "ann@example.com");
    let old_text = fs::read_to_string(folder.key()).expect("the key file");
    set_mode(&folder.key(), 0o400);

    let conceal_many = |process: &Process, what: &str| -> Vec<Made> {
        (0..secrets).map(|number| made(&process.send(&conceal(&format!("{what} {number}"))))).collect()
    };
    let (before, added) = std::thread::scope(|scope| {
        let load = scope.spawn(|| conceal_many(&process, "before"));
        let added = finish(key("rotate", &folder)).expect(0);
        (load.join().expect("a load"), added)
    });
    assert!(added.stderr.contains("restart the server"), "{}", added.stderr);
    assert_eq!(fs::metadata(folder.key()).expect("a file").permissions().mode() & 0o777, 0o400);
    let new_text = fs::read_to_string(folder.key()).expect("the key file");
    assert_eq!(new_text.lines().count(), old_text.lines().count() + 1);
    assert!(old_text.lines().all(|line| new_text.contains(line)), "no line is lost");
    let list = key_list(&folder);
    assert!(added.stdout.contains(&list[0][0]), "{} in {}", list[0][0], added.stdout);
    assert_eq!(needs(&list), [["yes", "-", "-", "-"], ["yes", all, "1", "0"]], "{list:?}");

    assert!(process.terminate().success());
    let mut process = folder.start();
    assert!(process.log_text().contains("sealed the accounts' addresses under the newest root key"));
    let after = conceal_many(&process, "after");
    // The account has gone over to the new key.
    assert_eq!(needs(&key_list(&folder)), [["yes", all, "1", "0"], ["yes", all, "0", "0"]]);
    for (number, (before, after)) in before.iter().zip(&after).take(secrets / 2).enumerate() {
        assert!(process.send(&reveal(before)).expect(200).contains(&format!("before {number}")));
        assert!(process.send(&reveal(after)).expect(200).contains(&format!("after {number}")));
    }
    assert!(process.terminate().success());

    // The old line goes too early.
    let new_line = new_text.lines().find(|line| !line.starts_with('#')).expect("the new key").to_owned();
    set_mode(&folder.key(), 0o600);
    write_key(&folder.key(), &new_line);
    let mut process = folder.start();
    process.send(&Request::get("/api/v2/receipt/recent").login(&login)).expect(200);
    for before in &before[secrets / 2..] {
        process.send(&reveal(before)).expect(503);
    }
    let list = key_list(&folder);
    assert_eq!(needs(&list), [["yes", half, "1", "0"], ["no", half, "0", "0"]]);
    assert!(list[1].join(" ").ends_with("missing: what needs it answers 503"));
    assert!(process.terminate().success());

    write_key(&folder.key(), &new_text);
    let mut process = folder.start();
    for (number, before) in before.iter().enumerate().skip(secrets / 2) {
        assert!(process.send(&reveal(before)).expect(200).contains(&format!("before {number}")));
    }
    let list = key_list(&folder);
    assert_eq!(list[1].join(" "), format!("{} yes 0 0 0 not needed: its line may go", list[1][0]));
    assert!(process.terminate().success());
    write_key(&folder.key(), &new_line);
    let process = folder.start();
    assert!(!process.log_text().lines().last().expect("a line").contains("older root keys"));
    for (number, after) in after.iter().enumerate().skip(secrets / 2) {
        assert!(process.send(&reveal(after)).expect(200).contains(&format!("after {number}")));
    }
}

#[test]
fn a_key_that_comes_from_elsewhere_is_not_rotated_here_and_the_command_says_where() {
    let (folder, made) = folder_with_a_secret();
    let text = fs::read_to_string(folder.key()).expect("the key file");
    let mut variable = key("rotate", &folder);
    variable.env("TELLONCE_ROOT_KEY", text.lines().last().expect("a key"));
    refused_untouched(&folder, variable)
        .refuses(78, &["TELLONCE_ROOT_KEY", "add the new key there", "openssl"]);

    let credentials = folder.beside("credentials");
    fs::create_dir(&credentials).expect("a folder");
    write_key(&credentials.join("tellonce.key"), &text);
    let mut credential = key("rotate", &folder);
    credential.env("CREDENTIALS_DIRECTORY", &credentials);
    refused_untouched(&folder, credential).refuses(78, &["a credential", "add the new key there"]);
    assert_eq!(fs::read_to_string(credentials.join("tellonce.key")).expect("the credential"), text);

    let other = Dice::thrown("rotate").key();
    write_key(&folder.key(), &other);
    refused_untouched(&folder, key("rotate", &folder)).refuses(78, &["is not the one"]);
    fs::remove_file(folder.key()).expect("removed");
    refused_untouched(&folder, key("rotate", &folder))
        .refuses(78, &["there is no key file", "from elsewhere"]);

    // A link to the file stays one.
    let real = folder.beside("real.key");
    write_key(&real, &text);
    std::os::unix::fs::symlink(&real, folder.key()).expect("a link");
    let _ = finish(key("rotate", &folder)).expect(0);
    assert!(fs::symlink_metadata(folder.key()).expect("a link").is_symlink());
    assert_eq!(fs::read_to_string(&real).expect("the file").lines().count(), text.lines().count() + 1);
    assert!(folder.start().send(&reveal(&made)).expect(200).contains("kept through bad times"));
}
