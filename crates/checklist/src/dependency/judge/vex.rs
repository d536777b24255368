//! What the maker says about vulnerabilities: whether it says why, says it in time, and of what is there.

use super::{days_since, judge};
use crate::anchor::{cra, en303645, iso};
use crate::check::{Check, Item, Severity};
use crate::dependency::facts::{Known, Said};
use crate::dependency::vex::Status;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub static REASONS: Check = Check {
    id: "dependency-vex-reasons",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Each VEX statement says why the product is not affected, or what to do where it is.",
    how: "Reads each statement, and looks for a justification or an explanation with not_affected, and for an action with affected.",
    remedy: "Add the justification, or the action that users are to take: a statement without one settles nothing here.",
    anchors: &[cra("I.2(4)"), en303645("5.2-1")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: reasons,
};

pub static DECIDED: Check = Check {
    id: "dependency-vex-decided",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Somebody decides in time what a known vulnerability means to the product.",
    how: "Looks for statements that a vulnerability is under investigation, or that it affects the product, and how many days ago \
          they were made.",
    remedy: "Decide: mend it, or say with the reason that the product is not affected. Within how many days is decide-days in \
             [dependencies] of pintle-product.toml.",
    anchors: &[cra("I.2(2)"), cra("14"), en303645("5.2-2"), iso("A.8.8")],
    risks: &[Risk::Liability, Risk::CustomerData],
    room: Room::Dependency,
    judge: decided,
};

pub static APPLIES: Check = Check {
    id: "dependency-vex-applies",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Each VEX statement is about a vulnerability that is known, of something that the product has.",
    how: "Holds the ids and package URLs of the statements against the advisories and the components.",
    remedy: "Remove the statement, or correct the id or the package URL in it: one that is about nothing may hide that something \
             is left unanswered.",
    anchors: &[cra("I.2(4)"), iso("A.8.8")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: applies,
};

fn statements(scene: &Scene, with: impl FnOnce(&[Said]) -> Verdict) -> Verdict {
    judge(scene, |found| found.vex.judge(|said| with(said)))
}

fn name(said: &Said) -> String {
    let id =
        said.statement.vulnerability.first().map_or("a statement without an id", String::as_str);
    format!("{id} in {}", said.file)
}

fn reasons(scene: &Scene) -> Verdict {
    statements(scene, |said| {
        let faults = said.iter().filter_map(|one| {
            let statement = &one.statement;
            let bare = statement.justification.is_none() && statement.note.is_empty();
            let detail = match statement.status {
                Status::NotAffected if bare => "it says not affected, and not why",
                Status::Affected if statement.note.is_empty() => {
                    "it says affected, and not what to do"
                }
                _ => return None,
            };
            Some(Fault::new(name(one), detail))
        });
        Verdict::of(faults, format!("{} statements, each with its reason", said.len()))
    })
}

fn decided(scene: &Scene) -> Verdict {
    statements(scene, |said| {
        let most = i64::from(scene.profile.dependencies.decide_days);
        let open = said.iter().filter(|one| {
            matches!(one.statement.status, Status::UnderInvestigation | Status::Affected)
        });
        let faults = open.filter_map(|one| {
            let detail = match days_since(&one.statement.at, scene.now_ms) {
                None => "it is open, and nothing says since when".to_owned(),
                Some(days) if days > most => {
                    format!("it is open since {}, longer than {most} days", one.statement.at)
                }
                Some(_) => return None,
            };
            Some(Fault::new(name(one), detail))
        });
        Verdict::of(faults, format!("{} statements, none of them open for too long", said.len()))
    })
}

fn applies(scene: &Scene) -> Verdict {
    judge(scene, |found| found.vex.judge(|said| found.known.judge(|known| about(said, known))))
}

fn about(said: &[Said], known: &Known) -> Verdict {
    let idle = said.iter().filter(|one| !one.applies);
    let faults = idle.map(|one| {
        let id = one.statement.vulnerability.first();
        let detail = match id.is_some_and(|id| known.unheard.contains(id)) {
            true => "no advisory has this vulnerability",
            false => "nothing that was looked at has this vulnerability",
        };
        Fault::new(name(one), detail)
    });
    Verdict::of(faults, format!("{} statements, each about something that is there", said.len()))
}
