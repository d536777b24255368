//! How devices come in.
//!
//! [`UdpDoor`] binds one UDP socket a shard, and each shard owns the sessions behind its own on a
//! thread of its own. The walk of a datagram is told in `shard.rs`; nothing but devices' messages gets past
//! this room, and nothing of sockets either.

mod budget;
mod connection_id;
mod counters;
mod opening;
mod outbound;
mod partitions;
mod pins;
mod queue;
mod runner;
mod saved;
mod session;
mod shaking;
mod shard;
mod slots;
mod socket;
mod throttle;
mod timers;

pub use connection_id::Place;
pub use counters::Counters;
pub use partitions::Layout;
pub use slots::Slots;
pub use socket::Route;

use crate::device::{Command, Mailbox, Roll};
use crate::event::Bus;
use crate::node_key::NodeKey;
use crate::store::{Store, StoreError};
use pintle_dtls::crypto::CryptoError;
use std::io;
use std::net::SocketAddr;
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
    /// The system refuses a thread or a descriptor.
    #[error("the system has no room for another shard: {0}")]
    System(#[from] io::Error),
    /// Pins or sessions cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cloud's key cannot be used, or there is no randomness.
    #[error("the cloud's UDP key cannot be used: {0}")]
    Key(#[from] CryptoError),
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
}

/// An open door: a socket and a thread for each shard.
pub struct UdpDoor {
    address: SocketAddr,
    shards: Vec<Open>,
    counters: Arc<Counters>,
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
        let bus = around.bus.clone();
        let (address, shards) = opening::open(address, &around, &counters)?;
        let door = Self { address, shards, counters };
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

    /// Saves the sessions and closes the door; how many were saved.
    pub fn close(self) -> usize {
        close(self.shards)
    }
}

fn close(shards: Vec<Open>) -> usize {
    let stopping: Vec<_> = shards
        .into_iter()
        .map(|shard| {
            let (done, saved) = channel();
            shard.mailbox.put(Command::Stop(done));
            (saved, shard.thread)
        })
        .collect();
    let saved = stopping.into_iter().map(|(saved, thread)| {
        let saved = saved.recv().unwrap_or(0);
        // A shard that panicked has said so itself.
        let _ = thread.join();
        saved
    });
    saved.sum()
}
