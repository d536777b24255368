//! The TCP door's core: its connections from the first byte to the last, and their deadlines.
//!
//! It owns no socket, clock or thread: [`super::runner`] does. What the sockets bring, what the RSA threads found,
//! commands and the time go in; [`Orders`] for the sockets, blocks for the RSA threads and the time to come back at
//! come out. To everyone else it is one more shard, with a mailbox and a number of its own.
//!
//! A connection walks: [`Stage::Waiting`] for others from its address → [`Stage::Greeting`], until its block is here →
//! [`Stage::Opening`], while that is opened → [`Stage::Live`], a session; or [`Stage::Doomed`], until the moment at
//! which all that failed end. The first four are told in [`super::shaking`], the session in [`super::session`].

use super::address::{Tag, Tagger};
use super::breaker::Breaker;
use super::callers::Callers;
use super::counters::TcpCounters;
use super::opening::Stranger;
use super::orders::{Order, Orders};
use super::pool::Work;
use super::session::Live;
use super::slab::{Key, Slab};
use super::updating::Sending;
use crate::device::update::UpdateError;
use crate::device::{AskError, Command, Effects, End, RollNumber, Whereabouts, World};
use crate::door::throttle::Throttle;
use crate::door::timers::Timers;
use crate::event::{Event, Wanted};
use pintle_protocol::DeviceId;
use pintle_protocol::coap::MessageId;
use pintle_protocol::tcp::server::Greeting;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How many blocks are being opened when nobody else is let in: less than a second's work for one thread.
pub(super) const MOST_OPENING: usize = 1024;

/// How far a connection has come.
pub enum Stage {
    /// Others from its address shake hands first. Nothing was said to it.
    Waiting,
    /// It was greeted, and its block is coming in.
    Greeting(Box<Greeting>),
    /// Its block is being opened.
    Opening,
    /// Its block was wrong. Who it said it was, where the block was at least well made.
    Doomed(Option<Box<Stranger>>),
    /// It is a device's.
    Live(Box<Live>),
}

/// One connection.
pub struct Connection {
    /// Where it comes from.
    pub from: Tag,
    /// How far it has come.
    pub stage: Stage,
    /// When it ends, unless something happens before.
    pub ends_at: Duration,
    /// When its alarm rings.
    pub alarm: Option<Duration>,
}

impl Connection {
    /// Whether it has yet to become a session.
    pub(super) fn is_at_door(&self) -> bool {
        !matches!(self.stage, Stage::Live(_))
    }
}

/// What a TCP shard is made of.
pub struct Parts {
    /// Its surroundings.
    pub world: World,
    /// Its number, after those of the shards on UDP.
    pub number: u16,
    /// How many connections it may have.
    pub most: usize,
    /// What it counts.
    pub counters: Arc<TcpCounters>,
}

/// The TCP door's core.
pub struct TcpShard {
    /// What is to be done with the sockets.
    pub orders: Orders,
    /// Blocks to be opened.
    pub blocks: Vec<Work>,
    /// Sessions on other shards whose devices began another one here: they have to end.
    pub replaced: Vec<Whereabouts>,
    /// Events for a durable consumer, to be kept by whoever has a journal, and the message whose acknowledgement
    /// waits for that.
    pub kept: Vec<(Event, Wanted, Key, Option<MessageId>)>,
    /// Who was refused and is yet to be written down, and when.
    pub(super) refused: VecDeque<(Duration, Box<Stranger>)>,
    pub(super) world: World,
    pub(super) connections: Slab<Connection>,
    pub(super) callers: Callers,
    /// How many blocks are being opened.
    pub(super) opening: usize,
    pub(super) tagger: Tagger,
    pub(super) breaker: Breaker,
    pub(super) timers: Timers<Key>,
    /// Bounds what is written down, and logged, of who is refused and of what goes wrong.
    pub(super) strangers: Throttle,
    pub(super) faults: Throttle,
    /// The session of each device that shook hands and has yet to say hello.
    pub(super) arrivals: HashMap<RollNumber, Key>,
    pub(super) counters: Arc<TcpCounters>,
    pub(super) sending: Sending,
    /// For one session after another, so that none has to have its own.
    pub(super) effects: Effects,
    pub(super) scratch: Vec<u8>,
    pub(super) number: u16,
    pub(super) most: usize,
}

impl TcpShard {
    /// A shard without a connection.
    pub fn new(parts: Parts) -> Self {
        Self {
            orders: Orders::default(),
            blocks: Vec::new(),
            replaced: Vec::new(),
            kept: Vec::new(),
            refused: VecDeque::new(),
            world: parts.world,
            connections: Slab::default(),
            callers: Callers::default(),
            opening: 0,
            tagger: Tagger::default(),
            breaker: Breaker::default(),
            timers: Timers::default(),
            strangers: Throttle::new(16),
            faults: Throttle::new(16),
            arrivals: HashMap::new(),
            counters: parts.counters,
            sending: Sending::default(),
            effects: Effects::default(),
            scratch: Vec::new(),
            number: parts.number,
            most: parts.most,
        }
    }

    /// Says what time it is: since the node started, and in milliseconds since the Unix epoch. To be called before
    /// anything else of a round.
    pub fn tell_time(&mut self, now: Duration, wall_ms: i64) {
        self.world.now = now;
        self.world.wall_ms = wall_ms;
    }

    /// Whether any of its devices subscribed to anything.
    pub fn has_listeners(&self) -> bool {
        !self.world.registry.is_empty()
    }

