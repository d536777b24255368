//! Events that a durable consumer takes: each is a sealed row of the journal before its device hears that it
//! was taken in, and stays one until the consumer has taken it, over crashes too.
//!
//! There are two kinds of consumers: the operator's, of the prefixes that are fixed when the node starts, and
//! webhooks (see [`super::interest`]). A row is kept until all who waited for it have taken it. What waits for the
//! operator's consumer is also here in memory, bounded; beyond, a device's event is not acknowledged and comes again.

use super::interest::{Arrival, Interests, Watch};
use super::{Event, Published, Source, Wanted};
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
    watch: Watch,
}

impl Intake {
    /// Who waits for an event.
    pub fn wanted(&mut self, event: &Event) -> Wanted {
        let outbox = self.prefixes.iter().any(|prefix| event.name.starts_with(prefix.as_str()));
        Wanted { outbox, hooks: self.watch.wants(event) }
    }

    /// Whether so much waits for one of these that no more may be taken in.
    pub fn refuses(&self, wanted: Wanted) -> bool {
        wanted.outbox && self.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// Adds a row that is durable.
    pub fn put(&self, row: Row) {
        let wanted = row.event.wanted();
        if wanted.hooks {
            self.watch.put(Arrival { row: Some(row.number), event: Arc::clone(&row.event) });
        }
        if wanted.outbox {
            self.waiting.fetch_add(row.event.size(), Ordering::Relaxed);
            // Without a consumer's end the node is stopping; the row is in the journal.
            let _ = self.rows.send(row);
            self.arrived.notify_waiters();
        }
    }

    /// Lets webhooks know of an event that is in no row: from memory alone.
    pub fn tell(&mut self, event: &Arc<Published>) {
        if self.watch.wants(event) {
            self.watch.put(Arrival { row: None, event: Arc::clone(event) });
        } else {
            self.watch.count_missed(event);
        }
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
    /// An empty outbox for events whose names begin with one of `prefixes`; there are no webhooks.
    pub fn new(prefixes: Vec<String>) -> (Intake, Self) {
        Self::beside(prefixes, &Interests::new().0)
    }

    /// The same beside webhooks with these interests.
    pub fn beside(prefixes: Vec<String>, interests: &Interests) -> (Intake, Self) {
        let (rows, arriving) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let state = Arc::new(Mutex::new(State { rows: BTreeMap::new(), arriving }));
        let arrived = Arc::new(Notify::new());
        let intake = Intake {
            prefixes: prefixes.into(),
            rows,
            waiting: Arc::clone(&waiting),
            arrived: Arc::clone(&arrived),
            watch: interests.watch(),
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

    /// Forgets a row; nothing where it does not wait here. Whether nobody waits for it any more: then the shard that
    /// keeps it is to be told, see [`crate::device::Command::Taken`].
    pub fn taken(&self, number: u64) -> Option<bool> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let event = state.rows.remove(&number)?;
        self.waiting.fetch_sub(event.size(), Ordering::Relaxed);
        Some(event.let_go())
    }
}

/// The first byte of a row: whether its source is [`Source::Device`], [`Source::Unprotected`] or [`Source::Api`],
const PROTECTED: u8 = 1;
const UNPROTECTED: u8 = 2;
const PERSON: u8 = 3;
/// and who waits for it. Rows of earlier releases, which say nothing of that, wait for the operator's consumer.
const FOR_HOOKS: u8 = 0x40;
const FOR_OUTBOX: u8 = 0x80;

/// The bytes of an event and of who waits for it, to be sealed: fixed fields, then the name's length, name and data.
pub fn write(event: &Event, wanted: Wanted) -> Vec<u8> {
    let mut kind = match event.source {
        Source::Device(_) => PROTECTED,
        Source::Unprotected(_) => UNPROTECTED,
        Source::Api | Source::Cloud => PERSON,
    };
    kind |= if wanted.hooks { FOR_HOOKS } else { 0 };
    kind |= if wanted.outbox { FOR_OUTBOX } else { 0 };
    let mut out = vec![kind];
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

/// What [`write()`] made into bytes.
pub fn read(bytes: &[u8]) -> Option<(Event, Wanted)> {
    let (&[kind], rest) = bytes.split_first_chunk()?;
    let hooks = kind & FOR_HOOKS != 0;
    let wanted = Wanted { outbox: !hooks || kind & FOR_OUTBOX != 0, hooks };
    let (device, rest) = rest.split_first_chunk::<12>()?;
    let device = DeviceId::from_bytes(*device);
    let source = match kind & !(FOR_HOOKS | FOR_OUTBOX) {
        PROTECTED => Source::Device(device),
        UNPROTECTED => Source::Unprotected(device),
        PERSON => Source::Api,
        _ => return None,
    };
    let (owner, rest) = rest.split_first_chunk::<16>()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (ttl, rest) = rest.split_first_chunk()?;
    let (format, rest) = rest.split_first_chunk()?;
    let (&[length], rest) = rest.split_first_chunk()?;
    let (name, data) = rest.split_at_checked(length.into())?;
    let event = Event {
        name: String::from_utf8(name.to_vec()).ok()?,
        data: data.to_vec(),
        content_format: u16::from_be_bytes(*format),
        ttl: u32::from_be_bytes(*ttl),
        published_at_ms: i64::from_be_bytes(*at),
        source,
        owner: Some(AccountId::from_bytes(*owner)),
    };
    Some((event, wanted))
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

    const OUTBOX: Wanted = Wanted { outbox: true, hooks: false };

    fn row(number: u64, event: Event, wanted: Wanted) -> Row {
        Row { number, event: Published::kept(event, wanted) }
    }

    #[test]
    fn an_event_comes_back_as_it_was_with_who_waits_for_it() {
        let event = event("a/b");
        let unprotected =
            Event { source: Source::Unprotected(DeviceId::from_bytes([7; 12])), ..event.clone() };
        let of_a_person = Event { source: Source::Api, ..event.clone() };
        for event in [event, unprotected, of_a_person] {
            for (outbox, hooks) in [(true, false), (false, true), (true, true)] {
                let wanted = Wanted { outbox, hooks };
                assert_eq!(read(&write(&event, wanted)), Some((event.clone(), wanted)));
            }
            assert_eq!(read(&write(&event, Wanted::default())).unwrap().1, OUTBOX, "an old row");
        }
        assert_eq!(read(b"\x04"), None);
    }

    #[test]
    fn a_row_waits_until_it_was_taken() {
        let (mut intake, outbox) = Outbox::new(vec!["a/".into()]);
        assert_eq!(intake.wanted(&event("a/b")), OUTBOX);
        assert_eq!(intake.wanted(&event("b")), Wanted::default());
        intake.put(row(5, event("a/b"), OUTBOX));
        intake.put(row(4, event("a/c"), OUTBOX));
        let numbers = |outbox: &Outbox| -> Vec<_> {
            outbox.waiting(9).iter().map(|row| row.number).collect()
        };
        assert_eq!(numbers(&outbox), [4, 5]);
        assert_eq!(numbers(&outbox), [4, 5]);
        assert_eq!((outbox.taken(4), outbox.taken(4)), (Some(true), None));
        assert_eq!(numbers(&outbox), [5]);
    }

    #[test]
    fn a_row_for_two_is_let_go_by_the_second() {
        let (interests, mut arriving) = Interests::new();
        let (intake, outbox) = Outbox::beside(vec!["a/".into()], &interests);
        intake.put(row(5, event("a/b"), Wanted { outbox: true, hooks: true }));
        outbox.waiting(1);
        assert_eq!(outbox.taken(5), Some(false), "a webhook still waits for it");
        let arrival = arriving.try_recv().unwrap();
        assert_eq!(arrival.row, Some(5));
        assert!(arrival.event.let_go());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_the_next_row() {
        let (intake, outbox) = Outbox::new(vec![String::new()]);
        assert!(outbox.wait(9, Duration::from_secs(5)).await.is_empty());
        let waiting = outbox.clone();
        let heard = tokio::spawn(async move { waiting.wait(9, Duration::from_secs(5)).await });
        tokio::task::yield_now().await;
        intake.put(row(5, event("a"), OUTBOX));
        assert_eq!(heard.await.unwrap().len(), 1);
        assert_eq!(outbox.wait(9, Duration::from_secs(5)).await.len(), 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let (intake, outbox) = Outbox::new(vec![String::new()]);
        let big = Event { data: vec![0; MOST_WAITING], ..event("x") };
        assert!(!intake.refuses(OUTBOX));
        intake.put(row(1, big, OUTBOX));
        assert!(intake.refuses(OUTBOX));
        assert!(
            !intake.refuses(Wanted { outbox: false, hooks: true }),
            "that is not the consumer's affair"
        );
        outbox.waiting(1);
        assert_eq!(outbox.taken(1), Some(true));
        assert!(!intake.refuses(OUTBOX));
    }
}
