//! An entry of the log, and its bytes: what is hashed, stored and exported.
//!
//! ```text
//! 1 byte    format, 1
//! 8 bytes   its number, from 1 and without gaps
//! 8 bytes   when, in milliseconds since 1970 (signed)
//! 4 bytes   how many times, at least 1
//! who       1 byte: 1 account + 16 bytes, 2 client + text, 3 device + 12 bytes, 4 operator, 5 node, 6 stranger
//! text      what
//! text      on what
//! optional  8 bytes: from which token
//! optional  text: why it was refused
//! optional  32 bytes: commitment to the reason that was given
//! optional  32 bytes: the key that signs from the next entry on
//! ```
//!
//! Numbers are big-endian. A text is two bytes of length and UTF-8 of at most [`TEXT_LIMIT`] bytes. What is optional has a
//! byte before it, 0 or 1. There is exactly one way to write an entry, and bytes after it are refused: an entry that is
//! decoded and encoded again gives the same bytes.

use pintle_protocol::DeviceId;

use super::act::{Act, Outcome, TokenMark, Who};
use super::key::PublicKey;
use crate::account::AccountId;

/// The most bytes of a text. What is longer is cut when it is written.
pub const TEXT_LIMIT: usize = 512;
/// The most bytes of a reason.
pub const REASON_LIMIT: usize = 1_024;
/// The most bytes of an entry.
pub const ENTRY_LIMIT: usize = 1 + 8 + 8 + 4 + 1 + 4 * (2 + TEXT_LIMIT) + 4 + 8 + 32 + 32;

/// What the entry says that names the first key of a line of keys.
pub const BEGAN: &str = "audit.began";
/// What the entry says that names the next key of the line.
pub const TURNED: &str = "audit.key-turned";
/// What the entry says that tells which entries were removed because of their age.
pub const CUT: &str = "audit.cut";

const FORMAT: u8 = 1;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, counted from 1.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// How many times: more than once where a flood was counted together.
    pub times: u32,
    /// Whose act it was.
    pub who: Who,
    /// What was done: a noun and a verb.
    pub what: String,
    /// On what: its kind and its id; empty where there is nothing to name.
    pub on: String,
    /// From which token.
    pub token: Option<TokenMark>,
    /// Why it was refused; `None` where it was done.
    pub refused: Option<String>,
    /// What the sealed reason must match, where one was given.
    pub reason: Option<[u8; 32]>,
    /// The key that signs from the next entry on.
    pub key: Option<PublicKey>,
}

/// Bytes that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// They end too early.
    #[error("it ends in the middle")]
    Short,
    /// Something follows.
    #[error("it has bytes after its end")]
    Long,
    /// It is of another format.
    #[error("it has a format that this release does not know")]
    Format,
    /// A value is none of those that can be.
    #[error("its {0} is none that can be")]
    Value(&'static str),
}

impl Entry {
    /// The entry of an act; its reason is committed to by the caller.
    pub(crate) fn of(act: &Act, seq: u64, reason: Option<[u8; 32]>) -> Self {
        let who = match &act.who {
            Who::Client(id) => Who::Client(cut(id, TEXT_LIMIT).to_owned()),
            who => who.clone(),
        };
        let refused = match act.outcome {
            Outcome::Done => None,
            Outcome::Refused(reason) => Some(cut(reason, TEXT_LIMIT).to_owned()),
        };
        Self {
            seq,
            at_ms: act.at_ms,
            times: act.times.max(1),
            who,
            what: cut(act.what, TEXT_LIMIT).to_owned(),
            on: cut(&act.on, TEXT_LIMIT).to_owned(),
            token: act.token,
            refused,
            reason,
            key: None,
        }
    }

    /// The entry that names the key which signs from the next entry on.
    pub(crate) fn naming(what: &'static str, key: PublicKey, seq: u64, at_ms: i64) -> Self {
        Self { key: Some(key), ..Self::of(&Act::new(what, Who::Node, at_ms), seq, None) }
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.push(FORMAT);
        out.extend(self.seq.to_be_bytes());
        out.extend(self.at_ms.to_be_bytes());
        out.extend(self.times.to_be_bytes());
        match &self.who {
            Who::Account(id) => put(&mut out, 1, id.as_bytes()),
            Who::Client(id) => {
                out.push(2);
                put_text(&mut out, id);
            }
            Who::Device(id) => put(&mut out, 3, id.as_bytes()),
            Who::Operator => out.push(4),
            Who::Node => out.push(5),
            Who::Stranger => out.push(6),
        }
        put_text(&mut out, &self.what);
        put_text(&mut out, &self.on);
        put_optional(&mut out, self.token.as_ref().map(<[u8; 8]>::as_slice));
        match &self.refused {
            None => out.push(0),
            Some(reason) => {
                out.push(1);
                put_text(&mut out, reason);
            }
        }
        put_optional(&mut out, self.reason.as_ref().map(<[u8; 32]>::as_slice));
        put_optional(&mut out, self.key.as_ref().map(|key| key.0.as_slice()));
        out
    }