    /// Its number.
    pub fn number(&self) -> usize {
        usize::from(self.number)
    }

    /// Whether so many blocks are being opened that whoever comes now had better wait in the system's queue: greeted,
    /// it would wait for longer than it has.
    pub fn is_busy(&self) -> bool {
        self.opening >= MOST_OPENING
    }

    /// Takes what a connection brought.
    pub fn heard(&mut self, key: Key, bytes: &[u8]) {
        match self.connections.get(key).map(|connection| &connection.stage) {
            Some(Stage::Greeting(_)) => self.take_block(key, bytes),
            Some(Stage::Live(_)) => self.take_frames(key, bytes),
            // It is not listened to, or no more.
            Some(Stage::Waiting | Stage::Opening | Stage::Doomed(_)) | None => {}
        }
    }

    /// A connection is gone.
    pub fn gone(&mut self, key: Key) {
        self.close(key, End::ClosedByDevice);
    }

    /// A peer does not read what it is sent.
    pub fn choked(&mut self, key: Key) {
        self.close(key, End::NotReading);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self) {
        let now = self.world.now;
        while let Some(key) = self.timers.due(now) {
            let Some(connection) = self.connections.get(key) else { continue };
            if connection.alarm.is_none_or(|at| at > now) {
                continue;
            }
            connection.alarm = None;
            if connection.ends_at <= now {
                self.time_is_up(key);
            } else if matches!(connection.stage, Stage::Live(_)) {
                self.session_alarm(key);
            }
            self.set_alarm(key);
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let notes = self.refused.front().map(|(at, _)| *at);
        self.timers.next().into_iter().chain(notes).min()
    }

    /// Does what another thread asks for. To stop is the runner's affair.
    pub fn command(&mut self, command: Command) {
        match command {
            Command::Ask(device, question, reply) => match self.key_of_device(device) {
                Some(key) => self.ask(key, &question, reply),
                // A caller that went away needs no answer.
                None => drop(reply.send(Err(AskError::Offline))),
            },
            Command::Update(device, order) => match self.key_of_device(device) {
                Some(key) => self.update(key, *order),
                None => order.end(Err(UpdateError::Offline)),
            },
            Command::Cancelled(device) => {
                if let Some(key) = self.key_of_device(device) {
                    self.cancel_update(key);
                }
            }
            Command::Deliver(event) => {
                let listeners = self.world.registry.listeners(&event);
                let keys: Vec<_> = listeners.filter_map(|number| self.key_of(number)).collect();
                for key in keys {
                    self.deliver(key, &event);
                }
            }
            Command::Stored(session, reply) => self.stored(Key::unpack(session.0), &reply),
            Command::KeyChanged(device) => self.key_changed(device),
            Command::OwnerChanged(device) => self.world.learn_owner(device),
            Command::Heartbeat(alive) => drop(alive.send(())),
            Command::Replaced(session) => self.replaced_elsewhere(Key::unpack(session.0)),
            // It has no journal, and no datagram reaches it.
            Command::Taken(_) | Command::Keep(..) | Command::Datagrams(_) | Command::Stop(_) => {}
        }
    }

    fn key_of_device(&self, device: DeviceId) -> Option<Key> {
        self.key_of(self.world.roll.find(device)?)
    }

    /// The device's session, if it is here.
    pub(super) fn key_of(&self, device: RollNumber) -> Option<Key> {
        let at = self.world.roll.whereabouts(device).filter(|at| at.shard == self.number)?;
        Some(Key::unpack(at.session.0))
    }

    /// What the roll calls a connection of this shard.
    pub(super) fn whereabouts(&self, key: Key) -> Whereabouts {
        Whereabouts { shard: self.number, session: key.session() }
    }

    /// Lets a connection end at `at`, and no sooner.
    pub(super) fn end_at(&mut self, key: Key, at: Duration) {
        if let Some(connection) = self.connections.get(key) {
            connection.ends_at = at;
            self.set_alarm(key);
        }
    }

    /// Sees to it that the alarm rings as early as it must.
    pub(super) fn set_alarm(&mut self, key: Key) {
        let Some(connection) = self.connections.get(key) else { return };
        let wanted = match &connection.stage {
            Stage::Live(live) => {
                let due = live.poll_timeout(connection.ends_at);
                due.map_or(connection.ends_at, |at| at.min(connection.ends_at))
            }
            _ => connection.ends_at,
        };
        if connection.alarm.is_none_or(|at| at > wanted) {
            connection.alarm = Some(wanted);
            self.timers.set(wanted, key);
        }
    }

    /// Closes a connection, whatever it is.
    pub(super) fn close(&mut self, key: Key, end: End) {
        let Some(connection) = self.connections.remove(key) else { return };
        self.orders.add(Order::Close(key));
        match connection.stage {
            Stage::Live(mut live) => self.ended(key, &mut live, end),
            stage => self.left_the_door(connection.from, stage),
        }
    }

    /// Closes every connection: the node stops. How many sessions there were.
    pub fn close_all(&mut self) -> usize {
        let keys: Vec<_> = self.connections.keys().collect();
        let mut sessions = 0;
        for key in keys {
            sessions += usize::from(live(&mut self.connections, key).is_some());
            self.close(key, End::Stopped);
        }
        sessions
    }
}

#[cfg(test)]
mod tests;

/// The session under a key, if there is one.
pub(super) fn live(connections: &mut Slab<Connection>, key: Key) -> Option<&mut Live> {
    match &mut connections.get(key)?.stage {
        Stage::Live(live) => Some(live),
        _ => None,
    }
}
