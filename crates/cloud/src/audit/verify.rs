//! Checks a log without any secret, row by row, and names the first place that is not as it was written.
//!
//! 1. Numbers go up by one. What is missing must be covered by an entry, signed later, that tells of a cut.
//! 2. Each entry's bytes and the link before it give its link.
//! 3. The last entry of each commit is signed with the key in force. The newest signature under a key stands for all before
//!    it, so only that one is checked; where it does not hold, the first that does not is looked for.
//! 4. An entry that names a key is signed with the key before it. The first names the first key, which the operator has from
//!    `pintle init`.
//! 5. Heads that were kept elsewhere are heads of this log, so it was neither cut short nor written anew.

use std::collections::BTreeMap;

use super::chain::{Head, Link};
use super::entry::{BEGAN, Entry};
use super::finding::{Finding, Report};
use super::key::{PublicKey, SignedHead};
use super::logged::{Logged, cut_by};

/// Signatures under one key that wait to be checked, at most.
const SIGNATURES: usize = 4_096;

/// What is known of a log from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The keys that lines of keys may begin with. Where there is none, the first is taken from the log itself.
    pub keys: Vec<PublicKey>,
    /// Heads that this log had.
    pub heads: Vec<Head>,
    /// The keys that may be in force at its end; any where there is none.
    pub last_keys: Vec<PublicKey>,
    /// Up to which number the log itself says that entries were removed ([`Logged::claims_cut`], the highest of all rows);
    /// it is not believed unless the row that says so is signed.
    pub claimed_cut: u64,
}

/// Checks one log. Give it every row in order, then ask it for its report.
pub struct Verifier {
    trust: Trust,
    heads: BTreeMap<u64, Vec<Link>>,
    at: Head,
    /// Whether the link of `at` was kept without its entry, after a gap.
    stripped: bool,
    key: Option<PublicKey>,
    /// Since the last checked one, under the key in force.
    signatures: Vec<SignedHead>,
    checked: u64,
    first_gap: Option<(u64, u64)>,
    cut: u64,
    entries: u64,
    first_key: Option<PublicKey>,
    findings: Vec<Finding>,
    /// Nothing after a fault can be told.
    faulty: bool,
}

type Step = Result<(), Finding>;

impl Verifier {
    /// A verifier that believes this.
    #[must_use]
    pub fn new(trust: Trust) -> Self {
        let mut heads = BTreeMap::<u64, Vec<Link>>::new();
        for head in &trust.heads {
            heads.entry(head.seq).or_default().push(head.link);
        }
        Self {
            trust,
            heads,
            at: Head::EMPTY,
            stripped: false,
            key: None,
            signatures: Vec::new(),
            checked: 0,
            first_gap: None,
            cut: 0,
            entries: 0,
            first_key: None,
            findings: Vec::new(),
            faulty: false,
        }
    }

    /// Looks at the next row; whether it makes sense to go on.
    pub fn take(&mut self, row: &Logged) -> bool {
        if !self.faulty {
            let step = self.step(row);
            self.note(step);
        }
        !self.faulty
    }

