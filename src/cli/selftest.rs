//! `tellonce selftest`: the promises, tried here and now.

use super::temporary::Temporary;
use super::terminal::list;
use crate::config::{self, BaseUrl, Sources};
use crate::error::{Error, StartError};
use crate::selftest::{self, Genuine, Trial};
use crate::time::Clock;
use clap::{Arg, ArgMatches, Command};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The command and its argument.
pub fn definition() -> Command {
    Command::new("selftest")
        .about("Try on a temporary database what is promised, and say what each check has proved")
        .arg(
            Arg::new("dir")
                .long("dir")
                .value_name("DIR")
                .value_parser(clap::value_parser!(PathBuf))
                .help("Make the temporary folder in this one [the system's place for such folders]"),
        )
}

/// Runs every check and says how it went.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let parent = matches.get_one::<PathBuf>("dir").cloned().unwrap_or_else(std::env::temp_dir);
    let folder = Temporary::within(&parent, "selftest")?;
    let flags = BTreeMap::from([("data", folder.path().display().to_string()), ("limits", "off".to_owned())]);
    let gathered = config::gather(&Sources { flags, variable: &|_| None });
    let config =
        gathered.outcome.map_err(|_| StartError::configuration("the options of the test are wrong"))?;
    let policy = super::policy(&config, &BaseUrl::of_address(config.listen));
    let (count, now) = (Cell::new(0), Clock::system().now().moment());
    let trials = selftest::run(|| {
        count.set(count.get() + 1);
        let own = folder.path().join(count.get().to_string());
        std::fs::create_dir(&own).map_err(|error| Error::Internal(Box::new(error)))?;
        Genuine::start(&own, policy.clone(), now).map_err(|error| Error::Internal(Box::new(error)))
    });
    list(&trials.iter().map(line).collect::<String>())?;
    match trials.iter().filter(|trial| trial.outcome.is_err()).count() {
        0 => Ok(()),
        failed => Err(StartError::no(format!("{failed} of {} checks failed: do not use this", trials.len()))),
    }
}

fn line(trial: &Trial) -> String {
    match &trial.outcome {
        Ok(proved) => format!("ok      {}: {proved}\n", trial.name),
        Err(failure) => format!("FAILED  {}: {failure}\n", trial.name),
    }
}
