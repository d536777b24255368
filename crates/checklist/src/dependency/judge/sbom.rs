//! SBOMs that were handed along: whether they say enough, and whether they are of what is there.

use super::judge;
use crate::anchor::{asvs, cra, isvs};
use crate::check::{Check, Item, Severity};
use crate::dependency::component::{Bom, Component, Ecosystem, Scope};
use crate::dependency::facts::{Dependencies, HandedSbom, PartKind};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

pub static COMPLETE: Check = Check {
    id: "dependency-sbom-complete",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Each SBOM names its components so that advisories can be held against them: name, version, package URL.",
    how: "Reads each SBOM that was handed along and looks for components that lack one of the three.",
    remedy: "Ask whoever wrote the SBOM for one with all three, or write one with pintle checklist sbom.",
    anchors: &[isvs("1.2.1"), cra("I.2(1)"), asvs("V15.2")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: complete,
};

pub static CURRENT: Check = Check {
    id: "dependency-sbom-current",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "The SBOM that goes out with the product is of the product as it is.",
    how: "Compares each SBOM with the project, system or module of the same name: what ships and is not in it, what is in it and \
          is not there.",
    remedy: "Write it anew with each release (pintle checklist sbom), in the same step that builds it.",
    anchors: &[isvs("1.2.1"), cra("I.2(1)"), asvs("V15.2")],
    risks: &[Risk::Liability, Risk::Reputation],
    room: Room::Dependency,
    judge: current,
};

fn complete(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.sboms.judge(|sboms| {
            let components =
                sboms.iter().flat_map(|one| one.bom.components.iter().map(move |part| (one, part)));
            let faults = components
                .filter_map(|(sbom, part)| lacks(part).map(|lacks| fault(sbom, part, lacks)));
            let count: usize = sboms.iter().map(|one| one.bom.components.len()).sum();
            Verdict::of(
                faults,
                format!("{count} components, each with name, version and package URL"),
            )
        })
    })
}

fn lacks(component: &Component) -> Option<&'static str> {
    if component.name.is_empty() {
        return Some("a name");
    }
    if component.version.is_empty() {
        return Some("a version");
    }
    component.purl.is_empty().then_some("a package URL")
}

fn fault(sbom: &HandedSbom, component: &Component, lacks: &str) -> Fault {
    Fault::new(&sbom.file, format!("{:?} in it has not {lacks}", component.title()))
}

fn current(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.sboms.judge(|sboms| {
            let pairs: Vec<(&HandedSbom, &Bom)> =
                sboms.iter().filter_map(|one| Some((one, counterpart(found, one)?))).collect();
            if pairs.is_empty() {
                return Verdict::untried(
                    "no SBOM is of anything that was looked at: name the project, root or module of the same name as well",
                );
            }
            let faults = pairs.iter().flat_map(|(sbom, bom)| differences(sbom, bom));
            Verdict::of(faults, format!("{} SBOMs are of what is there", pairs.len()))
        })
    })
}

fn counterpart<'a>(found: &'a Dependencies, sbom: &HandedSbom) -> Option<&'a Bom> {
    let real = found.parts.iter().filter(|part| part.kind != PartKind::Sbom);
    real.map(|part| &part.bom).find(|bom| bom.subject == sbom.bom.subject)
}

fn differences(sbom: &HandedSbom, bom: &Bom) -> Vec<Fault> {
    let name = |one: &Component| (one.ecosystem, one.title());
    let has: BTreeSet<_> = sbom.bom.components.iter().map(name).collect();
    let is: BTreeSet<_> = bom.components.iter().map(name).collect();
    let ships = bom.components.iter().filter(|one| one.scope == Scope::Ships).map(name);
    let missing = ships.filter(|one| !has.contains(one));
    let missing =
        missing.map(|(_, one)| Fault::new(&sbom.file, format!("{one} ships and is not in it")));
    let extra = has.difference(&is).filter(|(ecosystem, _)| *ecosystem != Ecosystem::Other);
    let extra =
        extra.map(|(_, one)| Fault::new(&sbom.file, format!("{one} is in it and not there")));
    missing.chain(extra).collect()
}
