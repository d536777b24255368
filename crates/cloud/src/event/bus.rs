//! The in-process event bus: one owner's events to that owner's streams and devices.
//!
//! Who listens changes rarely and is looked at with every event. So a [`Publisher`] keeps the listeners as they
//! were and looks at one number to know that they still are; only where that changed it takes the lock, for as
//! long as it takes to count one reference. A reader is bounded (see [`super::gauge`]): it never holds up the
//! publisher or another reader.

use super::gauge::{Gauge, Totals};
use super::listeners::{Filter, Listeners, Reader};
use super::subscription::Subscription;
use super::{Event, Published};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Hears every owned event, on the publisher's thread: the doors use it to reach devices.
pub trait Tap: Send + Sync {
    /// Must return at once.
    fn hear(&self, event: &Arc<Published>);
}

/// The bus; clones share it.
#[derive(Clone, Default)]
pub struct Bus {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    listeners: Mutex<Arc<Listeners>>,
    /// Grows with every change of the listeners, while they are locked.
    version: AtomicU64,
    readers: AtomicUsize,
    totals: Totals,
}

impl Bus {
    /// A bus that nobody listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An end for someone who publishes often.
    pub fn publisher(&self) -> Publisher {
        let (version, listeners) = self.listeners();
        Publisher { bus: self.clone(), version, listeners }
    }

    /// Hands the event to every reader and tap that may hear it. For those who publish now and then; others
    /// have a [`Publisher`].
    pub fn publish(&self, event: Event) {
        if event.owner.is_some() {
            let (_, listeners) = self.listeners();
            listeners.hear(&Published::new(event), &self.shared.totals);
        }
    }

    /// Opens a stream of the events that `filter` wants, from now on.
    pub fn subscribe(&self, filter: Filter) -> Subscription {
        let (queue, receiver) = mpsc::unbounded_channel();
        let reader = Arc::new(Reader { filter, queue, gauge: Arc::new(Gauge::default()) });
        self.change(|listeners| listeners.add(Arc::clone(&reader)));
        self.shared.readers.fetch_add(1, Ordering::Relaxed);
        Subscription::new(self.clone(), reader, receiver)
    }

