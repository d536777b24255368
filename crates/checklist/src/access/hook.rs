//! Webhooks and one-time secrets: what leaves the cloud on somebody's behalf.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// A shorter prefix is none.
const SHORTEST: usize = 3;

/// A webhook gets what it needs.
pub(super) const NARROW: Check = Check {
    id: "access-webhooks-narrow",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "No webhook hands out nearly every event: each names what it is for.",
    how: "Looks for webhooks in use whose event prefix has fewer than three characters and that are not for one device.",
    remedy: "Give the webhook the name, or the first words of the name, of the events that its receiver uses.",
    anchors: &[isvs("2.2"), en303645("6.1"), cra("I.1(2)(g)"), asvs("V14.2"), iso("27018 A.11.1")],
    risks: &[Risk::CustomerData],
    room: Room::Access,
    judge: narrow,
};

/// And gets it encrypted.
pub(super) const ENCRYPTED: Check = Check {
    id: "access-webhooks-encrypted",
    item: Item::UserAccess,
    severity: Severity::High,
    claim: "Every webhook sends over HTTPS.",
    how: "Reads the scheme of every webhook in use from the node's survey.",
    remedy: "Change the webhook to an https address, and set [webhooks] plain_http = false.",
    anchors: &[isvs("4.1"), en303645("5.5-1"), cra("I.1(2)(e)"), asvs("V12.2"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Access,
    judge: encrypted,
};

/// What was to be read once is gone.
pub(super) const SECRETS: Check = Check {
    id: "access-secrets-gone",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "One-time secrets are gone when they were read, and when their time is over.",
    how: "Counts the one-time secrets in the store that were read, or whose time ended, more than an hour ago.",
    remedy: "Restart the node, which sweeps them away; if they stay, the clock was set back or the store is read-only.",
    anchors: &[isvs("2.3"), cra("I.1(2)(m)"), asvs("V14.2"), iso("A.8.10")],
    risks: &[Risk::CorporateData],
    room: Room::Access,
    judge: secrets,
};

fn narrow(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let used = || access.hooks.iter().filter(|hook| !hook.disabled);
        let wide = used().filter(|hook| hook.event.len() < SHORTEST && !hook.one_device);
        let faults = wide.map(|hook| {
            let detail = format!("takes every event whose name begins with {:?}", hook.event);
            Fault::new(format!("webhook {}", hook.id), detail)
        });
        Verdict::of(
            faults,
            format!("{} webhooks in use, each for events of its own", used().count()),
        )
    })
}

fn encrypted(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let used = || access.hooks.iter().filter(|hook| !hook.disabled);
        let plain = used().filter(|hook| !hook.tls);
        let faults = plain
            .map(|hook| Fault::new(format!("webhook {}", hook.id), "sends events over plain HTTP"));
        Verdict::of(faults, format!("{} webhooks in use, all over HTTPS", used().count()))
    })
}

fn secrets(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let overdue = (access.secrets.overdue > 0).then(|| {
            Fault::new(
                "one-time secrets, expired",
                "some are still in the store though their time is over",
            )
        });
        let read = (access.secrets.read_and_kept > 0).then(|| {
            Fault::new(
                "one-time secrets, read",
                "some are still in the store though they were read",
            )
        });
        Verdict::of(overdue.into_iter().chain(read), "no one-time secret outlived its time")
    })
}
