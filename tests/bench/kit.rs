//! A core on a temporary file, with no limits.

#![allow(dead_code, reason = "each benchmark uses a part")]

use std::path::Path;
use tellonce::app::{App, Create, Policy, Wishes};
use tellonce::config::base_url;
use tellonce::keyfile::KeySource;
use tellonce::limits::{AttemptPolicy, RatePolicy};
use tellonce::links::Links;
use tellonce::secret::{Caller, Locale, SecretId, Source};
use tellonce::store::Role;
use tellonce::time::{Clock, Ttl, TtlPolicy};
use tellonce::vault::Argon2Cost;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

pub struct Core {
    pub app: App,
    pub runtime: Runtime,
    caller: Caller,
    folder: TempDir,
}

impl Core {
    pub fn new() -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let caller =
            Caller { account: None, source: Source::of([127, 0, 0, 1].into()), locale: Locale::default() };
        Self { app: open(folder.path()), runtime, caller, folder }
    }

    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub async fn conceal(&self) -> SecretId {
        let content = Some(Zeroizing::new("x".repeat(100)));
        self.app.conceal(content, Wishes::default(), &self.caller).await.expect("concealed").secret
    }

    pub async fn reveal(&self, id: &SecretId) {
        self.app.reveal(id, None, None, &self.caller).await.expect("revealed");
    }

    pub fn look(&self, id: &SecretId) {
        self.app.status(id, &self.caller).expect("a status");
    }
}

fn open(folder: &Path) -> App {
    let key = KeySource::File { path: folder.join("tellonce.key"), may_create: true };
    let week = Ttl::from_seconds(604_800);
    let policy = Policy {
        max_secret_bytes: 1 << 20,
        ttl: TtlPolicy { default: week, min: Ttl::from_seconds(60), max: week },
        ttl_max_account: week,
        create: Create::Anyone,
        max_recipients: 0,
        rates: RatePolicy::OFF,
        min_free_disk: 0,
        passphrase_min_length: 1,
        passphrase_required: false,
        attempts: AttemptPolicy::DEFAULT,
        argon2: Argon2Cost::DEFAULT,
        links: Links::new(base_url("http://127.0.0.1:3000").expect("an address")),
        share_domains: Vec::new(),
    };
    let fatal = Box::new(|reason: &str| panic!("{reason}"));
    let database = folder.join("tellonce.db");
    App::open(&database, &key, Role::Server, policy, Clock::system(), fatal).expect("a database").app
}
