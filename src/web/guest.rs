//! Switches of the operations under `/guest`.

use super::SiteData;
use crate::app::Create;
use crate::error::Error;

/// An operation that callers may use under `/guest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestOperation {
    /// Make a secret.
    Conceal,
    /// Have one generated.
    Generate,
    /// Look at one.
    Show,
    /// Read one.
    Reveal,
    /// Look at a receipt.
    Receipt,
    /// Destroy one.
    Burn,
}

impl GuestOperation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Conceal, Self::Generate, Self::Show, Self::Reveal, Self::Receipt, Self::Burn];

    /// Its name in options and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conceal => "conceal",
            Self::Generate => "generate",
            Self::Show => "show",
            Self::Reveal => "reveal",
            Self::Receipt => "receipt",
            Self::Burn => "burn",
        }
    }

    /// Refuses the operation where the operator has switched it off.
    ///
    /// # Errors
    /// [`Error::Forbidden`] names the operation.
    pub fn check(self, site: &SiteData) -> Result<(), Error> {
        let makes = matches!(self, Self::Conceal | Self::Generate);
        let takes_account = makes && site.app.policy().create == Create::Accounts;
        if takes_account || site.closed_to_guests.contains(&self) {
            let name = self.name();
            return Err(Error::Forbidden(format!("The operation {name} is not open to guests here")));
        }
        Ok(())
    }
}
