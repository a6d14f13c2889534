//! Options: one table, read from flags, the environment and an optional file, in this order of
//! precedence, into one validated [`Config`]. Nothing else in the program reads the environment.

mod parse;

pub use parse::{base_url, lifetime};

use crate::app::Create;
use crate::keyfile::KeySource;
use crate::limits::RatePolicy;
use crate::mailer::MailConfig;
use crate::time::Ttl;
use crate::tls::files::Files;
use crate::web::brand::BrandOptions;
use crate::web::{ForwardedHeader, GuestOperation, Network};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// One option, as flag, variable and line of the file.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name: `--NAME`, `TELLONCE_NAME`, `name = …`.
    pub name: &'static str,
    /// What its value looks like.
    pub value: &'static str,
    /// Its value when it is not set; empty if that depends.
    pub default: &'static str,
    /// What it does, for help and README.
    pub help: &'static str,
    /// A secret: taken from the environment only, and never shown.
    pub is_secret: bool,
}

impl OptionSpec {
    /// The name of its environment variable.
    pub fn variable(&self) -> String {
        format!("TELLONCE_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }

    /// Its name in the file.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }
}

const fn option(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> OptionSpec {
    OptionSpec { name, value, default, help, is_secret: false }
}

/// The table. README shows the same one; a test compares them.
pub const OPTIONS: &[OptionSpec] = &[
    option("listen", "ADDR:PORT", "127.0.0.1:3000", "Where to listen; port 0 takes any free one"),
    option(
        "plain-http",
        "on|off",
        "off",
        "Allow `listen` to be open to other machines without TLS: for a proxy in front that brings it",
    ),
    option(
        "tls-cert",
        "FILE",
        "",
        "The server's certificate and its chain, in PEM form; looked at for changes",
    ),
    option("tls-key", "FILE", "", "Its key, in PEM form"),
    option(
        "redirect-listen",
        "ADDR:PORT",
        "",
        "Where to answer plain HTTP with the way to `base-url`, such as 0.0.0.0:80",
    ),
    option(
        "acme",
        "on|off",
        "off",
        "Get certificates from an ACME directory, which asks for proof at port 80: needs `redirect-listen`",
    ),
    option("acme-agree", "on|off", "off", "You agree to that directory's terms of service"),
    option(
        "acme-domains",
        "HOST,…",
        "",
        "Names that the certificate is for; default: the host of `base-url`",
    ),
    option("acme-contact", "ADDRESS", "", "Where the directory may write to"),
    option(
        "acme-directory",
        "production|staging|URL",
        "production",
        "The directory: Let's Encrypt's two, or any other over HTTPS",
    ),
    option("acme-ca-file", "FILE", "", "Certificates to trust for it, in PEM form, besides the usual ones"),
    option("data", "DIR", "./data", "Folder of the database and, unless `key` is set, the key file"),
    option(
        "base-url",
        "URL",
        "",
        "What links begin with, as people reach the server; default: http:// and the listen address",
    ),
    option("config", "FILE", "", "A TOML file with any of these options"),
    option(
        "key",
        "FILE",
        "",
        "The root key file; default: tellonce.key in the data folder, made on the first start",
    ),
    OptionSpec {
        name: "root-key",
        value: "HEX",
        default: "",
        help: "The root keys themselves, 64 hexadecimal digits each, newest first, parted by commas; environment only",
        is_secret: true,
    },
    option("share-domains", "HOST,…", "", "Other hosts that callers may have links made for"),
    option("max-secret-size", "BYTES", "1048576", "The longest secret; 1 to 16777216"),
    option("ttl-default", "TIME", "7d", "Lifetime of a secret when the caller names none"),
    option("ttl-min", "TIME", "60s", "Shorter wishes are raised to this"),
    option("ttl-max", "TIME", "7d", "Longer wishes of callers without an account are lowered to this"),
    option("ttl-max-account", "TIME", "30d", "Longer wishes of callers with an account are lowered to this"),
    option(
        "create",
        "anyone|accounts",
        "anyone",
        "Who may make secrets; reading a link never takes an account",
    ),
    option(
        "guest-closed",
        "NAME,…",
        "",
        "Operations under /api/v2/guest that are switched off: conceal, generate, show, reveal, receipt, burn",
    ),
    option("passphrase-required", "on|off", "off", "Refuse secrets without a passphrase"),
    option("passphrase-min-length", "CHARACTERS", "1", "Refuse shorter passphrases; 1 to 1024"),
    option(
        "passphrase-attempts",
        "COUNT",
        "50",
        "Wrong passphrases in a secret's life that destroy it; 0: no such bound",
    ),
    option(
        "passphrase-attempts-source",
        "COUNT",
        "5",
        "Wrong passphrases of one source in 10 minutes, whatever `limits` says; 0: no such bound",
    ),
    option("sweep-interval", "TIME", "30s", "How often expired rows are purged; 1 second to 1 hour"),
    option("limits", "on|off", "on", "All rates and quotas below; guesses at passphrases stay limited"),
    option(
        "limit-create",
        "COUNT/TIME",
        "100/1h",
        "Secrets of one source without an account; 0: no limit, as below",
    ),
    option("limit-create-account", "COUNT/TIME", "1000/1h", "Secrets of one account"),
    option("limit-reveal", "COUNT/TIME", "120/1m", "Reveals and burns of one source"),
    option("limit-look", "COUNT/TIME", "600/1m", "Looks of one source at secrets and receipts"),
    option("limit-failed-login", "COUNT/TIME", "20/10m", "Wrong credentials of one source"),
    option("limit-mail", "COUNT/TIME", "10/1h", "Mails of one account"),
    option("limit-source-secrets", "COUNT", "1000", "Secrets one source may keep without an account"),
    option("limit-source-bytes", "BYTES", "67108864", "Padded bytes of those"),
    option(
        "limit-anonymous-bytes",
        "BYTES",
        "536870912",
        "Padded bytes all callers without an account may keep",
    ),
    option("min-free-disk", "BYTES", "67108864", "With less room on the disk, new secrets are refused"),
    option(
        "trusted-proxies",
        "NETWORK,…",
        "",
        "Proxies that are trusted to tell who calls, such as 127.0.0.1,10.0.0.0/8",
    ),
    option(
        "forwarded-header",
        "x-forwarded-for|forwarded",
        "x-forwarded-for",
        "The header in which they do; they must set it themselves",
    ),
    option(
        "cors-origins",
        "ORIGIN,…",
        "",
        "Other sites whose scripts may make secrets, such as https://intranet.example",
    ),
    option("brand-name", "TEXT", "Tellonce", "The name at the top of the pages"),
    option(
        "brand-accent",
        "#RRGGBB",
        "",
        "The colour of their buttons and links; darkened or lightened where it would be hard to read",
    ),
    option("brand-logo", "FILE", "", "Their logo, an SVG, PNG, WebP or JPEG image of at most 256 KiB"),
    option(
        "brand-links",
        "NAME=URL,…",
        "",
        "Links at the bottom of the pages, such as Imprint=https://example.com/imprint",
    ),
    option(
        "metrics-listen",
        "ADDR:PORT",
        "",
        "Where to answer /metrics, /health/live and /health/ready, such as 127.0.0.1:9187; nowhere if not set",
    ),
    option("max-connections", "COUNT", "4096", "Connections open at once; 2 to 65536"),
    option("smtp-host", "HOST[:PORT]", "", "The mail server; without one no mail is sent"),
    option(
        "smtp-tls",
        "starttls|implicit|off",
        "starttls",
        "How its connection is protected; off only on this machine",
    ),
    option("smtp-plain-anywhere", "on|off", "off", "Allow `smtp-tls off` to other machines"),
    option("smtp-ca-file", "FILE", "", "Certificates to trust for it, besides the usual ones"),
    option("smtp-user", "NAME", "", "Its user name, where it asks for one"),
    OptionSpec {
        name: "smtp-password",
        value: "TEXT",
        default: "",
        help: "Its password; environment only",
        is_secret: true,
    },
    option(
        "mail-from",
        "[NAME] ADDRESS",
        "",
        "Who mails are from, such as Secrets <no-reply@secrets.example>",
    ),
    option("max-recipients", "COUNT", "1", "Addresses that one secret's link may be mailed to; 1 to 10"),
    option("workers", "COUNT", "2", "Threads that serve requests; 1 to 64"),
    option("shutdown-timeout", "TIME", "10s", "How long requests in flight may take to finish at a stop"),
    option(
        "log",
        "error|warn|info|debug|trace",
        "info",
        "How much to log; requests that succeed appear at debug",
    ),
    option("log-format", "text|json", "text", "How log lines look"),
];

/// How lines are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the server's certificate comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Tls {
    /// The server speaks plain HTTP.
    Off,
    /// From files of the operator's.
    Files(Files),
    /// From an ACME directory.
    Acme(AcmeOptions),
}

/// How to get certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeOptions {
    /// Names that the certificate is for, in lower case.
    pub domains: Vec<String>,
    /// Where the directory may write to.
    pub contact: Option<String>,
    /// The directory's URL.
    pub directory: String,
    /// Certificates to trust for it besides the usual ones.
    pub ca_file: Option<PathBuf>,
}

impl AcmeOptions {
    /// Names that the certificate is for: those that are set, or else the host that links begin with.
    pub fn names(&self, base_url: Option<&BaseUrl>) -> Vec<String> {
        if !self.domains.is_empty() {
            return self.domains.clone();
        }
        let host = base_url.map(|url| url.host().split(':').next().unwrap_or_default().to_owned());
        host.into_iter().collect()
    }
}

/// All options, checked.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// TLS of the server's own.
    pub tls: Tls,
    /// Where plain HTTP is answered with the way to `base_url`.
    pub redirect_listen: Option<SocketAddr>,
    /// The folder of the database.
    pub data: PathBuf,
    /// What links begin with; `None`: `http://` and the address listened on.
    pub base_url: Option<BaseUrl>,
    /// Where the root keys come from.
    pub key: KeySource,
    /// Other hosts that links may be made for, in lower case.
    pub share_domains: Vec<String>,
    /// The longest secret, in bytes.
    pub max_secret_size: usize,
    /// Lifetime when the caller names none.
    pub ttl_default: Ttl,
    /// The shortest lifetime.
    pub ttl_min: Ttl,
    /// The longest lifetime for callers without an account.
    pub ttl_max: Ttl,
    /// The longest lifetime for callers with one.
    pub ttl_max_account: Ttl,
    /// Who may make secrets.
    pub create: Create,
    /// Operations under `/guest` that are switched off.
    pub guest_closed: Vec<GuestOperation>,
    /// Whether every secret needs a passphrase.
    pub passphrase_required: bool,
    /// The shortest passphrase, in characters.
    pub passphrase_min_length: usize,
    /// Wrong passphrases that destroy a secret; zero: no bound.
    pub passphrase_attempts: u32,
    /// Wrong passphrases of one source in 10 minutes; zero: no bound.
    pub passphrase_attempts_source: u64,
    /// How often to sweep.
    pub sweep_interval: Ttl,
    /// Rates and quotas.
    pub rates: RatePolicy,
    /// With less room on the disk, in bytes, new secrets are refused.
    pub min_free_disk: u64,
    /// Proxies that are trusted to tell who calls.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they do.
    pub forwarded_header: ForwardedHeader,
    /// Other sites whose scripts may make secrets.
    pub cors_origins: Vec<String>,
    /// The look of the pages.
    pub brand: BrandOptions,
    /// Where to answer operators' programs.
    pub metrics_listen: Option<SocketAddr>,
    /// Connections open at once.
    pub max_connections: usize,
    /// The mail server.
    pub mail: Option<MailConfig>,
    /// Addresses that one secret's link may be mailed to.
    pub max_recipients: usize,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long requests in flight may take to finish at a stop.
    pub shutdown_timeout: Ttl,
    /// How much to log.
    pub log: tracing::Level,
    /// How lines are logged.
    pub log_format: LogFormat,
}

