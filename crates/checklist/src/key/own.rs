//! The cloud's own keys for devices.

use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::OwnKey;
use crate::verdict::{Fault, Verdict};

/// What the cloud is known by is sound, and its own.
pub(super) const SOUND: Check = Check {
    id: "key-own-sound",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "The cloud's own keys are long enough, have no known weakness, and are no device's.",
    how: "Parses the cloud's public keys for devices, tries the known weaknesses on them, and looks for them among the pinned keys.",
    remedy: "Make a new data folder with `pintle init`, and give the devices its key with their next firmware; a key that is known cannot be mended.",
    anchors: &[isvs("4.1"), cra("I.1(2)(e)"), asvs("V11.6"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Reputation],
    room: Room::Key,
    judge: sound,
};

/// The fewest bits of a kind.
fn fewest(kind: &str) -> u32 {
    if kind == "rsa" { 2048 } else { 256 }
}

fn sound(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        if keys.own.is_empty() {
            return Verdict::untried("the node tells of no key of its own");
        }
        let fault = |key: &OwnKey| {
            let pinned = keys.pins.iter().find(|pin| pin.fingerprint == key.fingerprint);
            match (&key.fault, pinned) {
                (Some(why), _) => Some(why.clone()),
                (None, _) if key.bits < fewest(&key.kind) => {
                    Some(format!("has only {} bits", key.bits))
                }
                (None, Some(pin)) => Some(format!("is pinned as the key of device {}", pin.device)),
                (None, None) => None,
            }
        };
        let faults = keys.own.iter().filter_map(|key| {
            Some(Fault::new(format!("the cloud's {} key", key.name), fault(key)?))
        });
        Verdict::of(faults, format!("{} keys of the cloud, all sound", keys.own.len()))
    })
}
