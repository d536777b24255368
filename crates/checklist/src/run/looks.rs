//! Who looks: one function a room, from what a run was given to what the room saw.

use super::Sources;
use crate::access::Access;
use crate::application::Applications;
use crate::communication::Communication;
use crate::dependency::Dependencies;
use crate::key::Keys;
use crate::look::Look;
use crate::node::Node;
use crate::penetration::Penetration;
use crate::review::Review;
use crate::scene::{Room, Scene};
use crate::system::System;
use crate::update::Update;

/// A scene in which nobody has looked yet.
pub(super) fn nothing_yet(sources: &Sources) -> Scene {
    let mut scene =
        Scene { now_ms: sources.now_ms, profile: sources.profile.clone(), ..Scene::default() };
    if sources.aim.rooms().len() < Room::ALL.len() {
        leave_out(&mut scene, &format!("not part of a run with --target {}", sources.aim.name()));
    }
    scene
}

/// Has one room look.
pub(super) fn look(room: Room, sources: &Sources, scene: &mut Scene) {
    match room {
        Room::System => scene.system = system(sources),
        Room::Application => scene.application = application(sources),
        Room::Dependency => scene.dependency = dependency(sources),
        Room::Communication => scene.communication = communication(sources),
        Room::Node => scene.node = node(sources),
        Room::Access => scene.access = access(sources),
        Room::Key => scene.key = key(sources),
        Room::Penetration => scene.penetration = penetration(sources),
        Room::Review => scene.review = review(sources),
        Room::Update => scene.update = update(sources),
    }
}

fn leave_out(scene: &mut Scene, why: &str) {
    scene.system = Look::unseen(why);
    scene.application = Look::unseen(why);
    scene.dependency = Look::unseen(why);
    scene.communication = Look::unseen(why);
    scene.node = Look::unseen(why);
    scene.access = Look::unseen(why);
    scene.key = Look::unseen(why);
    scene.penetration = Look::unseen(why);
    scene.review = Look::unseen(why);
    scene.update = Look::unseen(why);
}

/// Item 1.
fn system(_sources: &Sources) -> Look<System> {
    Look::default()
}

/// Item 2.
fn application(_sources: &Sources) -> Look<Applications> {
    Look::default()
}

/// Item 3.
fn dependency(_sources: &Sources) -> Look<Dependencies> {
    Look::default()
}

/// Item 4.
fn communication(_sources: &Sources) -> Look<Communication> {
    Look::default()
}

/// Item 5.
fn node(_sources: &Sources) -> Look<Node> {
    Look::default()
}

/// Item 6.
fn access(_sources: &Sources) -> Look<Access> {
    Look::default()
}

/// Pinned keys.
fn key(_sources: &Sources) -> Look<Keys> {
    Look::default()
}

/// Item 7.
fn penetration(_sources: &Sources) -> Look<Penetration> {
    Look::default()
}

/// Item 8.
fn review(_sources: &Sources) -> Look<Review> {
    Look::default()
}

/// Item 9.
fn update(_sources: &Sources) -> Look<Update> {
    Look::default()
}
