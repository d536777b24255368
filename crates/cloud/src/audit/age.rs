//! Removes what is older than the operator wants to keep, while the node runs.

use std::num::NonZeroU16;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::now_ms;
use crate::store::Store;

/// How often it is looked for entries that are old enough.
const EVERY: Duration = Duration::from_secs(6 * 60 * 60);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Removes entries older than so many days, until the node stops.
pub(crate) async fn keep(store: Store, days: NonZeroU16, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        let now = now_ms();
        match store.cut_audit(now - i64::from(days.get()) * DAY_MS, now).await {
            Ok(None) => {}
            Ok(Some(last)) => {
                tracing::info!(last, "entries of the audit log were removed because of their age")
            }
            Err(error) => {
                tracing::error!(%error, "old entries of the audit log could not be removed")
            }
        }
    }
}
