//! What the other pages show.

use super::assets;
use super::frame::Frame;
use super::problem::Problem;
use super::template::{Html, join, text};
use crate::app::MEMO_MAX;
use crate::links::{burn_path, receipt_path, share_path};
use crate::secret::{Delivery, Looks, Plaintext, Receipt, ReceiptId, SecretId, State};
use crate::words;
use actix_web::http::StatusCode;

/// A problem that belongs to none of these fields, above the form; else nothing.
pub fn problem(frame: &Frame, problem: &Problem, fields: &[&str]) -> Html {
    let is_elsewhere = problem.field.is_some_and(|field| fields.contains(&field));
    if problem.message.is_empty() || is_elsewhere {
        return Html::default();
    }
    let values = [("message", text(&problem.message)), ("error_id", error_id(frame, problem))];
    frame.fill("part-problem.html", &values)
}

fn error_id(frame: &Frame, problem: &Problem) -> Html {
    let id = problem.error_id.as_deref();
    id.map(|id| frame.fill("part-error-id.html", &[("id", text(id))])).unwrap_or_default()
}

/// The page behind every link, whatever became of it.
pub fn secret(frame: &Frame) -> Html {
    ask(frame, None, Passphrase::Perhaps, &Problem::default())
}

/// The same for one who asked: with what this secret needs.
pub fn prompt(frame: &Frame, id: &SecretId, has_passphrase: bool) -> Html {
    let passphrase = if has_passphrase { Passphrase::Needed } else { Passphrase::None };
    ask(frame, Some(id), passphrase, &Problem::default())
}

/// The same for one whose reveal was refused.
pub fn refused(frame: &Frame, id: &SecretId, trouble: &Problem) -> Html {
    let is_wrong = trouble.field == Some("passphrase");
    ask(frame, Some(id), if is_wrong { Passphrase::Needed } else { Passphrase::Perhaps }, trouble)
}

/// What is known of a secret's passphrase.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passphrase {
    Perhaps,
    Needed,
    None,
}

/// Without an identifier, nothing on the page tells one link from another: it is drawn once for all.
fn ask(frame: &Frame, id: Option<&SecretId>, asked: Passphrase, trouble: &Problem) -> Html {
    let values = [
        ("action", id.map(|id| frame.path(&share_path(id))).unwrap_or_default()),
        ("ask", text(if id.is_none() { " data-ask" } else { "" })),
        ("problem", problem(frame, trouble, &["passphrase"])),
        ("passphrase", passphrase(frame, asked, trouble)),
    ];
    frame.page(frame.say("secret.title"), trouble, frame.fill("secret.html", &values))
}

fn passphrase(frame: &Frame, asked: Passphrase, problem: &Problem) -> Html {
    if asked == Passphrase::None {
        return Html::default();
    }
    let is_needed = asked == Passphrase::Needed;
    let choose = |yes, no| text(if is_needed { yes } else { no });
    let values = [
        ("optional", choose("", frame.say("secret.passphrase-if"))),
        ("required", choose("required", "")),
        ("autofocus", text(if problem.at("passphrase").is_some() { "autofocus" } else { "" })),
        ("invalid", text(problem.is_at("passphrase"))),
        ("message", text(problem.at("passphrase").unwrap_or_default())),
        ("hint", choose(frame.say("secret.passphrase-needed"), "")),
    ];
    frame.fill("part-passphrase.html", &values)
}

/// The content, once.
pub fn revealed(frame: &Frame, content: &Plaintext) -> Html {
    let content = content.expose();
    let note = match content.matches('\0').count() {
        0 => String::new(),
        unshown => words::say_with(frame.locale, "revealed.unshown", &[("n", &unshown.to_string())]),
    };
    let values =
        [("value", text(content)), ("rows", text(&rows(content).to_string())), ("note", text(&note))];
    frame.page(frame.say("revealed.title"), &Problem::default(), frame.fill("revealed.html", &values))
}

/// Lines that a text needs, for browsers that do not fit the field by themselves.
fn rows(content: &str) -> usize {
    content.split('\n').map(|line| 1 + line.len() / 60).sum::<usize>().clamp(2, 18)
}

