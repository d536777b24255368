//! Second factors.

use super::Access;
use super::graph::Power;
use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::{Kind, Person};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

/// Who can do harm to many has a second factor.
pub(super) const PRIVILEGED: Check = Check {
    id: "access-second-factor-privileged",
    item: Item::UserAccess,
    severity: Severity::High,
    claim: "Everybody who may change firmware, keys or the team of devices that are not their own has a second factor.",
    how: "Walks the permission graph of the node's survey and asks of each person with such a power whether a second factor is enrolled.",
    remedy: "Have the person enrol a second factor in their account, or take the role away until they have.",
    anchors: &[
        isvs("2.1"),
        en303645("5.1-5"),
        cra("I.1(2)(d)"),
        asvs("V6.3"),
        nistir("logical access"),
        iso("A.8.5"),
    ],
    risks: &[Risk::PhysicalDamage, Risk::Downtime, Risk::Liability],
    room: Room::Access,
    judge: privileged,
};

/// All others have one, too.
pub(super) const EVERYONE: Check = Check {
    id: "access-second-factor-everyone",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "Every person who logs in has a second factor.",
    how: "Counts the accounts of people without a second factor in the node's survey; those with power over the devices of others have a check of their own.",
    remedy: "Ask the people behind these handles to enrol a second factor; `pintle user list` shows who still has none.",
    anchors: &[isvs("2.1"), cra("I.1(2)(d)"), asvs("V6.3"), iso("A.5.17")],
    risks: &[Risk::CustomerData, Risk::Reputation],
    room: Room::Access,
    judge: everyone,
};

/// There is a way back for who lost theirs.
pub(super) const RECOVERY: Check = Check {
    id: "access-recovery-codes",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "Everybody with a second factor has a recovery code left.",
    how: "Counts the unused recovery codes of each account in the node's survey.",
    remedy: "Have the person enrol the second factor anew, which gives new codes; else an operator has to take the factor away when the phone is lost.",
    anchors: &[asvs("V6.4"), iso("A.5.17")],
    risks: &[Risk::Downtime],
    room: Room::Access,
    judge: recovery,
};

fn powerful(access: &Access) -> BTreeSet<&str> {
    let powers = [Power::Update, Power::Rekey, Power::Admit];
    powers.into_iter().flat_map(|power| access.graph.with_power(power)).collect()
}

fn people(access: &Access) -> impl Iterator<Item = &Person> {
    access.people.iter().filter(|person| person.kind == Kind::Person)
}

fn privileged(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let powerful = powerful(access);
        let of_power = || people(access).filter(|person| powerful.contains(person.handle.as_str()));
        let bare = of_power().filter(|person| !person.second_factor).map(|person| {
            let detail =
                "may change firmware, keys or the team of devices of others with a password alone";
            Fault::new(format!("account {}", person.handle), detail)
        });
        Verdict::of(
            bare,
            format!("{} people with such a power, all with a second factor", of_power().count()),
        )
    })
}

fn everyone(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let powerful = powerful(access);
        let others = || people(access).filter(|person| !powerful.contains(person.handle.as_str()));
        let bare = others().filter(|person| !person.second_factor).map(|person| {
            let detail =
                format!("logs in with a password alone, and owns {} devices", person.devices);
            Fault::new(format!("account {}", person.handle), detail)
        });
        Verdict::of(bare, format!("{} further people, all with a second factor", others().count()))
    })
}

fn recovery(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let enrolled = || people(access).filter(|person| person.second_factor);
        let used_up = enrolled().filter(|person| person.recovery_codes == 0).map(|person| {
            Fault::new(format!("account {}", person.handle), "has used its last recovery code")
        });
        Verdict::of(
            used_up,
            format!("{} people with a second factor, all with codes left", enrolled().count()),
        )
    })
}
