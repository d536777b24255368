//! How a device says something: confirmable messages are remembered until they are settled, with the timing of
//! Device OS, and everything goes out in a record of its session.

use super::device::{Device, NEVER, Phase};
use super::engine::Engine;
use super::network::Path;
use super::pending::{NONE, Pending};
use super::speech::{Speech, Who};
use super::tally::Stage;

/// How long the first acknowledgement is waited for, in milliseconds; up to half more, at random.
const ACK_TIMEOUT: u32 = 4000;
/// How often a message is repeated, each time after twice the wait.
const MOST_REPEATED: u8 = 3;
/// How many pings in a row may go unanswered until the session is given up.
const MOST_SILENCES: u8 = 3;

impl Engine<'_> {
    /// Says something that is to be acknowledged.
    pub(super) fn say(&mut self, index: u32, speech: Speech) {
        let wait = ACK_TIMEOUT + self.random.below(ACK_TIMEOUT / 2);
        let due = self.millis() + wait;
        let Some(id) = self.tell(index, speech) else { return };
        let pending = Pending::new(id, speech, self.now, due, wait);
        self.flow.said();
        self.remember(index, pending);
    }

    fn remember(&mut self, index: u32, pending: Pending) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let due = pending.due;
        self.pendings.push(&mut device.head, pending);
        device.outstanding += 1;
        if due < device.alarm {
            device.alarm = self.wheel.set(index, due);
        }
    }

    /// Says something once; the id it went with.
    pub(super) fn tell(&mut self, index: u32, speech: Speech) -> Option<u16> {
        let id = self.devices.get_mut(index as usize)?.take_id();
        self.utter(index, id, speech);
        Some(id)
    }

    fn utter(&mut self, index: u32, id: u16, speech: Speech) {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        // Nothing that a fleet says is too long.
        let running = self.updating.running(index);
        let who = Who { index, running, id: || self.keys.id(index) };
        let written = self.phrases.write(speech, id, who, &mut plain);
        if written.is_ok() {
            self.transmit(index, &plain);
        }
        self.plain = plain;
    }

    /// Sends one message in a record.
    pub(super) fn transmit(&mut self, index: u32, message: &[u8]) {
        let now = self.millis();
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let (path, moved) = (Path { device: index, socket: device.socket }, device.moved);
        let Some(session) = &mut device.session else { return };
        self.sealed.clear();
        let sealed = match moved {
            true => session.seal_moved(message, &mut self.sealed),
            false => session.seal(message, &mut self.sealed),
        };
        match sealed {
            Ok(()) => self.network.send(now, path, &self.sealed),
            // No number is left, after thousands of millions of records.
            Err(_) => self.lose(index),
        }
    }

    /// Looks at the devices whose time has come; later, where too much is on its way.
    pub(super) fn ring(&mut self) {
        while self.flow.room() > 0 {
            let Some((at, indices)) = self.wheel.due(self.millis()) else { return };
            for index in &indices {
                if self.devices.get(*index as usize).is_some_and(|device| device.alarm == at) {
                    self.rang(*index);
                }
            }
            self.wheel.give_back(at, indices);
        }
    }

    fn rang(&mut self, index: u32) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        device.alarm = NEVER;
        match device.phase {
            Phase::Away => self.waiting.push_back(index),
            Phase::Shaking => {}
            Phase::Greeting | Phase::Describing | Phase::Connected => {
                self.repeat_due(index);
                self.routine(index);
                self.acknowledge_chunks(index);
                self.set_alarm(index);
            }
        }
    }

    /// Repeats what was not acknowledged in time, or draws the consequences.
    fn repeat_due(&mut self, index: u32) {
        let now = self.millis();
        while let Some(device) = self.devices.get_mut(index as usize) {
            // While a handshake is under way its number is where the list was.
            if device.session.is_none() {
                return;
            }
            let Some(mut pending) = self.pendings.due(&mut device.head, now) else { return };
            device.outstanding = device.outstanding.saturating_sub(1);
            if pending.repeated >= MOST_REPEATED {
                self.give_up(index, pending.speech);
                continue;
            }
            pending.repeated += 1;
            pending.wait *= 2;
            pending.due = now + pending.wait;
            self.tally.retransmissions += 1;
            self.flow.said();
            self.utter(index, pending.id, pending.speech);
            self.remember(index, pending);
        }
    }

    /// A ping may be lost with an address that is not ours any more: the session goes on from a new port. Anything
    /// else ends it, as Device OS has it.
    fn give_up(&mut self, index: u32, speech: Speech) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if let Speech::Event(_) = speech {
            self.tally.events.given_up += 1;
        }
        device.silences += 1;
        if speech == Speech::Ping && device.silences < MOST_SILENCES {
            self.tally.sessions.resumed += 1;
            self.change_port(index);
            self.say(index, Speech::Ping);
        } else {
            self.lose(index);
        }
    }

    /// Pings, and changes of the port.
    fn routine(&mut self, index: u32) {
        let (now, running) = (self.millis(), self.course.stage != Stage::Settling);
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if device.phase != Phase::Connected {
            return;
        }
        let (ping, rebind) = (device.ping_at <= now && running, device.rebind_at <= now && running);
        if device.ping_at <= now {
            device.ping_at = next(running, now, self.plan.ping);
        }
        if device.rebind_at <= now {
            device.rebind_at = next(running, now, self.plan.nat_rebind);
        }
        if rebind {
            self.tally.sessions.rebound += 1;
            self.change_port(index);
        }
        if ping || rebind {
            self.tally.pings += 1;
            self.say(index, Speech::Ping);
        }
    }

    pub(super) fn set_alarm(&mut self, index: u32) {
        let update = self.updating.due(index);
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if device.session.is_none() {
            return;
        }
        let pending = self.pendings.earliest(device.head).unwrap_or(NEVER);
        let due = pending.min(device.ping_at).min(device.rebind_at).min(update);
        if due < device.alarm {
            device.alarm = self.wheel.set(index, due);
        }
    }

    /// What follows leaves from another port, marked as from a new address until something is heard.
    fn change_port(&mut self, index: u32) {
        let ports = self.network.sockets();
        if let Some(device) = self.devices.get_mut(index as usize) {
            device.socket = if device.socket + 1 < ports { device.socket + 1 } else { 0 };
            device.moved = true;
        }
    }

    /// Everything is said: from now on it pings and publishes.
    pub(super) fn connected(&mut self, index: u32) {
        let (now, running) = (self.millis(), self.course.stage != Stage::Settling);
        let mut first = |every: Option<std::time::Duration>| {
            let every = every.filter(|_| running);
            every.map_or(NEVER, |every| now + 1 + self.random.below(in_millis(every)))
        };
        let (ping_at, rebind_at) = (first(self.plan.ping), first(self.plan.nat_rebind));
        if let Some(device) = self.devices.get_mut(index as usize) {
            (device.phase, device.ping_at, device.rebind_at) =
                (Phase::Connected, ping_at, rebind_at);
            self.tally.connected += 1;
            self.tally.arrived = self.tally.arrived.max(self.tally.connected);
        }
        if let Some(since) = self.entering.remove(&index) {
            self.tally.join_latency.record(self.now.saturating_sub(since));
        }
        self.tell_restart(index);
        self.set_alarm(index);
    }

    /// The session is lost: the device shakes hands again.
    pub(super) fn lose(&mut self, index: u32) {
        self.tally.sessions.lost += 1;
        self.tally.outages.lost(self.now);
        self.drop_session(index);
        self.waiting.push_back(index);
    }

    /// Forgets a session and everything that was to be settled in it.
    pub(super) fn drop_session(&mut self, index: u32) {
        self.entering.remove(&index);
        self.updating.break_off(index);
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        self.tally.connected -= u32::from(device.phase == Phase::Connected);
        while let Some(pending) = self.pendings.abandon(&mut device.head) {
            self.tally.events.given_up += u64::from(matches!(pending.speech, Speech::Event(_)));
        }
        let (events, next_id, socket) = (device.events, device.next_id, device.socket);
        *device = Device { events, next_id, ..Device::new(socket) };
        debug_assert_eq!(device.head, NONE);
    }
}

fn in_millis(time: std::time::Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(NEVER)
}

fn next(running: bool, now: u32, every: Option<std::time::Duration>) -> u32 {
    every.filter(|_| running).map_or(NEVER, |every| now.saturating_add(in_millis(every)))
}
