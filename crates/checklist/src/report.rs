//! The report: what came of each check, counted, with what was seen. It stands on its own: who reads one later needs no
//! table of the checks of its day.
//!
//! This is the JSON that `docs/checklist.schema.json` describes; the page, SARIF and JUnit are made of it.

use crate::check::{Check, Item, Severity};
use crate::finding::{Finding, Outcome};
use crate::registry::checks;
use crate::risk::Risk;
use crate::run::Aim;
use crate::scene::Scene;
use serde::{Deserialize, Serialize};

mod counts;
mod evidence;
pub mod json;
pub mod junit;
pub mod page;
mod risks;
pub mod sarif;
mod times;

pub use counts::Counts;
pub use evidence::Evidence;
pub(crate) use evidence::hex;
pub use risks::Chapter;
pub use times::Times;

/// What a report says of its own form. A report that says otherwise is not read.
pub const FORMAT: &str = "pintle-checklist-report/1";

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// What made it: `pintle 0.1.0`.
    pub program: String,
    /// The product's name, by its own account.
    pub product: String,
    /// What the run was about.
    pub target: Aim,
    /// When, and how long: all that differs between two runs on the same thing.
    pub times: Times,
    /// All checks together.
    pub total: Counts,
    /// Each item of the checklist.
    pub items: Vec<ItemCounts>,
    /// Each check, in the checklist's order.
    pub findings: Vec<Entry>,
    /// The six risks.
    pub risks: Vec<Chapter>,
    /// What was seen: files beside the report.
    pub evidence: Vec<Evidence>,
    /// Lines of the profile that nobody has confirmed yet.
    pub please_confirm: Vec<String>,
}

/// An item of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemCounts {
    /// From 1 to 9.
    pub number: u8,
    /// Its name in JSON.
    pub item: Item,
    /// As a heading.
    pub title: String,
    /// Its checks.
    pub counts: Counts,
}

/// A check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The check's id.
    pub check: String,
    /// The item that it belongs to.
    pub item: Item,
    /// How bad a break of it is.
    pub severity: Severity,
    /// What holds where it holds.
    pub claim: String,
    /// How it was tried.
    pub how: String,
    /// What to do where it is broken.
    pub remedy: String,
    /// What asks for it.
    pub anchors: Vec<Mapped>,
    /// The risks that it keeps down.
    pub risks: Vec<Risk>,
    /// The file with what was seen.
    pub evidence: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// A place in a standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// The standard's name.
    pub standard: String,
    /// Its own name for the place.
    pub id: String,
}

impl Report {
    /// Has all checks judge a scene.
    #[must_use]
    pub fn of(scene: &Scene, target: Aim, evidence: &[Evidence], times: Times) -> Self {
        let findings: Vec<Entry> = checks().map(|check| Entry::of(check, scene)).collect();
        Self {
            format: FORMAT.into(),
            program: format!("pintle {}", env!("CARGO_PKG_VERSION")),
            product: scene.profile.name.clone(),
            target,
            times,
            total: Counts::of(&findings),
            items: Item::ALL.into_iter().map(|item| ItemCounts::of(item, &findings)).collect(),
            risks: risks::chapters(&scene.profile, &findings),
            findings,
            evidence: evidence.to_vec(),
            please_confirm: scene.profile.please_confirm.clone(),
        }
    }

    /// What is broken and not accepted, worst first.
    #[must_use]
    pub fn broken(&self) -> Vec<&Entry> {
        let mut broken: Vec<&Entry> =
            self.findings.iter().filter(|entry| entry.is_broken()).collect();
        broken.sort_by_key(|entry| std::cmp::Reverse(entry.severity));
        broken
    }

    /// The exit code of the run: 0 where nothing is broken.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.total.worst.map_or(0, Severity::exit_code)
    }
}

impl Entry {
    fn of(check: &Check, scene: &Scene) -> Self {
        let anchor = |anchor: &crate::Anchor| Mapped {
            standard: anchor.standard.title().into(),
            id: anchor.id.into(),
        };
        Self {
            check: check.id.into(),
            item: check.item,
            severity: check.severity,
            claim: check.claim.into(),
            how: check.how.into(),
            remedy: check.remedy.into(),
            anchors: check.anchors.iter().map(anchor).collect(),
            risks: check.risks.to_vec(),
            evidence: evidence::path(check.room),
            outcome: Finding::of(check, scene).outcome,
        }
    }

    /// Whether something is wrong that nobody accepted.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self.outcome, Outcome::Broken { .. })
    }
}

impl ItemCounts {
    fn of(item: Item, findings: &[Entry]) -> Self {
        let counts = Counts::of(findings.iter().filter(|entry| entry.item == item));
        Self { number: item.number(), item, title: item.title().into(), counts }
    }
}
