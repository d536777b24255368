//! Sessions at the door: a record is opened, what is inside goes to the device's room, and what that
//! room has to say is sealed and sent.
//!
//! An anomaly never ends a session from outside (promise P2): a record that fails to authenticate is
//! counted and its source throttled; past the bound for one key, an authenticated close_notify ends
//! it. A session follows a new address only on a record newer than any before, and sends little
//! there until a ping was answered from it (promise P11).

use super::connection_id::Place;
use super::journaling::{is_of_chunks, is_request, ping_of};
use super::shard::Shard;
use super::slots::Live;
use super::socket::Route;
use crate::device::{
    AskError, End, Life, Outgoing, Question, Reply, RollNumber, Verdict, Who, World,
};
use crate::device_key::KeyKind;
use crate::event::Event;
use crate::store::pin::{self, HistoryEntry, What};
use crate::weakened::{self, Weakness};
use pintle_dtls::{Content, OpenError, SealError};
use pintle_protocol::reply;
use std::time::Duration;

/// How long a device may take from its handshake to its Hello.
pub const INTRODUCE_WITHIN: Duration = Duration::from_secs(30);

/// How many records of one datagram are heard: devices send one, and a flood is not welcome.
const MOST_RECORDS: usize = 8;

/// To an address not yet proven goes at most so many times what came from it.
const UNPROVEN_FACTOR: usize = 3;

impl Shard {
    /// Opens the records of a datagram for the session at `place`, and acts on them.
    pub(super) fn record(&mut self, place: Place, route: Route, datagram: &mut [u8]) {
        if self.is_shut(place, route) {
            return self.counters.throttled();
        }
        self.busy = true;
        let mut rest = datagram;
        let mut shaking_still = false;
        for _ in 0..MOST_RECORDS {
            if rest.is_empty() {
                break;
            }
            let Some(live) = self.slots.get(place) else { return self.counters.noise() };
            let length = rest.len();
            let opened = match live.session.open(rest) {
                Ok(opened) => opened,
                Err(error) => {
                    // What the records before it asked for is still answered, and by nobody else.
                    self.unopened(place, route, &error);
                    break;
                }
            };
            rest = opened.rest;
            let length = length - rest.len();
            let moves = opened.newest || weakened::is(Weakness::LateRecordsMove);
            if moves && live.route != Some(route) {
                self.counters.moved();
                live.route = Some(route);
                live.proven = false;
                life_of(live, self.world.now).move_away();
            }
            let at_home = live.route == Some(route);
            if at_home && !live.proven {
                life_of(live, self.world.now).allow(length * UNPROVEN_FACTOR);
            }
            let verdict = match opened.content {
                Content::Application(message) => self.hear(place, message),
                // A fatal alert inside the session is the device's end of it, as close_notify is.
                Content::CloseNotify | Content::Alert { fatal: true, .. } => {
                    Verdict::End(End::ClosedByDevice)
                }
                // Either a Finished said again, because ours was lost, or a renegotiation, which is
                // refused by not hearing it.
                Content::Handshake(_) => {
                    shaking_still = true;
                    Verdict::Keep
                }
                Content::Alert { .. } => Verdict::Keep,
            };
            if at_home {
                self.prove(place, verdict);
            }
            if !self.goes_on(place, verdict) {
                return;
            }
        }
        if shaking_still {
            self.repeat_last_flight(place, route);
        }
        self.speak(place);
    }

