//! What a verifier found, said so that an operator knows where to look.

use std::fmt;

use super::chain::Head;
use super::entry::EntryError;
use super::key::PublicKey;

/// What came of verifying a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Entries that were there to be checked.
    pub entries: u64,
    /// How far the log is sound.
    pub head: Head,
    /// The key that its line of keys begins with.
    pub first_key: Option<PublicKey>,
    /// Up to which number entries were removed because of their age.
    pub cut: u64,
    /// What is wrong; nothing where the log is as it was written. A fault in the chain is the last: nothing after it can be
    /// told.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether the log is as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Bytes that are no entry.
    Unreadable {
        /// Its number.
        seq: u64,
        /// What is wrong with them.
        why: EntryError,
    },
    /// A line that is none of an export.
    NotALine {
        /// Counted from 1.
        line: u64,
    },
    /// An entry does not fit its link and the one before.
    Altered {
        /// Its number.
        seq: u64,
        /// Or it was one from here on, together with its link: what is before this is as it was signed.
        first: u64,
    },
    /// Another entry is in this place: something was inserted, removed or reordered.
    Displaced {
        /// The place.
        place: u64,
        /// The number of what is there.
        found: u64,
    },
    /// Entries are not there.
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// Links fit, and a signature does not: somebody wrote these anew.
    NotAsSigned {
        /// The first that may be other than it was.
        first: u64,
        /// The last.
        last: u64,
    },
    /// Nobody signed what is at the end of a commit.
    Unsigned {
        /// The first.
        first: u64,
    },
    /// An entry comes before any that names a key.
    NoKey {
        /// Its number.
        seq: u64,
    },
    /// The log begins with another key than the one that is trusted.
    OtherFirstKey {
        /// The key it begins with.
        found: PublicKey,
    },
    /// The line of keys broke off, and another one begins.
    NewLine {
        /// The entry that it begins with.
        seq: u64,
        /// Its first key.
        key: PublicKey,
    },
    /// The entry is not the one that it was when its head was kept elsewhere.
    OtherThanHead {
        /// Its number.
        seq: u64,
    },
    /// The log ends before something that is known of it.
    Truncated {
        /// The last entry.
        last: u64,
        /// The number that it is known to have reached, where that is known.
        known: Option<u64>,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { seq, why } => write!(out, "entry {seq} was altered: {why}"),
            Self::NotALine { line } => {
                write!(
                    out,
                    "line {line} of the export was altered: it is no entry that a node writes"
                )
            }
            Self::Altered { seq, first } if seq == first => write!(out, "entry {seq} was altered"),
            Self::Altered { seq, first } => {
                write!(
                    out,
                    "entry {seq} was altered, or one from {first} on together with its link"
                )
            }
            Self::Displaced { place, found } => write!(
                out,
                "in the place of entry {place} is one with the number {found}: entries were inserted, removed or reordered there"
            ),
            Self::Missing { first, last } if first == last => {
                write!(out, "entry {first} was removed")
            }
            Self::Missing { first, last } => write!(out, "entries {first} to {last} were removed"),
            Self::NotAsSigned { first, last } if first == last => {
                write!(out, "entry {first} is not the one that was signed: it was written anew")
            }
            Self::NotAsSigned { first, last } => write!(
                out,
                "entries {first} to {last} are not those that were signed: some of them were altered, inserted, removed or reordered, \
                 and their links computed anew"
            ),
            Self::Unsigned { first } => {
                write!(
                    out,
                    "from entry {first} on nothing is signed: it was inserted, or what follows was removed"
                )
            }
            Self::NoKey { seq } => write!(
                out,
                "entry {seq} comes before any that names a key: the first entries were removed"
            ),
            Self::OtherFirstKey { found } => {
                write!(
                    out,
                    "the log begins with the key {found}, which is not the one you trust: it is another log"
                )
            }
            Self::NewLine { seq, key } => write!(
                out,
                "at entry {seq} another line of keys begins: the key file was lost or an older store was put back; where that was you, \
                 verify with the first key and --key {key}"
            ),
            Self::OtherThanHead { seq } => {
                write!(
                    out,
                    "entry {seq} is not the one it was when its head was kept: entries up to there were written anew"
                )
            }
            Self::Truncated { last, known: Some(known) } => {
                write!(
                    out,
                    "the log ends with entry {last}, and it had reached {known}: its end was cut off"
                )
            }
            Self::Truncated { last, known: None } => {
                write!(
                    out,
                    "the log ends with entry {last}, before the key that is in force: its end was cut off"
                )
            }
        }
    }
}
