//! Replies of any server of this API: numbers and flags come as such or as text, so each field is
//! taken however it came.

use super::problem::{Problem, fit_to_show};
use serde_json::Value;
use zeroize::Zeroizing;

/// A reply in JSON.
pub struct Reply(Value);

impl Reply {
    pub(super) fn new(value: Value) -> Self {
        Self(value)
    }

    /// The objects of the list at this pointer (RFC 6901), each as a reply of its own.
    pub fn list(&mut self, pointer: &str) -> Vec<Self> {
        match self.0.pointer_mut(pointer).map(Value::take) {
            Some(Value::Array(list)) => list.into_iter().map(Self).collect(),
            _ => Vec::new(),
        }
    }

    /// A text that is there and not empty.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A text that may be shown in a terminal.
    pub fn shown(&self, pointer: &str) -> Option<String> {
        self.text(pointer).map(fit_to_show)
    }

    /// Several texts that may be shown.
    pub fn all_shown(&self, pointer: &str) -> Vec<String> {
        let list = self.0.pointer(pointer).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(fit_to_show).collect()
    }

    /// A whole number.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        match self.0.pointer(pointer)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Whether a flag holds.
    pub fn flag(&self, pointer: &str) -> bool {
        match self.0.pointer(pointer) {
            Some(Value::Bool(holds)) => *holds,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// A secret text, moved out of the reply.
    pub fn secret(&mut self, pointer: &str) -> Option<Zeroizing<String>> {
        match self.0.pointer_mut(pointer).map(Value::take) {
            Some(Value::String(text)) => Some(Zeroizing::new(text)),
            _ => None,
        }
    }
}

/// A refusal, from its status and its body.
pub(super) fn refusal(status: u16, retry_after: Option<u64>, body: &[u8]) -> Problem {
    let reply = Reply(serde_json::from_slice(body).unwrap_or(Value::Null));
    let message = reply.shown("/message").or_else(|| reply.shown("/error"));
    let is_of_this_api = message.is_some();
    match status {
        401 => Problem::Unauthorized,
        404 if is_of_this_api => Problem::NotFound,
        422 if reply.text("/field") == Some("passphrase")
            && reply.text("/message").is_some_and(|message| message.starts_with("Incorrect")) =>
        {
            Problem::WrongPassphrase
        }
        _ if !is_of_this_api && matches!(status, 404 | 405) => {
            Problem::Unreachable("the server does not speak this API: is its address right?".into())
        }
        _ => {
            let message = message.unwrap_or_else(|| "without a reason".into());
            let seconds = reply.number("/retry_after").and_then(|seconds| u64::try_from(seconds).ok());
            Problem::Refused { status, message, retry_after: seconds.or(retry_after) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply(serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn numbers_and_flags_are_taken_as_such_or_as_text() {
        for text in [r#"{"n": 7, "f": true}"#, r#"{"n": "7", "f": "true"}"#] {
            assert_eq!(reply(text).number("/n"), Some(7));
            assert!(reply(text).flag("/f"));
        }
        for text in
            [r#"{"n": null, "f": false}"#, r#"{"n": "x", "f": "false"}"#, r#"{"n": {}, "f": null}"#, "{}"]
        {
            assert_eq!(reply(text).number("/n"), None);
            assert!(!reply(text).flag("/f"));
        }
    }

    #[test]
    fn a_servers_words_cannot_move_the_cursor() {
        let problem = refusal(500, None, b"{\"message\": \"a\\u001b[2Jb\\r\\nc\"}");
        assert_eq!(problem.to_string(), "the server refuses (500): a [2Jb  c");
    }

    #[test]
    fn only_a_refusal_of_this_api_means_that_a_secret_is_unknown() {
        let unknown = br#"{"message": "Unknown secret"}"#;
        assert!(matches!(refusal(404, None, unknown), Problem::NotFound));
        assert!(matches!(refusal(404, None, b"<h1>nginx</h1>"), Problem::Unreachable(_)));
    }

    #[test]
    fn only_an_incorrect_passphrase_is_worth_another_try() {
        let wrong = br#"{"message": "Incorrect passphrase", "field": "passphrase"}"#;
        assert!(matches!(refusal(422, None, wrong), Problem::WrongPassphrase));
        let weak = br#"{"message": "The passphrase must have at least 8 characters", "field": "passphrase"}"#;
        assert!(matches!(refusal(422, None, weak), Problem::Refused { status: 422, .. }));
    }
}
