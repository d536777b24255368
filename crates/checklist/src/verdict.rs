//! What a check says of a scene.

use serde::{Deserialize, Serialize};

/// What a judge says. There is none for "does not matter here": what was not looked at was not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was tried, and the claim stands.
    Holds {
        /// What was seen, in a sentence with its numbers: "12 listening sockets, all declared".
        seen: String,
    },
    /// It was tried, and the claim does not stand.
    Broken {
        /// What is wrong, each thing once, in a fixed order. Never empty.
        faults: Vec<Fault>,
    },
    /// It could not be tried.
    Untried {
        /// Why, and what would let it be tried.
        why: String,
    },
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// What it is wrong with, in a form that stays the same from run to run: a finding is accepted by it. No process
    /// ids, no ports that the system chose, no times.
    pub subject: String,
    /// What is wrong with it, in a sentence.
    pub detail: String,
}

impl Verdict {
    /// It holds.
    pub fn holds(seen: impl Into<String>) -> Self {
        Self::Holds { seen: seen.into() }
    }

    /// It could not be tried.
    pub fn untried(why: impl Into<String>) -> Self {
        Self::Untried { why: why.into() }
    }

    /// Broken by these faults, or holding where there is none. They are sorted, and each is kept once.
    pub fn of(faults: impl IntoIterator<Item = Fault>, seen: impl Into<String>) -> Self {
        let mut faults: Vec<Fault> = faults.into_iter().collect();
        faults.sort();
        faults.dedup();
        if faults.is_empty() { Self::holds(seen) } else { Self::Broken { faults } }
    }

    /// The same for a claim about each of so many things: where there is none of them, nothing was tried, and `none` says of
    /// what.
    pub fn of_each(
        count: usize,
        none: &str,
        faults: impl IntoIterator<Item = Fault>,
        seen: impl Into<String>,
    ) -> Self {
        match Self::of(faults, seen) {
            Self::Holds { .. } if count == 0 => Self::untried(none),
            verdict => verdict,
        }
    }

    /// Broken by one fault where `is` does not hold.
    pub fn claim(is: bool, seen: impl Into<String>, fault: impl FnOnce() -> Fault) -> Self {
        if is { Self::holds(seen) } else { Self::Broken { faults: vec![fault()] } }
    }
}

impl Fault {
    /// What is wrong with what.
    pub fn new(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), detail: detail.into() }
    }
}
