//! AES-128-CCM with an 8-byte tag (RFC 6655, RFC 7251) over one record, in place, and the additional data of
//! the three record layouts: ordinary (RFC 5246 6.2.3.3), RFC 9146 5.3, and the draft that Device OS speaks.

use super::header::{self, CONNECTION_ID_RECORD, DTLS_1_2};
use crate::connection_id::PeerConnectionId;
use crate::dialect::Dialect;
use crate::weakened::{self, Weakness};
use aes::Aes128Enc;
use ccm::Ccm;
use ccm::aead::AeadInOut;
use ccm::aead::KeyInit;
use ccm::consts::{U8, U12};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// CCM only ever encrypts blocks, so half of a key schedule is enough.
type Aes128Ccm8 = Ccm<Aes128Enc, U8, U12>;

/// Bytes of the explicit part of the nonce, at the start of a protected record.
pub(crate) const EXPLICIT_LENGTH: usize = 8;
/// Bytes of the tag, at its end.
pub(crate) const TAG_LENGTH: usize = 8;

/// One direction's key and the implicit part of its nonces.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct DirectionKeys {
    pub(crate) key: [u8; 16],
    pub(crate) salt: [u8; 4],
}

impl DirectionKeys {
    /// Makes the key's schedule: 50 ns or so, nearly all of it one chain of instructions that wait for each
    /// other, but not for what is around them. A session has no room for schedules.
    fn cipher(&self) -> Aes128Ccm8 {
        Aes128Ccm8::new((&self.key).into())
    }

    /// RFC 6655 3: the nonce is the salt and then the explicit part.
    fn nonce(&self, explicit: &[u8; EXPLICIT_LENGTH]) -> [u8; 12] {
        let [a, b, c, d] = self.salt;
        let [e, f, g, h, i, j, k, l] = *explicit;
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Encrypts in place; `None` only for a record longer than CCM can take.
    pub(crate) fn seal(
        &self,
        explicit: &[u8; EXPLICIT_LENGTH],
        additional: &AdditionalData,
        text: &mut [u8],
    ) -> Option<[u8; TAG_LENGTH]> {
        let (nonce, covered) = (self.nonce(explicit).into(), additional.as_bytes());
        let tag = self.cipher().encrypt_inout_detached(&nonce, covered, text.into());
        tag.ok().map(Into::into)
    }

    /// Decrypts in place; `false`, and `text` wiped, when the record does not authenticate.
    pub(crate) fn open(
        &self,
        explicit: &[u8; EXPLICIT_LENGTH],
        additional: &AdditionalData,
        text: &mut [u8],
        tag: &[u8; TAG_LENGTH],
    ) -> bool {
        if weakened::is(Weakness::TagsUnchecked) {
            // In counter mode the same step encrypts and decrypts.
            return self.seal(explicit, additional, text).is_some();
        }
        let (nonce, covered) = (self.nonce(explicit).into(), additional.as_bytes());
        self.cipher().decrypt_inout_detached(&nonce, covered, text.into(), &(*tag).into()).is_ok()
    }
}

/// The longest additional data: RFC 9146 with a connection ID of 16 bytes.
const MAX_LENGTH: usize = 8 + 1 + 1 + 1 + 2 + 8 + PeerConnectionId::MAX_LENGTH + 2;

/// What a tag covers besides the text.
pub(crate) struct AdditionalData {
    length: usize,
    bytes: [u8; MAX_LENGTH],
}

impl AdditionalData {
    /// RFC 5246 6.2.3.3: epoch and sequence number, type, version, length of the plaintext.
    pub(crate) fn ordinary(kind: u8, epoch: u16, sequence: u64, text: u16) -> Self {
        let mut data = Self::empty();
        data.put(&header::epoch_and_sequence(epoch, sequence));
        data.put(&[kind]);
        data.put(&DTLS_1_2.to_be_bytes());
        data.put(&text.to_be_bytes());
        data
    }

    /// For a record that carries a connection ID. `text` counts the type and the padding inside.
    pub(crate) fn with_connection_id(
        dialect: Dialect,
        epoch: u16,
        sequence: u64,
        id: &[u8],
        text: u16,
    ) -> Self {
        let id_length = u8::try_from(id.len()).unwrap_or(u8::MAX);
        let numbers = header::epoch_and_sequence(epoch, sequence);
        let mut data = Self::empty();
        match dialect {
            // The layout before RFC 9146 (draft 5): the ID follows the version, its length follows the ID.
            Dialect::DeviceOs => {
                data.put(&numbers);
                data.put(&[CONNECTION_ID_RECORD]);
                data.put(&DTLS_1_2.to_be_bytes());
                data.put(id);
                data.put(&[id_length]);
            }
            // RFC 9146 5.3: a placeholder of eight 0xff stands where the sequence number was.
            Dialect::Rfc9146 | Dialect::Plain => {
                data.put(&[0xff; 8]);
                data.put(&[CONNECTION_ID_RECORD, id_length, CONNECTION_ID_RECORD]);
                data.put(&DTLS_1_2.to_be_bytes());
                data.put(&numbers);
                data.put(id);
            }
        }
        data.put(&text.to_be_bytes());
        data
    }

    const fn empty() -> Self {
        Self { length: 0, bytes: [0; MAX_LENGTH] }
    }

    #[inline]
    fn put(&mut self, part: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + part.len()) {
            place.copy_from_slice(part);
            self.length += part.len();
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_layout_is_the_one_on_the_wire() {
        let id = [0xc1, 0xd0, 0, 0, 0, 0, 0, 1];
        let data = AdditionalData::with_connection_id(Dialect::DeviceOs, 1, 0, &id, 32);
        let expected =
            [0, 1, 0, 0, 0, 0, 0, 0, 25, 0xfe, 0xfd, 0xc1, 0xd0, 0, 0, 0, 0, 0, 1, 8, 0, 32];
        assert_eq!(data.as_bytes(), expected);
    }

    #[test]
    fn the_layout_of_rfc_9146_has_the_placeholder_first() {
        let data = AdditionalData::with_connection_id(Dialect::Rfc9146, 1, 2, &[7, 8], 3);
        let expected = [
            255, 255, 255, 255, 255, 255, 255, 255, 25, 2, 25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 2,
            7, 8, 0, 3,
        ];
        assert_eq!(data.as_bytes(), expected);
    }

    #[test]
    fn the_longest_connection_id_fits() {
        let data = AdditionalData::with_connection_id(Dialect::Rfc9146, 1, 2, &[7; 16], 3);
        assert_eq!(data.as_bytes().len(), MAX_LENGTH);
    }
}
