//! From texts to types. Every problem is collected, none stops the others from being found.

mod tls;

use super::{BaseUrl, Config, LogFormat, OPTIONS, Origin, Problem, Values, secret_text};
use crate::app::Create;
use crate::keyfile::KeySource;
use crate::limits::{Rate, RatePolicy};
use crate::mailer::{MailConfig, MailTls, Sender};
use crate::time::Ttl;
use crate::web::brand::{BrandOptions, Colour, Link};
use crate::web::{ForwardedHeader, GuestOperation};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The configuration these values make. What cannot be parsed is reported and takes its default.
pub fn config(values: &Values, credentials: Option<&Path>, problems: &mut Vec<Problem>) -> Config {
    let mut options = Options { values, problems };
    let config = Config {
        listen: options.parse("listen", socket_address),
        tls: options.tls(),
        redirect_listen: options.parse("redirect-listen", |text| optional(text, socket_address)),
        data: options.parse("data", |text| Ok(PathBuf::from(text))),
        base_url: options.parse("base-url", |text| optional(text, base_url)),
        key: key(values, credentials),
        share_domains: options.parse("share-domains", domains),
        max_secret_size: options.parse("max-secret-size", |text| number(text, 1..=16 << 20)),
        ttl_default: options.parse("ttl-default", lifetime),
        ttl_min: options.parse("ttl-min", lifetime),
        ttl_max: options.parse("ttl-max", lifetime),
        ttl_max_account: options.parse("ttl-max-account", lifetime),
        create: options.parse("create", create),
        guest_closed: options.parse("guest-closed", |text| list(text, guest_operation)),
        passphrase_required: options.parse("passphrase-required", switch),
        passphrase_min_length: options.parse("passphrase-min-length", |text| number(text, 1..=1024)),
        passphrase_attempts: options.parse("passphrase-attempts", |text| number(text, 0..=1_000_000)),
        passphrase_attempts_source: options
            .parse("passphrase-attempts-source", |text| number(text, 0..=1_000_000)),
        sweep_interval: options.parse("sweep-interval", |text| duration(text, 1..=3600)),
        rates: options.rates(),
        min_free_disk: options.parse("min-free-disk", |text| number(text, 0..=1 << 50)),
        trusted_proxies: options.parse("trusted-proxies", |text| list(text, str::parse)),
        forwarded_header: options.parse("forwarded-header", forwarded_header),
        cors_origins: options.parse("cors-origins", |text| {
            list(text, |origin| base_url(origin).map(|origin| origin.as_str().to_owned()))
        }),
        brand: options.brand(),
        metrics_listen: options.parse("metrics-listen", |text| optional(text, socket_address)),
        max_connections: options.parse("max-connections", |text| number(text, 2..=65_536)),
        mail: options.mail(),
        max_recipients: options.parse("max-recipients", |text| number(text, 1..=10)),
        workers: options.parse("workers", |text| number(text, 1..=64)),
        shutdown_timeout: options.parse("shutdown-timeout", |text| duration(text, 1..=600)),
        log: options.parse("log", |text| {
            text.parse().map_err(|_| "must be error, warn, info, debug or trace".into())
        }),
        log_format: options.parse("log-format", log_format),
    };
    options.check_together(&config);
    config
}

struct Options<'a> {
    values: &'a Values,
    problems: &'a mut Vec<Problem>,
}

