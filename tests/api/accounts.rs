//! Accounts: what their credentials open, what only an owner sees, and what the operator may do.

use crate::support::http::{Login, Reply, basic};
use crate::support::server::{Made, START, policy};
use crate::support::{Request, Server};
use serde_json::{Value, json};
use std::fs;
use std::slice;
use tellonce::app::{Change, Create, Policy};
use tellonce::error::Error;
use tellonce::secret::{ApiToken, EmailAddress};
use tellonce::web::{GuestOperation, Rules, pages, v1, v2};

const DAY: i64 = 86_400;
/// Of the right form, and nobody's.
const UNKNOWN: &str = "abcdefghijklmnopqrstuvwxyz01234";
/// V1's lists and v2's.
const LISTS: [&str; 5] = [
    "/api/v1/private/recent",
    "/api/v1/metadata/recent",
    "/api/v1/receipt/recent",
    "/api/v2/receipt/recent",
    "/api/v2/private/recent",
];

fn get_as(server: &Server, login: &Login, target: &str) -> Reply {
    server.send(&Request::get(target).login(login))
}

fn post_as(server: &Server, login: &Login, target: &str, body: &Value) -> Reply {
    server.send(&Request::post(target).json(body).login(login))
}

fn conceal(server: &Server, login: &Login, text: &str) -> Made {
    server.conceal_as(login, json!({ "secret": text }))
}

fn patch(made: &Made, memo: &Value) -> Request {
    Request::new("PATCH", &format!("/api/v2/receipt/{}", made.receipt)).json(&json!({ "memo": memo }))
}

/// The identifiers of an owner's list in v1 and v2, which must agree under all their names.
#[track_caller]
fn list(server: &Server, login: &Login) -> Vec<String> {
    let mut lists = LISTS.map(|target| {
        let reply = get_as(server, login, target).ok();
        let lines = if target.contains("v1") { reply } else { reply["records"].clone() };
        let lines = lines.as_array().expect("a list").clone();
        lines.iter().map(|line| line["identifier"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    });
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
    std::mem::take(&mut lists[0])
}

/// Everything that can be asked, with identifiers that name nothing.
fn all_api_requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for (base, routes) in [(v1::BASE, v1::ROUTES), (v2::BASE, v2::ROUTES)] {
        for (path, methods) in routes {
            let target = format!("{base}{path}").replace("{key}", UNKNOWN).replace("{id}", UNKNOWN);
            requests.extend(methods.iter().map(|method| Request::new(&method.to_uppercase(), &target)));
        }
    }
    assert!(requests.len() > 50);
    requests
}

#[track_caller]
fn refused(reply: &Reply, is_head: bool) {
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert_eq!(reply.header("www-authenticate"), None);
    if !is_head {
        assert_eq!(reply.json()["message"], "Not authorized");
        assert_eq!(reply.json()["error"], "Unauthorized");
    }
}

#[test]
fn right_credentials_are_confirmed() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let reply = get_as(&server, &login, "/api/v1/authcheck").ok();
    assert_eq!(reply, json!({ "status": "nominal", "locale": "en" }));
}

#[test]
fn who_sends_no_credentials_is_asked_for_them_and_who_sends_wrong_ones_is_not() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let wrong = Login { token: "0".repeat(40), ..login };
    let unknown = [patch(&Made { secret: UNKNOWN.into(), receipt: UNKNOWN.into() }, &json!("x"))];
    let lists = LISTS.iter().chain(&["/api/v1/authcheck"]).map(|target| Request::get(target));
    for request in lists.chain(unknown) {
        for none in [request.clone(), request.clone().header("Authorization", &basic(":"))] {
            let reply = server.send(&none).expect(401);
            let challenge = reply.header("www-authenticate").expect("a challenge");
            assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
            assert_eq!(reply.json()["message"], "Not authorized");
        }
        refused(&server.send(&request.login(&wrong)), false);
    }
}

