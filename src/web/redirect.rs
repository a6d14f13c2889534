//! Plain HTTP beside TLS: everything is sent to the configured address, whatever a request calls this
//! server, and an ACME directory finds what it asked for.

use crate::door::{self, Answer};
use crate::links::Links;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Connections open at once.
const CONNECTIONS: usize = 512;
/// Where a directory looks (RFC 8555, section 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// What an ACME directory is to find here: answers by token.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<BTreeMap<String, String>>>);

impl Challenges {
    /// From now on, this is the answer to that token; none takes it away.
    pub fn set(&self, token: &str, answer: Option<&str>) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Some(answer) => answers.insert(token.to_owned(), answer.to_owned()),
            None => answers.remove(token),
        };
    }

    fn answer(&self, target: &str) -> Option<String> {
        let token = target.strip_prefix(CHALLENGES)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}

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