impl Config {
    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data.join("tellonce.db")
    }
}

/// Scheme, host and, where it is not the usual one, port: `https://secrets.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address itself, for a server that nobody gave a name.
    pub fn of_address(address: SocketAddr) -> Self {
        Self(format!("http://{address}"))
    }

    /// The same for a server that speaks TLS.
    pub fn of_tls_address(address: SocketAddr) -> Self {
        Self(format!("https://{address}"))
    }

    /// The whole, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("http", |(scheme, _)| scheme)
    }

    /// Host and, where it is not the usual one, port.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |(_, host)| host)
    }
}

/// Something wrong with an option, as a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The option's name.
    pub option: String,
    /// Where its value came from.
    pub origin: Origin,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "option `{}` ({}): {}", self.option, self.origin, self.message)
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag on the command line.
    Flag,
    /// A variable.
    Environment,
    /// A line of this file.
    File(PathBuf),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Values as they were given, by option name.
type Values = BTreeMap<&'static str, (String, Origin)>;

/// Where options are looked up: the flags of a command line and the variables of a process.
pub struct Sources<'a> {
    /// Flags by option name.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment, a function so that tests can bring their own.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// The process's own environment.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn process_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The options as they were found: their values with their origins, and what came of them.
pub struct Gathered {
    values: Values,
    /// The configuration, or everything that is wrong with it.
    pub outcome: Result<Config, Vec<Problem>>,
}

