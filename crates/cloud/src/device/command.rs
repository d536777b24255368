//! What other threads say to a shard. A shard is never called: it is written to, and woken.

use super::ask::{Answer, AskError, Question};
use crate::door::Route;
use crate::event::{Published, Tap};
use crate::store::clean_stop::CleanStop;
use nix::sys::eventfd::{EfdFlags, EventFd};
use pintle_protocol::DeviceId;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// How many datagrams that reached other shards' sockets may wait for a shard.
const MOST_HANDED_OVER: usize = 8192;

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

/// One message to a shard.
pub enum Command {
    /// Ask a device something.
    Ask(DeviceId, Question, Reply),
    /// An event was published: hand it to the devices that subscribed to it.
    Deliver(Arc<Published>),
    /// What a device told us is durable now: send the acknowledgement that waited for it.
    Stored(SessionKey, Vec<u8>),
    /// A durable consumer took the row of this number.
    Taken(u64),
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
    bell: Arc<EventFd>,
    handed_over: Arc<AtomicUsize>,
}

impl Mailbox {
    /// A mailbox and the end that its shard keeps.
    ///
    /// # Errors
    /// What the system says when it has no event descriptor left.
    pub fn new() -> io::Result<(Self, Receiver<Command>, Arc<EventFd>)> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        let bell = Arc::new(EventFd::from_flags(flags)?);
        let (commands, receiver) = channel();
        let mailbox = Self { commands, bell: Arc::clone(&bell), handed_over: Arc::default() };
        Ok((mailbox, receiver, bell))
    }

    /// Puts a command in and wakes the shard. False where the shard is no more.
    pub fn put(&self, command: Command) -> bool {
        let sent = self.commands.send(command).is_ok();
        // A bell already at its limit has been heard of: nothing is lost.
        let _ = self.bell.write(1);
        sent
    }
}

impl Mailbox {
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
}

impl Tap for Mailbox {
    fn hear(&self, event: &Arc<Published>) {
        self.put(Command::Deliver(Arc::clone(event)));
    }
}
