//! Takes what is over off the disk each minute, whether or not anybody asks for it.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::now_ms;
use crate::store::Store;

/// How often.
const EACH: Duration = Duration::from_secs(60);

/// Goes on until the node ends.
pub async fn sweep(store: Store, mut stopped: watch::Receiver<bool>) {
    let mut rounds = tokio::time::interval(EACH);
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        if let Err(error) = store.secrets().sweep(now_ms()).await {
            // The store says it once where the disk refuses; the next round does it.
            tracing::debug!(%error, "one-time secrets that are over stay a while");
        }
    }
}
