//! A small ACME directory (RFC 8555): real TLS, signatures and nonces that are checked, proof fetched over
//! plain HTTP, and certificates that may be as short-lived as a test wants them.

use crate::kit::Authority;
use base64ct::{Base64UrlUnpadded, Encoding};
use rcgen::{CertificateParams, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How the directory behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Works,
    /// Breaks every connection off.
    IsGone,
    /// Answers with what is none of the protocol.
    Talks,
}

/// Seconds of a certificate's life that have passed when it is issued, and that are left.
#[derive(Clone, Copy)]
pub struct Life(pub u64, pub u64);

pub struct State {
    pub manner: Manner,
    pub life: Life,
    /// Where proof is looked for, whatever a name says.
    pub looks_at: SocketAddr,
    /// Contacts of the accounts that were made.
    pub accounts: Vec<Value>,
    pub issued: usize,
    orders: Vec<Order>,
    nonces: HashSet<String>,
    /// The account's key.
    jwk: Value,
}

struct Order {
    names: Vec<String>,
    token: String,
    status: &'static str,
    certificate: String,
}

pub struct Directory {
    pub address: SocketAddr,
    pub authority: Arc<Authority>,
    state: Arc<Mutex<State>>,
}

impl Directory {
    pub fn start(looks_at: SocketAddr) -> Self {
        let authority = Arc::new(Authority::new());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State {
            manner: Manner::Works,
            life: Life(0, 7_776_000),
            looks_at,
            accounts: Vec::new(),
            issued: 0,
            orders: Vec::new(),
            nonces: HashSet::new(),
            jwk: Value::Null,
        }));
        let directory = Self { address, authority, state };
        let tls = Arc::new(directory.tls());
        let (state, authority) = (Arc::clone(&directory.state), Arc::clone(&directory.authority));
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (tls, state, authority) = (Arc::clone(&tls), Arc::clone(&state), Arc::clone(&authority));
                std::thread::spawn(move || serve(&tls, socket, address, &state, &authority));
            }
        });
        directory
    }

    fn tls(&self) -> ServerConfig {
        let (chain, key) = self.authority.certify("localhost");
        let chain = CertificateDer::from_pem_slice(chain.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        builder.with_single_cert(vec![chain], key).expect("a pair")
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/directory", self.address.port())
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a state")
    }
}

type Encrypted = BufReader<StreamOwned<ServerConnection, TcpStream>>;

