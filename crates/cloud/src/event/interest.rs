//! Who waits for which events beside the outbox, and how much room each has.
//!
//! A webhook is an interest: a prefix of names among one account's events, or among the events of a product's
//! devices. What a shard asks with every event, whether anybody waits for it, it asks of its own [`Watch`]: a copy of
//! the table as it was, and one number that tells whether it still is. So no lock is on the way of a message.
//!
//! Every interest has room for so much that waits, and all of them together; what finds no room is counted and not
//! kept. A consumer that is away never holds up a device.

use super::{Event, Published};
use crate::account::AccountId;
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Bytes of events that may wait for one interest: 1 MiB.
pub const INTEREST_BYTES: usize = 1 << 20;
/// Bytes of events that may wait for all of them: 64 MiB.
const ALL_BYTES: usize = 64 << 20;

/// Whose events an interest is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Among {
    /// One account's.
    Account(AccountId),
    /// Those of the devices of the product with this number.
    Product(u16),
}

/// One interest.
#[derive(Clone)]
pub struct Interest {
    /// Only this device's events, where given.
    pub device: Option<DeviceId>,
    /// Only names that begin so; never empty. Case-sensitive.
    pub prefix: String,
    /// What waits for it.
    pub room: Arc<Room>,
}

impl Interest {
    /// Whether it is in an event, of those that it is among. What webhooks themselves publish leads to no further one.
    #[must_use]
    pub fn is_in(&self, event: &Event) -> bool {
        event.name.starts_with(&self.prefix)
            && !event.name.starts_with("hook-")
            && self.device.is_none_or(|device| event.source.device() == Some(device))
    }
}

/// How much waits for one interest, and how much found no room.
#[derive(Default)]
pub struct Room {
    waiting: AtomicUsize,
    missed: AtomicU64,
}

impl Room {
    /// Whether there is room for one more event.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < INTEREST_BYTES
    }

    /// An event waits from now on.
    pub fn fill(&self, event: &Published) {
        self.waiting.fetch_add(event.size(), Ordering::Relaxed);
    }

    /// An event waits no longer.
    pub fn empty(&self, event: &Published) {
        self.waiting.fetch_sub(event.size(), Ordering::Relaxed);
    }

    /// How many events found no room since this was asked last.
    pub fn take_missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }
}

/// Everybody's interests, by whose events they are in, and the products of the devices that matter.
#[derive(Clone, Default)]
pub struct Table {
    interests: HashMap<Among, Vec<Interest>>,
    products: HashMap<DeviceId, u16>,
}

impl Table {
    /// Adds an interest.
    pub fn add(&mut self, among: Among, interest: Interest) {
        self.interests.entry(among).or_default().push(interest);
    }

    /// Says of which product a device is.
    pub fn place(&mut self, device: DeviceId, product: u16) {
        self.products.insert(device, product);
    }

    /// The product whose hooks may hear a device, where there are any.
    #[must_use]
    pub fn product_of(&self, event: &Event) -> Option<u16> {
        event.source.device().and_then(|device| self.products.get(&device)).copied()
    }

    fn of<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a Interest> {
        let account = event.owner.map(Among::Account);
        let product = self.product_of(event).map(Among::Product);
        let lists = [account, product].into_iter().flatten();
        let all = lists.filter_map(|among| self.interests.get(&among)).flatten();
        all.filter(|interest| interest.is_in(event))
    }
}

/// An event for whoever is interested, with the number of the row that keeps it, if one does.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The row in a journal.
    pub row: Option<u64>,
    /// The event.
    pub event: Arc<Published>,
}

/// The interests of a node. Clones share them.
#[derive(Clone)]
pub struct Interests {
    shared: Arc<Shared>,
}

struct Shared {
    table: Mutex<Arc<Table>>,
    /// Grows with every change of the table, while that is locked.
    version: AtomicU64,
    /// Bytes on their way to the consumer, or waiting with it.
    waiting: AtomicUsize,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

impl Interests {
    /// Nobody's interests yet, and where their events will arrive.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Arrival>) {
        let (arrivals, arriving) = mpsc::unbounded_channel();
        let shared = Shared {
            table: Mutex::default(),
            version: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            arrivals,
        };
        (Self { shared: Arc::new(shared) }, arriving)
    }

    /// Puts another table in the place of the one there is.
    pub fn set(&self, table: Table) {
        let mut now = self.shared.table.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(table);
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    /// The table as it is.
    #[must_use]
    pub fn table(&self) -> Arc<Table> {
        self.read().1
    }

    /// A copy to ask often.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let (version, table) = self.read();
        Watch { interests: self.clone(), version, table }
    }

