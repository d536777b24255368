//! What hired testers reported, and what became of each finding.

use super::plan::{Plan, Retest};
use serde::Serialize;
use std::collections::BTreeMap;

/// All reports of hired testers, and their findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hired {
    /// Who tested, and until which day.
    pub tests: Vec<Test>,
    /// What was found, by report and then by name.
    pub findings: Vec<Found>,
}

/// A test by hired people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Test {
    /// Who tested.
    pub by: String,
    /// The last day of it.
    pub day: String,
    /// SHA-256 of the report, in hex.
    pub sha256: String,
}

/// Something that somebody found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Found {
    /// As its report names it.
    pub id: String,
    /// How bad, by the tester's word.
    pub grade: Grade,
    /// In a line.
    pub title: String,
    /// Where, as the report says; empty where it does not.
    pub place: String,
    /// What became of it.
    pub state: State,
}

/// How bad something is, by a tester's word; a greater one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Told for completeness.
    Note,
    /// Low.
    Low,
    /// Medium; also what no grade is given to.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing yet, or it was still there when it was tried again.
    Open,
    /// It is said to be mended.
    Mended,
    /// It was tried again, and was gone.
    Gone,
}

impl Grade {
    /// What a tester's word means; `None` for a word that nobody knows.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "very high" => Self::Critical,
            "high" | "error" => Self::High,
            "medium" | "moderate" | "warning" => Self::Medium,
            "low" | "minor" => Self::Low,
            "note" | "none" | "info" | "informational" | "information" => Self::Note,
            _ => return None,
        })
    }

    /// What a score of CVSS, 0 to 10, means.
    #[must_use]
    pub fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::Note,
        }
    }

    /// In lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Hired {
    /// Puts down what the profile says of findings that were tried again: the last retest of each counts.
    #[must_use]
    pub fn retested(mut self, plan: &Plan) -> Self {
        let mut last: BTreeMap<&str, &Retest> = BTreeMap::new();
        for retest in &plan.retests {
            let newer = |there: &&Retest| there.day > retest.day;
            if !last.get(retest.finding.as_str()).is_some_and(newer) {
                last.insert(&retest.finding, retest);
            }
        }
        for found in &mut self.findings {
            if let Some(retest) = last.get(found.id.as_str()) {
                found.state = if retest.gone { State::Gone } else { State::Open };
            }
        }
        self.tests.sort();
        self.findings.sort();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, state: State) -> Found {
        Found { id: id.into(), grade: Grade::High, title: "t".into(), place: String::new(), state }
    }

    fn retest(finding: &str, day: &str, gone: bool) -> Retest {
        Retest { finding: finding.into(), day: day.into(), by: "another".into(), gone }
    }

    #[test]
    fn the_last_retest_of_a_finding_counts_whatever_its_place_in_the_file() {
        let plan = Plan {
            retests: vec![retest("A", "2026-06-01", true), retest("A", "2026-05-01", false)],
            ..Plan::default()
        };
        let findings = vec![found("B", State::Mended), found("A", State::Mended)];
        let hired = Hired { tests: Vec::new(), findings }.retested(&plan);
        let states: Vec<_> =
            hired.findings.iter().map(|one| (one.id.as_str(), one.state)).collect();
        assert_eq!(states, [("A", State::Gone), ("B", State::Mended)]);
    }
}
