//! A flight of handshake messages (RFC 6347 4.2.4): kept until the peer's next one shows that it arrived, cut
//! into records and datagrams anew at every transmission, and repeated with a doubling wait.

use crate::error::SealError;
use crate::message::{FINISHED, HEADER_LENGTH as MESSAGE_HEADER, Message, put_header};
use crate::record::header::{self, CHANGE_CIPHER_SPEC, CLEAR_EPOCH, HANDSHAKE, HEADER_LENGTH};
use crate::session::Session;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// The longest datagram of a handshake, in bytes.
pub(crate) const MAX_DATAGRAM: usize = 1200;
/// The longest part of a message in one record, in bytes: a device holds 1152 with the header.
const MAX_PART: usize = 1100;
/// RFC 6347 4.2.4.1: the first wait before a flight is repeated.
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How often a flight is sent in all, whatever the reason: a peer cannot make us send without end.
pub(crate) const MAX_TRANSMISSIONS: u8 = 12;

/// The messages to send, and how far we are with the clear-text record numbers.
pub(crate) struct Flight {
    messages: Vec<Message>,
    /// The next sequence number of epoch 0.
    next_record: u64,
    transmissions: u8,
    wait: Duration,
    due: Duration,
}

impl Flight {
    pub(crate) const fn new(next_record: u64) -> Self {
        let (wait, due) = (FIRST_WAIT, Duration::MAX);
        Self { messages: Vec::new(), next_record, transmissions: 0, wait, due }
    }

    /// Starts the next flight. A Finished goes out protected, behind a ChangeCipherSpec.
    pub(crate) fn begin(&mut self, messages: Vec<Message>) {
        self.messages = messages;
        self.transmissions = 0;
        self.wait = FIRST_WAIT;
    }

    /// When to repeat the flight.
    pub(crate) fn due(&self) -> Option<Duration> {
        (self.transmissions < MAX_TRANSMISSIONS).then_some(self.due)
    }

    pub(crate) const fn next_record(&self) -> u64 {
        self.next_record
    }

    /// Sends the flight (again) unless it was sent too often. `session` protects a Finished.
    pub(crate) fn transmit(
        &mut self,
        now: Duration,
        session: Option<&mut Session>,
        out: &mut VecDeque<Vec<u8>>,
    ) -> Result<(), SealError> {
        if self.transmissions >= MAX_TRANSMISSIONS {
            return Ok(());
        }
        if self.transmissions > 0 {
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
        }
        self.transmissions += 1;
        self.due = now.saturating_add(self.wait);
        let mut datagrams = Datagrams { next_record: self.next_record, open: Vec::new(), out };
        let sent = datagrams.put_all(&self.messages, session);
        datagrams.flush();
        self.next_record = datagrams.next_record;
        sent
    }
}

/// Packs records into datagrams.
struct Datagrams<'a> {
    next_record: u64,
    open: Vec<u8>,
    out: &'a mut VecDeque<Vec<u8>>,
}

impl Datagrams<'_> {
    fn put_all(
        &mut self,
        messages: &[Message],
        mut session: Option<&mut Session>,
    ) -> Result<(), SealError> {
        for message in messages {
            match session.as_deref_mut() {
                Some(session) if message.kind() == FINISHED => {
                    self.put_finished(message, session)?
                }
                _ => self.put_clear(message),
            }
        }
        Ok(())
    }

    fn put_clear(&mut self, message: &Message) {
        let length = message.body().len();
        let mut offset = 0;
        loop {
            let rest = message.body().get(offset..).unwrap_or_default();
            let part = rest.get(..MAX_PART).unwrap_or(rest);
            let mut fragment = Vec::with_capacity(MESSAGE_HEADER + part.len());
            put_header(
                &mut fragment,
                message.kind(),
                length,
                message.sequence(),
                offset,
                part.len(),
            );
            fragment.extend_from_slice(part);
            self.put_record(HANDSHAKE, &fragment);
            offset += part.len();
            if offset >= length {
                return;
            }
        }
    }

    fn put_finished(&mut self, message: &Message, session: &mut Session) -> Result<(), SealError> {
        self.put_record(CHANGE_CIPHER_SPEC, &[1]);
        self.make_room(Session::max_overhead() + message.as_bytes().len());
        session.seal_record(HANDSHAKE, message.as_bytes(), &mut self.open)
    }

    fn put_record(&mut self, kind: u8, body: &[u8]) {
        self.make_room(HEADER_LENGTH + body.len());
        put_clear_record(&mut self.open, kind, self.next_record, body);
        self.next_record += 1;
    }

    fn make_room(&mut self, length: usize) {
        if self.open.len() + length > MAX_DATAGRAM {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.open.is_empty() {
            self.out.push_back(core::mem::take(&mut self.open));
        }
    }
}

/// Appends an unprotected record.
pub(crate) fn put_clear_record(out: &mut Vec<u8>, kind: u8, sequence: u64, body: &[u8]) {
    let length = u16::try_from(body.len()).unwrap_or_default();
    header::put(out, kind, CLEAR_EPOCH, sequence, &[], length);
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{CERTIFICATE, Fragment};
    use crate::wire::Reader;

    fn sent(flight: &mut Flight, now: Duration) -> VecDeque<Vec<u8>> {
        let mut out = VecDeque::new();
        flight.transmit(now, None, &mut out).unwrap();
        out
    }

    #[test]
    fn a_long_message_is_cut_to_datagrams_that_fit() {
        let mut flight = Flight::new(3);
        flight.begin(alloc::vec![
            Message::write(CERTIFICATE, 1, |out| out.resize(out.len() + 3000, 7))
        ]);
        let datagrams = sent(&mut flight, Duration::ZERO);
        assert_eq!(datagrams.len(), 3);
        let mut offset = 0;
        for datagram in &datagrams {
            assert!(datagram.len() <= MAX_DATAGRAM);
            let fragment = Fragment::read(&mut Reader::new(&datagram[HEADER_LENGTH..])).unwrap();
            assert_eq!((fragment.offset, fragment.length), (offset, 3000));
            offset += fragment.body.len();
        }
        assert_eq!(offset, 3000);
        assert_eq!(flight.next_record(), 6);
    }

    #[test]
    fn the_wait_doubles_to_its_limit_and_the_flight_is_not_sent_without_end() {
        let mut flight = Flight::new(0);
        flight.begin(alloc::vec![Message::write(CERTIFICATE, 1, |_| ())]);
        let mut waits = alloc::vec![];
        let mut now = Duration::ZERO;
        for _ in 0..MAX_TRANSMISSIONS {
            assert_eq!(sent(&mut flight, now).len(), 1);
            waits.push((flight.due - now).as_secs());
            now = flight.due;
        }
        assert_eq!(waits[..5], [1, 2, 4, 8, 8]);
        assert!(flight.due().is_none());
        assert!(sent(&mut flight, now).is_empty());
    }
}
