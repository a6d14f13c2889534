//! A flood of secrets from one source, under the limits that operators get.

use crate::crowd::Target;
use crate::support::{Client, Request, size};
use std::thread;

/// Whether a source may make one more.
#[track_caller]
fn share(client: &mut Client, source: &str) -> bool {
    let request = Request::post("/api/v1/share").form("secret=hello").header("X-Forwarded-For", source);
    let reply = client.send(&request).expect("a reply");
    let is_refused = reply.status == 429 && reply.header("retry-after").is_some();
    assert!(is_refused || reply.status == 200, "{}", reply.text());
    !is_refused
}

#[test]
fn a_source_that_floods_keeps_what_it_may_and_others_notice_nothing() {
    let proxied = ["--limits", "on", "--trusted-proxies", "127.0.0.1", "--metrics-listen", "127.0.0.1:0"];
    let flood = size(4_000, 100_000);
    // The rate ends a flood long before the quota would, so that is tried without.
    for (more, most) in [(&[][..], 100), (&["--limit-create", "0"], 1_000)] {
        let target = Target::start(&[&proxied, more].concat());
        let made: usize = thread::scope(|scope| {
            // From all over one /64.
            let pour = |part: usize| {
                let mut client = target.process.connect();
                (0..flood / 4)
                    .filter(|host| share(&mut client, &format!("2001:db8::{part}:{host:x}")))
                    .count()
            };
            let pourers: Vec<_> = (0..4).map(|part| scope.spawn(move || pour(part))).collect();
            pourers.into_iter().map(|pourer| pourer.join().expect("a count")).sum()
        });
        eprintln!("flood: {made} of {flood} made");
        assert_eq!((made, target.metric("tellonce_secrets_live")), (most, most));
        for other in ["2001:db8:0:1::", "192.0.2.1"] {
            assert!(share(&mut target.process.connect(), other));
        }
    }
}
