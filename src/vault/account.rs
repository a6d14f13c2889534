//! What belongs to accounts: tokens, addresses, lists of receipts, and mail that waits.

use super::{KeyId, Lookup, Share, Vault, VaultError, associated_data, derive, first, label, open, seal};
use crate::hex;
use crate::random::fill;
use crate::secret::{AccountId, ApiToken, EmailAddress, ReceiptId};
use crate::time::Timestamp;
use zeroize::Zeroizing;

const BUCKET: usize = 64;
const MAIL_BUCKET: usize = 1024;
const NEVER: Timestamp = Timestamp::from_unix(0);

/// A fresh API token of 160 random bits.
pub fn new_token() -> ApiToken {
    let mut random = Zeroizing::new([0; 20]);
    fill(&mut *random);
    ApiToken::parse(&hex::encode(&*random)).expect("forty hexadecimal digits")
}

/// What an account's row is searched by: 16 bytes of an unkeyed hash of its address, whose case does not
/// matter, and its token. A token has too many random bits to be guessed from it. Whichever of the two is
/// wrong, there is no row, so that time does not tell which.
pub fn token_lookup(user: &str, token: &ApiToken) -> [u8; 16] {
    let user = Zeroizing::new(user.to_ascii_lowercase());
    first(&derive(&label::LOOKUP_TOKEN, &[user.as_bytes(), token.expose().as_bytes()]))
}

impl Vault {
    /// Seals a receipt's identifier for its owner's list: only the token opens it.
    pub fn seal_own(&self, token: &ApiToken, lookup: &Lookup, id: &ReceiptId) -> Vec<u8> {
        let aad = associated_data(&label::OWN, KeyId::NONE, lookup.as_bytes(), NEVER);
        seal(&own_key(token), &aad, id.as_str().as_bytes(), BUCKET)
    }

    /// Opens a line of an owner's list.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] if it was sealed under another token.
    pub fn open_own(
        &self,
        token: &ApiToken,
        lookup: &Lookup,
        sealed: &[u8],
    ) -> Result<ReceiptId, VaultError> {
        let aad = associated_data(&label::OWN, KeyId::NONE, lookup.as_bytes(), NEVER);
        text(&open(&own_key(token), &aad, sealed, BUCKET)?)
            .and_then(ReceiptId::parse)
            .ok_or(VaultError::Damaged)
    }

    /// Seals an account's address under the newest root key.
    pub fn seal_address(&self, account: AccountId, address: &EmailAddress) -> (KeyId, Vec<u8>) {
        let (key_id, root) = self.ring.newest();
        let aad = associated_data(&label::ADDRESS, key_id, &row(account), NEVER);
        let key = derive(&label::ADDRESS, &[root.expose()]);
        (key_id, seal(&key, &aad, address.as_str().as_bytes(), BUCKET))
    }

    /// Opens an account's address.
    ///
    /// # Errors
    /// [`VaultError::KeyMissing`] or [`VaultError::Damaged`].
    pub fn open_address(
        &self,
        key_id: KeyId,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<EmailAddress, VaultError> {
        let root = self.ring.get(key_id).ok_or(VaultError::KeyMissing)?;
        let aad = associated_data(&label::ADDRESS, key_id, &row(account), NEVER);
        let address = open(&derive(&label::ADDRESS, &[root.expose()]), &aad, sealed, BUCKET)?;
        text(&address).and_then(EmailAddress::parse).ok_or(VaultError::Damaged)
    }

    /// Seals a mail that waits, under the newest root key and the share in its slot.
    pub fn seal_mail(&self, share: &Share, content: &[u8]) -> (KeyId, Vec<u8>) {
        let (key_id, root) = self.ring.newest();
        let aad = associated_data(&label::MAIL, key_id, &[0; 16], NEVER);
        let key = derive(&label::MAIL, &[root.expose(), share.expose()]);
        (key_id, seal(&key, &aad, content, MAIL_BUCKET))
    }

    /// Opens a mail that waits.
    ///
    /// # Errors
    /// [`VaultError::KeyMissing`] or [`VaultError::Damaged`].
    pub fn open_mail(
        &self,
        key_id: KeyId,
        share: &Share,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let root = self.ring.get(key_id).ok_or(VaultError::KeyMissing)?;
        let aad = associated_data(&label::MAIL, key_id, &[0; 16], NEVER);
        open(&derive(&label::MAIL, &[root.expose(), share.expose()]), &aad, sealed, MAIL_BUCKET)
    }
}

fn own_key(token: &ApiToken) -> Zeroizing<[u8; 32]> {
    derive(&label::OWN, &[token.expose().as_bytes()])
}

fn row(account: AccountId) -> [u8; 16] {
    let mut row = [0; 16];
    row[..8].copy_from_slice(&account.0.to_le_bytes());
    row
}

fn text(content: &[u8]) -> Option<&str> {
    str::from_utf8(content).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Identifiers, KeyRing, RootKey};
    use super::*;

