//! What an ACME directory is to find at port 80.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a directory looks (RFC 8555, section 8.3).
const FOLDER: &str = "/.well-known/acme-challenge/";

/// Answers by token.
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

    /// The answer for this path, if it asks for one.
    pub fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(FOLDER)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}
