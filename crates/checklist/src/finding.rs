//! What came of a check in a run.

use crate::check::{Check, Severity};
use crate::profile::Acceptance;
use crate::scene::Scene;
use crate::verdict::{Fault, Verdict};
use serde::{Deserialize, Serialize};

/// What came of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's id.
    pub check: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What can come of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum Outcome {
    /// It was tried and holds.
    Holds {
        /// What was seen.
        seen: String,
    },
    /// It was tried and does not hold.
    Broken {
        /// What is wrong and nobody accepted.
        faults: Vec<Fault>,
        /// What is wrong and accepted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accepted: Vec<Accepted>,
    },
    /// It could not be tried.
    Untried {
        /// Why.
        why: String,
    },
    /// All that is wrong was accepted by somebody, until some day.
    Accepted {
        /// What is wrong.
        accepted: Vec<Accepted>,
    },
}

/// A fault that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What is wrong.
    pub fault: Fault,
    /// Who accepted it, until when, why.
    pub by: Acceptance,
}

impl Finding {
    /// Has a check judge a scene, and sets what the profile accepts apart. What was accepted until a day that is past is
    /// broken again.
    #[must_use]
    pub fn of(check: &Check, scene: &Scene) -> Self {
        let outcome = match (check.judge)(scene) {
            Verdict::Holds { seen } => Outcome::Holds { seen },
            Verdict::Untried { why } => Outcome::Untried { why },
            Verdict::Broken { faults } => sort_out(check, faults, scene),
        };
        Self { check: check.id.into(), outcome }
    }

    /// How bad it is: that of its check where it is broken.
    #[must_use]
    pub fn severity(&self, check: &Check) -> Option<Severity> {
        matches!(self.outcome, Outcome::Broken { .. }).then_some(check.severity)
    }
}

fn sort_out(check: &Check, faults: Vec<Fault>, scene: &Scene) -> Outcome {
    let (mut open, mut accepted) = (Vec::new(), Vec::new());
    for fault in faults {
        match scene.profile.acceptance(check.id, &fault.subject, scene.now_ms) {
            Some(by) => accepted.push(Accepted { fault, by: by.clone() }),
            None => open.push(fault),
        }
    }
    if open.is_empty() {
        Outcome::Accepted { accepted }
    } else {
        Outcome::Broken { faults: open, accepted }
    }
}
