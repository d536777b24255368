//! A node without a socket, a clock or a thread, for simulations: all of its shards, driven by hand.
//!
//! What it is built on outlives it ([`Ground`]): drop a node as it is, and it was killed. The contract:
//! [`SimulatedNode::tell_time`] first, then datagrams, questions and time-outs in any order; what is to be sent,
//! what was published and what is to be written is collected after each. Frames of the journals are written,
//! and reported durable, by whoever drives the node and when they like. Not in a release.

mod disk;
mod ground;

pub use disk::{Ended, Writing};
pub use ground::{Flaw, Ground, Stored};

use super::connection_id::ConnectionIds;
use super::counters::Counters;
use super::partitions::Layout;
use super::pins::Pins;
use super::shaking::Shaking;
use super::shard::{Parts, Shard};
use super::socket::Route;
use crate::device::update::{Begun, Offer, Order, Transfer, UpdateError};
use crate::device::{Answer, AskError, Command, Presence, Question, Registry, Roll, World};
use crate::event::{Bus, Event, Intake, Outbox, Published, Row, Tap};
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{JournalError, Scribe};
use crate::node_key::{Label, NodeKeyError};
use ground::SimulatedRecords;
use pintle_dtls::crypto::{AwsLc, Crypto, CryptoError};
use pintle_dtls::server::{CookieJar, ServerConfig};
use pintle_protocol::DeviceId;
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Why a simulated node cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The cloud's key is none, or there is no randomness.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The node key cannot be used.
    #[error(transparent)]
    Key(#[from] NodeKeyError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The disk cannot be listed.
    #[error("the simulated disk cannot be listed: {0}")]
    Disk(io::Error),
}

impl SimulationError {
    fn disk(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// A question on its way.
pub struct Asked(oneshot::Receiver<Result<Answer, AskError>>);

impl Asked {
    /// The answer, once; `None` while it is awaited.
    pub fn answer(&mut self) -> Option<Result<Answer, AskError>> {
        self.0.try_recv().ok()
    }
}

type Shared<T> = Arc<Mutex<Vec<T>>>;

/// All shards of a node.
pub struct SimulatedNode {
    shards: Vec<Shard>,
    scribes: Vec<Vec<Scribe<SimulatedDisk>>>,
    layout: Layout,
    bus: Bus,
    intake: Intake,
    outbox: Outbox,
    restored: usize,
    roll: Roll,
    published: Shared<Arc<Published>>,
    heard: Vec<Arc<Published>>,
    stored: Shared<Stored>,
    counters: Arc<Counters>,
}

impl SimulatedNode {
    /// Starts a node of so many shards; `seed` decides its jitter and first ids.
    ///
    /// # Errors
    /// [`SimulationError`].
    pub fn start(
        ground: &Ground,
        shards: u8,
        seed: u64,
        wall_ms: i64,
    ) -> Result<Self, SimulationError> {
        let layout = Layout::new(shards);
        let (intake, outbox) = Outbox::new(ground.kept.clone());
        let mut node = Self {
            shards: Vec::new(),
            scribes: Vec::new(),
            layout,
            bus: Bus::new(),
            intake,
            outbox,
            restored: 0,
            roll: ground.roll(),
            published: Shared::default(),
            heard: Vec::new(),
            stored: Shared::default(),
            counters: Arc::default(),
        };
        node.bus.tap(Arc::new(Ear(Arc::clone(&node.published))));
        for number in 0..layout.shards() {
            let mut shard = node.shard(ground, number, seed.wrapping_add(number.into()))?;
            shard.tell_time(Duration::ZERO, wall_ms);
            let scribes = node.take_up(&mut shard, ground)?;
            node.scribes.push(scribes);
            node.shards.push(shard);
        }
        Ok(node)
    }

    fn shard(&self, ground: &Ground, number: u8, seed: u64) -> Result<Shard, SimulationError> {
        let key = AwsLc.signing_key_from_der(&ground.cloud_key)?;
        let mut secret = Zeroizing::new([0; 32]);
        AwsLc.fill_random(secret.as_mut())?;
        Ok(Shard::new(Parts {
            world: self.world(ground, seed),
            shaking: Shaking::new(Arc::new(ServerConfig::new(AwsLc, key)), CookieJar::new(*secret)),
            ids: ConnectionIds::new(&ground.node_key.derive(Label::CONNECTION_ID), false),
            pins: Pins::new(self.roll.clone()),
            seals: disk::seals(ground)?,
            number,
            layout: self.layout,
            counters: Arc::clone(&self.counters),
        }))
    }

    fn world(&self, ground: &Ground, seed: u64) -> World {
        let records = SimulatedRecords { ground: ground.clone(), stored: Arc::clone(&self.stored) };
        World {
            now: Duration::ZERO,
            wall_ms: 0,
            answer_within: ground.answer_within,
            records: Box::new(records),
            bus: self.bus.publisher(),
            intake: self.intake.clone(),
            registry: Registry::new(self.roll.clone()),
            roll: self.roll.clone(),
            lot: RefCell::new(fastrand::Rng::with_seed(seed)),
        }
    }

    /// How many sessions it took up when it started.
    pub fn restored(&self) -> usize {
        self.restored
    }

    /// How many shards there are.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Says what time it is: since the node started, and in milliseconds since the Unix epoch.
    pub fn tell_time(&mut self, now: Duration, wall_ms: i64) {
        self.shards.iter_mut().for_each(|shard| shard.tell_time(now, wall_ms));
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Duration {
        self.shards.iter().map(Shard::poll_timeout).min().unwrap_or(Duration::MAX)
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self) {
        self.shards.iter_mut().for_each(Shard::handle_timeout);
        self.pass_on();
    }

    /// A datagram reaches the socket of a shard.
    pub fn datagram(&mut self, shard: usize, peer: SocketAddr, datagram: &mut [u8]) {
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.datagram(Route { peer, local: None }, datagram);
        }
        self.pass_on();
    }

    /// Asks a device something, as the API does.
    pub fn ask(&mut self, device: DeviceId, question: Question) -> Asked {
        let (reply, answer) = oneshot::channel();
        let shard = self.roll.shard_of(device).unwrap_or(0);
        if let Some(shard) = self.shards.get_mut(usize::from(shard)) {
            shard.command(Command::Ask(device, question, reply));
        }
        self.pass_on();
        Asked(answer)
    }

    /// Sends a device an update, as the gateway does. [`Self::cancelled`] is to be called after a cancel.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn update(
        &mut self,
        device: DeviceId,
        offer: Offer,
    ) -> Result<(Begun, Transfer), UpdateError> {
        let (order, begun, transfer) = Order::new(offer, None)?;
        let shard = self.roll.shard_of(device).ok_or(UpdateError::Offline)?;
        if let Some(shard) = self.shards.get_mut(usize::from(shard)) {
            shard.command(Command::Update(device, Box::new(order)));
        }
        self.pass_on();
        Ok((begun, transfer))
    }

    /// Somebody broke the device's update off.
    pub fn cancelled(&mut self, device: DeviceId) {
        self.shards.iter_mut().for_each(|shard| shard.command(Command::Cancelled(device)));
    }

    /// Publishes an event, as the API does.
    pub fn publish(&mut self, event: Event) {
        self.bus.publish(event);
        self.pass_on();
    }

    /// What the store was asked to write since this was last called.
    pub fn take_stored(&mut self) -> Vec<Stored> {
        take(&self.stored)
    }

    /// The store has written it.
    pub fn stored(&mut self, stored: &Stored) {
        for shard in &mut self.shards {
            shard.command(Command::Stored(stored.0, stored.1.clone()));
        }
        self.pass_on();
    }

    /// What is to be sent, each with the address it goes to.
    pub fn take_outbound(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut all = Vec::new();
        for shard in &mut self.shards {
            let waiting = shard.outbound.waiting().iter();
            all.extend(waiting.map(|(route, datagram)| (route.peer, datagram.clone())));
            shard.outbound.clear();
        }
        all
    }

    /// What was published since this was last called.
    pub fn take_published(&mut self) -> Vec<Arc<Published>> {
        std::mem::take(&mut self.heard)
    }

    /// The oldest events that wait for the durable consumer, at most `count`.
    pub fn rows(&self, count: usize) -> Vec<Row> {
        self.outbox.waiting(count)
    }

    /// The durable consumer has taken a row.
    pub fn taken(&mut self, row: u64) {
        if self.outbox.taken(row) == Some(true) {
            self.shards.iter_mut().for_each(|shard| shard.command(Command::Taken(row)));
        }
    }

    /// What is known about a device's connection.
    pub fn presence(&self, device: DeviceId) -> Presence {
        self.roll.presence(device)
    }

    /// What the node counts.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.counters.all()
    }

