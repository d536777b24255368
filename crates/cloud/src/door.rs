//! How devices come in.
//!
//! [`UdpDoor`] binds one UDP socket and gives it to one shard, a thread that owns the sessions
//! behind it. The walk of a datagram is told in `shard.rs`; nothing but devices' messages gets past
//! this room, and nothing of sockets either.

mod connection_id;
mod counters;
mod outbound;
mod pins;
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
pub use slots::Slots;

use crate::device::{Command, Mailbox, Presences, Registry, World};
use crate::event::Bus;
use crate::node_key::{Label, NodeKey};
use crate::store::{Store, StoreError};
use connection_id::ConnectionIds;
use pins::Pins;
use pintle_dtls::crypto::{AwsLc, Crypto, CryptoError};
use pintle_dtls::server::{CookieJar, ServerConfig};
use runner::Runner;
use shaking::Shaking;
use shard::{Parts, Shard};
use socket::{BatchSocket, Bound};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
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
    /// Where devices show themselves.
    pub presences: Presences,
    /// Where the store's answers are awaited.
    pub runtime: tokio::runtime::Handle,
    /// How long a device may take to answer a question; [`ANSWER_WITHIN`] outside tests.
    pub answer_within: Duration,
}

/// An open door: one socket, one shard.
pub struct UdpDoor {
    address: SocketAddr,
    mailbox: Mailbox,
    counters: Arc<Counters>,
    thread: JoinHandle<()>,
}

impl UdpDoor {
    /// Binds `address`, takes the saved sessions up again, and starts to serve.
    ///
    /// # Errors
    /// [`DoorError`]; nothing is left running then.
    pub fn open(address: SocketAddr, around: Surroundings) -> Result<Self, DoorError> {
        let socket = Bound::new(address).map_err(|source| DoorError::Bind { address, source })?;
        let address = socket.local_addr()?;
        let (mailbox, commands, bell) = Mailbox::new()?;
        let counters = Arc::new(Counters::default());
        let parts_counters = Arc::clone(&counters);
        let (tell, opened) = channel();
        let (shard_mailbox, bus) = (mailbox.clone(), around.bus.clone());
        // The shard is built on its own thread: its buffers belong to it alone.
        let thread = std::thread::Builder::new().name("shard-0".into()).spawn(move || {
            let parts = Parts {
                shaking: match shaking(&around) {
                    Ok(shaking) => shaking,
                    Err(error) => return drop(tell.send(Err(error))),
                },
                ids: ConnectionIds::new(&around.node_key.derive(Label::CONNECTION_ID), false),
                pins: match around.store.pins().all().wait() {
                    Ok(pins) => Pins::new(pins),
                    Err(error) => return drop(tell.send(Err(error.into()))),
                },
                world: world(&around, shard_mailbox),
                node_key: Arc::clone(&around.node_key),
                incarnation: around.incarnation,
                number: 0,
                counters: parts_counters,
            };
            drop(around);
            let mut shard = Shard::new(parts);
            match shard.restore() {
                Ok(restored) => drop(tell.send(Ok(restored))),
                Err(error) => return drop(tell.send(Err(error.into()))),
            }
            let socket = BatchSocket::from(socket);
            Runner { shard, socket, commands, bell, started: Instant::now() }.run();
        })?;
        let restored = opened.recv().map_err(|_| io::Error::other("the shard ended at once"))??;
        if restored > 0 {
            tracing::info!(sessions = restored, "took the saved sessions up again");
        }
        bus.tap(Arc::new(mailbox.clone()));
        Ok(Self { address, mailbox, counters, thread })
    }

    /// The address bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the shard's commands are put in.
    pub fn mailbox(&self) -> Mailbox {
        self.mailbox.clone()
    }

    /// What the door counts.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// Saves the sessions and closes the door; how many were saved.
    pub fn close(self) -> usize {
        let (done, saved) = channel();
        self.mailbox.put(Command::Stop(done));
        let saved = saved.recv().unwrap_or(0);
        // A shard that panicked has said so itself.
        let _ = self.thread.join();
        saved
    }
}

fn shaking(around: &Surroundings) -> Result<Shaking, DoorError> {
    let crypto = AwsLc;
    let key = crypto.signing_key_from_der(&around.cloud_key)?;
    let mut secret = Zeroizing::new([0; 32]);
    crypto.fill_random(secret.as_mut())?;
    Ok(Shaking::new(Arc::new(ServerConfig::new(crypto, key)), CookieJar::new(*secret)))
}

fn world(around: &Surroundings, mailbox: Mailbox) -> World {
    World {
        now: Duration::ZERO,
        wall_ms: 0,
        answer_within: around.answer_within,
        store: around.store.clone(),
        bus: around.bus.clone(),
        runtime: around.runtime.clone(),
        mailbox,
        presences: around.presences.clone(),
        registry: Registry::default(),
    }
}