    /// Hands a message to the device's room. What a request leads to waits until the journal has it.
    fn hear(&mut self, place: Place, message: &[u8]) -> Verdict {
        if let Some(id) = ping_of(message).filter(|_| self.is_heard(place)) {
            // Says nothing that must not come twice: nothing is remembered of it, and a device that only
            // keeps its way open stays at rest.
            self.out.add(|out| reply::ack_empty(out, id));
            return Verdict::Keep;
        }
        let asks = is_request(message);
        // Which chunks came need not be remembered: after a crash there is no transfer that it could be about.
        let waits = asks && !is_of_chunks(message);
        if waits && self.is_full(place) {
            // Not acted on and not answered: the device says it again, in another record.
            self.counters.stalled();
            return Verdict::Keep;
        }
        let Some(live) = self.slots.get(place) else { return Verdict::Keep };
        if asks && live.held {
            self.counters.held();
            return Verdict::Held;
        }
        let known = live.standing.introduced;
        let who = Who { device: live.device, number: live.here.number, session: place.key() };
        let standing = &mut live.standing;
        let now = self.world.now;
        let life = live.life.get_or_insert_with(|| {
            Box::new(Life::new(now, live.next_message, live.next_token, live.numbering))
        });
        let verdict = life.hear(&mut self.world, who, standing, message, &mut self.out);
        let new = !known && live.standing.introduced;
        // A session that ends with the process is written down for nothing, but for what a consumer waits for.
        let is_kept = live.is_kept();
        if waits && (is_kept || self.wanted().by_any()) {
            self.keep(place, message, new && is_kept);
        }
        if new && let Some(address) = self.shaking.forget(place) {
            // It has our last flight: it could say nothing without.
            self.forget_address(address, place);
        }
        for event in self.out.events.drain(..) {
            self.world.publish(event);
        }
        verdict
    }

    /// Whether the device has said who it is, and is not held after a crash.
    fn is_heard(&mut self, place: Place) -> bool {
        self.slots.get(place).is_some_and(|live| live.standing.introduced && !live.held)
    }

    /// Sees to it that the device proves where it is, and after a crash that it speaks now (promises P3,
    /// P11).
    fn prove(&mut self, place: Place, verdict: Verdict) {
        let Some(live) = self.slots.get(place).filter(|live| live.standing.introduced) else {
            return;
        };
        if verdict == Verdict::Answered {
            live.proven = true;
            if std::mem::take(&mut live.held) {
                // What it said before this is known or will never be heard.
                live.session.close_window();
                self.counters.unheld();
            }
        } else if live.held || !live.proven {
            life_of(live, self.world.now).challenge(&self.world, &mut self.out);
        }
    }

    /// Whether this source forged too much for this session lately. The session counts as well as the
    /// address, which is easily lied about: forging for a session of one's own silences nobody else's.
    /// Where a session is at home it is always heard.
    fn is_shut(&mut self, place: Place, route: Route) -> bool {
        let at_home = |live: &mut Live| live.proven && live.route == Some(route);
        !self.slots.get(place).is_some_and(at_home)
            && self.forgers.is_shut((route.peer.ip(), place), self.world.now)
    }

    fn unopened(&mut self, place: Place, route: Route, error: &OpenError) {
        match error {
            OpenError::Forged | OpenError::TooManyForged => {
                self.counters.forged();
                self.forgers.count((route.peer.ip(), place), self.world.now);
                let ends = weakened::is(Weakness::ForgeriesEnd);
                if ends || matches!(error, OpenError::TooManyForged) {
                    self.end(place, End::Forged);
                }
            }
            OpenError::Replayed => self.counters.replayed(),
            _ => self.counters.noise(),
        }
    }

    /// Does what a message asks of the session; false where that was its end.
    fn goes_on(&mut self, place: Place, verdict: Verdict) -> bool {
        match verdict {
            Verdict::End(end) => {
                self.end(place, end);
                return false;
            }
            Verdict::Left => self.left(place),
            Verdict::Malformed => {
                self.counters.malformed();
                self.came(place);
            }
            Verdict::Keep | Verdict::Answered => self.came(place),
            Verdict::Held => {}
        }
        true
    }

    /// Notes that the device was heard from.
    fn came(&mut self, place: Place) {
        let now_ms = self.world.wall_ms;
        let heard = |live: &&mut Live| live.standing.introduced && !live.held;
        let Some(live) = self.slots.get(place).filter(heard) else { return };
        let (device, number) = (live.device, live.here.number);
        let settled = std::mem::replace(&mut live.here.settled, true);
        if !settled {
            self.settle(place, number);
        }
        if self.world.roll.heard(number, now_ms) {
            self.world.announce(device, number, "spark/status", "online");
        }
    }

