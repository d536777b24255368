//! Handshake messages (RFC 6347 4.2.2): the 12-byte header, fragments, and one file for each message's body.

pub(crate) mod certificate;
pub(crate) mod client_hello;
pub(crate) mod extension;
pub(crate) mod key_exchange;
pub(crate) mod server_hello;

use crate::wire::{Malformed, Reader, put_u16, put_u24};
use alloc::vec::Vec;

pub(crate) const CLIENT_HELLO: u8 = 1;
pub(crate) const SERVER_HELLO: u8 = 2;
pub(crate) const HELLO_VERIFY_REQUEST: u8 = 3;
pub(crate) const CERTIFICATE: u8 = 11;
pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
pub(crate) const SERVER_HELLO_DONE: u8 = 14;
pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
pub(crate) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(crate) const FINISHED: u8 = 20;

/// Bytes of a handshake header.
pub(crate) const HEADER_LENGTH: usize = 12;

/// A whole message with its unfragmented header: what the transcript hashes.
#[derive(Clone)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Starts a message; `body` appends its body.
    pub(crate) fn write(kind: u8, sequence: u16, body: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = Vec::with_capacity(160);
        put_header(&mut bytes, kind, 0, sequence, 0, 0);
        body(&mut bytes);
        let length = bytes.len() - HEADER_LENGTH;
        let mut header = Vec::with_capacity(HEADER_LENGTH);
        put_header(&mut header, kind, length, sequence, 0, length);
        bytes.iter_mut().zip(header).for_each(|(to, from)| *to = from);
        Self { bytes }
    }

    /// A message whose body a peer sent, header rebuilt as if it had come in one fragment.
    pub(crate) fn received(kind: u8, sequence: u16, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_LENGTH + body.len());
        put_header(&mut bytes, kind, body.len(), sequence, 0, body.len());
        bytes.extend_from_slice(body);
        Self { bytes }
    }

    pub(crate) fn kind(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    /// Header and body.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(HEADER_LENGTH..).unwrap_or_default()
    }

    pub(crate) fn sequence(&self) -> u16 {
        match self.bytes.get(4..6) {
            Some(&[a, b]) => u16::from_be_bytes([a, b]),
            _ => 0,
        }
    }
}

/// One fragment of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fragment<'a> {
    pub(crate) kind: u8,
    /// Bytes of the whole message's body.
    pub(crate) length: usize,
    pub(crate) sequence: u16,
    /// Where in the body this fragment starts.
    pub(crate) offset: usize,
    pub(crate) body: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Takes the next fragment of a record.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let kind = reader.u8()?;
        let length = usize::try_from(reader.u24()?).map_err(|_| Malformed)?;
        let sequence = reader.u16()?;
        let offset = usize::try_from(reader.u24()?).map_err(|_| Malformed)?;
        let body = reader.vec24()?;
        let fits = offset.checked_add(body.len()).is_some_and(|end| end <= length);
        if fits { Ok(Self { kind, length, sequence, offset, body }) } else { Err(Malformed) }
    }

    /// Whether this is the whole message.
    pub(crate) const fn is_whole(&self) -> bool {
        self.body.len() == self.length
    }
}

/// Appends a fragment header.
pub(crate) fn put_header(
    out: &mut Vec<u8>,
    kind: u8,
    length: usize,
    sequence: u16,
    offset: usize,
    part: usize,
) {
    out.push(kind);
    put_u24(out, length);
    put_u16(out, sequence);
    put_u24(out, offset);
    put_u24(out, part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_one_fragment() {
        let message = Message::write(CERTIFICATE, 2, |out| out.extend([1, 2, 3]));
        let fragment = Fragment::read(&mut Reader::new(message.as_bytes())).unwrap();
        assert!(fragment.is_whole());
        assert_eq!(
            (fragment.kind, fragment.sequence, fragment.body),
            (CERTIFICATE, 2, &[1, 2, 3][..])
        );
        assert_eq!(Message::received(CERTIFICATE, 2, fragment.body).as_bytes(), message.as_bytes());
    }

    #[test]
    fn a_fragment_that_ends_past_its_message_is_malformed() {
        let bytes = [11, 0, 0, 4, 0, 2, 0, 0, 2, 0, 0, 3, 1, 2, 3];
        assert_eq!(Fragment::read(&mut Reader::new(&bytes)), Err(Malformed));
    }
}
