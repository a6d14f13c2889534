//! Every kind of page there is, one after the other, in a language.

use super::errors::damage;
use super::html::{form, has_no_script_but_ours};
use crate::support::server::{Made, policy};
use crate::support::{Login, Reply, Request, Server};
use serde_json::json;
use std::sync::LazyLock;
use tellonce::app::{Create, Policy};
use tellonce::limits::AttemptPolicy;
use tellonce::secret::Locale;

/// What no page may say in another language: it came from a person.
pub const TYPED: &str = "QQ";
/// Of the right form, and nobody's.
pub const UNKNOWN: &str = "abcdefghijklmnopqrstuvwxyz01234";

/// The kinds of characters, by the names of their fields.
pub const SETS: [&str; 4] = [
    "character_sets[uppercase]",
    "character_sets[lowercase]",
    "character_sets[numbers]",
    "character_sets[symbols]",
];

/// A server open to all, and one for accounts alone that asks for long passphrases.
struct Tour {
    open: Server,
    closed: Server,
    login: Login,
    newcomer: Login,
    member: Login,
}

/// A page by the name of what shows it.
pub type Named = (&'static str, Reply);

/// All pages in every language, and under `none` as a reader gets them who chose none.
pub static PAGES: LazyLock<Vec<(&str, Vec<Named>)>> = LazyLock::new(|| {
    let tour = Tour::start();
    let tags = Locale::ALL.iter().map(|(_, tag)| *tag).chain(["none"]);
    tags.map(|tag| (tag, tour.pages(tag))).collect()
});

/// All pages in one language.
pub fn pages(tag: &str) -> &'static [Named] {
    let found = PAGES.iter().find(|(known, _)| *known == tag);
    &found.expect("a language").1
}

impl Tour {
    fn start() -> Self {
        let attempts =
            AttemptPolicy { per_window: 2, window: 60, lockout: 600, lifetime: 3, ..policy().attempts };
        let open = Server::start_with(Policy { attempts, ..policy() });
        let closed = Server::start_with(Policy {
            create: Create::Accounts,
            passphrase_required: true,
            passphrase_min_length: 8,
            max_secret_bytes: 10,
            max_recipients: 0,
            ..policy()
        });
        let (login, newcomer) = (open.account("qq@qq.example"), open.account("qqq@qq.example"));
        let member = closed.account("qq@qq.example");
        Self { open, closed, login, newcomer, member }
    }

    /// All of them, in the language that `?lang=` asks for.
    #[track_caller]
    fn pages(&self, tag: &str) -> Vec<Named> {
        let all =
            [self.making(tag), self.reading(tag), self.receipts(tag), self.lists(tag), self.errors(tag)];
        all.into_iter().flatten().collect()
    }

    fn making(&self, tag: &str) -> Vec<Named> {
        let home = format!("/?lang={tag}");
        let post = |fields: &[(&str, &str)]| form(&home, fields);
        let mail = [("secret", TYPED), ("recipient", "qq@qq.example")];
        let two = [mail[0], ("recipient[]", "qq@qq.example"), ("recipient[]", "qqq@qq.example")];
        let (short, long) = ([mail[0], ("passphrase", TYPED)], TYPED.repeat(6));
        let no_mail = [mail[0], mail[1], ("passphrase", "QQQQQQQQ")];
        vec![
            ("form", self.get(&home).expect(200)),
            ("form of an account", self.own(&home).expect(200)),
            ("nothing to share", self.send(&post(&[("secret", "")])).expect(422)),
            ("no number", self.send(&post(&[("secret", TYPED), ("ttl", "x")])).expect(422)),
            ("no set", self.send(&post(&no_set())).expect(422)),
            ("bad length", self.send(&post(&[("generate", "true"), ("length", "3")])).expect(422)),
            ("mail without account", self.send(&post(&mail)).expect(422)),
            ("bad address", self.send(&post(&[mail[0], ("recipient", "qq")]).login(&self.login)).expect(422)),
            ("long passphrase", self.send(&post(&[mail[0], ("passphrase", &"q".repeat(2000))])).expect(422)),
            ("made", self.send(&post(&[mail[0]])).expect(200)),
            ("made with passphrase", self.send(&post(&[mail[0], ("passphrase", TYPED)])).expect(200)),
            ("made with mail", self.send(&post(&mail).login(&self.login)).expect(200)),
            ("generated", self.send(&post(&[("generate", "true"), ("length", "9")])).expect(200)),
            ("form for accounts", self.closed.get(&home).expect(200)),
            ("refused without account", self.closed.send(&post(&[mail[0]])).expect(401)),
            ("no passphrase", self.closed.send(&post(&[mail[0]]).login(&self.member)).expect(422)),
            ("short passphrase", self.closed.send(&post(&short).login(&self.member)).expect(422)),
            ("long secret", self.closed.send(&post(&[("secret", &long)]).login(&self.member)).expect(422)),
            ("no mail", self.closed.send(&post(&no_mail).login(&self.member)).expect(422)),
            ("two addresses", self.send(&post(&two).login(&self.login)).expect(422)),
            ("another domain", self.send(&post(&[mail[0], ("share_domain", "qq.example")])).expect(422)),
        ]
    }

