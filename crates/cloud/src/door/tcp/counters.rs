//! What the TCP door counts instead of logging it: bad input from the network must not fill a log.

use pintle_protocol::tcp::Anomaly;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the node started.
        #[derive(Debug, Default)]
        pub struct TcpCounters {
            $($name: AtomicU64,)*
            anomalies: [AtomicU64; Anomaly::KINDS.len()],
        }

        impl TcpCounters {
            $($(#[$doc])* pub(super) fn $name(&self) { self.$name.fetch_add(1, Ordering::Relaxed); })*

            /// Every count with its name; of sessions that an anomaly ended, one for each kind.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                let mut all = vec![$((stringify!($name), self.$name.load(Ordering::Relaxed))),*];
                let kinds = Anomaly::KINDS.into_iter().zip(&self.anomalies);
                all.extend(kinds.map(|(kind, count)| (kind, count.load(Ordering::Relaxed))));
                all
            }
        }
    };
}

counters! {
    /// A connection came.
    came,
    /// A connection was closed at once, or one that had proven nothing to make room for another.
    crowded,
    /// A connection had to wait for others from its address.
    waited,
    /// A handshake ended because the device was silent or gone.
    stalled,
    /// A block was not opened: too many were wrong lately, or too many wait.
    unopened,
    /// A block was none of a device's, or of one that is not pinned.
    failed,
    /// A device shook hands too often from one address.
    hurried,
    /// Blocks were wrong so often that only known addresses were heard.
    alarm,
    /// A handshake ended with a session.
    completed,
    /// A device was pinned with the key it came with, because it had leave.
    enrolled,
    /// A session ended because nothing came for too long.
    silent,
    /// A session ended because the device does not read.
    choked,
    /// An event was lost, or a request not answered, because the journal or a consumer does not keep up.
    refused,
    /// An event could not be delivered because this device takes only shorter ones.
    too_long,
}

impl TcpCounters {
    /// A session ended because of this.
    pub(super) fn anomaly(&self, anomaly: Anomaly) {
        if let Some(count) = self.anomalies.get(anomaly.kind()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
