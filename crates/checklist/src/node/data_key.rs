//! Data keys: that they are replaced now and then, and that old ones do not stay.

use super::days_ago;
use crate::anchor::{asvs, cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// How old a data key may grow, in days.
const OLDEST_DAYS: u64 = 730;

/// How long an older key may stay beside its newer one, in days: names and passwords move when their people log in.
const LEFT_DAYS: u64 = 180;

/// They are replaced.
pub(super) const FRESH: Check = Check {
    id: "node-data-keys-fresh",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "No data key, under which things lie sealed in the store, is older than two years.",
    how: "Reads from the node's survey when each newest data key was made.",
    remedy: "Run `pintle key rotate`, which makes new ones and seals everything anew, while the node runs.",
    anchors: &[isvs("2.4"), asvs("V11.2"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Node,
    judge: fresh,
};

/// And the old ones go.
pub(super) const ONE: Check = Check {
    id: "node-data-keys-destroyed",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "An older data key is destroyed within half a year after a newer one was made.",
    how: "Looks in the node's survey for older data keys beside a newest one that was made more than 180 days ago.",
    remedy: "Run `pintle key rotate` again, which says what still lies under the old key; people who never log in keep an old pepper alive.",
    anchors: &[isvs("2.4"), cra("I.1(2)(m)"), asvs("V11.2"), iso("A.8.10")],
    risks: &[Risk::CustomerData],
    room: Room::Node,
    judge: one,
};

fn fresh(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.data_keys.judge(|keys| {
            let newest = || keys.iter().filter(|key| key.newest);
            let old = newest().filter(|key| {
                days_ago(scene.now_ms, Some(key.made_at_ms)).is_some_and(|days| days > OLDEST_DAYS)
            });
            let faults = old.map(|key| {
                Fault::new(
                    format!("data key {}", key.label),
                    format!("is more than {OLDEST_DAYS} days old"),
                )
            });
            match keys.is_empty() {
                true => Verdict::untried("the node tells of no data key"),
                false => Verdict::of(
                    faults,
                    format!("{} data keys, none older than {OLDEST_DAYS} days", newest().count()),
                ),
            }
        })
    })
}

fn one(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.data_keys.judge(|keys| {
            let long_replaced = |label: &str| {
                let newest = keys.iter().find(|key| key.newest && key.label == label);
                newest
                    .and_then(|key| days_ago(scene.now_ms, Some(key.made_at_ms)))
                    .is_some_and(|days| days > LEFT_DAYS)
            };
            let left = keys.iter().filter(|key| !key.newest && long_replaced(&key.label));
            let faults = left.map(|key| {
                let name = format!("data key {} {}", key.label, key.generation);
                Fault::new(name, format!("is still there, {LEFT_DAYS} days after it was replaced"))
            });
            match keys.is_empty() {
                true => Verdict::untried("the node tells of no data key"),
                false => {
                    Verdict::of(faults, "no data key outlived its successor's first half year")
                }
            }
        })
    })
}
