//! Handshakes under way: from a ClientHello with our cookie to a session in its slot.
//!
//! 1. [`Shard::hello`]: a ClientHello without our cookie is answered from nothing and forgotten;
//!    one with it waits in [`super::queue`] for its turn.
//! 2. [`Shard::shake_next`]: when it comes, it gets a slot, so that the connection ID can name it, and a
//!    handshake.
//! 3. [`Shard::shake`]: the peer's flight goes in, ours comes out. When the peer's key arrives it is
//!    looked up among the pins before any signature is verified (promise P1).
//! 4. [`Shard::complete`]: the session takes the slot; the device has yet to introduce itself.
//! 5. [`Shard::linger`]: a peer that lost our last flight and repeats its own gets it again.

use super::connection_id::Place;
use super::pins::{Pins, Refusal};
use super::queue::{Queue, Step, Waiting};
use super::session::INTRODUCE_WITHIN;
use super::shard::Shard;
use super::slots::{Live, numbering_of};
use super::socket::Route;
use crate::device::{End, Life, Standing, Transport};
use crate::device_key::KeyKind;
use crate::store::pin::{self, HistoryEntry, What};
use crate::survey::Brought;
use crate::weakened::{self, Weakness};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{
    Admission, CookieJar, Established, Handshake, Linger, PinnedKeys, ProvenHello, ServerConfig,
};
use pintle_dtls::{Dialect, PublicKey};
use pintle_protocol::DeviceId;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How many handshakes may be under way at once: their memory, about 10 KiB each, is bounded by it.
const MOST: usize = 2048;

/// How long a cookie is good for: once to twice this time. Who had an address before, or heard its
/// traffic, must not go on proving it.
const COOKIE_LIFE: Duration = Duration::from_secs(60);

struct UnderWay {
    handshake: Handshake<AwsLc>,
    route: Route,
    device: Option<DeviceId>,
    began: Duration,
    alarm: Option<Duration>,
}

/// All handshakes of a shard, and the last flights of those just completed.
pub struct Shaking {
    config: Arc<ServerConfig<AwsLc>>,
    cookies: CookieJar,
    cookies_change_at: Duration,
    under_way: HashMap<Place, UnderWay>,
    /// Where handshakes come from. Apart from the sessions' addresses: a handshake disturbs no session
    /// at its address until it is completed (RFC 6347 4.2.8).
    addresses: HashMap<SocketAddr, Place>,
    lingering: HashMap<Place, (SocketAddr, Linger)>,
    queue: Queue,
}

impl Shaking {
    /// The side of a cloud with this configuration.
    pub fn new(config: Arc<ServerConfig<AwsLc>>, cookies: CookieJar) -> Self {
        Self {
            config,
            cookies,
            cookies_change_at: COOKIE_LIFE,
            under_way: HashMap::new(),
            addresses: HashMap::new(),
            lingering: HashMap::new(),
            queue: Queue::default(),
        }
    }

    /// Makes cookies with a new secret when it is time.
    pub fn change_cookies(&mut self, now: Duration) {
        let mut secret = [0; 32];
        if now >= self.cookies_change_at && self.config.crypto().fill_random(&mut secret).is_ok() {
            self.cookies.rotate(secret);
            self.cookies_change_at = now + COOKIE_LIFE;
        }
    }

    /// The handshake that has been under way for longest, when there are too many.
    fn in_the_way(&self) -> Option<Place> {
        if self.under_way.len() < MOST {
            return None;
        }
        let oldest = self.under_way.iter().min_by_key(|(_, under_way)| under_way.began);
        oldest.map(|(place, _)| *place)
    }

    /// The handshake under way with this address.
    pub fn from(&self, address: SocketAddr) -> Option<Place> {
        self.addresses.get(&address).copied()
    }

    fn insert(&mut self, place: Place, under_way: UnderWay) {
        self.addresses.insert(under_way.route.peer, place);
        self.under_way.insert(place, under_way);
    }

