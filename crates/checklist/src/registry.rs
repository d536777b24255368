//! All checks, in the checklist's order.

use crate::check::Check;
use crate::{
    access, application, communication, dependency, key, node, penetration, review, system, update,
};

/// Rooms, in the order of the checklist's items.
const ROOMS: [&[&Check]; 10] = [
    system::CHECKS,
    application::CHECKS,
    dependency::CHECKS,
    communication::CHECKS,
    node::CHECKS,
    access::CHECKS,
    key::CHECKS,
    penetration::CHECKS,
    review::CHECKS,
    update::CHECKS,
];

/// All checks.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    ROOMS.into_iter().flatten().copied()
}

/// The check of this id.
#[must_use]
pub fn check_named(id: &str) -> Option<&'static Check> {
    checks().find(|check| check.id == id)
}
