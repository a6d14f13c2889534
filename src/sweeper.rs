//! The sweeper: it ends what has expired. Every read compares the expiry itself, so this is
//! housekeeping, but it is what makes an expired secret unreadable for good.
//!
//! `tokio-cron-scheduler` only pokes it. That scheduler computes its next run from the wall clock,
//! and one jump of that clock can park its job for years; a monotonic timer therefore sweeps anyway
//! once three pokes are missing.

use crate::error::Cause;
use crate::time::Ttl;
use crate::web::Site;
use actix_web::web::Data;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_cron_scheduler::{Job, JobScheduler};

/// Pokes that may be missing.
const MISSED: u32 = 3;
/// A pause between two batches: ten times what one takes, so that hardly any caller meets one, nor the emptying of
/// the log that follows every few. A hundred thousand rows take a minute or so.
const PAUSE: Duration = Duration::from_millis(40);
/// How much longer than its minute a reply may be kept.
const WIPED_EVERY: Duration = Duration::from_secs(1);

/// Starts sweeping on this event loop.
pub fn start(site: Data<Site>, interval: Ttl) -> JoinHandle<()> {
    actix_web::rt::spawn(async move {
        let poke = Arc::new(Notify::new());
        // Kept alive as long as this task.
        let _scheduler = match schedule(Arc::clone(&poke), interval).await {
            Ok(scheduler) => Some(scheduler),
            Err(error) => {
                tracing::error!(%error, "the scheduler does not start: sweeping by timer alone");
                None
            }
        };
        let patience = Duration::from_secs(interval.seconds().unsigned_abs()) * MISSED;
        sweep_forever(&site, &poke, patience).await;
    })
}

/// Starts wiping the replies that are kept for a minute, on this event loop.
pub fn wipe_replies(site: Data<Site>) -> JoinHandle<()> {
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(WIPED_EVERY).await;
            site.app.replies().wipe();
        }
    })
}

async fn sweep_forever(site: &Site, poke: &Notify, patience: Duration) {
    loop {
        if tokio::time::timeout(patience, poke.notified()).await.is_err() {
            tracing::warn!("the scheduler has missed {MISSED} sweeps: sweeping without it");
        }
        sweep(site).await;
    }
}

/// Sweeps in batches until nothing is left.
async fn sweep(site: &Site) {
    let mut swept = crate::app::Swept::default();
    loop {
        match site.app.sweep().await {
            Ok(batch) if batch.is_nothing() => break,
            Ok(batch) => {
                swept.secrets += batch.secrets;
                swept.receipts += batch.receipts;
            }
            Err(error) => {
                tracing::error!(cause = ?error.cause(), "a sweep failed, the next one tries again");
                break;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    if !swept.is_nothing() {
        tracing::info!(secrets = swept.secrets, receipts = swept.receipts, "swept");
    }
}

async fn schedule(poke: Arc<Notify>, interval: Ttl) -> Result<JobScheduler, Cause> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new(cron(interval).as_str(), move |_, _| poke.notify_one())?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// The interval as a cron expression in UTC, rounded to a step that divides its minute or hour: a
/// job that is only "repeated" dies when its next run falls into the past.
fn cron(interval: Ttl) -> String {
    const STEPS: [i64; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
    let step = |wish: i64| STEPS.into_iter().rev().find(|step| *step <= wish).unwrap_or(1);
    match interval.seconds() {
        seconds @ 1..60 => format!("*/{} * * * * *", step(seconds)),
        seconds @ 60..3600 => format!("0 */{} * * * *", step(seconds / 60)),
        _ => "0 0 * * * *".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interval_is_a_valid_schedule() {
        for seconds in 1..=3600 {
            let expression = cron(Ttl::from_seconds(seconds));
            assert!(Job::new(expression.as_str(), |_, _| ()).is_ok(), "{expression}");
        }
    }
}