    /// Makes the session at `place` the device's. One session a device, the newest wins.
    fn settle(&mut self, place: Place, number: RollNumber) {
        if self.arrivals.get(&number) == Some(&place) {
            self.arrivals.remove(&number);
        }
        let Some(old) = self.world.roll.settle(number, self.whereabouts(place)) else { return };
        if weakened::is(Weakness::SessionsPileUp) {
            return;
        }
        if old.shard != self.number {
            return self.replaced.push(old);
        }
        let waiting = std::mem::take(&mut self.out);
        self.end(Place::of(old.session), End::Replaced);
        self.out = waiting;
    }

    /// Notes that the device said goodbye; it may come back in the same session.
    fn left(&mut self, place: Place) {
        let at = self.whereabouts(place);
        let Some(live) = self.slots.get(place) else { return };
        if self.world.roll.gone(live.here.number, at) {
            self.world.announce(live.device, live.here.number, "spark/status", "offline");
        }
    }

    /// Asks the device at `place` something.
    pub(super) fn ask(&mut self, place: Place, question: &Question, reply: Reply) {
        let Some(live) = self.slots.get(place) else { return };
        if live.route.is_none() || !self.world.roll.is_online(live.here.number) {
            let _ = reply.send(Err(AskError::Offline));
            return;
        }
        self.with_life(place, |life, world, out| life.ask(world, question, reply, out));
    }

    /// Lets the life of the device at `place` do something, and sends what it has to say.
    pub(super) fn with_life(
        &mut self,
        place: Place,
        act: impl FnOnce(&mut Life, &World, &mut Outgoing),
    ) {
        let Some(live) = self.slots.get(place) else { return };
        act(life_of(live, self.world.now), &self.world, &mut self.out);
        self.speak(place);
    }

    /// Hands an event to the device at `place`.
    pub(super) fn deliver(&mut self, place: Place, event: &Event) {
        let Some(live) = self.slots.get(place) else { return };
        let online = self.world.roll.is_online(live.here.number);
        if live.route.is_none() || !live.standing.introduced || !online {
            return;
        }
        self.with_life(place, |life, world, out| life.deliver(world, event, out));
    }

    /// Sends an acknowledgement that waited until something was durable.
    pub(super) fn acknowledge(&mut self, place: Place, reply: &[u8]) {
        self.with_life(place, |life, world, out| life.acknowledge(world, reply, out));
    }

    /// The alarm of a session: repeat, give up, forget.
    pub(super) fn session_alarm(&mut self, place: Place) {
        let now = self.world.now;
        if self.shaking.lingers_until(place).is_some_and(|until| until <= now)
            && let Some(address) = self.shaking.forget(place)
        {
            self.forget_address(address, place);
        }
        let Some(live) = self.slots.get(place) else { return };
        let Some(life) = &mut live.life else { return };
        if !live.standing.introduced && life.age(now) >= INTRODUCE_WITHIN {
            return self.end(place, End::NotIntroduced);
        }
        if life.poll_timeout().is_some_and(|at| at <= now) {
            life.handle_timeout(&self.world, &mut self.out);
        }
        self.speak(place);
    }

    /// Seals and sends what is waiting for the session at `place`, and sets its next alarm.
    pub(super) fn speak(&mut self, place: Place) {
        let mut exhausted = false;
        if !self.out.is_empty() {
            exhausted = self.say(place);
            self.out.clear();
        }
        let now = self.world.now;
        let Some(live) = self.slots.get(place) else { return };
        if let Some(life) = &mut live.life {
            if let Some(at) = life.next_alarm(now) {
                self.timers.set(at, place);
            }
            if live.proven && life.asks_for_turn() {
                self.sending.queue(place);
            }
            let at_rest = live.proven || live.route.is_none();
            if live.standing.introduced && at_rest && life.is_idle(now) {
                (live.next_message, live.next_token) = life.ids();
                live.numbering = life.numbering(now);
                live.life = None;
            }
        }
        if exhausted {
            self.end(place, End::Exhausted);
        }
    }

