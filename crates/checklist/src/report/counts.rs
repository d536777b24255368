//! How many checks hold, and how many do not.

use super::Entry;
use crate::check::Severity;
use crate::finding::Outcome;
use serde::{Deserialize, Serialize};

/// Checks, counted by what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Tried, and they hold.
    pub holds: usize,
    /// Broken, by how bad.
    pub low: usize,
    /// Broken, by how bad.
    pub medium: usize,
    /// Broken, by how bad.
    pub high: usize,
    /// Broken, by how bad.
    pub critical: usize,
    /// Broken, and somebody answers for it until some day.
    pub accepted: usize,
    /// Not tried.
    pub untried: usize,
    /// The worst that is broken.
    pub worst: Option<Severity>,
}

impl Counts {
    /// Counts these.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut counts = Self::default();
        findings.into_iter().for_each(|entry| counts.add(entry));
        counts
    }

    fn add(&mut self, entry: &Entry) {
        match entry.outcome {
            Outcome::Holds { .. } => self.holds += 1,
            Outcome::Accepted { .. } => self.accepted += 1,
            Outcome::Untried { .. } => self.untried += 1,
            Outcome::Broken { .. } => {
                *self.broken_mut(entry.severity) += 1;
                self.worst = self.worst.max(Some(entry.severity));
            }
        }
    }

    fn broken_mut(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Low => &mut self.low,
            Severity::Medium => &mut self.medium,
            Severity::High => &mut self.high,
            Severity::Critical => &mut self.critical,
        }
    }

    /// How many are broken, and nobody accepted it.
    #[must_use]
    pub const fn broken(&self) -> usize {
        // Somebody else may have written the report.
        self.low.saturating_add(self.medium).saturating_add(self.high).saturating_add(self.critical)
    }

    /// All of them.
    #[must_use]
    pub const fn all(&self) -> usize {
        self.tried().saturating_add(self.untried)
    }

    /// How many were tried.
    #[must_use]
    pub const fn tried(&self) -> usize {
        self.holds.saturating_add(self.broken()).saturating_add(self.accepted)
    }
}
