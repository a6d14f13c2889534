//! Certificates in files that something else renews: they are looked at again and again.

use super::{Certificates, Validity};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often to look. By name and not by notice: the files may be links into a folder that is swapped whole.
const ROUND: Duration = Duration::from_secs(2);

/// A certificate's two files, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, and those that lead from it to its root.
    pub chain: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Files {
    /// Shows what is in them.
    ///
    /// # Errors
    /// A sentence that names the file, or the pair.
    pub fn load(&self, certificates: &Certificates) -> Result<Validity, String> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let (chain, key) = (read(&self.chain)?, zeroize::Zeroizing::new(read(&self.key)?));
        certificates
            .replace(&chain, &key)
            .map_err(|why| format!("{} and {}: {why}", self.chain.display(), self.key.display()))
    }

    /// Changes whenever either file does.
    fn stamp(&self) -> [Option<(u64, i64, i64, u64)>; 2] {
        [&self.chain, &self.key].map(|path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
        })
    }

    /// Shows what comes into them from now on. A pair that does not fit, as between the writing of one file
    /// and of the other, leaves the old one where it is.
    pub fn watch(self, certificates: Arc<Certificates>) -> JoinHandle<()> {
        let mut seen = self.stamp();
        actix_web::rt::spawn(async move {
            loop {
                tokio::time::sleep(ROUND).await;
                let stamp = self.stamp();
                if stamp == seen {
                    continue;
                }
                seen = stamp;
                match self.load(&certificates) {
                    Ok(_) => tracing::info!("took the new TLS certificate"),
                    Err(reason) => {
                        tracing::error!(
                            reason,
                            "the new TLS certificate cannot be used, keeping the old one"
                        );
                    }
                }
            }
        })
    }
}
