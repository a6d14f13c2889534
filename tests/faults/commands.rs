//! Commands and options, as an operator meets them.

use crate::kit::{
    Dice, Folder, burn, command, conceal, conceal_with, count, finish, made, reveal, wait_until,
};
use crate::support::process::{Process, program, run};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;
use tellonce::config::{OPTIONS, markdown_table};

#[test]
fn check_prints_every_option_with_its_origin_and_never_a_root_key() {
    let folder = Folder::new();
    let key = Dice::thrown("check").key();
    let file = folder.beside("tellonce.toml");
    fs::write(&file, "workers = 3\n").expect("written");
    let mut check = command("check", &folder.data, &["--ttl-max", "9d"]);
    check.env("TELLONCE_ROOT_KEY", &key).env("TELLONCE_PASSPHRASE_ATTEMPTS", "7").arg("--config").arg(&file);
    let ended = finish(check).expect(0);
    let line = |option: &str| {
        let found = ended.stdout.lines().find(|line| line.split_whitespace().next() == Some(option));
        found.unwrap_or_else(|| panic!("{option} is not in: {}", ended.stdout)).to_owned()
    };
    for spec in OPTIONS {
        line(&spec.key());
    }
    assert!(line("ttl_max").contains("9d") && line("ttl_max").ends_with("flag"));
    assert!(
        line("passphrase_attempts").contains('7') && line("passphrase_attempts").ends_with("environment")
    );
    assert!(line("workers").contains('3') && line("workers").ends_with("tellonce.toml"));
    assert!(line("ttl_min").contains("60s") && line("ttl_min").ends_with("default"));
    assert!(line("root_key").contains("not shown"));
    for piece in [&key[..8], &key[56..]] {
        assert!(!ended.stdout.contains(piece) && !ended.stderr.contains(piece), "the key is shown");
    }
    assert!(ended.stdout.contains("no problems found"));
    assert!(!folder.data.exists(), "a check made the data folder");
}

#[test]
fn check_and_serve_name_all_problems_at_once() {
    let folder = Folder::new();
    let wrong = ["--workers", "0", "--ttl-min", "9d", "--base-url", "ftp://x"];
    for name in ["check", "serve", "sweep"] {
        let mut start = command(name, &folder.data, &wrong);
        start.env("TELLONCE_LOG", "loud");
        let ended = finish(start).expect(78);
        let told = format!("{}{}", ended.stdout, ended.stderr);
        for option in ["`workers` (flag)", "`ttl-min` (flag)", "`base-url` (flag)", "`log` (environment)"] {
            assert!(told.contains(option), "{name}: {option} is not in: {told}");
        }
        assert!(!folder.data.exists(), "{name} made the data folder");
    }
    let ended = finish(command("check", &folder.data, &["--workers", "0"])).expect(78);
    assert!(ended.stderr.contains("there is 1 problem"), "{}", ended.stderr);
}

