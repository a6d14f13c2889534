//! The mailer: one message, one attempt at a time, in the background. Nobody waits for it.

mod wire;

use crate::app::Due;
use crate::error::{Error, StartError};
use crate::mail::Message;
use crate::secret::EmailAddress;
use crate::web::Site;
use actix_web::web::Data;
use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use wire::Wire;
use zeroize::Zeroizing;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// Turned on after the greeting, and refused without.
    StartTls,
    /// From the first byte.
    Implicit,
    /// Not at all.
    Off,
}

/// The operator's mail server.
pub struct MailConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// A file with certificates to trust besides the usual ones.
    pub ca_file: Option<PathBuf>,
    /// Name and password, where it asks for them.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Who mails are from.
    pub from: Sender,
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?})", self.host, self.port, self.tls)
    }
}

/// Who mails are from: an address, and a name to show.
#[derive(Clone)]
pub struct Sender {
    address: EmailAddress,
    name: Option<String>,
}

impl Sender {
    /// Takes `name <address>` or an address alone. Control characters are dropped from the name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (plain(name.trim().trim_matches('"')), address),
            None => (String::new(), text),
        };
        let name = Some(name).filter(|name| !name.is_empty());
        Some(Self { address: EmailAddress::parse(address.trim())?, name })
    }
}

/// Text without control characters: lettre panics on a line break in a name.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// Sends what is in the outbox.
pub struct Mailer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    from: Sender,
}

/// How long a mail server may take over one message,
const PATIENCE: Duration = Duration::from_secs(30);
/// and over its goodbye, once it has taken the message.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often to look for mail whose next attempt is due.
const ROUND: Duration = Duration::from_secs(5);