    /// The number that should come next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.at.seq.saturating_add(1)
    }

    /// Ends with something that could not even be read as a row.
    pub fn stop_at(&mut self, finding: Finding) {
        if !self.faulty {
            self.note(Err(finding));
        }
    }

    /// What was found.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if !self.faulty {
            let end = self.end();
            self.note(end);
        }
        Report {
            entries: self.entries,
            head: self.at,
            first_key: self.first_key,
            cut: self.cut,
            findings: self.findings,
        }
    }

    /// A fault further on may only show what an earlier signature can place better.
    fn note(&mut self, step: Step) {
        let Err(finding) = step else { return };
        let earlier = self.check_signatures().err();
        self.findings.push(earlier.unwrap_or(finding));
        self.faulty = true;
    }

    fn step(&mut self, row: &Logged) -> Step {
        self.step_number(row)?;
        let Some(body) = &row.body else { return self.step_stripped(row) };
        let entry = Entry::decode(body).map_err(|why| Finding::Unreadable { seq: row.seq, why })?;
        if entry.seq != row.seq {
            return Err(Finding::Displaced { place: row.seq, found: entry.seq });
        }
        if self.at.link.next(body) != row.link {
            self.check_signatures()?;
            return Err(Finding::Altered { seq: row.seq, first: self.checked + 1 });
        }
        if entry.key.is_some() && entry.what == BEGAN {
            self.begin(&entry)?;
        }
        (self.at, self.stripped) = (row.head(), false);
        self.entries += 1;
        self.step_signature(row)?;
        if let Some(key) = entry.key.filter(|_| entry.what != BEGAN) {
            self.turn(row, key)?;
        }
        self.step_head(row)?;
        self.cut = self.cut.max(cut_by(&entry));
        Ok(())
    }

    /// The next number, or one after a gap that the log says there is.
    fn step_number(&mut self, row: &Logged) -> Step {
        let next = self.at.seq.saturating_add(1);
        if row.seq < next {
            return Err(Finding::Displaced { place: next, found: row.seq });
        }
        if row.seq > next {
            let last = row.seq - 1;
            if last > self.trust.claimed_cut || row.body.is_some() {
                return Err(Finding::Missing { first: next, last });
            }
            self.first_gap.get_or_insert((next, last));
        }
        Ok(())
    }

    /// A link whose entry is gone: only what comes after it can vouch for it.
    fn step_stripped(&mut self, row: &Logged) -> Step {
        if row.seq > self.trust.claimed_cut {
            return Err(Finding::Missing { first: row.seq, last: row.seq });
        }
        self.check_signatures()?;
        self.first_gap.get_or_insert((row.seq, row.seq));
        (self.at, self.stripped, self.checked) = (row.head(), true, row.seq);
        self.step_head(row)
    }

    /// A line of keys begins: the first, or another one where the key was lost.
    fn begin(&mut self, entry: &Entry) -> Step {
        let Some(key) = entry.key else { return Ok(()) };
        self.signed_to_the_end()?;
        let known = self.trust.keys.contains(&key);
        if self.first_key.is_none() {
            self.first_key = Some(key);
            if !self.trust.keys.is_empty() && !known {
                return Err(Finding::OtherFirstKey { found: key });
            }
        } else if !known {
            self.findings.push(Finding::NewLine { seq: entry.seq, key });
        }
        self.key = Some(key);
        Ok(())
    }

    fn step_signature(&mut self, row: &Logged) -> Step {
        let (Some(signature), Some(key)) = (row.signature, self.key) else {
            let nobody = self.key.is_none();
            return if nobody { Err(Finding::NoKey { seq: row.seq }) } else { Ok(()) };
        };
        self.signatures.push(SignedHead { head: row.head(), key, signature });
        if self.signatures.len() >= SIGNATURES { self.check_signatures() } else { Ok(()) }
    }

    fn turn(&mut self, row: &Logged, key: PublicKey) -> Step {
        self.check_signatures()?;
        if row.signature.is_none() {
            return Err(Finding::Unsigned { first: self.checked + 1 });
        }
        self.key = Some(key);
        Ok(())
    }

    fn step_head(&mut self, row: &Logged) -> Step {
        let links = self.heads.remove(&row.seq).unwrap_or_default();
        match links.iter().all(|link| *link == row.link) {
            true => Ok(()),
            false => Err(Finding::OtherThanHead { seq: row.seq }),
        }
    }

    /// The newest signature stands for all before it. Where it does not hold, the first that does not is the place.
    fn check_signatures(&mut self) -> Step {
        let waiting = std::mem::take(&mut self.signatures);
        let Some(newest) = waiting.last() else { return Ok(()) };
        if newest.holds() {
            self.checked = newest.head.seq;
            return Ok(());
        }
        for signed in waiting {
            if !signed.holds() {
                let (first, last) = (self.checked + 1, signed.head.seq);
                return Err(Finding::NotAsSigned { first, last });
            }
            self.checked = signed.head.seq;
        }
        Ok(())
    }

    fn signed_to_the_end(&mut self) -> Step {
        self.check_signatures()?;
        match self.checked < self.at.seq {
            true => Err(Finding::Unsigned { first: self.checked + 1 }),
            false => Ok(()),
        }
    }

    fn end(&mut self) -> Step {
        self.signed_to_the_end()?;
        if let Some((first, last)) = self.first_gap.filter(|_| self.cut < self.trust.claimed_cut) {
            return Err(Finding::Missing { first, last });
        }
        if self.stripped {
            return Err(Finding::Truncated { last: self.at.seq, known: None });
        }
        // What was removed because of its age has no links left to compare with.
        if let Some((known, _)) = self.heads.split_off(&self.at.seq.saturating_add(1)).pop_last() {
            return Err(Finding::Truncated { last: self.at.seq, known: Some(known) });
        }
        let in_force = self.key.is_some_and(|key| self.trust.last_keys.contains(&key));
        match self.trust.last_keys.is_empty() || in_force {
            true => Ok(()),
            false => Err(Finding::Truncated { last: self.at.seq, known: None }),
        }
    }
}

#[cfg(test)]
mod tests;
