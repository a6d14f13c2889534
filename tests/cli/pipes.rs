//! Bytes go in and come out as they are.

use crate::desk::{Desk, finish};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Text of this many bytes, with characters of every length and some that JSON escapes.
fn text(bytes: usize) -> String {
    let mut text = "aé€😀\"\\\n\r\t\u{0}\u{1b}".repeat(bytes / 10);
    let end = (0..=bytes).rev().find(|end| text.is_char_boundary(*end)).expect("the beginning is one");
    text.truncate(end);
    let rest = bytes - text.len();
    text + &"x".repeat(rest)
}

#[test]
fn a_mebibyte_of_text_comes_back_byte_for_byte_with_and_without_a_last_newline() {
    let desk = Desk::new();
    let largest = text(1 << 20);
    let with_newline = text((1 << 20) - 1) + "\n";
    for text in
        [largest.as_str(), &with_newline, "x", "\n", "\r\n", " hello ", "no newline", "newline\n", "two\n\n"]
    {
        let link = desk.run(&["share"], text.as_bytes()).done();
        let read = desk.run(&["get", link.trim_end()], b"");
        assert!(read.code == 0 && read.out == text.as_bytes(), "{} bytes", text.len());
        fs::write(desk.path("in"), text).expect("a file");
        let link = desk.run(&["share", "in"], b"").done();
        desk.run(&["get", link.trim_end(), "-o", "out"], b"").done();
        assert!(fs::read(desk.path("out")).expect("a file") == text.as_bytes(), "{} bytes", text.len());
        fs::remove_file(desk.path("out")).expect("a file");
    }
}

#[test]
fn any_bytes_travel_in_base64() {
    let desk = Desk::new();
    let all: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    for bytes in [&all[..], &[0xff], &[0, 0, 10], b"text"] {
        let link = desk.run(&["share", "--base64"], bytes).done();
        let read = desk.run(&["get", "--base64", link.trim_end()], b"");
        assert!(read.code == 0 && read.out == bytes, "{} bytes", bytes.len());
    }
    // Others see base64 as `base64` writes it.
    let link = desk.run(&["share", "--base64"], b"\xff\xfe").done();
    assert_eq!(desk.run(&["get", link.trim_end()], b"").done(), "//4=");
    let link = desk.run(&["share"], b"//4=\n").done();
    assert_eq!(desk.run(&["get", "--base64", link.trim_end()], b"").out, b"\xff\xfe");
}

#[test]
fn what_is_longer_than_any_server_takes_is_not_even_sent() {
    let desk = Desk::new();
    let ran = desk.run(&["share"], &vec![b'x'; (16 << 20) + 1]);
    assert_eq!(ran.code, 65);
    assert_eq!(ran.err, "tellonce: the input is longer than the 16 MiB that any server takes\n");
}

#[test]
fn the_link_alone_goes_down_the_pipe() {
    let desk = Desk::new();
    let script = "printf secret | \"$0\" share --qr --verbose | \"$0\" get -";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_tellonce")]).env_clear();
    shell.env("PATH", "/usr/bin:/bin").env("TELLONCE_SERVER", desk.url()).env("HOME", desk.path(""));
    let ran = finish(shell, b"");
    assert_eq!((ran.code, ran.text()), (0, "secret"));
    assert!(ran.err.contains('█') && ran.err.contains("/api/v2/guest/secret/conceal"), "{}", ran.err);
}

#[test]
fn a_secret_in_a_file_is_for_its_owners_eyes_only() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    desk.run(&["get", &desk.link(&made), "-o", "out"], b"").done();
    let mode = fs::metadata(desk.path("out")).expect("a file").permissions().mode();
    assert_eq!((mode & 0o777, fs::read(desk.path("out")).expect("a file")), (0o600, b"hello".to_vec()));
}

#[test]
fn a_secret_that_has_nowhere_to_go_stays_where_it_is() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    let link = desk.link(&made);
    fs::write(desk.path("taken"), "mine").expect("a file");
    std::os::unix::fs::symlink("elsewhere", desk.path("dangling")).expect("a link");
    for output in ["taken", "dangling", "nowhere/out", "data", "/proc/out"] {
        let ran = desk.run(&["get", &link, "-o", output], b"");
        assert_eq!((ran.code, ran.text()), (73, ""), "{output}");
        assert!(ran.err.ends_with("; the secret was not read\n"), "{}", ran.err);
    }
    assert_eq!(fs::read(desk.path("taken")).expect("a file"), b"mine");
    assert!(!desk.path("elsewhere").exists());
    assert_eq!(desk.run(&["get", &link], b"").done(), "hello");
}

#[test]
fn a_disk_without_room_does_not_lose_the_secret() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    // A file that may not grow to a mebibyte is what a full disk looks like from inside.
    let mut shell = Command::new("sh");
    shell.args([
        "-c",
        "trap '' XFSZ; ulimit -f 100; exec \"$0\" get \"$1\" -o out",
        env!("CARGO_BIN_EXE_tellonce"),
    ]);
    shell.arg(desk.link(&made)).current_dir(desk.path("")).env_clear().env("PATH", "/usr/bin:/bin");
    let ran = finish(shell, b"");
    assert_eq!((ran.code, ran.text()), (73, ""), "{}", ran.err);
    assert!(ran.err.ends_with("the secret was not read\n") && !desk.path("out").exists(), "{}", ran.err);
    assert_eq!(desk.record(&made)["state"], "new");
}

#[test]
fn a_broken_pipe_is_told() {
    let desk = Desk::new();
    let made = desk.conceal(json!({ "secret": "hello" }));
    let mut command = desk.command();
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    command.args(["get", &desk.link(&made)]).stdout(full).stderr(Stdio::piped()).stdin(Stdio::null());
    let output = command.spawn().expect("it runs").wait_with_output().expect("the end");
    assert_eq!(output.status.code(), Some(74));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.starts_with("tellonce: the secret was read, but cannot be written: "), "{err}");
}

#[test]
fn a_shells_pipe_names_are_files_too() {
    let desk = Desk::new();
    let script = "\"$0\" share --passphrase-file <(echo right) <(printf hello)";
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_tellonce")]).env_clear().env("PATH", "/usr/bin:/bin");
    shell.env("TELLONCE_SERVER", desk.url()).env("HOME", desk.path(""));
    let link = finish(shell, b"").done();
    assert_eq!(desk.run(&["get", link.trim_end(), "--passphrase-fd", "0"], b"right\r\n").done(), "hello");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_mistake() {
    let desk = Desk::new();
    let mut shell = Command::new("bash");
    let script = "\"$0\" completions bash | true; echo ${PIPESTATUS[0]}";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_tellonce")]).env_clear().env("PATH", "/usr/bin:/bin");
    shell.current_dir(desk.path(""));
    assert_eq!(finish(shell, b"").done(), "0\n");
}
