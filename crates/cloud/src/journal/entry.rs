//! What a shard says to its journal, and its bytes: a tag, then the fields.
//!
//! | tag | entry | fields |
//! |---|---|---|
//! | 1 | opened | session, sealed |
//! | 2 | reserved | session, records, messages |
//! | 3 | closed | session |
//! | 4 | kept | row, sealed |
//! | 5 | taken | row |
//! | 6, 7 | started, stopped | |
//! | 8 | held | session |
//! | 16 to 21 | heard | session, highest, window, and for odd tags the event (2 bytes) |
//!
//! Numbers are variable in length, sealed bytes have their length before them. A window is written in the
//! shortest of three ways: the records seen (16), those not seen (18), or all 64 bits (20). The window of
//! a device that loses nothing takes one byte so.

use super::cursor::{Cursor, LONGEST_VARINT, put_bytes, put_varint, varint_length};
use super::error::JournalError;
use crate::device::SessionKey;
use pintle_protocol::coap::MessageId;

/// The most sealed bytes of one entry: 1 MiB.
pub const LONGEST_SEALED: usize = 1 << 20;

/// The most bytes of an entry beside what is sealed in it.
const LONGEST_FIELDS: usize = 1 + 2 * LONGEST_VARINT + 8 + 2;

const OPENED: u8 = 1;
const RESERVED: u8 = 2;
const CLOSED: u8 = 3;
const KEPT: u8 = 4;
const TAKEN: u8 = 5;
const STARTED: u8 = 6;
const STOPPED: u8 = 7;
const HELD: u8 = 8;
const HEARD_SEEN: u8 = 16;
const HEARD_MISSING: u8 = 18;
const HEARD_WINDOW: u8 = 20;
const WITH_EVENT: u8 = 1;

/// One thing to remember.
///
/// Whoever reads them back ignores what is said of a session that was not opened before or of a row that was
/// not kept: while the log is said again, the beginning of such a story may be deleted already, and it
/// is told whole further on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The whole state of a session; replaces everything said before of its slot, under any generation, what
    /// was reserved too.
    Opened {
        /// The session.
        session: SessionKey,
        /// Its state, sealed by the caller; at most [`LONGEST_SEALED`] bytes.
        sealed: &'a [u8],
    },
    /// The replay window of a session after a record. 11 to 24 bytes for a session key of 40 bits and a record
    /// number of 48.
    Heard {
        /// The session.
        session: SessionKey,
        /// The highest record number accepted.
        highest: u64,
        /// Which of the 64 records up to it were seen.
        seen: u64,
        /// The message id of an event that is acted on once this is durable.
        event: Option<MessageId>,
    },
    /// Sending may use numbers below these.
    Reserved {
        /// The session.
        session: SessionKey,
        /// The first record number that may not be used yet.
        records_until: u32,
        /// The first message id that may not be used yet.
        messages_until: u16,
    },
    /// A session ended.
    Closed {
        /// The session.
        session: SessionKey,
    },
    /// A session is to be held at the next start, however this one ends.
    Held {
        /// The session.
        session: SessionKey,
    },
    /// A row for a consumer that takes it later.
    Kept {
        /// Its number; the caller uses none twice.
        row: u64,
        /// The row, sealed by the caller; at most [`LONGEST_SEALED`] bytes.
        sealed: &'a [u8],
    },
    /// A row was taken and need not be kept.
    Taken {
        /// Its number.
        row: u64,
    },
    /// The node started.
    Started,
    /// The node stopped and has nothing more to say: a clean end where nothing follows.
    Stopped,
}

