//! The program itself, with a mail server named by flags.

use crate::kit::{FRIEND, OBSCURED};
use crate::support::Request;
use crate::support::http::Login;
use crate::support::process::{Process, program};
use crate::support::server::Made;
use crate::support::smtp::{FROM, Manner, Sink, eventually};
use serde_json::json;
use std::path::Path;
use tellonce::mailer::MailTls;
use tempfile::TempDir;

/// Runs an account command, with standard output.
#[track_caller]
fn account(data: &Path, words: &[&str]) -> String {
    let ended =
        program().arg("account").args(words).arg("--data").arg(data).output().expect("the program runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).expect("a text").trim().to_owned()
}

#[track_caller]
fn add_owner(data: &Path) -> Login {
    Login { user: "owner@office.example".into(), token: account(data, &["add", "owner@office.example"]) }
}

fn conceal(owner: &Login) -> Request {
    let body = json!({ "secret": { "secret": "hello", "recipient": FRIEND } });
    Request::post("/api/v2/secret/conceal").json(&body).login(owner)
}

fn state(process: &Process, made: &Made) -> String {
    let receipt = process.send(&Request::get(&format!("/api/v2/receipt/{}", made.receipt))).ok();
    receipt["record"]["state"].as_str().expect("a state").to_owned()
}

#[test]
fn the_program_mails_a_link_and_tells_the_owner_who_asked_for_it() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let sink = Sink::start(Manner::Accepts);
    let server = sink.address.to_string();
    let flags =
        ["--smtp-host", &server, "--smtp-tls", "off", "--mail-from", "Secrets <no-reply@secrets.example>"];
    let process = Process::start(&data, &[&flags[..], &["--limits", "on"]].concat());
    let owner = add_owner(&data);
    account(&data, &["notify", "owner@office.example", "on"]);
    let reply = process.send(&conceal(&owner)).expect(200);
    assert!(reply.contains(OBSCURED) && !reply.contains(FRIEND));
    let made = Made::of(&reply.json());
    let mail = sink.mails(1).remove(0);
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), (FROM, &[FRIEND.to_owned()][..]));
    assert_eq!(mail.header("From"), "Secrets <no-reply@secrets.example>");
    assert!(mail.parts().0.contains(&format!("http://{}/secret/{}", process.address, made.secret)));
    eventually("the receipt says so", || state(&process, &made) == "shared");
    process
        .send(
            &Request::post(&format!("/api/v2/secret/{}/reveal", made.secret))
                .json(&json!({"continue": true})),
        )
        .ok();
    let notice = sink.mails(2).remove(1);
    assert_eq!(notice.to, ["owner@office.example"]);
    assert!(notice.parts().0.contains("was read on"));
    // By default an account has ten an hour.
    for _ in 1..10 {
        process.send(&conceal(&owner)).expect(200);
    }
    assert!(process.send(&conceal(&owner)).expect(429).header("retry-after").is_some());
    sink.mails(11);
    let log = process.log_text();
    for hidden in [FRIEND, "friend", "owner@", &made.secret, &made.receipt, "hello"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[test]
fn mail_that_waits_survives_a_kill_and_is_then_sent_once() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let dead = Sink::start(Manner::Holds);
    let server = dead.address.to_string();
    let mut process =
        Process::start(&data, &["--smtp-host", &server, "--smtp-tls", "off", "--mail-from", FROM]);
    let owner = add_owner(&data);
    let made = Made::of(&process.send(&conceal(&owner)).ok());
    dead.connections(1);
    process.kill();
    // Without a mail server it goes on waiting,
    let mut process = Process::start(&data, &[]);
    assert_eq!(process.send(&conceal(&owner)).expect(422).json()["field"], "recipient");
    assert_eq!(state(&process, &made), "new");
    assert!(process.terminate().success());
    // and with another one it is sent, here under TLS.
    let sink = Sink::start_with(MailTls::StartTls, Manner::Accepts);
    let (server, ca) = (format!("localhost:{}", sink.address.port()), sink.ca_file(folder.path()));
    let ca = ca.to_str().expect("a path");
    let flags = ["--smtp-host", &server, "--smtp-ca-file", ca, "--mail-from", FROM];
    let process = Process::start(&data, &flags);
    let mail = sink.mails(1).remove(0);
    assert!(mail.is_under_tls);
    assert_eq!(mail.to, [FRIEND]);
    assert!(mail.parts().0.contains(&made.secret));
    eventually("the receipt says so", || state(&process, &made) == "shared");
    assert_eq!((sink.mails(1).len(), dead.mails(0).len()), (1, 0));
}

#[test]
fn trouble_with_the_mail_server_is_logged_without_the_address() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let sink = Sink::start(Manner::Answers("RCPT", "550 <friend@example.com> does not live here"));
    let server = sink.address.to_string();
    let flags = ["--smtp-host", &server, "--smtp-tls", "off", "--mail-from", FROM, "--log", "trace"];
    let process = Process::start(&data, &flags);
    let owner = add_owner(&data);
    let made = Made::of(&process.send(&conceal(&owner)).ok());
    let page = Request::get(&format!("/receipt/{}", made.receipt));
    eventually("the receipt says so", || process.send(&page).contains("Could not be sent"));
    let log = process.log_text();
    assert!(log.contains("550"), "{log}");
    assert!(!log.contains("friend") && !log.contains("example.com"), "{log}");
}

/// `tellonce check --send-test` with this mail server: exit code, standard output and standard error.
fn send_test(flags: &[&str]) -> (Option<i32>, String) {
    let folder = TempDir::new().expect("a folder");
    let mut check = program();
    check.args(["check", "--send-test", FRIEND]).args(flags).arg("--data").arg(folder.path().join("data"));
    let ended = check.output().expect("the program runs");
    let told = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8(told).expect("text"))
}

#[test]
fn check_sends_one_test_mail_and_tells_what_became_of_it_without_the_address() {
    let sink = Sink::start(Manner::Accepts);
    let server = sink.address.to_string();
    let flags = ["--smtp-host", &server, "--smtp-tls", "off", "--mail-from", "no-reply@secrets.example"];
    let (code, told) = send_test(&flags);
    assert!(code == Some(0) && told.contains("the mail server took the test mail"), "{told}");
    let mails = sink.mails(1);
    assert_eq!((mails.len(), mails[0].to.as_slice()), (1, &[FRIEND.to_owned()][..]));
    assert!(mails[0].parts().0.contains("arrives here"));

    sink.change(Manner::Answers("RCPT", "550 5.1.1 no such friend@example.com here"));
    let (code, refused) = send_test(&flags);
    assert!(code == Some(78) && refused.contains("did not take it (status 550)"), "{refused}");
    drop(sink);
    let (code, gone) = send_test(&flags);
    assert!(code == Some(78) && gone.contains("problem: the test mail was not sent"), "{gone}");
    let (code, unnamed) = send_test(&[]);
    assert!(code == Some(78) && unnamed.contains("`smtp-host`"), "{unnamed}");
    for told in [told, refused, gone] {
        assert!(!told.contains("friend"), "{told}");
    }
}
