//! All that was looked at in a run.

use crate::access::Access;
use crate::application::Applications;
use crate::communication::Communication;
use crate::dependency::Dependencies;
use crate::key::Keys;
use crate::look::Look;
use crate::node::Node;
use crate::penetration::Penetration;
use crate::profile::Profile;
use crate::review::Review;
use crate::system::System;
use crate::update::Update;
use serde::{Deserialize, Serialize};

/// What was looked at, room by room, and what the product says of itself.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// When: milliseconds since 1970. The only clock that judges have.
    pub now_ms: u64,
    /// What the product ships, by its own account.
    pub profile: Profile,
    /// Item 1.
    pub system: Look<System>,
    /// Item 2, on a machine and in images for microcontrollers.
    pub application: Look<Applications>,
    /// Item 3.
    pub dependency: Look<Dependencies>,
    /// Item 4.
    pub communication: Look<Communication>,
    /// Item 5.
    pub node: Look<Node>,
    /// Item 6.
    pub access: Look<Access>,
    /// Pinned keys, and randomness across the fleet.
    pub key: Look<Keys>,
    /// Item 7.
    pub penetration: Look<Penetration>,
    /// Item 8.
    pub review: Look<Review>,
    /// Item 9.
    pub update: Look<Update>,
}

/// Where was looked: a field of the [`Scene`], and a file of the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Room {
    /// [`Scene::system`]
    System,
    /// [`Scene::application`]
    Application,
    /// [`Scene::dependency`]
    Dependency,
    /// [`Scene::communication`]
    Communication,
    /// [`Scene::node`]
    Node,
    /// [`Scene::access`]
    Access,
    /// [`Scene::key`]
    Key,
    /// [`Scene::penetration`]
    Penetration,
    /// [`Scene::review`]
    Review,
    /// [`Scene::update`]
    Update,
}

impl Room {
    /// All rooms.
    pub const ALL: [Self; 10] = [
        Self::System,
        Self::Application,
        Self::Dependency,
        Self::Communication,
        Self::Node,
        Self::Access,
        Self::Key,
        Self::Penetration,
        Self::Review,
        Self::Update,
    ];

    /// Its name, as in checks' ids and in the names of evidence files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Application => "application",
            Self::Dependency => "dependency",
            Self::Communication => "communication",
            Self::Node => "node",
            Self::Access => "access",
            Self::Key => "key",
            Self::Penetration => "penetration",
            Self::Review => "review",
            Self::Update => "update",
        }
    }
}

impl Scene {
    /// What was seen in a room, as its evidence file has it.
    ///
    /// # Errors
    /// What was found cannot be written as JSON.
    pub fn evidence(&self, room: Room) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = match room {
            Room::System => serde_json::to_vec_pretty(&self.system),
            Room::Application => serde_json::to_vec_pretty(&self.application),
            Room::Dependency => serde_json::to_vec_pretty(&self.dependency),
            Room::Communication => serde_json::to_vec_pretty(&self.communication),
            Room::Node => serde_json::to_vec_pretty(&self.node),
            Room::Access => serde_json::to_vec_pretty(&self.access),
            Room::Key => serde_json::to_vec_pretty(&self.key),
            Room::Penetration => serde_json::to_vec_pretty(&self.penetration),
            Room::Review => serde_json::to_vec_pretty(&self.review),
            Room::Update => serde_json::to_vec_pretty(&self.update),
        }?;
        text.push(b'\n');
        Ok(text)
    }
}
