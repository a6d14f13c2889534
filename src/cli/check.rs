//! `tellonce check`: what the server would do, and everything that would keep it from doing it.

use crate::config::Config;
use crate::error::StartError;
use crate::keyfile::{self, KeySource};
use crate::store;
use crate::web::brand::Brand;
use clap::ArgMatches;

/// Prints the effective options and every problem. Changes nothing.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let gathered = super::gather(matches);
    print!("{}", gathered.describe());
    let problems: Vec<String> = match &gathered.outcome {
        Ok(config) => {
            let brand = Brand::new(&config.brand).err().map(|error| error.to_string());
            brand.into_iter().chain(files(config)).collect()
        }
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
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
