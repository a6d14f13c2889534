//! What the other pages show.

use super::reply::Problem;
use super::template::{Html, fill, join, text};
use super::{assets, words};
use crate::links::{Links, burn_path, receipt_path};
use crate::secret::{Delivery, Looks, Plaintext, Receipt, ReceiptId, State};
use actix_web::http::StatusCode;

/// A whole page. A title that begins with the problem is what a screen reader says first.
pub fn layout(title: &str, problem: &Problem, main: Html) -> Html {
    let title = if problem.message.is_empty() { title.to_owned() } else { format!("Problem: {title}") };
    let values = [
        ("title", text(&title)),
        ("style", text(&assets::path("style.css"))),
        ("icon", text(&assets::path("icon.svg"))),
        ("main", main),
    ];
    fill("layout.html", &values)
}

/// A problem that belongs to none of these fields, above the form; else nothing.
pub fn problem(problem: &Problem, fields: &[&str]) -> Html {
    let is_elsewhere = problem.field.is_some_and(|field| fields.contains(&field));
    if problem.message.is_empty() || is_elsewhere {
        return Html::default();
    }
    let values = [("message", text(&problem.message)), ("error_id", error_id(problem))];
    fill("part-problem.html", &values)
}

fn error_id(problem: &Problem) -> Html {
    let id = problem.error_id.as_deref();
    id.map(|id| fill("part-error-id.html", &[("id", text(id))])).unwrap_or_default()
}

/// The page behind every link, whatever became of it.
pub fn secret(trouble: &Problem) -> Html {
    let values = [("problem", problem(trouble, &["passphrase"])), ("passphrase", passphrase(trouble))];
    layout("Somebody sent you a secret", trouble, fill("secret.html", &values))
}

/// The passphrase of a secret that is there; nothing was used up if it was wrong.
fn passphrase(problem: &Problem) -> Html {
    let wrong = problem.at("passphrase");
    let message = wrong.map(|message| format!("{message} Nothing is lost: you can try again."));
    let values = [
        ("invalid", text(if wrong.is_some() { "true" } else { "false" })),
        ("autofocus", text(if wrong.is_some() { "autofocus" } else { "" })),
        ("message", text(&message.unwrap_or_default())),
    ];
    fill("part-passphrase.html", &values)
}

/// The content, once.
pub fn revealed(content: &Plaintext) -> Html {
    let content = content.expose();
    let unshown = content.matches('\0').count();
    let note = match unshown {
        0 => String::new(),
        1 => "One character in it cannot be shown on a page; \u{fffd} stands in its place.".into(),
        _ => format!("{unshown} characters in it cannot be shown on a page; \u{fffd} stands in their place."),
    };
    let values =
        [("value", text(content)), ("rows", text(&rows(content).to_string())), ("note", text(&note))];
    layout("Here is the secret", &Problem::default(), fill("revealed.html", &values))
}

/// Lines that a text needs, for browsers that do not fit the field by themselves.
fn rows(content: &str) -> usize {
    content.split('\n').map(|line| 1 + line.len() / 60).sum::<usize>().clamp(2, 18)
}

/// For every cause the same.
pub fn gone() -> Html {
    layout("This secret is gone", &Problem::default(), fill("gone.html", &[]))
}

/// No such receipt, or no longer, or nothing left to burn.
pub fn no_receipt() -> Html {
    layout("Nothing here", &Problem::default(), fill("no-receipt.html", &[]))
}

/// Asks whether to burn.
pub fn burn(id: &ReceiptId, trouble: &Problem) -> Html {
    let values = [
        ("problem", problem(trouble, &["passphrase"])),
        ("passphrase", passphrase(trouble)),
        ("receipt", text(&receipt_path(id))),
    ];
    layout("Burn this secret?", trouble, fill("burn.html", &values))
}

/// What happened, and when.
pub fn receipt(links: &Links, receipt: &Receipt) -> Html {
    let (tone, heading, lead) = verdict(receipt);
    let live = receipt.is_live().then(|| live(links, receipt));
    let values = [
        ("tone", text(tone)),
        ("heading", text(heading)),
        ("lead", text(&lead)),
        ("short", text(receipt.id.short())),
        ("events", join(events(receipt))),
        ("live", live.unwrap_or_default()),
        ("until", words::time(receipt.created.plus(receipt.ttl.doubled()))),
    ];
    layout("Receipt", &Problem::default(), fill("receipt.html", &values))
}

