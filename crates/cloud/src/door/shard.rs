//! A shard: the sessions behind one UDP socket and their timers, served by one thread.
//!
//! It owns no socket, clock or thread: [`super::runner`] does. Datagrams, commands and the time go in
//! ([`Shard::datagram`], [`Shard::command`], [`Shard::tell_time`]); datagrams and the time to come back
//! at come out ([`Shard::outbound`], [`Shard::poll_timeout`]).
//!
//! The way of a datagram:
//! 1. the runner reads a batch and says where each came from and to which address;
//! 2. its first byte says what it may be: a record with a connection ID (25, or 253 from a device
//!    that moved), a record or handshake from an address we know (20 to 23), a probe (252);
//! 3. a connection ID opens to a slot, and [`super::session`] takes it from there; an address leads
//!    to a handshake under way in [`super::shaking`]; anything else meets the cookie first.
//!
//! Other threads never call a shard: they write to its mailbox and ring its bell. It waits for one of
//! them only to read from the store, when it starts, stops, or hears that a device's pin or owner was
//! changed.

use super::connection_id::{ConnectionIds, Place};
use super::counters::Counters;
use super::journaling::SAY_AGAIN_EACH;
use super::keeping::Keeping;
use super::outbound::Outbound;
use super::partitions::{Layout, Partitions};
use super::pins::Pins;
use super::queue::Step;
use super::seals::Seals;
use super::sending::Sending;
use super::shaking::Shaking;
use super::socket::Route;
use super::throttle::Throttle;
use super::timers::Timers;
use crate::device::update::UpdateError;
use crate::device::{
    AskError, Command, End, Outgoing, Reply, RollNumber, SessionKey, Whereabouts, World,
};
use crate::store::Store;
use crate::weakened::{self, Weakness};
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The pace of the slow walk that finds silent devices.
const WALK_EACH: Duration = Duration::from_secs(1);

/// How many slots the slow walk looks at in one go, at least; and in how many goes it is through.
const WALK: usize = 4096;
const WALKS: usize = 32;

/// The first byte of a reachability probe of Device OS.
const PROBE: u8 = 252;

/// The longest probe that is answered: header and 512 bytes.
const LONGEST_PROBE: usize = 13 + 512;

/// One shard.
pub struct Shard {
    /// What is to be sent.
    pub outbound: Outbound,
    /// Whether an established device was heard since the runner last asked.
    pub busy: bool,
    /// What belongs to other shards, by their number: a device at a new address may reach any of them.
    pub astray: Vec<Vec<(Route, Vec<u8>)>>,
    /// Sessions on other shards whose devices began another one here: they have to end.
    pub replaced: Vec<Whereabouts>,
    /// What other doors are to hear, by their numbers: events of theirs are durable.
    pub kept: Vec<(usize, SessionKey, Vec<u8>)>,
    pub(super) world: World,
    pub(super) slots: Partitions,
    pub(super) ids: ConnectionIds,
    pub(super) shaking: Shaking,
    /// Sessions found by their address: those without a connection ID, and those just begun.
    pub(super) addresses: HashMap<SocketAddr, Place>,
    /// The session of each device that shook hands and has yet to say who it is. Where all others are, the
    /// roll says.
    pub(super) arrivals: HashMap<RollNumber, Place>,
    pub(super) pins: Pins,
    pub(super) timers: Timers<Place>,
    pub(super) forgers: Throttle,
    pub(super) probers: Throttle,
    pub(super) strangers: Throttle,
    pub(super) counters: Arc<Counters>,
    pub(super) out: Outgoing,
    pub(super) number: u16,
    pub(super) seals: Seals,
    pub(super) sending: Sending,
    /// A journal for each partition.
    pub(super) keepings: Vec<Keeping>,
    /// What the wall clock said when the node started.
    began_ms: Option<i64>,
    /// What it would say now if nobody had set it since: the time that frames of the journals carry.
    pub(super) steady_ms: i64,
    walked: usize,
    walk_at: Duration,
    say_again_at: Duration,
}

/// What a shard is made of.
pub struct Parts {
    /// Its surroundings.
    pub world: World,
    /// The handshakes' side.
    pub shaking: Shaking,
    /// The sealing of connection IDs.
    pub ids: ConnectionIds,
    /// Who may come in.
    pub pins: Pins,
    /// Seals what its journals keep.
    pub seals: Seals,
    /// Its number, and that of its own partition.
    pub number: u8,
    /// Whose the other partitions are.
    pub layout: Layout,
    /// What it counts.
    pub counters: Arc<Counters>,
}