#[test]
fn a_brand_that_cannot_be_is_refused_by_the_name_of_its_option() {
    let folder = Folder::new();
    let logo = |name: &str, size: usize| {
        let path = folder.beside(name);
        fs::write(&path, vec![b'x'; size]).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let (text, large, fine) =
        (logo("logo.txt", 10), logo("large.png", (256 << 10) + 1), logo("logo.png", 256 << 10));
    let missing = folder.beside("missing.svg").to_str().expect("a path").to_owned();
    let wrong: [(&str, &[&str]); 3] = [
        ("brand-accent", &["red", "#12345", "#12345g", "0b6e5e", "#0b6e5e; --x: y"]),
        ("brand-logo", &[&text, &large, &missing]),
        ("brand-links", &["Imprint", "Bad=javascript:alert(1)", "Bad=//example.com", "=/privacy"]),
    ];
    for (option, values) in wrong {
        for value in values {
            for name in ["check", "serve"] {
                let ended = finish(command(name, &folder.data, &[&format!("--{option}"), value])).expect(78);
                let told = format!("{}{}", ended.stdout, ended.stderr);
                assert!(told.contains(&format!("`{option}`")), "{name} {option} {value}: {told}");
            }
        }
    }
    assert!(!folder.data.exists(), "nothing was made");
    let links = "Imprint=https://example.com,Help=mailto:help@example.com,Privacy=/privacy";
    let right = [
        "--brand-name",
        "Ann & Bob",
        "--brand-accent",
        "#0B6e5e",
        "--brand-logo",
        &fine,
        "--brand-links",
        links,
    ];
    let ended = finish(command("check", &folder.data, &right)).expect(0);
    assert!(ended.stdout.contains("no problems found"), "{}", ended.stdout);
}

#[test]
fn check_changes_no_file_with_or_without_a_server_and_after_a_crash() {
    let folder = Folder::new();
    let mut process = folder.start();
    made(&process.send(&conceal("to be looked at")));
    wait_until(Duration::from_secs(10), "the log is empty", || folder.log_bytes() == 0);
    let untouched = |when: &str, code: i32| {
        let before = folder.files();
        let ended = finish(command("check", &folder.data, &[])).expect(code);
        let after = folder.files();
        assert!(before.keys().eq(after.keys()), "{when}: {:?} {:?}", before.keys(), after.keys());
        // The -shm file only says who is reading, to processes that run.
        let is_same = |name: &String| name.ends_with("-shm") || before[name] == after[name];
        assert!(before.keys().all(is_same), "{when}: a file was changed");
        ended
    };
    assert!(untouched("beside a server", 0).stdout.contains("no problems found"));
    made(&process.send(&conceal("in the log")));
    process.kill();
    assert!(folder.log_bytes() > 0, "the kill came too late to leave a log");
    assert!(untouched("after a crash", 0).stdout.contains("no problems found"));
    assert!(folder.start().terminate().success());
    assert!(untouched("after a stop", 0).stdout.contains("no problems found"));
    for name in ["tellonce.db-wal", "tellonce.db-shm"] {
        let _ = fs::remove_file(folder.file(name));
    }
    assert!(untouched("without a log", 0).stdout.contains("no problems found"));
    fs::rename(folder.key(), folder.beside("kept.key")).expect("moved");
    let ended = untouched("without a key", 78);
    assert!(ended.stdout.contains("problem: ") && ended.stdout.contains("is missing"), "{}", ended.stdout);
}

#[test]
fn check_before_the_first_start_finds_a_key_that_would_be_refused() {
    let folder = Folder::new();
    let nowhere = folder.beside("nowhere.key");
    let ended =
        finish(command("check", &folder.data, &["--key", nowhere.to_str().expect("a path")])).expect(78);
    assert!(ended.stdout.contains("does not exist"), "{}", ended.stdout);
    let mut short = command("check", &folder.data, &[]);
    short.env("TELLONCE_ROOT_KEY", "abcdef0123456789");
    let ended = finish(short).expect(78);
    assert!(ended.stdout.contains("64 random hexadecimal digits"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("abcdef01"), "the key is shown");
}

#[test]
fn sweep_works_beside_a_running_server_and_prints_what_it_erased() {
    let folder = Folder::new();
    let flags = ["--ttl-min", "1s", "--sweep-interval", "1h"];
    let process = Process::start(&folder.data, &flags);
    for number in 0..3 {
        made(&process.send(&conceal_with(&json!({ "secret": format!("short {number}"), "ttl": 1 }))));
    }
    let lasting = made(&process.send(&conceal("lasting")));
    let expired = "SELECT count(*) FROM secrets WHERE expires_at <= unixepoch()";
    wait_until(Duration::from_secs(10), "they expire", || count(&folder.open(), expired) == 3);
    let sweep = || finish(command("sweep", &folder.data, &flags)).expect(0).stdout;
    assert_eq!(sweep().lines().next(), Some("erased 3 expired secrets and deleted 0 expired receipts"));
    let old = "SELECT count(*) FROM receipts WHERE expires_at <= unixepoch()";
    wait_until(Duration::from_secs(10), "their receipts expire", || count(&folder.open(), old) == 3);
    assert_eq!(sweep().lines().next(), Some("erased 0 expired secrets and deleted 3 expired receipts"));
    assert_eq!(sweep().lines().next(), Some("erased 0 expired secrets and deleted 0 expired receipts"));
    assert!(process.send(&reveal(&lasting)).expect(200).contains("lasting"));
    made(&process.send(&conceal("the server still writes")));
}

#[test]
fn check_finds_what_others_may_touch_and_a_clock_that_was_set_back() {
    let folder = Folder::new();
    let mut process = folder.start();
    made(&process.send(&conceal("from tomorrow")));
    assert!(process.terminate().success());
    let set_mode = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let check = |code: i32| finish(command("check", &folder.data, &[])).expect(code).stdout;
    let tried: [(std::path::PathBuf, u32, u32, &str); 3] = [
        (folder.data.clone(), 0o777, 0o700, "mode 777: others may replace its files: `chmod 700`"),
        (folder.database(), 0o644, 0o600, "mode 644: it is open to others: `chmod 600`"),
        (folder.file("tellonce.lock"), 0o660, 0o600, "mode 660: it is open to others"),
    ];
    for (path, wrong, right, told) in tried {
        set_mode(&path, wrong);
        let text = check(78);
        assert!(text.contains(told) && text.contains(path.to_str().expect("a path")), "{text}");
        set_mode(&path, right);
        assert!(check(0).contains("no problems found"));
    }
    let tomorrow =
        "UPDATE receipts SET created_at = created_at + 86400, secret_expires_at = secret_expires_at + 86400,
                    expires_at = expires_at + 86400, due_at = due_at + 86400";
    let database = rusqlite::Connection::open(folder.database()).expect("a database");
    database.execute(tomorrow, []).expect("moved");
    drop(database);
    let text = check(78);
    assert!(text.contains("problem: the clock says 20") && text.contains("set the clock"), "{text}");
}

/// The counts that `stats` prints, by their names in JSON.
#[track_caller]
fn stats(folder: &Folder) -> serde_json::Value {
    let ended = finish(command("stats", &folder.data, &["--json"])).expect(0);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[test]
fn stats_counts_and_names_nobody() {
    let folder = Folder::new();
    let mut process = Process::start(&folder.data, &["--ttl-min", "1s", "--sweep-interval", "1h"]);
    let live: Vec<_> =
        (0..3).map(|number| made(&process.send(&conceal(&format!("live {number}"))))).collect();
    let read = made(&process.send(&conceal("read")));
    process.send(&reveal(&read)).expect(200);
    let burned = made(&process.send(&conceal("burned")));
    process.send(&burn(&burned)).expect(200);
    made(&process.send(&conceal_with(&json!({ "secret": "short", "ttl": 2 }))));
    for arguments in [["account", "add", "ann@example.com"], ["account", "disable", "ann@example.com"]] {
        let mut account = program();
        account.args(arguments).arg("--data").arg(&folder.data);
        let _ = finish(account).expect(0);
    }
    wait_until(Duration::from_secs(10), "one expires", || stats(&folder)["expired_secrets"] == 1);
    let counted = stats(&folder);
    let expected = json!({ "live": 3, "revealed": 1, "burned": 1, "locked": 0, "expired": 1, "lost": 0 });
    assert_eq!(counted["receipts"], expected);
    for (name, count) in [
        ("live_secrets", 3),
        ("accounts", 1),
        ("disabled_accounts", 1),
        ("waiting_mails", 0),
        ("used_slots", 4),
        ("free_slots", 1020),
        ("keys", 1),
        ("anonymous_bytes", 4 * 1024),
    ] {
        assert_eq!(counted[name], count, "{name}");
    }
    let table = finish(command("stats", &folder.data, &[])).expect(0).stdout;
    assert!(table.lines().any(|line| line.starts_with("secrets, live ") && line.ends_with(" 3")), "{table}");
    let told = format!("{table}{counted}");
    for made in &live {
        assert!(!told.contains(&made.secret[..8]) && !told.contains(&made.receipt[..8]), "{told}");
    }
    assert!(!told.contains("ann@"), "{told}");
    assert!(process.terminate().success());
    let before = folder.files();
    assert_eq!(stats(&folder)["live_secrets"], 3);
    assert_eq!(before, folder.files(), "counting changed a file");
}

#[test]
fn help_and_version_are_printed_and_an_unknown_flag_is_a_usage_error() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["check", "--help"], &["sweep", "--help"]] {
        let output = run(arguments);
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        for spec in OPTIONS {
            assert_eq!(
                text.contains(&format!("--{} ", spec.name)),
                !spec.is_secret,
                "{arguments:?}: {}",
                spec.name
            );
        }
    }
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&version.stdout).trim(),
        format!("tellonce {}", env!("CARGO_PKG_VERSION"))
    );
    for arguments in
        [&["--nonsense"][..], &["serve", "--nonsense"], &["nonsense"], &["--workers"], &["--root-key", "x"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_command_without_a_name_serves_and_a_first_start_says_what_it_made_and_what_to_back_up() {
    let folder = Folder::new();
    let start = || Process::try_spawn(program(), &folder.data).expect("a server");
    let mut process = start();
    let made = made(&process.send(&conceal("hello")));
    let log = process.log_text();
    let key = log.lines().find(|line| line.contains("made a new root key")).expect("a line about the key");
    assert!(key.contains("back it up") && key.contains("tellonce.key"), "{key}");
    let database = log.lines().find(|line| line.contains("made a new database")).expect("a line about it");
    assert!(database.contains("tellonce.db"), "{database}");
    assert!(log.contains("ready"));
    assert!(process.terminate().success());
    assert_eq!(process.rest_of_stdout(), "");
    let first = log.len();
    let process = start();
    assert!(process.send(&reveal(&made)).expect(200).contains("hello"));
    assert!(!process.log_text()[first..].contains("made a new"), "a second start makes nothing");
}

#[test]
fn every_file_belongs_to_its_owner_alone_whatever_the_mask() {
    let folder = Folder::new();
    let program = program();
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(program.get_program());
    let process = Process::try_spawn(shell, &folder.data).expect("a server");
    made(&process.send(&conceal("so that there is a log")));
    let mode = |path: &std::path::Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&folder.data), 0o700);
    let names: Vec<String> = folder.files().into_keys().collect();
    let expected = [
        "tellonce.db",
        "tellonce.db-shm",
        "tellonce.db-wal",
        "tellonce.key",
        "tellonce.lock",
        "tellonce.reserve",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert_eq!(mode(&folder.file(&name)), 0o600, "{name}");
    }
}

