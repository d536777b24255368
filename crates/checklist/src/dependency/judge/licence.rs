//! Under which licences the product may ship what others wrote.

use super::{NO_PROJECT, judge};
use crate::anchor::{cra, iso};
use crate::check::{Check, Item, Severity};
use crate::dependency::component::{Component, Scope};
use crate::dependency::facts::{Dependencies, Part, PartKind};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use spdx::{Expression, Licensee, ParseMode};

pub static ALLOWED: Check = Check {
    id: "dependency-licences-allowed",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Everything that ships is under a licence that the profile allows.",
    how: "Reads the licence of each component that ships as an SPDX expression, and asks whether the allowed ones suffice for it. \
          Packages of the operating system are left to its distributor.",
    remedy: "Replace the component, or have somebody who may decide it add the licence to licences in [dependencies] of \
             pintle-product.toml.",
    anchors: &[iso("A.5.32"), cra("I.2(1)")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: allowed,
};

pub static KNOWN: Check = Check {
    id: "dependency-licences-known",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Of everything that ships the licence is known, in SPDX's terms.",
    how: "Reads the licence of each component that ships from its manifest, the lock file or the SBOM.",
    remedy: "Ask whoever publishes the component for a licence in its manifest, or say in an SBOM which one it is.",
    anchors: &[iso("A.5.32"), cra("I.2(1)")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: known,
};

/// What ships, of what somebody builds or got an SBOM with; a crate without its source says nothing of its licence, and is
/// counted apart.
fn licensed(found: &Dependencies) -> (Vec<(&Part, &Component)>, usize) {
    let kinds = [PartKind::Cargo, PartKind::Npm, PartKind::Sbom];
    let parts = found.parts.iter().filter(|part| kinds.contains(&part.kind));
    let all = parts.flat_map(|part| part.bom.components.iter().map(move |one| (part, one)));
    let told = all.filter(|(part, one)| part.sourceless == 0 || one.licence.is_some());
    let sourceless = found.parts.iter().map(|part| part.sourceless).sum();
    (told.filter(|(_, one)| one.scope == Scope::Ships).collect(), sourceless)
}

/// Broken by the faults; without one it holds only where every licence could be read.
fn of(faults: Vec<Fault>, sourceless: usize, seen: String) -> Verdict {
    if faults.is_empty() && sourceless > 0 {
        return Verdict::untried(format!(
            "the sources of {sourceless} crates are not at hand, and with them their licences: run cargo fetch in the project"
        ));
    }
    Verdict::of(faults, seen)
}

fn read(licence: &str) -> Option<Expression> {
    // Old manifests write a slash for "or", and names that nearly are identifiers.
    Expression::parse_mode(licence, ParseMode::LAX).ok()
}

fn allowed(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let allowed = &scene.profile.dependencies.licences;
        if allowed.is_empty() {
            return Verdict::untried(
                "which licences are allowed is not said: list them under licences in [dependencies] of pintle-product.toml",
            );
        }
        let (licensed, sourceless) = licensed(found);
        if licensed.is_empty() && sourceless == 0 {
            return Verdict::untried(NO_PROJECT);
        }
        let allowed: Vec<Licensee> =
            allowed.iter().filter_map(|one| Licensee::parse(one).ok()).collect();
        let suffices = |expression: &Expression| {
            expression.evaluate(|wanted| allowed.iter().any(|one| one.satisfies(wanted)))
        };
        let faults = licensed.iter().filter_map(|(part, one)| {
            let licence = one.licence.as_deref()?;
            let told = || Fault::new(one.title(), format!("{} ships it, under {licence}", part.of));
            (!suffices(&read(licence)?)).then(told)
        });
        let seen = format!("{} components, all under licences that are allowed", licensed.len());
        of(faults.collect(), sourceless, seen)
    })
}

fn known(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let (licensed, sourceless) = licensed(found);
        if licensed.is_empty() && sourceless == 0 {
            return Verdict::untried(NO_PROJECT);
        }
        let faults = licensed.iter().filter_map(|(part, one)| {
            let detail = match one.licence.as_deref() {
                None => format!("{} ships it, and nothing says under which licence", part.of),
                Some(text) if read(text).is_none() => {
                    format!(
                        "{} ships it under {text:?}, which is no licence that SPDX knows",
                        part.of
                    )
                }
                Some(_) => return None,
            };
            Some(Fault::new(one.title(), detail))
        });
        let seen = format!("{} components, each with a licence", licensed.len());
        of(faults.collect(), sourceless, seen)
    })
}