    /// Reads what [`Entry::encode`] wrote, and nothing else.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = Bytes(bytes);
        if rest.array()? != [FORMAT] {
            return Err(EntryError::Format);
        }
        let entry = Self {
            seq: u64::from_be_bytes(rest.array()?),
            at_ms: i64::from_be_bytes(rest.array()?),
            times: u32::from_be_bytes(rest.array()?),
            who: rest.who()?,
            what: rest.text("act")?,
            on: rest.text("object")?,
            token: rest.optional("token", Bytes::array)?,
            refused: rest.optional("refusal", |rest| rest.text("refusal"))?,
            reason: rest.optional("reason", Bytes::array)?,
            key: rest.optional("key", Bytes::array)?.map(PublicKey),
        };
        match (rest.0.is_empty(), entry.seq, entry.times) {
            (false, ..) => Err(EntryError::Long),
            (_, 0, _) => Err(EntryError::Value("number")),
            (.., 0) => Err(EntryError::Value("count")),
            _ => Ok(entry),
        }
    }
}

fn put(out: &mut Vec<u8>, kind: u8, id: &[u8]) {
    out.push(kind);
    out.extend(id);
}

fn put_optional(out: &mut Vec<u8>, value: Option<&[u8]>) {
    out.push(value.is_some().into());
    out.extend(value.unwrap_or_default());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let text = cut(text, TEXT_LIMIT);
    out.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(text.as_bytes());
}

/// The beginning of a text, at most so many bytes of it and no half characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], EntryError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(EntryError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EntryError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(EntryError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn text(&mut self, name: &'static str) -> Result<String, EntryError> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        if length > TEXT_LIMIT {
            return Err(EntryError::Value(name));
        }
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| EntryError::Value(name))?;
        Ok(text.to_owned())
    }

    fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, EntryError>,
    ) -> Result<Option<T>, EntryError> {
        match self.array()? {
            [0] => Ok(None),
            [1] => read(self).map(Some),
            _ => Err(EntryError::Value(name)),
        }
    }

    fn who(&mut self) -> Result<Who, EntryError> {
        Ok(match self.array()? {
            [1] => Who::Account(AccountId::from_bytes(self.array()?)),
            [2] => Who::Client(self.text("client")?),
            [3] => Who::Device(DeviceId::from_bytes(self.array()?)),
            [4] => Who::Operator,
            [5] => Who::Node,
            [6] => Who::Stranger,
            _ => return Err(EntryError::Value("person")),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn who() -> impl Strategy<Value = Who> {
        prop_oneof![
            any::<[u8; 16]>().prop_map(|id| Who::Account(AccountId::from_bytes(id))),
            ".{0,40}".prop_map(Who::Client),
            any::<[u8; 12]>().prop_map(|id| Who::Device(DeviceId::from_bytes(id))),
            Just(Who::Operator),
            Just(Who::Node),
            Just(Who::Stranger),
        ]
    }

    prop_compose! {
        pub(crate) fn entries()(
            seq in 1_u64..,
            at_ms in any::<i64>(),
            times in 1_u32..,
            who in who(),
            what in ".{0,30}",
            on in ".{0,30}",
            token in any::<Option<[u8; 8]>>(),
            refused in proptest::option::of(".{0,30}"),
            reason in any::<Option<[u8; 32]>>(),
            key in any::<Option<[u8; 32]>>(),
        ) -> Entry {
            Entry { seq, at_ms, times, who, what, on, token, refused, reason, key: key.map(PublicKey) }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_no_shorter_or_longer_is(entry in entries()) {
            let bytes = entry.encode();
            prop_assert!(bytes.len() <= ENTRY_LIMIT);
            prop_assert_eq!(Entry::decode(&bytes), Ok(entry));
            for end in 0..bytes.len() {
                prop_assert_eq!(Entry::decode(&bytes[..end]), Err(EntryError::Short));
            }
            prop_assert_eq!(Entry::decode(&[bytes.as_slice(), &[0]].concat()), Err(EntryError::Long));
        }

        #[test]
        fn there_is_one_way_to_write_an_entry(mut bytes in entries().prop_map(|entry| entry.encode()), at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.encode(), bytes);
            }
        }
    }

    #[test]
    fn an_act_that_says_too_much_is_cut_and_still_an_entry() {
        let long = "ä".repeat(1_000);
        let act = Act::new("thing.done", Who::Client(long.clone()), 7).on("thing", &long);
        let entry = Entry::of(&act, 1, None);
        assert_eq!(Entry::decode(&entry.encode()), Ok(entry));
    }
}
