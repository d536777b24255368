//! What a shard has written down outside its own memory, or looks up there. The store answers for a
//! node; a simulation answers for itself.

use super::command::{Command, Mailbox, SessionKey};
use crate::store::pin::Pinned;
use crate::store::{Store, StoreError, Transaction};
use pintle_protocol::DeviceId;

/// Where a shard writes down what must last, and looks up what it does not keep. Reads are waited for;
/// writes never are.
pub trait Records: Send {
    /// The key pinned for a device, and whose it is.
    ///
    /// # Errors
    /// What the store says.
    fn pinned(&self, device: DeviceId) -> Result<Pinned, StoreError>;

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
    /// The shard's own mailbox, where they are told.
    pub mailbox: Mailbox,
}

impl Records for StoreRecords {
    fn pinned(&self, device: DeviceId) -> Result<Pinned, StoreError> {
        self.store.pins().find(device).wait()
    }

    fn enqueue(&self, transaction: Transaction) {
        // What cannot be queued is logged by the store.
        let _ = self.store.enqueue(transaction);
    }

    fn write(&self, transaction: Transaction, session: SessionKey, reply: Vec<u8>) {
        let mailbox = self.mailbox.clone();
        self.store.devices().put_and_tell(transaction, move |written| match written {
            Ok(()) if reply.is_empty() => {}
            Ok(()) => drop(mailbox.put(Command::Stored(session, reply))),
            Err(error) => tracing::error!(%error, "a device's report could not be kept"),
        });
    }
}
