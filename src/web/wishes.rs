//! From parameters to what `App` takes: the same in both versions of the API and on the pages.

use super::params::Params;
use crate::app::Wishes;
use crate::error::Error;
use crate::generator::Recipe;

/// What a caller wishes for a new secret.
pub fn wishes(params: &mut Params) -> Result<Wishes, Error> {
    Ok(Wishes {
        passphrase: params.text("passphrase")?,
        ttl: params.number("ttl")?,
        recipients: params.texts("recipient")?,
        share_domain: params.text("share_domain")?.map(|domain| domain.to_string()),
    })
}

/// What a generated value is to be made of: everything, unless it is turned off.
pub fn recipe(params: &mut Params) -> Result<Recipe, Error> {
    let length = params.number("length")?.unwrap_or(Recipe::default().length);
    let mut sets = params.inner("character_sets")?;
    Ok(Recipe {
        length,
        uppercase: !sets.is_false("uppercase"),
        lowercase: !sets.is_false("lowercase"),
        numbers: !sets.is_false("numbers"),
        symbols: !sets.is_false("symbols"),
        exclude_ambiguous: !sets.is_false("exclude_ambiguous"),
    })
}