#[test]
fn nobody_is_asked_for_credentials_where_none_are_needed() {
    let server = Server::start();
    for request in all_api_requests() {
        let reply = server.send(&request);
        assert_eq!(reply.header("www-authenticate").is_some(), reply.status == 401, "{}", reply.text());
    }
    let made = server.conceal("hello");
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_user_name_has_no_case_and_a_token_in_capitals_is_the_same_number() {
    let server = Server::start();
    let login = server.account("Frank@Example.com");
    for user in ["Frank@Example.com", "frank@example.com", "FRANK@EXAMPLE.COM"] {
        for token in [login.token.clone(), login.token.to_uppercase()] {
            let login = Login { user: user.into(), token };
            get_as(&server, &login, "/api/v1/authcheck").ok();
            let list = get_as(&server, &login, "/api/v2/receipt/recent").ok();
            assert_eq!(list["custid"], "Frank@Example.com");
        }
    }
}

#[test]
fn credentials_without_padding_and_a_scheme_in_any_case_are_read() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let header = login.header();
    let encoded = header.strip_prefix("Basic ").expect("the scheme");
    for value in [
        header.trim_end_matches('=').to_owned(),
        format!("basic {encoded}"),
        format!("BASIC {encoded}"),
        format!("Basic   {encoded}"),
    ] {
        server.send(&Request::get("/api/v1/authcheck").header("Authorization", &value)).ok();
    }
}

/// Values of the header that are wrong, whatever they try to be.
fn wrong_credentials(frank: &Login, ann: &Login) -> Vec<String> {
    let Login { user, token } = frank;
    let short = &token[1..];
    let other_digit = if token.starts_with('0') { '1' } else { '0' };
    let near = format!("{other_digit}{short}");
    vec![
        basic(&format!("{user}:{near}")),
        basic(&format!("{user}:{}", ann.token)),
        basic(&format!("{}:{token}", ann.user)),
        basic(&format!("nobody@example.com:{token}")),
        basic(&format!("{user}:{short}")),
        basic(&format!("{user}:{token}0")),
        basic(&format!("{user}:{token} ")),
        basic(&format!("{user}: {token}")),
        basic(&format!("{user} :{token}")),
        basic(&format!(" {user}:{token}")),
        basic(&format!("{user}:x{short}")),
        basic(&format!("{user}:{}", "z".repeat(40))),
        basic(&format!("{user}:{}", "0".repeat(100_000 / 4))),
        basic(&format!("{user}:")),
        basic(&format!(":{token}")),
        basic(user),
        basic(token),
        basic("\u{e9}:\u{e9}"),
        "Basic".into(),
        "Basic %%%%".into(),
        "Basic /w==".into(),
        format!("Bearer {token}"),
        format!("Token {token}"),
        "Digest username=\"frank\"".into(),
        token.clone(),
    ]
}

#[test]
fn wrong_credentials_are_refused_on_every_route_even_where_none_are_needed() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let mut client = server.connect();
    for request in all_api_requests() {
        let is_head = request.clone().bytes().starts_with(b"HEAD");
        for value in wrong_credentials(&frank, &ann) {
            let reply = client.send(&request.clone().header("Authorization", &value)).expect("a reply");
            refused(&reply, is_head);
        }
    }
}

#[test]
fn two_sets_of_credentials_are_one_too_many() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    for request in all_api_requests() {
        let is_head = request.clone().bytes().starts_with(b"HEAD");
        refused(&server.send(&request.login(&login).login(&login)), is_head);
    }
}

#[test]
fn blank_credentials_are_none() {
    let server = Server::start();
    for value in ["", &basic(":"), &basic(" : "), &basic(" ")] {
        let request = Request::post("/api/v1/share").form("secret=hello").header("Authorization", value);
        assert_eq!(server.send(&request).ok()["custid"], "anon");
    }
}

