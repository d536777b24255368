//! What is claimed of updates.

mod by_cloud;
mod by_device;
mod fleet;

use super::Trials;
use crate::anchor::{Anchor, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use pintle_attack::Outcome;

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &by_device::SOUND,
    &by_device::UNSIGNED,
    &by_device::REVIEWS,
    &by_device::KEYRING,
    &by_device::DAMAGED,
    &by_device::BOARD,
    &by_device::PRODUCT,
    &by_device::ROLLBACK,
    &by_device::STATEMENT,
    &by_device::ENDED,
    &by_device::TOO_LONG,
    &by_device::POWER,
    &by_device::RESUMED,
    &by_device::UNWELL,
    &by_device::REJECTED,
    &by_cloud::SOUND,
    &by_cloud::COUNTED,
    &by_cloud::DAMAGED,
    &by_cloud::ELSEWHERE,
    &by_cloud::UNSIGNED,
    &by_cloud::REVIEWS,
    &by_cloud::NEVER_RUN,
    &by_cloud::ROLLBACK,
    &by_cloud::UNWELL,
    &fleet::CURRENT,
    &fleet::FELL_BACK,
    &fleet::SILENT,
];

/// What asks that updates be authentic.
const AUTHENTIC: &[Anchor] = &[
    isvs("3.4.1"),
    en303645("5.3-9"),
    en303645("5.3-10"),
    cra("I.1(2)(f)"),
    nistir("software update"),
    iso("A.8.32"),
];
/// What asks for updates that reach devices.
const REACHING: &[Anchor] = &[
    isvs("3.4.2"),
    en303645("5.3-2"),
    cra("I.1(2)(c)"),
    cra("I.2(7)"),
    nistir("software update"),
    iso("A.8.8"),
];
/// What asks that nothing old come back.
const NEWER: &[Anchor] = &[isvs("3.4.5"), en303645("5.3-7"), cra("I.1(2)(c)"), iso("A.8.32")];
/// What asks that a device go on working.
const WORKING: &[Anchor] =
    &[isvs("3.4.3"), en303645("5.9-1"), en303645("5.9-2"), cra("I.1(2)(h)"), iso("A.8.14")];

const TAKEN_OVER: &[Risk] = &[Risk::PhysicalDamage, Risk::CustomerData, Risk::Liability];
const STANDING_STILL: &[Risk] = &[Risk::Downtime, Risk::Reputation];

/// A check of this room; its texts are still to be said.
const fn check(id: &'static str, severity: Severity, judge: fn(&Scene) -> Verdict) -> Check {
    Check {
        id,
        item: Item::UpdateMechanism,
        severity,
        claim: "",
        how: "",
        remedy: "",
        anchors: AUTHENTIC,
        risks: TAKEN_OVER,
        room: Room::Update,
        judge,
    }
}

/// Judges by these trials of a virtual device: all of them have to have been tried, and have to have held.
fn by_device(scene: &Scene, names: &[&str]) -> Verdict {
    scene.update.judge(|found| found.device.judge(|trials| of(trials, names)))
}

/// The same, of the twin.
fn by_cloud(scene: &Scene, names: &[&str]) -> Verdict {
    scene.update.judge(|found| found.cloud.judge(|trials| of(trials, names)))
}

fn of(trials: &Trials, names: &[&str]) -> Verdict {
    let (mut faults, mut held, mut untried) = (Vec::new(), Vec::new(), None);
    for name in names {
        match trials.get(*name) {
            Some(Outcome::Held { seen }) => held.push(seen.as_str()),
            Some(Outcome::Broke { seen }) => faults.push(Fault::new(*name, seen)),
            Some(Outcome::Untried { why }) => untried = untried.or(Some(format!("{name}: {why}"))),
            None => untried = untried.or(Some(format!("{name} was not among the trials"))),
        }
    }
    match untried {
        Some(why) if faults.is_empty() => Verdict::untried(why),
        _ => {
            held.dedup();
            Verdict::of(faults, held.join("; "))
        }
    }
}
