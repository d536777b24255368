//! What a simulated node stands on and finds again when it is started anew: keys, a disk, and a store that
//! answers for itself.

use super::super::shard::Shard;
use super::Shared;
use crate::account::AccountId;
use crate::device::{Records, Roll, SessionKey, Subscribed, World};
use crate::journal::simulated::SimulatedDisk;
use crate::node_key::NodeKey;
use crate::store::clean_stop::CleanStop;
use crate::store::device::SavedSubscription;
use crate::store::pin::Pinned;
use crate::store::{StoreError, Transaction};
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use zeroize::Zeroizing;

/// What outlives a node.
#[derive(Clone)]
pub struct Ground {
    /// Seals sessions and connection IDs.
    pub node_key: Arc<NodeKey>,
    /// What the journal is bound to; another after a restored backup, and in a copied folder.
    pub incarnation: [u8; 32],
    /// The cloud's private key for devices: SEC1 or PKCS#8 DER.
    pub cloud_key: Zeroizing<Vec<u8>>,
    /// The devices: their pinned keys and owners.
    pub devices: BTreeMap<DeviceId, (Fingerprint, AccountId)>,
    /// What each of them subscribed to, as the store has it.
    pub subscriptions: Vec<SavedSubscription>,
    /// How long a device may take to answer a question.
    pub answer_within: Duration,
    /// Events whose names begin so are kept for a durable consumer.
    pub kept: Vec<String>,
    /// Where the journals are.
    pub disk: SimulatedDisk,
    /// Where they stood when the node last stopped in peace, as the store has it.
    pub stops: Vec<CleanStop>,
    /// A mistake that the node makes.
    pub flaw: Option<Flaw>,
}

impl Ground {
    /// The devices, as a node that starts knows them.
    pub(super) fn roll(&self) -> Roll {
        let roll = Roll::default();
        for (device, (key, owner)) in &self.devices {
            roll.set_key(*device, Some(*key));
            roll.set_owner(*device, Some(*owner));
        }
        roll
    }

    /// Tells a shard what its devices subscribed to.
    pub(super) fn tell_subscriptions(&self, shard: &mut Shard) {
        for device in self.devices.keys() {
            let World { roll, registry, .. } = &mut shard.world;
            let number = roll.find(*device);
            let at = number.and_then(|number| roll.whereabouts(number));
            if let Some(number) = number.filter(|_| at.is_some_and(|at| at.shard == shard.number)) {
                registry.learn(number, self.subscriptions.iter().map(Subscribed::from).collect());
            }
        }
    }
}

/// Mistakes that a node can be made to make, to see that they are found. Each is made around the shards and not in
/// them: by what they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// After a crash a session goes on with the nonce prefix that it had, and from a number that was used: the
    /// reservations are forgotten, and the prefix is not drawn but always the same.
    NonceReuseAfterCrash,
    /// After a crash the replay windows are as they were when the sessions began, and taken for exact.
    ReplayAcceptedAfterCrash,
    /// A frame is reported durable before it was written.
    AcknowledgedBeforeDurable,
}

/// A write that the store was asked for, and the acknowledgement that waits for it.
pub struct Stored(pub(super) SessionKey, pub(super) Vec<u8>);

/// The store of a simulated node: what it holds never changes, and writes are acknowledged by hand.
pub(super) struct SimulatedRecords {
    pub(super) ground: Ground,
    pub(super) stored: Shared<Stored>,
}

impl Records for SimulatedRecords {
    fn pinned(&self, device: DeviceId) -> Result<Pinned, StoreError> {
        let found = self.ground.devices.get(&device);
        Ok(Pinned { key: found.map(|(key, _)| *key), owner: found.map(|(_, owner)| *owner) })
    }

    fn enqueue(&self, _transaction: Transaction) {}

    fn write(&self, _transaction: Transaction, session: SessionKey, reply: Vec<u8>) {
        if !reply.is_empty() {
            let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
            stored.push(Stored(session, reply));
        }
    }
}
