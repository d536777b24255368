//! What the doors count instead of logging it: bad input from the network must not fill a log.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the node started; shared by all shards.
        #[derive(Debug, Default)]
        pub struct Counters { $($name: AtomicU64),* }

        impl Counters {
            $($(#[$doc])* pub fn $name(&self) { self.$name.fetch_add(1, Ordering::Relaxed); })*

            /// Every count with its name.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.load(Ordering::Relaxed))),*]
            }
        }
    };
}

counters! {
    /// A datagram that is nothing we know.
    noise,
    /// A ClientHello was sent back with a cookie.
    challenged,
    /// A handshake began.
    began,
    /// A handshake ended with a session.
    completed,
    /// A handshake failed or stalled.
    failed,
    /// A handshake was given up to make room for another, or there was no slot for one.
    crowded,
    /// A key was refused.
    refused,
    /// A record failed to authenticate.
    forged,
    /// A record came a second time, or too late.
    replayed,
    /// A datagram of a source that forged too much was dropped unread.
    throttled,
    /// A message inside a session was no CoAP, or none a device may send.
    malformed,
    /// A session was found at a new address.
    moved,
    /// A datagram to an address not yet proven was held back.
    withheld,
    /// A request was not taken in because the journal does not keep up, or a consumer does not.
    stalled,
    /// A request was not heard because its device has yet to prove, after a crash, that it speaks now.
    held,
    /// A device proved after a crash that it speaks now.
    unheld,
}
