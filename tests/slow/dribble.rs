//! Two thousand clients that never come to an end, of each kind.

use crate::crowd::{Habit, STAY, open_files, outlasts};
use crate::support::{Server, size};
use std::thread;
use std::time::Duration;

const COUNT: usize = 2_000;
const ASK: &str = "GET /api/v2/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
const HEAD: &[u8] = b"GET /api/v2/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /api/v2/secret/conceal HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}").into_bytes()
}

fn silent(opening: impl Into<Vec<u8>>) -> Habit {
    Habit { opening: opening.into(), listens: false, then: b"", dribbles: None }
}

fn dribbling(opening: impl Into<Vec<u8>>) -> Habit {
    Habit { dribbles: Some(b'a'), ..silent(opening) }
}

#[test]
fn no_slow_client_stays_and_the_others_are_served() {
    let crowds = [
        ("a first head that never ends", dribbling(HEAD)),
        ("a second head that never ends", Habit { listens: true, then: HEAD, ..dribbling(ASK) }),
        ("a second head that breaks off", Habit { listens: true, ..silent([ASK.as_bytes(), HEAD].concat()) }),
        ("a body that never ends", dribbling(post("Content-Length: 100000\r\n", "secret="))),
        ("a chunk that never ends", dribbling(post("Transfer-Encoding: chunked\r\n", "ffff\r\n"))),
        (
            "a body that never begins",
            Habit { listens: true, ..silent(post("Content-Length: 1000\r\nExpect: 100-continue\r\n", "")) },
        ),
        ("nothing at all", silent("")),
    ];
    // So many answers that no socket's buffers hold them.
    let unread = silent(format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", stylesheet()).repeat(64));
    let idle = Habit { listens: true, ..silent(ASK) };
    open_files();
    // Each crowd has a server of its own, and two are out at the same time, where nobody asks how long others wait.
    for crowds in crowds.chunks(size(2, 1)) {
        thread::scope(|scope| {
            for (name, habit) in crowds {
                scope.spawn(|| outlasts(name, COUNT, STAY, habit));
            }
        });
    }
    thread::scope(|scope| {
        scope.spawn(|| outlasts("answers that nobody reads", COUNT, STAY, &unread));
        // These may rest for as long as slow ones may stay.
        scope.spawn(|| outlasts("nothing more", COUNT, STAY + Duration::from_secs(10), &idle));
    });
}

/// The largest thing to be had for nothing.
fn stylesheet() -> String {
    let page = Server::start().get("/").expect(200).text();
    let path = page.split("<link rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    path.expect("a stylesheet").to_owned()
}
