//! What a device's room may reach while it handles one message: the time, the store, the bus.

use super::command::{Command, Mailbox, SessionKey};
use super::presence::Presences;
use super::registry::{Registry, Subscribed};
use crate::event::{Bus, Event, Source};
use crate::store::{Store, StoreError, Transaction};
use pintle_protocol::DeviceId;
use std::time::Duration;

/// One shard's surroundings, handed to whatever device is being served.
pub struct World {
    /// The time since the node started, as of the current batch.
    pub now: Duration,
    /// The same moment in milliseconds since the Unix epoch.
    pub wall_ms: i64,
    /// How long a question to a device may wait for its answer.
    pub answer_within: Duration,
    /// Where everything durable is.
    pub store: Store,
    /// Where events go.
    pub bus: Bus,
    /// Where answers of the store are awaited.
    pub runtime: tokio::runtime::Handle,
    /// This shard's own mailbox, for what comes back later.
    pub mailbox: Mailbox,
    /// Who is here.
    pub presences: Presences,
    /// Whose the devices are, and what they subscribed to.
    pub registry: Registry,
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

    /// Reads what the store has about a device, so that events find its owner and itself. Two indexed
    /// reads that this thread waits for, when a session begins.
    pub fn learn(&mut self, device: DeviceId) {
        let known = self.store.devices().find(device).wait().and_then(|row| {
            let subscriptions = self.store.devices().subscriptions(device).wait()?;
            Ok((row.and_then(|row| row.owner), subscriptions))
        });
        match known {
            Ok((owner, subscriptions)) => {
                let subscriptions = subscriptions.iter().map(Subscribed::from).collect();
                self.registry.learn(device, owner, subscriptions);
            }
            Err(error) => log_store(device, &error),
        }
    }

    /// Reads from the store whose a device is now. Where that fails it is nobody's: its events must not
    /// reach who no longer owns it.
    pub fn learn_owner(&mut self, device: DeviceId) {
        let row = self.store.devices().find(device).wait();
        if let Err(error) = &row {
            log_store(device, error);
        }
        let owner = row.ok().flatten().and_then(|row| row.owner);
        self.registry.set_owner(device, owner);
    }

    /// Queues a write that nobody waits for.
    pub fn enqueue(&self, transaction: Transaction) {
        // What cannot be queued is logged by the store.
        let _ = self.store.enqueue(transaction);
    }

    /// Writes, and when that is durable lets the shard send `reply` in `session`.
    pub fn store_then_acknowledge(
        &self,
        transaction: Transaction,
        session: SessionKey,
        reply: Vec<u8>,
    ) {
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

    /// A random number for what need not be secret: jitter and first ids.
    pub fn random(&self) -> u16 {
        let mut bytes = [0; 2];
        // Without randomness the jitter is none, which is no harm.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        u16::from_be_bytes(bytes)
    }
}

fn log_store(device: DeviceId, error: &StoreError) {
    tracing::error!(%device, %error, "cannot read what is known about a device");
}
