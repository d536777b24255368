//! Who looks: one function a room, from what a run was given to what the room saw.

use super::Sources;
use crate::access::Access;
use crate::access::graph::Graph;
use crate::application::Applications;
use crate::communication::Communication;
use crate::dependency::{self, Asked, Dependencies};
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

/// Who reaches which device, as the room of user access saw it.
pub(super) fn graph(scene: &Scene) -> Option<Graph> {
    scene.access.found.as_ref().ok().map(|access| access.graph.clone())
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
fn system(sources: &Sources) -> Look<System> {
    crate::system::look(&sources.root, &sources.profile)
}

/// Item 2.
fn application(sources: &Sources) -> Look<Applications> {
    crate::application::look(&sources.root, &sources.modules)
}

/// Item 3.
fn dependency(sources: &Sources) -> Look<Dependencies> {
    dependency::look(&Asked {
        root: Some(sources.root.clone()),
        projects: sources.projects.clone(),
        modules: sources.modules.clone(),
        sboms: sources.sboms.clone(),
        advisories: sources.advisories.clone(),
        vex: sources.vex.clone(),
        cargo_home: sources.cargo_home.clone(),
        own: sources.own,
    })
}

/// Item 4.
fn communication(sources: &Sources) -> Look<Communication> {
    crate::communication::of(&sources.ground)
}

/// Item 5.
fn node(sources: &Sources) -> Look<Node> {
    crate::node::look(&sources.node, &sources.root)
}

/// Item 6.
fn access(sources: &Sources) -> Look<Access> {
    let passwords = match &sources.ground.twin {
        Ok(twin) => crate::access::password::on(&twin.target, &twin.person),
        Err(why) => Look::unseen(why.as_str()),
    };
    crate::access::look(sources.node.survey(), passwords)
}

/// Pinned keys.
fn key(sources: &Sources) -> Look<Keys> {
    crate::key::look(sources.node.survey())
}

/// Item 7.
fn penetration(sources: &Sources) -> Look<Penetration> {
    crate::penetration::of(&sources.ground, &sources.profile)
}

/// Item 8.
fn review(sources: &Sources) -> Look<Review> {
    crate::review::look(sources.node.survey())
}

/// Item 9.
fn update(sources: &Sources) -> Look<Update> {
    crate::update::of(&sources.ground, sources.node.survey(), sources.now_ms)
}
