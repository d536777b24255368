//! Where components come from, whether they are what they were, and what they run on the way in.

use super::{NO_PROJECT, judge, projects};
use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::dependency::component::{Component, Origin};
use crate::dependency::facts::{Dependencies, Part, PartKind};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub static CHECKSUMS: Check = Check {
    id: "dependency-checksums",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Of everything that is downloaded to build the product, the hash is known beforehand.",
    how: "Looks in each lock file for the hash of every component that does not lie in the project itself.",
    remedy: "Write the lock file anew with a current tool, and replace what has no hash (a git repository, a bare address) by a \
             release from a registry.",
    anchors: &[isvs("1.2.2"), cra("I.1(2)(f)"), asvs("V15.2"), iso("A.5.21")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Dependency,
    judge: checksums,
};

pub static SOURCES: Check = Check {
    id: "dependency-sources",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Components come from the registries, and from places that the profile allows.",
    how: "Reads from each lock file where every component is fetched from.",
    remedy: "Take the component from its registry, or name the beginning of the address under sources in [dependencies] of \
             pintle-product.toml when somebody vouches for it.",
    anchors: &[isvs("1.2.2"), asvs("V15.2"), iso("A.5.21")],
    risks: &[Risk::CustomerData, Risk::Liability],
    room: Room::Dependency,
    judge: sources,
};

pub static INSTALL_SCRIPTS: Check = Check {
    id: "dependency-install-scripts",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "No package runs a program of its own while it is installed, unless the profile allows it.",
    how: "Looks in each npm lock file for packages that have an install script.",
    remedy: "Install with --ignore-scripts, or read what the script does and name the package under install-scripts in \
             [dependencies] of pintle-product.toml: a package that was taken over runs there first.",
    anchors: &[isvs("1.2.2"), asvs("V15.2"), iso("A.8.19")],
    risks: &[Risk::CorporateData, Risk::CustomerData],
    room: Room::Dependency,
    judge: install_scripts,
};

/// What is downloaded for the projects.
fn downloaded(found: &Dependencies) -> impl Iterator<Item = (&Part, &Component)> {
    let all =
        projects(found).flat_map(|part| part.bom.components.iter().map(move |one| (part, one)));
    all.filter(|(_, one)| one.origin != Origin::Folder)
}

fn checksums(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        if projects(found).next().is_none() {
            return Verdict::untried(NO_PROJECT);
        }
        let bare = downloaded(found).filter(|(_, one)| one.hash.is_none());
        let faults = bare
            .map(|(part, one)| Fault::new(one.title(), format!("{} has no hash of it", part.of)));
        let count = downloaded(found).count();
        Verdict::of(faults, format!("{count} components, each with its hash"))
    })
}

fn sources(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        if projects(found).next().is_none() {
            return Verdict::untried(NO_PROJECT);
        }
        let allowed = &scene.profile.dependencies.sources;
        let faults = downloaded(found).filter_map(|(part, one)| {
            let (Origin::Git(address) | Origin::Address(address)) = &one.origin else {
                return None;
            };
            let vouched = allowed.iter().any(|start| address.starts_with(start.as_str()));
            let told = || Fault::new(one.title(), format!("{} takes it from {address}", part.of));
            (!vouched).then(told)
        });
        let count = downloaded(found).count();
        Verdict::of(faults, format!("{count} components, all from where they may come from"))
    })
}

fn install_scripts(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let mut parts = found.parts.iter().filter(|part| part.kind == PartKind::Npm).peekable();
        if parts.peek().is_none() {
            return Verdict::untried("no npm project: name its folder with --project");
        }
        let allowed = &scene.profile.dependencies.install_scripts;
        let mut count = 0;
        let mut faults = Vec::new();
        for part in parts {
            count += part.bom.components.len();
            let run = part.bom.components.iter().filter(|one| one.runs_at_install);
            for one in run.filter(|one| !allowed.contains(&one.name)) {
                let detail = format!("it runs a script while {} is installed", part.of);
                faults.push(Fault::new(&one.name, detail));
            }
        }
        Verdict::of(faults, format!("{count} packages, none with a script that nobody allowed"))
    })
}