#[test]
fn only_the_owner_is_told_who_the_owner_is() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let reply =
        post_as(&server, &frank, "/api/v2/secret/conceal", &json!({ "secret": { "secret": "a" } })).ok();
    assert_eq!(reply["user_id"], "frank@example.com");
    for part in ["receipt", "metadata"] {
        assert_eq!(reply["record"][part]["custid"], "frank@example.com");
        assert_eq!(reply["record"][part]["owner_id"], "frank@example.com");
    }
    let made = Made::of(&reply);
    let v1 = format!("/api/v1/private/{}", made.receipt);
    let receipt = format!("/api/v2/receipt/{}", made.receipt);
    let show = format!("/api/v2/secret/{}", made.secret);
    let status = format!("/api/v2/secret/{}/status", made.secret);
    assert_eq!(get_as(&server, &frank, &v1).ok()["custid"], "frank@example.com");
    assert_eq!(get_as(&server, &ann, &v1).ok()["custid"], "anon");
    assert_eq!(server.get(&v1).ok()["custid"], "anon");
    let of = |reply: Value| {
        ["/user_id", "/record/custid", "/record/owner_id"].map(|field| reply.pointer(field).cloned())
    };
    let text = |text: &str| Some(json!(text));
    let (f, a) = (text("frank@example.com"), text("ann@example.com"));
    assert_eq!(of(get_as(&server, &frank, &receipt).ok()), [f.clone(), f.clone(), f.clone()]);
    assert_eq!(of(get_as(&server, &ann, &receipt).ok()), [a.clone(), Some(Value::Null), Some(Value::Null)]);
    assert_eq!(of(server.get(&receipt).ok()), [None, Some(Value::Null), Some(Value::Null)]);
    let owner = |reply: Value| (reply.get("user_id").cloned(), reply["details"]["is_owner"].clone());
    assert_eq!(owner(get_as(&server, &frank, &show).ok()), (f.clone(), json!("true")));
    assert_eq!(owner(get_as(&server, &ann, &show).ok()), (a.clone(), Value::Null));
    assert_eq!(owner(server.get(&show).ok()), (None, Value::Null));
    assert_eq!(get_as(&server, &ann, &status).ok()["user_id"], "ann@example.com");
    let many = json!({ "identifiers": [made.secret] });
    assert_eq!(post_as(&server, &frank, "/api/v2/secret/status", &many).ok()["user_id"], "frank@example.com");
    let reveal = post_as(&server, &frank, &format!("{show}/reveal"), &json!({ "continue": true })).ok();
    assert_eq!(owner(reveal), (f, json!("true")));
}

#[test]
fn v1_names_the_owner_in_every_receipt_it_returns() {
    let server = Server::start();
    let frank = server.account("frank@example.com");
    for target in ["/api/v1/share", "/api/v1/create", "/api/v1/generate"] {
        let made = post_as(&server, &frank, target, &json!({ "secret": "hello" })).ok();
        assert_eq!(made["custid"], "frank@example.com");
        let burn = format!("/api/v1/private/{}/burn", made["metadata_key"].as_str().expect("a text"));
        assert_eq!(post_as(&server, &frank, &burn, &json!({})).ok()["state"]["custid"], "frank@example.com");
    }
}

#[test]
fn an_account_may_keep_secrets_for_thirty_days_and_others_for_seven() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let body = json!({ "secret": { "secret": "hello", "ttl": 100 * DAY } });
    let ttl = |reply: Value| reply["record"]["metadata"]["secret_ttl"].clone();
    let conceal = "/api/v2/secret/conceal";
    assert_eq!(ttl(post_as(&server, &login, conceal, &body).ok()), 30 * DAY);
    assert_eq!(ttl(server.post(conceal, &body).ok()), 7 * DAY);
    assert_eq!(ttl(post_as(&server, &login, "/api/v2/guest/secret/conceal", &body).ok()), 7 * DAY);
    let v1 = json!({ "secret": "hello", "ttl": 100 * DAY });
    assert_eq!(post_as(&server, &login, "/api/v1/share", &v1).ok()["ttl"], 30 * DAY);
    assert_eq!(server.post("/api/v1/share", &v1).ok()["ttl"], 7 * DAY);
    let unset = json!({ "secret": "hello" });
    assert_eq!(post_as(&server, &login, "/api/v1/share", &unset).ok()["ttl"], 7 * DAY);
}

#[test]
fn a_list_holds_what_its_owner_made_the_newest_first() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    assert_eq!(list(&server, &frank), Vec::<String>::new());
    let first = conceal(&server, &frank, "one");
    let same_second = conceal(&server, &frank, "two");
    server.conceal("nobody's");
    conceal(&server, &ann, "another's");
    let guest = post_as(
        &server,
        &frank,
        "/api/v2/guest/secret/conceal",
        &json!({ "secret": { "secret": "as a guest" } }),
    );
    guest.ok();
    server.advance(10);
    let generated = post_as(&server, &frank, "/api/v1/generate", &json!({})).ok();
    let generated = generated["metadata_key"].as_str().expect("a text").to_owned();
    assert_eq!(list(&server, &frank), [generated, same_second.receipt, first.receipt]);
    assert_eq!(list(&server, &ann).len(), 1);
}

