//! Who listens: readers by their owner, and taps.
//!
//! Publishers hold this as it was at some moment, and a change must not disturb them: whatever a publisher may
//! still hold is copied before it is changed, and no more than that. So it is kept in parts: a bucket of owners,
//! an owner's readers. A reader comes or goes for the price of one bucket and one list, of a few thousand
//! readers in all.

use super::bus::Tap;
use super::gauge::{Gauge, Totals};
use super::{Event, Published};
use crate::account::AccountId;
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Parts that the owners are in.
const BUCKETS: usize = 32;

/// What one reader asks for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only this account's events.
    pub owner: AccountId,
    /// Only this device's events, where given.
    pub device: Option<DeviceId>,
    /// Only names that begin so; empty for all. Case-sensitive.
    pub prefix: String,
}

impl Filter {
    /// Whether it lets the event through.
    pub fn wants(&self, event: &Event) -> bool {
        event.owner == Some(self.owner)
            && self.device.is_none_or(|device| event.source.device() == Some(device))
            && event.name.starts_with(&self.prefix)
    }
}

/// What is put in a reader's queue.
pub(super) enum Item {
    /// An event.
    Event(Arc<Published>),
    /// Nothing: the reader is to look up because its end has come.
    Wake,
}

/// The publishers' end of one reader.
pub(super) struct Reader {
    pub(super) filter: Filter,
    pub(super) queue: mpsc::UnboundedSender<Item>,
    pub(super) gauge: Arc<Gauge>,
}

impl Reader {
    fn offer(&self, event: &Arc<Published>, totals: &Totals) {
        if !self.filter.wants(event) || self.gauge.is_over() {
            return;
        }
        if self.gauge.reserve(event) {
            // A queue without a reader: it is being closed.
            let _ = self.queue.send(Item::Event(Arc::clone(event)));
        } else {
            self.gauge.lose(totals);
        }
    }
}

type Readers = Arc<Vec<Arc<Reader>>>;
type Bucket = Arc<HashMap<AccountId, Readers>>;

/// All who listen.
#[derive(Clone, Default)]
pub(super) struct Listeners {
    buckets: [Bucket; BUCKETS],
    taps: Vec<Arc<dyn Tap>>,
}

impl Listeners {
    /// Hands an event to everyone who may hear it.
    pub(super) fn hear(&self, event: &Arc<Published>, totals: &Totals) {
        let Some(owner) = event.owner else { return };
        let bucket = self.buckets.get(bucket_of(owner));
        let readers = bucket.and_then(|bucket| bucket.get(&owner));
        for reader in readers.into_iter().flat_map(|readers| readers.iter()) {
            reader.offer(event, totals);
        }
        for tap in &self.taps {
            tap.hear(event);
        }
    }

    pub(super) fn add(&mut self, reader: Arc<Reader>) {
        let owner = reader.filter.owner;
        let Some(bucket) = self.buckets.get_mut(bucket_of(owner)) else { return };
        Arc::make_mut(Arc::make_mut(bucket).entry(owner).or_default()).push(reader);
    }

    pub(super) fn remove(&mut self, reader: &Arc<Reader>) {
        let owner = reader.filter.owner;
        let Some(bucket) = self.buckets.get_mut(bucket_of(owner)) else { return };
        let bucket = Arc::make_mut(bucket);
        let Some(readers) = bucket.get_mut(&owner) else { return };
        if let Some(at) = readers.iter().position(|other| Arc::ptr_eq(other, reader)) {
            Arc::make_mut(readers).swap_remove(at);
        }
        if readers.is_empty() {
            bucket.remove(&owner);
        }
    }

    pub(super) fn add_tap(&mut self, tap: Arc<dyn Tap>) {
        self.taps.push(tap);
    }
}

/// An account's id is random: any byte of it spreads well.
fn bucket_of(owner: AccountId) -> usize {
    let [first, ..] = owner.as_bytes();
    usize::from(*first) % BUCKETS
}
