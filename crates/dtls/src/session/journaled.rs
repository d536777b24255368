//! What a journal keeps of a session between two exports, so that a process killed at any instant neither uses
//! a nonce twice nor takes a record twice.
//!
//! - Sending (P4): numbers are used only below a bound that was written down first ([`Session::reserve`]). After a
//!   crash the session goes on from that bound ([`Session::skip_to`]): whatever was sent lies below it.
//! - Receiving (P3): the window is written down as it grows and put back ([`Session::take_window`]). Where it may
//!   be older than what was received, the session is held until the peer proves itself with a fresh record, and
//!   everything up to that record counts as received ([`Session::close_window`]).

use super::Session;
use crate::record::replay::ReplayWindow;

/// Which records were received: the highest number, and which of the 64 up to it (bit n: `highest - n`).
/// Nothing was received while `seen` is 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// The highest record number received; below 2^48.
    pub highest: u64,
    /// Which records up to it were received.
    pub seen: u64,
}

impl Session {
    /// The sequence number of the next record.
    #[must_use]
    pub const fn next_record(&self) -> u32 {
        self.next
    }

    /// The first sequence number that is not reserved; `u32::MAX` where none was ever set.
    #[must_use]
    pub const fn reserved(&self) -> u32 {
        self.limit
    }

    /// From now on only sequence numbers below `until` are used. To be called with a bound that is written down
    /// durably; sealing past it fails with [`crate::SealError::Unreserved`].
    pub const fn reserve(&mut self, until: u32) {
        self.limit = until;
    }

    /// Leaves out the sequence numbers below `next`. The counter never goes back.
    pub const fn skip_to(&mut self, next: u32) {
        if next > self.next {
            self.next = next;
        }
    }

    /// Which records were received.
    #[must_use]
    pub const fn window(&self) -> Window {
        Window { highest: self.window.highest, seen: self.window.seen }
    }

    /// Puts back a window that was written down later than the session itself. One that is older is left out:
    /// a window never shrinks.
    pub const fn take_window(&mut self, window: Window) {
        let Window { highest, seen } = window;
        let older = self.window.seen != 0 && highest < self.window.highest;
        if !older && seen != 0 && highest >> 48 == 0 {
            let same = self.window.seen != 0 && highest == self.window.highest;
            let seen = if same { seen | self.window.seen } else { seen };
            self.window = ReplayWindow { highest, seen };
        }
    }

    /// Counts every record up to the highest as received: what came before a crash and was not written down
    /// can then not come again.
    pub const fn close_window(&mut self) {
        if self.window.seen != 0 {
            self.window.seen = u64::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection_id::PeerConnectionId;
    use crate::dialect::Dialect;
    use crate::error::{OpenError, SealError};
    use crate::session::Role;
    use alloc::vec::Vec;

    fn ends() -> (Session, Session) {
        let end = |role| {
            let none = PeerConnectionId::NONE;
            let (secret, random) = ([1; 48], [2; 32]);
            let start = [4; 4];
            Session::from_master_secret(
                role,
                Dialect::Plain,
                &secret,
                &random,
                &random,
                None,
                none,
                start,
            )
        };
        (end(Role::Client), end(Role::Server))
    }

    fn record(session: &mut Session) -> Vec<u8> {
        let mut out = Vec::new();
        session.seal(b"x", &mut out).unwrap();
        out
    }

    #[test]
    fn p4_a_number_that_is_not_reserved_is_not_used() {
        let (_, mut cloud) = ends();
        cloud.reserve(2);
        record(&mut cloud);
        record(&mut cloud);
        let mut out = Vec::new();
        assert_eq!(cloud.seal(b"x", &mut out), Err(SealError::Unreserved));
        assert_eq!(cloud.close(&mut out), Err(SealError::Unreserved));
        assert!(out.is_empty());
        cloud.reserve(3);
        assert_eq!(cloud.seal(b"x", &mut out), Ok(()));
    }

    #[test]
    fn p4_the_counter_never_goes_back() {
        let (_, mut cloud) = ends();
        cloud.skip_to(9);
        cloud.skip_to(3);
        assert_eq!(cloud.next_record(), 9);
    }

    #[test]
    fn p3_a_closed_window_takes_nothing_up_to_its_highest() {
        let (mut device, mut cloud) = ends();
        let mut early: Vec<_> = (0..5).map(|_| record(&mut device)).collect();
        cloud.open(&mut early.pop().unwrap()).unwrap();
        cloud.close_window();
        for mut record in early {
            assert!(matches!(cloud.open(&mut record), Err(OpenError::Replayed)));
        }
        assert!(cloud.open(&mut record(&mut device)).is_ok());
    }

    #[test]
    fn p3_a_window_never_shrinks() {
        let (mut device, mut cloud) = ends();
        for _ in 0..3 {
            cloud.open(&mut record(&mut device)).unwrap();
        }
        let now = cloud.window();
        cloud.take_window(Window { highest: 1, seen: 1 });
        cloud.take_window(Window { highest: 2, seen: 1 });
        cloud.take_window(Window { highest: 1 << 48, seen: 1 });
        cloud.take_window(Window::default());
        assert_eq!(cloud.window(), now);
        let later = Window { highest: 7, seen: 1 };
        cloud.take_window(later);
        assert_eq!(cloud.window(), later);
    }
}