    fn remove(&mut self, place: Place) -> Option<UnderWay> {
        let under_way = self.under_way.remove(&place)?;
        if self.from(under_way.route.peer) == Some(place) {
            self.addresses.remove(&under_way.route.peer);
        }
        Some(under_way)
    }

    /// Whether a handshake is under way in this slot.
    pub fn is_under_way(&self, place: Place) -> bool {
        self.under_way.contains_key(&place)
    }

    /// Forgets the last flight of a session's handshake; the address it was kept for.
    pub fn forget(&mut self, place: Place) -> Option<SocketAddr> {
        self.lingering.remove(&place).map(|(address, _)| address)
    }

    /// When the last flight of this session's handshake may be forgotten.
    pub fn lingers_until(&self, place: Place) -> Option<Duration> {
        self.lingering.get(&place).map(|(_, linger)| linger.expires())
    }
}

/// Looks the peer's key up, and remembers what came of it.
struct Porter<'a> {
    pins: &'a mut Pins,
    now: Duration,
    device: &'a mut Option<DeviceId>,
    refusal: Option<Refusal>,
}

impl PinnedKeys for Porter<'_> {
    fn admits(&mut self, key: &PublicKey) -> bool {
        match self.pins.admit(key, self.now) {
            Ok(device) => *self.device = Some(device),
            Err(refusal) => self.refusal = Some(refusal),
        }
        self.refusal.is_none()
    }
}

impl Shard {
    /// Deals with a ClientHello; false where the datagram is none.
    pub(super) fn hello(&mut self, route: Route, datagram: &[u8]) -> bool {
        let source = source_bytes(route.peer);
        match self.shaking.cookies.admit(&source, datagram) {
            Admission::NotAClientHello => return false,
            Admission::Dropped(_) => self.counters.noise(),
            Admission::Challenge(challenge) => {
                self.counters.challenged();
                self.outbound.queue(route, |out| out.extend_from_slice(challenge.as_bytes()));
            }
            // A session that cannot be written down is not begun.
            Admission::Proven(_) if self.refuses() => self.counters.stalled(),
            Admission::Proven(_) => self.wait(Step::Hello, route, datagram),
        }
        true
    }

    /// Whether the disk refuses what the journal has to keep, or does not keep up.
    fn refuses(&self) -> bool {
        self.keepings.first().is_some_and(|keeping| keeping.is_stalled() || keeping.is_full())
    }

    /// Lets a step of a handshake wait for its turn. When too many wait already it is dropped, before it
    /// cost anything (promise P11): the peer repeats it.
    pub(super) fn wait(&mut self, step: Step, route: Route, datagram: &[u8]) {
        if !self.shaking.queue.push(step, route, datagram) {
            self.counters.crowded();
        }
    }

    /// Whether any handshake waits for its turn.
    pub fn shakes_wait(&self) -> bool {
        !self.shaking.queue.is_empty()
    }

    /// Takes the handshake that is next a step further: the costly part of this room.
    pub fn shake_next(&mut self) {
        let Some(Waiting { step, route, mut datagram }) = self.shaking.queue.pop() else { return };
        match step {
            Step::Flight(place) => self.shake(place, route, &mut datagram),
            Step::Hello => self.proven_hello(route, &mut datagram),
        }
        self.shaking.queue.recycle(datagram);
    }

    fn proven_hello(&mut self, route: Route, datagram: &mut [u8]) {
        let source = source_bytes(route.peer);
        // A cookie may have grown old while it waited.
        let Admission::Proven(hello) = self.shaking.cookies.admit(&source, datagram) else {
            return self.counters.noise();
        };
        match self.same_hello(route, &hello) {
            Some(place) => self.shake(place, route, datagram),
            None => self.begin(route, hello),
        }
    }

    /// The handshake under way that this ClientHello is a repetition of.
    fn same_hello(&self, route: Route, hello: &ProvenHello<'_>) -> Option<Place> {
        let place = self.shaking.from(route.peer)?;
        let under_way = self.shaking.under_way.get(&place)?;
        under_way.handshake.is_for(hello).then_some(place)
    }

