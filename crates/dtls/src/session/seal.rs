//! Sealing records: header, explicit nonce, ciphertext, tag, appended to the caller's buffer.

use super::{MAX_PLAINTEXT, Session};
use crate::alert;
use crate::connection_id::PeerConnectionId;
use crate::dialect::Dialect;
use crate::error::SealError;
use crate::record::header::{
    self, ALERT, APPLICATION_DATA, CONNECTION_ID_RECORD, HEADER_LENGTH, MOVED_RECORD,
    PROTECTED_EPOCH,
};
use crate::record::protection::{AdditionalData, EXPLICIT_LENGTH, TAG_LENGTH};
use crate::weakened::{self, Weakness};
use alloc::vec::Vec;

/// Device OS pads what it sends with a connection ID to a multiple of this.
const DEVICE_OS_PADDING: usize = 16;

pub(super) const MAX_OVERHEAD: usize =
    HEADER_LENGTH + PeerConnectionId::MAX_LENGTH + EXPLICIT_LENGTH + DEVICE_OS_PADDING + TAG_LENGTH;

impl Session {
    /// Appends one record of application data to `out`.
    ///
    /// # Errors
    /// [`SealError::TooLong`] past [`MAX_PLAINTEXT`] bytes, [`SealError::Exhausted`] when no sequence number is
    /// left, [`SealError::Unreserved`] when the next one may not be used yet; `out` is then as it was.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        self.seal_as(APPLICATION_DATA, plaintext, CONNECTION_ID_RECORD, out)
    }

    /// Like [`Session::seal`], for a device that may have a new address: a Device OS session marks the record
    /// with outer type 253. Used from an import on until a record of the cloud was opened.
    ///
    /// # Errors
    /// Those of [`Session::seal`].
    pub fn seal_moved(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let outer =
            if self.dialect == Dialect::DeviceOs { MOVED_RECORD } else { CONNECTION_ID_RECORD };
        self.seal_as(APPLICATION_DATA, plaintext, outer, out)
    }

    /// Appends an authenticated close_notify (RFC 5246 7.2.1).
    ///
    /// # Errors
    /// [`SealError::Exhausted`] or [`SealError::Unreserved`].
    pub fn close(&mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        self.seal_record(ALERT, &[alert::WARNING, alert::CLOSE_NOTIFY], out)
    }

    /// Appends the warning that refuses a renegotiation (RFC 5246 7.2.2), for a peer that opened one.
    ///
    /// # Errors
    /// [`SealError::Exhausted`] or [`SealError::Unreserved`].
    pub fn refuse_renegotiation(&mut self, out: &mut Vec<u8>) -> Result<(), SealError> {
        self.seal_record(ALERT, &[alert::WARNING, alert::NO_RENEGOTIATION], out)
    }

    pub(crate) fn seal_record(
        &mut self,
        kind: u8,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        self.seal_as(kind, plaintext, CONNECTION_ID_RECORD, out)
    }

    fn seal_as(
        &mut self,
        kind: u8,
        plaintext: &[u8],
        outer: u8,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        if plaintext.len() > MAX_PLAINTEXT {
            return Err(SealError::TooLong(plaintext.len()));
        }
        // P4: the last number is never used, so the counter cannot wrap.
        let next = self.next.checked_add(1).ok_or(SealError::Exhausted)?;
        if self.next >= self.limit {
            return Err(SealError::Unreserved);
        }
        let before = out.len();
        let sealed = self.append(kind, plaintext, outer, out);
        if sealed.is_none() {
            out.truncate(before);
            return Err(SealError::TooLong(plaintext.len()));
        }
        self.next = next;
        Ok(())
    }

    /// Appends the record with the next number; `None`, and a part of it appended, where it would be too long.
    fn append(&self, kind: u8, plaintext: &[u8], outer: u8, out: &mut Vec<u8>) -> Option<()> {
        let (sequence, id) = (self.next.into(), self.peer_id.as_bytes());
        let repeats = weakened::is(Weakness::NoncesRepeat);
        let explicit = self.explicit_nonce(if repeats { 0 } else { self.next });
        let inner = self.inner_length(plaintext.len());
        let text = u16::try_from(inner).ok()?;
        let body = u16::try_from(EXPLICIT_LENGTH + inner + TAG_LENGTH).ok()?;
        out.reserve(HEADER_LENGTH + id.len() + usize::from(body));
        let outer = if id.is_empty() { kind } else { outer };
        header::put(out, outer, PROTECTED_EPOCH, sequence, id, body);
        out.extend_from_slice(&explicit);
        let start = out.len();
        out.extend_from_slice(plaintext);
        if !id.is_empty() {
            out.push(kind);
            out.resize(start + inner, 0);
        }
        let additional = self.covered(kind, text);
        let tag = self.write.seal(&explicit, &additional, out.get_mut(start..)?)?;
        out.extend_from_slice(&tag);
        Some(())
    }

    /// What the tag of the next record covers besides its text.
    fn covered(&self, kind: u8, text: u16) -> AdditionalData {
        let (sequence, id) = (self.next.into(), self.peer_id.as_bytes());
        if id.is_empty() {
            return AdditionalData::ordinary(kind, PROTECTED_EPOCH, sequence, text);
        }
        AdditionalData::with_connection_id(self.dialect, PROTECTED_EPOCH, sequence, id, text)
    }

    /// The plaintext, and behind a connection ID also its type and padding (RFC 9146 4).
    fn inner_length(&self, plaintext: usize) -> usize {
        match (self.peer_id.is_empty(), self.dialect) {
            (true, _) => plaintext,
            (false, Dialect::DeviceOs) => (plaintext + 1).next_multiple_of(DEVICE_OS_PADDING),
            (false, _) => plaintext + 1,
        }
    }

    const fn explicit_nonce(&self, sequence: u32) -> [u8; EXPLICIT_LENGTH] {
        let [a, b, c, d] = self.start;
        let [e, f, g, h] = sequence.to_be_bytes();
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Role;
    use alloc::vec;

    fn session() -> Session {
        let (dialect, none) = (Dialect::Plain, PeerConnectionId::NONE);
        Session::from_master_secret(
            Role::Server,
            dialect,
            &[1; 48],
            &[2; 32],
            &[3; 32],
            None,
            none,
            [4; 4],
        )
    }

    #[test]
    fn p4_a_session_ends_before_its_counter_wraps() {
        let mut session = session();
        session.next = u32::MAX - 1;
        let mut out = vec![];
        assert_eq!(session.seal(b"last", &mut out), Ok(()));
        let length = out.len();
        assert_eq!(session.seal(b"too late", &mut out), Err(SealError::Exhausted));
        assert_eq!(session.close(&mut out), Err(SealError::Exhausted));
        assert_eq!(out.len(), length);
    }

    #[test]
    fn a_plaintext_longer_than_a_device_holds_is_refused() {
        let mut out = vec![];
        assert_eq!(session().seal(&[0; MAX_PLAINTEXT], &mut out), Ok(()));
        assert_eq!(
            session().seal(&[0; MAX_PLAINTEXT + 1], &mut out),
            Err(SealError::TooLong(MAX_PLAINTEXT + 1))
        );
    }

    #[test]
    fn the_overhead_is_never_more_than_promised() {
        let mut session = session();
        session.dialect = Dialect::DeviceOs;
        session.peer_id = PeerConnectionId::new(&[9; 16]).unwrap();
        for length in 0..40 {
            let mut out = vec![];
            session.seal(&vec![0; length], &mut out).unwrap();
            assert!(out.len() <= length + Session::max_overhead());
        }
    }
}