    fn vault() -> Vault {
        Vault::new(KeyRing::new((KeyId::from_number(1), RootKey::random()), Vec::new()))
    }

    fn flipped(sealed: &[u8], at: usize) -> Vec<u8> {
        let mut sealed = sealed.to_vec();
        sealed[at] ^= 1;
        sealed
    }

    #[test]
    fn an_address_opens_for_its_own_account_and_key_alone() {
        let (vault, account) = (vault(), AccountId(7));
        let address = EmailAddress::parse("frank@example.com").expect("an address");
        let (key_id, sealed) = vault.seal_address(account, &address);
        let open = |key_id, account, sealed: &[u8]| vault.open_address(key_id, account, sealed).map(|_| ());
        assert_eq!(open(key_id, account, &sealed), Ok(()));
        assert_eq!(open(key_id, AccountId(8), &sealed), Err(VaultError::Damaged));
        assert_eq!(open(KeyId::from_number(2), account, &sealed), Err(VaultError::KeyMissing));
        for at in 0..sealed.len() {
            assert_eq!(open(key_id, account, &flipped(&sealed, at)), Err(VaultError::Damaged), "byte {at}");
        }
    }

    #[test]
    fn a_line_of_a_list_opens_with_its_own_token_and_row_alone() {
        let vault = vault();
        let identifiers = Identifiers::new([7; 32]);
        let id = identifiers.new_receipt_id(1);
        let other = identifiers.new_receipt_id(1);
        let (token, lookup) = (new_token(), identifiers.receipt(&id));
        let sealed = vault.seal_own(&token, &lookup, &id);
        assert!(vault.open_own(&token, &lookup, &sealed).is_ok_and(|opened| opened == id));
        assert!(vault.open_own(&new_token(), &lookup, &sealed).is_err());
        assert!(vault.open_own(&token, &identifiers.receipt(&other), &sealed).is_err());
    }

    #[test]
    fn mail_that_waits_does_not_open_without_its_share() {
        let (vault, share) = (vault(), Share::random());
        let (key_id, sealed) = vault.seal_mail(&share, b"the link");
        let open = |share: &Share, sealed: &[u8]| {
            vault.open_mail(key_id, share, sealed).map(|content| content.to_vec())
        };
        assert_eq!(open(&share, &sealed), Ok(b"the link".to_vec()));
        assert_eq!(open(&Share::random(), &sealed), Err(VaultError::Damaged));
        assert_eq!(open(&share, &sealed[..sealed.len() - 1]), Err(VaultError::Damaged));
    }

    #[test]
    fn a_token_is_forty_hexadecimal_digits_and_found_with_its_user_in_either_case() {
        let token = new_token();
        assert_eq!(token.expose().len(), 40);
        let shouted = ApiToken::parse(&token.expose().to_uppercase()).expect("a token");
        let lookup = token_lookup("ann@example.com", &token);
        assert_eq!(token_lookup("Ann@Example.com", &shouted), lookup);
        assert_ne!(token_lookup("ann@example.com", &new_token()), lookup);
        assert_ne!(token_lookup("bob@example.com", &token), lookup);
    }
}
