//! A device's way in and what it does with what comes: it settles its own messages, and answers the few things that a
//! cloud asks.

use super::connection::{Came, Connection};
use super::device::{Outstanding, State, What};
use super::engine::Engine;
use pintle_protocol::Error;
use pintle_protocol::coap::{Kind, MessageId};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_cloud::Request;
use pintle_protocol::tcp::client::{Handshake, Heard, Received, Session};
use pintle_protocol::tcp::{DEVICE_PATIENCE, DEVICE_PING};
use std::time::Duration;

/// How long a device waits for the whole way in.
const ENTERING: Duration = Duration::from_secs(20);
/// How long it waits before it tries again, at least, where nobody is there and where it was not admitted.
const REFUSED: Duration = Duration::from_millis(200);
const NOT_ADMITTED: Duration = Duration::from_secs(1);
/// How much is read at once.
const PIECE: usize = 4096;
/// What a virtual device says of itself.
const SYSTEM: [&[u8]; 2] = [br#"{"p":0,"m":[]}"#, br#"{"p":6,"m":[]}"#];
const APPLICATION: &[u8] = br#"{"f":[],"v":{}}"#;

impl Engine<'_> {
    /// Makes the connection of a device.
    pub(super) fn begin(&mut self, index: u32) {
        // It may wait twice: since it was lost, and since an alarm from before that rang.
        if !self.is_away(index) {
            return;
        }
        self.tally.sessions.begun += 1;
        let connection = Connection::begin(&self.epoll, index, self.plan.target);
        let handshake = Handshake::new(self.keys.id(index));
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        (device.begun, device.answered) = (self.now, false);
        match connection {
            Ok(connection) => {
                device.state = State::Shaking { connection, handshake };
                self.entering += 1;
                self.set_alarm(index, ENTERING);
            }
            Err(error) => {
                self.tally.sessions.failed += 1;
                self.tally.first_failure.get_or_insert_with(|| error.to_string());
                self.come_back(index, NOT_ADMITTED);
            }
        }
    }

    fn come_back(&mut self, index: u32, wait: Duration) {
        let spread = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        let wait = wait + Duration::from_millis(self.random.below(spread).into());
        self.set_alarm(index, wait);
    }

    /// A device's time has come.
    pub(super) fn due(&mut self, index: u32) {
        if self.is_away(index) {
            return self.waiting.push_back(index);
        }
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if !device.is_connected() {
            return self.over(index, "the node did not answer in time");
        }
        let ping = device.outstanding.iter().find(|waiting| waiting.what == What::Ping);
        match ping.map(|ping| (ping.at + DEVICE_PATIENCE).saturating_sub(self.now)) {
            Some(Duration::ZERO) => self.over(index, "the node did not answer a ping"),
            Some(left) => self.set_alarm(index, left),
            None if self.plan.ping.is_some() => {
                self.tally.pings += 1;
                self.say(index, Some(What::Ping), Session::ping);
                let wait = self.plan.ping.unwrap_or(DEVICE_PING);
                self.set_alarm(index, wait.min(DEVICE_PATIENCE));
            }
            None => {}
        }
    }

    /// Something may have come for a device, or may go.
    pub(super) fn ready(&mut self, index: u32) {
        let mut buffer = [0; PIECE];
        loop {
            let Some(device) = self.devices.get_mut(index as usize) else { return };
            let (State::Shaking { connection, .. } | State::Linked { connection, .. }) =
                &mut device.state
            else {
                return;
            };
            connection.flush();
            match connection.read(&mut buffer) {
                Came::Bytes(length) => self.hear(index, buffer.get(..length).unwrap_or(&[])),
                Came::Nothing => return,
                Came::Over => return self.over(index, "the node closed the connection"),
            }
        }
    }

    fn hear(&mut self, index: u32, mut bytes: &[u8]) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if let State::Shaking { connection, handshake } = &mut device.state {
            if !device.answered {
                device.answered = true;
                self.tally.outages.spoken(self.now);
            }
            let Some(side) = self.keys.side(index) else { return };
            self.frames.clear();
            let shaken = handshake.receive(&mut bytes, &side, &mut self.frames);
            if !self.frames.is_empty() {
                connection.send(&self.frames);
            }
            match shaken {
                Ok(None) => return,
                Err(error) => return self.over(index, &error.to_string()),
                Ok(Some(credentials)) => {
                    let token = self.random.next().to_be_bytes()[0];
                    self.link(index, Session::new(&credentials, self.firmware, token));
                }
            }
        }
        self.messages(index, bytes);
    }

    /// The handshake is done: hello.
    fn link(&mut self, index: u32, session: Session) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let State::Shaking { connection, .. } = std::mem::replace(&mut device.state, State::Away)
        else {
            return;
        };
        device.state = State::Linked { connection, session: Box::new(session), connected: false };
        self.tally.sessions.done += 1;
        // As there is no product, the platform.
        let platform = self.firmware.platform_id;
        self.say(index, None, |session, out| {
            session.hello(out, platform, None, platform).map(|()| MessageId(0))
        });
    }

    fn messages(&mut self, index: u32, mut bytes: &[u8]) {
        let mut scratch = std::mem::take(&mut self.scratch);
        while !bytes.is_empty() {
            let Some(device) = self.devices.get_mut(index as usize) else { break };
            let State::Linked { session, .. } = &mut device.state else { break };
            match session.receive(&mut bytes, &mut scratch) {
                Ok(Some(received)) => {
                    self.traffic.received += 1;
                    self.message(index, received);
                }
                Ok(None) => break,
                Err(error) => {
                    self.over(index, &error.to_string());
                    break;
                }
            }
        }
        self.scratch = scratch;
    }

    fn message(&mut self, index: u32, Received { message, heard }: Received<'_>) {
        let request = match heard {
            Heard::Acknowledged => return self.settled(index, message.id, true),
            Heard::Refused => return self.settled(index, message.id, false),
            Heard::Time(_) => return,
            Heard::Update(_) => {
                return self.answer(index, |session, out| session.refuse_update(out, &message));
            }
            Heard::Describe { flags, block } => {
                self.tally.asked += 1;
                let body = if flags == Some(1) { self.system() } else { APPLICATION };
                return self
                    .answer(index, |session, out| session.described(out, &message, body, block));
            }
            Heard::Request(request) => request,
        };
        match request {
            Request::Hello => self.greeted(index),
            Request::Ping => {
                self.tally.asked += 1;
                self.answer(index, |session, out| session.pong(out, message.id));
            }
            Request::Signal { .. } => {
                self.tally.asked += 1;
                self.answer(index, |session, out| session.signalled(out, &message));
            }
            Request::Read { .. } => {
                self.tally.asked += 1;
                self.answer(index, |session, out| session.value(out, &message, None));
            }
            _ if message.kind == Kind::Confirmable => {
                self.answer(index, |session, out| session.acknowledge(out, message.id));
            }
            _ => {}
        }
    }

    const fn system(&self) -> &'static [u8] {
        let [core, photon] = SYSTEM;
        if self.firmware.platform_id == 0 { core } else { photon }
    }

    /// The cloud said hello: newer firmware says what it runs and is connected once that was heard.
    fn greeted(&mut self, index: u32) {
        if self.firmware.describes_unasked {
            for (kind, body) in
                [(DescribeKind::System, self.system()), (DescribeKind::Application, APPLICATION)]
            {
                self.say(index, Some(What::Describe), |session, out| {
                    session.describe(out, kind, body)
                });
            }
        } else {
            self.arrive(index);
        }
    }

    fn arrive(&mut self, index: u32) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let State::Linked { connected: connected @ false, .. } = &mut device.state else { return };
        *connected = true;
        let took = self.now.saturating_sub(device.begun);
        self.entering = self.entering.saturating_sub(1);
        self.tally.connected += 1;
        self.tally.arrived = self.tally.arrived.max(self.tally.connected);
        self.tally.join_latency.record(took);
        let wait = self.plan.ping.unwrap_or(DEVICE_PING);
        // Those that came in together do not ping together.
        let spread = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        let first = Duration::from_millis(self.random.below(spread).into());
        self.set_alarm(index, first);
    }

    fn settled(&mut self, index: u32, id: MessageId, taken: bool) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let Some(Outstanding { what, at, .. }) = device.settle(id.0) else { return };
        let took = self.now.saturating_sub(at);
        match what {
            What::Describe => {
                if device.waits_for(|what| what == What::Describe) == 0 {
                    self.arrive(index);
                }
            }
            What::Ping => self.tally.ping_latency.record(took),
            What::Event(count) if taken => {
                self.tally.events.acknowledged += 1;
                self.tally.event_latency.record(took);
                self.observer.acknowledged(index, count);
            }
            What::Event(_) => self.tally.events.refused += 1,
        }
    }

    fn answer(
        &mut self,
        index: u32,
        write: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<(), Error>,
    ) {
        self.say(index, None, |session, out| write(session, out).map(|()| MessageId(0)));
    }

    /// Says something, and remembers it if it is to be acknowledged.
    pub(super) fn say(
        &mut self,
        index: u32,
        what: Option<What>,
        write: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<MessageId, Error>,
    ) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let State::Linked { connection, session, .. } = &mut device.state else { return };
        self.frames.clear();
        // What a fleet says is short.
        let Ok(id) = write(session, &mut self.frames) else { return };
        self.traffic.sent += 1;
        connection.send(&self.frames);
        if let Some(what) = what {
            device.outstanding.push(Outstanding { id: id.0, what, at: self.now });
        }
    }

    /// A connection is over; the device will come back.
    fn over(&mut self, index: u32, why: &str) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let was_connected = device.is_connected();
        let was_answered = device.answered;
        let lost = device.waits_for(|what| matches!(what, What::Event(_)));
        device.state = State::Away;
        device.outstanding = Vec::new();
        self.tally.events.given_up += lost as u64;
        if was_connected {
            self.tally.connected -= 1;
            self.tally.sessions.lost += 1;
            self.tally.sessions.ended_by_node += u64::from(why.starts_with("the node closed"));
            self.tally.outages.lost(self.now);
        } else {
            self.entering = self.entering.saturating_sub(1);
            self.tally.sessions.failed += 1;
            if self.tally.arrived == 0 {
                self.tally.first_failure.get_or_insert_with(|| why.to_owned());
            }
        }
        match (was_connected, was_answered) {
            (true, _) => self.waiting.push_back(index),
            (false, true) => self.come_back(index, NOT_ADMITTED),
            (false, false) => self.come_back(index, REFUSED),
        }
    }
}
