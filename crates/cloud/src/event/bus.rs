//! The in-process event bus: one owner's events to that owner's streams and devices.
//!
//! A reader that does not keep up loses events and is told how many ([`Delivery::Missed`]); it never
//! holds up the publisher or another reader.

use super::Event;
use crate::account::AccountId;
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;

/// How many undelivered events one reader may have before it starts to lose them.
const READER_DEPTH: usize = 1024;

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
    fn wants(&self, event: &Event) -> bool {
        let from = match event.source {
            super::Source::Device(id) => Some(id),
            super::Source::Api | super::Source::Cloud => None,
        };
        event.owner == Some(self.owner)
            && self.device.is_none_or(|device| from == Some(device))
            && event.name.starts_with(&self.prefix)
    }
}

/// What a reader receives.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The next event that the filter wants.
    Event(Arc<Event>),
    /// So many events were lost here because the reader did not keep up.
    Missed(u64),
}

/// Hears every owned event, on the publisher's thread: the doors use it to reach devices.
pub trait Tap: Send + Sync {
    /// Must return at once.
    fn hear(&self, event: &Arc<Event>);
}

struct Reader {
    filter: Filter,
    queue: mpsc::Sender<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

#[derive(Default)]
struct Listeners {
    readers: HashMap<u64, Reader>,
    taps: Vec<Arc<dyn Tap>>,
}

/// The bus; clones share it.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<RwLock<Listeners>>,
    next: Arc<AtomicU64>,
}

impl Bus {
    /// A bus that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands the event to every reader and tap that may hear it. Never waits.
    pub fn publish(&self, event: Event) {
        self.publish_shared(Arc::new(event));
    }

    /// [`Self::publish`], of an event that others hold too.
    pub fn publish_shared(&self, event: Arc<Event>) {
        if event.owner.is_none() {
            return;
        }
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        for reader in listeners.readers.values().filter(|reader| reader.filter.wants(&event)) {
            if reader.queue.try_send(Arc::clone(&event)).is_err() {
                reader.missed.fetch_add(1, Ordering::Relaxed);
            }
        }
        for tap in &listeners.taps {
            tap.hear(&event);
        }
    }

    /// Opens a stream of the events that `filter` wants, from now on.
    pub fn subscribe(&self, filter: Filter) -> Subscription {
        let (queue, receiver) = mpsc::channel(READER_DEPTH);
        let missed = Arc::new(AtomicU64::new(0));
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let reader = Reader { filter, queue, missed: Arc::clone(&missed) };
        self.write().readers.insert(key, reader);
        Subscription { bus: self.clone(), key, receiver, missed }
    }

    /// Adds a listener that hears every owned event.
    pub fn tap(&self, tap: Arc<dyn Tap>) {
        self.write().taps.push(tap);
    }

    /// How many streams are open.
    pub fn readers(&self) -> usize {
        self.listeners.read().unwrap_or_else(PoisonError::into_inner).readers.len()
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Listeners> {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open stream; dropping it closes it.
pub struct Subscription {
    bus: Bus,
    key: u64,
    receiver: mpsc::Receiver<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

impl Subscription {
    /// The next delivery; waits for it. `None` never comes while the bus lives.
    pub async fn next(&mut self) -> Option<Delivery> {
        let missed = self.missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            return Some(Delivery::Missed(missed));
        }
        self.receiver.recv().await.map(Delivery::Event)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.bus.write().readers.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Source;

    fn account(n: u8) -> AccountId {
        AccountId::from_bytes([n; 16])
    }

    fn event(owner: u8, name: &str, device: u8) -> Event {
        Event {
            name: name.into(),
            data: b"1".to_vec(),
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Device(DeviceId::from_bytes([device; 12])),
            owner: Some(account(owner)),
        }
    }

    fn filter(owner: u8, prefix: &str) -> Filter {
        Filter { owner: account(owner), device: None, prefix: prefix.into() }
    }

    #[tokio::test]
    async fn a_reader_hears_its_own_events_by_prefix_and_no_others() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, "temp"));
        bus.publish(event(2, "temp", 7));
        bus.publish(event(1, "other", 7));
        bus.publish(event(1, "temp/kitchen", 7));
        match stream.next().await {
            Some(Delivery::Event(event)) => assert_eq!(event.name, "temp/kitchen"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, ""));
        for _ in 0..READER_DEPTH + 3 {
            bus.publish(event(1, "x", 7));
        }
        assert!(matches!(stream.next().await, Some(Delivery::Missed(3))));
        assert!(matches!(stream.next().await, Some(Delivery::Event(_))));
    }

    #[test]
    fn a_dropped_stream_leaves_no_reader_behind() {
        let bus = Bus::new();
        let stream = bus.subscribe(filter(1, ""));
        assert_eq!(bus.readers(), 1);
        drop(stream);
        assert_eq!(bus.readers(), 0);
    }
}