impl Mailer {
    /// A mailer for this server. Connects to nobody yet.
    ///
    /// # Errors
    /// If the file of certificates cannot be read.
    pub fn new(config: &MailConfig) -> Result<Self, StartError> {
        let credentials = config.credentials.as_ref();
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            tls: tls(config)?,
            credentials: credentials
                .map(|(user, password)| Credentials::new(user.clone(), password.to_string())),
            from: config.from.clone(),
        })
    }

    /// Sends one message.
    ///
    /// # Errors
    /// Why not, and whether another attempt may help.
    pub async fn send(&self, message: &Message) -> Result<(), Trouble> {
        let Some((envelope, mail)) = compose(&self.from, message) else {
            return Err(Trouble::new(Refusal::ForGood, "it makes no message"));
        };
        // For the whole: a server that drips would hold a timeout of each step for hours.
        timeout(PATIENCE, self.deliver(&envelope, &mail))
            .await
            .unwrap_or_else(|_| Err(Trouble::new(Refusal::ForNow, "the mail server takes too long")))
    }

    async fn deliver(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Trouble> {
        // Nothing was said of the message yet: a refusal is about the server, or how it is set up here.
        let mut connection = self.connect().await.map_err(|error| {
            Trouble::new(Refusal::ForNow, format!("the mail server cannot be used: {error}"))
        })?;
        connection.send(envelope, mail).await.map_err(|error| {
            // No more than the number: its words may repeat the address.
            let status = error.status().map(|status| format!(" (status {status})")).unwrap_or_default();
            let refusal = if error.is_permanent() { Refusal::ForGood } else { Refusal::ForNow };
            Trouble::new(refusal, format!("the mail server did not take it{status}"))
        })?;
        // It has taken the message. That it says nothing more must not make us send it again.
        let _ = timeout(GOODBYE, connection.quit()).await;
        Ok(())
    }

    /// A connection on which messages may be sent: under TLS, and logged in, where that is wanted.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Box<dyn std::error::Error>> {
        let hello = ClientId::default();
        let mut connection = match &self.tls {
            Tls::Wrapper(parameters) => {
                let server = (self.host.as_str(), self.port);
                let tls = Some(parameters.clone());
                AsyncSmtpConnection::connect_tokio1(server, Some(PATIENCE / 3), &hello, tls, None).await?
            }
            _ => {
                let wire = Box::new(Wire::connect(&self.host, self.port).await?);
                AsyncSmtpConnection::connect_with_transport(wire, &hello).await?
            }
        };
        if let Tls::Required(parameters) = &self.tls {
            connection.starttls(parameters.clone(), &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another attempt may help.
    ForNow,
    /// The server does not want this message, now or later.
    ForGood,
}

/// A message that was not sent.
#[derive(Debug)]
pub struct Trouble {
    /// Whether another attempt may help.
    pub refusal: Refusal,
    reason: String,
}

impl Trouble {
    fn new(refusal: Refusal, reason: impl Into<String>) -> Self {
        Self { refusal, reason: reason.into() }
    }
}

impl fmt::Display for Trouble {
    /// Why, without any address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

fn tls(config: &MailConfig) -> Result<Tls, StartError> {
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let refuse = |why: String| {
            StartError::configuration(format!("cannot use {} (option `smtp-ca-file`): {why}", path.display()))
        };
        let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| refuse(error.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = || {
        parameters.build_rustls().map_err(|error| StartError::configuration(format!("TLS for mail: {error}")))
    };
    Ok(match config.tls {
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Implicit => Tls::Wrapper(parameters()?),
        MailTls::Off => Tls::None,
    })
}

/// The message as it goes over the wire, with the one address it goes to.
pub(crate) fn compose(from: &Sender, message: &Message) -> Option<(Envelope, Vec<u8>)> {
    let recipient = EmailAddress::parse(&message.to)?;
    let sender: lettre::Address = from.address.as_str().parse().ok()?;
    let to: lettre::Address = recipient.as_str().parse().ok()?;
    let parts = MultiPart::alternative()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(message.text.clone()))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(message.html.clone()));
    let mail = lettre::Message::builder()
        .from(Mailbox::new(from.name.clone(), sender.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(plain(&message.subject))
        .multipart(parts)
        .ok()?;
    let envelope = Envelope::new(Some(sender), vec![to]).ok()?;
    Some((envelope, mail.formatted()))
}

/// Starts sending what waits, on this event loop.
pub fn start(site: Data<Site>, mailer: Mailer) -> JoinHandle<()> {
    actix_web::rt::spawn(async move {
        loop {
            if let Err(error) = send_due(&site, &mailer).await {
                tracing::error!(cause = ?error.cause(), "the outbox cannot be used, trying again");
            }
            let _ = tokio::time::timeout(ROUND, site.app.mail_waits()).await;
        }
    })
}

async fn send_due(site: &Site, mailer: &Mailer) -> Result<(), Error> {
    while let Some(due) = site.app.due_mail().await? {
        attempt(site, mailer, &due).await?;
    }
    Ok(())
}

async fn attempt(site: &Site, mailer: &Mailer, due: &Due) -> Result<(), Error> {
    let Some(message) = &due.message else {
        tracing::warn!("a mail in the outbox does not open and is given up");
        return site.app.mail_refused(due).await;
    };
    match mailer.send(message).await {
        Ok(()) => {
            // What was sent must not be sent again because that cannot be written down now.
            while let Err(error) = site.app.mail_sent(due).await {
                tracing::error!(cause = ?error.cause(), "cannot note that a mail was sent, trying again");
                sleep(ROUND).await;
            }
            Ok(())
        }
        Err(trouble) => {
            tracing::warn!(reason = %trouble, "a mail was not sent");
            match trouble.refusal {
                Refusal::ForNow => site.app.mail_delayed(due).await,
                Refusal::ForGood => site.app.mail_refused(due).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random pieces put together, the same in every run.
    fn pieces(seed: &mut u64, pieces: &[&str]) -> String {
        let mut roll = |sides: usize| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(*seed >> 33).expect("31 bits") % sides
        };
        (0..=roll(6)).map(|_| pieces[roll(pieces.len())]).collect()
    }

    #[test]
    fn ten_thousand_made_up_addresses_names_and_subjects_make_no_header_and_no_recipient() {
        const ODD: [&str; 22] = [
            "a",
            "friend",
            ".",
            "@",
            "example.com",
            "@b.co",
            "\r\n",
            "\n",
            "\r",
            "\0",
            "\t",
            " ",
            ",",
            ";",
            "<",
            ">",
            "\"",
            "\\",
            "\r\nBcc: x@y.zz",
            "é",
            "日本語",
            "\u{85}",
        ];
        const NAMES: [&str; 6] = ["From", "To", "Subject", "MIME-Version", "Date", "Content-Type"];
        let mut seed = 7;
        let mut composed = 0;
        for round in 0..10_000 {
            let to = if round % 2 == 0 { "a@b.co".into() } else { pieces(&mut seed, &ODD) };
            let subject = pieces(&mut seed, &ODD);
            let name = pieces(&mut seed, &ODD);
            let from = Sender::parse(&format!("{name} <no-reply@secrets.example>")).expect("an address");
            let message = Message { to: to.clone(), subject, text: "text".into(), html: "<p>".into() };
            let Some((envelope, mail)) = compose(&from, &message) else {
                assert!(EmailAddress::parse(&to).is_none(), "{to:?}");
                continue;
            };
            composed += 1;
            let recipients: Vec<_> = envelope.to().iter().map(ToString::to_string).collect();
            assert_eq!(recipients, [to.as_str()]);
            let mail = String::from_utf8(mail).expect("a text");
            let head = mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
            assert!(!head.replace("\r\n", "").contains(char::is_control), "{head:?}");
            let mut names: Vec<_> = head.split("\r\n").filter_map(|line| line.split(':').next()).collect();
            names.sort_unstable();
            let mut expected = NAMES;
            expected.sort_unstable();
            assert_eq!(names, expected, "{head:?}");
        }
        assert!(composed >= 5_000, "{composed}");
    }
}
