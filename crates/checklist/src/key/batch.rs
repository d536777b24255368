//! Batches of keys that a product no longer stands by.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::Pin;
use crate::verdict::{Fault, Verdict};
use serde::{Deserialize, Serialize};
use time::{Date, format_description::well_known::Iso8601};

/// Keys that are no longer to be admitted: named one by one, or by the days on which they were imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Batch {
    /// What it is called.
    pub name: String,
    /// SHA-256 of public keys, in hex.
    pub fingerprints: Vec<String>,
    /// The first day on which its keys were imported, as `2026-05-01`.
    pub imported_from: Option<String>,
    /// The last one.
    pub imported_until: Option<String>,
}

/// A batch that is revoked is out.
pub(super) const REVOKED: Check = Check {
    id: "key-batch-revoked",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "No key of a revoked batch is admitted.",
    how: "Looks for pinned keys among the batches that [keys] revoked of the profile names, by fingerprint or by the days of their import.",
    remedy: "Take the pins away with `pintle pin forget`, which ends the sessions, and give these devices new keys.",
    anchors: &[isvs("2.4"), en303645("5.4-4"), cra("I.1(2)(d)"), asvs("V11.1"), iso("A.5.18")],
    risks: &[Risk::PhysicalDamage, Risk::Liability, Risk::Reputation],
    room: Room::Key,
    judge: revoked,
};

impl Batch {
    fn has(&self, pin: &Pin) -> bool {
        let named = self.fingerprints.iter().any(|key| key.eq_ignore_ascii_case(&pin.fingerprint));
        named || (pin.by == "import" && self.was_imported(pin.at_ms))
    }

    fn was_imported(&self, at_ms: i64) -> bool {
        let Some(from) = self.imported_from.as_deref().and_then(day) else { return false };
        let until = self.imported_until.as_deref().map_or(Some(from), day);
        until.is_some_and(|until| (from.0..until.1).contains(&at_ms))
    }

    /// A day that is none would revoke nothing in silence.
    fn fault(&self) -> Option<String> {
        let days = [&self.imported_from, &self.imported_until];
        let bad = days.into_iter().flatten().find(|text| day(text).is_none())?;
        Some(format!("the batch {:?} in the profile has a day that is none: {bad:?}", self.name))
    }
}

/// The first millisecond of a day, and the first after it.
fn day(text: &str) -> Option<(i64, i64)> {
    let date = Date::parse(text, &Iso8601::DATE).ok()?;
    let start = date.midnight().assume_utc().unix_timestamp().checked_mul(1_000)?;
    Some((start, start.checked_add(24 * 3_600 * 1_000)?))
}

fn revoked(scene: &Scene) -> Verdict {
    scene.key.judge(|keys| {
        let Some(batches) = &scene.profile.keys.revoked else {
            return Verdict::untried(
                "the profile does not say which batches are revoked: write `revoked = []` into [keys] where none is",
            );
        };
        if let Some(why) = batches.iter().find_map(Batch::fault) {
            return Verdict::untried(why);
        }
        let faults = keys.pins.iter().filter_map(|pin| {
            let batch = batches.iter().find(|batch| batch.has(pin))?;
            let detail = format!("is admitted with a key of the revoked batch {:?}", batch.name);
            Some(Fault::new(format!("device {}", pin.device), detail))
        });
        Verdict::of(faults, format!("{} pinned keys, none of {} revoked batches", keys.pins.len(), batches.len()))
    })
}
