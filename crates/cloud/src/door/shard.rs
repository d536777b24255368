//! A shard: one thread that owns one UDP socket, the sessions behind it and their timers.
//!
//! The way of a datagram:
//! 1. [`BatchSocket`] reads a batch and says where each came from and to which address;
//! 2. its first byte says what it may be: a record with a connection ID (25, or 253 from a device
//!    that moved), a record or handshake from an address we know (20 to 23), a probe (252);
//! 3. a connection ID opens to a slot, and [`super::session`] takes it from there; an address leads
//!    to a handshake under way in [`super::shaking`]; anything else meets the cookie first.
//!
//! Other threads never call a shard: they write to its mailbox and ring its bell. It waits for one of
//! them only to read from the store, when it starts, stops, takes a device in, or hears that a device's
//! pin or owner was changed.

use super::connection_id::{ConnectionIds, Place};
use super::counters::Counters;
use super::pins::Pins;
use super::shaking::Shaking;
use super::slots::Slots;
use super::socket::{BATCH, BatchSocket, Route};
use super::throttle::Throttle;
use super::timers::Timers;
use crate::clock::now_ms;
use crate::device::{AskError, Command, End, Outgoing, Reply, World};
use crate::node_key::NodeKey;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// How long the shard sleeps at most: the pace of the slow walk that finds silent devices.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How many slots the slow walk looks at in one go.
const WALK: usize = 4096;

/// How many commands are dealt with between two batches of datagrams.
const MOST_COMMANDS: usize = 1024;

/// The first byte of a reachability probe of Device OS.
const PROBE: u8 = 252;

/// The longest probe that is answered: header and 512 bytes.
const LONGEST_PROBE: usize = 13 + 512;

/// One shard.
pub struct Shard {
    pub(super) socket: BatchSocket,
    pub(super) world: World,
    pub(super) slots: Slots,
    pub(super) ids: ConnectionIds,
    pub(super) shaking: Shaking,
    /// Sessions found by their address: those without a connection ID, and those just begun.
    pub(super) addresses: HashMap<SocketAddr, Place>,
    /// The one session of each device.
    pub(super) devices: HashMap<DeviceId, Place>,
    /// The session of each device that shook hands and has yet to say who it is.
    pub(super) arrivals: HashMap<DeviceId, Place>,
    pub(super) pins: Pins,
    pub(super) timers: Timers,
    pub(super) forgers: Throttle,
    pub(super) probers: Throttle,
    pub(super) strangers: Throttle,
    pub(super) counters: Arc<Counters>,
    pub(super) out: Outgoing,
    pub(super) number: u16,
    pub(super) node_key: Arc<NodeKey>,
    pub(super) incarnation: [u8; 32],
    started: Instant,
    commands: Receiver<Command>,
    bell: Arc<EventFd>,
    walked: usize,
    walk_at: Duration,
}

/// What a shard is made of.
pub struct Parts {
    /// Its socket, bound.
    pub socket: BatchSocket,
    /// Its surroundings.
    pub world: World,
    /// The handshakes' side.
    pub shaking: Shaking,
    /// The sealing of connection IDs.
    pub ids: ConnectionIds,
    /// Who may come in.
    pub pins: Pins,
    /// Seals its sessions.
    pub node_key: Arc<NodeKey>,
    /// What the saved sessions are bound to.
    pub incarnation: [u8; 32],
    /// Its number, and its partition.
    pub number: u8,
    /// Its end of the mailbox.
    pub commands: Receiver<Command>,
    /// What rings when there is a command.
    pub bell: Arc<EventFd>,
    /// What it counts.
    pub counters: Arc<Counters>,
}

impl Shard {
    /// A shard that serves nobody yet.
    pub fn new(parts: Parts) -> Self {
        let first_generation = parts.world.random();
        Self {
            socket: parts.socket,
            world: parts.world,
            slots: Slots::new(parts.number, first_generation),
            ids: parts.ids,
            shaking: parts.shaking,
            addresses: HashMap::new(),
            devices: HashMap::new(),
            arrivals: HashMap::new(),
            pins: parts.pins,
            timers: Timers::default(),
            forgers: Throttle::new(256),
            probers: Throttle::new(20),
            strangers: Throttle::new(16),
            counters: parts.counters,
            out: Outgoing::default(),
            number: u16::from(parts.number),
            node_key: parts.node_key,
            incarnation: parts.incarnation,
            started: Instant::now(),
            commands: parts.commands,
            bell: parts.bell,
            walked: 0,
            walk_at: Duration::ZERO,
        }
    }

    /// Serves until told to stop, then saves the sessions and says how many.
    pub fn run(mut self) {
        let mut received = Vec::with_capacity(BATCH);
        let mut datagram = Vec::new();
        loop {
            self.sleep();
            self.tell_time();
            if let Err(error) = self.socket.receive(&mut received) {
                tracing::error!(%error, "the UDP socket failed; trying again");
            }
            for (index, (route, length)) in received.iter().enumerate() {
                self.socket.datagram(index, *length, &mut datagram);
                self.datagram(*route, &mut datagram);
            }
            let _ = self.bell.read();
            for round in 1.. {
                match self.commands.try_recv() {
                    Ok(Command::Stop(done)) => return self.stop(&done),
                    Ok(command) => self.command(command),
                    Err(_) => break,
                }
                if round >= MOST_COMMANDS {
                    // Devices want to be heard too: the rest comes right after them.
                    let _ = self.bell.write(1);
                    break;
                }
            }
            self.shaking.change_cookies(self.world.now);
            while let Some(place) = self.timers.due(self.world.now) {
                self.alarm(place);
            }
            self.walk();
            self.socket.flush();
        }
    }

