//! Commands. `tellonce` alone is `tellonce serve`.

mod account;
mod backup;
mod bench;
mod burn;
mod check;
mod generate;
mod get;
mod health;
mod key;
mod login;
mod made;
mod manual;
mod passphrase;
mod qr;
mod recent;
mod restore;
mod selftest;
mod serve;
mod session;
mod share;
mod stats;
mod status;
mod stored;
mod sweep;
mod temporary;
mod terminal;

use crate::app::{App, Policy, Started};
use crate::config::{self, BaseUrl, Config, Gathered, OPTIONS, Sources};
use crate::error::StartError;
use crate::limits::{AttemptPolicy, Rate};
use crate::links::Links;
use crate::os;
use crate::store::{Role, stored_keys};
use crate::time::{Clock, TtlPolicy};
use crate::vault::Argon2Cost;
use clap::{Arg, ArgMatches, Command};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that these arguments name.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    os::keep_files_private();
    let matches = match definition().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let outcome = match matches.subcommand() {
        Some(("account", matches)) => account::run(matches),
        Some(("backup", matches)) => backup::run(matches),
        Some(("burn", matches)) => burn::run(matches),
        Some(("bench", matches)) => bench::run(matches),
        Some(("check", matches)) => check::run(matches),
        Some(("completions", matches)) => manual::run_completions(matches),
        Some(("generate", matches)) => generate::run(matches),
        Some(("get", matches)) => get::run(matches),
        Some(("health", matches)) => health::run(matches),
        Some(("key", matches)) => key::run(matches),
        Some(("login", matches)) => login::run(matches),
        Some(("logout", matches)) => login::run_logout(matches),
        Some(("man", matches)) => manual::run_man(matches),
        Some(("recent", matches)) => recent::run(matches),
        Some(("restore", matches)) => restore::run(matches),
        Some(("selftest", matches)) => selftest::run(matches),
        Some(("share", matches)) => share::run(matches),
        Some(("stats", matches)) => stats::run(matches),
        Some(("status", matches)) => status::run(matches),
        Some(("sweep", matches)) => sweep::run(matches),
        Some((_, matches)) => serve::run(matches),
        None => serve::run(&matches),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::from(error.exit_code)
        }
    }
}

/// The whole command line.
pub fn definition() -> Command {
    let serve = with_options(Command::new("serve").about("Start the server (the default)")).arg(ready_fd());
    let sweep = with_options(
        Command::new("sweep")
            .about("Purge what has expired, once, and print what that was; the server may run"),
    );
    with_options(Command::new("tellonce").about("A one-time-secret server"))
        .arg(ready_fd())
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands([serve, account::definition(), bench::definition(), check::definition(), sweep])
        .subcommands([backup::definition(), restore::definition(), key::definition(), stats::definition()])
        .subcommands([selftest::definition(), health::definition()])
        .subcommands([share::definition(), generate::definition(), get::definition(), status::definition()])
        .subcommands([burn::definition(), recent::definition()])
        .subcommands([login::definition(), login::logout_definition()])
        .subcommands([manual::completions_definition(), manual::man_definition()])
        .after_help(
            "Every option can also be set as an environment variable, TELLONCE_ and its name, or in the file \
             that --config names. Commands for people who share (share, generate, get, status, burn, recent, \
             login, logout) take options of their own: see their help.\n\n\
             Exit codes: 0 done; 1 no such secret, a wrong passphrase, or you said no; 64 wrong command line; \
             65 input that cannot be taken; 69 server not reachable; 73 file that cannot be made; 74 reading or \
             writing failed; 75 try again later; 77 not permitted; 78 wrong configuration; 130 interrupted.",
        )
}

fn with_options(command: Command) -> Command {
    let flags = OPTIONS.iter().filter(|spec| !spec.is_secret).map(|spec| {
        let default = if spec.default.is_empty() { String::new() } else { format!(" [{}]", spec.default) };
        Arg::new(spec.name)
            .long(spec.name)
            .value_name(spec.value)
            .help(format!("{}{default}", spec.help))
            .allow_hyphen_values(true)
    });
    command.args(flags)
}

fn ready_fd() -> Arg {
    Arg::new("ready-fd")
        .long("ready-fd")
        .value_name("N")
        .value_parser(clap::value_parser!(u32))
        .help("Write the address to this open file descriptor once the server is ready")
}

/// The options of this command line with those of the environment and the file.
fn gather(matches: &ArgMatches) -> Gathered {
    let given = OPTIONS
        .iter()
        .filter(|spec| !spec.is_secret)
        .filter_map(|spec| Some((spec.name, matches.get_one::<String>(spec.name)?.clone())));
    let flags: BTreeMap<_, _> = given.collect();
    config::gather(&Sources { flags, variable: &config::process_variable })
}

/// The configuration, or all its problems as one error.
fn configuration(matches: &ArgMatches) -> Result<Config, StartError> {
    gather(matches).outcome.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        StartError::configuration(format!("the options are not right:{}", lines.concat()))
    })
}

/// What a command says that needs a database and finds none.
fn require_database(config: &Config) -> Result<(), StartError> {
    if stored_keys(&config.database())?.is_empty() {
        return Err(StartError::configuration(format!(
            "there is no database at {} (option `data`): start the server once",
            config.database().display()
        )));
    }
    Ok(())
}

/// Opens the core as these options say. From here on there are root keys in memory.
fn open(config: &Config, base_url: &BaseUrl, role: Role) -> Result<Started, StartError> {
    os::keep_memory_private();
    let policy = policy(config, base_url);
    App::open(&config.database(), &config.key, role, policy, Clock::system(), Box::new(give_up))
}

/// The operator's rules, as these options say.
fn policy(config: &Config, base_url: &BaseUrl) -> Policy {
    Policy {
        max_secret_bytes: config.max_secret_size,
        ttl: TtlPolicy { default: config.ttl_default, min: config.ttl_min, max: config.ttl_max },
        passphrase_min_length: config.passphrase_min_length,
        passphrase_required: config.passphrase_required,
        ttl_max_account: config.ttl_max_account,
        create: config.create,
        max_recipients: if config.mail.is_some() { config.max_recipients } else { 0 },
        rates: config.rates,
        min_free_disk: config.min_free_disk,
        attempts: AttemptPolicy {
            per_source: Rate {
                amount: config.passphrase_attempts_source,
                ..AttemptPolicy::DEFAULT.per_source
            },
            lifetime: config.passphrase_attempts,
            ..AttemptPolicy::DEFAULT
        },
        argon2: Argon2Cost::DEFAULT,
        links: Links::new(base_url.clone()),
        share_domains: config.share_domains.clone(),
    }
}

/// So many of something.
fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// After a failed commit nobody knows what is on the disk: only a fresh start can tell.
fn give_up(reason: &str) {
    tracing::error!(reason, "the disk failed during a commit: stopping, so that a restart can recover");
    // Time for the replies that say so to leave.
    std::thread::sleep(std::time::Duration::from_millis(300));
    std::process::exit(74);
}