#[test]
fn a_list_in_v1_is_an_array_of_receipts_without_links() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let (made, gone) = (conceal(&server, &login, "one"), conceal(&server, &login, "two"));
    server.advance(5);
    server.reveal(&gone).ok();
    for target in &LISTS[..3] {
        let reply = get_as(&server, &login, target).expect(200);
        assert!(!reply.contains(&made.secret) && !reply.contains(&gone.secret));
        let lines = reply.json();
        assert_eq!(lines.as_array().expect("an array").len(), 2);
        for (line, made, state) in [(&lines[0], &gone, "received"), (&lines[1], &made, "new")] {
            let mut alone = get_as(&server, &login, &format!("/api/v1/private/{}", made.receipt)).ok();
            let alone = alone.as_object_mut().expect("an object");
            alone.remove("secret_key");
            alone.remove("secret_identifier");
            assert_eq!(line.as_object(), Some(&*alone));
            assert_eq!((&line["state"], &line["custid"]), (&json!(state), &json!("frank@example.com")));
        }
        let head = server.send(&Request::new("HEAD", target).login(&login));
        assert_eq!((head.status, head.body.len()), (200, 0));
        let post = post_as(&server, &login, target, &json!({})).expect(404);
        assert_eq!(post.json()["message"], "Unknown secret");
    }
}

#[test]
fn a_list_in_v2_comes_whole_and_in_two_halves() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    for target in &LISTS[3..] {
        let empty = get_as(&server, &login, target).ok();
        assert_eq!(empty["count"], 0);
        assert_eq!(empty["records"], json!([]));
        assert_eq!(empty["details"]["has_items"], Value::Null);
    }
    let states = ["new", "revealed", "burned", "expired"];
    let made = states.map(|state| server.conceal_as(&login, json!({ "secret": state, "ttl": 100_000 })));
    let expired = server.conceal_as(&login, json!({ "secret": "short", "ttl": 60 }));
    let made = [&made[0], &made[1], &made[2], &expired];
    server.reveal(made[1]).ok();
    server.post(&format!("/api/v2/receipt/{}/burn", made[2].receipt), &json!({})).ok();
    server.advance(100);
    for target in &LISTS[3..] {
        let reply = get_as(&server, &login, target).ok();
        let keys: Vec<&str> = reply.as_object().expect("an object").keys().map(String::as_str).collect();
        for key in ["success", "custid", "count", "records", "details"] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
        assert_eq!((&reply["success"], &reply["custid"]), (&json!(true), &json!("frank@example.com")));
        let records = reply["records"].as_array().expect("a list");
        assert_eq!((reply["count"].as_u64(), records.len()), (Some(5), 5));
        for record in records {
            let id = record["identifier"].as_str().expect("a text");
            let alone = get_as(&server, &login, &format!("/api/v2/receipt/{id}")).ok()["record"].clone();
            for (name, value) in record.as_object().expect("an object") {
                assert_eq!(&alone[name], value, "{name}");
            }
            assert_eq!(record["owner_id"], "frank@example.com");
        }
        let details = &reply["details"];
        let gone: Vec<&Value> = records.iter().filter(|record| record["is_destroyed"] == "true").collect();
        let there: Vec<&Value> = records.iter().filter(|record| record["is_destroyed"].is_null()).collect();
        assert_eq!((gone.len(), there.len()), (3, 2));
        assert_eq!(
            *details,
            json!({
                "type": "list", "scope": null, "scope_label": null,
                "since": START + 100 - 30 * DAY, "now": (START + 100).to_string(), "has_items": "true",
                "received": gone, "notreceived": there,
                "revealed_receipts": gone, "pending_receipts": there,
            })
        );
    }
}

#[test]
fn a_list_goes_back_thirty_days() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = server.conceal_as(&login, json!({ "secret": "hello", "ttl": 20 * DAY }));
    server.advance(30 * DAY);
    assert_eq!(list(&server, &login), slice::from_ref(&made.receipt));
    server.advance(1);
    assert_eq!(list(&server, &login), Vec::<String>::new());
    // The receipt itself lives twice as long as the secret was granted.
    get_as(&server, &login, &format!("/api/v2/receipt/{}", made.receipt)).ok();
}

#[test]
fn what_has_expired_leaves_the_list_before_and_after_a_sweep() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    server.conceal_as(&login, json!({ "secret": "hello", "ttl": 60 }));
    server.advance(119);
    assert_eq!(list(&server, &login).len(), 1);
    server.advance(1);
    assert_eq!(list(&server, &login).len(), 0);
    server.run(server.site.app.sweep()).expect("swept");
    assert_eq!(list(&server, &login).len(), 0);
}

