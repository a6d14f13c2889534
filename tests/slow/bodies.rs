//! Bodies that are made to cost much: each is refused, and none for more than a moment of the processor.

use crate::crowd::Target;
use crate::support::{Request, is_soak, server::Made, size};
use serde_json::json;
use std::time::Duration;

/// The processor's time that a body may cost.
const MOMENT: Duration = Duration::from_millis(50);
/// The longest body by default.
const LONGEST_BODY: usize = 6 * (1 << 20) + (64 << 10);
const SHARE: &str = "/api/v1/share";
const CONCEAL: &str = "/api/v2/secret/conceal";

/// Many pieces, each with its number, inside of these.
fn many(open: &str, count: usize, piece: impl Fn(usize) -> String, close: &str) -> String {
    open.to_owned() + &(0..count).map(piece).collect::<String>() + close
}

/// What each is, how it is refused, and what it is.
fn bodies(made: &Made) -> Vec<(&'static str, u16, Request)> {
    let share = |body: String| Request::post(SHARE).body(body);
    let conceal = |body: String| Request::post(CONCEAL).body(body);
    let deep = |depth| format!("{{\"secret\":{}0{}}}", "[".repeat(depth), "]".repeat(depth));
    let same = many("{", 1_000_000, |_| "\"a\":0,".into(), "\"secret\":\"hello\"}");
    let different = many("{", 600_000, |number| format!("\"{number:x}\":0,"), "\"secret\":\"hello\"}");
    let parts =
        many("", 80_000, |_| "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".into(), "--x--");
    let long = json!({ "secret": "hello", "passphrase": "p".repeat(1 << 20), "continue": true });
    let reveal = Request::post(&format!("/api/v2/secret/{}/reveal", made.secret)).json(&long);
    vec![
        ("JSON a thousand deep", 400, share(deep(1_000))),
        ("JSON three million deep", 400, conceal(deep(3_000_000))),
        ("a million members of one name", 400, share(same.clone())),
        ("a million members of one name in a secret", 400, conceal(format!("{{\"secret\":{same}}}"))),
        ("600,000 members", 400, share(different)),
        ("a million elements", 400, share(many("{\"x\":[", 1_000_000, |_| "0,".into(), "0]}"))),
        ("a million fields of one name", 400, share("a=&".repeat(1_000_000) + "secret=hello")),
        ("800,000 fields", 400, share(many("", 800_000, |number| format!("{number:x}=&"), "secret=hello"))),
        ("a field two million deep", 422, share(format!("x{}=1", "[a]".repeat(2_000_000)))),
        ("escapes without end", 422, share(format!("x={}", "%41".repeat(2_000_000)))),
        ("80,000 parts", 400, share(parts).header("Content-Type", "multipart/form-data; boundary=x")),
        ("a text that never ends", 400, share("{\"secret\":\"".to_owned() + &"\\u0041".repeat(1_000_000))),
        ("a compressed body", 415, share("\x1f\0".repeat(5_000)).header("Content-Encoding", "gzip")),
        ("a byte too many", 413, share("a".repeat(LONGEST_BODY + 1))),
        ("a passphrase of a mebibyte", 422, Request::post(SHARE).json(&long)),
        ("such a guess", 422, reveal),
    ]
}

#[test]
fn a_body_made_to_cost_much_is_refused_and_costs_little() {
    let target = Target::start(&["--passphrase-attempts-source", "0"]);
    let secret = json!({ "secret": { "secret": "hello", "passphrase": "right" } });
    let made = Made::of(&target.process.send(&Request::post(CONCEAL).json(&secret)).ok());
    // The system counts the processor's time in hundredths of a second.
    let (times, mut costly) = (size(1, 20), false);
    for (name, status, request) in bodies(&made) {
        let before = target.processor();
        for _ in 0..times {
            target.process.send(&request).expect(status);
        }
        let cost = target.processor().saturating_sub(before) / u32::try_from(times).expect("few");
        eprintln!("{name}: {cost:?}");
        costly |= cost > MOMENT;
    }
    assert!(!costly || !is_soak(), "more than {MOMENT:?}");
    let before = target.processor();
    for _ in 0..100 {
        target.create();
    }
    assert!(target.processor() > before, "the processor's time is not told");
}