impl Options<'_> {
    fn parse<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let spec =
            OPTIONS.iter().find(|spec| spec.name == name).expect("every parsed option is in the table");
        let default =
            || parse(spec.default).unwrap_or_else(|why| panic!("the default of {name} is wrong: {why}"));
        match self.values.get(name).map(|(text, _)| parse(text.trim())) {
            None => default(),
            Some(Ok(value)) => value,
            Some(Err(message)) => {
                self.problem(name, message);
                default()
            }
        }
    }

    fn rates(&mut self) -> RatePolicy {
        let is_on = self.parse("limits", switch);
        let policy = RatePolicy {
            create: self.parse("limit-create", rate),
            create_account: self.parse("limit-create-account", rate),
            reveal: self.parse("limit-reveal", rate),
            look: self.parse("limit-look", rate),
            failed_login: self.parse("limit-failed-login", rate),
            mail: self.parse("limit-mail", rate),
            source_secrets: self.parse("limit-source-secrets", |text| number(text, 0..=1 << 50)),
            source_bytes: self.parse("limit-source-bytes", |text| number(text, 0..=1 << 50)),
            anonymous_bytes: self.parse("limit-anonymous-bytes", |text| number(text, 0..=1 << 50)),
            longest: self.parse("ttl-max", lifetime),
        };
        if is_on { policy } else { RatePolicy::OFF }
    }

    fn brand(&mut self) -> BrandOptions {
        BrandOptions {
            name: self.parse("brand-name", |text| Ok(text.to_owned())),
            accent: self.parse("brand-accent", |text| {
                optional(text, |text| Colour::parse(text).ok_or_else(|| "must look like #0b6e5e".to_owned()))
            }),
            logo: self.parse("brand-logo", |text| optional(text, |text| Ok(PathBuf::from(text)))),
            links: self.parse("brand-links", |text| {
                list(text, |text| {
                    Link::parse(text).ok_or_else(|| {
                        format!("`{text}` must be NAME=ADDRESS, the address beginning with https://, http://, mailto: or /")
                    })
                })
            }),
        }
    }

    /// The mail server, if one is named.
    fn mail(&mut self) -> Option<MailConfig> {
        let server = self.parse("smtp-host", |text| optional(text, host_and_port));
        let tls = self.parse("smtp-tls", mail_tls);
        let is_plain_anywhere = self.parse("smtp-plain-anywhere", switch);
        let ca_file = self.parse("smtp-ca-file", |text| optional(text, |text| Ok(PathBuf::from(text))));
        let user = self.parse("smtp-user", |text| optional(text, |text| Ok(text.to_owned())));
        let from = self.parse("mail-from", |text| {
            optional(text, |text| Sender::parse(text).ok_or_else(|| "must be an e-mail address".to_owned()))
        });
        let (host, port) = server?;
        let usual = match tls {
            MailTls::StartTls => 587,
            MailTls::Implicit => 465,
            MailTls::Off => 25,
        };
        let is_here =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if tls == MailTls::Off && !is_here && !is_plain_anywhere {
            self.problem(
                "smtp-tls",
                "must not be off for another machine, unless `smtp-plain-anywhere` is on",
            );
        }
        let password = secret_text(self.values, "smtp-password");
        let credentials = match (user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            _ => {
                self.problem("smtp-user", "and TELLONCE_SMTP_PASSWORD go together");
                None
            }
        };
        let Some(from) = from else {
            self.problem("mail-from", "must be set where `smtp-host` is");
            return None;
        };
        Some(MailConfig { host, port: port.unwrap_or(usual), tls, ca_file, credentials, from })
    }

    fn problem(&mut self, name: &str, message: impl Into<String>) {
        let origin = self.values.get(name).map_or(Origin::Default, |(_, origin)| origin.clone());
        self.problems.push(Problem { option: name.to_owned(), origin, message: message.into() });
    }

    /// Rules between options.
    fn check_together(&mut self, config: &Config) {
        if config.ttl_min > config.ttl_max {
            self.problem("ttl-min", "must not be above ttl-max");
        } else if !(config.ttl_min..=config.ttl_max).contains(&config.ttl_default) {
            self.problem("ttl-default", "must be between ttl-min and ttl-max");
        }
        self.check_tls(config);
        if config.base_url.is_none() && config.listen.ip().is_unspecified() {
            self.problem(
                "base-url",
                "must be set when the server listens on all addresses: links need a name",
            );
        }
        for name in OPTIONS.iter().filter(|spec| spec.is_secret).map(|spec| spec.name) {
            if self.values.get(name).is_some_and(|(_, origin)| *origin == Origin::Flag) {
                self.problem(name, "must not be a flag, where every user of the machine can read it");
            }
        }
        if config.ttl_max > config.ttl_max_account {
            self.problem("ttl-max-account", "must not be below ttl-max");
        }
    }
}

