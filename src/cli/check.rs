//! `tellonce check`: what the server would do, and everything that would keep it from doing it.

use super::made::date;
use crate::config::{Config, Tls};
use crate::error::StartError;
use crate::keyfile::{self, KeySource};
use crate::mail::Message;
use crate::mailer::Mailer;
use crate::os;
use crate::secret::EmailAddress;
use crate::store::{self, figures};
use crate::time::{BELIEVED_STEP, Clock, Timestamp};
use crate::tls::Certificates;
use crate::web::brand::Brand;
use clap::{Arg, ArgMatches, Command};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The command and its arguments.
pub fn definition() -> Command {
    let about = "Show the effective options, and everything that is wrong with them, the files, the key and the clock";
    let send_test = Arg::new("send-test")
        .long("send-test")
        .value_name("ADDRESS")
        .help("Also send one mail to this address, and say whether the mail server takes it");
    super::with_options(Command::new("check").about(about)).arg(send_test)
}

/// Prints the effective options and every problem. Changes nothing.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let gathered = super::gather(matches);
    let address = matches.get_one::<String>("send-test").map(|text| test_address(text)).transpose()?;
    print!("{}", gathered.describe());
    let mut problems: Vec<String> = match &gathered.outcome {
        Ok(config) => everything(config),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    if let (Ok(config), Some(address)) = (&gathered.outcome, &address) {
        problems.extend(send_test(config, address).err());
    }
    for problem in &problems {
        println!("problem: {problem}");
    }
    match problems.len() {
        0 => {
            println!("no problems found");
            Ok(())
        }
        1 => Err(StartError::configuration("there is 1 problem")),
        count => Err(StartError::configuration(format!("there are {count} problems"))),
    }
}

fn everything(config: &Config) -> Vec<String> {
    let brand = Brand::new(&config.brand).err().map(|error| error.to_string());
    let mailer = config.mail.as_ref().and_then(|mail| Mailer::new(mail).err()).map(|error| error.to_string());
    let problems = brand.into_iter().chain(mailer).chain(permissions(config)).chain(files(config));
    problems.chain(clock(config)).chain(certificate(config)).collect()
}

/// What others may do in the folder, and what this user may not.
fn permissions(config: &Config) -> Vec<String> {
    let beside = |suffix: &str| store::beside(&config.database(), suffix);
    let files = [beside(""), beside("-wal"), beside("-shm"), config.data.join("tellonce.lock")];
    let mut problems = Vec::new();
    problems.extend(wrong_rights(&config.data, 0o022, "others may replace its files: `chmod 700` it"));
    for file in files {
        problems.extend(wrong_rights(&file, 0o077, "it is open to others: `chmod 600` it"));
    }
    problems
}

/// The problem with this file, if it is there and has one of these bits, or is not ours to use.
fn wrong_rights(path: &Path, bits: u32, what: &str) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    if metadata.mode() & bits != 0 {
        return Some(format!("{} has mode {:03o}: {what}", path.display(), metadata.mode() & 0o777));
    }
    (!os::may_use(path)).then(|| {
        let what = "this user may not read and write it: run the command as the server's user";
        format!("{} belongs to user {}: {what}", path.display(), metadata.uid())
    })
}

/// Problems of the key and the database, as far as they exist yet.
fn files(config: &Config) -> Vec<String> {
    let known = match store::stored_keys(&config.database()) {
        Ok(known) => known,
        Err(error) => return vec![error.to_string()],
    };
    if known.is_empty() {
        println!("no database yet: the first start makes {}", config.database().display());
        let is_to_be_made =
            matches!(&config.key, KeySource::File { path, may_create: true } if !path.exists());
        let key = if is_to_be_made { None } else { keyfile::load(&config.key, false).err() };
        return key.iter().map(ToString::to_string).collect();
    }
    let key = keyfile::load(&config.key, true)
        .and_then(|at_hand| keyfile::check_against(&at_hand.keys, &known, &config.key));
    let content = store::check_whole(&config.database());
    [key, content].into_iter().filter_map(|outcome| outcome.err().map(|error| error.to_string())).collect()
}

/// A clock that is behind makes secrets live too long, and one that was set back hides new ones.
fn clock(config: &Config) -> Option<String> {
    let now = Clock::system().now().latest();
    // What cannot be read is a problem that was found before.
    let newest = figures::newest_moment(&config.database()).ok().flatten();
    let least = newest.map_or(Timestamp::PLAUSIBLE, |newest| newest.max(Timestamp::PLAUSIBLE));
    (least.since(now) > BELIEVED_STEP).then(|| {
        let why =
            if newest == Some(least) { "something in the database was made" } else { "this program was" };
        format!("the clock says {}, but {why} on {} or later: set the clock", date(now), date(least))
    })
}

/// What is wrong with the operator's certificate. One from a directory is the server's own care.
fn certificate(config: &Config) -> Option<String> {
    let Tls::Files(files) = &config.tls else { return None };
    let now = Clock::system().now().latest();
    let why = match files.load(&Certificates::default()) {
        Err(why) => why,
        Ok(validity) if validity.until < now => {
            format!("{}: it was valid until {}", files.chain.display(), date(validity.until))
        }
        Ok(validity) if validity.from > now => {
            format!("{}: it is not valid before {}", files.chain.display(), date(validity.from))
        }
        Ok(_) => return None,
    };
    Some(format!("the TLS certificate (options `tls-cert`, `tls-key`): {why}"))
}

fn test_address(text: &str) -> Result<EmailAddress, StartError> {
    EmailAddress::parse(text)
        .ok_or_else(|| StartError::usage("what --send-test names is not an e-mail address"))
}

/// Sends a mail, as the server would.
fn send_test(config: &Config, address: &EmailAddress) -> Result<(), String> {
    let Some(mail) = &config.mail else {
        return Err("no test mail was sent, since no mail server is named (option `smtp-host`)".into());
    };
    let mailer = Mailer::new(mail).map_err(|error| error.to_string())?;
    let sent = actix_web::rt::System::new().block_on(mailer.send(&Message::test(address)));
    sent.map_err(|trouble| format!("the test mail was not sent: {trouble}"))?;
    println!("the mail server took the test mail");
    Ok(())
}
