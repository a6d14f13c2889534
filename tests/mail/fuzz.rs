//! Addresses and names that somebody made up: a mail goes to the address that was asked for, has the
//! headers that it should have, and none besides.

use crate::kit::Post;
use crate::support::server::policy;
use crate::support::size;
use crate::support::smtp::{FROM, Mail, Manner, Sink};
use serde_json::json;
use tellonce::app::Policy;
use tellonce::mail::Message;
use tellonce::mailer::{Mailer, Sender};
use tellonce::secret::EmailAddress;

const HEADERS: [&str; 6] = ["From", "To", "Subject", "MIME-Version", "Date", "Content-Type"];
/// What people and attackers put into addresses and names.
const PIECES: [&str; 40] = [
    "a",
    "friend",
    "o'neil",
    "x+tag",
    ".",
    "..",
    "@",
    "@@",
    "example.com",
    "b.co",
    "-",
    "_",
    "!#$%&'*",
    "{|}~",
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\t",
    " ",
    ",",
    ";",
    ":",
    "<",
    ">",
    "\"",
    "\\",
    "(",
    ")",
    "[127.0.0.1]",
    "\r\nBcc: evil@example.org",
    "\r\n.\r\nMAIL FROM:<evil@example.org>",
    "=?utf-8?q?a?=",
    "é",
    "日本語",
    "\u{202e}",
    "\u{2028}",
    "\u{85}",
    "🦀",
    "%0d%0aBcc:",
];

/// Random pieces put together, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn text(&mut self) -> String {
        (0..=self.roll(5)).map(|_| PIECES[self.roll(PIECES.len())]).collect()
    }

    /// Of the form of an address, half of the time with something odd in it.
    fn address(&mut self) -> String {
        let odd = if self.roll(2) == 0 { self.text() } else { String::new() };
        let local: String =
            (0..=self.roll(12)).map(|_| char::from(b"abcXYZ019!#$%&'*+-/=?^_`{|}~"[self.roll(28)])).collect();
        format!("{local}{odd}@{}.example", ["a", "b-c", "x1.y2"][self.roll(3)])
    }
}

#[track_caller]
fn is_clean(mail: &Mail, recipient: &str) {
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), (FROM, &[recipient.to_owned()][..]));
    let headers = mail.headers();
    for (name, value) in &headers {
        assert!(HEADERS.contains(&name.as_str()), "{headers:?}");
        assert!(value.chars().all(|character| !character.is_control()), "{headers:?}");
        assert!(value.is_ascii(), "{headers:?}");
    }
    for name in HEADERS {
        mail.header(name);
    }
    assert_eq!(mail.header("To"), recipient);
    mail.parts();
}

#[test]
fn ten_thousand_made_up_recipients_are_refused_or_are_one_address() {
    let mut dice = Dice(1);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..10_000 {
        let text = if dice.roll(3) == 0 { dice.text() } else { dice.address() };
        match EmailAddress::parse(&text) {
            None => bad += 1,
            Some(address) => {
                good += 1;
                assert_eq!(address.as_str(), text);
                assert!(text.is_ascii() && text.matches('@').count() == 1, "{text:?}");
                let forbidden = |byte: u8| byte <= b' ' || b"\"(),:;<>[]\\\x7f".contains(&byte);
                assert!(!text.bytes().any(forbidden), "{text:?}");
                assert!(address.obscured().len() < 40 && !address.obscured().contains(&text));
            }
        }
    }
    assert!(good > 1_000 && bad > 1_000, "{good} good, {bad} bad");
}

#[test]
fn made_up_recipients_get_what_was_asked_for_or_nothing() {
    let post = Post::start_under(Policy { max_recipients: 1, ..policy() }, Manner::Accepts);
    let mut dice = Dice(2);
    let mut asked = Vec::new();
    for _ in 0..size(400, 10_000) {
        let text = if dice.roll(3) == 0 { dice.text() } else { dice.address() };
        let reply = post.try_conceal(&json!({ "secret": "hello", "recipient": text }));
        match reply.status {
            200 => asked.push(text),
            422 => assert_eq!(reply.json()["field"], "recipient", "{text:?}"),
            status => panic!("{status} for {text:?}: {}", reply.text()),
        }
    }
    assert!(asked.len() > 50, "{}", asked.len());
    // One with nothing but blanks asks for no mail.
    asked.retain(|text| !text.trim().is_empty());
    post.sink.mails(asked.len());
    post.settle();
    let mails = post.sink.mails(asked.len());
    assert_eq!(mails.len(), asked.len());
    let mut got: Vec<_> = mails.iter().map(|mail| mail.to[0].clone()).collect();
    let mut wanted: Vec<_> = asked.iter().map(|text| text.trim().to_owned()).collect();
    got.sort();
    wanted.sort();
    assert_eq!(got, wanted);
    for mail in &mails {
        is_clean(mail, &mail.to[0]);
    }
}

#[test]
fn made_up_names_of_the_sender_make_no_header() {
    let sink = Sink::start(Manner::Accepts);
    let folder = tempfile::TempDir::new().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let message = |subject: String| Message {
        to: "friend@example.com".into(),
        subject,
        text: ".\r\n.hello\n..\r\n".into(),
        html: "<p>hello</p>\r\n.\r\n".into(),
    };
    let mut dice = Dice(3);
    let mut sent = 0;
    for _ in 0..size(300, 10_000) {
        let name = dice.text();
        let Some(from) = Sender::parse(&format!("{name} <{FROM}>")) else {
            panic!("a name made the address unreadable: {name:?}");
        };
        let mut config = sink.config(folder.path());
        config.from = from;
        let mailer = Mailer::new(&config).expect("a mailer");
        runtime
            .block_on(mailer.send(&message(dice.text())))
            .unwrap_or_else(|refusal| panic!("{refusal:?}: {name:?}"));
        sent += 1;
    }
    let mails = sink.mails(sent);
    assert_eq!(mails.len(), sent);
    for mail in &mails {
        is_clean(mail, "friend@example.com");
        let from = mail.header("From");
        assert!(from == FROM || from.ends_with(&format!("<{FROM}>")), "{from}");
        assert_eq!(from.matches(FROM).count(), 1, "{from}");
    }
}
