//! Weak randomness across a fleet, and one device in two places: what a running node sees while its devices come.

use super::Repeats;
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Repeat;
use crate::verdict::{Fault, Verdict};

/// Who moves back and forth so often is two.
const TURNS: u32 = 3;

/// One device is in one place.
pub(super) const ONE_PLACE: Check = Check {
    id: "key-one-place",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No device comes from two places in turn while its session from the other still lives.",
    how: "Asks the running node, which remembers keyed hashes of where each device last came from, for devices that changed back and forth.",
    remedy: "The key is in two devices, or was copied: take the device in, make a new key in it, and pin that. A device between two networks looks the same.",
    anchors: &[isvs("2.4"), en303645("5.4-2"), cra("I.1(2)(d)"), asvs("V11.6"), iso("A.8.16")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: one_place,
};

/// Hellos differ.
pub(super) const RANDOMS: Check = Check {
    id: "key-randoms-differ",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No random number of a device's hello comes twice across the fleet.",
    how: "Asks the running node, which holds the random number of every completed handshake against those of the last thousands.",
    remedy: "The firmware's random numbers are none: seed its generator from hardware, release that, and make new keys in these devices.",
    anchors: &[isvs("2.4"), en303645("5.5-1"), cra("I.1(2)(e)"), asvs("V11.5"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Key,
    judge: randoms,
};

/// Ephemeral keys are ephemeral.
pub(super) const POINTS: Check = Check {
    id: "key-points-differ",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No ephemeral key of a handshake comes twice across the fleet.",
    how: "Asks the running node, which holds the ephemeral point of every completed handshake against those of the last thousands.",
    remedy: "A recorded session can be read once one of these keys is known: mend the firmware's random numbers and make new keys in these devices.",
    anchors: &[isvs("2.4"), cra("I.1(2)(e)"), asvs("V11.5"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Key,
    judge: points,
};

/// Signatures give no key away.
pub(super) const SIGNATURES: Check = Check {
    id: "key-signatures-differ",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No device signs twice with the same secret number, which would give its private key away.",
    how: "Asks the running node, which holds the first half of the signature of every completed handshake against those of the last thousands.",
    remedy: "Take the private keys of these devices for known: make new ones with good random numbers, and pin them.",
    anchors: &[isvs("2.4"), cra("I.1(2)(e)"), asvs("V11.5"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Liability],
    room: Room::Key,
    judge: signatures,
};

fn one_place(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        keys.repeats.judge(|seen| {
            let torn = seen.places.iter().filter(|place| place.turns >= TURNS);
            let faults = torn.map(|place| {
                Fault::new(
                    format!("device {}", place.device),
                    "comes from two places in turn, again and again",
                )
            });
            Verdict::of(faults, "every device came from one place at a time")
        })
    })
}

fn repeats(scene: &Scene, what: &str, of: impl Fn(&Repeats) -> &[Repeat]) -> Verdict {
    scene.key.judge(|keys| {
        keys.repeats.judge(|seen| {
            let faults = of(seen).iter().map(|repeat| match repeat.first == repeat.again {
                true => Fault::new(
                    format!("device {}", repeat.first),
                    format!("brought {what} a second time"),
                ),
                false => Fault::new(
                    format!("devices {} and {}", repeat.first, repeat.again),
                    format!("brought {what} that was the same"),
                ),
            });
            Verdict::of(faults, format!("none came again among the last {}", seen.remembers))
        })
    })
}

fn randoms(scene: &Scene) -> Verdict {
    repeats(scene, "a random number", |seen| &seen.randoms)
}

fn points(scene: &Scene) -> Verdict {
    repeats(scene, "an ephemeral key", |seen| &seen.points)
}

fn signatures(scene: &Scene) -> Verdict {
    repeats(scene, "the first half of a signature", |seen| &seen.signatures)
}