/// Collects the options and checks them all.
pub fn gather(sources: &Sources<'_>) -> Gathered {
    let mut problems = Vec::new();
    let mut values = Values::new();
    let file = sources.flags.get("config").cloned().or_else(|| (sources.variable)("TELLONCE_CONFIG"));
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        read_file(Path::new(&file), &mut values, &mut problems);
    }
    for spec in OPTIONS {
        if let Some(value) = (sources.variable)(&spec.variable()) {
            values.insert(spec.name, (value, Origin::Environment));
        }
        if let Some(value) = sources.flags.get(spec.name) {
            values.insert(spec.name, (value.clone(), Origin::Flag));
        }
    }
    let credentials = (sources.variable)("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let config = parse::config(&values, credentials.as_deref(), &mut problems);
    Gathered { values, outcome: if problems.is_empty() { Ok(config) } else { Err(problems) } }
}

fn read_file(path: &Path, values: &mut Values, problems: &mut Vec<Problem>) {
    let mut wrong = |option: &str, origin: Origin, message: String| {
        problems.push(Problem { option: option.to_owned(), origin, message });
    };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            return wrong("config", Origin::Flag, format!("cannot read {}: {error}", path.display()));
        }
    };
    read_table(&text, path, values, problems);
}

fn read_table(text: &str, path: &Path, values: &mut Values, problems: &mut Vec<Problem>) {
    let mut wrong = |option: &str, origin: Origin, message: String| {
        problems.push(Problem { option: option.to_owned(), origin, message });
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => return wrong("config", Origin::File(path.into()), error.to_string().trim().to_owned()),
    };
    for (key, value) in table {
        let origin = Origin::File(path.into());
        let spec = OPTIONS.iter().find(|spec| spec.key() == key && spec.name != "config");
        match (spec, as_text(&value)) {
            (None, _) => wrong(&key, origin, "there is no such option".into()),
            (Some(spec), _) if spec.is_secret => {
                wrong(&key, origin, format!("set {} in the environment instead", spec.variable()));
            }
            (Some(_), None) => {
                wrong(&key, origin, "must be text, a number, on/off or a list of texts".into());
            }
            (Some(spec), Some(text)) => {
                values.insert(spec.name, (text, origin));
            }
        }
    }
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(on) => Some(if *on { "on" } else { "off" }.into()),
        toml::Value::Array(list) => {
            list.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// Of a file with this text, and nothing else.
#[cfg(any(test, fuzzing))]
pub(crate) fn of_text(text: &str) -> Gathered {
    let (mut values, mut problems) = (Values::new(), Vec::new());
    read_table(text, Path::new("file"), &mut values, &mut problems);
    let config = parse::config(&values, None, &mut problems);
    Gathered { values, outcome: if problems.is_empty() { Ok(config) } else { Err(problems) } }
}

impl Gathered {
    /// The effective options, one a line with their origins; secrets are not shown.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for spec in OPTIONS {
            let (value, origin) = match self.values.get(spec.name) {
                Some((_, origin)) if spec.is_secret => ("(set, not shown)", origin.clone()),
                Some((value, origin)) => (value.as_str(), origin.clone()),
                None => (spec.default, Origin::Default),
            };
            let _ = writeln!(text, "{:22} {value:30} {origin}", spec.key());
        }
        text
    }
}

/// The table of options as README shows it.
pub fn markdown_table() -> String {
    let mut text = String::from("| Option | Value | Default | What it does |\n|---|---|---|---|\n");
    for spec in OPTIONS {
        let default = if spec.default.is_empty() { String::new() } else { format!("`{}`", spec.default) };
        let value = spec.value.replace('|', "\\|");
        let _ = writeln!(text, "| `{}` | `{value}` | {default} | {} |", spec.name, spec.help);
    }
    text
}

/// A secret from the environment, wiped when dropped.
fn secret_text(values: &Values, name: &str) -> Option<Zeroizing<String>> {
    values.get(name).map(|(value, _)| Zeroizing::new(value.clone()))
}
