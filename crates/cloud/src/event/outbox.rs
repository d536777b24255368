//! Events that a durable consumer takes: each is a sealed row of the journal before its device hears that it
//! was taken in, and stays one until the consumer has taken it, over crashes too.
//!
//! Which events are kept is fixed when the node starts, so that a shard decides without a lock. What is
//! waiting is also here in memory, bounded; beyond, a device's event is not acknowledged and comes again.

use super::{Event, Published, Source};
use crate::account::AccountId;
use pintle_protocol::DeviceId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

/// How many bytes of events may wait for their consumer: 64 MiB.
const MOST_WAITING: usize = 64 << 20;

/// One event that waits to be taken.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number: no other row ever has it.
    pub number: u64,
    /// The event.
    pub event: Arc<Published>,
}

/// The shards' end: which events are kept, and where they go.
#[derive(Clone)]
pub struct Intake {
    prefixes: Arc<[String]>,
    rows: mpsc::UnboundedSender<Row>,
    waiting: Arc<AtomicUsize>,
    arrived: Arc<Notify>,
}

impl Intake {
    /// Whether an event of this name is kept for a consumer.
    pub fn keeps(&self, name: &str) -> bool {
        self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }

    /// Whether so many wait that no more may be taken in.
    pub fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// Adds a row that is durable.
    pub fn put(&self, row: Row) {
        self.waiting.fetch_add(row.event.size(), Ordering::Relaxed);
        // Without a consumer's end the node is stopping; the row is in the journal.
        let _ = self.rows.send(row);
        self.arrived.notify_waiters();
    }
}

/// The consumer's end. Clones share it.
#[derive(Clone)]
pub struct Outbox {
    state: Arc<Mutex<State>>,
    waiting: Arc<AtomicUsize>,
    arrived: Arc<Notify>,
}

struct State {
    rows: BTreeMap<u64, Arc<Published>>,
    arriving: mpsc::UnboundedReceiver<Row>,
}

impl Outbox {
    /// An empty outbox for events whose names begin with one of `prefixes`.
    pub fn new(prefixes: Vec<String>) -> (Intake, Self) {
        let (rows, arriving) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let state = Arc::new(Mutex::new(State { rows: BTreeMap::new(), arriving }));
        let arrived = Arc::new(Notify::new());
        let intake = Intake {
            prefixes: prefixes.into(),
            rows,
            waiting: Arc::clone(&waiting),
            arrived: Arc::clone(&arrived),
        };
        (intake, Self { state, waiting, arrived })
    }

    /// The oldest rows that wait, at most `count`. The same again until they were taken.
    pub fn waiting(&self, count: usize) -> Vec<Row> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(row) = state.arriving.try_recv() {
            state.rows.insert(row.number, row.event);
        }
        let row = |(number, event): (&u64, &Arc<Published>)| Row {
            number: *number,
            event: Arc::clone(event),
        };
        state.rows.iter().take(count).map(row).collect()
    }

    /// The same, and where none waits the next that comes; empty when none came `within` this time.
    pub async fn wait(&self, count: usize, within: Duration) -> Vec<Row> {
        let arrived = self.arrived.notified();
        let mut arrived = std::pin::pin!(arrived);
        // From here on none is missed: what came before is seen, what comes after is heard of.
        arrived.as_mut().enable();
        let rows = self.waiting(count);
        if !rows.is_empty() || timeout(within, arrived).await.is_err() {
            return rows;
        }
        self.waiting(count)
    }

    /// Forgets a row; false where it does not wait here. The shard that keeps it is to be told, see
    /// [`crate::device::Command::Taken`].
    pub fn taken(&self, number: u64) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(event) = state.rows.remove(&number) else { return false };
        self.waiting.fetch_sub(event.size(), Ordering::Relaxed);
        true
    }
}

/// The first byte of a row: whether its source is [`Source::Device`] or [`Source::Unprotected`].
const PROTECTED: u8 = 1;
const UNPROTECTED: u8 = 2;