    fn begin(&mut self, route: Route, hello: ProvenHello<'_>) {
        if let Some(old) = self.shaking.from(route.peer) {
            self.abandon(old);
        }
        if let Some(oldest) = self.shaking.in_the_way() {
            // Whoever begins handshakes without end delays others, and does not lock them out.
            self.counters.crowded();
            self.abandon(oldest);
        }
        let Some(place) = self.slots.reserve() else { return self.counters.crowded() };
        let (config, id) = (Arc::clone(&self.shaking.config), self.ids.seal(place));
        match Handshake::accept(config, hello, id, self.world.now) {
            Ok(handshake) => {
                self.counters.began();
                let began = self.world.now;
                let under_way = UnderWay { handshake, route, device: None, began, alarm: None };
                self.shaking.insert(place, under_way);
                self.go_on(place);
            }
            Err(error) => {
                self.slots.release(place);
                self.counters.failed();
                tracing::debug!(%error, "a ClientHello was not accepted");
            }
        }
    }

    /// Hands a datagram to the handshake in this slot.
    pub(super) fn shake(&mut self, place: Place, route: Route, datagram: &mut [u8]) {
        let Some(under_way) = self.shaking.under_way.get_mut(&place) else { return };
        if under_way.route.peer != route.peer {
            return self.counters.noise();
        }
        let now = self.world.now;
        let device = &mut under_way.device;
        let mut porter = Porter { pins: &mut self.pins, now, device, refusal: None };
        let result = under_way.handshake.handle_datagram(now, datagram, &mut porter);
        let (refusal, complete) = (porter.refusal, under_way.handshake.is_complete());
        if let Some(refusal) = refusal {
            self.refused(route, refusal);
        }
        match result {
            Ok(()) if complete => self.complete(place),
            Ok(()) => self.go_on(place),
            Err(error) => {
                tracing::debug!(%error, "a handshake failed");
                self.fail(place);
            }
        }
    }

    fn refused(&mut self, route: Route, refusal: Refusal) {
        self.counters.refused();
        let Refusal::Unpinned(key) = refusal else { return };
        if !self.strangers.count(route.peer.ip(), self.world.now) {
            // Keys are made up faster than anybody can read of them.
            return;
        }
        tracing::warn!(%key, "refused a device whose key is not pinned");
        let entry = HistoryEntry {
            at_ms: self.world.wall_ms,
            device: None,
            fingerprint: Some(key),
            kind: KeyKind::P256,
            what: What::RefusedUnpinned.as_str().into(),
            detail: "no device has this key".into(),
        };
        self.world.enqueue(pin::note(&entry));
    }

    /// Sends what the handshake has to say, and sets its alarm.
    fn go_on(&mut self, place: Place) {
        let Some(under_way) = self.shaking.under_way.get_mut(&place) else { return };
        while let Some(flight) = under_way.handshake.poll_transmit() {
            self.outbound.queue(under_way.route, |out| out.extend_from_slice(&flight));
        }
        let alarm = under_way.handshake.poll_timeout();
        if let Some(at) = alarm.filter(|_| alarm != under_way.alarm) {
            under_way.alarm = alarm;
            self.timers.set(at, place);
        }
    }

    /// The alarm of a handshake: repeat the flight, or give up.
    pub(super) fn shaking_alarm(&mut self, place: Place) {
        let now = self.world.now;
        let Some(under_way) = self.shaking.under_way.get_mut(&place) else { return };
        if under_way.handshake.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        match under_way.handshake.handle_timeout(now) {
            Ok(()) => self.go_on(place),
            Err(error) => {
                tracing::debug!(%error, "a handshake was given up");
                self.fail(place);
            }
        }
    }

    fn fail(&mut self, place: Place) {
        self.counters.failed();
        // A last word, where the protocol has one: never for a refused key.
        self.go_on(place);
        self.abandon(place);
    }