    fn reading(&self, tag: &str) -> Vec<Named> {
        let path = |made: &Made| format!("/secret/{}?lang={tag}", made.secret);
        let ask = |made: &Made| format!("/secret/{}/ask?lang={tag}", made.secret);
        let plain = self.open.conceal(TYPED);
        let strange = self.open.conceal("QQ\0");
        let locked = self.open.conceal_with(json!({ "secret": TYPED, "passphrase": TYPED }));
        let guess = || self.send(&form(&path(&locked), &[("passphrase", "wrong")]));
        vec![
            ("link", self.get(&path(&plain)).expect(200)),
            ("asked", self.get(&ask(&plain)).expect(200)),
            ("asked, passphrase", self.get(&ask(&locked)).expect(200)),
            ("read", self.send(&form(&path(&plain), &[])).expect(200)),
            ("read, unshown", self.send(&form(&path(&strange), &[])).expect(200)),
            ("gone", self.send(&form(&path(&plain), &[])).expect(404)),
            ("asked, gone", self.get(&ask(&plain)).expect(404)),
            ("wrong", guess().expect(422)),
            ("wrong for the last time", guess().expect(422)),
            ("too often", guess().expect(429)),
        ]
    }

    fn receipts(&self, tag: &str) -> Vec<Named> {
        let path = |made: &Made, end: &str| format!("/receipt/{}{end}?lang={tag}", made.receipt);
        let server = &self.open;
        let [waiting, read, burned] = [(); 3].map(|()| {
            server.conceal_as(&self.login, json!({ "secret": TYPED, "recipient": "qq@qq.example" }))
        });
        let locked = || server.conceal_with(json!({ "secret": TYPED, "passphrase": TYPED, "ttl": 700 }));
        let (expired, destroyed) = (locked(), locked());
        server.reveal(&read).expect(200);
        server.get(&format!("/secret/{}", waiting.secret)).expect(200);
        server.advance(1);
        server.get(&format!("/secret/{}", waiting.secret)).expect(200);
        let memo = |memo: &str| self.send(&form(&path(&waiting, ""), &[("memo", memo)]).login(&self.login));
        let stranger = form(&path(&waiting, ""), &[("memo", "x")]).login(&self.newcomer);
        let burn_locked = form(&path(&expired, "/burn"), &[("passphrase", "wrong")]);
        let mut pages = vec![
            ("receipt", self.get(&path(&waiting, "")).expect(200)),
            ("receipt of the owner", self.own(&path(&waiting, "")).expect(200)),
            ("memo", memo(TYPED).expect(200)),
            ("long memo", memo(&"Q".repeat(501)).expect(422)),
            ("memo of another", self.send(&stranger).expect(403)),
            ("memo without account", self.send(&form(&path(&waiting, ""), &[("memo", "x")])).expect(401)),
            ("read receipt", self.get(&path(&read, "")).expect(200)),
            ("burn?", self.get(&path(&burned, "/burn")).expect(200)),
            ("burned", self.send(&form(&path(&burned, "/burn"), &[])).expect(200)),
            ("burn, passphrase", self.get(&path(&expired, "/burn")).expect(200)),
            ("burn, wrong", self.send(&burn_locked).expect(422)),
            ("no receipt", self.get(&format!("/receipt/{UNKNOWN}?lang={tag}")).expect(404)),
            ("receipt after wrong ones", self.get(&path(&expired, "")).expect(200)),
        ];
        for pause in [0, 0, 601] {
            server.advance(pause);
            server.reveal_with(&destroyed, Some("wrong")).expect(422);
        }
        pages.push(("destroyed", self.get(&path(&destroyed, "")).expect(200)));
        server.advance(50);
        pages.push(("last seconds", self.get(&path(&expired, "")).expect(200)));
        server.advance(50);
        pages.push(("expired", self.get(&path(&expired, "")).expect(200)));
        pages
    }

