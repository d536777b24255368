//! What changed from one report to the next. Times do not count: two runs on the same thing do not differ.

use crate::check::Severity;
use crate::finding::Outcome;
use crate::report::{Entry, Report};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is wrong now and was not, or was accepted, or was not looked at.
    pub broke: Vec<Change>,
    /// What was wrong and is not any more.
    pub mended: Vec<Change>,
    /// What was wrong or is, and somebody answers for it now.
    pub accepted: Vec<Change>,
    /// Checks that were tried and are not any more.
    pub unseen: Vec<Change>,
    /// Checks that are tried now, and hold.
    pub seen: Vec<Change>,
}

/// What changed in one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its id.
    pub check: String,
    /// How bad a break of it is.
    pub severity: Severity,
    /// What it claims.
    pub claim: String,
    /// The things that are, or were, wrong; or why it is not tried.
    pub about: Vec<String>,
}

/// A check in one report, as sets that can be compared.
#[derive(Default)]
struct State<'a> {
    tried: bool,
    open: BTreeSet<&'a str>,
    accepted: BTreeSet<&'a str>,
    why: Option<&'a str>,
}

impl Difference {
    /// From an earlier report to a later one.
    #[must_use]
    pub fn between(before: &Report, after: &Report) -> Self {
        let earlier: BTreeMap<&str, &Entry> =
            before.findings.iter().map(|entry| (entry.check.as_str(), entry)).collect();
        let mut difference = Self::default();
        for entry in &after.findings {
            let was = earlier.get(entry.check.as_str()).copied();
            difference.compare(entry, &was.map(State::of).unwrap_or_default(), &State::of(entry));
        }
        difference.drop_out(before, after);
        difference
    }

    fn compare(&mut self, entry: &Entry, was: &State<'_>, is: &State<'_>) {
        let about = |subjects: BTreeSet<&str>| Change::of(entry, subjects);
        if was.tried && !is.tried {
            return self.unseen.push(about(is.why.into_iter().collect()));
        }
        let broke: BTreeSet<&str> = is.open.difference(&was.open).copied().collect();
        let accepted: BTreeSet<&str> = is.accepted.difference(&was.accepted).copied().collect();
        let known: BTreeSet<&str> = was.open.union(&was.accepted).copied().collect();
        let wrong: BTreeSet<&str> = is.open.union(&is.accepted).copied().collect();
        let mended: BTreeSet<&str> = known.difference(&wrong).copied().collect();
        if is.tried && !was.tried && wrong.is_empty() {
            self.seen.push(about(BTreeSet::new()));
        }
        for (subjects, list) in [
            (broke, &mut self.broke),
            (accepted, &mut self.accepted),
            (if is.tried { mended } else { BTreeSet::new() }, &mut self.mended),
        ] {
            if !subjects.is_empty() {
                list.push(about(subjects));
            }
        }
    }

    /// Checks that a later program has no more.
    fn drop_out(&mut self, before: &Report, after: &Report) {
        let still: BTreeSet<&str> =
            after.findings.iter().map(|entry| entry.check.as_str()).collect();
        let gone = before.findings.iter().filter(|entry| !still.contains(entry.check.as_str()));
        let why = BTreeSet::from(["there is no such check any more"]);
        self.unseen.extend(
            gone.filter(|entry| State::of(entry).tried).map(|entry| Change::of(entry, why.clone())),
        );
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The worst that broke.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.broke.iter().map(|change| change.severity).max()
    }
}

impl Change {
    fn of(entry: &Entry, about: BTreeSet<&str>) -> Self {
        Self {
            check: entry.check.clone(),
            severity: entry.severity,
            claim: entry.claim.clone(),
            about: about.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl<'a> State<'a> {
    fn of(entry: &'a Entry) -> Self {
        let mut state = Self { tried: true, ..Self::default() };
        match &entry.outcome {
            Outcome::Holds { .. } => {}
            Outcome::Untried { why } => (state.tried, state.why) = (false, Some(why.as_str())),
            Outcome::Broken { faults, accepted } => {
                state.open = faults.iter().map(|fault| fault.subject.as_str()).collect();
                state.accepted =
                    accepted.iter().map(|accepted| accepted.fault.subject.as_str()).collect();
            }
            Outcome::Accepted { accepted } => {
                state.accepted =
                    accepted.iter().map(|accepted| accepted.fault.subject.as_str()).collect();
            }
        }
        state
    }
}
