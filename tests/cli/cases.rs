//! Each command as a table: arguments, input, exit code, standard output, standard error.

use crate::desk::{Desk, finish, masked};
use crate::support::Request;
use crate::support::server::Made;
use serde_json::json;
use std::cell::OnceCell;

/// What is put in, and what comes out. In arguments, words in capitals stand for what is at hand: `LINK`
/// and `RECEIPT` for those of a fresh secret `hello`, with `LOCKED` before them for one under the
/// passphrase `right`, `SECRET-ID` and `RECEIPT-ID` for their identifiers, `GONE` and `GONE-RECEIPT` for a
/// secret that was read, `HERE` for the server, `FILE` for one that holds `right` and a newline.
type Case = (&'static [&'static str], &'static [u8], i32, &'static str, &'static str);

const LINK: &str = "SERVER/secret/ID\n";
const GONE: &str =
    "tellonce: unknown secret: it was read, burned, has expired, or the link is not complete\n";
const WRONG: &str = "tellonce: the passphrase is not right; the secret is still there\n";
const NO_TERMINAL: &str = "tellonce: there is no terminal to ask on: give the passphrase by \
                           --passphrase-file or --passphrase-fd\n";

/// Secrets of one case, made when they are first named.
#[derive(Default)]
struct Fresh {
    made: OnceCell<Made>,
    locked: OnceCell<Made>,
    gone: OnceCell<Made>,
}

impl Fresh {
    fn made(&self, desk: &Desk) -> &Made {
        self.made.get_or_init(|| desk.conceal(json!({ "secret": "hello" })))
    }

    fn locked(&self, desk: &Desk) -> &Made {
        self.locked.get_or_init(|| desk.conceal(json!({ "secret": "hello", "passphrase": "right" })))
    }

    fn gone(&self, desk: &Desk) -> &Made {
        self.gone.get_or_init(|| {
            let made = desk.conceal(json!({ "secret": "hello" }));
            desk.server.send(&Request::post(&format!("/api/v1/secret/{}", made.secret))).expect(200);
            made
        })
    }
}

