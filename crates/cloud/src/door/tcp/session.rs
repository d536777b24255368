//! Sessions over TCP: bytes become messages, which go to the device's room, and what that room has to say leaves.
//!
//! Any anomaly ends a session (promise P2), silently: nothing authenticates a frame, so what can be noticed must not
//! happen twice. It is counted by its kind.

use super::shard::{TcpShard, live};
use super::slab::Key;
use crate::device::{
    AskError, Effects, End, Here, Question, Reply, RollNumber, Scene, TcpLife, TcpStanding,
    TcpVerdict, Who,
};
use crate::event::Event;
use crate::weakened::{self, Weakness};
use pintle_protocol::DeviceId;
use pintle_protocol::coap::{Message, MessageId};
use pintle_protocol::tcp::server::Session;
use pintle_protocol::tcp::{IDLE, QUIET};
use std::convert::Infallible;
use std::time::Duration;

/// A device's session.
pub struct Live {
    session: Session,
    device: DeviceId,
    here: Here,
    standing: TcpStanding,
    /// Whether it was asked if it is there, and has said nothing since.
    probed: bool,
    /// What is under way; none for an idle device.
    life: Option<Box<TcpLife>>,
}

impl Live {
    /// A session that begins now.
    pub fn new(session: Session, device: DeviceId, here: Here) -> Self {
        let life = Some(Box::default());
        Self { session, device, here, standing: TcpStanding::default(), probed: false, life }
    }

    /// Whether the device said hello.
    pub fn is_introduced(&self) -> bool {
        self.standing.introduced
    }

    /// When something is due, for a session that ends at `ends_at` unless something is heard: what is under way, and
    /// to ask a silent device if it is there.
    pub fn poll_timeout(&self, ends_at: Duration) -> Option<Duration> {
        let life = self.life.as_ref().and_then(|life| life.poll_timeout());
        life.into_iter().chain(self.probe_at(ends_at)).min()
    }

    /// A device that is updated is not asked: it has no room for that.
    fn probe_at(&self, ends_at: Duration) -> Option<Duration> {
        let is_quiet = self.is_introduced() && !self.probed && !self.session.is_updating();
        is_quiet.then(|| (ends_at + QUIET).saturating_sub(IDLE))
    }

    /// The bytes of one that rests.
    pub const fn bytes_each() -> usize {
        size_of::<Self>()
    }

    /// What is under way, if anything is.
    pub(super) fn life(&mut self) -> Option<&mut TcpLife> {
        self.life.as_deref_mut()
    }

    /// What is under way, and all that it acts on.
    pub(super) fn scene<'a>(
        &'a mut self,
        key: Key,
        effects: &'a mut Effects,
    ) -> (&'a mut TcpLife, Scene<'a>) {
        let who = self.who(key);
        let Self { session, standing, life, .. } = self;
        (life.get_or_insert_default(), Scene { who, session, standing, effects })
    }

    fn who(&self, key: Key) -> Who {
        Who { device: self.device, number: self.here.number, session: key.session() }
    }
}

impl TcpShard {
    /// Takes what a device sent, in whatever pieces.
    pub(super) fn take_frames(&mut self, key: Key, bytes: &[u8]) {
        let (mut rest, mut scratch) = (bytes, std::mem::take(&mut self.scratch));
        while !rest.is_empty() && self.take_frame(key, &mut rest, &mut scratch) {}
        self.scratch = scratch;
        self.let_have_turn(key);
        self.set_alarm(key);
    }

    /// Takes the next message off `rest`; false where that was the end of the session.
    fn take_frame(&mut self, key: Key, rest: &mut &[u8], scratch: &mut Vec<u8>) -> bool {
        let Some(live) = live(&mut self.connections, key) else { return false };
        let received = match live.session.receive(rest, scratch) {
            Ok(None) => return true,
            Ok(Some(received)) => received,
            Err(anomaly) => {
                self.close(key, End::Anomaly(anomaly));
                return false;
            }
        };
        let who = live.who(key);
        let mut effects = std::mem::take(&mut self.effects);
        let Live { session, standing, life, .. } = live;
        let mut scene = Scene { who, session, standing, effects: &mut effects };
        let life = life.get_or_insert_default();
        let verdict = life.hear(&mut self.world, &mut scene, &received);
        if let TcpVerdict::End(end) = verdict {
            // What ends a session for an anomaly is not even acknowledged.
            if !matches!(end, End::Anomaly(_)) {
                self.say(key, &mut effects);
            }
            self.close(key, end);
            return false;
        }
        self.came(key);
        self.take_effects(key, &mut effects);
        self.effects = effects;
        true
    }