/// For every cause the same.
pub fn gone(frame: &Frame) -> Html {
    frame.page(frame.say("gone.title"), &Problem::default(), frame.fill("gone.html", &[]))
}

/// No such receipt, or no longer, or nothing left to burn.
pub fn no_receipt(frame: &Frame) -> Html {
    frame.page(frame.say("no-receipt.title"), &Problem::default(), frame.fill("no-receipt.html", &[]))
}

/// Asks whether to burn.
pub fn burn(frame: &Frame, receipt: &Receipt, trouble: &Problem) -> Html {
    let asked = if receipt.has_passphrase { Passphrase::Needed } else { Passphrase::None };
    let values = [
        ("action", frame.path(&burn_path(&receipt.id))),
        ("problem", problem(frame, trouble, &["passphrase"])),
        ("passphrase", passphrase(frame, asked, trouble)),
        ("receipt", frame.path(&receipt_path(&receipt.id))),
    ];
    frame.page(frame.say("burn.title"), trouble, frame.fill("burn.html", &values))
}

/// What its owner may do with the memo of a receipt.
pub enum Memo<'p> {
    /// Not the owner.
    Hidden,
    /// Change it.
    Open(&'p Problem),
    /// It was just changed.
    Saved,
}

/// What happened, and when.
pub fn receipt(frame: &Frame, receipt: &Receipt, memo: &Memo) -> Html {
    let (tone, heading, lead) = verdict(frame, receipt);
    let live = receipt.is_live().then(|| live(frame, receipt));
    let values = [
        ("tone", text(tone)),
        ("heading", text(frame.say(heading))),
        ("lead", lead),
        ("id", frame.fill("part-code.html", &[("code", text(receipt.id.short()))])),
        ("events", join(events(frame, receipt))),
        ("live", live.unwrap_or_default()),
        ("memo", self::memo(frame, &receipt.id, receipt.memo.as_deref(), memo)),
        ("time", frame.time(receipt.created.plus(receipt.ttl.doubled()))),
    ];
    let nothing = Problem::default();
    let problem = if let Memo::Open(problem) = memo { problem } else { &nothing };
    frame.page(frame.say("receipt.title"), problem, frame.fill("receipt.html", &values))
}

fn memo(frame: &Frame, id: &ReceiptId, memo: Option<&str>, state: &Memo) -> Html {
    let (nothing, saved) = (Problem::default(), matches!(state, Memo::Saved));
    let problem = match state {
        Memo::Hidden => return Html::default(),
        Memo::Open(problem) => problem,
        Memo::Saved => &nothing,
    };
    let values = [
        ("action", frame.path(&receipt_path(id))),
        ("most", text(&MEMO_MAX.to_string())),
        ("memo", text(memo.unwrap_or_default())),
        ("invalid", text(problem.is_at("memo"))),
        ("message", text(problem.at("memo").unwrap_or_default())),
        ("saved", if saved { frame.fill("part-memo-saved.html", &[]) } else { Html::default() }),
    ];
    frame.fill("part-memo.html", &values)
}

/// The colour, the heading and the sentence of a state.
fn verdict(frame: &Frame, receipt: &Receipt) -> (&'static str, &'static str, Html) {
    let say = |key| text(frame.say(key));
    match receipt.state {
        State::New | State::Shared(_) => ("waiting", "receipt.waiting", time_left(frame, receipt)),
        State::Revealed(_) => ("done", "receipt.revealed", say("receipt.revealed-lead")),
        State::Burned(_) => ("ended", "receipt.burned", say("receipt.nobody")),
        State::Expired(_) => ("ended", "receipt.expired", say("receipt.nobody")),
        State::Orphaned(Some(_)) => ("ended", "receipt.destroyed", say("receipt.destroyed-lead")),
        State::Orphaned(None) => ("ended", "receipt.lost", say("receipt.lost-lead")),
    }
}

/// How long it can be read, counted down by a script.
fn time_left(frame: &Frame, receipt: &Receipt) -> Html {
    let left = words::span(frame.locale, receipt.secret_seconds_left().unwrap_or_default());
    let until = receipt.secret_expires().unix().to_string();
    let span = frame.fill("part-countdown.html", &[("until", text(&until)), ("words", text(&left))]);
    frame.text("receipt.waiting-lead", &[("span", span)])
}

