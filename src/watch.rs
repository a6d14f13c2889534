//! What operators' programs ask: `/metrics` in Prometheus's text format, version 0.0.4, and the health of
//! the server, on a listener of their own. Nothing here names a secret, an account or an address: labels
//! are route patterns and statuses.

use crate::app::Vitals;
use crate::door::{self, Answer};
use crate::time::Ttl;
use crate::tls::Certificates;
use crate::web::Site;
use crate::web::counts::{BOUNDS, Counts};
use actix_web::web::Data;
use std::fmt::{Display, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Sweeps that may be missing: after three the sweeper goes on by itself.
const MISSED_SWEEPS: u32 = 5;
/// How long erased shares may stay in the log under load, twice over.
const LOG_PATIENCE: Duration = Duration::from_secs(10);

/// A certificate is renewed when the third part of its life is left. It is late when only this part is.
const LATE: i64 = 6;
/// Connections open at once.
const CONNECTIONS: usize = 64;

/// What is watched.
#[derive(Clone)]
pub struct Watch {
    site: Data<Site>,
    sweep_interval: Duration,
    certificates: Option<Arc<Certificates>>,
}

impl Watch {
    /// Watches this site, which is to be swept this often, and its certificates, if it has any.
    pub fn new(site: Data<Site>, sweep_interval: Ttl, certificates: Option<Arc<Certificates>>) -> Self {
        let sweep_interval = Duration::from_secs(sweep_interval.seconds().unsigned_abs());
        Self { site, sweep_interval, certificates }
    }

    /// Answers on this listener, on this event loop.
    pub fn serve(self, listener: TcpListener) -> JoinHandle<()> {
        door::serve(listener, CONNECTIONS, move |target| {
            let watch = self.clone();
            async move {
                // Numbers are read from the disk, which may be slow, or stuck.
                let answered = tokio::task::spawn_blocking(move || watch.answer(&target)).await;
                answered.unwrap_or_else(|_| Answer::text("500 Internal Server Error", "see the log\n"))
            }
        })
    }

    fn answer(&self, target: &str) -> Answer {
        match target.split('?').next().unwrap_or_default() {
            "/metrics" => self.metrics(),
            "/health/live" => Answer::text("200 OK", "live\n"),
            "/health/ready" => self.ready(),
            _ => Answer::text("404 Not Found", "there are /metrics, /health/live and /health/ready\n"),
        }
    }

    /// Whether everything works: a word for each complaint, on lines of their own.
    fn ready(&self) -> Answer {
        match self.complaints() {
            complaints if complaints.is_empty() => Answer::text("200 OK", "ready\n"),
            complaints => Answer::text("503 Service Unavailable", complaints.join("\n") + "\n"),
        }
    }

    /// What does not work, a word each.
    pub fn complaints(&self) -> Vec<&'static str> {
        let Ok(vitals) = self.site.app.vitals() else { return vec!["database-unreadable"] };
        let all = self.judge(&vitals);
        all.into_iter().filter(|(_, is_so)| *is_so).map(|(word, _)| word).collect()
    }

    /// Every complaint there may be, and whether it is so.
    fn judge(&self, vitals: &Vitals) -> [(&'static str, bool); 6] {
        let left = self.certificate_left();
        let is_short = |left: &CertificateLeft| left.seconds < left.lifetime / LATE;
        [
            ("no-certificate", self.certificates.is_some() && left.is_none_or(|left| left.seconds <= 0)),
            ("certificate-not-renewed", left.is_some_and(|left| left.seconds > 0 && is_short(&left))),
            ("disk-full", vitals.is_full),
            ("sweeper-stuck", vitals.sweep_age > self.sweep_interval * MISSED_SWEEPS),
            ("clock-stepped", vitals.is_clock_disputed),
            ("log-not-emptied", vitals.log_blocked > LOG_PATIENCE),
        ]
    }

    /// How long the certificate is still valid; none if there is none.
    fn certificate_left(&self) -> Option<CertificateLeft> {
        let validity = self.certificates.as_ref()?.validity()?;
        let seconds = validity.until.since(self.site.app.clock().now().latest());
        Some(CertificateLeft { seconds, lifetime: validity.seconds() })
    }

    fn certificate(&self, text: &mut Text) {
        let Some(certificates) = &self.certificates else { return };
        let left = self.certificate_left().map_or(0, |left| left.seconds.max(0));
        text.single("certificate_left_seconds", "gauge", "Until the TLS certificate ends.", left);
        let help = "Attempts at a new TLS certificate that failed since the last success.";
        text.single("certificate_failures", "gauge", help, certificates.failures());
    }

    fn metrics(&self) -> Answer {
        let mut text = Text::default();
        requests(&mut text, &self.site.counts);
        let app = &self.site.app;
        match app.live_secrets().and_then(|live| Ok((live, app.vitals()?))) {
            Ok((live, vitals)) => {
                text.single("secrets_live", "gauge", "Secrets that are there.", live);
                numbers(&mut text, &vitals);
                let name = "complaint";
                text.family(name, "gauge", "Whether /health/ready complains of it.");
                for (word, is_so) in self.judge(&vitals) {
                    text.line(name, &[("kind", word)], u8::from(is_so));
                }
            }
            // The counts of requests are worth having all the same.
            Err(error) => tracing::warn!(cause = ?error.cause(), "cannot read the numbers for metrics"),
        }
        self.certificate(&mut text);
        text.family("build_info", "gauge", "The version of the program.");
        text.line("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let mut answer = Answer::text("200 OK", text.0);
        answer.headers = vec![("Content-Type", "text/plain; version=0.0.4; charset=utf-8".into())];
        answer
    }
}

/// What is left of a certificate's life, in seconds.
#[derive(Clone, Copy)]
struct CertificateLeft {
    seconds: i64,
    lifetime: i64,
}

/// Prometheus's text format: a few lines, which need no library.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP tellonce_{name} {help}\n# TYPE tellonce_{name} {kind}");
    }

    /// One sample. Label values are patterns, words and versions of ours: none holds what would have to be
    /// escaped.
    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "tellonce_{name}{labels} {value}");
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.line(name, &[], value);
    }
}