#[test]
fn a_memo_is_written_read_and_cleared_by_its_owner() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = conceal(&server, &login, "hello");
    let longest = "é日🔑".repeat(166) + "ab";
    assert_eq!(longest.chars().count(), 500);
    for memo in ["for Ann", "a \"quoted\" <b>\n\t\u{0} line", "\u{202e}e\u{301}", " ", &longest] {
        let written = server.send(&patch(&made, &json!(memo)).login(&login)).ok();
        assert_eq!(written["record"]["memo"], memo);
        assert_eq!(written["record"]["identifier"], made.receipt.as_str());
        assert_eq!(written["details"]["type"], "record");
        let receipt = get_as(&server, &login, &format!("/api/v2/receipt/{}", made.receipt)).ok();
        assert_eq!(receipt["record"]["memo"], memo);
        let recent = get_as(&server, &login, LISTS[3]).ok();
        assert_eq!(recent["records"][0]["memo"], memo);
        assert_eq!(recent["details"]["notreceived"][0]["memo"], memo);
    }
    for clear in [json!(""), Value::Null] {
        server.send(&patch(&made, &json!("again")).login(&login)).ok();
        let cleared = server.send(&patch(&made, &clear).login(&login)).ok();
        assert_eq!(cleared["record"]["memo"], Value::Null);
        assert_eq!(server.receipt(&made)["memo"], Value::Null);
    }
    let alias = Request::new("PATCH", &format!("/api/v2/private/{}", made.receipt));
    assert_eq!(server.send(&alias.form("memo=a+form").login(&login)).ok()["record"]["memo"], "a form");
}

#[test]
fn a_memo_outlives_the_secret_and_changes_nothing_else() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = conceal(&server, &login, "hello");
    server.advance(10);
    let before = get_as(&server, &login, &format!("/api/v2/receipt/{}", made.receipt)).ok();
    let mut after = server.send(&patch(&made, &json!("note")).login(&login)).ok();
    after["record"]["memo"] = Value::Null;
    assert_eq!(after, before);
    assert_eq!(server.reveal(&made).ok()["record"]["secret_value"], "hello");
    let receipt = server.send(&patch(&made, &json!("read")).login(&login)).ok();
    assert_eq!(
        (&receipt["record"]["state"], &receipt["record"]["memo"]),
        (&json!("revealed"), &json!("read"))
    );
}

#[test]
fn nobody_but_the_owner_writes_a_memo() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let (own, anonymous) = (conceal(&server, &frank, "hello"), server.conceal("hello"));
    let memo = json!("mine");
    for made in [&own, &anonymous] {
        let reply = server.send(&patch(made, &memo).login(&ann)).expect(403);
        assert_eq!(reply.json()["error"], "Forbidden");
        let reply = server.send(&patch(made, &memo)).expect(401);
        assert!(reply.header("www-authenticate").is_some());
        assert_eq!(server.receipt(made)["memo"], Value::Null);
    }
    server.send(&patch(&anonymous, &memo).login(&frank)).expect(403);
    let unknown = Made { receipt: UNKNOWN.into(), ..own.clone() };
    server.send(&patch(&unknown, &memo).login(&frank)).expect(404);
    server.send(&patch(&Made { receipt: "ABC".into(), ..own }, &memo).login(&frank)).expect(404);
}

#[test]
fn a_memo_that_is_too_long_or_no_text_is_refused_and_changes_nothing() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = conceal(&server, &login, "hello");
    server.send(&patch(&made, &json!("kept")).login(&login)).ok();
    let reply = server.send(&patch(&made, &json!("é".repeat(501))).login(&login)).expect(422);
    assert_eq!((&reply.json()["error"], &reply.json()["field"]), (&json!("FormError"), &json!("memo")));
    for memo in [json!(1), json!(true), json!(["a"]), json!({ "a": 1 })] {
        server.send(&patch(&made, &memo).login(&login)).expect(400);
    }
    assert_eq!(server.receipt(&made)["memo"], "kept");
}