    fn lists(&self, tag: &str) -> Vec<Named> {
        let path = format!("/recent?lang={tag}");
        let mine = self.open.conceal(TYPED);
        let list = |receipts: &str| self.send(&form(&path, &[("receipts", receipts)]));
        let wrong = Login { token: "0".repeat(40), ..self.login.clone() };
        vec![
            ("sign in", self.get(&path).expect(200)),
            ("list", self.own(&path).expect(200)),
            ("empty list", self.send(&Request::get(&path).login(&self.newcomer)).expect(200)),
            ("list of a browser", list(&mine.receipt).expect(200)),
            ("forgotten list of a browser", list(UNKNOWN).expect(200)),
            ("long list of a browser", list(&[UNKNOWN; 101].join(",")).expect(422)),
            ("challenge", self.get(&format!("{path}&sign-in=true")).expect(401)),
            ("wrong credentials", self.send(&Request::get(&path).login(&wrong)).expect(401)),
        ]
    }

    fn errors(&self, tag: &str) -> Vec<Named> {
        let home = format!("/?lang={tag}");
        let broken = Request::post(&home).form("secret=%ff");
        let large = Request::post(&home).form(&format!("secret={}", "x".repeat(70_000)));
        let damaged = self.open.conceal(TYPED);
        damage(&self.open);
        let read = form(&format!("/secret/{}?lang={tag}", damaged.secret), &[]);
        let read = self.send(&read).expect(503);
        self.change("DELETE FROM secrets");
        let receipt = format!("/receipt/{}?lang={tag}", damaged.receipt);
        let lost = self.get(&receipt).expect(200);
        let list = form(&format!("/recent?lang={tag}"), &[("receipts", &damaged.receipt)]);
        let lost_in_list = self.send(&list).expect(200);
        self.change(
            "UPDATE receipts SET box = zeroblob(length(box)) WHERE id = (SELECT max(id) FROM receipts)",
        );
        vec![
            ("no page", self.get(&format!("/nope?lang={tag}")).expect(404)),
            ("not here", self.send(&Request::new("DELETE", &home)).expect(405)),
            ("malformed", self.send(&broken).expect(400)),
            ("too large", self.closed.send(&large).expect(413)),
            ("damaged", read),
            ("lost", lost),
            ("lost in a list", lost_in_list),
            ("damaged receipt", self.get(&receipt).expect(503)),
        ]
    }

    /// Does to the database what should never happen.
    fn change(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.open.folder().join("tellonce.db"));
        database.and_then(|database| database.execute(sql, [])).expect("changed");
    }

    #[track_caller]
    fn send(&self, request: &Request) -> Reply {
        self.open.send(request)
    }

    #[track_caller]
    fn get(&self, path: &str) -> Reply {
        self.open.get(path)
    }

    #[track_caller]
    fn own(&self, path: &str) -> Reply {
        self.send(&Request::get(path).login(&self.login))
    }
}

/// A password made of nothing.
fn no_set() -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![("generate", "true")];
    fields.extend(SETS.map(|name| (name, "false")));
    fields
}

#[test]
fn no_page_has_script_or_style_of_its_own() {
    for (name, page) in PAGES.iter().flat_map(|(_, pages)| pages) {
        assert!(has_no_script_but_ours(page), "{name}: {}", page.text());
    }
}

#[test]
fn every_page_is_a_whole_page_that_nobody_keeps() {
    for (name, page) in PAGES.iter().flat_map(|(_, pages)| pages) {
        let text = page.text();
        assert!(text.starts_with("<!doctype html>\n<html lang="), "{name}");
        for once in ["<title>", "<h1", "<main", "</html>"] {
            assert_eq!(text.matches(once).count(), 1, "{name}: {once}");
        }
        assert_eq!(page.header("cache-control"), Some("no-store"), "{name}");
    }
}
