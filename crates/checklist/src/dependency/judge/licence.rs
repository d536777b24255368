//! Under which licences the product may ship what others wrote.

use super::judge;
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

const UNKNOWN: &str = "of no component is the licence known: run it where the project is built, where its sources are";

/// What ships of parts in which any licence is known: a lock file of Cargo alone has none.
fn licensed(found: &Dependencies) -> Vec<(&Part, &Component)> {
    let kinds = [PartKind::Cargo, PartKind::Npm, PartKind::Sbom];
    let parts = found.parts.iter().filter(|part| kinds.contains(&part.kind));
    let told = parts.filter(|part| part.bom.components.iter().any(|one| one.licence.is_some()));
    told.flat_map(|part| part.bom.components.iter().map(move |one| (part, one)))
        .filter(|(_, one)| one.scope == Scope::Ships)
        .collect()
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
        let licensed = licensed(found);
        if licensed.is_empty() {
            return Verdict::untried(UNKNOWN);
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
        Verdict::of(
            faults,
            format!("{} components, all under licences that are allowed", licensed.len()),
        )
    })
}

fn known(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let licensed = licensed(found);
        if licensed.is_empty() {
            return Verdict::untried(UNKNOWN);
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
        Verdict::of(faults, format!("{} components, each with a licence", licensed.len()))
    })
}
