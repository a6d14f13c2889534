//! A mail that goes its way: its content, its marks on the receipt, and what stays behind.

use crate::kit::{FRIEND, OBSCURED, OWNER, Post, database, files_with, log_emptied};
use crate::support::http::Reply;
use crate::support::server::{BASE, START, policy};
use crate::support::smtp::{FROM, Manner};
use crate::support::{Request, Server};
use serde_json::{Value, json};
use tellonce::app::Policy;
use tellonce::limits::{Rate, RatePolicy};

#[test]
fn a_recipient_gets_one_mail_with_the_link_and_nothing_of_the_secret() {
    let post = Post::start(Manner::Accepts);
    let body = json!({ "secret": "correct horse", "passphrase": "right staple", "recipient": FRIEND });
    let reply = post.try_conceal(&body).expect(200);
    let made = crate::support::server::Made::of(&reply.json());
    post.sink.mails(1);
    post.settle();
    let mails = post.sink.mails(1);
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), (FROM, &[FRIEND.to_owned()][..]));
    assert_eq!((mail.header("To"), mail.header("From")), (FRIEND.into(), FROM.into()));
    let (text, html) = mail.parts();
    let link = format!("{BASE}/secret/{}", made.secret);
    assert!(text.contains(&link), "{text}");
    assert!(html.contains(&format!("<a href=\"{link}\">{link}</a>")), "{html}");
    for part in [&text, &html] {
        assert!(part.contains("2027-01-22 08:00 UTC") && part.contains("You need a passphrase"), "{part}");
    }
    for hidden in ["correct horse", "right staple", &made.receipt, OWNER, "localhost"] {
        assert!(!mail.text.contains(hidden) && !text.contains(hidden) && !html.contains(hidden), "{hidden}");
    }
}

#[test]
fn a_receipt_says_when_its_link_was_mailed_and_to_whom_only_obscured() {
    let post = Post::start(Manner::Accepts);
    let body = json!({ "secret": "hello", "recipient": [FRIEND] });
    let created = post.try_conceal(&body).expect(200);
    let made = crate::support::server::Made::of(&created.json());
    post.settle();
    assert_eq!(post.told(&made), ("shared".into(), "new".into(), json!(START.to_string()), false));
    let page = post.server.get(&format!("/receipt/{}", made.receipt)).expect(200);
    assert!(page.contains("Link mailed"));
    let as_owner = |target: String| post.server.send(&Request::get(&target).login(&post.owner)).expect(200);
    let mut replies: Vec<Reply> = vec![created, page];
    for target in [format!("/api/v2/receipt/{}", made.receipt), format!("/api/v1/private/{}", made.receipt)] {
        replies.push(as_owner(target.clone()));
        replies.push(post.server.get(&target));
    }
    for reply in &replies {
        assert!(!reply.contains(FRIEND) && !reply.contains("friend") && !reply.contains("example.com"));
    }
    let replies: Vec<_> = replies.iter().filter(|reply| !reply.contains("<!doctype")).collect();
    assert!(replies.iter().all(|reply| reply.contains(OBSCURED)), "{}", replies[0].text());
    for list in ["/api/v2/receipt/recent", "/api/v1/private/recent"] {
        let list = as_owner(list.into());
        assert!(list.contains(&made.receipt) && !list.contains(FRIEND));
    }
    // Revealed, it is revealed, and was shared all the same.
    post.server.advance(60);
    post.server.reveal(&made).expect(200);
    assert_eq!(post.told(&made), ("revealed".into(), "received".into(), json!(START.to_string()), false));
}

#[test]
fn a_link_in_a_mail_is_made_for_the_domain_that_was_asked_for() {
    let post = Post::start(Manner::Accepts);
    let body = json!({ "secret": "hello", "recipient": FRIEND, "share_domain": "links.example" });
    let request = Request::post("/api/v2/secret/conceal").json(&json!({ "secret": body }));
    let forged = request.login(&post.owner).header("X-Forwarded-Host", "evil.example");
    post.server.send(&forged).expect(200);
    let (text, html) = post.sink.mails(1)[0].parts();
    assert!(text.contains("https://links.example/secret/") && html.contains("https://links.example/secret/"));
    assert!(!text.contains("evil") && !html.contains("evil"));
}

#[test]
fn a_link_from_the_page_is_mailed_in_the_language_of_the_page() {
    let post = Post::start(Manner::Accepts);
    let send = |path: &str| {
        let form = format!("secret=hello&recipient={}", FRIEND.replace('@', "%40"));
        let request = Request::post(path).form(&form).header("Accept-Language", "fr");
        post.server.send(&request.login(&post.owner)).expect(200);
    };
    for (path, tag, direction) in [("/?lang=de", "de", "ltr"), ("/?lang=ar", "ar", "rtl"), ("/", "fr", "ltr")]
    {
        let before = post.sink.mails(0).len();
        send(path);
        let mails = post.sink.mails(before + 1);
        let mail = mails.last().expect("a mail");
        let words = std::fs::read(format!("{}/static/locales/{tag}.json", env!("CARGO_MANIFEST_DIR")));
        let words: Value = serde_json::from_slice(&words.expect("a file")).expect("words");
        let (text, html) = mail.parts();
        for key in ["mail.asks", "mail.no-passphrase"] {
            assert!(text.contains(words[key].as_str().expect("words")), "{tag}: {text}");
        }
        assert!(html.contains(&format!("<html lang=\"{tag}\" dir=\"{direction}\">")), "{html}");
        assert!(text.contains("2027-01-22 08:00 UTC") && !text.contains("Someone has shared"), "{text}");
    }
}

