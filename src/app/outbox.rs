//! Mail that waits, as the mailer takes it: one message, one attempt at a time.

use super::{App, not_creating};
use crate::error::Error;
use crate::mail::Message;
use crate::store::outbox::{self, Waiting};
use crate::time::{Timestamp, Ttl};
use crate::vault::{KeyId, Share};

/// A mail that is due.
pub struct Due {
    id: i64,
    tries: u32,
    dies_at: Timestamp,
    /// What to send; none if it does not open, and never will be sent.
    pub message: Option<Message>,
}

/// Seconds until the next attempt, by the number of attempts so far.
const BACKOFF: [i64; 6] = [10, 60, 300, 900, 1_800, 3_600];

impl App {
    /// Waits until mail may have been put into the outbox.
    pub async fn mail_waits(&self) {
        self.mail_waits.notified().await;
    }

    /// The mail that is due now, if there is one. What has waited too long is given up on the way.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot be read or written.
    pub async fn due_mail(&self) -> Result<Option<Due>, Error> {
        loop {
            let now = self.clock.now().moment();
            let Some(waiting) = self.store.read(|db| outbox::next_due(db, now))? else {
                return Ok(None);
            };
            if waiting.dies_at > now {
                return Ok(Some(self.open_mail(&waiting)));
            }
            self.end_mail(waiting.id, None).await?;
        }
    }

    fn open_mail(&self, waiting: &Waiting) -> Due {
        let share = Share::from_bytes(*waiting.share);
        let content = self.vault.open_mail(KeyId::from_number(waiting.key_id), &share, &waiting.sealed);
        let message = content.ok().and_then(|content| Message::decode(&content));
        Due { id: waiting.id, tries: waiting.tries, dies_at: waiting.dies_at, message }
    }

    /// The mail was accepted: it is erased, and its receipt says when.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if that cannot be written; then the mail may be sent again.
    pub async fn mail_sent(&self, due: &Due) -> Result<(), Error> {
        self.end_mail(due.id, Some(self.clock.now().moment())).await
    }

    /// The mail was refused for good: it is erased, and its receipt says so.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if that cannot be written.
    pub async fn mail_refused(&self, due: &Due) -> Result<(), Error> {
        self.end_mail(due.id, None).await
    }

    /// The mail could not be sent now: it is put off, or given up if it would be too late.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if that cannot be written.
    pub async fn mail_delayed(&self, due: &Due) -> Result<(), Error> {
        let step = usize::try_from(due.tries).unwrap_or(usize::MAX).min(BACKOFF.len() - 1);
        let until = self.clock.now().moment().plus(Ttl::from_seconds(BACKOFF[step]));
        if until >= due.dies_at {
            return self.end_mail(due.id, None).await;
        }
        let id = due.id;
        self.store.write(move |tx| outbox::put_off(tx, id, until)).await.map_err(not_creating)
    }

    /// Mail that waits.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store cannot be read.
    pub fn waiting_mail(&self) -> Result<u32, Error> {
        self.store.read(outbox::count)
    }

    async fn end_mail(&self, id: i64, sent_at: Option<Timestamp>) -> Result<(), Error> {
        if sent_at.is_none() {
            self.notes.mail_given_up();
        }
        self.store.write(move |tx| outbox::finish(tx, id, sent_at)).await.map_err(not_creating)
    }
}
