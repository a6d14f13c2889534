//! The page where secrets are made.

use super::reply::Problem;
use super::template::{Html, fill, join, text};
use super::{views, words};
use crate::app::{Policy, Wishes};
use crate::generator::Recipe;
use crate::links::{Links, receipt_path};
use crate::secret::{Plaintext, Receipt};
use crate::time::{Ttl, TtlPolicy};
use zeroize::Zeroizing;

/// Lifetimes that people choose from, in seconds, as far as the operator allows them.
const LIFETIMES: [i64; 9] =
    [300, 1_800, 3_600, 14_400, 86_400, 3 * 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400];

/// What a person typed, to be there again if the form comes back. The passphrase is not: it is not
/// shown on the page, so nobody could see whether it is still right.
pub struct Typed {
    /// The text to share.
    pub secret: Option<Zeroizing<String>>,
    /// Seconds to live.
    pub ttl: Option<i64>,
    /// Characters of a generated password.
    pub length: i64,
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
            length: Recipe::default().length,
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
    }
}

/// A text as it was typed: browsers turn every line break of a form into two characters, which would
/// spoil a key or a script.
pub fn as_typed(text: Zeroizing<String>) -> Zeroizing<String> {
    if text.contains("\r\n") { Zeroizing::new(text.replace("\r\n", "\n")) } else { text }
}

/// The form, with what was typed and what is wrong with it.
pub fn form(policy: &Policy, typed: &Typed, problem: &Problem) -> Html {
    let is_generated = typed.wants_generated;
    let (nothing, none) = (Typed::default(), Problem::default());
    let (typed_here, problem_here) = if is_generated { (&nothing, &none) } else { (typed, problem) };
    let (typed_there, problem_there) = if is_generated { (typed, problem) } else { (&nothing, &none) };
    let secret = typed_here.secret.as_ref().map_or("", |secret| secret.as_str());
    let values = [
        ("problem", views::problem(problem_here, &["secret", "passphrase", "ttl"])),
        ("secret", text(secret)),
        ("secret_problem", text(problem_here.at("secret").unwrap_or_default())),
        ("secret_invalid", text(is_at(problem_here, "secret"))),
        ("terms", terms("", policy, typed_here, problem_here)),
        ("open", text(if is_generated { "open" } else { "" })),
        ("generate_problem", views::problem(problem_there, &["length", "passphrase", "ttl"])),
        ("length", text(&typed_there.length.to_string())),
        ("length_problem", text(problem_there.at("length").unwrap_or_default())),
        ("length_invalid", text(is_at(problem_there, "length"))),
        ("generate_terms", terms("generate-", policy, typed_there, problem_there)),
    ];
    views::layout("Share a secret", problem, fill("create.html", &values))
}

/// Passphrase and lifetime, which both forms have; `prefix` keeps their names apart.
fn terms(prefix: &str, policy: &Policy, typed: &Typed, problem: &Problem) -> Html {
    let is_required = policy.passphrase_required || typed.had_passphrase;
    let values = [
        ("prefix", text(prefix)),
        ("optional", text(if is_required { "" } else { "optional" })),
        ("required", text(if is_required { "required" } else { "" })),
        ("passphrase_hint", text(&passphrase_hint(policy, typed))),
        ("passphrase_problem", text(problem.at("passphrase").unwrap_or_default())),
        ("passphrase_invalid", text(is_at(problem, "passphrase"))),
        ("ttl_problem", text(problem.at("ttl").unwrap_or_default())),
        ("ttl_invalid", text(is_at(problem, "ttl"))),
        ("lifetimes", options(&policy.ttl, typed.ttl)),
    ];
    fill("part-terms.html", &values)
}

fn passphrase_hint(policy: &Policy, typed: &Typed) -> String {
    let first = if typed.had_passphrase {
        "Type it again: it was not kept."
    } else {
        "Whoever opens the link needs it too."
    };
    match policy.passphrase_min_length {
        0 | 1 => first.to_owned(),
        least => format!("{first} At least {least} characters."),
    }
}

fn is_at(problem: &Problem, field: &str) -> &'static str {
    if problem.at(field).is_some() { "true" } else { "false" }
}

fn options(policy: &TtlPolicy, wish: Option<i64>) -> Html {
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
            ("words", text(&ttl.to_string())),
        ];
        fill("part-option.html", &values)
    }))
}

/// The link, once it is there; a generated value is shown here and never again.
pub fn done(links: &Links, receipt: &Receipt, generated: Option<&Plaintext>) -> Html {
    let generated = generated.map(|value| fill("part-generated.html", &[("value", text(value.expose()))]));
    let advice = if receipt.has_passphrase { "part-advice-passphrase.html" } else { "part-advice.html" };
    let values = [
        ("generated", generated.unwrap_or_default()),
        ("link", text(&links.share(receipt.share_domain.as_deref(), &receipt.secret))),
        ("expires", words::time(receipt.secret_expires())),
        ("ttl", text(&receipt.ttl.to_string())),
        ("advice", fill(advice, &[])),
        ("receipt", text(&receipt_path(&receipt.id))),
    ];
    views::layout("Your link is ready", &Problem::default(), fill("created.html", &values))
}