fn requests(text: &mut Text, counts: &Counts) {
    text.family("requests_total", "counter", "Requests answered, by route and status.");
    for route in counts.routes() {
        for (status, count) in route.statuses() {
            let status = status.map_or("other".to_owned(), |status| status.to_string());
            text.line("requests_total", &[("route", &route.pattern), ("status", &status)], count);
        }
    }
    text.family("request_seconds", "histogram", "From a request's head to its reply, by route.");
    for route in counts.routes() {
        let durations = route.durations();
        let all = durations[BOUNDS.len()];
        if all == 0 {
            continue;
        }
        let pattern = ("route", route.pattern.as_str());
        for (bound, count) in BOUNDS.iter().zip(durations) {
            let bound = Duration::from_micros(*bound).as_secs_f64().to_string();
            text.line("request_seconds_bucket", &[pattern, ("le", &bound)], count);
        }
        text.line("request_seconds_bucket", &[pattern, ("le", "+Inf")], all);
        text.line("request_seconds_sum", &[pattern], route.time().as_secs_f64());
        text.line("request_seconds_count", &[pattern], all);
    }
}

fn numbers(text: &mut Text, vitals: &Vitals) {
    text.single(
        "anonymous_bytes",
        "gauge",
        "Padded bytes kept for callers without an account.",
        vitals.anonymous_bytes,
    );
    text.single("erasures_total", "counter", "Shares overwritten.", vitals.erased);
    text.single("queued_writes", "gauge", "Writes that wait for the writer.", vitals.queued_writes);
    text.single(
        "sweep_age_seconds",
        "gauge",
        "Since the sweeper last got anywhere.",
        vitals.sweep_age.as_secs_f64(),
    );
    text.single(
        "log_blocked_seconds",
        "gauge",
        "For which erased shares could not be cleared from the write-ahead log.",
        vitals.log_blocked.as_secs(),
    );
    if let Some(free) = vitals.free_bytes {
        text.single("disk_free_bytes", "gauge", "Room on the disk of the database.", free);
    }
    text.single("mail_waiting", "gauge", "Mail in the outbox.", vitals.mail_waiting);
    text.single("mail_given_up_total", "counter", "Mail that was not sent.", vitals.mail_given_up);
    text.single("argon2_running", "gauge", "Passphrases being checked.", vitals.argon2_running);
    text.single("argon2_waiting", "gauge", "Callers waiting for that.", vitals.argon2_waiting);
}
