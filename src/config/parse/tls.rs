//! The options of TLS, and what they ask of the others.

use super::{Options, domains, optional, switch};
use crate::config::{AcmeOptions, Config, Tls};
use crate::secret::EmailAddress;
use crate::tls::files::Files;
use std::path::PathBuf;

/// Let's Encrypt's directories.
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

impl Options<'_> {
    /// Where the certificate is to come from.
    pub(super) fn tls(&mut self) -> Tls {
        let path = |text: &str| optional(text, |text| Ok(PathBuf::from(text)));
        let (chain, key) = (self.parse("tls-cert", path), self.parse("tls-key", path));
        let acme = self.acme();
        match (chain, key, acme) {
            (None, None, None) => Tls::Off,
            (None, None, Some(acme)) => Tls::Acme(acme),
            (Some(chain), Some(key), None) => Tls::Files(Files { chain, key }),
            (Some(_), Some(_), Some(_)) => {
                self.problem("acme", "and `tls-cert` exclude each other");
                Tls::Off
            }
            (chain, ..) => {
                let set = if chain.is_some() { "tls-cert" } else { "tls-key" };
                self.problem(set, "is not enough: `tls-cert` and `tls-key` go together");
                Tls::Off
            }
        }
    }

    fn acme(&mut self) -> Option<AcmeOptions> {
        let is_on = self.parse("acme", switch);
        let agrees = self.parse("acme-agree", switch);
        let options = AcmeOptions {
            domains: self.parse("acme-domains", domains),
            contact: self.parse("acme-contact", |text| {
                optional(text, |text| {
                    let address = EmailAddress::parse(text).ok_or("must be an e-mail address")?;
                    Ok(address.as_str().to_owned())
                })
            }),
            directory: self.parse("acme-directory", directory),
            ca_file: self.parse("acme-ca-file", |text| optional(text, |text| Ok(PathBuf::from(text)))),
        };
        if is_on && !cfg!(feature = "acme") {
            self.problem("acme", "is not in this build: take a released one, or build with --features acme");
        }
        if is_on && !agrees {
            self.problem("acme-agree", "must be on: the directory asks whether you agree to its terms");
        }
        is_on.then_some(options)
    }

    /// Rules between these options and the others.
    pub(super) fn check_tls(&mut self, config: &Config) {
        let is_https = config.base_url.as_ref().is_none_or(|url| url.scheme() == "https");
        let is_plain_allowed = self.parse("plain-http", switch);
        if config.tls == Tls::Off {
            if !config.listen.ip().is_loopback() && !is_plain_allowed {
                self.problem(
                    "listen",
                    "is open to other machines, without TLS: set `tls-cert` and `tls-key`, or `acme`; or, if a \
                     proxy in front brings TLS, set `plain-http` to on",
                );
            }
        } else if !is_https {
            self.problem("base-url", "must begin with https:// where the server speaks TLS itself");
        }
        if config.redirect_listen.is_some() && (config.base_url.is_none() || !is_https) {
            self.problem("redirect-listen", "needs a `base-url` that begins with https:// to lead to");
        }
        if let Tls::Acme(acme) = &config.tls {
            if config.redirect_listen.is_none() {
                self.problem("acme", "needs `redirect-listen`: the directory asks for proof at port 80");
            }
            if acme.names(config.base_url.as_ref()).is_empty() {
                self.problem("acme-domains", "must be set, or `base-url`: a certificate is for a name");
            }
        }
    }
}

fn directory(text: &str) -> Result<String, String> {
    match text {
        "production" => Ok(PRODUCTION.into()),
        "staging" => Ok(STAGING.into()),
        url if url.starts_with("https://") => Ok(url.into()),
        _ => Err("must be production, staging or a URL that begins with https://".into()),
    }
}
