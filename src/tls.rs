//! TLS of the server's own: 1.2 and 1.3, from files of the operator's or, in builds with that, from an
//! ACME directory. Knows nothing of HTTP.

#[cfg(feature = "acme")]
pub mod acme;
mod challenges;
pub mod files;
mod validity;

pub use challenges::Challenges;
pub use validity::Validity;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;

/// The certificate that is shown at present. Without one, every handshake is refused: a certificate made up
/// by the server itself would only teach people to click warnings away.
#[derive(Default)]
pub struct Certificates {
    current: RwLock<Option<Held>>,
    /// Attempts at getting the next one that have failed since the last success.
    failures: AtomicU32,
}

#[derive(Clone)]
struct Held {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

impl Certificates {
    /// Shows this chain, the server's own certificate first, from now on.
    ///
    /// # Errors
    /// What is wrong with them; then the old one stays.
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> Result<Validity, String> {
        let held = read(chain, key)?;
        let validity = held.validity;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        self.failures.store(0, Ordering::Relaxed);
        Ok(validity)
    }

    /// From when until when the certificate is valid; none if there is none.
    pub fn validity(&self) -> Option<Validity> {
        self.held().map(|held| held.validity)
    }

    /// One more attempt at getting the next certificate has failed. How many that makes in a row.
    pub fn failed(&self) -> u32 {
        self.failures.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Attempts that have failed since the last success.
    pub fn failures(&self) -> u32 {
        self.failures.load(Ordering::Relaxed)
    }

    fn held(&self) -> Option<Held> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.held().map(|held| held.key)
    }
}

/// A chain and its key in PEM form.
fn read(chain: &[u8], key: &[u8]) -> Result<Held, String> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the certificate is not in PEM form: {error}"))?;
    let own = chain.first().ok_or("the file of the certificate holds none")?;
    let validity = Validity::of(own).ok_or("the certificate does not say how long it is valid")?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key: {error}"))?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| format!("the key does not fit the certificate: {error}"))?;
    Ok(Held { key: Arc::new(key), validity })
}

/// What turns connections into encrypted ones, with whichever certificate is current.
///
/// # Errors
/// If the library does not know the versions of TLS.
pub fn acceptor(certificates: Arc<Certificates>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
