//! `tellonce generate`: a new password, and a link to it.

use super::made;
use super::session::{self, Session};
use crate::client::{Made, Sets, words};
use crate::error::StartError;
use crate::generator::Recipe;
use clap::{Arg, ArgMatches, Command};

/// Sets of characters, by the names the API gives them, and one that is left out unless it is named.
const SETS: [&str; 5] = ["uppercase", "lowercase", "numbers", "symbols", "ambiguous"];

/// The command and its arguments.
pub fn definition() -> Command {
    let lengths = Recipe::MIN_LENGTH..=Recipe::MAX_LENGTH;
    let counts = i64::from(*words::COUNT.start())..=i64::from(*words::COUNT.end());
    let number = |name, value| Arg::new(name).long(name).value_name(value);
    let command = Command::new("generate")
        .about("Generate a password: print it, and a link that works once")
        .arg(
            number("length", "CHARACTERS")
                .value_parser(clap::value_parser!(u16).range(lengths))
                .help("How many characters, 4 to 128; the server makes the value [12]"),
        )
        .arg(
            Arg::new("sets")
                .long("sets")
                .value_name("NAME,…")
                .value_delimiter(',')
                .value_parser(SETS)
                .help("Sets to take characters from; ambiguous lets in those that look like others"),
        )
        .arg(
            number("words", "COUNT")
                .value_parser(clap::value_parser!(u16).range(counts))
                .conflicts_with_all(["length", "sets"])
                .help("Words in place of characters, 4 to 64, drawn on this machine; six are worth 77 bits"),
        );
    session::with_options(made::with_options(command))
}

/// Runs it.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let mut session = Session::start(matches)?;
    let client = session.client()?;
    let wishes = made::wishes(matches, &mut session)?;
    let count = matches.get_one::<u16>("words").and_then(|count| words::draw(*count));
    if let Some(value) = count {
        return made::make(matches, &wishes, &client, |client| {
            let made = client.conceal(&value, &wishes)?;
            Ok(Made { value: Some(value), ..made })
        });
    }
    let length = matches.get_one::<u16>("length").copied();
    let sets = sets(matches);
    made::make(matches, &wishes, &client, |client| client.generate(length, sets.as_ref(), &wishes))
}

fn sets(matches: &ArgMatches) -> Option<Sets> {
    let names: Vec<&str> = matches.get_many::<String>("sets")?.map(String::as_str).collect();
    let has = |name| names.contains(&name);
    Some(Sets {
        uppercase: has("uppercase"),
        lowercase: has("lowercase"),
        numbers: has("numbers"),
        symbols: has("symbols"),
        exclude_ambiguous: !has("ambiguous"),
    })
}
