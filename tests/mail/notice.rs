//! The notice to an owner.

use crate::kit::{OWNER, Post};
use crate::support::smtp::Manner;
use rusqlite::Connection;
use serde_json::json;
use tellonce::app::Change;

fn notify(post: &Post, is_on: bool) {
    let change = Change::Notify(is_on);
    post.server.run(post.server.site.app.change_account(OWNER.into(), change)).expect("changed");
}

#[test]
fn an_owner_who_asked_for_it_is_told_when_a_secret_is_read_or_burned() {
    let post = Post::start(Manner::Accepts);
    notify(&post, true);
    let made = ["first", "second"].map(|text| post.server.conceal_as(&post.owner, json!({ "secret": text })));
    post.server.advance(3_660);
    post.server.reveal(&made[0]).expect(200);
    post.sink.mails(1);
    post.server.post(&format!("/api/v2/receipt/{}/burn", made[1].receipt), &json!({})).expect(200);
    let mails = post.sink.mails(2);
    post.settle();
    assert_eq!(post.sink.mails(2).len(), 2);
    for (mail, what) in mails.iter().zip(["was read", "was burned"]) {
        assert_eq!((mail.to.as_slice(), mail.header("To")), (&[OWNER.to_owned()][..], OWNER.to_owned()));
        assert_eq!(mail.header("Subject"), format!("A secret of yours {what}"));
        let (text, html) = mail.parts();
        let said = format!("A secret that you made on 2027-01-15 08:00 UTC {what} on 2027-01-15 09:01 UTC.");
        assert_eq!(text.trim(), said);
        assert!(html.contains(&said));
        let whole = [mail.text.as_str(), &text, &html].concat();
        for made in &made {
            for id in [&made.secret, &made.receipt] {
                assert!(!whole.contains(&id[..6]), "{whole}");
            }
        }
        assert!(!whole.contains("http"), "{whole}");
    }
    assert_eq!(post.told(&made[0]).0, "revealed");
}

#[test]
fn nobody_else_is_told() {
    let post = Post::start(Manner::Accepts);
    let end = |text: &str| {
        let made = post.server.conceal_as(&post.owner, json!({ "secret": text }));
        post.server.reveal(&made).expect(200);
    };
    // Nobody asked for it yet,
    end("off");
    notify(&post, true);
    // nobody has made this one,
    let anonymous = post.server.conceal("anonymous");
    post.server.reveal(&anonymous).expect(200);
    // a wrong passphrase and a look are no end,
    let made = post.server.conceal_as(&post.owner, json!({ "secret": "locked", "passphrase": "right" }));
    post.server.reveal_with(&made, Some("wrong")).expect(422);
    post.server.get(&format!("/api/v2/secret/{}", made.secret)).expect(200);
    notify(&post, false);
    end("off again");
    notify(&post, true);
    let disabled = post.server.conceal_as(&post.owner, json!({ "secret": "disabled" }));
    let change = |change| post.server.run(post.server.site.app.change_account(OWNER.into(), change));
    change(Change::Disable).expect("disabled");
    post.server.reveal(&disabled).expect(200);
    change(Change::Enable).expect("enabled");
    assert_eq!(post.waiting(), 0);
    // and this one is told.
    end("on");
    post.settle();
    assert_eq!(post.sink.mails(1).len(), 1);
}

#[test]
fn a_reveal_does_not_wait_for_its_notice() {
    let post = Post::start(Manner::Holds);
    notify(&post, true);
    let made = post.server.conceal_as(&post.owner, json!({ "secret": "hello" }));
    assert_eq!(post.server.reveal(&made).ok()["record"]["secret_value"], "hello");
    assert_eq!(post.waiting(), 1);
    post.sink.change(Manner::Accepts);
    post.sink.mails(1);
}

#[test]
fn a_secret_ends_though_its_owners_address_is_damaged_and_nobody_can_be_told() {
    let post = Post::start(Manner::Accepts);
    notify(&post, true);
    let made = post.server.conceal_as(&post.owner, json!({ "secret": "hello" }));
    let database = Connection::open(post.server.folder().join("tellonce.db")).expect("the database");
    let damage = "UPDATE accounts SET address_box = zeroblob(length(address_box))";
    assert_eq!(database.execute(damage, []), Ok(1));
    post.server.reveal(&made).expect(200);
    post.server.reveal(&made).expect(404);
    assert_eq!(post.waiting(), 0);
}
