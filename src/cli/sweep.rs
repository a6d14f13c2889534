//! `tellonce sweep`: one sweep, by hand.

use super::counted;
use crate::app::Swept;
use crate::config::BaseUrl;
use crate::error::StartError;
use crate::store::Role;
use clap::ArgMatches;

/// Purges what has expired and prints what that was.
pub fn run(matches: &ArgMatches) -> Result<(), StartError> {
    let config = super::configuration(matches)?;
    super::require_database(&config)?;
    let base_url = config.base_url.clone().unwrap_or_else(|| BaseUrl::of_address(config.listen));
    let opened = super::open(&config, &base_url, Role::Command)?;
    let sweep = async {
        let mut total = Swept::default();
        loop {
            let swept = opened.app.sweep().await?;
            total.secrets += swept.secrets;
            total.receipts += swept.receipts;
            if swept.is_nothing() {
                return Ok(total);
            }
        }
    };
    let swept = actix_web::rt::System::new().block_on(sweep);
    let Swept { secrets, receipts, .. } = swept.map_err(|error: crate::error::Error| {
        let cause = error.cause().map(ToString::to_string).unwrap_or_default();
        StartError::storage(format!("the sweep failed, run it again: {error} {cause}"))
    })?;
    let (secrets, receipts) = (counted(secrets, "expired secret"), counted(receipts, "expired receipt"));
    println!("erased {secrets} and deleted {receipts}");
    Ok(())
}
