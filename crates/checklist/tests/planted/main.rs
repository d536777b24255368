//! Every check is tried on a world with its fault in it, where it must break, and on one without, where it must hold.
//!
//! A room has one file here. Wherever a room looks at files, sockets or processes, the fault is planted there and the room
//! looks at it; where it takes what others found, the fault is planted in that.

mod application;
mod communication;
mod dependency;
mod penetration;
mod system;
mod update;
mod world;

use pintle_checklist::{Scene, Verdict, check_named, checks};
use std::collections::BTreeSet;

mod access;
mod key;
mod node;
mod review;

/// The fault of one check.
pub struct Plant {
    /// The check's id.
    pub check: &'static str,
    /// A world with the fault.
    pub broken: fn() -> Scene,
    /// The same without it.
    pub sound: fn() -> Scene,
}

const ROOMS: &[&[Plant]] = &[
    system::PLANTS,
    application::PLANTS,
    dependency::PLANTS,
    communication::PLANTS,
    node::PLANTS,
    access::PLANTS,
    key::PLANTS,
    penetration::PLANTS,
    review::PLANTS,
    update::PLANTS,
];

fn plants() -> impl Iterator<Item = &'static Plant> {
    ROOMS.iter().copied().flatten()
}

#[test]
fn every_check_breaks_where_its_fault_is_planted() {
    for plant in plants() {
        let check = check_named(plant.check).expect(plant.check);
        let verdict = (check.judge)(&(plant.broken)());
        assert!(matches!(verdict, Verdict::Broken { .. }), "{}: {verdict:?}", plant.check);
    }
}

#[test]
fn every_check_holds_where_its_fault_is_not() {
    for plant in plants() {
        let check = check_named(plant.check).expect(plant.check);
        let verdict = (check.judge)(&(plant.sound)());
        assert!(matches!(verdict, Verdict::Holds { .. }), "{}: {verdict:?}", plant.check);
    }
}

#[test]
fn no_check_holds_where_nobody_looked() {
    for check in checks() {
        let verdict = (check.judge)(&Scene::default());
        assert!(matches!(verdict, Verdict::Untried { .. }), "{}: {verdict:?}", check.id);
    }
}

#[test]
fn every_check_has_a_fault_that_is_planted_and_a_name_of_its_own() {
    let planted: BTreeSet<&str> = plants().map(|plant| plant.check).collect();
    let named: BTreeSet<&str> = checks().map(|check| check.id).collect();
    assert_eq!(planted, named);
    assert_eq!(checks().count(), named.len(), "an id is given twice");
    for check in checks() {
        assert!(check.id.starts_with(check.room.name()), "{} begins with its room", check.id);
        assert!(!check.anchors.is_empty() && !check.risks.is_empty(), "{}", check.id);
    }
}
