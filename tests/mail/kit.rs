//! A server with a mail server, and an account that may have mail sent.

use crate::support::http::{Login, Reply};
use crate::support::server::{Made, policy};
use crate::support::smtp::{Manner, Running, Sink, eventually};
use crate::support::{Request, Server};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::path::Path;
use tellonce::app::Policy;
use tellonce::mailer::{MailConfig, MailTls};

/// The account.
pub const OWNER: &str = "owner@office.example";
/// Whom its links go to.
pub const FRIEND: &str = "friend@example.com";
/// What others may see of that.
pub const OBSCURED: &str = "fr*****@e*****.com";

/// Server, mail server and account.
pub struct Post {
    // The mailer ends before the server that it works for.
    running: Option<Running>,
    pub server: Server,
    pub sink: Sink,
    pub owner: Login,
}

impl Post {
    pub fn start(manner: Manner) -> Self {
        Self::start_with(policy(), MailTls::Off, manner, |_| {})
    }

    pub fn start_under(policy: Policy, manner: Manner) -> Self {
        Self::start_with(policy, MailTls::Off, manner, |_| {})
    }

    /// With changes to how the server sends.
    pub fn start_with(
        policy: Policy,
        tls: MailTls,
        manner: Manner,
        change: impl FnOnce(&mut MailConfig),
    ) -> Self {
        let server = Server::start_with(policy);
        let sink = Sink::start_with(tls, manner);
        let owner = server.account(OWNER);
        let mut config = sink.config(&server.folder());
        change(&mut config);
        let running = Some(Running::start(&server.site, &config));
        Self { running, server, sink, owner }
    }

    /// Conceals as the account, with the link mailed to this address.
    #[track_caller]
    pub fn conceal_for(&self, recipient: &str) -> Made {
        self.server.conceal_as(&self.owner, json!({ "secret": "hello", "recipient": recipient }))
    }

    /// As [`Post::conceal_for`], with any parameters and any outcome.
    #[track_caller]
    pub fn try_conceal(&self, secret: &Value) -> Reply {
        let request = Request::post("/api/v2/secret/conceal").json(&json!({ "secret": secret }));
        self.server.send(&request.login(&self.owner))
    }

    /// Mails that wait.
    pub fn waiting(&self) -> u32 {
        self.server.site.app.waiting_mail().expect("a count")
    }

    /// Waits until no mail waits.
    #[track_caller]
    pub fn settle(&self) {
        eventually("the outbox is empty", || self.waiting() == 0);
    }

    /// The state of a receipt in v2 and v1, when it was shared, and whether the page says that the mail
    /// failed.
    #[track_caller]
    pub fn told(&self, made: &Made) -> (String, String, Value, bool) {
        let v2 = self.server.receipt(made);
        let v1 = self.server.get(&format!("/api/v1/private/{}", made.receipt)).ok();
        let page = self.server.get(&format!("/receipt/{}", made.receipt)).expect(200);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&v2["state"]), text(&v1["state"]), v2["shared"].clone(), page.contains("Could not be sent"))
    }

    /// Makes the mailer look at its outbox now.
    pub fn poke(&self) {
        let made = self.server.conceal("nothing");
        self.server.reveal(&made).expect(200);
    }

    /// How often the only mail that waits was tried, and in how many seconds it is tried again.
    pub fn tries(&self) -> (u32, i64) {
        let now = self.server.site.app.clock().now().moment().unix();
        let row = database(&self.server.folder()).query_row(
            "SELECT tries, due_at - ?1 FROM outbox",
            [now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        row.expect("a mail that waits")
    }

    /// Waits until the only mail that waits has been tried so often; returns the seconds until the next
    /// attempt.
    #[track_caller]
    pub fn tried(&self, times: u32) -> i64 {
        eventually(&format!("attempt {times}"), || self.tries().0 >= times);
        let (tries, rest) = self.tries();
        assert_eq!(tries, times);
        rest
    }

    /// Slots that hold a share.
    pub fn slots(&self) -> i64 {
        let sql = "SELECT count(*) FROM slots WHERE used = 1";
        database(&self.server.folder()).query_row(sql, [], |row| row.get(0)).expect("a count")
    }

    /// Stops the mailer.
    pub fn stop_mailer(&mut self) {
        self.running = None;
    }
}

/// The database, to be read.
pub fn database(folder: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(folder.join("tellonce.db"), flags).expect("the database")
}

/// Which of the files in this folder hold these bytes.
pub fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        if bytes.windows(needle.len()).any(|window| window == needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Waits until the write-ahead log is empty: its bytes are in the file, or gone.
#[track_caller]
pub fn log_emptied(folder: &Path) {
    let log = folder.join("tellonce.db-wal");
    eventually("the log is empty", || std::fs::metadata(&log).map_or(0, |file| file.len()) == 0);
}
