//! What other threads say to a shard. A shard is never called: it is written to, and woken.

use super::ask::{Answer, AskError, Question};
use super::update::Order;
use crate::door::Route;
use crate::event::{Event, Published, Tap, Wanted};
use crate::store::clean_stop::CleanStop;
use nix::sys::eventfd::{EfdFlags, EventFd};
use pintle_protocol::DeviceId;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// How many datagrams that reached other shards' sockets may wait for a shard.
const MOST_HANDED_OVER: usize = 8192;

/// How many events may wait for a shard whose devices subscribed to some.
const MOST_EVENTS: usize = 1 << 16;

/// The channel on which a question's answer returns.
pub type Reply = oneshot::Sender<Result<Answer, AskError>>;

/// Names one session to the shard that gave the name; opaque to everyone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKey(pub u64);

/// What a shard leaves behind when it ends.
#[derive(Clone, Debug, Default)]
pub struct LastWords {
    /// How many sessions its journals hold.
    pub sessions: usize,
    /// Where each journal that ended cleanly stands.
    pub stops: Vec<CleanStop>,
}

/// An event that a durable consumer waits for, from a door without a journal or from a person.
pub struct Keep {
    /// The event. Whoever keeps it publishes it.
    pub event: Event,
    /// For whom it is kept.
    pub wanted: Wanted,
    /// Who hears that it is durable.
    pub told: Told,
}

/// Who hears that an event is durable.
pub enum Told {
    /// The door that it came through.
    Door {
        /// The number of the door.
        home: usize,
        /// The session of its device.
        session: SessionKey,
        /// What it hears, as [`Command::Stored`]. Nothing where that is empty.
        reply: Vec<u8>,
    },
    /// Whoever waits for it; dropped where the event is not taken in.
    Waiter(oneshot::Sender<()>),
}

/// One message to a shard.
pub enum Command {
    /// Ask a device something.
    Ask(DeviceId, Question, Reply),
    /// Send a device an update.
    Update(DeviceId, Box<Order>),
    /// A device's update may have been broken off: look.
    Cancelled(DeviceId),
    /// An event was published: hand it to the devices that subscribed to it.
    Deliver(Arc<Published>),
    /// What a device told us is durable now: send the acknowledgement that waited for it.
    Stored(SessionKey, Vec<u8>),
    /// A durable consumer took the row of this number.
    Taken(u64),
    /// Write down an event of a door without a journal, for a durable consumer.
    Keep(Box<Keep>),
    /// Datagrams that reached another shard's socket.
    Datagrams(Vec<(Route, Vec<u8>)>),
    /// A device's pin was set or replaced: forget the old key, end a session under it.
    KeyChanged(DeviceId),
    /// The store has another owner for a device: look there, for of two changes told at once the later
    /// one counts.
    OwnerChanged(DeviceId),
    /// Show that the shard is alive: answer.
    Heartbeat(oneshot::Sender<()>),
    /// A device of this session began another one on another shard: this one ends.
    Replaced(SessionKey),
    /// End: save the sessions and say when that is done.
    Stop(std::sync::mpsc::Sender<LastWords>),
}

/// Where a shard's commands are put in. Clones share it.
#[derive(Clone)]
pub struct Mailbox {
    commands: Sender<Command>,
    bell: Arc<Bell>,
    /// Whether any of the shard's devices subscribed to anything.
    listens: Arc<AtomicBool>,
    /// Events that wait for the shard.
    delivering: Arc<AtomicUsize>,
    handed_over: Arc<AtomicUsize>,
}

/// What wakes a shard. Ringing it again before the shard has answered costs no system call.
pub struct Bell {
    event: EventFd,
    rung: AtomicBool,
}

