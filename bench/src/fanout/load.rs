//! The load on one server: its readers, which only count, and its publisher, which never gets far ahead.

use super::{GROUPS, READERS};
use crate::cores;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::timeout;

/// How long a round publishes.
const ROUND: Duration = Duration::from_millis(1000);
/// How long the last events may take.
const DRAIN: Duration = Duration::from_secs(20);
/// Bytes that a reader takes at once.
const BUFFER: usize = 32 * 1024;

/// Counts the events in what a reader takes, however it is cut into pieces.
pub trait Count {
    /// How many begin in `bytes`.
    fn count(&mut self, bytes: &[u8]) -> u64;
}

/// A connection with an event stream on it, or one to publish on.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + 'static> Stream for T {}

/// What a server has delivered to all its readers, and whom that interests.
#[derive(Default)]
struct Delivered {
    events: Cell<u64>,
    wanted: Cell<u64>,
    reached: Notify,
}

impl Delivered {
    fn add(&self, events: u64) {
        self.events.set(self.events.get() + events);
        if self.events.get() >= self.wanted.get() {
            self.reached.notify_one();
        }
    }

    async fn reach(&self, events: u64) {
        self.wanted.set(events);
        while self.events.get() < events {
            self.reached.notified().await;
        }
        self.wanted.set(u64::MAX);
    }
}

/// What one round measured.
pub struct Round {
    /// Events delivered, counted for each reader.
    pub delivered: u64,
    /// Processor time of the server.
    pub server: Duration,
    /// Processor time of this process.
    pub load: Duration,
    /// Time by the clock.
    pub wall: Duration,
}

/// One server's readers and publisher.
pub struct Side {
    server: u32,
    delivered: Rc<Delivered>,
    publisher: Box<dyn AsyncWrite + Unpin>,
    /// What publishes one event, for each group.
    publications: [Vec<u8>; GROUPS],
    published: usize,
}

impl Side {
    /// Loads the server with this process id. What it answers on the publisher's connection is not looked at:
    /// a refused publication is one that never arrives.
    pub fn new(server: u32, publisher: impl Stream, publications: [Vec<u8>; GROUPS]) -> Self {
        let (mut answers, publisher) = tokio::io::split(publisher);
        spawn_local(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
        let publisher = Box::new(publisher);
        Self { server, delivered: Rc::default(), publisher, publications, published: 0 }
    }

    /// Adds a reader.
    pub fn read(&self, mut stream: impl Stream, mut count: impl Count + 'static) {
        let delivered = Rc::clone(&self.delivered);
        spawn_local(async move {
            let mut buffer = vec![0; BUFFER];
            loop {
                let read = stream.read(&mut buffer).await.expect("a stream goes on");
                assert!(read > 0, "a stream goes on");
                delivered.add(count.count(&buffer[..read]));
            }
        });
    }

    /// Publishes for a while and measures; so many publications at most are not everywhere yet.
    pub async fn round(&mut self, under_way: usize) -> Round {
        let (began, before) = (Instant::now(), self.delivered.events.get());
        let (server, load) = (cores::spent_by(self.server), cores::spent());
        while began.elapsed() < ROUND {
            self.publish(under_way).await;
        }
        let everything = self.deliveries(self.published);
        let arrived = timeout(DRAIN, self.delivered.reach(everything)).await;
        arrived.expect("every event arrives everywhere");
        assert_eq!(self.delivered.events.get(), everything, "no event comes twice");
        Round {
            delivered: everything - before,
            server: cores::spent_by(self.server) - server,
            load: cores::spent() - load,
            wall: began.elapsed(),
        }
    }

    /// Publishes as many as may be under way, when there is room for a tenth of them.
    async fn publish(&mut self, under_way: usize) {
        let room = (self.published + under_way / 10).saturating_sub(under_way);
        let wait = self.delivered.reach(self.deliveries(room));
        timeout(DRAIN, wait).await.expect("events keep arriving");
        let everywhere = usize::try_from(self.delivered.events.get()).expect("64 bits") / READERS;
        let mut bytes = Vec::new();
        while self.published < everywhere + under_way {
            bytes.extend(&self.publications[self.published % GROUPS]);
            self.published += 1;
        }
        self.publisher.write_all(&bytes).await.expect("the server takes what is published");
        self.publisher.flush().await.expect("the server takes what is published");
    }

    fn deliveries(&self, publications: usize) -> u64 {
        (publications * READERS) as u64
    }
}