#[track_caller]
fn hold(desk: &Desk, cases: &[Case]) {
    std::fs::write(desk.path("right"), "right\n").expect("a file");
    std::fs::write(desk.path("wrong"), "wrong").expect("a file");
    std::fs::write(desk.path("text"), "from a file\n").expect("a file");
    std::fs::write(desk.path("empty"), "").expect("a file");
    let url = desk.url();
    let mut complaints = String::new();
    for (arguments, input, code, out, err) in cases {
        let fresh = Fresh::default();
        let stand_in = |argument: &&str| match *argument {
            "LINK" => desk.link(fresh.made(desk)),
            "RECEIPT" => desk.receipt(fresh.made(desk)),
            "SECRET-ID" => fresh.made(desk).secret.clone(),
            "RECEIPT-ID" => fresh.made(desk).receipt.clone(),
            "LOCKED-LINK" => desk.link(fresh.locked(desk)),
            "LOCKED-RECEIPT" => desk.receipt(fresh.locked(desk)),
            "GONE" => desk.link(fresh.gone(desk)),
            "GONE-RECEIPT" => desk.receipt(fresh.gone(desk)),
            "HERE" => url.clone(),
            other => other.to_owned(),
        };
        let owned: Vec<String> = arguments.iter().map(stand_in).collect();
        let ran = desk.run(&owned.iter().map(String::as_str).collect::<Vec<_>>(), input);
        let found = (ran.code, masked(ran.text(), &url), masked(&ran.err, &url));
        if found != (*code, (*out).to_owned(), (*err).to_owned()) {
            complaints += &format!("{arguments:?}: {found:?}\n  instead of {:?}\n", (code, out, err));
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn share() {
    hold(
        &Desk::new(),
        &[
            (&["share"], b"hello", 0, LINK, ""),
            (&["share", "-"], b"hello", 0, LINK, ""),
            (&["share", "text"], b"", 0, LINK, ""),
            (&["share", "--ttl", "30m"], b"hello", 0, LINK, ""),
            (
                &["share", "--ttl", "9d"],
                b"hello",
                0,
                LINK,
                "warning: the server grants 7 days instead of 9 days\n",
            ),
            (&["share", "--receipt"], b"hello", 0, "SERVER/secret/ID\nSERVER/receipt/ID\n", ""),
            (&["share", "--passphrase-file", "right"], b"hello", 0, LINK, ""),
            (&["share", "--passphrase-fd", "0", "text"], b"right\n", 0, LINK, ""),
            (
                &["share", "--passphrase=right"],
                b"hello",
                0,
                LINK,
                "warning: a passphrase among the arguments is there for every user of this machine to see, and \
                 in the shell's history: use --passphrase alone, --passphrase-file or --passphrase-fd\n",
            ),
            (&["share", "--base64"], b"\xff\x00", 0, LINK, ""),
            (&["share", "--server", "HERE"], b"hello", 0, LINK, ""),
        ],
    );
}

#[test]
fn share_what_cannot_be_shared() {
    hold(
        &Desk::new(),
        &[
            (&["share"], b"", 65, "", "tellonce: there is nothing to share: the input is empty\n"),
            (
                &["share", "empty", "--base64"],
                b"",
                65,
                "",
                "tellonce: there is nothing to share: the input is empty\n",
            ),
            (
                &["share"],
                b"\xff\x00",
                65,
                "",
                "tellonce: the input is not UTF-8 text: share it with --base64, and let the recipient use \
                 `tellonce get --base64`\n",
            ),
            (
                &["share", "--passphrase-file", "empty"],
                b"hello",
                65,
                "",
                "tellonce: a passphrase has 1 to 1024 bytes\n",
            ),
            (&["share", "--passphrase"], b"hello", 64, "", NO_TERMINAL),
            (
                &["share", "nowhere"],
                b"",
                64,
                "",
                "tellonce: there is no such file; a secret comes from a pipe, a file or a prompt, never as an \
                 argument\n",
            ),
            (
                &["share", "--passphrase-file", "nowhere"],
                b"hello",
                64,
                "",
                "tellonce: cannot read nowhere: No such file or directory (os error 2)\n",
            ),
            (
                &["share", "--memo", "note"],
                b"hello",
                77,
                "",
                "tellonce: --memo takes an account: see `tellonce login`\n",
            ),
            (
                &["share", "--recipient", "ann@example.com"],
                b"hello",
                77,
                "",
                "tellonce: --recipient takes an account: see `tellonce login`\n",
            ),
            (
                &["share", "--ttl", "soon"],
                b"hello",
                64,
                "",
                "error: invalid value 'soon' for '--ttl <TIME>': must be a time like 30s, 10m, 4h or 7d, from 1 \
                 to 315360000 seconds\n\nFor more information, try '--help'.\n",
            ),
            (
                &["share", "--server", "secrets.example"],
                b"hello",
                64,
                "",
                "tellonce: the server must be http:// or https:// and a host, without a path\n",
            ),
            (
                &["share", "--server", "http://127.0.0.1:1"],
                b"hello",
                69,
                "",
                "tellonce: http://127.0.0.1:1 cannot be reached: nothing listens there\n",
            ),
        ],
    );
}

#[test]
fn share_where_the_server_has_rules_of_its_own() {
    hold(
        &Desk::with(&["--passphrase-min-length", "8", "--max-secret-size", "20"]),
        &[
            (
                &["share", "--passphrase-file", "right"],
                b"hello",
                65,
                "",
                "tellonce: the server refuses (422): The passphrase must have at least 8 characters\n",
            ),
            (
                &["share"],
                b"twenty-one characters",
                65,
                "",
                "tellonce: the server refuses (422): The secret is longer than 20 bytes\n",
            ),
        ],
    );
    let rates = ["--limits", "on", "--limit-create", "3/1h"];
    let desk = Desk::with(&rates);
    for _ in 0..3 {
        desk.run(&["share"], b"hello").done();
    }
    let refused = desk.run(&["share"], b"hello");
    assert_eq!((refused.code, refused.text()), (75, ""));
    let begins = "tellonce: the server refuses (429): Too many attempts. Try again later; try again in ";
    assert!(refused.err.starts_with(begins) && refused.err.ends_with(" seconds\n"), "{}", refused.err);
}

#[test]
fn generate() {
    let desk = Desk::new();
    let value = |arguments: &[&str]| {
        let out = desk.run(&[&["generate"], arguments].concat(), b"").done();
        let (value, rest) = out.split_once('\n').expect("a line");
        assert_eq!(masked(rest, &desk.url()), LINK);
        assert_eq!(desk.run(&["get", rest.trim()], b"").done(), value);
        value.to_owned()
    };
    assert_eq!(value(&[]).len(), 12);
    assert_eq!(value(&["--length", "40"]).len(), 40);
    assert!(value(&["--length", "40", "--sets", "numbers"]).bytes().all(|byte| byte.is_ascii_digit()));
    let letters = value(&["--length", "128", "--sets", "uppercase,lowercase,ambiguous"]);
    assert!(letters.bytes().all(|byte| byte.is_ascii_alphabetic()), "{letters}");
    let words = value(&["--words", "6", "--ttl", "1h"]);
    assert!(
        words.split('-').count() >= 6 && words.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    );
    assert_ne!(value(&["--words", "6"]), words);
    hold(
        &desk,
        &[
            (
                &["generate", "--length", "3"],
                b"",
                64,
                "",
                "error: invalid value '3' for '--length <CHARACTERS>': 3 is not in 4..=128\n\nFor more \
                 information, try '--help'.\n",
            ),
            (
                &["generate", "--words", "3"],
                b"",
                64,
                "",
                "error: invalid value '3' for '--words <COUNT>': 3 is not in 4..=64\n\nFor more information, \
                 try '--help'.\n",
            ),
            (
                &["generate", "--sets", "ambiguous"],
                b"",
                65,
                "",
                "tellonce: the server refuses (422): Choose at least one set of characters\n",
            ),
        ],
    );
    assert_eq!(desk.run(&["generate", "--words", "6", "--length", "12"], b"").code, 64);
    assert_eq!(desk.run(&["generate", "--sets", "greek"], b"").code, 64);
}

#[test]
fn get() {
    hold(
        &Desk::new(),
        &[
            (&["get", "LINK"], b"", 0, "hello", ""),
            (&["get", "SECRET-ID"], b"", 0, "hello", ""),
            (&["get", "SECRET-ID", "--server", "HERE"], b"", 0, "hello", ""),
            (&["get", "LINK", "--yes"], b"", 0, "hello", ""),
            (&["get", "LOCKED-LINK", "--passphrase-file", "right"], b"", 0, "hello", ""),
            (&["get", "LOCKED-LINK", "--passphrase-fd", "0"], b"right", 0, "hello", ""),
            (&["get", "LINK", "--passphrase-file", "right"], b"", 0, "hello", ""),
            (&["get", "LOCKED-LINK", "--passphrase-file", "wrong"], b"", 1, "", WRONG),
            (&["get", "LOCKED-LINK"], b"", 64, "", NO_TERMINAL),
            (&["get", "GONE"], b"", 1, "", GONE),
            (&["get", "RECEIPT-ID"], b"", 1, "", GONE),
            (
                &["get", "LINK", "--base64"],
                b"",
                65,
                "hello",
                "tellonce: the secret is not in base64: it was written as it is\n",
            ),
            (
                &["get", "RECEIPT"],
                b"",
                64,
                "",
                "tellonce: this is the link of a receipt: `tellonce status` and `tellonce burn` take it\n",
            ),
            (
                &["get", "http://nonsense"],
                b"",
                64,
                "",
                "tellonce: this is neither a link like https://HOST/secret/ID nor an identifier\n",
            ),
            (
                &["get", "-"],
                b"",
                64,
                "",
                "tellonce: this is neither a link like https://HOST/secret/ID nor an identifier\n",
            ),
            (
                &["get", "LINK", "-o", "text"],
                b"",
                73,
                "",
                "tellonce: cannot make text: it is there already, and is not overwritten; the secret was not read\n",
            ),
            (
                &["get", "LINK", "-o", "nowhere/secret"],
                b"",
                73,
                "",
                "tellonce: cannot make nowhere/secret: No such file or directory (os error 2); the secret was \
                 not read\n",
            ),
            (&["get", "LOCKED-LINK", "-o", "unmade", "--passphrase-file", "wrong"], b"", 1, "", WRONG),
            (&["get", "GONE", "-o", "unmade"], b"", 1, "", GONE),
            (&["get", "LINK", "-o", "unmade"], b"", 0, "", ""),
        ],
    );
}

#[test]
fn status() {
    hold(
        &Desk::new(),
        &[
            (&["status", "LINK"], b"", 0, "state: new\nexpires: TIME\npassphrase: no\n", ""),
            (&["status", "SECRET-ID"], b"", 0, "state: new\nexpires: TIME\npassphrase: no\n", ""),
            (&["status", "LOCKED-LINK"], b"", 0, "state: new\nexpires: TIME\npassphrase: yes\n", ""),
            (
                &["status", "RECEIPT"],
                b"",
                0,
                "state: new\ncreated: TIME\nexpires: TIME\nleft: about 7 days\npassphrase: no\nlooks: 0\nwrong \
                 passphrases: 0\n",
                "",
            ),
            (
                &["status", "RECEIPT-ID"],
                b"",
                0,
                "state: new\ncreated: TIME\nexpires: TIME\nleft: about 7 days\npassphrase: no\nlooks: 0\nwrong \
                 passphrases: 0\n",
                "",
            ),
            (
                &["status", "GONE-RECEIPT"],
                b"",
                0,
                "state: revealed\ncreated: TIME\nexpires: TIME\npassphrase: no\nlooks: 0\nwrong passphrases: \
                 0\nread: TIME\n",
                "",
            ),
            (&["status", "GONE"], b"", 1, "", GONE),
            (&["status", "nothing"], b"", 1, "", GONE),
            (
                &["status", "a/b"],
                b"",
                64,
                "",
                "tellonce: this is neither a link like https://HOST/secret/ID nor an identifier\n",
            ),
        ],
    );
}

#[test]
fn burn() {
    let desk = Desk::new();
    hold(
        &desk,
        &[
            (&["burn", "RECEIPT"], b"", 0, "", ""),
            (&["burn", "RECEIPT-ID", "--yes"], b"", 0, "", ""),
            (&["burn", "LOCKED-RECEIPT", "--passphrase-file", "right"], b"", 0, "", ""),
            (&["burn", "LOCKED-RECEIPT", "--passphrase-file", "wrong"], b"", 1, "", WRONG),
            (&["burn", "LOCKED-RECEIPT"], b"", 64, "", NO_TERMINAL),
            (&["burn", "GONE-RECEIPT"], b"", 1, "", GONE),
            (&["burn", "SECRET-ID"], b"", 1, "", GONE),
            (
                &["burn", "LINK"],
                b"",
                64,
                "",
                "tellonce: this is the recipient's link: burning takes the receipt's\n",
            ),
        ],
    );
    let made = desk.conceal(json!({ "secret": "hello" }));
    desk.run(&["burn", "-"], format!("{}\n", desk.receipt(&made)).as_bytes()).done();
    assert_eq!(desk.record(&made)["state"], "burned");
    assert_eq!(desk.run(&["burn", &desk.receipt(&made)], b"").code, 1);
}

#[test]
fn other_commands_without_an_account() {
    hold(
        &Desk::new(),
        &[
            (&["recent"], b"", 77, "", "tellonce: only an account has a list: see `tellonce login`\n"),
            (&["logout"], b"", 0, "", "warning: there was no account to forget\n"),
            (&["login", "frank"], b"", 64, "", "tellonce: this is not an e-mail address\n"),
            (
                &["login", "frank@example.com"],
                b"hunter2\n",
                65,
                "",
                "tellonce: this is not an API token: it has at least 40 hexadecimal digits\n",
            ),
            (
                &["login", "frank@example.com"],
                b"0123456789012345678901234567890123456789\n",
                77,
                "",
                "tellonce: the server does not know these credentials, or wants some: see `tellonce login`\n",
            ),
        ],
    );
}

#[test]
fn where_no_server_is_named_it_is_asked_for() {
    let desk = Desk::new();
    for arguments in [&["share"][..], &["get", "abc"], &["recent"], &["generate"]] {
        let mut command = desk.bare_command();
        command.args(arguments);
        let ran = finish(command, b"hello");
        assert_eq!(ran.code, 64, "{arguments:?}");
        assert!(
            ran.err.starts_with("tellonce: which server? Name it with --server, in TELLONCE_SERVER"),
            "{ran:?}"
        );
    }
    // A link names its own.
    let made = desk.conceal(json!({ "secret": "hello" }));
    let mut command = desk.bare_command();
    command.args(["get", &desk.link(&made)]);
    assert_eq!(finish(command, b"").done(), "hello");
}

#[test]
fn programs_get_json() {
    let desk = Desk::new();
    let object = |arguments: &[&str], input: &[u8]| -> serde_json::Value {
        serde_json::from_str(&desk.run(arguments, input).done()).expect("JSON")
    };
    std::fs::write(desk.path("right"), "right").expect("a file");
    let made = object(&["share", "--json", "--ttl", "1h", "--passphrase-file", "right"], b"hello");
    assert_eq!((&made["ttl"], &made["has_passphrase"]), (&json!(3600), &json!(true)));
    let link = made["link"].as_str().expect("a link");
    let state = object(&["status", "--json", link], b"");
    assert_eq!(state, json!({ "state": "new", "expires": made["expires"], "passphrase": true }));
    assert_eq!(desk.run(&["get", link, "--passphrase-file", "right"], b"").done(), "hello");
    let state = object(&["status", "--json", made["receipt"].as_str().expect("a link")], b"");
    assert_eq!((&state["state"], &state["looks"]), (&json!("revealed"), &json!(2)));
    assert!(state["read"].is_i64() && state["burned"].is_null() && state["wrong_passphrases"] == 0);
    let made = object(&["generate", "--json"], b"");
    let value = desk.run(&["get", made["link"].as_str().expect("a link")], b"").done();
    assert_eq!(made["value"], json!(value));
}