/// The colour, the heading and the sentence of a state.
fn verdict(receipt: &Receipt) -> (&'static str, &'static str, String) {
    let nobody = "Nobody can read it any more.".to_owned();
    match receipt.state {
        State::New | State::Shared(_) => {
            let left = words::span(receipt.secret_seconds_left().unwrap_or_default());
            ("waiting", "Not read yet", format!("It can be read once. Time left: {left}."))
        }
        State::Revealed(_) => {
            ("done", "It was read", "It was shown once, and is gone from the server.".into())
        }
        State::Burned(_) => ("ended", "It was burned", nobody),
        State::Expired(_) => ("ended", "It ran out unread", nobody),
        State::Orphaned(Some(_)) => {
            ("ended", "It was destroyed", "Too many wrong passphrases were tried. Nobody read it.".into())
        }
        State::Orphaned(None) => (
            "ended",
            "It was lost",
            "The server was restored from a backup, which never holds secrets.".into(),
        ),
    }
}

fn live(links: &Links, receipt: &Receipt) -> Html {
    let link = links.share(receipt.share_domain.as_deref(), &receipt.secret);
    fill("part-live.html", &[("link", text(&link)), ("burn", text(&burn_path(&receipt.id)))])
}

fn events(receipt: &Receipt) -> Vec<Html> {
    let made = if receipt.has_passphrase { "Made, with a passphrase" } else { "Made" };
    let mut events = vec![event("made", made, words::time(receipt.created))];
    events.extend(receipt.delivery.map(delivery));
    events.extend(looks(&receipt.looks));
    if receipt.failed_attempts > 0 {
        let title = words::count(receipt.failed_attempts, "wrong passphrase");
        events.push(event("wrong-try", &title, text("Tried, and refused")));
    }
    let (kind, title, at) = match receipt.state {
        State::New | State::Shared(_) => ("ahead", "Runs out", Some(receipt.secret_expires())),
        State::Revealed(at) => ("done", "Read", Some(at)),
        State::Burned(at) => ("ended", "Burned", Some(at)),
        State::Expired(at) => ("ended", "Ran out", Some(at)),
        State::Orphaned(Some(at)) => ("ended", "Destroyed", Some(at)),
        State::Orphaned(None) => ("ended", "Lost, nobody knows when", None),
    };
    events.push(event(kind, title, at.map(words::time).unwrap_or_default()));
    events
}

fn delivery(delivery: Delivery) -> Html {
    match delivery {
        Delivery::Pending => event("looked", "Mail with the link", text("Waits to be sent")),
        Delivery::Sent(at) => event("looked", "Link mailed", words::time(at)),
        Delivery::Failed => event("wrong-try", "Mail with the link", text("Could not be sent")),
    }
}

/// Whether any of them ended in reading is told by the state.
fn looks(looks: &Looks) -> Option<Html> {
    let first = looks.first.filter(|_| looks.count > 0)?;
    let title = if looks.count == 1 {
        "Link opened once".into()
    } else {
        format!("Link opened {} times", looks.count)
    };
    let when = match looks.last.filter(|last| *last != first) {
        Some(last) => {
            fill("part-between.html", &[("first", words::time(first)), ("last", words::time(last))])
        }
        None => words::time(first),
    };
    Some(event("looked", &title, when))
}

fn event(kind: &str, title: &str, when: Html) -> Html {
    fill("part-event.html", &[("kind", text(kind)), ("title", text(title)), ("when", when)])
}

/// The description of the API. Its examples begin with this address.
pub fn api(base: &str) -> Html {
    let values = [
        ("base", text(base)),
        ("style", text(&assets::path("api.css"))),
        ("script", text(&assets::path("api.js"))),
    ];
    layout("API", &Problem::default(), fill("api.html", &values))
}

/// A page about nothing but an error.
pub fn error(status: StatusCode, problem: &Problem) -> Html {
    let (title, message) = match status {
        StatusCode::NOT_FOUND => ("There is no such page", "Perhaps the address was cut off on its way."),
        StatusCode::METHOD_NOT_ALLOWED => ("That cannot be done here", "This page cannot be used like that."),
        StatusCode::SERVICE_UNAVAILABLE => ("Not right now", problem.message.as_str()),
        _ => ("That did not work", problem.message.as_str()),
    };
    let values = [("title", text(title)), ("message", text(message)), ("error_id", error_id(problem))];
    layout(title, &Problem::default(), fill("error.html", &values))
}
