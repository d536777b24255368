//! Whether the node is truly alive: every shard, the store's writer and a reader answer, and the API still listens.
//!
//! A timer that ticks shows only that a timer ticks. This asks each thread that serves somebody, as others ask it: a
//! shard through its mailbox, the store through its queues. A store that answers with an error is alive: a full disk
//! is the operator's to mend, and a restart would not. It does not look at devices.

use crate::device::Gateway;
use crate::store::{Store, StoreError};
use std::time::Duration;
use thiserror::Error;
use tokio::time::timeout;

/// Who did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Dead {
    /// A shard's thread ended, or did not come to its mailbox in time.
    #[error("shard {0} does not answer")]
    Shard(usize),
    /// The store's writer or a reader did not answer in time.
    #[error("the store does not answer: its disk may be stalled")]
    Store,
    /// The API's listener ended.
    #[error("the API has ended by itself")]
    Api,
}

/// Asks the node for a sign of life. Cheap to clone.
#[derive(Clone)]
pub struct Pulse {
    gateway: Gateway,
    store: Store,
}

impl Pulse {
    /// The pulse of the shards behind `gateway` and of `store`.
    pub fn new(gateway: Gateway, store: Store) -> Self {
        Self { gateway, store }
    }

    /// Asks them all at once; each has `within` to answer.
    ///
    /// # Errors
    /// [`Dead`]: one that did not.
    pub async fn beat(&self, within: Duration) -> Result<(), Dead> {
        let shards = self.gateway.heartbeat(within);
        let reads = answers(self.store.ping(), within);
        let writes = answers(self.store.flush(), within);
        let (shards, reads, writes) = tokio::join!(shards, reads, writes);
        shards.map_err(Dead::Shard)?;
        if reads && writes { Ok(()) } else { Err(Dead::Store) }
    }
}

/// Whether the store answered at all: a refusal is an answer, an unasked question is none.
async fn answers(ask: impl Future<Output = Result<(), StoreError>>, within: Duration) -> bool {
    !matches!(timeout(within, ask).await, Err(_) | Ok(Err(StoreError::Closed | StoreError::Busy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Command, Mailbox, Roll};
    use crate::node_key::NodeKey;
    use std::sync::mpsc::Receiver;
    use tempfile::TempDir;

    const WITHIN: Duration = Duration::from_secs(5);

    struct House {
        pulse: Pulse,
        shards: Vec<Receiver<Command>>,
        _folder: TempDir,
    }

    fn house(shards: usize) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &NodeKey::generate().unwrap()).unwrap();
        let (mailboxes, shards) = (0..shards)
            .map(|_| Mailbox::new().map(|(mailbox, commands, _)| (mailbox, commands)).unwrap())
            .unzip();
        let pulse = Pulse::new(Gateway::new(mailboxes, Roll::default()), store);
        House { pulse, shards, _folder: folder }
    }

    fn serve_one(commands: Receiver<Command>) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || match commands.recv() {
            Ok(Command::Heartbeat(alive)) => alive.send(()).unwrap(),
            _ => panic!("a heartbeat was to come"),
        })
    }

    #[tokio::test]
    async fn a_node_whose_shards_and_store_answer_is_alive() {
        let House { pulse, shards, _folder } = house(3);
        let threads: Vec<_> = shards.into_iter().map(serve_one).collect();
        assert_eq!(pulse.beat(WITHIN).await, Ok(()));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[tokio::test]
    async fn a_shard_that_ended_is_named_at_once() {
        let House { pulse, mut shards, _folder } = house(2);
        drop(shards.pop());
        let living = shards.pop().map(serve_one);
        assert_eq!(pulse.beat(WITHIN).await, Err(Dead::Shard(1)));
        living.unwrap().join().unwrap();
    }

    #[tokio::test]
    async fn a_shard_that_hangs_is_dead_when_its_time_is_over() {
        let house = house(1);
        // Nobody reads its mailbox.
        let dead = house.pulse.beat(Duration::from_millis(20)).await;
        assert_eq!(dead, Err(Dead::Shard(0)));
        assert_eq!(house.shards.len(), 1);
    }

    #[tokio::test]
    async fn a_store_that_refuses_is_alive_and_one_that_is_silent_is_not() {
        assert!(answers(async { Err(StoreError::Full) }, WITHIN).await);
        assert!(!answers(async { Err(StoreError::Closed) }, WITHIN).await);
        assert!(!answers(std::future::pending(), Duration::from_millis(1)).await);
    }
}
