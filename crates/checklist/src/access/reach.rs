//! Devices: that they are reached from inside their product's team alone, and that each is somebody's.

use super::graph::has_part;
use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::survey::{Kind, Survey};
use crate::verdict::{Fault, Verdict};
use std::collections::BTreeSet;

/// Nobody outside reaches in.
pub(super) const INSIDE: Check = Check {
    id: "access-devices-inside",
    item: Item::UserAccess,
    severity: Severity::Medium,
    claim: "Every device of a product belongs to its team, or to one of its customers.",
    how: "Compares the owner of each device in a product with the product's maker, the members of it and of its organisation, and its customers.",
    remedy: "Release the device from that account and claim it for the product, or make its owner a member or a customer.",
    anchors: &[isvs("2.2"), cra("I.1(2)(d)"), asvs("V8.2"), iso("A.5.15")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Liability],
    room: Room::Access,
    judge: inside,
};

/// Nobody's devices are let in by nobody.
pub(super) const OWNED: Check = Check {
    id: "access-devices-owned",
    item: Item::UserAccess,
    severity: Severity::Low,
    claim: "Every device that is let in is somebody's, or in a product.",
    how: "Looks for pinned keys whose device has no owner and is in no product.",
    remedy: "Put the device into its product, have it claimed, or forget it with `pintle pin forget`.",
    anchors: &[isvs("1.1"), en303645("5.11-1"), iso("A.5.9")],
    risks: &[Risk::Liability],
    room: Room::Access,
    judge: owned,
};

/// Devices of products whose owner has no part in them, and devices that are nobody's.
pub(super) fn outside(survey: &Survey) -> (Vec<(String, u16, String)>, Vec<String>) {
    let customers: BTreeSet<(&str, u16)> = survey
        .people
        .iter()
        .filter(|person| person.kind == Kind::Customer)
        .filter_map(|person| Some((person.handle.as_str(), person.product?)))
        .collect();
    let belongs = |owner: &str, number: u16| {
        let Some(product) = survey.products.iter().find(|product| product.id == number) else {
            return false;
        };
        product.owner.as_deref() == Some(owner)
            || customers.contains(&(owner, number))
            || survey
                .members
                .iter()
                .any(|member| member.handle == owner && has_part(member, product))
    };
    let strangers = survey.devices.iter().filter_map(|device| {
        let (product, owner) = (device.product?, device.owner.as_deref()?);
        (!belongs(owner, product)).then(|| (device.id.clone(), product, owner.to_owned()))
    });
    let pinned: BTreeSet<&str> = survey.pins.iter().map(|pin| pin.device.as_str()).collect();
    let nobodys = survey.devices.iter().filter(|device| {
        device.owner.is_none() && device.product.is_none() && pinned.contains(device.id.as_str())
    });
    (strangers.collect(), nobodys.map(|device| device.id.clone()).collect())
}

fn inside(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let faults = access.strangers.iter().map(|(device, product, owner)| {
            let detail = format!("is in product {product} and belongs to the account {owner}, which has no part in it");
            Fault::new(format!("device {device}"), detail)
        });
        Verdict::of(faults, "no device of a product belongs to somebody outside")
    })
}

fn owned(scene: &Scene) -> Verdict {
    scene.access.judge(|access| {
        let faults = access.unowned.iter().map(|device| {
            Fault::new(format!("device {device}"), "is let in, and is nobody's and in no product")
        });
        Verdict::of(faults, "every device that is let in is somebody's, or in a product")
    })
}