    /// Seals and sends what is waiting; whether the session has no record numbers left for it. Where they
    /// are not reserved yet, it waits for them (promise P4).
    fn say(&mut self, place: Place) -> bool {
        if self.is_full(place) {
            // What waits for the disk is bounded; who needs this repeats it.
            self.counters.withheld();
            return false;
        }
        if let Some(ticket) = self.reserve(place, self.out.len()) {
            let index = self.slots.index_of(place);
            if let Some(keeping) = index.and_then(|index| self.keepings.get_mut(index)) {
                keeping.hold(ticket, place, self.out.iter());
            }
            return false;
        }
        let Some(live) = self.slots.get(place) else { return false };
        let Some(route) = live.route else { return false };
        let mut exhausted = false;
        for message in self.out.iter() {
            let life = live.life.as_deref_mut();
            let trusted = live.proven || weakened::is(Weakness::UnprovenTrusted);
            let may = trusted || life.is_some_and(|life| life.spend(message.len() + OVERHEAD));
            if !may {
                self.counters.withheld();
                continue;
            }
            let session = &mut live.session;
            self.outbound.queue(route, |out| match session.seal(message, out) {
                Ok(()) => {}
                Err(SealError::Exhausted) => exhausted = true,
                Err(error) => tracing::debug!(%error, "a message does not fit a record"),
            });
        }
        exhausted
    }

    /// Looks at a session on the slow walk: a silent device counts as gone.
    pub(super) fn look_at(&mut self, place: Place) {
        let now_ms = self.world.wall_ms;
        let at = self.whereabouts(place);
        let Some(live) = self.slots.get(place) else { return };
        let (device, number) = (live.device, live.here.number);
        let roll = &self.world.roll;
        let silent = now_ms.saturating_sub(roll.heard_ms(number));
        if roll.is_online(number)
            && silent > i64::from(live.standing.patience) * 1000
            && roll.gone(number, at)
        {
            self.world.announce(device, number, "spark/status", "offline");
        } else if live.life.as_deref().is_some_and(|life| life.is_idle(self.world.now)) {
            // Deduplication has nothing left to remember: the session rests in its slot again.
            self.speak(place);
        }
    }

    /// Ends the session at `place`.
    pub(super) fn end(&mut self, place: Place, end: End) {
        self.out.clear();
        if end.is_said()
            && let Some(Live { session, route: Some(route), .. }) = self.slots.get(place)
        {
            // A session too worn to say goodbye just falls silent.
            self.outbound.queue(*route, |out| {
                let _ = session.close(out);
            });
        }
        let lingered = self.shaking.forget(place);
        let Some(live) = self.slots.release(place) else { return };
        if live.asked != 0 {
            self.close_in_journal(place);
        }
        for address in lingered.into_iter().chain(live.route.map(|route| route.peer)) {
            // By now the address may be another handshake's.
            self.forget_address(address, place);
        }
        self.write_down(&live, &end);
        let number = live.here.number;
        if self.arrivals.get(&number) == Some(&place) {
            self.arrivals.remove(&number);
        }
        if self.world.roll.leave(number, self.whereabouts(place)) == Some(true) {
            self.world.announce(live.device, number, "spark/status", "offline");
        }
    }

    fn write_down(&mut self, live: &Live, end: &End) {
        let device = live.device;
        let End::WrongId(claimed) = end else {
            tracing::info!(%device, reason = %end, "a session ended");
            return;
        };
        let key = self.world.roll.key_of_session(live.here);
        if let Some(key) = key {
            self.pins.refuse(key, self.world.now);
        }
        self.counters.refused();
        tracing::warn!(%device, %claimed, "refused a device that says another id than its key's");
        let entry = HistoryEntry {
            at_ms: self.world.wall_ms,
            device: Some(*claimed),
            fingerprint: key,
            kind: KeyKind::P256,
            what: What::RefusedWrongId.as_str().into(),
            detail: format!("the key is pinned for {device}"),
        };
        self.world.enqueue(pin::note(&entry));
    }
}

/// What a record adds to a message, at most, in bytes.
const OVERHEAD: usize = pintle_dtls::Session::max_overhead();

fn life_of(live: &mut Live, now: Duration) -> &mut Life {
    let (message, token, numbering) = (live.next_message, live.next_token, live.numbering);
    live.life.get_or_insert_with(|| Box::new(Life::new(now, message, token, numbering)))
}