impl<'a> Entry<'a> {
    /// Fails where the entry cannot be read back.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        let length = self.sealed().len();
        if length > LONGEST_SEALED {
            return Err(JournalError::TooLong { length, limit: LONGEST_SEALED });
        }
        Ok(())
    }

    /// At most this many bytes will be written.
    pub(super) fn length_at_most(&self) -> usize {
        LONGEST_FIELDS + self.sealed().len()
    }

    const fn sealed(&self) -> &'a [u8] {
        match self {
            Self::Opened { sealed, .. } | Self::Kept { sealed, .. } => sealed,
            _ => &[],
        }
    }

    /// Appends the entry's bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Opened { session, sealed } => {
                put_tagged(out, OPENED, session.0);
                put_bytes(out, sealed);
            }
            Self::Heard { session, highest, seen, event } => {
                put_heard(out, session, highest, seen, event);
            }
            Self::Reserved { session, records_until, messages_until } => {
                put_tagged(out, RESERVED, session.0);
                put_varint(out, records_until.into());
                put_varint(out, messages_until.into());
            }
            Self::Closed { session } => put_tagged(out, CLOSED, session.0),
            Self::Held { session } => put_tagged(out, HELD, session.0),
            Self::Kept { row, sealed } => {
                put_tagged(out, KEPT, row);
                put_bytes(out, sealed);
            }
            Self::Taken { row } => put_tagged(out, TAKEN, row),
            Self::Started => out.push(STARTED),
            Self::Stopped => out.push(STOPPED),
        }
    }

    fn read(from: &mut Cursor<'a>) -> Option<Self> {
        Some(match from.byte()? {
            OPENED => Self::Opened { session: session(from)?, sealed: sealed(from)? },
            RESERVED => Self::Reserved {
                session: session(from)?,
                records_until: from.varint()?.try_into().ok()?,
                messages_until: from.varint()?.try_into().ok()?,
            },
            CLOSED => Self::Closed { session: session(from)? },
            HELD => Self::Held { session: session(from)? },
            KEPT => Self::Kept { row: from.varint()?, sealed: sealed(from)? },
            TAKEN => Self::Taken { row: from.varint()? },
            STARTED => Self::Started,
            STOPPED => Self::Stopped,
            tag => read_heard(tag, from)?,
        })
    }
}

/// The entries of a payload in order; the last item is an error where the payload is malformed.
pub(super) struct Entries<'a> {
    from: Cursor<'a>,
    failed: bool,
}

/// A payload that cannot be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Entries<'a> {
    pub(super) const fn of(payload: &'a [u8]) -> Self {
        Self { from: Cursor::new(payload), failed: false }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.from.is_empty() {
            return None;
        }
        let entry = Entry::read(&mut self.from);
        self.failed = entry.is_none();
        Some(entry.ok_or(Malformed))
    }
}

fn session(from: &mut Cursor<'_>) -> Option<SessionKey> {
    from.varint().map(SessionKey)
}

fn sealed<'a>(from: &mut Cursor<'a>) -> Option<&'a [u8]> {
    from.bytes().filter(|bytes| bytes.len() <= LONGEST_SEALED)
}

fn put_tagged(out: &mut Vec<u8>, tag: u8, number: u64) {
    out.push(tag);
    put_varint(out, number);
}

fn put_heard(
    out: &mut Vec<u8>,
    session: SessionKey,
    highest: u64,
    seen: u64,
    event: Option<MessageId>,
) {
    let shape = shortest_window(seen);
    put_tagged(out, shape | if event.is_some() { WITH_EVENT } else { 0 }, session.0);
    put_varint(out, highest);
    match shape {
        HEARD_SEEN => put_varint(out, seen),
        HEARD_MISSING => put_varint(out, !seen),
        _ => out.extend_from_slice(&seen.to_be_bytes()),
    }
    if let Some(MessageId(id)) = event {
        out.extend_from_slice(&id.to_be_bytes());
    }
}

const fn shortest_window(seen: u64) -> u8 {
    let (forward, backward) = (varint_length(seen), varint_length(!seen));
    if forward <= backward && forward <= 8 {
        HEARD_SEEN
    } else if backward <= 8 {
        HEARD_MISSING
    } else {
        HEARD_WINDOW
    }
}