/// The environment, else the file that was named, else a systemd credential, else the file beside
/// the database.
fn key(values: &Values, credentials: Option<&Path>) -> KeySource {
    if let Some(text) = secret_text(values, "root-key") {
        return KeySource::Environment(text);
    }
    if let Some((path, _)) = values.get("key").filter(|(path, _)| !path.is_empty()) {
        return KeySource::File { path: path.into(), may_create: false };
    }
    let credential = credentials.map(|folder| folder.join("tellonce.key")).filter(|path| path.exists());
    if let Some(path) = credential {
        return KeySource::File { path, may_create: false };
    }
    let data = values.get("data").map_or("./data", |(path, _)| path.as_str());
    KeySource::File { path: Path::new(data).join("tellonce.key"), may_create: true }
}

fn optional<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be ADDRESS:PORT".into())
}

/// Takes `http://` or `https://` and a host, without a path.
///
/// # Errors
/// What would be right.
pub fn base_url(text: &str) -> Result<BaseUrl, String> {
    let text = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", ""));
    if !matches!(scheme, "http" | "https") || !is_host(rest) {
        return Err("must be http:// or https:// and a host, without a path".into());
    }
    let usual = if scheme == "https" { ":443" } else { ":80" };
    Ok(BaseUrl(text.strip_suffix(usual).unwrap_or(&text).to_owned()))
}

/// A host name or address with an optional port, in lower case.
fn is_host(text: &str) -> bool {
    if text.parse::<std::net::SocketAddr>().is_ok() {
        return true;
    }
    let (name, port) = text.rsplit_once(':').unwrap_or((text, "1"));
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    port.parse::<u16>().is_ok() && name.split('.').all(label)
}

fn domains(text: &str) -> Result<Vec<String>, String> {
    let domains = text.split(',').map(|domain| domain.trim().to_ascii_lowercase());
    let domains: Vec<String> = domains.filter(|domain| !domain.is_empty()).collect();
    match domains.iter().find(|domain| !is_host(domain)) {
        Some(bad) => Err(format!("`{bad}` is not a host name")),
        None => Ok(domains),
    }
}

fn number<T>(text: &str, range: RangeInclusive<i64>) -> Result<T, String>
where
    T: TryFrom<i64>,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    let number = number.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// A whole number of seconds, or one with the unit s, m, h or d.
fn duration(text: &str, range: RangeInclusive<i64>) -> Result<Ttl, String> {
    let unit =
        |last| [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)].into_iter().find(|(unit, _)| *unit == last);
    let (digits, size) = match text.chars().last().and_then(unit) {
        Some((_, size)) => (&text[..text.len() - 1], size),
        None => (text, 1),
    };
    let seconds = digits.parse::<i64>().ok().and_then(|count| count.checked_mul(size));
    let seconds = seconds.filter(|seconds| range.contains(seconds)).ok_or_else(|| {
        format!("must be a time like 30s, 10m, 4h or 7d, from {} to {} seconds", range.start(), range.end())
    })?;
    Ok(Ttl::from_seconds(seconds))
}

/// A secret's lifetime, such as `30m`, `4h` or `7d`: at most ten years.
///
/// # Errors
/// What would be right.
pub fn lifetime(text: &str) -> Result<Ttl, String> {
    duration(text, 1..=315_360_000)
}

/// `COUNT/TIME`, or `0` for no limit.
fn rate(text: &str) -> Result<Rate, String> {
    let rule =
        || "must be like 100/1h: a count and a time from 1 second to 30 days, or 0 for no limit".to_owned();
    if text == "0" {
        return Ok(Rate::per(0, 1));
    }
    let (count, time) = text.split_once('/').ok_or_else(rule)?;
    let amount = number(count, 1..=1 << 40).map_err(|_| rule())?;
    let window = duration(time, 1..=2_592_000).map_err(|_| rule())?;
    Ok(Rate::per(amount, window.seconds()))
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(parse).collect()
}