#[test]
fn under_guest_the_caller_is_anonymous_whatever_credentials_came() {
    let server = Server::start();
    let frank = server.account("frank@example.com");
    let reply =
        post_as(&server, &frank, "/api/v2/guest/secret/conceal", &json!({ "secret": { "secret": "a" } }));
    let reply = reply.ok();
    assert_eq!(reply.get("user_id"), None);
    assert_eq!(reply["record"]["receipt"]["custid"], Value::Null);
    assert_eq!(reply["record"]["metadata"]["owner_id"], Value::Null);
    let made = Made::of(&reply);
    server.send(&patch(&made, &json!("mine")).login(&frank)).expect(403);
    let own = conceal(&server, &frank, "hello");
    let receipt = get_as(&server, &frank, &format!("/api/v2/guest/receipt/{}", own.receipt)).ok();
    assert_eq!((receipt.get("user_id"), &receipt["record"]["custid"]), (None, &Value::Null));
    let shown = get_as(&server, &frank, &format!("/api/v2/guest/secret/{}", own.secret)).ok();
    assert_eq!(shown["details"]["is_owner"], Value::Null);
    let burned =
        post_as(&server, &frank, &format!("/api/v2/guest/receipt/{}/burn", own.receipt), &json!({})).ok();
    assert_eq!((burned.get("user_id"), &burned["record"]["owner_id"]), (None, &Value::Null));
}

fn change(server: &Server, login: &Login, change: Change) {
    server.run(server.site.app.change_account(login.user.to_uppercase(), change)).expect("changed");
}

/// What holds of a secret whose account is no longer let in.
#[track_caller]
fn is_shut_out(server: &Server, login: &Login) {
    for target in LISTS.iter().chain(&["/api/v1/authcheck", "/api/v1/status"]) {
        refused(&get_as(server, login, target), false);
    }
    let share = Request::post("/api/v1/share").form("secret=hello").login(login);
    refused(&server.send(&share), false);
}

#[test]
fn a_disabled_account_is_shut_out_until_it_is_enabled_and_its_links_go_on() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = [(); 3].map(|()| conceal(&server, &login, "hello"));
    change(&server, &login, Change::Disable);
    is_shut_out(&server, &login);
    assert_eq!(server.reveal(&made[0]).ok()["record"]["secret_value"], "hello");
    assert_eq!(server.receipt(&made[0])["state"], "revealed");
    server.post(&format!("/api/v2/receipt/{}/burn", made[1].receipt), &json!({})).ok();
    change(&server, &login, Change::Enable);
    get_as(&server, &login, "/api/v1/authcheck").ok();
    assert_eq!(list(&server, &login).len(), 3);
    assert_eq!(server.reveal(&made[2]).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_removed_account_is_forgotten_and_its_links_go_on() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let made = [(); 2].map(|()| conceal(&server, &login, "hello"));
    change(&server, &login, Change::Remove);
    is_shut_out(&server, &login);
    assert!(server.site.app.accounts().expect("a list").is_empty());
    assert_eq!(server.reveal(&made[0]).ok()["record"]["secret_value"], "hello");
    server.post(&format!("/api/v2/receipt/{}/burn", made[1].receipt), &json!({})).ok();
    // One of the same name is another one.
    let again = server.account("frank@example.com");
    assert_ne!(again.token, login.token);
    is_shut_out(&server, &login);
    assert_eq!(list(&server, &again), Vec::<String>::new());
    let receipt = get_as(&server, &again, &format!("/api/v2/receipt/{}", made[0].receipt)).ok();
    assert_eq!(receipt["record"]["custid"], Value::Null);
    server.send(&patch(&made[0], &json!("mine")).login(&again)).expect(403);
}

#[test]
fn a_new_token_with_the_old_one_keeps_the_list() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let before = conceal(&server, &login, "hello");
    server.advance(1);
    let old = ApiToken::parse(&login.token);
    let token = server.run(server.site.app.rotate_token("FRANK@example.com".into(), old)).expect("a token");
    let rotated = Login { token: token.expose().into(), ..login.clone() };
    is_shut_out(&server, &login);
    let after = conceal(&server, &rotated, "hello");
    assert_eq!(list(&server, &rotated), [after.receipt, before.receipt.clone()]);
    server.send(&patch(&before, &json!("still mine")).login(&rotated)).ok();
    assert_eq!(server.reveal(&before).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_new_token_without_the_old_one_begins_a_new_list_and_the_links_go_on() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let before = conceal(&server, &login, "hello");
    let token = server.run(server.site.app.rotate_token(login.user.clone(), None)).expect("a token");
    let rotated = Login { token: token.expose().into(), ..login.clone() };
    is_shut_out(&server, &login);
    assert_eq!(list(&server, &rotated), Vec::<String>::new());
    let receipt = get_as(&server, &rotated, &format!("/api/v2/receipt/{}", before.receipt)).ok();
    assert_eq!(receipt["record"]["custid"], "frank@example.com");
    assert_eq!(server.reveal(&before).ok()["record"]["secret_value"], "hello");
}