/// The bytes of an event, to be sealed: fixed fields, then the name's length, name and data.
pub fn write(event: &Event) -> Vec<u8> {
    let protected = !matches!(event.source, Source::Unprotected(_));
    let mut out = vec![if protected { PROTECTED } else { UNPROTECTED }];
    out.extend(event.source.device().map_or([0; 12], |device| *device.as_bytes()));
    out.extend(event.owner.map_or([0; 16], |owner| *owner.as_bytes()));
    out.extend(event.published_at_ms.to_be_bytes());
    out.extend(event.ttl.to_be_bytes());
    out.extend(event.content_format.to_be_bytes());
    out.push(u8::try_from(event.name.len()).unwrap_or(u8::MAX));
    out.extend(event.name.bytes().take(u8::MAX.into()));
    out.extend_from_slice(&event.data);
    out
}

/// The event that [`write()`] made into bytes.
pub fn read(bytes: &[u8]) -> Option<Event> {
    let (&[kind], rest) = bytes.split_first_chunk()?;
    let (device, rest) = rest.split_first_chunk::<12>()?;
    let device = DeviceId::from_bytes(*device);
    let source = match kind {
        PROTECTED => Source::Device(device),
        UNPROTECTED => Source::Unprotected(device),
        _ => return None,
    };
    let (owner, rest) = rest.split_first_chunk::<16>()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (ttl, rest) = rest.split_first_chunk()?;
    let (format, rest) = rest.split_first_chunk()?;
    let (&[length], rest) = rest.split_first_chunk()?;
    let (name, data) = rest.split_at_checked(length.into())?;
    Some(Event {
        name: String::from_utf8(name.to_vec()).ok()?,
        data: data.to_vec(),
        content_format: u16::from_be_bytes(*format),
        ttl: u32::from_be_bytes(*ttl),
        published_at_ms: i64::from_be_bytes(*at),
        source,
        owner: Some(AccountId::from_bytes(*owner)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str) -> Event {
        Event {
            name: name.into(),
            data: b"21.5".to_vec(),
            content_format: 60,
            ttl: 7,
            published_at_ms: -3,
            source: Source::Device(DeviceId::from_bytes([7; 12])),
            owner: Some(AccountId::from_bytes([9; 16])),
        }
    }

    #[test]
    fn an_event_comes_back_as_it_was() {
        let event = event("a/b");
        let unprotected =
            Event { source: Source::Unprotected(DeviceId::from_bytes([7; 12])), ..event.clone() };
        for event in [event, unprotected] {
            assert_eq!(read(&write(&event)), Some(event));
        }
        assert_eq!(read(b"\x03"), None);
    }

    #[test]
    fn a_row_waits_until_it_was_taken() {
        let (intake, outbox) = Outbox::new(vec!["a/".into()]);
        assert!(intake.keeps("a/b") && !intake.keeps("b"));
        intake.put(Row { number: 5, event: Published::new(event("a/b")) });
        intake.put(Row { number: 4, event: Published::new(event("a/c")) });
        let numbers = |outbox: &Outbox| -> Vec<_> {
            outbox.waiting(9).iter().map(|row| row.number).collect()
        };
        assert_eq!(numbers(&outbox), [4, 5]);
        assert_eq!(numbers(&outbox), [4, 5]);
        assert!(outbox.taken(4) && !outbox.taken(4));
        assert_eq!(numbers(&outbox), [5]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_the_next_row() {
        let (intake, outbox) = Outbox::new(vec![String::new()]);
        assert!(outbox.wait(9, Duration::from_secs(5)).await.is_empty());
        let waiting = outbox.clone();
        let heard = tokio::spawn(async move { waiting.wait(9, Duration::from_secs(5)).await });
        tokio::task::yield_now().await;
        intake.put(Row { number: 5, event: Published::new(event("a")) });
        assert_eq!(heard.await.unwrap().len(), 1);
        assert_eq!(outbox.wait(9, Duration::from_secs(5)).await.len(), 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let (intake, outbox) = Outbox::new(vec![String::new()]);
        let big = Published::new(Event { data: vec![0; MOST_WAITING], ..event("x") });
        assert!(!intake.is_full());
        intake.put(Row { number: 1, event: big });
        assert!(intake.is_full());
        outbox.waiting(1);
        assert!(outbox.taken(1));
        assert!(!intake.is_full());
    }
}
