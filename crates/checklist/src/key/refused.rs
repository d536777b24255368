//! Who was turned away, and whether they came in after all.

use super::{NEWS_DAYS, is_news};
use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Entry;
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

/// So many strangers in a month are more than devices that somebody forgot to pin.
const MANY: usize = 20;

/// What was refused for a reason stays out.
pub(super) const ADMITTED: Check = Check {
    id: "key-refused-stays-out",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No key that was refused as weak, as another device's or under a wrong id is pinned for a device that it was refused to.",
    how: "Looks among the pins of today for keys that the history has refused for a reason of their own, for the device that they were refused to.",
    remedy: "Find out who pinned it (`pintle pin history`), make a new key in the device, and pin that.",
    anchors: &[isvs("2.4"), cra("I.1(2)(d)"), iso("A.5.18")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage],
    room: Room::Key,
    judge: admitted,
};

/// A key comes with its own id.
pub(super) const RIGHT_ID: Check = Check {
    id: "key-right-id",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "No device tried to be another one in the last thirty days.",
    how: "Looks in the history for handshakes that were refused because the id in Hello was not that of the key.",
    remedy: "Whoever has this key tries out ids: take the device out of the field and forget its pin.",
    anchors: &[
        isvs("2.4"),
        en303645("5.5-5"),
        cra("I.1(2)(d)"),
        nistir("cybersecurity state awareness"),
        iso("A.8.16"),
    ],
    risks: &[Risk::CustomerData, Risk::Liability],
    room: Room::Key,
    judge: right_id,
};

/// Nobody asks the cloud's key questions.
pub(super) const HANDSHAKES: Check = Check {
    id: "key-handshakes-quiet",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "The TCP service's alarm was quiet for thirty days: nobody asked the cloud's key questions.",
    how: "Looks in the history for the alarm that so many failed handshakes over TCP raise.",
    remedy: "Keep the port of the TCP service to the networks of its devices, and look at who else reached it.",
    anchors: &[
        cra("I.1(2)(l)"),
        asvs("V16.3"),
        nistir("cybersecurity state awareness"),
        iso("A.8.16"),
    ],
    risks: &[Risk::CustomerData],
    room: Room::Key,
    judge: handshakes,
};

/// Few strangers come by.
pub(super) const STRANGERS: Check = Check {
    id: "key-few-strangers",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "No more than twenty keys that nobody pinned came by in the last thirty days.",
    how: "Counts the different keys that the history has refused as not pinned.",
    remedy: "See with `pintle pin history` whether these are devices that somebody forgot to pin; if not, keep their network out.",
    anchors: &[cra("I.1(2)(l)"), nistir("cybersecurity state awareness"), iso("A.8.16")],
    risks: &[Risk::Downtime],
    room: Room::Key,
    judge: strangers,
};

fn admitted(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let reasons = ["refused-weak-key", "refused-key-in-use", "refused-wrong-id"];
        let refused = keys.history.iter().filter(|entry| reasons.contains(&entry.what.as_str()));
        let faults = refused.filter_map(|entry| {
            let key = entry.fingerprint.as_ref()?;
            let holder = keys.pins.iter().find(|pin| pin.fingerprint == *key)?;
            // A key that came with another's id stays the key of its own device.
            let for_it = entry.device.as_ref() == Some(&holder.device);
            let later = for_it && holder.at_ms >= entry.at_ms;
            later.then(|| {
                let detail = format!("was turned away ({}) and is pinned now", entry.what);
                Fault::new(format!("device {}", holder.device), detail)
            })
        });
        Verdict::of(faults, "no key that was turned away for a reason of its own came in after all")
    })
}

/// Entries of this kind in the last thirty days.
fn news<'a>(
    scene: &'a Scene,
    history: &'a [Entry],
    what: &'static str,
) -> impl Iterator<Item = &'a Entry> {
    history.iter().filter(move |entry| entry.what == what && is_news(scene.now_ms, entry.at_ms))
}

fn right_id(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let faults = news(scene, &keys.history, "refused-wrong-id").map(|entry| {
            let key = entry.fingerprint.as_deref().unwrap_or("unknown");
            Fault::new(format!("key {key}"), "came with the id of another device")
        });
        Verdict::of(faults, format!("no key came with another's id in {NEWS_DAYS} days"))
    })
}

fn handshakes(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let alarms = news(scene, &keys.history, "refused-handshakes").count();
        let fault = (alarms > 0).then(|| {
            Fault::new("the TCP service", "raised its alarm: so many handshakes failed that somebody may be trying blocks out")
        });
        Verdict::of(fault, format!("no alarm in {NEWS_DAYS} days"))
    })
}

fn strangers(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let refused = news(scene, &keys.history, "refused-unpinned");
        let different: BTreeSet<_> =
            refused.filter_map(|entry| entry.fingerprint.as_deref()).collect();
        let many = (different.len() > MANY).then(|| {
            Fault::new(
                "keys that nobody pinned",
                format!("more than {MANY} came by in {NEWS_DAYS} days"),
            )
        });
        Verdict::of(
            many,
            format!("{} keys that nobody pinned came by in {NEWS_DAYS} days", different.len()),
        )
    })
}
