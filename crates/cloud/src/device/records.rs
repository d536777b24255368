//! What a shard has written down outside its own memory, or looks up there. The store answers for a
//! node; a simulation answers for itself.

use super::command::{Command, Mailbox, SessionKey};
use crate::account::AccountId;
use crate::store::device::SavedSubscription;
use crate::store::{Store, StoreError, Transaction};
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;

/// What is known about a device outside the shard.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whose it is.
    pub owner: Option<AccountId>,
    /// What it subscribed to.
    pub subscriptions: Vec<SavedSubscription>,
}

/// Where a shard writes down what must last, and looks up what it does not keep. Reads are waited for;
/// writes never are.
pub trait Records: Send {
    /// What is known about a device.
    ///
    /// # Errors
    /// What the store says.
    fn known(&self, device: DeviceId) -> Result<Known, StoreError>;

    /// Whose a device is.
    ///
    /// # Errors
    /// What the store says.
    fn owner(&self, device: DeviceId) -> Result<Option<AccountId>, StoreError>;

    /// The key pinned for a device.
    ///
    /// # Errors
    /// What the store says.
    fn key_of(&self, device: DeviceId) -> Result<Option<Fingerprint>, StoreError>;

    /// Queues a write that nobody waits for.
    fn enqueue(&self, transaction: Transaction);

    /// Queues a write; when it is durable the shard hears [`Command::Stored`] with `session` and `reply`.
    /// It hears nothing where the write fails, or where there is no reply.
    fn write(&self, transaction: Transaction, session: SessionKey, reply: Vec<u8>);
}

/// The store of a node, as one of its shards sees it.
pub struct StoreRecords {
    /// The store.
    pub store: Store,
    /// Where its answers are awaited.
    pub runtime: tokio::runtime::Handle,
    /// The shard's own mailbox, where they are told.
    pub mailbox: Mailbox,
}

impl Records for StoreRecords {
    fn known(&self, device: DeviceId) -> Result<Known, StoreError> {
        let owner = self.owner(device)?;
        let subscriptions = self.store.devices().subscriptions(device).wait()?;
        Ok(Known { owner, subscriptions })
    }

    fn owner(&self, device: DeviceId) -> Result<Option<AccountId>, StoreError> {
        Ok(self.store.devices().find(device).wait()?.and_then(|row| row.owner))
    }

    fn key_of(&self, device: DeviceId) -> Result<Option<Fingerprint>, StoreError> {
        self.store.pins().key_of(device).wait()
    }

    fn enqueue(&self, transaction: Transaction) {
        // What cannot be queued is logged by the store.
        let _ = self.store.enqueue(transaction);
    }

    fn write(&self, transaction: Transaction, session: SessionKey, reply: Vec<u8>) {
        let written = self.store.devices().put(transaction);
        let mailbox = self.mailbox.clone();
        self.runtime.spawn(async move {
            match written.await {
                Ok(()) if reply.is_empty() => {}
                Ok(()) => drop(mailbox.put(Command::Stored(session, reply))),
                Err(error) => tracing::error!(%error, "a device's report could not be kept"),
            }
        });
    }
}
