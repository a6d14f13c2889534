//! The whole server inside the test: real sockets, a real database file, and a clock moved by hand.

use super::http::{Client, Login, Reply, Request};
use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use serde_json::{Value, json};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tellonce::app::{App, Create, Policy};
use tellonce::keyfile::KeySource;
use tellonce::limits::{AttemptPolicy, Rate, RatePolicy};
use tellonce::links::Links;
use tellonce::secret::{Caller, EmailAddress, Locale, Source};
use tellonce::store::Role;
use tellonce::time::{Clock, Timestamp, Ttl, TtlPolicy};
use tellonce::vault::Argon2Cost;
use tellonce::web::server::{self, Bounds};
use tellonce::web::{Rules, Site};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The moment at which tests begin: 2027-01-15T08:00:00Z.
pub const START: i64 = 1_800_000_000;
/// What links begin with in tests: nobody could have read it off a request.
pub const BASE: &str = "https://secrets.example";

/// The rules that tests run under, with an Argon2 that costs next to nothing.
pub fn policy() -> Policy {
    Policy {
        max_secret_bytes: 1 << 20,
        ttl: TtlPolicy {
            default: Ttl::from_seconds(604_800),
            min: Ttl::from_seconds(60),
            max: Ttl::from_seconds(604_800),
        },
        passphrase_min_length: 1,
        passphrase_required: false,
        ttl_max_account: Ttl::from_seconds(2_592_000),
        create: Create::Anyone,
        max_recipients: 1,
        rates: RatePolicy::OFF,
        min_free_disk: 0,
        // All of a test's callers are one source.
        attempts: AttemptPolicy { per_source: Rate::per(1_000_000, 1), ..AttemptPolicy::DEFAULT },
        argon2: Argon2Cost { m: 32, t: 1, p: 1 },
        links: links(BASE),
        share_domains: vec!["links.example".into()],
    }
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub site: Data<Site>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    folder: TempDir,
    runtime: Runtime,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(policy())
    }

    pub fn start_with(policy: Policy) -> Self {
        Self::start_under(policy, Rules::default())
    }

    /// A server under these rules for requests.
    pub fn start_under(policy: Policy, rules: Rules) -> Self {
        Self::open(TempDir::new().expect("a folder"), START, policy, rules)
    }

    /// A server on what is in this folder, at this moment.
    pub fn start_on(folder: TempDir, at: i64) -> Self {
        Self::open(folder, at, policy(), Rules::default())
    }

    fn open(folder: TempDir, at: i64, policy: Policy, rules: Rules) -> Self {
        let database = folder.path().join("tellonce.db");
        let key = KeySource::File { path: folder.path().join("tellonce.key"), may_create: true };
        let clock = Clock::manual(Timestamp::from_unix(at));
        let fatal = Box::new(|reason: &str| panic!("{reason}"));
        let opened = App::open(&database, &key, Role::Server, policy, clock, fatal).expect("a database");
        let site = Data::new(Site::new(opened.app, rules));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (ready, started) = mpsc::channel();
        let shared = site.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let bounds = Bounds { workers: 2, max_connections: 4096, shutdown: Duration::from_secs(10) };
                let server = server::server(&shared, listener, bounds, None).expect("listening");
                ready.send(server.handle()).expect("a listener");
                server.await.expect("served");
            });
        });
        let handle = started.recv().expect("started");
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        Self { address, site, handle, thread: Some(thread), folder, runtime }
    }

    /// Does what the operator's commands do.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Adds an account.
    #[track_caller]
    pub fn account(&self, user: &str) -> Login {
        let address = EmailAddress::parse(user).expect("an address");
        let token = self.run(self.site.app.add_account(address)).expect("a new account");
        Login { user: user.into(), token: token.expose().into() }
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        self.site.app.clock().advance(seconds);
    }

    /// The folder of the database and the key.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address).expect("connected")
    }

    /// Sends a request on a connection of its own.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Reply {
        self.connect().send(request).expect("a reply")
    }

    #[track_caller]
    pub fn get(&self, target: &str) -> Reply {
        self.send(&Request::get(target))
    }

    #[track_caller]
    pub fn post(&self, target: &str, body: &Value) -> Reply {
        self.send(&Request::post(target).json(body))
    }

    /// Conceals a text and returns its links' identifiers.
    #[track_caller]
    pub fn conceal(&self, text: &str) -> Made {
        self.conceal_with(json!({ "secret": text }))
    }

    /// Conceals with these parameters.
    #[track_caller]
    pub fn conceal_with(&self, secret: Value) -> Made {
        Made::of(&self.post("/api/v2/secret/conceal", &json!({ "secret": secret })).ok())
    }

    /// Conceals with these parameters as this account.
    #[track_caller]
    pub fn conceal_as(&self, login: &Login, secret: Value) -> Made {
        let request = Request::post("/api/v2/secret/conceal").json(&json!({ "secret": secret }));
        Made::of(&self.send(&request.login(login)).ok())
    }

    /// Reveals without a passphrase.
    #[track_caller]
    pub fn reveal(&self, made: &Made) -> Reply {
        self.reveal_with(made, None)
    }

    #[track_caller]
    pub fn reveal_with(&self, made: &Made, passphrase: Option<&str>) -> Reply {
        let target = format!("/api/v2/secret/{}/reveal", made.secret);
        self.post(&target, &json!({ "continue": true, "passphrase": passphrase }))
    }

    /// The receipt object of v2.
    #[track_caller]
    pub fn receipt(&self, made: &Made) -> Value {
        self.get(&format!("/api/v2/receipt/{}", made.receipt)).ok()["record"].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = self.handle.stop(false);
        if let Some(thread) = self.thread.take() {
            actix_web::rt::System::new().block_on(stopped);
            let _ = thread.join();
        }
    }
}

/// A secret's two identifiers.
#[derive(Clone, Debug)]
pub struct Made {
    pub secret: String,
    pub receipt: String,
}

impl Made {
    /// Of v2's reply.
    #[track_caller]
    pub fn of(reply: &Value) -> Self {
        let text = |pointer| reply.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
        Self { secret: text("/record/secret/identifier"), receipt: text("/record/receipt/identifier") }
    }
}

/// Somebody without an account.
pub fn anyone() -> Caller {
    Caller { account: None, source: Source::of(Ipv4Addr::LOCALHOST.into()), locale: Locale::English }
}

/// Links that begin with this.
pub fn links(base: &str) -> Links {
    Links::new(tellonce::config::base_url(base).expect("a base URL"))
}
