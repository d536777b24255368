//! Whether it is said what the product is made of, and whether that can be read.

use super::{NO_PROJECT, judge, projects};
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

pub static READABLE: Check = Check {
    id: "dependency-readable",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Every file that says what the product is made of, or what is known against it, can be read.",
    how: "Reads the lock files, the packages of the system, firmware modules, SBOMs, VEX statements and advisories that the \
          run was given, and notes each that is not what its name says.",
    remedy: "Write the file anew with the tool that made it, or leave it out of the run; what cannot be read is held against \
             no advisory.",
    anchors: &[isvs("1.2.1"), cra("I.2(1)"), asvs("V15.2")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: readable,
};

pub static LOCKED: Check = Check {
    id: "dependency-locked",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Each project says in a lock file which versions it is made of.",
    how: "Looks in each project for manifests that ask for packages, and for a lock file beside each or above it.",
    remedy: "Make the lock file (cargo generate-lockfile, npm install --package-lock-only) and keep it with the source: \
             without it two builds of the same source are not the same product.",
    anchors: &[isvs("1.2.2"), cra("I.2(1)"), iso("A.5.21")],
    risks: &[Risk::Liability, Risk::Reputation],
    room: Room::Dependency,
    judge: locked,
};

pub static IN_STEP: Check = Check {
    id: "dependency-lock-in-step",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Each lock file has all that the manifests beside it ask for.",
    how: "Compares the names that manifests ask for with those that the lock file has.",
    remedy: "Bring the lock file up to date and build with it alone (cargo build --locked, npm ci), so that nothing is chosen \
             on the day of the build.",
    anchors: &[isvs("1.2.2"), en303645("5.7-1"), asvs("V15.2")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: in_step,
};

fn readable(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let known = found.known.found.as_ref();
        let advisories = known.map(|known| known.unreadable.as_slice()).unwrap_or_default();
        let faults = found.unread.iter().chain(advisories).map(|text| {
            let (file, why) = text.split_once(": ").unwrap_or((text, "it cannot be read"));
            Fault::new(file, why)
        });
        let parts = found.parts.len();
        Verdict::of(faults, format!("{parts} things say what they are made of, and all were read"))
    })
}

fn locked(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let count = projects(found).count();
        if count == 0 && found.unlocked.is_empty() {
            return Verdict::untried(NO_PROJECT);
        }
        let faults = found.unlocked.iter().map(|text| {
            let (manifest, _) = text.split_once(": ").unwrap_or((text, ""));
            Fault::new(
                manifest,
                "it asks for packages, and no lock file says which versions it gets",
            )
        });
        Verdict::of(faults, format!("{count} lock files, and no project without one"))
    })
}

fn in_step(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        let count = projects(found).count();
        if count == 0 {
            return Verdict::untried(NO_PROJECT);
        }
        let faults = projects(found).flat_map(|part| {
            let fault = |missing: &String| {
                Fault::new(&part.of, format!("{missing}, which the lock file does not have"))
            };
            part.missing.iter().map(fault)
        });
        Verdict::of(faults, format!("{count} lock files have all that is asked for"))
    })
}
