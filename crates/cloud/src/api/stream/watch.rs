//! What stands beside a stream and ends it: with the node, with its token, or because its reader does not keep up.
//!
//! A reader is sent away when the bus has given it up, having lost too much, or when events waited for it all of
//! [`PATIENCE`] and it took none. It gets a last comment if it takes one soon; then its connection is cut, for
//! what a reader does not take cannot be ended any other way. One line of the log says so.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::Line;
use crate::account::Lease;
use crate::event::Monitor;

/// How long events may wait for a reader that takes none; within two more looks it is sent away.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// For the last words to be taken.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// One stream's surroundings.
pub(super) struct Watch {
    pub(super) monitor: Monitor,
    pub(super) shutdown: watch::Receiver<bool>,
    /// How long its token is good for.
    pub(super) left: Duration,
    pub(super) lease: Lease,
    /// Resolved when the stream is gone.
    pub(super) gone: oneshot::Receiver<Infallible>,
    pub(super) line: Line,
}

impl Watch {
    /// Waits for the stream's end, or brings it about.
    pub(super) async fn keep(mut self) {
        tokio::select! {
            // Gone: resolved by an error, since nothing is ever sent.
            _ = &mut self.gone => return,
            () = ended(self.shutdown) => {}
            () = sleep(self.left) => {}
            () = self.lease.ended() => {}
            () = too_slow(&self.monitor) => {}
        }
        self.monitor.end();
        close(self.gone, &self.line).await;
    }
}

async fn ended(mut shutdown: watch::Receiver<bool>) {
    // When the sender is gone nobody will ever say so; then the stream lives as long as its reader.
    if shutdown.wait_for(|over| *over).await.is_err() {
        pending::<()>().await;
    }
}

async fn too_slow(monitor: &Monitor) {
    let why = tokio::select! {
        () = monitor.given_up() => "it lost too much",
        () = stalled(monitor) => {
            monitor.give_up();
            "it took nothing"
        }
    };
    tracing::warn!(why, "an event stream was ended: its reader does not keep up");
}

/// Waits until events have waited for so long and none was taken.
async fn stalled(monitor: &Monitor) {
    let (mut before, mut still) = (monitor.taken(), Duration::ZERO);
    // At the first such look they may have waited for a moment only.
    while still <= PATIENCE {
        sleep(LOOK).await;
        let now = monitor.taken();
        still = if now == before && monitor.waiting() > 0 { still + LOOK } else { Duration::ZERO };
        before = now;
    }
}

async fn close(gone: impl Future, line: &Line) {
    if timeout(LAST_WORDS, gone).await.is_err() {
        line.cut();
    }
}