impl Shard {
    /// A shard that serves nobody yet.
    pub fn new(parts: Parts) -> Self {
        let first_generation = parts.world.random();
        Self {
            outbound: Outbound::default(),
            busy: false,
            world: parts.world,
            astray: vec![Vec::new(); usize::from(parts.layout.shards())],
            replaced: Vec::new(),
            kept: Vec::new(),
            slots: Partitions::new(parts.layout, parts.number, first_generation),
            ids: parts.ids,
            shaking: parts.shaking,
            addresses: HashMap::new(),
            arrivals: HashMap::new(),
            pins: parts.pins,
            timers: Timers::default(),
            forgers: Throttle::new(256),
            probers: Throttle::new(20),
            strangers: Throttle::new(16),
            counters: parts.counters,
            out: Outgoing::default(),
            number: u16::from(parts.number),
            seals: parts.seals,
            sending: Sending::default(),
            keepings: Vec::new(),
            began_ms: None,
            steady_ms: 0,
            walked: 0,
            walk_at: Duration::ZERO,
            say_again_at: Duration::ZERO,
        }
    }

    /// Says what time it is: since the node started, and in milliseconds since the Unix epoch. To be
    /// called before anything else of a round.
    pub fn tell_time(&mut self, now: Duration, wall_ms: i64) {
        self.world.now = now;
        self.world.wall_ms = wall_ms;
        let since = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        self.steady_ms =
            self.began_ms.get_or_insert(wall_ms.saturating_sub(since)).saturating_add(since);
    }

    /// Makes room for the sessions of its `index`-th partition.
    pub fn add_partition(&mut self, index: usize) {
        // Its share of the devices, and some more: they are not spread evenly.
        let devices = self.world.roll.count() / self.astray.len().max(1);
        self.slots.add(index, devices + devices / 16);
    }

    /// Learns what the devices of the sessions taken up subscribed to.
    pub fn learn_subscriptions(&mut self, store: &Store) {
        if let Err(error) = self.world.learn_subscriptions(store, self.number) {
            tracing::error!(%error, "cannot read what devices subscribed to; they hear no events until they shake hands");
        }
    }

    /// Whether any of its devices subscribed to anything.
    pub fn has_listeners(&self) -> bool {
        !self.world.registry.is_empty()
    }

    /// Its number.
    pub fn number(&self) -> usize {
        usize::from(self.number)
    }

    /// When [`Self::handle_timeout`] or [`Self::shake_next`] is due.
    pub fn poll_timeout(&self) -> Duration {
        if self.shakes_wait() || self.sending.waits() {
            return self.world.now;
        }
        let rounds = self.walk_at.min(self.say_again_at);
        self.timers.next().map_or(rounds, |at| at.min(rounds))
    }

    /// Does what is due: repeats, gives up, forgets, sends some of what updates have to send, looks for silent devices.
    pub fn handle_timeout(&mut self) {
        self.shaking.change_cookies(self.world.now);
        while let Some(place) = self.timers.due(self.world.now) {
            self.alarm(place);
        }
        self.send_chunks();
        self.walk();
        if self.world.now >= self.say_again_at {
            let each = if self.say_again() { SAY_AGAIN_EACH } else { WALK_EACH };
            self.say_again_at = self.world.now + each;
        }
    }

