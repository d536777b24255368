//! What other threads say to a shard. A shard is never called: it is written to, and woken.

use super::ask::{Answer, AskError, Question};
use crate::event::{Event, Tap};
use nix::sys::eventfd::{EfdFlags, EventFd};
use pintle_protocol::DeviceId;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// The channel on which a question's answer returns.
pub type Reply = oneshot::Sender<Result<Answer, AskError>>;

/// Names one session to the shard that gave the name; opaque to everyone else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKey(pub u64);

/// One message to a shard.
pub enum Command {
    /// Ask a device something.
    Ask(DeviceId, Question, Reply),
    /// An event was published: hand it to the devices that subscribed to it.
    Deliver(Arc<Event>),
    /// What a device told us is durable now: send the acknowledgement that waited for it.
    Stored(SessionKey, Vec<u8>),
    /// A device's pin was set or replaced: forget the old key, end a session under it.
    KeyChanged(DeviceId),
    /// The store has another owner for a device: look there, for of two changes told at once the later
    /// one counts.
    OwnerChanged(DeviceId),
    /// End: save the sessions and say when that is done.
    Stop(std::sync::mpsc::Sender<usize>),
}

/// Where a shard's commands are put in. Clones share it.
#[derive(Clone)]
pub struct Mailbox {
    commands: Sender<Command>,
    bell: Arc<EventFd>,
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
        Ok((Self { commands, bell: Arc::clone(&bell) }, receiver, bell))
    }

    /// Puts a command in and wakes the shard. False where the shard is no more.
    pub fn put(&self, command: Command) -> bool {
        let sent = self.commands.send(command).is_ok();
        // A bell already at its limit has been heard of: nothing is lost.
        let _ = self.bell.write(1);
        sent
    }
}

impl Tap for Mailbox {
    fn hear(&self, event: &Arc<Event>) {
        self.put(Command::Deliver(Arc::clone(event)));
    }
}
