//! What else is said of components: unsound, left alone, taken back; and how old what is said is.

use super::known::{is_reached, judged};
use super::{days_since, judge};
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::dependency::advisory::Kind;
use crate::dependency::component::Ecosystem;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// Nobody else says that something is unsound, or that nobody looks after it.
const RUST: [Ecosystem; 1] = [Ecosystem::Cargo];

pub static UNSOUND: Check = Check {
    id: "dependency-unsound",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "Nothing that the product reaches can have its memory broken by code that is safe by its looks.",
    how: "Holds the version of every component against the advisories that call one unsound.",
    remedy: "Take a version in which it is mended, or another component; until then keep away from the functions that the \
             advisory names.",
    anchors: &[isvs("1.2.1"), cra("I.1(2)(a)"), asvs("V15.2"), iso("A.8.8")],
    risks: &[Risk::CustomerData, Risk::Downtime],
    room: Room::Dependency,
    judge: |scene| judged(scene, &RUST, |one| one.kind == Kind::Unsound && is_reached(one)),
};

pub static UNMAINTAINED: Check = Check {
    id: "dependency-unmaintained",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Somebody looks after every component.",
    how: "Holds every component against the advisories that say that nobody does, or that give notice of something else.",
    remedy: "Replace the component by one that somebody looks after, or become that somebody: the next vulnerability in it will \
             not be mended by others.",
    anchors: &[isvs("1.2.1"), en303645("5.3-2"), cra("I.2(2)"), asvs("V15.2"), iso("A.8.8")],
    risks: &[Risk::Liability, Risk::Downtime],
    room: Room::Dependency,
    judge: |scene| {
        judged(scene, &RUST, |one| matches!(one.kind, Kind::Unmaintained | Kind::Notice))
    },
};

pub static YANKED: Check = Check {
    id: "dependency-yanked",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "No component was taken back by whoever published it.",
    how: "Looks every crate up in the index of crates.io that the build left on this machine. Nothing is fetched.",
    remedy: "Move to a version that was not taken back (cargo update -p NAME), and read why it was.",
    anchors: &[isvs("1.2.1"), asvs("V15.2"), iso("A.5.21")],
    risks: &[Risk::Downtime, Risk::Liability],
    room: Room::Dependency,
    judge: yanked,
};

pub static RECENT: Check = Check {
    id: "dependency-advisories-recent",
    item: Item::Dependencies,
    severity: Severity::Medium,
    claim: "The advisories that components are held against are recent.",
    how: "Takes the day of the newest advisory of each ecosystem, and how many days ago that was.",
    remedy: "Fetch the advisories anew and bring them to where the run is; what was found since they were written is not known \
             here. How many days are too many is advisories-days in [dependencies] of pintle-product.toml.",
    anchors: &[isvs("1.2.1"), en303645("5.2-3"), cra("I.2(2)"), cra("14"), iso("A.5.7")],
    risks: &[Risk::Liability, Risk::CustomerData],
    room: Room::Dependency,
    judge: recent,
};

fn yanked(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.yanked.judge(|yanked| {
            let faults = yanked.yanked.iter().map(|(component, part)| {
                Fault::new(component, format!("it was taken back, and {part} has it"))
            });
            let faults: Vec<Fault> = faults.collect();
            if faults.is_empty() && yanked.unknown > 0 {
                return Verdict::untried(format!(
                    "the index of crates.io on this machine knows {} of the crates and not {} more: run cargo fetch in the project",
                    yanked.known, yanked.unknown
                ));
            }
            Verdict::of(faults, format!("{} crates looked up", yanked.known))
        })
    })
}

fn recent(scene: &Scene) -> Verdict {
    judge(scene, |found| {
        found.known.judge(|known| {
            let most = i64::from(scene.profile.dependencies.advisories_days);
            let faults = known.coverage.iter().filter_map(|(ecosystem, coverage)| {
                let subject = format!("advisories for {}", ecosystem.title());
                match days_since(&coverage.newest, scene.now_ms) {
                    None => Some(Fault::new(subject, "none of them says when it was published")),
                    Some(days) if days > most => {
                        let newest = &coverage.newest;
                        let detail =
                            format!("the newest is of {newest}, more than {most} days ago");
                        Some(Fault::new(subject, detail))
                    }
                    Some(_) => None,
                }
            });
            let newest = known.coverage.values().map(|coverage| coverage.newest.as_str());
            let newest: Vec<&str> = newest.collect();
            Verdict::of(faults, format!("the newest are of {}", newest.join(", ")))
        })
    })
}