    /// Sends an event on to the consumer, who gives its bytes back with [`Self::settled`].
    pub fn put(&self, arrival: Arrival) {
        let size = arrival.event.size();
        self.shared.waiting.fetch_add(size, Ordering::Relaxed);
        if self.shared.arrivals.send(arrival).is_err() {
            // The node is stopping; what has a row is in the journal.
            self.shared.waiting.fetch_sub(size, Ordering::Relaxed);
        }
    }

    /// The consumer is done with an event.
    pub fn settled(&self, event: &Published) {
        self.shared.waiting.fetch_sub(event.size(), Ordering::Relaxed);
    }

    fn read(&self) -> (u64, Arc<Table>) {
        let table = self.shared.table.lock().unwrap_or_else(PoisonError::into_inner);
        (self.shared.version.load(Ordering::Relaxed), Arc::clone(&table))
    }

    fn is_full(&self) -> bool {
        self.shared.waiting.load(Ordering::Relaxed) >= ALL_BYTES
    }
}

/// One shard's look at the interests.
#[derive(Clone)]
pub struct Watch {
    interests: Interests,
    version: u64,
    table: Arc<Table>,
}

impl Watch {
    /// Whether somebody waits for an event, and has room for it.
    pub fn wants(&mut self, event: &Event) -> bool {
        self.look();
        self.table.of(event).any(|interest| interest.room.is_free()) && !self.interests.is_full()
    }

    /// Counts an event that is not kept, for those who had no room for it.
    pub fn count_missed(&self, event: &Event) {
        let full = self.interests.is_full();
        for interest in self.table.of(event).filter(|interest| full || !interest.room.is_free()) {
            interest.room.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// See [`Interests::put`].
    pub fn put(&self, arrival: Arrival) {
        self.interests.put(arrival);
    }

    fn look(&mut self) {
        if self.interests.shared.version.load(Ordering::Acquire) != self.version {
            (self.version, self.table) = self.interests.read();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Source;

    fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 12])
    }

    fn event(owner: u8, name: &str, from: u8) -> Event {
        Event {
            name: name.into(),
            data: vec![0; 1_000],
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Device(device(from)),
            owner: Some(AccountId::from_bytes([owner; 16])),
        }
    }

    fn interest(prefix: &str, only: Option<u8>) -> Interest {
        Interest { device: only.map(device), prefix: prefix.into(), room: Arc::default() }
    }

    #[test]
    fn an_interest_is_in_its_own_accounts_events_by_prefix_and_device() {
        let (interests, _arriving) = Interests::new();
        let mut watch = interests.watch();
        assert!(!watch.wants(&event(1, "temp", 7)));
        let mut table = Table::default();
        table.add(Among::Account(AccountId::from_bytes([1; 16])), interest("temp", Some(7)));
        table.add(Among::Product(5), interest("alarm", None));
        table.place(device(8), 5);
        interests.set(table);
        assert!(watch.wants(&event(1, "temp/2", 7)), "a change is seen at once");
        for other in [event(2, "temp", 7), event(1, "Temp", 7), event(1, "temp", 8)] {
            assert!(!watch.wants(&other), "{other:?}");
        }
        assert!(watch.wants(&event(9, "alarm", 8)), "whoever owns a device of the product");
        assert!(!watch.wants(&event(9, "alarm", 7)));
    }

    #[test]
    fn what_webhooks_publish_leads_to_no_webhook() {
        assert!(!interest("hook-", None).is_in(&event(1, "hook-response/temp/0", 7)));
        assert!(!interest("h", None).is_in(&event(1, "hook-error/temp/0", 7)));
    }

    #[test]
    fn who_has_no_room_misses_events_and_is_told_how_many() {
        let (interests, mut arriving) = Interests::new();
        let (mut table, own) = (Table::default(), interest("temp", None));
        table.add(Among::Account(AccountId::from_bytes([1; 16])), own.clone());
        interests.set(table);
        let (mut watch, mut taken) = (interests.watch(), Vec::new());
        while watch.wants(&event(1, "temp", 7)) {
            let event = Published::new(event(1, "temp", 7));
            own.room.fill(&event);
            watch.put(Arrival { row: None, event: Arc::clone(&event) });
            taken.push(event);
        }
        assert!(taken.len() <= INTEREST_BYTES / 1_000 + 1, "{}", taken.len());
        watch.count_missed(&event(1, "temp", 7));
        watch.count_missed(&event(2, "temp", 7));
        assert_eq!((own.room.take_missed(), own.room.take_missed()), (1, 0));
        let first = arriving.try_recv().unwrap();
        own.room.empty(&first.event);
        interests.settled(&first.event);
        assert!(watch.wants(&event(1, "temp", 7)));
    }
}
