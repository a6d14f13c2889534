//! Where bytes of strangers are read, one function for each place, to be fed whatever there is. Each holds what
//! must be true of any input; most of all, none may panic. Compiled for tests and for the fuzzer alone:
//! `tests/fuzz` holds what has been found worth keeping.

use crate::app::conceal::share_domain;
use crate::client::Link;
use crate::config::{base_url, lifetime, of_text};
use crate::keyfile::{KeySource, parse};
use crate::links::Links;
use crate::mail::Message;
use crate::mailer::{Sender, compose};
use crate::secret::{ApiToken, EmailAddress, Outcome, Plaintext, ReceiptId, SecretId};
use crate::time::{Timestamp, Ttl, TtlPolicy};
use crate::vault::{
    Fingerprint, Identifiers, KeyId, KeyRing, ReceiptContent, RootKey, SealedSecret, SecretKeyParts, Share,
    Vault,
};
use crate::web::clients::Clients;
use crate::web::params::{Params, from_bytes};
use crate::web::wishes::{recipe, wishes};
use crate::web::{ForwardedHeader, caller, slashes};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

/// What is fed.
pub type Target = fn(&[u8]);

/// The places, by their names.
pub const TARGETS: [(&str, Target); 11] = [
    ("v1-form", v1_form),
    ("v2-json", v2_json),
    ("basic", basic),
    ("path", path),
    ("forwarded", forwarded),
    ("domain", domain),
    ("ttl", ttl),
    ("recipient", recipient),
    ("envelope", envelope),
    ("keyring", keyring),
    ("config", config),
];

/// A body of version 1: a form, a multipart form with the boundary `b`, or nothing announced.
pub fn v1_form(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else { return };
    let kinds = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"];
    let Some(params) = from_bytes(kinds[usize::from(*kind) % 3], body) else { return };
    ask(&mut params.without_case(), body.len());
}

/// A body of version 2.
pub fn v2_json(data: &[u8]) {
    let Some(mut params) = from_bytes("application/json", data) else { return };
    if let Ok(mut inner) = params.inner("secret") {
        ask(&mut inner, data.len());
    }
    let _ = (params.is_true("continue"), params.texts("identifiers"), params.text_or_empty("memo"));
}

/// Asks for all that a route may ask for. Nothing grows on the way.
fn ask(params: &mut Params, most: usize) {
    if let Ok(Some(secret)) = params.text("secret") {
        assert!(!secret.is_empty() && secret.len() <= most);
    }
    if let Ok(wishes) = wishes(params) {
        assert!(wishes.recipients.iter().map(String::len).sum::<usize>() <= most);
    }
    let _ = recipe(params);
}

/// The value of an `Authorization` header.
pub fn basic(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let Some(pair) = caller::decoded(&value) else { return };
    assert!(pair.len() < data.len());
    let Ok(pair) = str::from_utf8(&pair) else { return };
    let (user, token) = pair.split_once(':').unwrap_or((pair, ""));
    if let Some(token) = ApiToken::parse(token) {
        assert!(token.expose().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }
    let _ = EmailAddress::parse(user);
}

/// A request's target, and what people paste as a link.
pub fn path(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for id in text.split('/') {
        if let Some(id) = SecretId::parse(id) {
            assert!(id.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
            assert!(ReceiptId::parse(id.as_str()).is_some());
            let _ = Identifiers::new([7; 32]).secret(&id);
        }
    }
    if let Some(merged) = text.parse().ok().and_then(|uri| slashes::merged(&uri)) {
        assert!(!merged.path().contains("//"), "{merged}");
        assert!(slashes::merged(&merged).is_none(), "{merged}");
    }
    if let Ok(link) = Link::parse(text) {
        assert!(text.contains(link.id.as_str()));
    }
}

/// A header in which a proxy tells who called it. The first byte chooses the header, and who is trusted.
pub fn forwarded(data: &[u8]) {
    let Some((kind, values)) = data.split_first() else { return };
    let (header, name) = if kind & 1 == 0 {
        (ForwardedHeader::XForwardedFor, HeaderName::from_static("x-forwarded-for"))
    } else {
        (ForwardedHeader::Forwarded, HeaderName::from_static("forwarded"))
    };
    let mut headers = HeaderMap::new();
    for line in values.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name.clone(), value);
        }
    }
    let proxy: IpAddr = Ipv4Addr::new(10, 0, 0, 1).into();
    let stranger: IpAddr = Ipv4Addr::new(192, 0, 2, 1).into();
    let trusted = "10.0.0.0/8".parse().expect("a network");
    let clients = Clients::new(vec![trusted], header);
    assert_eq!(clients.client(stranger, &headers), stranger, "a stranger is not believed");
    assert_eq!(Clients::new(Vec::new(), header).client(proxy, &headers), proxy);
    let _ = clients.client(proxy, &headers);
}

/// A wish for a share domain, and an operator's base URL.
pub fn domain(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let links = Links::new(base_url("https://secrets.example").expect("a base URL"));
    let listed = ["links.example".to_owned()];
    if let Ok(Some(domain)) = share_domain(&links, &listed, Some(text.to_owned())) {
        assert_eq!(domain, listed[0]);
    }
    if let Ok(base) = base_url(text) {
        assert!(matches!(base.scheme(), "http" | "https") && !base.as_str().contains(['"', '<', ' ', '\n']));
    }
}

