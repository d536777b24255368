//! How devices come in.
//!
//! [`UdpDoor`] binds one UDP socket a shard, and each shard owns the sessions behind its own on a
//! thread of its own. The walk of a datagram is told in `shard.rs`; nothing but devices' messages gets past
//! this room, and nothing of sockets either.

mod budget;
mod connection_id;
mod counters;
mod gathering;
mod journaling;
mod keeping;
mod opening;
mod outbound;
mod partitions;
mod pins;
mod queue;
mod restoring;
mod runner;
mod saved;
mod seals;
mod sending;
mod session;
mod shaking;
mod shard;
#[cfg(feature = "simulation")]
mod simulated;
mod slots;
mod socket;
#[cfg(feature = "tcp")]
mod tcp;
mod throttle;
mod timers;

pub use connection_id::Place;
pub use counters::Counters;
pub use partitions::Layout;
#[cfg(feature = "simulation")]
pub use simulated::{Asked, Ended, Flaw, Ground, SimulatedNode, SimulationError, Stored, Writing};
pub use slots::Slots;
pub use socket::Route;
#[cfg(feature = "tcp")]
pub use tcp::{BoundTcp, TcpCounters, TcpDoor, TcpParts, VERDICT_AFTER};

use crate::device::{Command, LastWords, Mailbox, Roll};
use crate::event::{Bus, Intake};
use crate::journal::{JournalError, Shelf};
use crate::node_key::{NodeKey, NodeKeyError};
use crate::store::{Store, StoreError};
use pintle_dtls::crypto::CryptoError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use zeroize::Zeroizing;

/// How long a device may take to answer a question.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Why the door cannot open.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DoorError {
    /// The address cannot be bound.
    #[error("cannot listen for devices on {address}/udp: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The address for the TCP service cannot be bound.
    #[error("cannot listen for devices on {address}/tcp: {source}")]
    BindTcp {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The TCP service has no key, or one that cannot be used.
    #[error("the TCP service cannot be served with {}: {why}", path.display())]
    TcpKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The TCP service is to be served by a program that was built without it.
    #[error(
        "this pintle was built without the TCP service: leave out --tcp and [tcp] enabled, or build it with the feature `tcp`"
    )]
    NoTcp,
    /// The system refuses a thread or a descriptor.
    #[error("the system has no room for another shard: {0}")]
    System(#[from] io::Error),
    /// Pins or sessions cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A journal cannot be read or written.
    #[error("the journal of the devices' sessions cannot be used: {0}")]
    Journal(#[from] JournalError),
    /// The folder of the journals cannot be used.
    #[error("the journal of the devices' sessions cannot be used: {}: {source}", path.display())]
    JournalFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The node's key cannot be used.
    #[error(transparent)]
    NodeKey(#[from] NodeKeyError),
    /// The cloud's key cannot be used, or there is no randomness.
    #[error("the cloud's UDP key cannot be used: {0}")]
    Key(#[from] CryptoError),
}

impl DoorError {
    /// Whether the person who started the node can mend it.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Bind { .. }
                | Self::BindTcp { .. }
                | Self::Key(_)
                | Self::TcpKey { .. }
                | Self::NoTcp
        )
    }
}

/// What a door needs from the node.
#[derive(Clone)]
pub struct Surroundings {
    /// Where everything durable is.
    pub store: Store,
    /// Seals sessions and connection IDs.
    pub node_key: Arc<NodeKey>,
    /// What saved sessions are bound to, see [`crate::folder::Folder::incarnation`].
    pub incarnation: [u8; 32],
    /// The cloud's private key for devices: SEC1 or PKCS#8 DER.
    pub cloud_key: Zeroizing<Vec<u8>>,
    /// Where events go.
    pub bus: Bus,
    /// Who the devices are; filled from the store when the door opens.
    pub roll: Roll,
    /// Where the store's answers are awaited.
    pub runtime: tokio::runtime::Handle,
    /// How long a device may take to answer a question; [`ANSWER_WITHIN`] outside tests.
    pub answer_within: Duration,
    /// How many shards serve devices.
    pub layout: Layout,
    /// Where the journals are.
    pub journal: Shelf,
    /// Which events are kept for a durable consumer.
    pub intake: Intake,
    /// The mailboxes of other doors, whose numbers come after those of the shards.
    pub neighbours: Vec<Mailbox>,
}

/// An open door: a socket and a thread for each shard.
pub struct UdpDoor {
    address: SocketAddr,
    shards: Vec<Open>,
    counters: Arc<Counters>,
    store: Store,
}

/// A shard at work.
struct Open {
    mailbox: Mailbox,
    thread: JoinHandle<()>,
}

impl UdpDoor {
    /// Binds `address`, takes the saved sessions up again, and starts to serve.
    ///
    /// # Errors
    /// [`DoorError`]; nothing is left running then.
    pub fn open(address: SocketAddr, around: Surroundings) -> Result<Self, DoorError> {
        let counters = Arc::new(Counters::default());
        let (bus, store) = (around.bus.clone(), around.store.clone());
        let (address, shards) = opening::open(address, &around, &counters)?;
        let door = Self { address, shards, counters, store };
        for mailbox in door.mailboxes() {
            bus.tap(Arc::new(mailbox));
        }
        Ok(door)
    }

    /// The address bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the shards' commands are put in, in the order of their numbers.
    pub fn mailboxes(&self) -> Vec<Mailbox> {
        self.shards.iter().map(|shard| shard.mailbox.clone()).collect()
    }

    /// What the door counts.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Writes down how the sessions stand and closes the door; how many there are.
    pub fn close(self) -> usize {
        let words = close(self.shards);
        if let Err(error) = self.store.clean_stops().put_all(&words.stops).wait() {
            tracing::error!(%error, "the stop cannot be marked as clean; devices will be asked whether they are there");
        }
        words.sessions
    }
}

fn close(shards: Vec<Open>) -> LastWords {
    let stopping: Vec<_> = shards
        .into_iter()
        .map(|shard| {
            let (done, words) = channel();
            shard.mailbox.put(Command::Stop(done));
            (words, shard.thread)
        })
        .collect();
    let mut all = LastWords::default();
    for (words, thread) in stopping {
        let words = words.recv().unwrap_or_default();
        // A shard that panicked has said so itself.
        let _ = thread.join();
        all.sessions += words.sessions;
        all.stops.extend(words.stops);
    }
    all
}
