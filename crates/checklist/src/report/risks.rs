//! The chapter of risks: what carries each, which checks keep it down, and what is open.

use super::{Counts, Entry};
use crate::finding::Outcome;
use crate::profile::Profile;
use crate::risk::Risk;
use serde::{Deserialize, Serialize};

/// One of the six risks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its name in JSON.
    pub risk: Risk,
    /// As a heading.
    pub title: String,
    /// What the product does that carries it, as its profile says.
    pub functions: Vec<String>,
    /// The checks that keep it down, counted.
    pub counts: Counts,
    /// Those that are broken.
    pub open: Vec<String>,
    /// Those that nobody could try.
    pub untried: Vec<String>,
}

/// All six.
pub(super) fn chapters(profile: &Profile, findings: &[Entry]) -> Vec<Chapter> {
    Risk::ALL.into_iter().map(|risk| chapter(risk, profile, findings)).collect()
}

fn chapter(risk: Risk, profile: &Profile, findings: &[Entry]) -> Chapter {
    let covering: Vec<&Entry> =
        findings.iter().filter(|entry| entry.risks.contains(&risk)).collect();
    let named = |is: fn(&Outcome) -> bool| {
        covering
            .iter()
            .filter(|entry| is(&entry.outcome))
            .map(|entry| entry.check.clone())
            .collect()
    };
    let functions = profile.functions.iter().filter(|(_, risks)| risks.contains(&risk));
    Chapter {
        risk,
        title: risk.title().into(),
        functions: functions.map(|(name, _)| name.clone()).collect(),
        open: named(|outcome| matches!(outcome, Outcome::Broken { .. })),
        untried: named(|outcome| matches!(outcome, Outcome::Untried { .. })),
        counts: Counts::of(covering),
    }
}
