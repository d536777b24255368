//! Item 9, the update mechanism: an update on a scratch product, and all that can go wrong with it.
//!
//! Tried twice, since each side has to hold where the other fails. [`device`] hands a virtual device what a cloud would
//! that checked nothing, and cuts its power. [`cloud`] has the twin of the node update a virtual device of a scratch
//! product, and asks it for what it must refuse. How the target's own fleet stands is in its survey.

mod claims;
pub mod cloud;
mod desk;
pub mod device;
pub mod image;
mod look;
pub mod policy;
mod running;
pub mod team;

pub use claims::CHECKS;
pub use look::{Bench, look, of};
pub use policy::Policy;

use crate::look::Look;
use crate::survey::Share;
use pintle_attack::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;

/// What came of each trial, by its name.
pub type Trials = BTreeMap<String, Outcome>;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Update {
    /// What a virtual device took and what not, by itself.
    pub device: Look<Trials>,
    /// What the twin of the node did.
    pub cloud: Look<Trials>,
    /// How the target's own devices stand, product by product.
    pub fleet: Look<Vec<Share>>,
}
