//! What a device does with what comes: it settles its own messages, and answers the few things that a cloud asks.

use super::address;
use super::device::Phase;
use super::engine::Engine;
use super::network::Path;
use super::speech::{FUNCTION, Speech};
use pintle_dtls::{Content, OpenError};
use pintle_protocol::coap::{Code, Kind, Message, RequestToken};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_cloud;
use pintle_protocol::reply::{self, Answer};
use pintle_protocol::update::FromCloud;
use std::net::Ipv4Addr;
use std::time::Duration;

/// What a record led to.
enum Heard<'a> {
    Message(&'a [u8]),
    Nothing,
    Ended,
}

impl Engine<'_> {
    /// A datagram that came through `socket` to the address `to`, to the kernel at `at`.
    pub(super) fn datagram(&mut self, socket: u8, to: Ipv4Addr, at: Duration, datagram: &mut [u8]) {
        let Some(device) = address::index_of(to).filter(|index| *index < self.plan.devices) else {
            self.network.traffic.stray += 1;
            return;
        };
        let path = Path { device, socket };
        let copies = self.network.admit(self.millis(), path, datagram);
        for _ in 1..copies {
            self.arrive(path, at, &mut datagram.to_vec());
        }
        if copies > 0 {
            self.arrive(path, at, datagram);
        }
    }

    /// A datagram that the weather let through.
    pub(super) fn arrive(&mut self, path: Path, at: Duration, datagram: &mut [u8]) {
        let Some(device) = self.devices.get(path.device as usize) else { return };
        match device.phase {
            // Behind a NAT nothing comes any more to a port that was left.
            _ if device.socket != path.socket => self.network.traffic.stray += 1,
            Phase::Away => self.network.traffic.stray += 1,
            Phase::Shaking => self.shake(path.device, device.head, datagram),
            Phase::Greeting | Phase::Describing | Phase::Connected => {
                self.records(path.device, at, datagram);
            }
        }
    }

    fn records(&mut self, index: u32, at: Duration, mut datagram: &mut [u8]) {
        while !datagram.is_empty() {
            let Some(device) = self.devices.get_mut(index as usize) else { return };
            let Some(session) = &mut device.session else { return };
            let opened = match session.open(datagram) {
                Ok(opened) => opened,
                Err(OpenError::TooManyForged) => return self.lose(index),
                Err(_) => {
                    self.network.traffic.not_opened += 1;
                    return;
                }
            };
            (device.moved, device.silences) = (false, 0);
            datagram = opened.rest;
            match heard(opened.content) {
                Heard::Message(message) => self.message(index, at, message),
                Heard::Nothing => {}
                Heard::Ended => {
                    self.tally.sessions.ended_by_node += 1;
                    return self.lose(index);
                }
            }
        }
    }

    fn message(&mut self, index: u32, at: Duration, message: &[u8]) {
        let Ok(message) = Message::parse(message) else { return };
        match message.kind {
            Kind::Acknowledgement => self.settled(index, at, message.id.0, message.code),
            Kind::Reset => self.reset(index, at, message.id.0),
            Kind::Confirmable | Kind::NonConfirmable => self.asked(index, &message),
        }
    }

    fn settled(&mut self, index: u32, at: Duration, id: u16, code: Code) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let Some(pending) = self.pendings.settle(&mut device.head, id) else { return };
        device.outstanding = device.outstanding.saturating_sub(1);
        let last = device.outstanding == 0 && device.phase == Phase::Describing;
        self.flow.heard(pending.since);
        let latency = at.saturating_sub(pending.since);
        let refused = code.class() >= 4;
        match pending.speech {
            Speech::Hello if refused => {
                self.tally
                    .first_failure
                    .get_or_insert_with(|| format!("Hello was answered {code}"));
                self.lose(index);
            }
            Speech::Hello => self.describe(index),
            Speech::Describe(_) if last => self.connected(index),
            Speech::Took(..) => self.restart(index),
            Speech::Describe(_) | Speech::Answer(..) | Speech::Returned(..) => {}
            Speech::Restarted(_) => {}
            Speech::Started(..) | Speech::Refused(..) | Speech::Cancelled(_) => {}
            Speech::Ping => self.tally.ping_latency.record(latency),
            Speech::Event(_) if refused => self.tally.events.refused += 1,
            Speech::Event(count) => {
                self.tally.events.acknowledged += 1;
                self.tally.event_latency.record(latency);
                self.observer.acknowledged(index, count);
            }
        }
    }

    fn describe(&mut self, index: u32) {
        if let Some(device) = self.devices.get_mut(index as usize)
            && device.phase == Phase::Greeting
        {
            device.phase = Phase::Describing;
            self.say(index, Speech::Describe(DescribeKind::System));
            self.say(index, Speech::Describe(DescribeKind::Application));
        }
    }

    /// A reset answers a ping (RFC 7252 4.3); for anything else it ends the session, as Device OS has it.
    fn reset(&mut self, index: u32, at: Duration, id: u16) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        let Some(pending) = self.pendings.settle(&mut device.head, id) else { return };
        device.outstanding = device.outstanding.saturating_sub(1);
        if pending.speech == Speech::Ping {
            self.tally.ping_latency.record(at.saturating_sub(pending.since));
            return;
        }
        self.tally.events.given_up += u64::from(matches!(pending.speech, Speech::Event(_)));
        self.tally.sessions.ended_by_node += 1;
        self.lose(index);
    }

    /// A question or an order. All answers can be given twice, so repetitions are answered like the first.
    fn asked(&mut self, index: u32, message: &Message<'_>) {
        use from_cloud::Request;
        if let Ok(Some(update)) = FromCloud::decode(message) {
            return self.updated(index, message, &update);
        }
        self.tally.asked += 1;
        let request = from_cloud::decode(message);
        let answer = match &request {
            Ok(Request::Unknown | Request::Update(_)) if !message.code.is_response() => return,
            Ok(
                Request::Ping
                | Request::Hello
                | Request::Event(_)
                | Request::Describe { .. }
                | Request::Call { name: FUNCTION, .. }
                | Request::Unknown,
            ) => None,
            Ok(Request::Signal { .. } | Request::ForgetSession) => Some(Answer::Changed),
            Ok(_) => Some(Answer::NotFound),
            Err(error) => Some(error.answer()),
        };
        if message.kind == Kind::Confirmable {
            self.acknowledge(index, message, answer);
        }
        match request {
            Ok(Request::Describe { kind, .. }) => {
                let token = RequestToken::try_from(message.token).map_or(0, |token| token.0);
                self.say(index, Speech::Answer(kind, token));
            }
            Ok(Request::Call { name: FUNCTION, argument }) => {
                let token = RequestToken::try_from(message.token).map_or(0, |token| token.0);
                let length = i32::try_from(argument.len()).unwrap_or(i32::MAX);
                self.say(index, Speech::Returned(token, length));
            }
            Ok(Request::ForgetSession) => {
                self.tally.sessions.ended_by_node += 1;
                self.lose(index);
            }
            _ => {}
        }
    }

    pub(super) fn acknowledge(
        &mut self,
        index: u32,
        message: &Message<'_>,
        answer: Option<Answer>,
    ) {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        match answer {
            None => reply::ack_empty(&mut plain, message.id),
            Some(answer) => reply::ack(&mut plain, message.id, message.token, answer, &[]),
        }
        self.transmit(index, &plain);
        self.plain = plain;
    }
}

const fn heard(content: Content<'_>) -> Heard<'_> {
    match content {
        Content::Application(message) => Heard::Message(message),
        Content::CloseNotify | Content::Alert { fatal: true, .. } => Heard::Ended,
        Content::Alert { .. } | Content::Handshake(_) => Heard::Nothing,
    }
}