#[test]
fn a_token_is_only_changed_with_ones_own_old_token() {
    let server = Server::start();
    let (frank, ann) = (server.account("frank@example.com"), server.account("ann@example.com"));
    let made = conceal(&server, &frank, "hello");
    for old in [ann.token.clone(), "0".repeat(40)] {
        let rotated = server.site.app.rotate_token(frank.user.clone(), ApiToken::parse(&old));
        assert!(matches!(server.run(rotated), Err(Error::Unauthorized { .. })));
        assert_eq!(list(&server, &frank), slice::from_ref(&made.receipt));
    }
}

#[test]
fn there_is_one_account_of_an_address_whatever_its_case() {
    let server = Server::start();
    server.account("frank@example.com");
    for user in ["frank@example.com", "FRANK@Example.COM"] {
        let again = server.site.app.add_account(EmailAddress::parse(user).expect("an address"));
        assert!(matches!(server.run(again), Err(Error::Invalid(_))));
    }
    let unknown = server.site.app.change_account("ann@example.com".into(), Change::Remove);
    assert!(matches!(server.run(unknown), Err(Error::NotFound)));
    assert_eq!(server.site.app.accounts().expect("a list").len(), 1);
}

fn occurs(haystack: &[u8], needle: &[u8]) -> bool {
    let haystack = haystack.to_ascii_lowercase();
    haystack.windows(needle.len()).any(|window| window == needle.to_ascii_lowercase())
}

#[test]
fn no_file_holds_an_address_a_token_a_memo_or_a_recipient_in_clear() {
    let server = Server::start();
    let login = server.account("frank.canary@example.com");
    let made = server.conceal_as(
        &login,
        json!({ "secret": "hello", "recipient": "ann.canary@example.com", "share_domain": "links.example" }),
    );
    server.send(&patch(&made, &json!("memo canary")).login(&login)).ok();
    server.run(server.site.app.rotate_token(login.user.clone(), None)).expect("a token");
    let mut files = Vec::new();
    for entry in fs::read_dir(server.folder()).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name().to_string_lossy().starts_with("tellonce.db") {
            files.extend(fs::read(entry.path()).expect("a file"));
        }
    }
    // What is kept in clear on purpose is found, so the search would find the rest.
    assert!(occurs(&files, b"links.example"));
    let bytes: Vec<u8> = (0..login.token.len() / 2)
        .map(|at| u8::from_str_radix(&login.token[2 * at..2 * at + 2], 16).expect("digits"))
        .collect();
    let texts = ["frank.canary", "ann.canary", "an*****@", "memo canary", &made.secret, &made.receipt];
    for needle in texts.map(str::as_bytes).into_iter().chain([login.token.as_bytes(), &bytes]) {
        assert!(!occurs(&files, needle), "{}", String::from_utf8_lossy(needle));
    }
}

fn accounts_only() -> Policy {
    Policy { create: Create::Accounts, ..policy() }
}

#[test]
fn where_only_accounts_create_others_are_asked_for_credentials() {
    let server = Server::start_with(accounts_only());
    let login = server.account("frank@example.com");
    let body = json!({ "secret": { "secret": "hello" } });
    let form = "secret=hello";
    let creations = [
        Request::post("/api/v1/share").form(form),
        Request::post("/api/v1/create").form(form),
        Request::post("/api/v1/generate"),
        Request::post("/api/v2/secret/conceal").json(&body),
        Request::post("/api/v2/secret/generate"),
        Request::post("/").form(form),
        Request::post("/").form("generate=true"),
    ];
    for request in creations {
        let reply = server.send(&request).expect(401);
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
        let wrong = Login { token: "0".repeat(40), ..login.clone() };
        let reply = server.send(&request.clone().login(&wrong)).expect(401);
        assert_eq!(reply.header("www-authenticate"), None);
        server.send(&request.login(&login)).expect(200);
    }
    assert_eq!(list(&server, &login).len(), 7);
}

#[test]
fn where_only_accounts_create_guests_are_told_which_operation_is_closed() {
    let server = Server::start_with(accounts_only());
    let login = server.account("frank@example.com");
    let body = json!({ "secret": { "secret": "hello" } });
    for operation in ["conceal", "generate"] {
        let request = Request::post(&format!("/api/v2/guest/secret/{operation}")).json(&body);
        for request in [request.clone(), request.login(&login)] {
            let reply = server.send(&request).expect(403);
            assert_eq!(reply.json()["error"], "Forbidden");
            assert!(reply.json()["message"].as_str().expect("a text").contains(operation));
        }
    }
}