    /// Acts on one datagram.
    pub fn datagram(&mut self, route: Route, datagram: &mut [u8]) {
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
            Some(place) if !self.slots.is_here(place) => self.hand_over(place, route, datagram),
            Some(place) if self.shaking.is_under_way(place) => {
                self.wait(Step::Flight(place), route, datagram);
            }
            Some(place) => self.record(place, route, datagram),
            None => self.counters.noise(),
        }
    }

    fn hand_over(&mut self, place: Place, route: Route, datagram: &[u8]) {
        let shard = self.slots.shard_of(place);
        if let Some(astray) = self.astray.get_mut(usize::from(shard)) {
            astray.push((route, datagram.to_vec()));
        }
    }

    fn by_address(&mut self, route: Route, datagram: &mut [u8]) {
        if self.hello(route, datagram) {
            return;
        }
        let handshake = matches!(datagram.first(), Some(20 | 22));
        let in_the_open = datagram.get(3..5) == Some(&[0, 0]);
        let session = self.addresses.get(&route.peer).copied();
        if weakened::is(Weakness::ClearAlertsHeard)
            && let (Some(21), Some(place)) = (datagram.first(), session)
        {
            return self.end(place, End::ClosedByDevice);
        }
        match (self.shaking.from(route.peer), session) {
            (Some(place), None) => self.wait(Step::Flight(place), route, datagram),
            (Some(place), _) if handshake || in_the_open => {
                self.wait(Step::Flight(place), route, datagram);
            }
            (_, Some(place)) if in_the_open => self.linger(place, route, datagram),
            (_, Some(place)) => self.record(place, route, datagram),
            (None, None) => self.counters.noise(),
        }
    }

    /// Echoes a reachability probe: never more than came, and not often.
    fn probe(&mut self, route: Route, datagram: &[u8]) {
        let fits = (13..=LONGEST_PROBE).contains(&datagram.len());
        let limited = !weakened::is(Weakness::ProbesUnlimited);
        if fits && (self.probers.count(route.peer.ip(), self.world.now) || !limited) {
            self.outbound.queue(route, |out| out.extend_from_slice(datagram));
        } else {
            self.counters.noise();
        }
    }

    /// Does what another thread asks for. To stop is the runner's affair.
    pub fn command(&mut self, command: Command) {
        match command {
            Command::Ask(device, question, reply) => match self.place_of_device(device) {
                Some(place) => self.ask(place, &question, reply),
                None => refuse(reply),
            },
            Command::Update(device, order) => match self.place_of_device(device) {
                Some(place) => self.update(place, *order),
                None => order.end(Err(UpdateError::Offline)),
            },
            Command::Cancelled(device) => {
                if let Some(place) = self.place_of_device(device) {
                    self.cancel_update(place);
                }
            }
            Command::Deliver(event) => {
                let listeners = self.world.registry.listeners(&event);
                let places: Vec<_> = listeners.filter_map(|number| self.place_of(number)).collect();
                for place in places {
                    self.deliver(place, &event);
                }
            }
            Command::Taken(row) => self.taken(row),
            Command::Keep(keep) => self.keep_for(*keep),
            Command::Stored(session, reply) => self.acknowledge(Place::of(session), &reply),
            Command::KeyChanged(device) => self.key_changed(device),
            Command::OwnerChanged(device) => self.world.learn_owner(device),
            Command::Heartbeat(alive) => drop(alive.send(())),
            Command::Replaced(session) => self.replaced(Place::of(session)),
            // The runner's affair.
            Command::Datagrams(_) | Command::Stop(_) => {}
        }
    }

    fn place_of_device(&self, device: DeviceId) -> Option<Place> {
        self.place_of(self.world.roll.find(device)?)
    }

    /// Where the device's session is, if it is here.
    fn place_of(&self, device: RollNumber) -> Option<Place> {
        let at = self.world.roll.whereabouts(device).filter(|at| at.shard == self.number)?;
        Some(Place::of(at.session))
    }

    /// What the roll calls a place of this shard.
    pub(super) fn whereabouts(&self, place: Place) -> Whereabouts {
        Whereabouts { shard: self.number, session: place.key() }
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
        if self.world.now < self.walk_at {
            return;
        }
        self.walk_at = self.world.now + WALK_EACH;
        let count = self.slots.count();
        for _ in 0..WALK.max(count / WALKS).min(count) {
            self.walked = (self.walked + 1) % count;
            if let Some(place) = self.slots.place_at(self.walked) {
                self.look_at(place);
            }
        }
    }

    /// Every shard hears of it; the roll is changed by the first, and each ends what it has under
    /// another key (promise P1).
    fn key_changed(&mut self, device: DeviceId) {
        if let Some(key) = self.world.learn(device) {
            self.pins.forgive(key);
        }
        let Some(number) = self.world.roll.find(device) else { return };
        for place in [self.place_of(number), self.arrivals.get(&number).copied()] {
            let stale = place.filter(|place| {
                let live = self.slots.get(*place);
                live.is_some_and(|live| !self.world.roll.is_current(live.here))
            });
            if let Some(place) = stale {
                self.end(place, End::KeyChanged);
            }
        }
    }

    /// The device has its session on another shard now, and tells that one what it subscribes to.
    fn replaced(&mut self, place: Place) {
        let Some(number) = self.slots.get(place).map(|live| live.here.number) else { return };
        self.end(place, End::Replaced);
        if self.place_of(number).is_none() {
            self.world.registry.unsubscribe(number);
        }
    }
}

fn refuse(reply: Reply) {
    // A caller that went away needs no answer.
    let _ = reply.send(Err(AskError::Offline));
}
