//! The path of a message through the cloud's cores: a record is opened, its CoAP parsed, the exchange asked
//! whether it is new, the request decoded, an answer written, remembered and sealed. 50 bytes each way, a new
//! message each second.

use crate::MOST;
use pintle_dtls::{ConnectionId, Content, Dialect, PeerConnectionId, Role, Session};
use pintle_protocol::Event;
use pintle_protocol::coap::{Message, MessageId};
use pintle_protocol::exchange::{Exchange, Received, Settings};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::reply::{self, Answer};
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

const ID: ConnectionId = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 7]);
/// With what stands before it in an acknowledgement, 50 bytes.
const PAYLOAD: [u8; 45] = [0; 45];

/// The cloud's end of one session.
struct Cloud {
    session: Session,
    exchange: Exchange<()>,
    answer: Vec<u8>,
    sealed: Vec<u8>,
}

/// Hears so many messages, and answers each.
pub fn run(count: usize) -> Result<(), Box<dyn Error>> {
    let mut cloud = Cloud {
        session: session(Role::Server, Some(ID), PeerConnectionId::NONE),
        exchange: Exchange::new(Settings::default(), 1, 1),
        answer: Vec::with_capacity(1200),
        sealed: Vec::with_capacity(1200),
    };
    let mut records = records()?;
    for (number, record) in records.iter_mut().enumerate().take(count) {
        cloud.turn(Duration::from_secs(number as u64), record)?;
    }
    Ok(())
}

impl Cloud {
    #[inline(never)]
    fn turn(&mut self, now: Duration, record: &mut [u8]) -> Result<(), Box<dyn Error>> {
        let opened = self.session.open(record)?;
        let Content::Application(text) = opened.content else {
            return Err("not application data".into());
        };
        let message = Message::parse(text)?;
        let Received::Fresh = self.exchange.receive(now, &message) else {
            return Err("not a new message".into());
        };
        let Request::Event(event) = from_device::decode(&message)? else {
            return Err("not an event".into());
        };
        black_box(&event);
        self.answer.clear();
        reply::ack(&mut self.answer, message.id, message.token, Answer::Changed, &PAYLOAD);
        self.exchange.answered(now, message.id, &self.answer);
        self.sealed.clear();
        self.session.seal(&self.answer, &mut self.sealed)?;
        black_box(&self.sealed);
        Ok(())
    }
}

/// A device's events, each with an id of its own.
fn records() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let peer = PeerConnectionId::from(ID);
    let mut device = session(Role::Client, None, peer);
    let event = Event::text("greenhouse/temperature", r#"{"celsius":21.5312}"#);
    let mut records = Vec::with_capacity(MOST);
    for number in 0..MOST {
        let (mut message, mut record) = (Vec::new(), Vec::new());
        from_device::event(&mut message, MessageId(number as u16), &event)?;
        device.seal(&message, &mut record)?;
        records.push(record);
    }
    Ok(records)
}

fn session(role: Role, local: Option<ConnectionId>, peer: PeerConnectionId) -> Session {
    let (secret, client, server) = ([1; 48], [2; 32], [3; 32]);
    let (dialect, start) = (Dialect::DeviceOs, [4; 4]);
    Session::from_master_secret(role, dialect, &secret, &client, &server, local, peer, start)
}
