//! TLS as a start finds it: the certificate to begin with, and what keeps it fresh.

use crate::config::{Config, Tls};
use crate::error::StartError;
use crate::tls::files::Files;
use crate::tls::{Certificates, Challenges};
use crate::web::Site;
use actix_web::web::Data;
use std::sync::Arc;

/// The server's own TLS.
pub struct Secured {
    /// What is shown at present.
    pub certificates: Arc<Certificates>,
    renewal: Renewal,
}

enum Renewal {
    Files(Files),
    #[cfg(feature = "acme")]
    Acme(Box<crate::tls::acme::Renewal>),
}

impl Secured {
    /// As these options say; none if there is to be no TLS. A certificate that a directory has yet to give
    /// comes later.
    pub fn open(config: &Config, challenges: &Challenges) -> Result<Option<Self>, StartError> {
        let certificates = Arc::new(Certificates::default());
        let renewal = match &config.tls {
            Tls::Off => return Ok(None),
            Tls::Files(files) => {
                files.load(&certificates).map_err(|why| {
                    StartError::configuration(format!("TLS (options `tls-cert` and `tls-key`): {why}"))
                })?;
                Renewal::Files(files.clone())
            }
            Tls::Acme(options) => Self::acme(config, options, &certificates, challenges)?,
        };
        Ok(Some(Self { certificates, renewal }))
    }

    #[cfg(feature = "acme")]
    fn acme(
        config: &Config,
        options: &crate::config::AcmeOptions,
        certificates: &Arc<Certificates>,
        challenges: &Challenges,
    ) -> Result<Renewal, StartError> {
        let names = options.names(config.base_url.as_ref());
        let folder = config.data.join("acme");
        let (certificates, challenges) = (Arc::clone(certificates), challenges.clone());
        let renewal =
            crate::tls::acme::Renewal::new(options.clone(), names, &folder, certificates, challenges);
        let renewal = renewal.map_err(|why| {
            StartError::configuration(format!("ACME (options `acme-ca-file` and `data`): {why}"))
        })?;
        Ok(Renewal::Acme(Box::new(renewal)))
    }

    #[cfg(not(feature = "acme"))]
    fn acme(
        _: &Config,
        _: &crate::config::AcmeOptions,
        _: &Arc<Certificates>,
        _: &Challenges,
    ) -> Result<Renewal, StartError> {
        Err(StartError::configuration("option `acme` is not in this build"))
    }

    /// Keeps the certificate fresh from now on, on this event loop.
    #[cfg_attr(not(feature = "acme"), expect(unused_variables, reason = "files need no clock"))]
    pub fn start(self, site: Data<Site>) {
        match self.renewal {
            Renewal::Files(files) => drop(files.watch(self.certificates)),
            #[cfg(feature = "acme")]
            Renewal::Acme(renewal) => drop(renewal.start(move || site.app.clock().now().moment())),
        }
    }
}
