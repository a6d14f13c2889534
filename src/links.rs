//! Links. They begin with what the operator configured, whatever a request's headers say.

use crate::config::BaseUrl;
use crate::secret::{ReceiptId, SecretId};

/// Builds every link the server gives out.
#[derive(Clone, Debug)]
pub struct Links {
    base: BaseUrl,
}

impl Links {
    /// Links that begin with this.
    pub fn new(base: BaseUrl) -> Self {
        Self { base }
    }

    /// This server's own host, with its port where that is not the usual one.
    pub fn own_host(&self) -> &str {
        self.base.host()
    }

    /// Whether people reach the server over TLS.
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// What links for this domain begin with; `None` is the default domain.
    pub fn base(&self, share_domain: Option<&str>) -> String {
        match share_domain {
            None => self.base.as_str().to_owned(),
            Some(domain) => format!("{}://{domain}", self.base.scheme()),
        }
    }

    /// The page where a secret is revealed.
    pub fn share(&self, share_domain: Option<&str>, id: &SecretId) -> String {
        self.base(share_domain) + &share_path(id)
    }

    /// The page of a receipt.
    pub fn receipt(&self, share_domain: Option<&str>, id: &ReceiptId) -> String {
        self.base(share_domain) + &receipt_path(id)
    }

    /// The page where a secret is burned.
    pub fn burn(&self, share_domain: Option<&str>, id: &ReceiptId) -> String {
        self.base(share_domain) + &burn_path(id)
    }
}

/// The path of the page where a secret is revealed.
pub fn share_path(id: &SecretId) -> String {
    format!("/secret/{}", id.as_str())
}

/// The path of a receipt's page.
pub fn receipt_path(id: &ReceiptId) -> String {
    format!("/receipt/{}", id.as_str())
}

/// The path of the page where a secret is burned.
pub fn burn_path(id: &ReceiptId) -> String {
    format!("/receipt/{}/burn", id.as_str())
}
