//! Record headers: 13 bytes (RFC 6347 4.1), with a connection ID before the length in records of type 25
//! (RFC 9146 4), and in those of type 253, which Device OS sends from a new address until it hears back.

use crate::wire::{Malformed, Reader};
use alloc::vec::Vec;

pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;
pub(crate) const CONNECTION_ID_RECORD: u8 = 25;
pub(crate) const MOVED_RECORD: u8 = 253;

pub(crate) const DTLS_1_2: u16 = 0xfefd;
pub(crate) const DTLS_1_0: u16 = 0xfeff;

pub(crate) const CLEAR_EPOCH: u16 = 0;
pub(crate) const PROTECTED_EPOCH: u16 = 1;

/// Bytes of a header without a connection ID.
pub(crate) const HEADER_LENGTH: usize = 13;

/// What the header of one record says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) kind: u8,
    pub(crate) version: u16,
    pub(crate) epoch: u16,
    /// 48 bits.
    pub(crate) sequence: u64,
    /// Bytes of header, connection ID included.
    pub(crate) length: usize,
    /// Bytes that follow the header.
    pub(crate) body: usize,
}

impl Header {
    /// Reads the header at the start of `datagram`, whose connection IDs are `id_length` bytes long. The
    /// body is not checked to be there.
    pub(crate) fn read(datagram: &[u8], id_length: usize) -> Result<Self, Malformed> {
        let mut reader = Reader::new(datagram);
        let kind = reader.u8()?;
        let version = reader.u16()?;
        let epoch = reader.u16()?;
        let sequence = reader.u48()?;
        let id_length = if has_connection_id(kind) { id_length } else { 0 };
        reader.bytes(id_length)?;
        let body = reader.u16()?.into();
        Ok(Self { kind, version, epoch, sequence, length: HEADER_LENGTH + id_length, body })
    }

    /// Bytes of the whole record.
    pub(crate) const fn record_length(&self) -> usize {
        self.length + self.body
    }
}

pub(crate) const fn has_connection_id(kind: u8) -> bool {
    matches!(kind, CONNECTION_ID_RECORD | MOVED_RECORD)
}

/// Epoch and sequence number as the eight bytes that headers and additional data hold.
pub(crate) fn epoch_and_sequence(epoch: u16, sequence: u64) -> [u8; 8] {
    ((u64::from(epoch) << 48) | (sequence & 0xffff_ffff_ffff)).to_be_bytes()
}

/// Appends a header; `id` is empty for ordinary records.
pub(crate) fn put(out: &mut Vec<u8>, kind: u8, epoch: u16, sequence: u64, id: &[u8], body: u16) {
    let [high, low] = DTLS_1_2.to_be_bytes();
    let [a, b, c, d, e, f, g, h] = epoch_and_sequence(epoch, sequence);
    out.extend_from_slice(&[kind, high, low, a, b, c, d, e, f, g, h]);
    out.extend_from_slice(id);
    out.extend_from_slice(&body.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_header_reads_back_as_written() {
        let mut out = vec![];
        put(&mut out, CONNECTION_ID_RECORD, 1, 0x0102_0304_0506, &[9; 8], 7);
        let header = Header::read(&out, 8).unwrap();
        assert_eq!(header.kind, CONNECTION_ID_RECORD);
        assert_eq!((header.epoch, header.sequence), (1, 0x0102_0304_0506));
        assert_eq!((header.length, header.body, header.record_length()), (21, 7, 28));
    }

    #[test]
    fn a_header_cut_short_is_malformed() {
        let mut out = vec![];
        put(&mut out, APPLICATION_DATA, 1, 1, &[], 7);
        for length in 0..HEADER_LENGTH {
            assert!(Header::read(&out[..length], 8).is_err());
        }
    }
}