fn create(text: &str) -> Result<Create, String> {
    match text {
        "anyone" => Ok(Create::Anyone),
        "accounts" => Ok(Create::Accounts),
        _ => Err("must be anyone or accounts".into()),
    }
}

fn guest_operation(text: &str) -> Result<GuestOperation, String> {
    let found = GuestOperation::ALL.into_iter().find(|operation| operation.name() == text);
    found.ok_or_else(|| format!("`{text}` is not one of conceal, generate, show, reveal, receipt, burn"))
}

fn forwarded_header(text: &str) -> Result<ForwardedHeader, String> {
    match text.to_ascii_lowercase().as_str() {
        "x-forwarded-for" => Ok(ForwardedHeader::XForwardedFor),
        "forwarded" => Ok(ForwardedHeader::Forwarded),
        _ => Err("must be x-forwarded-for or forwarded".into()),
    }
}

fn mail_tls(text: &str) -> Result<MailTls, String> {
    match text {
        "starttls" => Ok(MailTls::StartTls),
        "implicit" => Ok(MailTls::Implicit),
        "off" => Ok(MailTls::Off),
        _ => Err("must be starttls, implicit or off".into()),
    }
}

/// A host with an optional port; an IPv6 address in brackets.
fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    if !is_host(&text.to_ascii_lowercase()) {
        return Err("must be HOST or HOST:PORT".into());
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (text, None),
    };
    Ok((host.trim_matches(['[', ']']).to_owned(), port))
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err("must be on or off".into()),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Gathered, Sources, gather};
    use super::*;
    use std::collections::BTreeMap;

    fn with(flags: &[(&'static str, &str)], variables: &[(&str, &str)]) -> Gathered {
        let flags =
            flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<BTreeMap<_, _>>();
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        gather(&Sources { flags, variable: &variable })
    }

    #[test]
    fn every_default_in_the_table_is_valid() {
        let config = with(&[], &[]).outcome.expect("the defaults");
        assert_eq!(config.listen.port(), 3000);
        assert_eq!(config.ttl_max, Ttl::from_seconds(604_800));
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "workers = 3\nttl_max = \"3d\"\nttl_min = 90\n").expect("written");
        let path = file.path().to_str().expect("a path");
        let variables = [("TELLONCE_CONFIG", path), ("TELLONCE_WORKERS", "4"), ("TELLONCE_TTL_MAX", "8d")];
        let config = with(&[("workers", "5")], &variables).outcome.expect("valid");
        assert_eq!((config.workers, config.ttl_max.seconds(), config.ttl_min.seconds()), (5, 691_200, 90));
    }

    #[test]
    fn every_problem_is_reported_at_once_with_the_options_name() {
        let gathered = with(
            &[("listen", "nowhere"), ("workers", "0"), ("base-url", "ftp://x"), ("share-domains", "a b")],
            &[("TELLONCE_TTL_MIN", "9d"), ("TELLONCE_LOG", "loud")],
        );
        let problems = gathered.outcome.expect_err("problems");
        let named: Vec<&str> = problems.iter().map(|problem| problem.option.as_str()).collect();
        assert_eq!(named, ["listen", "base-url", "share-domains", "workers", "log", "ttl-min"]);
    }

    #[test]
    fn a_root_key_is_never_shown_and_never_a_flag() {
        let key = "0123456789abcdef".repeat(4);
        let gathered = with(&[], &[("TELLONCE_ROOT_KEY", &key)]);
        assert!(!gathered.describe().contains(&key[..8]));
        assert!(!format!("{:?}", gathered.outcome.expect("valid")).contains(&key[..8]));
        assert!(with(&[("root-key", &key)], &[]).outcome.is_err());
    }

    #[test]
    fn a_base_url_is_a_scheme_and_a_host() {
        for (given, kept) in [
            ("https://Secrets.Example/", "https://secrets.example"),
            ("https://secrets.example:443", "https://secrets.example"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(base_url(given).expect(given).as_str(), kept);
        }
        for bad in
            ["", "secrets.example", "https://", "https://a/b", "https://u@a", "https://a?b", "https://a:x"]
        {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }
}