#[test]
fn where_only_accounts_create_anyone_still_reads_and_burns() {
    let server = Server::start_with(accounts_only());
    let login = server.account("frank@example.com");
    let made = [(); 4].map(|()| conceal(&server, &login, "hello"));
    assert_eq!(server.reveal(&made[0]).ok()["record"]["secret_value"], "hello");
    assert_eq!(server.post(&format!("/api/v1/secret/{}", made[1].secret), &json!({})).ok()["value"], "hello");
    let guest = format!("/api/v2/guest/secret/{}/reveal", made[2].secret);
    assert_eq!(server.post(&guest, &json!({ "continue": true })).ok()["record"]["secret_value"], "hello");
    server.get(&format!("/api/v2/guest/receipt/{}", made[3].receipt)).ok();
    server.send(&Request::post(&format!("/receipt/{}/burn", made[3].receipt))).expect(200);
    assert_eq!(server.receipt(&made[3])["state"], "burned");
}

#[test]
fn each_operation_under_guest_can_be_closed_by_itself() {
    for closed in GuestOperation::ALL {
        let rules = Rules { closed_to_guests: vec![closed], ..Rules::default() };
        let server = Server::start_under(policy(), rules);
        let (made, other) = (server.conceal("hello"), server.conceal("hello"));
        let body = json!({ "secret": { "secret": "hello" }, "continue": true });
        let requests = [
            (GuestOperation::Conceal, Request::post("/api/v2/guest/secret/conceal").json(&body)),
            (GuestOperation::Generate, Request::post("/api/v2/guest/secret/generate").json(&body)),
            (GuestOperation::Show, Request::get(&format!("/api/v2/guest/secret/{}", made.secret))),
            (
                GuestOperation::Reveal,
                Request::post(&format!("/api/v2/guest/secret/{}/reveal", made.secret)).json(&body),
            ),
            (GuestOperation::Receipt, Request::get(&format!("/api/v2/guest/receipt/{}", other.receipt))),
            (
                GuestOperation::Burn,
                Request::post(&format!("/api/v2/guest/receipt/{}/burn", other.receipt)).json(&body),
            ),
        ];
        for (operation, request) in requests {
            let reply = server.send(&request);
            if operation == closed {
                let body = reply.expect(403).json();
                assert_eq!(body["error"], "Forbidden");
                assert!(body["message"].as_str().expect("a text").contains(operation.name()), "{body}");
            } else {
                reply.expect(200);
            }
        }
        // Without /guest all of it is open: what was refused has changed nothing.
        let (secret, receipt) = (server.receipt(&made), server.receipt(&other));
        assert_eq!(secret["state"] == "new", closed == GuestOperation::Reveal);
        assert_eq!(receipt["state"] == "new", closed == GuestOperation::Burn);
        server.conceal("hello");
    }
}

#[test]
fn what_reveal_shows_without_continue_is_closed_with_it() {
    let rules = Rules { closed_to_guests: vec![GuestOperation::Reveal], ..Rules::default() };
    let server = Server::start_under(policy(), rules);
    let made = server.conceal("hello");
    server.post(&format!("/api/v2/guest/secret/{}/reveal", made.secret), &json!({})).expect(403);
    assert_eq!(server.receipt(&made)["is_previewed"], Value::Null);
}

#[test]
fn on_pages_only_making_a_secret_looks_at_credentials() {
    let server = Server::start();
    let login = server.account("frank@example.com");
    let wrong = Login { token: "0".repeat(40), ..login.clone() };
    let made = conceal(&server, &login, "hello");
    let pages =
        ["/", "/robots.txt", &format!("/secret/{}", made.secret), &format!("/receipt/{}", made.receipt)];
    for target in pages {
        get_as(&server, &wrong, target).expect(200);
    }
    server.send(&Request::post("/").form("secret=hello").login(&wrong)).expect(401);
    server.send(&Request::post("/").form("secret=hello").login(&login)).expect(200);
    assert_eq!(list(&server, &login).len(), 2);
    server.send(&Request::post(&format!("/secret/{}", made.secret)).login(&wrong)).expect(200);
    assert_eq!(pages::BASE, "");
}