fn read_heard<'a>(tag: u8, from: &mut Cursor<'a>) -> Option<Entry<'a>> {
    let shape = tag & !WITH_EVENT;
    if !matches!(shape, HEARD_SEEN | HEARD_MISSING | HEARD_WINDOW) {
        return None;
    }
    let (session, highest) = (session(from)?, from.varint()?);
    let seen = match shape {
        HEARD_SEEN => from.varint()?,
        HEARD_MISSING => !from.varint()?,
        _ => from.u64()?,
    };
    let event = if tag & WITH_EVENT == 0 { None } else { Some(MessageId(from.u16()?)) };
    Some(Entry::Heard { session, highest, seen, event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_entry(sealed: &[u8]) -> impl Strategy<Value = Entry<'_>> {
        let session = || any::<u64>().prop_map(SessionKey);
        let event = proptest::option::of(any::<u16>().prop_map(MessageId));
        let window = (any::<u64>(), 0..64_u32, any::<bool>())
            .prop_map(|(bits, shift, holes)| if holes { !(bits >> shift) } else { bits >> shift });
        prop_oneof![
            session().prop_map(move |session| Entry::Opened { session, sealed }),
            (session(), any::<u64>(), window, event).prop_map(|(session, highest, seen, event)| {
                Entry::Heard { session, highest, seen, event }
            }),
            (session(), any::<u32>(), any::<u16>()).prop_map(|(session, records, messages)| {
                Entry::Reserved { session, records_until: records, messages_until: messages }
            }),
            session().prop_map(|session| Entry::Closed { session }),
            session().prop_map(|session| Entry::Held { session }),
            any::<u64>().prop_map(move |row| Entry::Kept { row, sealed }),
            any::<u64>().prop_map(|row| Entry::Taken { row }),
            Just(Entry::Started),
            Just(Entry::Stopped),
        ]
    }

    const SEALED: &[u8] = &[0x5E; 300];

    proptest! {
        #[test]
        fn entries_come_back_in_order(entries in prop::collection::vec(any_entry(SEALED), 0..40)) {
            let mut out = Vec::new();
            for entry in &entries {
                let before = out.len();
                entry.write(&mut out);
                prop_assert!(out.len() - before <= entry.length_at_most());
            }
            let read: Result<Vec<_>, _> = Entries::of(&out).collect();
            prop_assert_eq!(read, Ok(entries));
        }

        #[test]
        fn a_cut_payload_gives_the_entries_before_the_cut(entry in any_entry(SEALED), cut: prop::sample::Index) {
            let mut out = Vec::new();
            Entry::Started.write(&mut out);
            entry.write(&mut out);
            let read: Vec<_> = Entries::of(&out[..1 + cut.index(out.len() - 1)]).collect();
            prop_assert_eq!(&read[0], &Ok(Entry::Started));
            prop_assert!(read[1..].iter().all(Result::is_err));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Entries::of(&bytes).count() <= bytes.len());
        }
    }

    fn heard(session: u64, highest: u64, seen: u64, event: Option<MessageId>) -> usize {
        let mut out = Vec::new();
        Entry::Heard { session: SessionKey(session), highest, seen, event }.write(&mut out);
        out.len()
    }

    #[test]
    fn a_heard_record_takes_few_bytes() {
        let key = (1 << 40) - 1;
        assert_eq!(heard(key, 100_000, u64::MAX, None), 11);
        assert_eq!(heard(key, 5, 0b11_1111, Some(MessageId(7))), 11);
        assert_eq!(heard(key, (1 << 48) - 1, 0xA5A5_A5A5_A5A5_A5A5, Some(MessageId(7))), 24);
    }

    #[test]
    fn what_cannot_be_read_back_is_refused() {
        let long = vec![0; LONGEST_SEALED + 1];
        assert!(Entry::Kept { row: 1, sealed: &long }.check().is_err());
        assert!(Entry::Kept { row: 1, sealed: &long[1..] }.check().is_ok());
    }
}