    pub(super) fn unsubscribe(&self, reader: &Arc<Reader>) {
        self.change(|listeners| listeners.remove(reader));
        self.shared.readers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Adds a listener that hears every owned event.
    pub fn tap(&self, tap: Arc<dyn Tap>) {
        self.change(|listeners| listeners.add_tap(tap));
    }

    /// How many streams are open.
    pub fn readers(&self) -> usize {
        self.shared.readers.load(Ordering::Relaxed)
    }

    /// How many events were lost because a reader did not keep up, counted for each reader.
    pub fn missed(&self) -> u64 {
        self.shared.totals.missed.load(Ordering::Relaxed)
    }

    /// How many readers were given up because they did not keep up.
    pub fn given_up(&self) -> u64 {
        self.shared.totals.given_up.load(Ordering::Relaxed)
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.shared.totals
    }

    fn listeners(&self) -> (u64, Arc<Listeners>) {
        let listeners = self.lock();
        (self.shared.version.load(Ordering::Relaxed), Arc::clone(&listeners))
    }

    fn change(&self, change: impl FnOnce(&mut Listeners)) {
        let mut listeners = self.lock();
        change(Arc::make_mut(&mut listeners));
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Listeners>> {
        self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One publisher's end of the bus: publishes without a lock.
pub struct Publisher {
    bus: Bus,
    version: u64,
    listeners: Arc<Listeners>,
}

impl Publisher {
    /// Hands the event to every reader and tap that may hear it. Never waits.
    pub fn publish(&mut self, event: Event) {
        if event.owner.is_some() {
            self.publish_shared(&Published::new(event));
        }
    }

    /// [`Self::publish`], of an event that others hold too.
    pub fn publish_shared(&mut self, event: &Arc<Published>) {
        self.look();
        self.listeners.hear(event, self.bus.totals());
    }

    /// Whoever subscribed before the event came to be hears it: what made it known to the publisher made the
    /// new number known too.
    fn look(&mut self) {
        if self.bus.shared.version.load(Ordering::Acquire) != self.version {
            (self.version, self.listeners) = self.bus.listeners();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountId;
    use crate::event::{Delivery, MOST_LOST, READER_BYTES, READER_DEPTH, Source, TooSlow};
    use pintle_protocol::DeviceId;

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

    /// The names of all that waits.
    async fn names(stream: &mut Subscription, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            match stream.next().await {
                Some(Delivery::Event(event)) => names.push(event.name.clone()),
                other => panic!("{other:?}"),
            }
        }
        names
    }

    #[tokio::test]
    async fn a_reader_hears_its_own_events_by_prefix_and_no_others() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, "temp"));
        bus.publish(event(2, "temp", 7));
        bus.publish(event(1, "other", 7));
        bus.publish(event(1, "temp/kitchen", 7));
        assert_eq!(names(&mut stream, 1).await, ["temp/kitchen"]);
    }

    #[tokio::test]
    async fn a_publisher_hears_of_who_came_and_went_since_it_last_published() {
        let bus = Bus::new();
        let mut publisher = bus.publisher();
        let mut first = bus.subscribe(filter(1, ""));
        publisher.publish(event(1, "a", 7));
        let mut second = bus.subscribe(filter(1, ""));
        publisher.publish(event(1, "b", 7));
        assert_eq!(names(&mut first, 2).await, ["a", "b"]);
        drop(first);
        publisher.publish(event(1, "c", 7));
        assert_eq!(names(&mut second, 2).await, ["b", "c"]);
        assert_eq!(bus.missed(), 0);
    }

    #[tokio::test]
    async fn all_readers_have_the_same_event_and_not_copies_of_it() {
        let bus = Bus::new();
        let mut streams = [bus.subscribe(filter(1, "")), bus.subscribe(filter(1, "x"))];
        bus.publish(event(1, "x", 7));
        let mut heard = Vec::new();
        for stream in &mut streams {
            match stream.next().await {
                Some(Delivery::Event(event)) => heard.push(event),
                other => panic!("{other:?}"),
            }
        }
        assert!(heard.iter().all(|event| Arc::ptr_eq(event, &heard[0])));
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed_and_the_others_miss_nothing() {
        let bus = Bus::new();
        let (mut stream, mut quick) = (bus.subscribe(filter(1, "")), bus.subscribe(filter(1, "")));
        for _ in 0..READER_DEPTH + 3 {
            bus.publish(event(1, "x", 7));
            assert_eq!(names(&mut quick, 1).await, ["x"]);
        }
        assert!(matches!(stream.next().await, Some(Delivery::Missed(3))));
        assert!(matches!(stream.next().await, Some(Delivery::Event(_))));
        assert_eq!((bus.missed(), bus.given_up()), (3, 0));
    }

    #[tokio::test]
    async fn what_waits_for_a_reader_is_bounded_in_bytes_too() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, ""));
        let large = || Event { data: vec![0; READER_BYTES / 2], ..event(1, "x", 7) };
        for _ in 0..3 {
            bus.publish(large());
        }
        assert!(matches!(stream.next().await, Some(Delivery::Missed(1))));
        assert_eq!(names(&mut stream, 2).await, ["x", "x"]);
    }

    #[tokio::test]
    async fn a_reader_that_stays_behind_is_given_up() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, ""));
        let monitor = stream.monitor();
        let too_many = READER_DEPTH as u64 + MOST_LOST;
        for _ in 0..too_many {
            bus.publish(event(1, "x", 7));
        }
        assert_eq!(bus.given_up(), 0);
        bus.publish(event(1, "x", 7));
        monitor.given_up().await;
        bus.publish(event(1, "x", 7));
        assert!(stream.next().await.is_none());
        assert_eq!(stream.too_slow(), Some(TooSlow::Lost));
        assert_eq!((bus.given_up(), bus.missed()), (1, MOST_LOST + 1));
    }

    #[tokio::test]
    async fn a_reader_that_catches_up_between_its_losses_is_not_given_up() {
        let bus = Bus::new();
        let mut stream = bus.subscribe(filter(1, ""));
        for _ in 0..3 {
            for _ in 0..READER_DEPTH as u64 + MOST_LOST {
                bus.publish(event(1, "x", 7));
            }
            assert!(matches!(stream.next().await, Some(Delivery::Missed(MOST_LOST))));
            names(&mut stream, READER_DEPTH).await;
        }
        assert_eq!(bus.given_up(), 0);
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