impl Bell {
    fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        Ok(Self { event: EventFd::from_flags(flags)?, rung: AtomicBool::new(false) })
    }

    /// Wakes the shard, once.
    pub fn ring(&self) {
        if !self.rung.swap(true, Ordering::SeqCst) {
            // At its limit it has been heard of: nothing is lost.
            let _ = self.event.write(1);
        }
    }

    /// The shard is awake. Whoever rings from here on wakes it again, so it looks for what it was woken for
    /// after this.
    pub fn answer(&self) {
        if self.rung.load(Ordering::SeqCst) {
            let _ = self.event.read();
            self.rung.store(false, Ordering::SeqCst);
        }
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

impl Mailbox {
    /// A mailbox and the end that its shard keeps.
    ///
    /// # Errors
    /// What the system says when it has no event descriptor left.
    pub fn new() -> io::Result<(Self, Receiver<Command>, Arc<Bell>)> {
        let bell = Arc::new(Bell::new()?);
        let (commands, receiver) = channel();
        let mailbox = Self {
            commands,
            bell: Arc::clone(&bell),
            listens: Arc::default(),
            delivering: Arc::default(),
            handed_over: Arc::default(),
        };
        Ok((mailbox, receiver, bell))
    }

    /// Puts a command in and wakes the shard. False where the shard is no more.
    pub fn put(&self, command: Command) -> bool {
        let sent = self.commands.send(command).is_ok();
        self.bell.ring();
        sent
    }

    /// Hands datagrams over that reached another shard's socket. False where the shard does not keep up:
    /// they are lost then, as datagrams are.
    pub fn hand_over(&self, datagrams: Vec<(Route, Vec<u8>)>) -> bool {
        let count = datagrams.len();
        if self.handed_over.fetch_add(count, Ordering::Relaxed) > MOST_HANDED_OVER {
            self.dealt_with(count);
            return false;
        }
        self.put(Command::Datagrams(datagrams))
    }

    /// Says that so many datagrams that were handed over are dealt with.
    pub fn dealt_with(&self, count: usize) {
        self.handed_over.fetch_sub(count, Ordering::Relaxed);
    }

    /// Says whether any of the shard's devices subscribed to anything: events are brought here from then on.
    pub fn listens(&self, any: bool) {
        self.listens.store(any, Ordering::Release);
    }

    /// Says that an event that waited is dealt with.
    pub fn delivered(&self) {
        self.delivering.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tap for Mailbox {
    /// An event that nobody here can want wakes nobody. Where the shard is so far behind that
    /// `MOST_EVENTS` wait, devices lose it, as they do what comes while they are away.
    fn hear(&self, event: &Arc<Published>) {
        if !self.listens.load(Ordering::Acquire) {
            return;
        }
        if self.delivering.fetch_add(1, Ordering::Relaxed) >= MOST_EVENTS {
            return self.delivered();
        }
        self.put(Command::Deliver(Arc::clone(event)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Source;

    fn event() -> Arc<Published> {
        Published::new(Event {
            name: "x".into(),
            data: Vec::new(),
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Cloud,
            owner: None,
        })
    }

    #[test]
    fn an_event_that_no_device_can_want_wakes_no_shard() {
        let (mailbox, commands, bell) = Mailbox::new().unwrap();
        mailbox.hear(&event());
        assert!(commands.try_recv().is_err() && !bell.rung.load(Ordering::SeqCst));
        mailbox.listens(true);
        mailbox.hear(&event());
        assert!(matches!(commands.try_recv(), Ok(Command::Deliver(_))));
        assert!(bell.rung.load(Ordering::SeqCst));
    }

    #[test]
    fn events_for_a_shard_that_is_behind_are_bounded() {
        let (mailbox, commands, _bell) = Mailbox::new().unwrap();
        mailbox.listens(true);
        (0..MOST_EVENTS + 10).for_each(|_| mailbox.hear(&event()));
        let waiting = std::iter::from_fn(|| commands.try_recv().ok()).map(|_| mailbox.delivered());
        assert_eq!(waiting.count(), MOST_EVENTS);
        mailbox.hear(&event());
        assert!(commands.try_recv().is_ok());
    }

    #[test]
    fn a_bell_rung_twice_is_answered_once_and_can_be_rung_again() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.ring();
        assert_eq!(bell.event.read(), Ok(1));
        bell.event.write(1).unwrap();
        bell.answer();
        assert!(bell.event.read().is_err(), "it is quiet");
        bell.ring();
        assert_eq!(bell.event.read(), Ok(1));
    }
}
