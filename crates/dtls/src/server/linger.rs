//! After the handshake: a client whose copy of our last flight was lost repeats its own, and gets ours again
//! (RFC 6347 4.2.4). Only an authenticated, fresh record of the client asks for it, and only so often.

use crate::connection_id::ConnectionId;
use crate::message::{FINISHED, Message};
use crate::record::header::{CHANGE_CIPHER_SPEC, CLEAR_EPOCH, HANDSHAKE, PROTECTED_EPOCH};
use crate::session::{Content, Session, first_record};
use alloc::vec::Vec;
use core::time::Duration;

/// How often the last flight is repeated.
const MAX_REPEATS: u8 = 16;

/// The last flight of a handshake, kept for a bounded time.
pub struct Linger {
    finished: Message,
    next_record: u64,
    expires: Duration,
    left: u8,
}

impl Linger {
    pub(super) const fn new(finished: Message, next_record: u64, expires: Duration) -> Self {
        Self { finished, next_record, expires, left: MAX_REPEATS }
    }

    /// Answers a datagram that starts with an unprotected record, when it is the client's last flight again.
    /// Anything else, datagrams of the session included, gives `None` and leaves the session alone.
    pub fn answer(
        &mut self,
        now: Duration,
        session: &mut Session,
        datagram: &[u8],
    ) -> Option<Vec<u8>> {
        let id_length = session.connection_id().map_or(0, |_| ConnectionId::LENGTH);
        let (first, mut length) = first_record(datagram, id_length)?;
        let clear =
            first.epoch == CLEAR_EPOCH && matches!(first.kind, HANDSHAKE | CHANGE_CIPHER_SPEC);
        if !clear || now >= self.expires || self.left == 0 {
            return None;
        }
        let mut rest = datagram;
        loop {
            rest = rest.get(length..)?;
            let (header, next) = first_record(rest, id_length)?;
            if header.epoch == PROTECTED_EPOCH {
                let mut record = rest.get(..next)?.to_vec();
                return self.answer_protected(now, session, &mut record);
            }
            length = next;
        }
    }

    fn answer_protected(
        &mut self,
        now: Duration,
        session: &mut Session,
        record: &mut [u8],
    ) -> Option<Vec<u8>> {
        match session.open(record).map(|opened| opened.content) {
            Ok(Content::Handshake([FINISHED, ..])) => self.repeat(now, session),
            Ok(_) | Err(_) => None,
        }
    }

    /// Our last flight again, for a client whose repeated Finished was opened as [`Content::Handshake`].
    pub fn repeat(&mut self, now: Duration, session: &mut Session) -> Option<Vec<u8>> {
        if now >= self.expires {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        let mut datagram = Vec::with_capacity(80);
        crate::flight::put_clear_record(&mut datagram, CHANGE_CIPHER_SPEC, self.next_record, &[1]);
        self.next_record += 1;
        session.seal_record(HANDSHAKE, self.finished.as_bytes(), &mut datagram).ok()?;
        Some(datagram)
    }

    /// When this may be dropped.
    #[must_use]
    pub const fn expires(&self) -> Duration {
        self.expires
    }
}