fn live(frame: &Frame, receipt: &Receipt) -> Html {
    let link = frame.site().links.share(receipt.share_domain.as_deref(), &receipt.secret);
    frame.fill("part-live.html", &[("link", text(&link)), ("burn", frame.path(&burn_path(&receipt.id)))])
}

fn events(frame: &Frame, receipt: &Receipt) -> Vec<Html> {
    let made = if receipt.has_passphrase { "event.made-passphrase" } else { "event.made" };
    let mut events = vec![event(frame, "made", text(frame.say(made)), frame.time(receipt.created))];
    events.extend(receipt.delivery.map(|mail| delivery(frame, mail)));
    events.extend(looks(frame, &receipt.looks));
    if receipt.failed_attempts > 0 {
        let title = counted(frame, "event.wrong", receipt.failed_attempts);
        events.push(event(frame, "wrong-try", title, text(frame.say("event.wrong-when"))));
    }
    let (kind, title, at) = match receipt.state {
        State::New | State::Shared(_) => ("ahead", "event.runs-out", Some(receipt.secret_expires())),
        State::Revealed(at) => ("done", "event.revealed", Some(at)),
        State::Burned(at) => ("ended", "event.burned", Some(at)),
        State::Expired(at) => ("ended", "event.expired", Some(at)),
        State::Orphaned(Some(at)) => ("ended", "event.destroyed", Some(at)),
        State::Orphaned(None) => ("ended", "event.lost", None),
    };
    let when = at.map(|at| frame.time(at)).unwrap_or_default();
    events.push(event(frame, kind, text(frame.say(title)), when));
    events
}

fn delivery(frame: &Frame, delivery: Delivery) -> Html {
    let say = |key| text(frame.say(key));
    match delivery {
        Delivery::Pending => event(frame, "looked", say("event.mail"), say("event.mail-waits")),
        Delivery::Sent(at) => event(frame, "looked", say("event.mail-sent"), frame.time(at)),
        Delivery::Failed => event(frame, "wrong-try", say("event.mail"), say("event.mail-failed")),
    }
}

/// Whether any of them ended in reading is told by the state.
fn looks(frame: &Frame, looks: &Looks) -> Option<Html> {
    let first = looks.first.filter(|_| looks.count > 0)?;
    let when = match looks.last.filter(|last| *last != first) {
        Some(last) => frame.text("time.between", &[("first", frame.time(first)), ("last", frame.time(last))]),
        None => frame.time(first),
    };
    Some(event(frame, "looked", counted(frame, "event.opened", looks.count), when))
}

fn counted(frame: &Frame, key: &str, count: u32) -> Html {
    frame.text(key, &[("n", text(&count.to_string()))])
}

fn event(frame: &Frame, kind: &str, title: Html, when: Html) -> Html {
    frame.fill("part-event.html", &[("kind", text(kind)), ("title", title), ("when", when)])
}

/// The description of the API. Its examples begin with this address.
pub fn api(frame: &Frame) -> Html {
    let values = [
        ("base", text(&frame.site().links.base(None))),
        ("style", text(&assets::path("api.css"))),
        ("script", text(&assets::path("api.js"))),
    ];
    frame.page("API", &Problem::default(), frame.fill("api.html", &values))
}

/// A page about nothing but an error.
pub fn error(frame: &Frame, status: StatusCode, problem: &Problem) -> Html {
    let say = |key| frame.say(key).to_owned();
    let (title, message) = match status {
        StatusCode::NOT_FOUND => ("error.no-page", say("error.no-page-lead")),
        StatusCode::METHOD_NOT_ALLOWED => ("error.not-here", say("error.not-here-lead")),
        StatusCode::SERVICE_UNAVAILABLE => ("error.not-now", problem.message.clone()),
        _ => ("error.failed", problem.message.clone()),
    };
    let title = frame.say(title);
    let values =
        [("title", text(title)), ("message", text(&message)), ("error_id", error_id(frame, problem))];
    frame.page(title, &Problem::default(), frame.fill("error.html", &values))
}
