//! The page where secrets are made, and the one with the link.

use super::frame::Frame;
use super::problem::Problem;
use super::template::{Html, join, text};
use super::views;
use crate::app::{Create, Policy, Wishes};
use crate::generator::{AMBIGUOUS, Recipe, SETS};
use crate::links::receipt_path;
use crate::secret::{Caller, Plaintext, Receipt};
use crate::time::{Ttl, TtlPolicy};
use crate::words;
use fast_qr::{ECL, QRBuilder};
use std::fmt::Write;
use zeroize::Zeroizing;

/// Lifetimes that people choose from, in seconds, as far as the operator allows them.
const LIFETIMES: [i64; 9] =
    [300, 1_800, 3_600, 14_400, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400];
/// Characters of a password that nobody chose a length for.
const LENGTH: i64 = 20;

/// What a person typed, to be there again if the form comes back. The passphrase is not: it is not
/// shown on the page, so nobody could see whether it is still right.
pub struct Typed {
    /// The text to share.
    pub secret: Option<Zeroizing<String>>,
    /// Seconds to live.
    pub ttl: Option<i64>,
    /// Where to mail the link.
    pub recipient: String,
    /// What a generated password is to be made of.
    pub recipe: Recipe,
    /// Whether there was a passphrase, which then has to be typed again.
    pub had_passphrase: bool,
    /// Whether it was the form for a generated password.
    pub wants_generated: bool,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            secret: None,
            ttl: None,
            recipient: String::new(),
            recipe: Recipe { length: LENGTH, ..Recipe::default() },
            had_passphrase: false,
            wants_generated: false,
        }
    }
}

impl Typed {
    /// Keeps what was wished.
    pub fn note(&mut self, wishes: &Wishes) {
        self.ttl = wishes.ttl;
        self.had_passphrase = wishes.passphrase.is_some();
        self.recipient = wishes.recipients.join(", ");
    }
}

/// A text as it was typed: browsers turn every line break of a form into two characters, which would
/// spoil a key or a script.
pub fn as_typed(text: Zeroizing<String>) -> Zeroizing<String> {
    if text.contains("\r\n") { Zeroizing::new(text.replace("\r\n", "\n")) } else { text }
}

/// The form, with what was typed and what is wrong with it.
pub fn form(frame: &Frame, caller: &Caller, typed: &Typed, problem: &Problem) -> Html {
    let is_generated = typed.wants_generated;
    let (nothing, none) = (Typed::default(), Problem::default());
    let (here, problem_here) = if is_generated { (&nothing, &none) } else { (typed, problem) };
    let (there, problem_there) = if is_generated { (typed, problem) } else { (&nothing, &none) };
    let policy = frame.site().app.policy();
    let mailed: &[&str] = if has_mail(frame, caller) { &["recipient"] } else { &[] };
    let above = |problem, fields: &[&str]| views::problem(frame, problem, &[fields, mailed].concat());
    let values = [
        ("accounts_only", accounts_only(frame, policy, caller)),
        ("limit", text(&policy.max_secret_bytes.to_string())),
        // For the script to fill in.
        ("n", text("{n}")),
        ("most", text("{most}")),
        ("problem", above(problem_here, &["secret", "passphrase", "ttl"])),
        ("secret", text(here.secret.as_ref().map_or("", |secret| secret.as_str()))),
        ("secret_problem", text(problem_here.at("secret").unwrap_or_default())),
        ("secret_invalid", text(problem_here.is_at("secret"))),
        ("terms", terms(frame, "", caller, here, problem_here)),
        ("recipient", recipient(frame, "", caller, here, problem_here)),
        ("open", text(if is_generated { "open" } else { "" })),
        ("generate_problem", above(problem_there, &["length", "character_sets", "passphrase", "ttl"])),
        ("length", text(&there.recipe.length.to_string())),
        ("length_problem", text(problem_there.at("length").unwrap_or_default())),
        ("length_invalid", text(problem_there.is_at("length"))),
        ("sets", sets(frame, &there.recipe)),
        ("sets_problem", text(problem_there.at("character_sets").unwrap_or_default())),
        ("generate_terms", terms(frame, "generate-", caller, there, problem_there)),
        ("generate_recipient", recipient(frame, "generate-", caller, there, problem_there)),
    ];
    frame.page(frame.say("create.title"), problem, frame.fill("create.html", &values))
}

fn accounts_only(frame: &Frame, policy: &Policy, caller: &Caller) -> Html {
    match (policy.create, &caller.account) {
        (Create::Accounts, None) => frame.fill("part-accounts-only.html", &[]),
        _ => Html::default(),
    }
}

/// Passphrase and lifetime, which both forms have; `prefix` keeps their names apart.
fn terms(frame: &Frame, prefix: &str, caller: &Caller, typed: &Typed, problem: &Problem) -> Html {
    let policy = frame.site().app.policy();
    let is_required = policy.passphrase_required || typed.had_passphrase;
    let values = [
        ("prefix", text(prefix)),
        ("optional", text(if is_required { "" } else { frame.say("terms.optional") })),
        ("required", text(if is_required { "required" } else { "" })),
        ("passphrase_hint", text(&passphrase_hint(frame, policy, typed))),
        ("passphrase_problem", text(problem.at("passphrase").unwrap_or_default())),
        ("passphrase_invalid", text(problem.is_at("passphrase"))),
        ("ttl_problem", text(problem.at("ttl").unwrap_or_default())),
        ("ttl_invalid", text(problem.is_at("ttl"))),
        ("time", text("{time}")),
        ("lifetimes", lifetimes(frame, &policy.ttl_for(caller), typed.ttl)),
    ];
    frame.fill("part-terms.html", &values)
}