    /// Lets happen what a message led to.
    fn take_effects(&mut self, key: Key, effects: &mut Effects) {
        let mut acknowledge = effects.acknowledge.take();
        if let Some(event) = effects.event.take() {
            let wanted = self.world.intake.wanted(&event);
            if !wanted.by_any() {
                self.world.publish(event);
            } else if self.world.intake.refuses(wanted) {
                // Not acknowledged: its application hears that it was not taken.
                self.counters.refused();
                acknowledge = None;
            } else {
                self.kept.push((event, wanted, key, acknowledge.take()));
            }
        }
        self.say(key, effects);
        if let Some(id) = acknowledge {
            self.acknowledge(key, id);
        }
        self.rest(key);
    }

    /// Sends the frames there are.
    pub(super) fn say(&mut self, key: Key, effects: &mut Effects) {
        if !effects.frames.is_empty() {
            let _infallible = self.orders.send(key, |out| {
                out.append(&mut effects.frames);
                Ok::<(), Infallible>(())
            });
        }
    }

    /// What an acknowledgement waited for is durable.
    pub(super) fn stored(&mut self, key: Key, acknowledgement: &[u8]) {
        if let Ok(message) = Message::parse(acknowledgement) {
            self.acknowledge(key, message.id);
        }
    }

    fn acknowledge(&mut self, key: Key, id: MessageId) {
        let Some(live) = live(&mut self.connections, key) else { return };
        let sent = self.orders.send(key, |out| live.session.acknowledge(out, id));
        if let Err(error) = sent {
            tracing::debug!(%error, "a device over TCP cannot be answered");
        }
    }

    /// Keeps nothing of a device with which nothing is under way.
    pub(super) fn rest(&mut self, key: Key) {
        if let Some(live) = live(&mut self.connections, key) {
            live.life.take_if(|life| life.is_idle());
        }
    }

    /// Notes that the device was heard from.
    fn came(&mut self, key: Key) {
        let (now, wall_ms) = (self.world.now, self.world.wall_ms);
        let Some(connection) = self.connections.get(key) else { return };
        connection.ends_at = now + IDLE;
        let from = connection.from;
        let Some(live) = live(&mut self.connections, key) else { return };
        live.probed = false;
        let (device, number) = (live.device, live.here.number);
        let settled = std::mem::replace(&mut live.here.settled, true);
        if !settled {
            self.settle(key, number);
            self.is_in(from);
        }
        if self.world.roll.heard(number, wall_ms) {
            self.world.announce(device, number, "spark/status", "online");
        }
    }

    /// Makes this session the device's. One session a device, whatever the transport; the newest wins.
    fn settle(&mut self, key: Key, number: RollNumber) {
        // It says anew what it wants to hear.
        self.world.registry.unsubscribe(number);
        if self.arrivals.get(&number) == Some(&key) {
            self.arrivals.remove(&number);
        }
        let Some(old) = self.world.roll.settle(number, self.whereabouts(key)) else { return };
        if weakened::is(Weakness::TcpSessionsPileUp) {
            return;
        }
        if old.shard != self.number {
            return self.replaced.push(old);
        }
        self.close(Key::unpack(old.session.0), End::Replaced);
    }

    /// Asks the device something.
    pub(super) fn ask(&mut self, key: Key, question: &Question, reply: Reply) {
        let introduced = live(&mut self.connections, key).is_some_and(|live| live.is_introduced());
        if !introduced {
            // A caller that went away needs no answer.
            return drop(reply.send(Err(AskError::Offline)));
        }
        self.with_life(key, |life, world, scene| life.ask(world, scene, question, reply));
    }

