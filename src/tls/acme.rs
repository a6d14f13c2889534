//! Certificates from an ACME directory (RFC 8555), proven over plain HTTP at port 80. Whatever becomes of
//! an attempt, the server goes on with the certificate it has.

mod wire;

use super::{Certificates, Challenges};
use crate::config::AcmeOptions;
use crate::os::replace_private;
use crate::random;
use crate::time::Timestamp;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use ureq::Agent;
use zeroize::Zeroizing;

/// How long the directory may take over one certificate.
const PATIENCE: Duration = Duration::from_secs(300);
/// How it is asked whether it has looked yet.
const ASKING: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// A certificate is renewed when this part of its life is left,
const RENEWED: u64 = 3;
/// and up to this part earlier, so that many servers do not come at once.
const JITTER: u64 = 30;
/// Pauses after failures, doubled each time: a directory that cannot be reached does not count them; one
/// that can, allows five an hour.
const UNREACHED: Duration = Duration::from_secs(5);
const REFUSED: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);
/// How long to sleep at most before looking at the clock again, which may have been set.
const LOOK: Duration = Duration::from_secs(3600);

/// What gets and renews the certificate.
pub struct Renewal {
    options: AcmeOptions,
    names: Vec<String>,
    agent: Agent,
    /// The account at this directory: its address and its key.
    account: PathBuf,
    /// The certificate for these names by this directory, with its chain and its key.
    certificate: PathBuf,
    certificates: Arc<Certificates>,
    challenges: Challenges,
    /// How much earlier than others this server renews: a random part of what it may.
    jitter: u64,
}

impl Renewal {
    /// Makes ready in `folder`, and shows the certificate that is there already.
    ///
    /// # Errors
    /// A sentence about a file or folder that cannot be used.
    pub fn new(
        options: AcmeOptions,
        names: Vec<String>,
        folder: &Path,
        certificates: Arc<Certificates>,
        challenges: Challenges,
    ) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let agent = wire::agent(options.ca_file.as_deref())?;
        // Another directory, or other names, begin anew, and find what was there if they come back.
        let account = folder.join(format!("account-{}.json", mark(&[&options.directory])));
        let all: Vec<&str> = names.iter().map(String::as_str).chain([options.directory.as_str()]).collect();
        let certificate = folder.join(format!("certificate-{}.pem", mark(&all)));
        if let Ok(pem) = fs::read(&certificate).map(Zeroizing::new)
            && let Err(reason) = certificates.replace(&pem, &pem)
        {
            tracing::error!(reason, "the certificate of the last start cannot be used");
        }
        let jitter = random_number();
        Ok(Self { options, names, agent, account, certificate, certificates, challenges, jitter })
    }

    /// Renews from now on, on this event loop.
    pub fn start(self, now: impl Fn() -> Timestamp + 'static) -> JoinHandle<()> {
        actix_web::rt::spawn(async move {
            loop {
                match self.pause(now()) {
                    Some(pause) => sleep(pause.min(LOOK)).await,
                    None => sleep(self.attempt().await).await,
                }
            }
        })
    }

    /// How long the certificate needs no renewal; none if it does.
    fn pause(&self, now: Timestamp) -> Option<Duration> {
        let validity = self.certificates.validity()?;
        let life = validity.seconds().unsigned_abs();
        let early = life / RENEWED + self.jitter % (life / JITTER).max(1);
        let left = u64::try_from(validity.until.since(now)).unwrap_or_default();
        left.checked_sub(early).filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    /// Gets a certificate. How long to wait before there may be another attempt.
    async fn attempt(&self) -> Duration {
        let got = timeout(PATIENCE, self.get()).await.unwrap_or(Err(Error::Timeout(None)));
        let taken = got.map_err(|error| (pause_after(&error), error.to_string())).and_then(|pem| {
            let pem = pem.as_bytes();
            let validity = self.certificates.replace(pem, pem).map_err(|why| (REFUSED, why))?;
            Ok((validity, replace_private(&self.certificate, pem)))
        });
        match taken {
            Ok((validity, kept)) => {
                tracing::info!(until = validity.until.unix(), "took a new certificate of the ACME directory");
                if let Err(error) = kept {
                    tracing::error!(%error, "cannot keep the new certificate (option `data`)");
                }
                // However short its life is, the directory is left alone for a part of it.
                Duration::from_secs((validity.seconds().unsigned_abs() / (2 * JITTER)).clamp(1, 60))
            }
            Err((pause, reason)) => {
                let failures = self.certificates.failed();
                let pause = pause.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_PAUSE);
                tracing::error!(
                    reason,
                    failures,
                    again_in = pause.as_secs(),
                    "no certificate of the ACME directory (options `acme-…`), trying again"
                );
                pause
            }
        }
    }

    /// A certificate with its chain and its key, in PEM form.
    async fn get(&self) -> Result<Zeroizing<String>, Error> {
        let account = self.account().await?;
        let names: Vec<Identifier> = self.names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let _answers = self.prove(&mut order).await?;
        if order.poll_ready(&ASKING).await? != OrderStatus::Ready {
            return Err(Error::Str(
                "the directory found no proof: is `redirect-listen` port 80 of every name, as seen from outside?",
            ));
        }
        let key = Zeroizing::new(order.finalize().await?);
        let chain = order.poll_certificate(&ASKING).await?;
        Ok(Zeroizing::new([key.as_str(), &chain].concat()))
    }

    /// The account at this directory, which is made if there is none.
    async fn account(&self) -> Result<Account, Error> {
        let builder = || Account::builder_with_http(Box::new(wire::Wire(self.agent.clone())));
        if let Ok(text) = fs::read(&self.account).map(Zeroizing::new) {
            let credentials: AccountCredentials = serde_json::from_slice(&text)?;
            return builder().from_credentials(credentials).await;
        }
        let contact = self.options.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wishes =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let directory = self.options.directory.clone();
        let (account, credentials) = builder().create(&wishes, directory, None).await?;
        let text = Zeroizing::new(serde_json::to_vec(&credentials)?);
        replace_private(&self.account, &text).map_err(|error| Error::Other(Box::new(error)))?;
        tracing::info!("made an account at the ACME directory");
        Ok(account)
    }

    /// Lays out the proof for every name, and tells the directory to look.
    async fn prove(&self, order: &mut Order) -> Result<Answers<'_>, Error> {
        let mut answers = Answers { challenges: &self.challenges, tokens: Vec::new() };
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let none = Error::Str("the directory takes no proof over HTTP");
            let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or(none)?;
            answers.lay_out(&challenge.token, challenge.key_authorization().as_str());
            challenge.set_ready().await?;
        }
        Ok(answers)
    }
}

/// Proof that lies where a directory looks, as long as this lives.
struct Answers<'a> {
    challenges: &'a Challenges,
    tokens: Vec<String>,
}

impl Answers<'_> {
    fn lay_out(&mut self, token: &str, answer: &str) {
        self.challenges.set(token, Some(answer));
        self.tokens.push(token.to_owned());
    }
}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        for token in &self.tokens {
            self.challenges.set(token, None);
        }
    }
}

/// The first pause after such a failure. What is not even of the protocol, no directory has counted.
fn pause_after(error: &Error) -> Duration {
    if matches!(error, Error::Other(_) | Error::Json(_)) { UNREACHED } else { REFUSED }
}

/// A short name of these texts for files.
fn mark(texts: &[&str]) -> String {
    blake3::hash(texts.join("\n").as_bytes()).to_hex()[..12].to_owned()
}

fn random_number() -> u64 {
    let mut bytes = [0; 8];
    random::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
