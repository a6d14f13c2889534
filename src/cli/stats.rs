//! `tellonce stats`: how much there is.

use super::terminal::list;
use crate::error::StartError;
use crate::store::figures::{Figures, Receipts, figures};
use crate::time::Clock;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The command and its arguments.
pub fn definition() -> Command {
    let about = "Count secrets, receipts, accounts, mails and bytes; the server may run";
    let json =
        Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON in place of a table");
    super::with_options(Command::new("stats").about(about)).arg(json)
}

/// Prints the counts.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    super::require_database(&config)?;
    let figures = figures(&config.database(), Clock::system().now().latest())?;
    if matches.get_flag("json") {
        list(&format!("{}\n", serde_json::to_string_pretty(&figures).unwrap_or_default()))
    } else {
        list(&table(&figures))
    }
}

fn table(figures: &Figures) -> String {
    let Figures {
        live_secrets,
        expired_secrets,
        receipts,
        accounts,
        disabled_accounts,
        waiting_mails,
        anonymous_bytes,
        used_slots,
        free_slots,
        keys,
        file_bytes,
        log_bytes,
    } = figures;
    let Receipts { live, revealed, burned, locked, expired, lost } = receipts;
    let lines: [(&str, &dyn std::fmt::Display); 17] = [
        ("secrets, live", live_secrets),
        ("secrets, expired and not swept yet", expired_secrets),
        ("receipts of live secrets", live),
        ("receipts of revealed ones", revealed),
        ("receipts of burned ones", burned),
        ("receipts of ones locked by guessing", locked),
        ("receipts of expired ones", expired),
        ("receipts of ones lost by a restore", lost),
        ("accounts", accounts),
        ("accounts, disabled", disabled_accounts),
        ("mails that wait", waiting_mails),
        ("padded bytes of callers without account", anonymous_bytes),
        ("slots, used", used_slots),
        ("slots, free", free_slots),
        ("root keys", keys),
        ("bytes of the database", file_bytes),
        ("bytes of its log", log_bytes),
    ];
    lines.iter().map(|(name, count)| format!("{name:<40} {:>12}\n", count.to_string())).collect()
}
