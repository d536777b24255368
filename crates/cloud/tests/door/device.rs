//! A device of a test: it shakes hands, says Hello, and then does what the test says, right or wrong.

use crate::node::{Node, new_key};
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::{Content, PublicKey, Session};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::{DeviceId, from_device, reply};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long a test listens for what must not come.
const SILENCE: Duration = Duration::from_millis(300);

pub struct TestDevice {
    pub socket: UdpSocket,
    pub session: Session,
    pub cloud: SocketAddr,
    /// Every datagram sent since the handshake.
    pub sent: Vec<Vec<u8>>,
    /// Every datagram heard since the handshake.
    pub received: Vec<Vec<u8>>,
    next_id: u16,
}

pub fn id(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

pub fn hello_of(id: DeviceId) -> Hello {
    Hello {
        product_id: 3,
        product_version: None,
        flags: HelloFlags(0x36),
        platform_id: 3,
        device_id: id,
        system_version: 6200,
        max_message: 1152,
        max_binary: 0x00a0_0000,
        chunk: 512,
    }
}

pub fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

/// Shakes hands from `socket`; `None` where the cloud is silent for longer than `patience`, or is not
/// the one with this key.
pub fn shake(
    socket: &UdpSocket,
    patience: Duration,
    cloud: SocketAddr,
    key: &[u8],
    cloud_key: PublicKey,
    offer: Offer,
) -> Option<Session> {
    shake_with(AwsLc, socket, patience, cloud, key, cloud_key, offer)
}

/// The same with another source of randomness.
pub fn shake_with<C: Crypto>(
    crypto: C,
    socket: &UdpSocket,
    patience: Duration,
    cloud: SocketAddr,
    key: &[u8],
    cloud_key: PublicKey,
    offer: Offer,
) -> Option<Session> {
    let key = crypto.signing_key_from_der(key).unwrap();
    let config = Arc::new(ClientConfig::new(crypto, key, cloud_key, offer));
    let start = Instant::now();
    let mut handshake = Handshake::start(config, Duration::ZERO).unwrap();
    let mut buffer = [0; 2048];
    socket.set_read_timeout(Some(patience)).unwrap();
    loop {
        while let Some(datagram) = handshake.poll_transmit() {
            socket.send_to(&datagram, cloud).unwrap();
        }
        if handshake.is_complete() {
            return handshake.finish();
        }
        let length = match socket.recv_from(&mut buffer) {
            Ok((length, _)) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => panic!("{error}"),
        };
        handshake.handle_datagram(start.elapsed(), &mut buffer[..length]).ok()?;
    }
}

/// The `n`th device, pinned and connected.
pub fn connected(node: &Node, n: u8) -> TestDevice {
    let key = new_key();
    node.pin(id(n), &key);
    TestDevice::connected(node, id(n), &key)
}

impl TestDevice {
    /// A device that has shaken hands and not said Hello.
    pub fn shaken(node: &Node, key: &[u8]) -> Self {
        let (socket, cloud) = (socket(), node.address());
        let session = shake(&socket, PATIENCE, cloud, key, node.public_key(), Offer::DeviceOs);
        let session = session.expect("the handshake completes");
        Self { socket, session, cloud, sent: Vec::new(), received: Vec::new(), next_id: 1 }
    }

    /// Whether a device with this key gets no handshake.
    pub fn is_refused(node: &Node, key: &[u8]) -> bool {
        shake(&socket(), SILENCE, node.address(), key, node.public_key(), Offer::DeviceOs).is_none()
    }

    /// A device that is connected.
    pub fn connected(node: &Node, id: DeviceId, key: &[u8]) -> Self {
        let mut device = Self::shaken(node, key);
        device.say_hello(id);
        assert!(device.acknowledged(), "Hello is acknowledged");
        device
    }

    pub fn say_hello(&mut self, claimed: DeviceId) {
        self.say(|out, id| from_device::hello(out, id, &hello_of(claimed)).unwrap());
    }

    pub fn say(&mut self, write: impl FnOnce(&mut Vec<u8>, MessageId)) -> MessageId {
        let id = MessageId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        let mut message = Vec::new();
        write(&mut message, id);
        self.send(&message);
        id
    }

    /// Seals and sends one message.
    pub fn send(&mut self, message: &[u8]) {
        let mut datagram = Vec::new();
        self.session.seal(message, &mut datagram).unwrap();
        self.socket.send_to(&datagram, self.cloud).unwrap();
        self.sent.push(datagram);
    }

    /// Moves to a new port: the next records go out from there, marked as moved.
    pub fn move_away(&mut self) {
        self.socket = socket();
    }

    pub fn send_moved(&mut self, message: &[u8]) {
        let mut datagram = Vec::new();
        self.session.seal_moved(message, &mut datagram).unwrap();
        self.socket.send_to(&datagram, self.cloud).unwrap();
        self.sent.push(datagram);
    }

    /// The next message of the cloud; `None` after a silence.
    pub fn hear_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let mut buffer = [0; 2048];
        self.socket.set_read_timeout(Some(patience)).unwrap();
        loop {
            let length = match self.socket.recv_from(&mut buffer) {
                Ok((length, _)) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => panic!("{error}"),
            };
            self.received.push(buffer[..length].to_vec());
            match self.session.open(&mut buffer[..length]) {
                Ok(opened) => match opened.content {
                    Content::Application(message) => return Some(message.to_vec()),
                    Content::CloseNotify => return Some(b"close_notify".to_vec()),
                    _ => {}
                },
                Err(error) => panic!("the cloud sent a record that does not open: {error}"),
            }
        }
    }

    pub fn hear(&mut self) -> Vec<u8> {
        self.hear_within(PATIENCE).expect("the cloud says something")
    }

    pub fn hears_nothing(&mut self) -> bool {
        self.hear_within(SILENCE).is_none()
    }

    /// Whether the last message is acknowledged, answering the cloud's pings meanwhile.
    pub fn acknowledged(&mut self) -> bool {
        let want = MessageId(self.next_id.wrapping_sub(1));
        self.find(|message| message.kind == Kind::Acknowledgement && message.id == want).is_some()
    }

    /// Listens for a message, answering the cloud's pings meanwhile.
    pub fn find(&mut self, wanted: impl Fn(&Message<'_>) -> bool) -> Option<Vec<u8>> {
        self.find_within(PATIENCE, wanted)
    }

    /// The same, for as long as no silence is longer than `patience`.
    pub fn find_within(
        &mut self,
        patience: Duration,
        wanted: impl Fn(&Message<'_>) -> bool,
    ) -> Option<Vec<u8>> {
        while let Some(bytes) = self.hear_within(patience) {
            let Ok(message) = Message::parse(&bytes) else { return None };
            if wanted(&message) {
                return Some(bytes);
            }
            if message.kind == Kind::Confirmable {
                let mut answer = Vec::new();
                reply::ack_empty(&mut answer, message.id);
                self.send(&answer);
            }
        }
        None
    }

    /// How many bytes come to the first device while people ask it for far more than may go to an
    /// address that is not proven.
    pub fn bytes_under_pressure(&self, node: &Node) -> usize {
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let gateway = node.gateway.clone();
                node.runtime.spawn(async move { gateway.call(id(1), "f", &[b'x'; 500]).await })
            })
            .collect();
        node.wait_for("withheld", 5);
        let mut buffer = [0; 2048];
        let mut came = 0;
        self.socket.set_read_timeout(Some(SILENCE)).unwrap();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            came += length;
        }
        calls.iter().for_each(tokio::task::JoinHandle::abort);
        came
    }

    pub fn ping(&mut self) -> bool {
        self.say(from_device::ping);
        self.acknowledged()
    }

    /// The same, giving up after a silence.
    pub fn ping_within(&mut self, patience: Duration) -> bool {
        let wanted = self.say(from_device::ping);
        self.find_within(patience, |message| message.id == wanted).is_some()
    }
}
