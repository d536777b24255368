//! DTLS 1.2 on the wire (RFC 6347 4.1 and 4.2.2), written apart from the library under attack: an attacker has to be able
//! to say what no library says.

/// Content types.
pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION: u8 = 23;
pub(crate) const CONNECTION_ID: u8 = 25;

/// Handshake messages.
pub(crate) const CLIENT_HELLO: u8 = 1;
pub(crate) const SERVER_HELLO: u8 = 2;
pub(crate) const HELLO_VERIFY_REQUEST: u8 = 3;
pub(crate) const CERTIFICATE: u8 = 11;
pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(crate) const SERVER_HELLO_DONE: u8 = 14;
pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
pub(crate) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(crate) const FINISHED: u8 = 20;

/// DTLS 1.2.
pub(crate) const VERSION: [u8; 2] = [0xfe, 0xfd];

const RECORD_HEADER: usize = 13;
const MESSAGE_HEADER: usize = 12;

/// A record as it came, without a connection ID: the attacker asks for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) epoch: u16,
    /// Epoch and sequence number, as in the header.
    pub(crate) number: [u8; 8],
    pub(crate) body: Vec<u8>,
}

/// A handshake message that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) sequence: u16,
    pub(crate) body: Vec<u8>,
}

/// The records of a datagram, up to the first that is cut off.
pub(crate) fn records(mut datagram: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some((header, rest)) = datagram.split_first_chunk::<RECORD_HEADER>() {
        let [kind, _, _, a, b, c, d, e, f, g, h, high, low] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((body, after)) = rest.split_at_checked(length) else { break };
        let number = [a, b, c, d, e, f, g, h];
        let epoch = u16::from_be_bytes([a, b]);
        records.push(Record { kind, epoch, number, body: body.to_vec() });
        datagram = after;
    }
    records
}

impl Record {
    /// The messages in a handshake record, those that came whole.
    pub(crate) fn messages(&self) -> Vec<Message> {
        if self.kind != HANDSHAKE || self.epoch != 0 {
            return Vec::new();
        }
        messages(&self.body)
    }
}

/// The messages in the body of a handshake record, those that came whole.
pub(crate) fn messages(mut bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<MESSAGE_HEADER>() {
        let [kind, _, l1, l0, s1, s0, _, o1, o0, _, p1, p0] = *header;
        let (length, part) = (u16::from_be_bytes([l1, l0]), u16::from_be_bytes([p1, p0]));
        let Some((body, after)) = rest.split_at_checked(part.into()) else { break };
        if length == part && [o1, o0] == [0, 0] {
            let sequence = u16::from_be_bytes([s1, s0]);
            messages.push(Message { kind, sequence, body: body.to_vec() });
        }
        bytes = after;
    }
    messages
}

/// Epoch and sequence number, as in headers and in what is authenticated.
pub(crate) fn number(epoch: u16, sequence: u64) -> [u8; 8] {
    (u64::from(epoch) << 48 | sequence & 0xffff_ffff_ffff).to_be_bytes()
}

/// A record without a connection ID.
pub(crate) fn record(kind: u8, epoch: u16, sequence: u64, body: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend(VERSION);
    record.extend(number(epoch, sequence));
    put16(&mut record, body);
    record
}

/// A whole handshake message with its header, as it is sent and as it is hashed.
pub(crate) fn message(kind: u8, sequence: u16, body: &[u8]) -> Vec<u8> {
    fragment(kind, body.len(), sequence, 0, body)
}

/// A part of a handshake message, of whatever lengths.
pub(crate) fn fragment(
    kind: u8,
    length: usize,
    sequence: u16,
    offset: usize,
    part: &[u8],
) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend(three(length));
    message.extend(sequence.to_be_bytes());
    message.extend(three(offset));
    message.extend(three(part.len()));
    message.extend(part);
    message
}

fn three(number: usize) -> [u8; 3] {
    let [_, a, b, c] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    [a, b, c]
}

/// Bytes behind their length in one byte.
pub(crate) fn put8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes);
}

/// Bytes behind their length in two bytes.
pub(crate) fn put16(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}

/// Bytes behind their length in three bytes.
pub(crate) fn put24(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(three(bytes.len()));
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_reads_back() {
        let datagram = record(HANDSHAKE, 0, 7, &message(CLIENT_HELLO, 3, b"body"));
        let [record] = &records(&datagram)[..] else { panic!("one record") };
        assert_eq!((record.kind, record.epoch, record.number), (HANDSHAKE, 0, number(0, 7)));
        let whole = Message { kind: CLIENT_HELLO, sequence: 3, body: b"body".to_vec() };
        assert_eq!(record.messages(), [whole]);
    }

    proptest! {
        #[test]
        fn whatever_a_target_answers_is_read_without_a_panic(bytes: Vec<u8>) {
            for record in records(&bytes) {
                let _ = messages(&record.body);
            }
        }
    }
}