#[track_caller]
fn is_refused(reply: &Reply) {
    assert_eq!(reply.status, 422, "{}", reply.text());
    assert_eq!(reply.json()["field"], "recipient");
}

#[test]
fn mail_goes_out_only_for_accounts_to_one_address() {
    let post = Post::start(Manner::Accepts);
    let anonymous = json!({ "secret": "hello", "recipient": FRIEND });
    is_refused(&post.server.post("/api/v2/secret/conceal", &json!({ "secret": anonymous })));
    is_refused(&post.server.post("/api/v1/share", &anonymous));
    let guest = Request::post("/api/v2/guest/secret/conceal").json(&json!({ "secret": anonymous }));
    is_refused(&post.server.send(&guest.login(&post.owner)));
    for recipient in [
        json!(["a@example.com", "b@example.com"]),
        json!("a@example.com,b@example.com"),
        json!("a@example.com\r\nBcc: b@example.com"),
        json!("a@localhost"),
        json!("friend"),
        json!("Friend <friend@example.com>"),
        json!(["a@example.com\0"]),
    ] {
        is_refused(&post.try_conceal(&json!({ "secret": "hello", "recipient": recipient })));
    }
    assert_eq!((post.waiting(), post.slots(), post.sink.plain_commands().len()), (0, 0, 0));
}

#[test]
fn without_a_mail_server_nobody_may_ask_for_mail() {
    let server = Server::start_with(Policy { max_recipients: 0, ..policy() });
    let owner = server.account(OWNER);
    let body = json!({ "secret": { "secret": "hello", "recipient": FRIEND } });
    is_refused(&server.send(&Request::post("/api/v2/secret/conceal").json(&body).login(&owner)));
}

#[test]
fn each_of_several_recipients_gets_a_mail_of_ones_own() {
    let post = Post::start_under(Policy { max_recipients: 3, ..policy() }, Manner::Accepts);
    let recipients = ["a@example.com", "b@example.com", "c@example.org"];
    let reply = post.try_conceal(&json!({ "secret": "hello", "recipient": recipients })).ok();
    let made = crate::support::server::Made::of(&reply);
    post.settle();
    let mails = post.sink.mails(3);
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!((mails.len(), to.as_slice()), (3, &recipients.map(str::to_owned)[..]));
    for mail in &mails {
        assert_eq!(mail.header("To"), mail.to[0]);
        assert_eq!(recipients.iter().filter(|address| mail.text.contains(**address)).count(), 1);
    }
    assert_eq!(post.told(&made).0, "shared");
}

#[test]
fn nothing_of_a_sent_mail_is_left_in_any_file() {
    let post = Post::start(Manner::Holds);
    let made = post.conceal_for(FRIEND);
    let folder = post.server.folder();
    let (share, sealed): (Vec<u8>, Vec<u8>) = database(&folder)
        .query_row("SELECT k.share, o.box FROM outbox o JOIN slots k ON k.id = o.slot_id", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("a mail that waits");
    // While it waits, its share is in the files, and the search finds it there,
    log_emptied(&folder);
    assert!(!files_with(&folder, &share).is_empty() && !files_with(&folder, &sealed[..64]).is_empty());
    // but neither the address nor the link.
    let words = [FRIEND, &made.secret, "Someone has shared"].map(str::as_bytes);
    assert!(words.iter().all(|word| files_with(&folder, word).is_empty()));
    post.sink.change(Manner::Accepts);
    post.settle();
    log_emptied(&folder);
    assert_eq!(files_with(&folder, &share), [""; 0]);
    assert!(words.iter().all(|word| files_with(&folder, word).is_empty()));
    assert_eq!((post.slots(), post.sink.mails(1).len()), (1, 1));
    post.server.reveal(&made).expect(200);
    assert_eq!(post.slots(), 0);
}

#[test]
fn an_account_may_have_ten_mails_sent_in_an_hour() {
    let rates = RatePolicy { mail: Rate::per(10, 3600), ..RatePolicy::OFF };
    let post = Post::start_under(Policy { rates, ..policy() }, Manner::Accepts);
    for _ in 0..10 {
        post.conceal_for(FRIEND);
    }
    let eleventh = json!({ "secret": "hello", "recipient": FRIEND });
    let refused = post.try_conceal(&eleventh).expect(429);
    assert!(refused.header("retry-after").is_some_and(|rest| rest.parse::<u64>().is_ok_and(|rest| rest > 0)));
    // Without mail there is no such limit, and another account has its own.
    post.try_conceal(&json!({ "secret": "hello" })).expect(200);
    let other = post.server.account("other@office.example");
    post.server.conceal_as(&other, eleventh.clone());
    post.settle();
    assert_eq!(post.sink.mails(11).len(), 11);
    post.server.advance(3600);
    post.try_conceal(&eleventh).expect(200);
    assert_eq!(post.sink.mails(12).len(), 12);
}

#[test]
fn a_generated_secret_can_be_mailed_as_well() {
    let post = Post::start(Manner::Accepts);
    let body = json!({ "recipient": FRIEND });
    let reply = post.server.send(&Request::post("/api/v1/generate").json(&body).login(&post.owner)).ok();
    let value = reply["value"].as_str().expect("a value");
    let mail = post.sink.mails(1).remove(0);
    let (text, html) = mail.parts();
    assert!(text.contains(reply["secret_key"].as_str().expect("a key")));
    assert!(!text.contains(value) && !html.contains(value) && !mail.text.contains(value));
    assert_eq!(reply["recipient"], Value::from(vec![OBSCURED]));
}