    fn sleep(&self) {
        let now = self.started.elapsed();
        let until = self.timers.next().unwrap_or(now + LONGEST_SLEEP);
        let sleep = until.saturating_sub(now).min(LONGEST_SLEEP);
        // Rounded up, so that the alarm is due when we wake.
        let millis = u16::try_from(sleep.as_micros().div_ceil(1000)).unwrap_or(1000);
        let mut fds = [
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
        ];
        // An interrupted sleep is a short one.
        let _ = poll(&mut fds, PollTimeout::from(millis));
    }

    fn tell_time(&mut self) {
        self.world.now = self.started.elapsed();
        self.world.wall_ms = now_ms();
    }

    fn datagram(&mut self, route: Route, datagram: &mut [u8]) {
        match datagram.first() {
            Some(25 | 253) => self.by_connection_id(route, datagram),
            Some(20..=23) => self.by_address(route, datagram),
            Some(&PROBE) => self.probe(route, datagram),
            // Keep-alives of a single byte, and noise.
            _ => self.counters.noise(),
        }
    }

    fn by_connection_id(&mut self, route: Route, datagram: &mut [u8]) {
        let place = pintle_dtls::connection_id_of(datagram).and_then(|id| self.ids.open(id));
        match place {
            Some(place) if self.shaking.is_under_way(place) => {
                self.shake(place, route, datagram);
            }
            Some(place) => self.record(place, route, datagram),
            None => self.counters.noise(),
        }
    }

    fn by_address(&mut self, route: Route, datagram: &mut [u8]) {
        if self.hello(route, datagram) {
            return;
        }
        let handshake = matches!(datagram.first(), Some(20 | 22));
        let in_the_open = datagram.get(3..5) == Some(&[0, 0]);
        let session = self.addresses.get(&route.peer).copied();
        match (self.shaking.from(route.peer), session) {
            (Some(place), None) => self.shake(place, route, datagram),
            (Some(place), _) if handshake || in_the_open => self.shake(place, route, datagram),
            (_, Some(place)) if in_the_open => self.linger(place, route, datagram),
            (_, Some(place)) => self.record(place, route, datagram),
            (None, None) => self.counters.noise(),
        }
    }

    /// Echoes a reachability probe: never more than came, and not often.
    fn probe(&mut self, route: Route, datagram: &[u8]) {
        let fits = (13..=LONGEST_PROBE).contains(&datagram.len());
        if fits && self.probers.count(route.peer.ip(), self.world.now) {
            self.socket.queue(route, |out| out.extend_from_slice(datagram));
        } else {
            self.counters.noise();
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Ask(device, question, reply) => match self.place_of(device) {
                Some(place) => self.ask(place, &question, reply),
                None => refuse(reply),
            },
            Command::Deliver(event) => {
                let listeners = self.world.registry.listeners(&event);
                let places: Vec<_> = listeners.filter_map(|device| self.place_of(device)).collect();
                for place in places {
                    self.deliver(place, &event);
                }
            }
            Command::Stored(session, reply) => self.acknowledge(Place::of(session), &reply),
            Command::KeyChanged(device) => self.key_changed(device),
            Command::OwnerChanged(device) => self.world.learn_owner(device),
            Command::Stop(_) => {}
        }
    }

    fn place_of(&self, device: DeviceId) -> Option<Place> {
        self.devices.get(&device).copied()
    }

    fn alarm(&mut self, place: Place) {
        if self.shaking.is_under_way(place) {
            self.shaking_alarm(place);
        } else {
            self.session_alarm(place);
        }
    }

    /// Looks at some slots each second for devices that fell silent.
    fn walk(&mut self) {
        if self.world.now < self.walk_at || self.slots.count() == 0 {
            return;
        }
        self.walk_at = self.world.now + LONGEST_SLEEP;
        for _ in 0..WALK.min(self.slots.count()) {
            self.walked = (self.walked + 1) % self.slots.count();
            if let Some(place) = self.slots.place_at(self.walked) {
                self.look_at(place);
            }
        }
    }

    fn key_changed(&mut self, device: DeviceId) {
        let key = match self.world.store.pins().key_of(device).wait() {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(%device, %error, "cannot read the device's pin; it stays out");
                None
            }
        };
        if self.pins.key_of(device) != key {
            self.pins.set(device, key);
            let sessions = [self.devices.get(&device), self.arrivals.get(&device)];
            for place in sessions.map(Option::<&Place>::copied).into_iter().flatten() {
                self.end(place, End::KeyChanged);
            }
        }
    }

    fn stop(mut self, done: &Sender<usize>) {
        let saved = self.save();
        self.socket.flush();
        // Nobody waiting for the number is no failure of ours.
        let _ = done.send(saved);
    }
}

fn refuse(reply: Reply) {
    // A caller that went away needs no answer.
    let _ = reply.send(Err(AskError::Offline));
}
