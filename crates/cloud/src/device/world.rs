//! What a device's room may reach while it handles one message: the time, the records, the bus.

use super::command::SessionKey;
use super::presence::Presences;
use super::records::Records;
use super::registry::{Registry, Subscribed};
use crate::event::{Bus, Event, Intake, Source};
use crate::store::{StoreError, Transaction};
use pintle_protocol::DeviceId;
use std::cell::RefCell;
use std::time::Duration;

/// One shard's surroundings, handed to whatever device is being served.
pub struct World {
    /// The time since the node started, as of the current batch.
    pub now: Duration,
    /// The same moment in milliseconds since the Unix epoch.
    pub wall_ms: i64,
    /// How long a question to a device may wait for its answer.
    pub answer_within: Duration,
    /// What is written down and looked up outside the shard.
    pub records: Box<dyn Records>,
    /// Where events go.
    pub bus: Bus,
    /// Which events are kept for a durable consumer, and where they go.
    pub intake: Intake,
    /// Who is here.
    pub presences: Presences,
    /// Whose the devices are, and what they subscribed to.
    pub registry: Registry,
    /// For what need not be secret: jitter and first ids.
    pub lot: RefCell<fastrand::Rng>,
}

impl World {
    /// Publishes an event of the cloud's own about a device, in the name of the device.
    pub fn announce(&self, device: DeviceId, name: &str, data: &str) {
        self.bus.publish(Event {
            name: name.into(),
            data: data.into(),
            content_format: 0,
            ttl: crate::event::DEFAULT_TTL,
            published_at_ms: self.wall_ms,
            source: Source::Device(device),
            owner: self.registry.owner(device),
        });
    }

    /// Looks up what is known about a device, so that events find its owner and itself.
    pub fn learn(&mut self, device: DeviceId) {
        match self.records.known(device) {
            Ok(known) => {
                let subscriptions = known.subscriptions.iter().map(Subscribed::from).collect();
                self.registry.learn(device, known.owner, subscriptions);
            }
            Err(error) => log_store(device, &error),
        }
    }

    /// Looks up whose a device is now. Where that fails it is nobody's: its events must not reach who no
    /// longer owns it.
    pub fn learn_owner(&mut self, device: DeviceId) {
        let owner = self.records.owner(device).unwrap_or_else(|error| {
            log_store(device, &error);
            None
        });
        self.registry.set_owner(device, owner);
    }

    /// Queues a write that nobody waits for.
    pub fn enqueue(&self, transaction: Transaction) {
        self.records.enqueue(transaction);
    }

    /// Writes, and when that is durable lets the shard send `reply` in `session`.
    pub fn store_then_acknowledge(
        &self,
        transaction: Transaction,
        session: SessionKey,
        reply: Vec<u8>,
    ) {
        self.records.write(transaction, session, reply);
    }

    /// A random number for what need not be secret: jitter and first ids.
    pub fn random(&self) -> u16 {
        self.lot.borrow_mut().u16(..)
    }
}

fn log_store(device: DeviceId, error: &StoreError) {
    tracing::error!(%device, %error, "cannot read what is known about a device");
}