    /// Hands an event to the device.
    pub(super) fn deliver(&mut self, key: Key, event: &Event) {
        let Some(live) = live(&mut self.connections, key).filter(|live| live.is_introduced())
        else {
            return;
        };
        // It has no room for that now.
        if live.session.is_updating() {
            return;
        }
        if self.orders.send(key, |out| TcpLife::deliver(&mut live.session, event, out)).is_err() {
            self.counters.too_long();
        }
    }

    /// Asks a device that was silent for long if it is there. Some are silent because they hear enough: a device pings
    /// when it *hears* nothing; or because their application has them ping more seldom.
    fn probe(&mut self, key: Key) {
        let now = self.world.now;
        let Some(ends_at) = self.connections.get(key).map(|connection| connection.ends_at) else {
            return;
        };
        let Some(live) = live(&mut self.connections, key) else { return };
        if live.probe_at(ends_at).is_none_or(|at| at > now) {
            return;
        }
        live.probed = true;
        let sent = self.orders.send(key, |out| live.session.ping(out));
        if let Err(error) = sent {
            tracing::debug!(%error, "a silent device over TCP cannot be asked if it is there");
        }
    }

    /// The alarm of a session: give up waiting, ask for what is missing.
    pub(super) fn session_alarm(&mut self, key: Key) {
        self.probe(key);
        let Some(live) = live(&mut self.connections, key) else { return };
        let who = live.who(key);
        let mut effects = std::mem::take(&mut self.effects);
        let Live { session, standing, life, .. } = live;
        let mut scene = Scene { who, session, standing, effects: &mut effects };
        let verdict = life
            .as_mut()
            .map_or(TcpVerdict::Keep, |life| life.handle_timeout(&mut self.world, &mut scene));
        self.live_on(key, verdict, effects);
    }

    /// What came of something that a life did: says it, then lets the session rest or end.
    pub(super) fn live_on(&mut self, key: Key, verdict: TcpVerdict, mut effects: Effects) {
        self.say(key, &mut effects);
        self.effects = effects;
        match verdict {
            TcpVerdict::Keep => self.rest(key),
            TcpVerdict::End(end) => self.close(key, end),
        }
        self.let_have_turn(key);
    }

    /// Every shard hears of it; the roll is changed by the first, and each ends what it has under another key
    /// (promise P1).
    pub(super) fn key_changed(&mut self, device: DeviceId) {
        self.world.learn(device);
        let Some(number) = self.world.roll.find(device) else { return };
        for key in [self.key_of(number), self.arrivals.get(&number).copied()] {
            let stale = key.filter(|key| {
                let live = live(&mut self.connections, *key);
                live.is_some_and(|live| !self.world.roll.is_current(live.here))
            });
            if let Some(key) = stale {
                self.close(key, End::KeyChanged);
            }
        }
    }

    /// The device has its session on another shard now, and tells that one what it subscribes to.
    pub(super) fn replaced_elsewhere(&mut self, key: Key) {
        if live(&mut self.connections, key).is_some() {
            self.close(key, End::Replaced);
        }
    }

    /// A session ended: what is left to do.
    pub(super) fn ended(&mut self, key: Key, live: &mut Live, end: End) {
        if let Some(life) = live.life() {
            life.session_ended();
        }
        let (device, number) = (live.device, live.here.number);
        if self.arrivals.get(&number) == Some(&key) {
            self.arrivals.remove(&number);
        }
        if self.key_of(number).is_none_or(|here| here == key) {
            self.world.registry.unsubscribe(number);
        }
        if self.world.roll.leave(number, self.whereabouts(key)) == Some(true) {
            self.world.announce(device, number, "spark/status", "offline");
        }
        match end {
            End::Anomaly(anomaly) => self.counters.anomaly(anomaly),
            End::Silent | End::NotIntroduced => self.counters.silent(),
            End::NotReading => self.counters.choked(),
            _ => {}
        }
        if self.faults.count(device, self.world.now) {
            tracing::info!(%device, reason = %end, "a session over TCP ended");
        }
    }
}