/// A lifetime as a person writes it, and as a program does.
pub fn ttl(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let policy = TtlPolicy {
        default: Ttl::from_seconds(604_800),
        min: Ttl::from_seconds(60),
        max: Ttl::from_seconds(2_592_000),
    };
    if let Ok(ttl) = lifetime(text) {
        assert!(ttl.seconds() >= 1);
    }
    for body in [format!("ttl={text}"), format!("{{\"ttl\":{text}}}")] {
        let params = from_bytes("", body.as_bytes());
        if let Some(Ok(wish)) = params.map(|mut params| params.number("ttl")) {
            let granted = policy.grant(wish);
            assert!(granted >= policy.min && granted <= policy.max);
            let _ = Timestamp::from_unix(1_800_000_000).plus(granted.doubled()).civil();
        }
    }
}

/// A recipient, down to the mail as it is sent. What follows a line's end is a sender's name.
pub fn recipient(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (to, name) = text.split_once('\n').unwrap_or((text, "Tellonce"));
    let Some(address) = EmailAddress::parse(to) else { return };
    assert!(!address.obscured().contains(address.as_str()));
    let now = Timestamp::from_unix(1_800_000_000);
    let message = Message::notice(&address, Outcome::Revealed, now, now);
    let Some(from) = Sender::parse(&format!("{name} <no-reply@secrets.example>")) else { return };
    let Some((envelope, mail)) = compose(&from, &message) else { return };
    assert!(envelope.to().len() == 1 && envelope.to()[0].to_string() == to);
    let mail = String::from_utf8(mail).expect("a text");
    let head = mail.split("\r\n\r\n").next().unwrap_or_default();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    assert_eq!(lines.count(), 6, "{head:?}");
}

/// A sealed secret and a receipt's content in which bytes have changed: pairs of place and change.
pub fn envelope(data: &[u8]) {
    let _ = ReceiptContent::decode(data);
    let _ = Message::decode(data);
    let root = RootKey::from_hex(&"0123456789abcdef".repeat(4)).expect("a key");
    let vault = Vault::new(KeyRing::new((KeyId::from_number(1), root), Vec::new()));
    let id = SecretId::parse(&"a".repeat(31)).expect("an identifier");
    let share = Share::from_bytes([3; 32]);
    let parts = SecretKeyParts { id: &id, share: &share, passphrase: None };
    let lookup = Identifiers::new([7; 32]).secret(&id);
    let content = Plaintext::new(Zeroizing::new("hello".into())).expect("a text");
    let sealed = vault.seal_secret(&parts, lookup, Timestamp::from_unix(1_800_000_000), &content);
    let mut changed = SealedSecret { ..sealed.clone() };
    for change in data.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) % (changed.sealed.len() + 16);
        match place.checked_sub(changed.sealed.len()) {
            Some(place) => changed.check[place] ^= change[2],
            None => changed.sealed[place] ^= change[2],
        }
    }
    if data.len() % 3 == 1 {
        changed.sealed.truncate(usize::from(data[data.len() - 1]));
    }
    let is_same = changed.sealed == sealed.sealed && changed.check == sealed.check;
    assert_eq!(vault.open_secret(&changed, &parts).is_ok(), is_same, "only what was sealed opens");
}

/// A key file, and the variable that holds keys.
pub fn keyring(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let file = KeySource::File { path: "tellonce.key".into(), may_create: false };
    let variable = KeySource::Environment(Zeroizing::new(String::new()));
    for source in [file, variable] {
        match parse(text, &source) {
            Ok(keys) => {
                let mut known: Vec<Fingerprint> = keys.iter().map(RootKey::fingerprint).collect();
                known.sort_by_key(|fingerprint| fingerprint.0);
                known.dedup();
                assert!(!keys.is_empty() && known.len() == keys.len());
            }
            // What may be most of a key must not be repeated to whoever reads logs.
            Err(error) => {
                let told = error.to_string();
                let is_hex =
                    |line: &&str| line.len() >= 8 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(
                    text.split(['\n', ',']).map(str::trim).filter(is_hex).all(|line| !told.contains(line))
                );
            }
        }
    }
}

/// A configuration file.
pub fn config(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let gathered = of_text(text);
    let _ = gathered.describe();
    match &gathered.outcome {
        Ok(config) => assert!(!format!("{config:?}").is_empty()),
        Err(problems) => assert!(problems.iter().all(|problem| !problem.to_string().is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn all_that_fuzzing_has_found_worth_keeping_is_read_without_harm() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
        let (mut files, mut bytes) = (0, 0);
        for (name, target) in TARGETS {
            let folder = fs::read_dir(corpus.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            for entry in folder {
                let data = fs::read(entry.expect("an entry").path()).expect("a file");
                target(&data);
                files += 1;
                bytes += data.len();
            }
        }
        assert!(files >= 500 && bytes <= 2 << 20, "{files} files, {bytes} bytes");
    }
}