    /// Lets handshakes have their turn, hands datagrams over between shards and events to devices, until
    /// nothing is left to do.
    fn pass_on(&mut self) {
        loop {
            let mut idle = true;
            for (shard, scribes) in self.shards.iter_mut().zip(&self.scribes) {
                for index in 0..scribes.len() {
                    while shard.release(index) {}
                }
                while shard.shakes_wait() {
                    shard.shake_next();
                }
            }
            for (number, route, mut datagram) in self.take_astray() {
                idle = false;
                if let Some(shard) = self.shards.get_mut(number) {
                    shard.datagram(route, &mut datagram);
                }
            }
            idle &= !self.end_replaced();
            for event in take(&self.published) {
                idle = false;
                self.deliver(&event);
                self.heard.push(event);
            }
            if idle {
                return;
            }
        }
    }

    fn take_astray(&mut self) -> Vec<(usize, Route, Vec<u8>)> {
        let astray = self.shards.iter_mut().flat_map(|shard| shard.astray.iter_mut().enumerate());
        astray
            .flat_map(|(to, datagrams)| {
                std::mem::take(datagrams).into_iter().map(move |(route, bytes)| (to, route, bytes))
            })
            .collect()
    }

    /// Tells shards which of their sessions were replaced on others; whether there were any.
    fn end_replaced(&mut self) -> bool {
        let replaced: Vec<_> =
            self.shards.iter_mut().flat_map(|shard| shard.replaced.drain(..)).collect();
        for old in &replaced {
            if let Some(shard) = self.shards.get_mut(usize::from(old.shard)) {
                shard.command(Command::Replaced(old.session));
            }
        }
        !replaced.is_empty()
    }

    fn deliver(&mut self, event: &Arc<Published>) {
        for shard in &mut self.shards {
            shard.command(Command::Deliver(Arc::clone(event)));
        }
    }
}

/// Hears every event.
struct Ear(Shared<Arc<Published>>);

impl Tap for Ear {
    fn hear(&self, event: &Arc<Published>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(event));
    }
}

fn take<T>(shared: &Shared<T>) -> Vec<T> {
    std::mem::take(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}
