//! What is in force in a product, as one value under one seal: the keyring, the releases, the counters.
//!
//! It lies in the product's row, sealed (AES-256-GCM-SIV) under a key made of the node key and bound to the product's
//! number. Whoever writes the database can neither make one nor move one between products; that an older one is not
//! put back is the matter of [`super::marks`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ProductId, Refusal};
use crate::node_key::Sealer;

/// What is in force in a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Counts up with every change.
    pub generation: u64,
    /// The keyring in force; none where the product asks for no signatures.
    pub keyring: Option<InForce>,
    /// The highest number of a release that was ever released.
    pub number: u32,
    /// The highest security counter that was ever released.
    pub counter: u32,
    /// What is released.
    pub releases: Releases,
}

/// Something in force: a keyring by its number, or a firmware by its version; and the SHA-256 of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Its number or version.
    pub number: u32,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// What is released in a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    /// To every device that nothing else is said of.
    pub default: Option<InForce>,
    /// To the devices of a group.
    pub groups: BTreeMap<String, InForce>,
    /// The versions to be sent to connected devices at once.
    pub at_once: BTreeSet<u16>,
}

impl InForce {
    /// The firmware's version, where it is one.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        u16::try_from(self.number).ok()
    }
}

impl Releases {
    /// Whether a version is the product's default.
    #[must_use]
    pub fn is_default(&self, version: u16) -> bool {
        self.default.is_some_and(|one| one.version() == Some(version))
    }

    /// The groups that a version is released to.
    #[must_use]
    pub fn groups_of(&self, version: u16) -> Vec<&str> {
        let of = self.groups.iter().filter(|(_, one)| one.version() == Some(version));
        of.map(|(name, _)| name.as_str()).collect()
    }

    /// What was released as this version, if it is in force.
    #[must_use]
    pub fn of(&self, version: u16) -> Option<InForce> {
        let all = self.default.into_iter().chain(self.groups.values().copied());
        all.into_iter().find(|one| one.version() == Some(version))
    }
}

impl Standing {
    /// The standing of a product that was just made.
    pub(super) fn new() -> Self {
        Self { generation: 1, ..Self::default() }
    }

    pub(super) fn seal(&self, sealer: &Sealer, product: ProductId) -> Result<Vec<u8>, Refusal> {
        let plain = serde_json::to_vec(self).map_err(|_| Refusal::Internal)?;
        sealer.seal(&context(product), &plain).map_err(|_| Refusal::Internal)
    }

    pub(super) fn open(
        sealer: &Sealer,
        product: ProductId,
        sealed: &[u8],
    ) -> Result<Self, Refusal> {
        const WHY: &str = "what is in force there was not written by this node; restore a backup";
        let locked = Refusal::Locked { product, why: WHY };
        let plain = sealer.open(&context(product), sealed).map_err(|_| locked.clone())?;
        serde_json::from_slice(&plain).map_err(|_| locked)
    }
}

/// What a product's standing is sealed for.
pub(super) fn context(product: ProductId) -> Vec<u8> {
    let mut context = b"standing of product ".to_vec();
    context.extend(product.0.to_be_bytes());
    context
}
