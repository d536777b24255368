//! A key's life: how old it grew, and that one which was replaced does not come back.

use super::DAY_MS;
use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Entry;
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeMap;

/// Ten years: the life of a device in a building.
const OLDEST_DAYS: u32 = 3_650;

/// No key is used for ever.
pub(super) const AGE: Check = Check {
    id: "key-age",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "No device's key has been pinned for longer than the product's policy says.",
    how: "Compares when each key was pinned with oldest-days in [keys] of the profile, or ten years.",
    remedy: "Make a new key in the device and pin it, at its next service.",
    anchors: &[isvs("2.4"), asvs("V11.1"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Key,
    judge: age,
};

/// A key that was replaced was replaced for a reason.
pub(super) const STAY_OUT: Check = Check {
    id: "key-replaced-stays-out",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No key that was replaced is pinned again, for the same device or another.",
    how: "Walks the history of every device whose key was replaced, and looks for its earlier keys among the pins of today.",
    remedy: "Make a new key in the device and pin that: whoever the old one was taken from can use it again.",
    anchors: &[isvs("2.4"), cra("I.1(2)(d)"), asvs("V11.1"), iso("A.5.18")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: stays_out,
};

fn age(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let days = scene.profile.keys.oldest_days.unwrap_or(OLDEST_DAYS);
        let most = u64::from(days) * DAY_MS;
        let old = keys.pins.iter().filter(|pin| {
            scene.now_ms.saturating_sub(u64::try_from(pin.at_ms).unwrap_or(0)) > most
        });
        let faults = old.map(|pin| {
            Fault::new(
                format!("device {}", pin.device),
                format!("has had its key for more than {days} days"),
            )
        });
        Verdict::of(faults, format!("{} pinned keys, none older than {days} days", keys.pins.len()))
    })
}

fn stays_out(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let pinned: BTreeMap<&str, &str> =
            keys.pins.iter().map(|pin| (pin.fingerprint.as_str(), pin.device.as_str())).collect();
        let earlier = earlier(&keys.history);
        let faults = earlier.iter().filter_map(|(key, of)| {
            let holder = pinned.get(key)?;
            let detail = format!(
                "was replaced as the key of device {of}, and is the key of device {holder} now"
            );
            Some(Fault::new(format!("key {key}"), detail))
        });
        Verdict::of(faults, format!("{} replaced keys, none of them pinned again", earlier.len()))
    })
}

/// Keys that a device had before its last: by the key, the device.
fn earlier(history: &[Entry]) -> BTreeMap<&str, &str> {
    let mut current: BTreeMap<&str, &str> = BTreeMap::new();
    let mut earlier = BTreeMap::new();
    for entry in history.iter().filter(|entry| matches!(entry.what.as_str(), "pinned" | "replaced"))
    {
        let (Some(device), Some(key)) = (&entry.device, &entry.fingerprint) else { continue };
        if let Some(before) = current.insert(device, key) {
            earlier.insert(before, device.as_str());
        }
    }
    earlier
}