    fn abandon(&mut self, place: Place) {
        self.shaking.remove(place);
        self.slots.release(place);
    }

    fn complete(&mut self, place: Place) {
        self.go_on(place);
        let Some(UnderWay { handshake, route, device, .. }) = self.shaking.remove(place) else {
            return;
        };
        let established = handshake.finish().zip(device).and_then(|(established, device)| {
            // The pin may have changed since the key was shown (promise P1).
            let here = self.world.roll.enter(device, established.peer.fingerprint())?;
            Some((established, device, here))
        });
        let Some((established, device, here)) = established else {
            self.slots.release(place);
            return self.counters.failed();
        };
        self.counters.completed();
        let Established { session, linger, early, once, .. } = established;
        let brought =
            Brought { random: &once.random, point: &once.point, signature: &once.signature };
        self.world.roll.watch().handshake(device, brought);
        let alive = self.world.roll.is_online(here.number);
        self.world.roll.watch().place(device, route.peer.ip(), alive);
        self.world.roll.shook_hands(here.number, self.world.wall_ms, Transport::Udp);
        let (next_message, next_token) = (self.world.random(), self.world.random() as u8);
        let numbering = numbering_of(session.dialect());
        let life = Life::new(self.world.now, next_message, next_token, numbering);
        let live = Live {
            session,
            route: Some(route),
            proven: true,
            held: false,
            asked: 0,
            standing: Standing::default(),
            next_token,
            next_message,
            numbering,
            device,
            here,
            life: Some(Box::new(life)),
        };
        self.slots.settle(place, live);
        self.addresses.insert(route.peer, place);
        self.shaking.lingering.insert(place, (route.peer, linger));
        self.timers.set(self.world.now + INTRODUCE_WITHIN, place);
        if let Some(at) = self.shaking.lingers_until(place) {
            self.timers.set(at, place);
        }
        if let Some(older) = self.arrivals.insert(here.number, place)
            && !weakened::is(Weakness::SessionsPileUp)
        {
            self.end(older, End::Replaced);
        }
        for mut record in early {
            self.record(place, route, &mut record);
        }
    }

    /// Repeats our last flight to a peer that repeats its own.
    pub(super) fn linger(&mut self, place: Place, route: Route, datagram: &[u8]) {
        let Some(live) = self.slots.get(place) else { return };
        let answer = self
            .shaking
            .lingering
            .get_mut(&place)
            .and_then(|(_, linger)| linger.answer(self.world.now, &mut live.session, datagram));
        match answer {
            Some(flight) => self.outbound.queue(route, |out| out.extend_from_slice(&flight)),
            None => self.counters.noise(),
        }
    }

    /// The same for a peer whose Finished came alone, inside the session.
    pub(super) fn repeat_last_flight(&mut self, place: Place, route: Route) {
        let Some(live) = self.slots.get(place) else { return };
        let answer = self
            .shaking
            .lingering
            .get_mut(&place)
            .and_then(|(_, linger)| linger.repeat(self.world.now, &mut live.session));
        if let Some(flight) = answer {
            self.outbound.queue(route, |out| out.extend_from_slice(&flight));
        }
    }

    /// Takes a peer's address off the table, if it is still this place's, and no session there is
    /// found by it.
    pub(super) fn forget_address(&mut self, address: SocketAddr, place: Place) {
        let plain =
            self.slots.get(place).is_some_and(|live| live.session.dialect() == Dialect::Plain);
        if !plain && self.addresses.get(&address) == Some(&place) {
            self.addresses.remove(&address);
        }
    }
}

/// The bytes that a cookie binds a peer's address with.
fn source_bytes(peer: SocketAddr) -> [u8; 18] {
    let mut bytes = [0; 18];
    let ip = match peer.ip() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let (address, port) = bytes.split_at_mut(16);
    address.copy_from_slice(&ip.octets());
    port.copy_from_slice(&peer.port().to_be_bytes());
    bytes
}
