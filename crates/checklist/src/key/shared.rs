//! Whether keys are somebody's alone: not shared, not broken, not known, not made of each other.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::WeakKey;
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeMap;

/// How the list of Debian's keys names itself in a finding.
const DEBIAN_CVE: &str = "CVE-2008-0166";

/// One key, one device.
pub(super) const ONE_DEVICE: Check = Check {
    id: "key-one-device",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No two devices have the same key.",
    how: "Takes the SHA-256 of every pinned public key anew and looks for one that comes twice.",
    remedy: "Make a new key in each of these devices and pin it; find out how one key came into two, such as a cloned flash image.",
    anchors: &[isvs("2.4"), en303645("5.4-4"), cra("I.1(2)(d)"), asvs("V11.6"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Liability],
    room: Room::Key,
    judge: one_device,
};

/// A key is one.
pub(super) const SOUND: Check = Check {
    id: "key-sound",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "Every pinned key is what the store says: it parses, lies on its curve, and has its fingerprint.",
    how: "Parses every stored key anew, asks the cryptographic library whether a P-256 point is on the curve, and compares the fingerprint.",
    remedy: "Somebody wrote into the store: verify the audit log, restore a backup, and pin the keys of these devices anew.",
    anchors: &[cra("I.1(2)(f)"), asvs("V11.3"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: sound,
};

/// RSA keys have no known weakness.
pub(super) const STRONG: Check = Check {
    id: "key-rsa-strong",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No pinned RSA key has a weakness by which its private half is found.",
    how: "Tries small factors, a prime modulus, primes close to each other and the fingerprint of the ROCA flaw on every pinned RSA key.",
    remedy: "Make a new key in the device over USB and pin it; until then take the pin away.",
    anchors: &[isvs("2.4"), en303645("5.5-1"), cra("I.1(2)(e)"), asvs("V11.6"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: strong,
};

/// Nor do two share a prime.
pub(super) const APART: Check = Check {
    id: "key-rsa-apart",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No two pinned RSA keys share a prime.",
    how: "Computes the common divisors of all pinned RSA moduli at once, in a tree of products.",
    remedy: "Make new keys in both devices: anybody with the two public keys has both private ones. Look at the random numbers of that batch.",
    anchors: &[isvs("2.4"), cra("I.1(2)(e)"), asvs("V11.5"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: apart,
};

/// Nor is one on Debian's list.
pub(super) const DEBIAN: Check = Check {
    id: "key-rsa-debian",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No pinned RSA key is one of those that Debian's broken random numbers made in 2006 to 2008.",
    how: "Holds every pinned RSA key against the list that [security] weak_keys names.",
    remedy: "Make a new key in the device and pin it. The list is blacklist.RSA-1024 of Debian's package openssl-blacklist.",
    anchors: &[isvs("2.4"), cra("I.1(2)(a)"), asvs("V11.5"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Key,
    judge: debian,
};

fn one_device(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let mut holders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for pin in &keys.pins {
            holders.entry(&pin.fingerprint).or_default().push(&pin.device);
        }
        let shared = holders.into_iter().filter(|(_, devices)| devices.len() > 1);
        let faults = shared.map(|(key, devices)| {
            Fault::new(
                format!("key {key}"),
                format!("is the key of {} devices: {}", devices.len(), devices.join(", ")),
            )
        });
        Verdict::of(faults, format!("{} pinned keys, each of one device", keys.pins.len()))
    })
}

fn sound(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let faults = keys.pins.iter().filter_map(|pin| {
            Some(Fault::new(format!("device {}", pin.device), pin.fault.clone()?))
        });
        Verdict::of(faults, format!("{} pinned keys, all sound", keys.pins.len()))
    })
}

/// Judges RSA keys, where they were looked at.
fn rsa(scene: &Scene, seen: &str, of: impl Fn(&crate::survey::RsaLook) -> Vec<Fault>) -> Verdict {
    scene.key.judge(|keys| match &keys.rsa.untried {
        Some(why) => Verdict::untried(why.as_str()),
        None => Verdict::of(of(&keys.rsa), format!("{} RSA keys, {seen}", keys.rsa.keys)),
    })
}

fn fault(key: &WeakKey) -> Fault {
    Fault::new(format!("device {}", key.device), key.why.clone())
}

fn strong(scene: &Scene) -> Verdict {
    rsa(scene, "none with a known weakness", |rsa| {
        rsa.weak.iter().filter(|key| !key.why.contains(DEBIAN_CVE)).map(fault).collect()
    })
}

fn apart(scene: &Scene) -> Verdict {
    rsa(scene, "none of which shares a prime with another", |rsa| {
        rsa.shared.iter().map(fault).collect()
    })
}

fn debian(scene: &Scene) -> Verdict {
    let no_list = scene.key.found.as_ref().is_ok_and(|keys| !keys.rsa.debian && keys.rsa.keys > 0);
    if no_list {
        return Verdict::untried(
            "there are RSA keys, and no list of Debian's weak keys: name one as [security] weak_keys in config.toml",
        );
    }
    rsa(scene, "none on the list", |rsa| {
        rsa.weak.iter().filter(|key| key.why.contains(DEBIAN_CVE)).map(fault).collect()
    })
}
