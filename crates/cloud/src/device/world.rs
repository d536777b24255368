//! What a device's room may reach while it handles one message: the time, the records, the bus.

use super::command::SessionKey;
use super::records::Records;
use super::registry::{Registry, Subscribed};
use super::roll::{Roll, RollNumber};
use crate::event::{Event, Intake, Published, Publisher, Source};
use crate::store::device::SavedSubscription;
use crate::store::pin::Pinned;
use crate::store::{Store, StoreError, Transaction};
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use std::cell::RefCell;
use std::sync::Arc;
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
    pub bus: Publisher,
    /// Which events are kept for a durable consumer, and where they go.
    pub intake: Intake,
    /// Who the devices are, whose, and where.
    pub roll: Roll,
    /// What this shard's devices subscribed to.
    pub registry: Registry,
    /// For what need not be secret: jitter and first ids.
    pub lot: RefCell<fastrand::Rng>,
}

impl World {
    /// Publishes an event of the cloud's own about a device, in the name of the device.
    pub fn announce(&mut self, device: DeviceId, number: RollNumber, name: &str, data: &str) {
        self.publish(Event {
            name: name.into(),
            data: data.into(),
            content_format: 0,
            ttl: crate::event::DEFAULT_TTL,
            published_at_ms: self.wall_ms,
            source: Source::Device(device),
            owner: self.roll.owner(number),
        });
    }

    /// Publishes an event that no row keeps.
    pub fn publish(&mut self, event: Event) {
        if event.owner.is_some() {
            self.publish_shared(&Published::new(event));
        }
    }

    /// The same of an event that others hold too.
    pub fn publish_shared(&mut self, event: &Arc<Published>) {
        self.intake.tell(event);
        self.bus.publish_shared(event);
    }

    /// Looks up which key a device has and whose it is, and puts that on the roll; its key. Where that
    /// fails it has none and is nobody's: it stays out, and its events reach no one.
    pub fn learn(&mut self, device: DeviceId) -> Option<Fingerprint> {
        let reading = self.roll.while_reading();
        let Pinned { key, owner } = self.records.pinned(device).unwrap_or_else(|error| {
            tracing::error!(%device, %error, "cannot read the device's pin; it stays out");
            Pinned::default()
        });
        self.roll.set_key(device, key);
        self.roll.set_owner(device, owner);
        drop(reading);
        self.regroup(device);
        key
    }

    /// Looks up whose a device is now. Where that fails it is nobody's: its events must not reach who no
    /// longer owns it.
    pub fn learn_owner(&mut self, device: DeviceId) {
        let reading = self.roll.while_reading();
        let found = self.records.pinned(device).unwrap_or_else(|error| {
            tracing::error!(%device, %error, "cannot read whose the device is; it counts as nobody's");
            Pinned::default()
        });
        self.roll.set_owner(device, found.owner);
        drop(reading);
        self.regroup(device);
    }

    fn regroup(&mut self, device: DeviceId) {
        if let Some(number) = self.roll.find(device) {
            self.registry.owner_changed(number);
        }
    }

    /// Reads what the devices subscribed to whose sessions are on `shard`, in one pass over the store.
    ///
    /// # Errors
    /// What the store says; what was read before that is known.
    pub fn learn_subscriptions(&mut self, store: &Store, shard: u16) -> Result<(), StoreError> {
        let mut rows = store.devices().all_subscriptions().peekable();
        while let Some(row) = rows.next() {
            let (device, first) = row?;
            let mut list = vec![Subscribed::from(&first)];
            let same = |row: &Result<(DeviceId, SavedSubscription), StoreError>| {
                row.as_ref().is_ok_and(|(other, _)| *other == device)
            };
            while let Some(Ok((_, next))) = rows.next_if(same) {
                list.push(Subscribed::from(&next));
            }
            let number = self.roll.find(device);
            let at = number.and_then(|number| self.roll.whereabouts(number));
            if let Some(number) = number.filter(|_| at.is_some_and(|at| at.shard == shard)) {
                self.registry.learn(number, list);
            }
        }
        Ok(())
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
