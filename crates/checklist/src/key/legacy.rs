//! Keys that are there though they should be fewer every year: RSA-1024, and keys that nobody but their device vouched for.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// Devices of the TCP service have keys that a state can break.
pub(super) const LEGACY: Check = Check {
    id: "key-no-legacy",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "No device proves itself with RSA-1024.",
    how: "Counts the kinds of all pinned keys.",
    remedy: "Move these devices to hardware that speaks DTLS; until then keep them on a network of their own, and accept this finding with a date.",
    anchors: &[isvs("2.4"), en303645("5.5-3"), cra("I.1(2)(e)"), asvs("V11.2"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::Liability],
    room: Room::Key,
    judge: legacy,
};

/// Keys came from a factory or an operator.
pub(super) const ENROLLED: Check = Check {
    id: "key-vouched-for",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Somebody vouched for every pinned key: an operator, an owner or a batch, not the device alone.",
    how: "Reads from the survey who set each pin, and looks for those that were set by enrolment on first use.",
    remedy: "Read the key out over USB, compare it, and pin it again with `pintle pin set`; enrolment believes whoever comes first.",
    anchors: &[isvs("2.4"), en303645("5.4-1"), cra("I.1(2)(d)"), iso("A.5.16")],
    risks: &[Risk::PhysicalDamage, Risk::Liability],
    room: Room::Key,
    judge: enrolled,
};

fn legacy(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let old = keys.pins.iter().filter(|pin| pin.kind == "rsa1024");
        let faults = old.map(|pin| {
            Fault::new(
                format!("device {}", pin.device),
                "proves itself with an RSA key of 1024 bits",
            )
        });
        Verdict::of(faults, format!("{} pinned keys, none of RSA-1024", keys.pins.len()))
    })
}

fn enrolled(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let own = keys.pins.iter().filter(|pin| pin.by == "enrolment");
        let faults = own.map(|pin| {
            Fault::new(
                format!("device {}", pin.device),
                "was pinned with the key that it came with",
            )
        });
        Verdict::of(faults, format!("{} pinned keys, each vouched for", keys.pins.len()))
    })
}
