//! The watchdog of the service manager: fed at half its time, and only after the node showed that it lives.
//!
//! A beat that is missing is asked for again at once, so that one slow answer does not end a node; one that stays
//! away does, and the manager starts the node anew.

use super::notify;
use pintle_cloud::pulse::Dead;
use pintle_cloud::serve::Node;
use std::future::pending;
use std::time::Duration;
use tokio::time::sleep;

/// How long to wait after a beat that did not come.
const PAUSE: Duration = Duration::from_millis(500);

/// Feeds the watchdog for ever, where there is one.
pub async fn feed(node: &Node) {
    match sd_notify::watchdog_enabled() {
        Some(limit) => {
            beat(limit, async |within| node.heartbeat(within).await, notify::alive).await
        }
        None => pending().await,
    }
}

/// Half of `limit` between two beats; a quarter for the answers, so that there is time to ask again.
async fn beat(
    limit: Duration,
    heartbeat: impl AsyncFn(Duration) -> Result<(), Dead>,
    alive: impl Fn(),
) {
    loop {
        match heartbeat(limit / 4).await {
            Ok(()) => {
                alive();
                sleep(limit / 2).await;
            }
            Err(dead) => {
                tracing::error!(%dead, "no heartbeat, so the watchdog is not fed");
                sleep(PAUSE.min(limit / 8)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use tokio::time::{Instant, timeout};

    const LIMIT: Duration = Duration::from_secs(60);

    /// When the watchdog was fed in the first `seconds`, where the n-th heartbeat answers `answer(n)`.
    async fn fed(seconds: u64, answer: impl Fn(u32) -> Result<(), Dead>) -> Vec<u64> {
        let (start, asked, fed) = (Instant::now(), Cell::new(0), RefCell::new(Vec::new()));
        let heartbeat = async |_| {
            asked.set(asked.get() + 1);
            answer(asked.get())
        };
        let alive = || fed.borrow_mut().push(start.elapsed().as_secs());
        let _ = timeout(Duration::from_secs(seconds), beat(LIMIT, heartbeat, alive)).await;
        fed.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn a_living_node_feeds_the_watchdog_at_half_its_time() {
        assert_eq!(fed(100, |_| Ok(())).await, [0, 30, 60, 90]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_node_never_feeds_the_watchdog() {
        assert!(fed(600, |_| Err(Dead::Shard(0))).await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_missed_beat_is_made_up_for_before_the_watchdog_bites() {
        let late = |asked| if asked == 2 { Err(Dead::Store) } else { Ok(()) };
        assert_eq!(fed(70, late).await, [0, 30, 60]);
    }
}
