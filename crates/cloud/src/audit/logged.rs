//! An entry as it lies in a store or an export: its number, its bytes, its link, and the signature of whoever wrote it.

use super::chain::{Head, Link};
use super::entry::{CUT, Entry};
use super::key::SIGNATURE_LENGTH;

/// A row of the log. Nothing in it is to be believed before a [`Verifier`](super::Verifier) has seen the whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub seq: u64,
    /// The bytes of its entry; `None` where they were removed because of their age and only the link was kept.
    pub body: Option<Vec<u8>>,
    /// Its link.
    pub link: Link,
    /// Over number and link; on the last entry of each commit.
    pub signature: Option<[u8; SIGNATURE_LENGTH]>,
}

impl Logged {
    /// Its number and link.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.seq, link: self.link }
    }

    /// Its entry, where there is one that can be read.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        self.body.as_deref().and_then(|body| Entry::decode(body).ok())
    }

    /// Up to which number it says that entries were removed because of their age; 0 where it says nothing of that.
    #[must_use]
    pub fn claims_cut(&self) -> u64 {
        self.entry().as_ref().map_or(0, cut_by)
    }
}

/// Up to which number an entry says that entries were removed because of their age.
pub(super) fn cut_by(entry: &Entry) -> u64 {
    let up_to = entry.on.strip_prefix(CUT_UP_TO).filter(|_| entry.what == CUT);
    up_to.and_then(|number| number.trim_start().parse().ok()).unwrap_or(0)
}

/// What is before the number in an entry that tells of a cut.
pub(crate) const CUT_UP_TO: &str = "entries-up-to";
