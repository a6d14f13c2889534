//! One's own secrets: those of an account, and those that this browser remembers.

use super::frame::Frame;
use super::problem::Problem;
use super::template::{Html, join, text};
use super::views;
use crate::links::{burn_path, receipt_path};
use crate::secret::{Account, Receipt, State};

/// Receipts that a browser may ask about at once.
pub const MOST: usize = 100;

/// The page: the account's list, or the way to it; and a place for the browser's own.
pub fn page(
    frame: &Frame,
    account: Option<&Account>,
    recent: &[Receipt],
    here: Option<&[Receipt]>,
    problem: &Problem,
) -> Html {
    let values = [
        ("problem", views::problem(frame, problem, &[])),
        ("account", own(frame, account, recent)),
        ("action", frame.path("/recent")),
        ("here", here.map(|here| browser_list(frame, here, account)).unwrap_or_default()),
    ];
    frame.page(frame.say("mine.title"), problem, frame.fill("mine.html", &values))
}

fn own(frame: &Frame, account: Option<&Account>, recent: &[Receipt]) -> Html {
    let Some(account) = account else {
        let values = [("action", frame.path("/recent")), ("challenge", frame.path("/recent?sign-in=true"))];
        return frame.fill("part-sign-in.html", &values);
    };
    let list = if recent.is_empty() {
        frame.fill("part-none.html", &[])
    } else {
        list(frame, recent, Some(account))
    };
    let values = [("address", text(account.address.as_str())), ("list", list)];
    frame.fill("part-account.html", &values)
}

fn browser_list(frame: &Frame, here: &[Receipt], account: Option<&Account>) -> Html {
    if here.is_empty() { frame.fill("part-here-gone.html", &[]) } else { list(frame, here, account) }
}

fn list(frame: &Frame, receipts: &[Receipt], account: Option<&Account>) -> Html {
    let items = join(receipts.iter().map(|receipt| item(frame, receipt, account)));
    frame.fill("part-list.html", &[("items", items)])
}

/// A receipt with the memo, if this is its owner: others may have its address too.
fn item(frame: &Frame, receipt: &Receipt, account: Option<&Account>) -> Html {
    let (tone, state) = match receipt.state {
        State::New | State::Shared(_) => ("waiting", "mine.waiting"),
        State::Revealed(_) => ("done", "mine.revealed"),
        State::Burned(_) => ("ended", "mine.burned"),
        State::Expired(_) => ("ended", "mine.expired"),
        State::Orphaned(Some(_)) => ("ended", "mine.destroyed"),
        State::Orphaned(None) => ("ended", "mine.lost"),
    };
    let burn = receipt
        .is_live()
        .then(|| frame.fill("part-item-burn.html", &[("address", frame.path(&burn_path(&receipt.id)))]));
    let is_owner = account.is_some_and(|account| Some(account.id) == receipt.owner);
    let memo = receipt.memo.as_deref().filter(|_| is_owner);
    let memo = memo.map(|memo| frame.fill("part-item-memo.html", &[("memo", text(memo))]));
    let values = [
        ("tone", text(tone)),
        ("receipt", frame.path(&receipt_path(&receipt.id))),
        ("short", text(receipt.id.short())),
        ("state", text(frame.say(state))),
        ("time", frame.time(receipt.created)),
        ("memo", memo.unwrap_or_default()),
        ("burn", burn.unwrap_or_default()),
    ];
    frame.fill("part-item.html", &values)
}