/// Whether a server takes a secret of this many bytes.
fn takes(process: &Process, bytes: usize) -> bool {
    let reply = process.send(&conceal(&"x".repeat(bytes)));
    assert!(matches!(reply.status, 200 | 422), "{}", reply.text());
    reply.status == 200
}

#[test]
fn options_take_effect_from_file_environment_and_flag_the_later_over_the_former() {
    let folder = Folder::new();
    let file = folder.beside("tellonce.toml");
    fs::write(
        &file,
        "max_secret_size = 10\npassphrase_min_length = 4\nshare_domains = [\"links.example\"]\n",
    )
    .expect("written");
    let start = |variable: Option<&str>, flag: Option<&str>| {
        let mut command = program();
        command.env("TELLONCE_CONFIG", &file);
        command.envs(variable.map(|bytes| ("TELLONCE_MAX_SECRET_SIZE", bytes)));
        command.args(flag.iter().flat_map(|bytes| ["--max-secret-size", bytes]));
        Process::try_spawn(command, &folder.data).expect("a server")
    };
    let process = start(None, None);
    assert!(takes(&process, 10) && !takes(&process, 11));
    let with_passphrase = |passphrase: &str| {
        process.send(&conceal_with(&json!({ "secret": "x", "passphrase": passphrase }))).status
    };
    assert_eq!((with_passphrase("abc"), with_passphrase("abcd")), (422, 200));
    let with_domain =
        |domain: &str| process.send(&conceal_with(&json!({ "secret": "x", "share_domain": domain }))).status;
    assert_eq!((with_domain("links.example"), with_domain("other.example")), (200, 422));
    drop(process);
    let process = start(Some("20"), None);
    assert!(takes(&process, 20) && !takes(&process, 21));
    drop(process);
    let process = start(Some("20"), Some("30"));
    assert!(takes(&process, 30) && !takes(&process, 31));
}

