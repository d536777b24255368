//! Where one device is, and since when: written by its shard and read by everyone, without a lock.

use super::command::SessionKey;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// What is known about a device's connection; times in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Whether it has a session and was heard from within its keep-alive time.
    pub online: bool,
    /// When its last authenticated message came, since the node started.
    pub last_heard_ms: Option<i64>,
    /// When it last proved its key in a handshake, since the node started.
    pub last_handshake_ms: Option<i64>,
    /// How it came in when it last was here, since the node started.
    pub transport: Option<Transport>,
}

/// How a device comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// DTLS over UDP.
    Udp,
    /// The TCP service: no forward secrecy, no integrity.
    Tcp,
}

impl Transport {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// Where a device's session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The shard.
    pub shard: u16,
    /// The session's name there.
    pub session: SessionKey,
}

/// Layout of [`Entry::place`]: there is a session, it is online, its shard (16), its name (40).
const HERE: u64 = 1 << 63;
const ONLINE: u64 = 1 << 62;
const SESSION_BITS: u32 = 40;

impl Whereabouts {
    fn pack(self) -> u64 {
        let session = self.session.0 & ((1 << SESSION_BITS) - 1);
        HERE | u64::from(self.shard) << SESSION_BITS | session
    }

    fn unpack(word: u64) -> Option<Self> {
        let session = SessionKey(word & ((1 << SESSION_BITS) - 1));
        (word & HERE != 0).then_some(Self { shard: (word >> SESSION_BITS) as u16, session })
    }
}

/// One device's line on the roll, apart from its names.
#[derive(Default)]
pub(super) struct Entry {
    /// Whether it is online and where, in one word: who ends a session cannot take another's online.
    place: AtomicU64,
    heard_ms: AtomicI64,
    handshake_ms: AtomicI64,
    /// The number of its owner.
    pub(super) owner: AtomicU32,
    /// Counts the keys that were pinned for it.
    pub(super) keys: AtomicU16,
    /// Whether it shook hands over TCP last.
    tcp: AtomicBool,
}

impl Entry {
    pub(super) fn heard(&self, now_ms: i64) -> bool {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
        // Written only where it changes: most messages come from a device that is online already.
        self.place.load(Ordering::Relaxed) & ONLINE == 0
            && self.place.fetch_or(ONLINE, Ordering::AcqRel) & ONLINE == 0
    }

    pub(super) fn shook_hands(&self, now_ms: i64, transport: Transport) {
        self.tcp.store(transport == Transport::Tcp, Ordering::Relaxed);
        self.handshake_ms.store(now_ms, Ordering::Relaxed);
    }

    pub(super) fn is_online(&self) -> bool {
        self.place.load(Ordering::Relaxed) & ONLINE != 0
    }

    pub(super) fn heard_ms(&self) -> i64 {
        self.heard_ms.load(Ordering::Relaxed)
    }

    pub(super) fn whereabouts(&self) -> Option<Whereabouts> {
        Whereabouts::unpack(self.place.load(Ordering::Acquire))
    }

    pub(super) fn settle(&self, at: Whereabouts) -> Option<Whereabouts> {
        let before = self.change(|word| Some(at.pack() | word & ONLINE));
        before.and_then(Whereabouts::unpack).filter(|before| *before != at)
    }

    pub(super) fn gone(&self, at: Whereabouts) -> bool {
        let before = self.change(|word| (word & !ONLINE == at.pack()).then_some(word & !ONLINE));
        before.is_some_and(|word| word & ONLINE != 0)
    }

    pub(super) fn leave(&self, at: Whereabouts) -> Option<bool> {
        let before = self.change(|word| (word & !ONLINE == at.pack()).then_some(0));
        before.map(|word| word & ONLINE != 0)
    }

    pub(super) fn presence(&self) -> Presence {
        let some = |ms: i64| (ms != 0).then_some(ms);
        let last_heard_ms = some(self.heard_ms());
        let last_handshake_ms = some(self.handshake_ms.load(Ordering::Relaxed));
        let tcp = self.tcp.load(Ordering::Relaxed);
        let transport = if tcp { Transport::Tcp } else { Transport::Udp };
        let was_here = last_heard_ms.or(last_handshake_ms);
        Presence {
            online: self.is_online(),
            last_heard_ms,
            last_handshake_ms,
            transport: was_here.map(|_| transport),
        }
    }

    /// Changes the word in one step; what it was before, where it was changed.
    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        self.place.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(shard: u16, session: u64) -> Whereabouts {
        Whereabouts { shard, session: SessionKey(session) }
    }

    #[test]
    fn a_place_survives_its_packing() {
        for place in [at(0, 0), at(u16::MAX, (1 << SESSION_BITS) - 1), at(3, 77)] {
            assert_eq!(Whereabouts::unpack(place.pack()), Some(place));
            assert_eq!(Whereabouts::unpack(place.pack() | ONLINE), Some(place));
        }
        assert_eq!(Whereabouts::unpack(ONLINE), None);
    }

    #[test]
    fn a_session_that_was_replaced_takes_nobody_offline() {
        let entry = Entry::default();
        assert_eq!(entry.settle(at(0, 1)), None);
        assert!(entry.heard(5) && !entry.heard(6));
        assert_eq!(entry.settle(at(1, 2)), Some(at(0, 1)));
        assert!(!entry.gone(at(0, 1)) && entry.leave(at(0, 1)).is_none());
        assert!(entry.is_online());
        assert_eq!(entry.whereabouts(), Some(at(1, 2)));
        assert_eq!(entry.leave(at(1, 2)), Some(true));
        assert_eq!((entry.whereabouts(), entry.is_online()), (None, false));
    }

    #[test]
    fn a_device_that_left_may_come_back_in_its_session() {
        let entry = Entry::default();
        entry.settle(at(0, 1));
        assert!(entry.heard(1) && entry.gone(at(0, 1)) && !entry.gone(at(0, 1)));
        assert!(entry.heard(2));
        assert_eq!(entry.settle(at(0, 1)), None);
    }
}
