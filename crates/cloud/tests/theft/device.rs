//! A device that says more than it should: what it reports names its SIM, and its events name people.

use super::planted::{DEVICE_ADDRESS, ICCID, IMEI, PAYLOAD, PERSON, STREET};
use pintle_cloud::DeviceId;
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::{Content, PublicKey, Session};
use pintle_protocol::coap::{Kind, Message, MessageId, RequestToken};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::{Event, from_device, reply};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);

pub struct Device {
    socket: UdpSocket,
    cloud: SocketAddr,
    session: Session,
    next: u16,
}

/// Shakes hands from the planted address.
fn shake(socket: &UdpSocket, cloud: SocketAddr, key: &[u8], cloud_key: PublicKey) -> Session {
    let key = AwsLc.signing_key_from_der(key).unwrap();
    let config = Arc::new(ClientConfig::new(AwsLc, key, cloud_key, Offer::DeviceOs));
    let start = Instant::now();
    let mut handshake = Handshake::start(config, Duration::ZERO).unwrap();
    let mut buffer = [0; 2048];
    loop {
        while let Some(datagram) = handshake.poll_transmit() {
            socket.send_to(&datagram, cloud).unwrap();
        }
        if handshake.is_complete() {
            return handshake.finish().unwrap();
        }
        let (length, _) = socket.recv_from(&mut buffer).unwrap();
        handshake.handle_datagram(start.elapsed(), &mut buffer[..length]).unwrap();
    }
}

impl Device {
    /// Connects, says Hello, describes itself, and publishes what is kept for a consumer and what is not.
    pub fn live(id: DeviceId, cloud: SocketAddr, key: &[u8], cloud_key: PublicKey) -> Self {
        let socket = UdpSocket::bind((DEVICE_ADDRESS, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let session = shake(&socket, cloud, key, cloud_key);
        let mut device = Self { socket, cloud, session, next: 1 };
        let hello = Hello {
            product_id: 3,
            product_version: None,
            flags: HelloFlags(0x36),
            platform_id: 3,
            device_id: id,
            system_version: 6200,
            max_message: 1152,
            max_binary: 0x00a0_0000,
            chunk: 512,
        };
        device.say(|out, id| from_device::hello(out, id, &hello).unwrap());
        for (kind, body) in [(DescribeKind::System, report()), (DescribeKind::Application, own())] {
            device.say(|out, id| {
                from_device::describe(out, id, RequestToken(7), kind, &body, None).unwrap();
            });
        }
        let said = format!("{PAYLOAD} {PERSON} {STREET} {DEVICE_ADDRESS}");
        for name in ["kept/door", "loose/door"] {
            device.say(|out, id| from_device::event(out, id, &Event::text(name, &said)).unwrap());
        }
        device
    }

    /// The keys of the session, as 16-byte pieces of what the device keeps of it: both sides keep a key and four bytes
    /// that belong to it next to each other, so one piece in four will do.
    pub fn session_keys(&self) -> Vec<Vec<u8>> {
        let kept = self.session.export();
        let pieces = kept.as_bytes().windows(16).step_by(4);
        let looks_random = |piece: &[u8]| {
            let mut bytes = piece.to_vec();
            bytes.sort_unstable();
            bytes.dedup();
            bytes.len() > 11
        };
        pieces.filter(|piece| looks_random(piece)).map(<[u8]>::to_vec).collect()
    }

    /// Says one thing, and waits until it is acknowledged.
    fn say(&mut self, write: impl FnOnce(&mut Vec<u8>, MessageId)) {
        let id = MessageId(self.next);
        self.next += 1;
        let mut message = Vec::new();
        write(&mut message, id);
        self.send(&message);
        while !self.hears_ack(id) {}
    }

    fn send(&mut self, message: &[u8]) {
        let mut datagram = Vec::new();
        self.session.seal(message, &mut datagram).unwrap();
        self.socket.send_to(&datagram, self.cloud).unwrap();
    }

    fn hears_ack(&mut self, id: MessageId) -> bool {
        let mut buffer = [0; 2048];
        let (length, _) = self.socket.recv_from(&mut buffer).expect("the cloud says something");
        let opened = self.session.open(&mut buffer[..length]).unwrap();
        let Content::Application(message) = opened.content else { return false };
        let message = message.to_vec();
        let message = Message::parse(&message).unwrap();
        if message.kind == Kind::Confirmable {
            let mut answer = Vec::new();
            reply::ack_empty(&mut answer, message.id);
            self.send(&answer);
        }
        message.kind == Kind::Acknowledgement && message.id == id
    }
}

/// A report with the fields that name a SIM: IMEI and ICCID, which Device OS sends with it.
fn report() -> Vec<u8> {
    let field = |number: u8, text: &str| {
        let length = u8::try_from(text.len()).unwrap();
        [&[number << 3 | 2, length], text.as_bytes()].concat()
    };
    [field(2, IMEI), field(3, ICCID)].concat()
}

fn own() -> Vec<u8> {
    br#"{"f":["led"],"v":{"temp":9}}"#.to_vec()
}