#[test]
fn the_lifetimes_of_secrets_keep_to_the_options() {
    let folder = Folder::new();
    let process =
        Process::start(&folder.data, &["--ttl-default", "2h", "--ttl-min", "1h", "--ttl-max", "3h"]);
    for (wish, granted) in
        [(json!(null), "7200"), (json!(60), "3600"), (json!(999_999), "10800"), (json!(4000), "4000")]
    {
        let reply = process.send(&conceal_with(&json!({ "secret": "x", "ttl": wish }))).ok();
        assert_eq!(reply["record"]["secret"]["secret_ttl"], granted, "{wish}");
    }
}

#[test]
fn a_log_line_in_json_is_json() {
    let folder = Folder::new();
    let process = Process::start(&folder.data, &["--log", "debug", "--log-format", "json"]);
    process.send(&conceal("logged without its content")).expect(200);
    let log = process.log_text();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let request = lines.iter().find(|line| line["message"] == "request").expect("a line about the request");
    assert_eq!(request["route"], "/api/v2/secret/conceal");
    assert!(!log.contains("logged without"));
}

#[test]
fn an_address_that_is_taken_is_refused_with_its_option() {
    let folder = Folder::new();
    let process = folder.start();
    let other = Folder::new();
    let mut start = program();
    start.args(["--listen", &process.address.to_string(), "--data"]).arg(&other.data);
    finish(start).refuses(78, &["cannot listen on", "`listen`"]);
}

#[test]
fn the_table_in_the_readme_is_the_table_of_options() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("a README");
    let between =
        readme.split_once("<!-- options -->").and_then(|(_, rest)| rest.split_once("<!-- /options -->"));
    let (table, _) = between.expect("a table between <!-- options --> and <!-- /options -->");
    assert_eq!(table.trim(), markdown_table().trim());
}
