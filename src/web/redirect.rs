//! Plain HTTP beside TLS: everything is sent to the configured address, whatever a request calls this
//! server, and an ACME directory finds what it asked for.

use crate::door::{self, Answer};
use crate::links::Links;
use crate::tls::Challenges;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Connections open at once.
const CONNECTIONS: usize = 512;
/// Answers on this listener, on this event loop.
pub fn serve(listener: TcpListener, links: Links, challenges: Challenges) -> JoinHandle<()> {
    door::serve(listener, CONNECTIONS, move |target| {
        let answer = match challenges.answer(&target) {
            Some(answer) => Answer::text("200 OK", answer),
            None => moved(links.base(None) + &target),
        };
        std::future::ready(answer)
    })
}

fn moved(location: String) -> Answer {
    let mut answer = Answer::text("301 Moved Permanently", "this server speaks HTTPS\n");
    answer.headers.push(("Location", location));
    answer
}
