//! DTLS 1.2 framing (RFC 6347 4.1 and 4.2.2): records, handshake messages, their fragments.

use super::crypto::Direction;
use std::collections::BTreeMap;

pub(super) const VERSION: [u8; 2] = [0xfe, 0xfd];
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
pub(super) const CONNECTION_ID: u8 = 25;

const RECORD_HEADER: usize = 13;
const MESSAGE_HEADER: usize = 12;

/// The eight bytes that number a record.
pub(super) fn epoch_and_sequence(epoch: u16, sequence: u64) -> [u8; 8] {
    (u64::from(epoch) << 48 | sequence).to_be_bytes()
}

/// A record without a connection ID: what the cloud sends to a peer that asked for none.
pub(super) struct Record<'a> {
    pub(super) kind: u8,
    pub(super) sequence: [u8; 8],
    pub(super) fragment: &'a [u8],
}

impl<'a> Record<'a> {
    /// The records of a datagram, up to the first that is cut off.
    pub(super) fn all_in(mut datagram: &'a [u8]) -> Vec<Self> {
        let mut records = Vec::new();
        while let Some((header, rest)) = datagram.split_at_checked(RECORD_HEADER) {
            let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
            let Some((fragment, after)) = rest.split_at_checked(length) else { break };
            let sequence = header[3..11].try_into().expect("eight bytes");
            records.push(Self { kind: header[0], sequence, fragment });
            datagram = after;
        }
        records
    }

    pub(super) fn epoch(&self) -> u16 {
        u16::from_be_bytes([self.sequence[0], self.sequence[1]])
    }

    /// Opens it with the ordinary additional data of TLS 1.2 (RFC 5246 6.2.3.3).
    pub(super) fn open_plain(&self, read: &Direction) -> Option<Vec<u8>> {
        let length = u16::try_from(self.fragment.len().checked_sub(16)?).ok()?;
        let mut additional = self.sequence.to_vec();
        additional.push(self.kind);
        additional.extend(VERSION);
        additional.extend(length.to_be_bytes());
        read.open(self.fragment, &additional)
    }
}

/// A record of epoch 0.
pub(super) fn plain_record(kind: u8, sequence: u64, fragment: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend(VERSION);
    record.extend(epoch_and_sequence(0, sequence));
    record.extend(u16::try_from(fragment.len()).expect("a short record").to_be_bytes());
    record.extend(fragment);
    record
}

/// A whole handshake message, header included, as it is sent and as it is hashed.
pub(super) fn message(kind: u8, number: u16, body: &[u8]) -> Vec<u8> {
    let length = &u32::try_from(body.len()).expect("a short message").to_be_bytes()[1..];
    let mut message = vec![kind];
    message.extend(length);
    message.extend(number.to_be_bytes());
    message.extend([0, 0, 0]);
    message.extend(length);
    message.extend(body);
    message
}

/// Handshake messages on their way in: put together from fragments, given out in order.
#[derive(Default)]
pub(super) struct Inbox {
    next: u16,
    partial: BTreeMap<u16, Partial>,
}

struct Partial {
    kind: u8,
    body: Vec<u8>,
    have: Vec<bool>,
}

impl Inbox {
    /// Takes the messages, or parts of messages, of one record.
    pub(super) fn take(&mut self, mut fragment: &[u8]) {
        while let Some((header, rest)) = fragment.split_at_checked(MESSAGE_HEADER) {
            let number = u16::from_be_bytes([header[4], header[5]]);
            let (total, offset) = (length_of(&header[1..4]), length_of(&header[6..9]));
            let Some((part, after)) = rest.split_at_checked(length_of(&header[9..12])) else {
                return;
            };
            let fresh =
                || Partial { kind: header[0], body: vec![0; total], have: vec![false; total] };
            let partial = self.partial.entry(number).or_insert_with(fresh);
            let place = offset..offset + part.len();
            partial.body[place.clone()].copy_from_slice(part);
            partial.have[place].fill(true);
            fragment = after;
        }
    }

    /// The next message in order, once it is whole: its kind, its body, and the message as hashed.
    pub(super) fn next(&mut self) -> Option<(u8, Vec<u8>, Vec<u8>)> {
        let whole = |partial: &Partial| partial.have.iter().all(|have| *have);
        if !self.partial.get(&self.next).is_some_and(whole) {
            return None;
        }
        let Partial { kind, body, .. } = self.partial.remove(&self.next)?;
        let hashed = message(kind, self.next, &body);
        self.next += 1;
        Some((kind, body, hashed))
    }
}

fn length_of(three: &[u8]) -> usize {
    three.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
}
