//! A device's events through the whole of the cloud's record layer and message layer.

use super::{MESSAGE, PREPARED};
use crate::clock::Stopwatch;
use pintle_dtls::{ConnectionId, Content, Dialect, PeerConnectionId, Role, Session};
use pintle_protocol::coap::{Message, MessageId};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::reply::{self, Answer};
use pintle_protocol::{Event, from_device::decode};
use std::hint::black_box;

const ID: ConnectionId = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 7]);
/// Version, code and message id, and the marker before the payload.
const AROUND_PAYLOAD: usize = 5;
/// Record header, explicit nonce and tag.
const AROUND_TEXT: usize = 13 + 8 + 8;

/// Both ends of one session.
pub struct Bench {
    device: Session,
    cloud: Session,
    event: Vec<u8>,
    answer: Vec<u8>,
    sealed: Vec<u8>,
}

/// What the cipher has to do for one message in and one out, in bytes.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Text of the record that comes in.
    pub text_in: usize,
    /// What its tag covers besides.
    pub additional_in: usize,
    /// Text of the record that goes out.
    pub text_out: usize,
    /// What its tag covers besides.
    pub additional_out: usize,
}

impl Bench {
    /// A session that began just now.
    pub fn new() -> Self {
        let peer = PeerConnectionId::new(ID.as_bytes()).expect("a connection ID");
        let event = event();
        assert_eq!(event.len(), MESSAGE, "the event is as long as the figure says");
        Self {
            device: session(Role::Client, None, peer),
            cloud: session(Role::Server, Some(ID), PeerConnectionId::NONE),
            event,
            answer: Vec::new(),
            sealed: Vec::new(),
        }
    }

    /// How long the records of both directions are.
    pub fn sizes(&mut self) -> Sizes {
        let mut record = self.records(1).pop().expect("one record");
        let text_in = record.len() - AROUND_TEXT - ConnectionId::LENGTH;
        self.turn(&mut record);
        assert_eq!(self.answer.len(), MESSAGE, "the answer is as long as the figure says");
        let text_out = self.sealed.len() - AROUND_TEXT;
        // RFC 5246 6.2.3.3; an incoming record's has the connection ID and its length in it.
        Sizes {
            text_in,
            additional_in: 13 + ConnectionId::LENGTH + 1,
            text_out,
            additional_out: 13,
        }
    }

    /// One lot of records, prepared off the clock.
    pub fn lot(&mut self, watch: &mut Stopwatch) {
        let mut records = self.records(PREPARED);
        watch.time(|| records.iter_mut().for_each(|record| self.turn(record)));
    }

    fn records(&mut self, count: usize) -> Vec<Vec<u8>> {
        let seal = |_| {
            let mut record = Vec::new();
            self.device.seal(&self.event, &mut record).expect("numbers are left");
            record
        };
        (0..count).map(seal).collect()
    }

    /// What a shard does with a record, without what the event means to others.
    fn turn(&mut self, record: &mut [u8]) {
        let opened = self.cloud.open(record).expect("a good record");
        let Content::Application(text) = opened.content else { panic!("not application data") };
        let message = Message::parse(text).expect("a good message");
        let Request::Event(event) = decode(&message).expect("a good request") else {
            panic!("not an event")
        };
        black_box(&event);
        self.answer.clear();
        let payload = [0; MESSAGE - AROUND_PAYLOAD];
        reply::ack(&mut self.answer, message.id, message.token, Answer::Changed, &payload);
        self.sealed.clear();
        self.cloud.seal(&self.answer, &mut self.sealed).expect("numbers are left");
        black_box(&self.sealed);
    }
}

fn event() -> Vec<u8> {
    let mut out = Vec::new();
    let event = Event::text("greenhouse/temperature", r#"{"celsius":21.5312}"#);
    from_device::event(&mut out, MessageId(1), &event).expect("a short event");
    out
}

fn session(role: Role, local: Option<ConnectionId>, peer: PeerConnectionId) -> Session {
    let (secret, client, server) = ([1; 48], [2; 32], [3; 32]);
    Session::from_master_secret(
        role,
        Dialect::DeviceOs,
        &secret,
        &client,
        &server,
        local,
        peer,
        [4; 4],
    )
}