fn passphrase_hint(frame: &Frame, policy: &Policy, typed: &Typed) -> String {
    let first = if typed.had_passphrase { "terms.passphrase-again" } else { "terms.passphrase-hint" };
    let first = frame.say(first);
    match policy.passphrase_min_length {
        0 | 1 => first.to_owned(),
        least => {
            let rule = words::say_with(frame.locale, "terms.passphrase-least", &[("n", &least.to_string())]);
            format!("{first} {rule}")
        }
    }
}

/// Whether mail can be sent for this caller.
fn has_mail(frame: &Frame, caller: &Caller) -> bool {
    caller.account.is_some() && frame.site().app.policy().max_recipients > 0
}

/// Where the link is to be mailed, for those who have mail.
fn recipient(frame: &Frame, prefix: &str, caller: &Caller, typed: &Typed, problem: &Problem) -> Html {
    if !has_mail(frame, caller) {
        return Html::default();
    }
    let values = [
        ("prefix", text(prefix)),
        ("recipient", text(&typed.recipient)),
        ("invalid", text(problem.is_at("recipient"))),
        ("message", text(problem.at("recipient").unwrap_or_default())),
    ];
    frame.fill("part-recipient.html", &values)
}

/// The kinds of characters, with those characters, so that a script can show an example.
fn sets(frame: &Frame, recipe: &Recipe) -> Html {
    let kinds = [
        ("uppercase", recipe.uppercase, SETS[0]),
        ("lowercase", recipe.lowercase, SETS[1]),
        ("numbers", recipe.numbers, SETS[2]),
        ("symbols", recipe.symbols, SETS[3]),
        ("exclude_ambiguous", recipe.exclude_ambiguous, AMBIGUOUS),
    ];
    join(kinds.into_iter().map(|(name, is_chosen, characters)| {
        let key = if name == "exclude_ambiguous" { "unambiguous" } else { name };
        let values = [
            ("name", text(name)),
            ("checked", text(if is_chosen { "checked" } else { "" })),
            ("characters", text(characters)),
            ("label", text(frame.say(&format!("generate.{key}")))),
        ];
        frame.fill("part-set.html", &values)
    }))
}

fn lifetimes(frame: &Frame, policy: &TtlPolicy, wish: Option<i64>) -> Html {
    let chosen = policy.grant(wish);
    let mut lifetimes: Vec<Ttl> = LIFETIMES.map(Ttl::from_seconds).into();
    lifetimes.retain(|ttl| (policy.min..=policy.max).contains(ttl));
    lifetimes.extend([policy.default, chosen]);
    lifetimes.sort_unstable();
    lifetimes.dedup();
    join(lifetimes.into_iter().map(|ttl| {
        let values = [
            ("seconds", text(&ttl.seconds().to_string())),
            ("selected", text(if ttl == chosen { "selected" } else { "" })),
            ("words", text(&words::lifetime(frame.locale, ttl.seconds()))),
        ];
        frame.fill("part-option.html", &values)
    }))
}

/// The link, once it is there; a generated value is shown here and never again.
pub fn done(frame: &Frame, receipt: &Receipt, generated: Option<&Plaintext>) -> Html {
    let generated =
        generated.map(|value| frame.fill("part-generated.html", &[("value", text(value.expose()))]));
    let advice = if receipt.has_passphrase { "part-advice-passphrase.html" } else { "part-advice.html" };
    let link = frame.site().links.share(receipt.share_domain.as_deref(), &receipt.secret);
    let (size, path) = qr(&link);
    let values = [
        ("generated", generated.unwrap_or_default()),
        ("link", text(&link)),
        ("time", frame.time(receipt.secret_expires())),
        ("qr_size", text(&size.to_string())),
        ("qr", text(&path)),
        ("mailed", mailed(frame, receipt)),
        ("advice", frame.fill(advice, &[])),
        ("receipt", frame.path(&receipt_path(&receipt.id))),
        ("receipt_id", text(receipt.id.as_str())),
    ];
    frame.page(frame.say("created.title"), &Problem::default(), frame.fill("created.html", &values))
}

fn mailed(frame: &Frame, receipt: &Receipt) -> Html {
    if receipt.recipients.is_empty() {
        return Html::default();
    }
    frame.fill("part-mailed.html", &[("recipient", text(&receipt.recipients.join(", ")))])
}

/// Modules of white around a QR code (ISO/IEC 18004).
const QUIET: usize = 4;

/// A QR code as the side of its square and the path of its dark modules, in modules. Empty for a link
/// that is too long for one.
fn qr(link: &str) -> (usize, String) {
    let Ok(code) = QRBuilder::new(link).ecl(ECL::M).build() else {
        return (0, String::new());
    };
    let mut path = String::new();
    for row in 0..code.size {
        for column in (0..code.size).filter(|column| code[row][*column].value()) {
            let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
        }
    }
    (code.size + 2 * QUIET, path)
}
