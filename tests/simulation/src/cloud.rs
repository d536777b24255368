//! The cloud of a simulation: a node while it runs, and what is left of it while it does not.

use crate::device::{KEPT, SUBSCRIPTION, id_of};
use crate::keys::Keys;
use pintle_cloud::account::AccountId;
use pintle_cloud::door::{Flaw, Ground, SimulatedNode, SimulationError};
use pintle_cloud::event::{Event, Source};
use pintle_cloud::journal::simulated::SimulatedDisk;
use pintle_cloud::node_key::NodeKey;
use pintle_cloud::store::clean_stop::CleanStop;
use pintle_cloud::store::device::SavedSubscription;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The wall clock when the simulation begins: milliseconds since 1970.
const BEGINNING_MS: i64 = 1_750_000_000_000;

/// The cloud.
pub struct Cloud {
    /// The node, while it runs.
    pub node: Option<SimulatedNode>,
    /// Counts its starts.
    pub starts: u64,
    /// What is left of it when it does not run.
    pub ground: Ground,
    backup: Option<(SimulatedDisk, Vec<CleanStop>)>,
    seed: u64,
    started: Duration,
    clock_is_off_by_ms: i64,
}

impl Cloud {
    /// A cloud that is yet to start, for so many devices.
    #[must_use]
    pub fn new(seed: u64, keys: &Keys, devices: usize, flaw: Option<Flaw>) -> Self {
        let disk = SimulatedDisk::new();
        // What a liar confirms is not durable, and the cloud acts on it all the same.
        disk.set_lying(flaw == Some(Flaw::AcknowledgedBeforeDurable));
        let pinned = keys.devices.iter().take(devices).enumerate();
        let ground = Ground {
            node_key: Arc::new(NodeKey::from_bytes(Zeroizing::new([7; 32]))),
            incarnation: [1; 32],
            cloud_key: keys.cloud.clone(),
            devices: pinned
                .map(|(number, (_, key))| (id_of(number), (*key, owner_of(number))))
                .collect(),
            subscriptions: vec![SavedSubscription { prefix: SUBSCRIPTION.to_owned(), options: 0 }],
            answer_within: Duration::from_secs(20),
            kept: vec![KEPT.to_owned()],
            disk,
            stops: Vec::new(),
            flaw,
        };
        Self {
            node: None,
            starts: 0,
            ground,
            backup: None,
            seed,
            started: Duration::ZERO,
            clock_is_off_by_ms: 0,
        }
    }

    /// Starts a node; how many sessions it took up.
    ///
    /// # Errors
    /// [`SimulationError`]: where the disk refuses it, it may be tried again.
    pub fn start(&mut self, now: Duration, shards: u8) -> Result<usize, SimulationError> {
        self.starts += 1;
        self.started = now;
        let seed = self.seed ^ self.starts << 32;
        let node = SimulatedNode::start(&self.ground, shards, seed, self.wall_ms(now))?;
        // A mark of the store is read once.
        self.ground.stops.clear();
        Ok(self.node.insert(node).restored())
    }

    /// The process is gone, and what was in its memory.
    pub fn kill(&mut self) {
        self.node = None;
    }

    /// Copies the folder.
    pub fn back_up(&mut self) {
        self.backup = Some((self.ground.disk.copied(), self.ground.stops.clone()));
    }

    /// Puts the copy back, if there is one. Where that is noticed, the node is another incarnation.
    pub fn restore(&mut self, unnoticed: bool) {
        let Some((disk, stops)) = &self.backup else { return };
        self.ground.disk = disk.copied();
        self.ground.disk.set_lying(self.ground.flaw == Some(Flaw::AcknowledgedBeforeDurable));
        // A whole machine put back to a moment when its node had stopped cleanly is not told from the machine
        // (SECURITY.md, P3: not yet). Unnoticed, the journal goes back alone.
        self.ground.stops = if unnoticed { Vec::new() } else { stops.clone() };
        if let Some(last) = self.ground.incarnation.last_mut().filter(|_| !unnoticed) {
            *last += 1;
        }
    }

    /// Sets the wall clock.
    pub const fn set_clock(&mut self, seconds: i32) {
        self.clock_is_off_by_ms += seconds as i64 * 1000;
    }

    /// The node, told what time it is.
    pub fn node_at(&mut self, now: Duration) -> Option<&mut SimulatedNode> {
        let wall_ms = self.wall_ms(now);
        let node = self.node.as_mut()?;
        node.tell_time(now.saturating_sub(self.started), wall_ms);
        Some(node)
    }

    const fn wall_ms(&self, now: Duration) -> i64 {
        BEGINNING_MS + now.as_millis() as i64 + self.clock_is_off_by_ms
    }

    /// When the node has something to do.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        let node = self.node.as_ref()?;
        Some(self.started.saturating_add(node.poll_timeout()))
    }

    /// The shard whose socket hears this address, as the system spreads them.
    #[must_use]
    pub fn shard_of(&self, address: SocketAddr) -> usize {
        let shards = self.node.as_ref().map_or(1, SimulatedNode::shards);
        usize::from(address.port().wrapping_mul(40_503) >> 7) % shards
    }
}

/// Whose a device is: each has an owner of its own, so that an event never has two listeners whose order a
/// hash table would decide.
#[must_use]
pub fn owner_of(device: usize) -> AccountId {
    AccountId::from_bytes([device as u8; 16])
}

/// An event to a device.
#[must_use]
pub fn event_for(device: usize, number: u64) -> Event {
    Event {
        name: SUBSCRIPTION.to_owned() + "go",
        data: number.to_string().into_bytes(),
        content_format: 0,
        ttl: 60,
        published_at_ms: BEGINNING_MS,
        source: Source::Api,
        owner: Some(owner_of(device)),
    }
}