fn serve(
    tls: &Arc<ServerConfig>,
    socket: TcpStream,
    address: SocketAddr,
    state: &Mutex<State>,
    authority: &Authority,
) {
    let session = ServerConnection::new(Arc::clone(tls)).expect("a session");
    let mut stream = BufReader::new(StreamOwned::new(session, socket));
    while let Some((method, path, body)) = read(&mut stream) {
        let mut state = state.lock().expect("a state");
        if state.manner == Manner::IsGone {
            return;
        }
        let (status, location, reply) = state.answer(&method, &path, &body, address, authority);
        let nonce = format!("nonce-{}-{}", state.nonces.len(), state.orders.len());
        state.nonces.insert(nonce.clone());
        let head = format!(
            "HTTP/1.1 {status} X\r\nReplay-Nonce: {nonce}\r\nLocation: {location}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            reply.len()
        );
        let body = if method == "HEAD" { "" } else { &reply };
        if stream.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// One request: method, path and body.
fn read(stream: &mut Encrypted) -> Option<(String, String, Vec<u8>)> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((method, path, body))
}

type Reply = (u16, String, String);

impl State {
    fn answer(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        address: SocketAddr,
        authority: &Authority,
    ) -> Reply {
        let url = |path: &str| format!("https://localhost:{}{path}", address.port());
        if self.manner == Manner::Talks {
            return (200, String::new(), "<h1>We are having a break</h1>".into());
        }
        if method != "POST" {
            let paths = [("newNonce", "/nonce"), ("newAccount", "/account"), ("newOrder", "/order")];
            let list: Value = paths.into_iter().map(|(name, path)| (name.to_owned(), url(path))).collect();
            return (200, String::new(), list.to_string());
        }
        let Some(payload) = self.verified(&url(path), body) else {
            let problem = json!({ "type": "urn:ietf:params:acme:error:malformed", "status": 400 });
            return (400, String::new(), problem.to_string());
        };
        let mut parts = path[1..].split('/');
        let (what, number) = (parts.next().unwrap_or_default(), parts.next());
        let number: usize = number.and_then(|number| number.parse().ok()).unwrap_or(self.orders.len());
        match what {
            "account" => {
                assert_eq!(payload["termsOfServiceAgreed"], true);
                self.accounts.push(payload["contact"].clone());
                return (201, url("/account/1"), json!({ "status": "valid" }).to_string());
            }
            "order" if number == self.orders.len() => {
                let names = payload["identifiers"].as_array().expect("identifiers").iter();
                let names = names.map(|name| name["value"].as_str().expect("a name").to_owned()).collect();
                let token = format!("token-{number}");
                self.orders.push(Order { names, token, status: "pending", certificate: String::new() });
            }
            "challenge" => self.look(number),
            "finalize" => self.issue(number, &payload, authority),
            "certificate" => return (200, String::new(), self.orders[number].certificate.clone()),
            _ => {}
        }
        let order = &self.orders[number];
        let reply = match what {
            "challenge" => order.challenge(&url(&format!("/challenge/{number}"))),
            "authorization" => json!({
                "status": if order.status == "pending" { "pending" } else { "valid" },
                "identifier": { "type": "dns", "value": order.names[0] },
                "challenges": [order.challenge(&url(&format!("/challenge/{number}")))],
            }),
            _ => json!({
                "status": order.status,
                "identifiers": order.names.iter().map(|name| json!({ "type": "dns", "value": name })).collect::<Vec<_>>(),
                "authorizations": [url(&format!("/authorization/{number}"))],
                "finalize": url(&format!("/finalize/{number}")),
                "certificate": url(&format!("/certificate/{number}")),
            }),
        };
        (if what == "order" { 201 } else { 200 }, url(&format!("/order/{number}")), reply.to_string())
    }

    /// The payload of a request that is signed with the account's key, for this URL, with a fresh nonce.
    fn verified(&mut self, url: &str, body: &[u8]) -> Option<Value> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let part = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let decode = |text: &str| Base64UrlUnpadded::decode_vec(text).ok();
        let protected: Value = serde_json::from_slice(&decode(&part("protected"))?).ok()?;
        let is_fresh = self.nonces.remove(protected["nonce"].as_str()?);
        if !is_fresh || protected["url"] != url || protected["alg"] != "ES256" {
            return None;
        }
        if protected["jwk"].is_object() {
            self.jwk = protected["jwk"].clone();
        }
        let point = ["x", "y"].map(|name| decode(self.jwk[name].as_str().unwrap_or_default()));
        let point = [vec![4], point[0].clone()?, point[1].clone()?].concat();
        let signed = format!("{}.{}", part("protected"), part("payload"));
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &decode(&part("signature"))?).ok()?;
        Some(serde_json::from_slice(&decode(&part("payload"))?).unwrap_or(Value::Null))
    }

    /// Fetches the proof, as RFC 8555 has it: over plain HTTP, from the name's port 80.
    fn look(&mut self, number: usize) {
        let key = format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, self.jwk["x"], self.jwk["y"]);
        let thumbprint = Base64UrlUnpadded::encode_string(digest(&SHA256, key.as_bytes()).as_ref());
        let order = &mut self.orders[number];
        let expected = format!("{}.{thumbprint}", order.token);
        let found = fetch(self.looks_at, &order.names[0], &order.token);
        order.status = if found.as_deref() == Some(&expected) { "ready" } else { "invalid" };
    }

    fn issue(&mut self, number: usize, payload: &Value, authority: &Authority) {
        let request = Base64UrlUnpadded::decode_vec(payload["csr"].as_str().expect("a CSR")).expect("bytes");
        let order = &mut self.orders[number];
        assert_eq!(order.status, "ready");
        for name in &order.names {
            assert!(request.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
        }
        let mut params = CertificateParams::new(order.names.clone()).expect("names");
        let now = now();
        params.not_before = (now - Duration::from_secs(self.life.0)).into();
        params.not_after = (now + Duration::from_secs(self.life.1)).into();
        let certificate = params.signed_by(&Point::of(&request), authority.issuer()).expect("a certificate");
        order.certificate = certificate.pem();
        order.status = "valid";
        self.issued += 1;
    }
}

impl Order {
    fn challenge(&self, url: &str) -> Value {
        let status = if self.status == "pending" { "pending" } else { "valid" };
        json!({ "type": "http-01", "url": url, "token": self.token, "status": status })
    }
}

#[expect(clippy::disallowed_methods, reason = "it is another machine's clock")]
fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

fn fetch(address: SocketAddr, name: &str, token: &str) -> Option<String> {
    let mut socket = TcpStream::connect(address).ok()?;
    let path = format!("/.well-known/acme-challenge/{token}");
    write!(socket, "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n").ok()?;
    let mut reply = String::new();
    socket.read_to_string(&mut reply).ok()?;
    let (head, body) = reply.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}

/// The public key in a request for a certificate, on the curve P-256.
struct Point(Vec<u8>);

impl Point {
    fn of(request: &[u8]) -> Self {
        const BIT_STRING: [u8; 4] = [3, 66, 0, 4];
        let at = request.windows(4).position(|window| window == BIT_STRING).expect("a point") + 3;
        Self(request[at..at + 65].to_vec())
    }
}

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}
