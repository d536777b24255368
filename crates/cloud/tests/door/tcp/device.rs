//! A device of a test, of whatever firmware: it shakes hands, says hello, and then does what the test says.

use super::cloud_key;
use crate::node::Node;
use pintle_protocol::DeviceId;
use pintle_protocol::coap::{Kind, Message};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_cloud::Request;
use pintle_protocol::tcp::client::{Firmware, Handshake, Heard, Session};
use pintle_protocol::tcp::{Credentials, Generation};
use pintle_protocol::value::Value;
use pintle_rsa::{DeviceKey, DeviceSide};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits for what must come: longer than the door takes to end what failed.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What every device of the tests says it has.
pub const APPLICATION: &[u8] = br#"{"f":["led"],"v":{"temp":9,"name":4}}"#;
pub const SYSTEM: &[u8] =
    br#"{"p":6,"m":[{"s":16384,"l":"m","vc":30,"vv":30,"f":"b","n":"0","v":100,"d":[]}]}"#;

/// The firmwares that stand for all there are.
pub const ALL: [Firmware; 6] = [
    Firmware::CORE,
    Firmware::PHOTON_0_7,
    Firmware::PHOTON_1_0,
    Firmware::PHOTON_1_5,
    Firmware::PHOTON_2_3,
    Firmware::PHOTON_3_3,
];

pub fn id(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

pub struct TcpDevice {
    pub stream: TcpStream,
    pub session: Session,
    /// What came and was not looked at.
    unread: Vec<u8>,
    /// The last frame that was sent.
    pub sent: Vec<u8>,
}

/// The `n`th device, pinned and connected, with everything said and heard that comes first.
pub fn connected(node: &Node, n: u8, firmware: Firmware) -> TcpDevice {
    let side = pinned(node, n);
    TcpDevice::connected(node, id(n), &side, firmware)
}

/// A new key, pinned for the `n`th device.
pub fn pinned(node: &Node, n: u8) -> DeviceSide {
    let side = DeviceSide { key: DeviceKey::generate().unwrap(), cloud: cloud_key() };
    node.pin_rsa(id(n), side.key.public());
    side
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Shakes hands on a stream; `None` where the cloud closes it instead.
pub fn shake(stream: &mut TcpStream, id: DeviceId, side: &DeviceSide) -> Option<Credentials> {
    let (mut handshake, mut buffer, mut out) = (Handshake::new(id), [0; 512], Vec::new());
    loop {
        let count = match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("{error}"),
        };
        let mut input = &buffer[..count];
        let credentials = handshake.receive(&mut input, side, &mut out).unwrap();
        assert!(input.is_empty(), "the cloud speaks first only in the handshake");
        stream.write_all(&out).unwrap();
        out.clear();
        if credentials.is_some() {
            return credentials;
        }
    }
}

impl TcpDevice {
    /// A device that has shaken hands and not said hello.
    pub fn shaken(node: &Node, id: DeviceId, side: &DeviceSide, firmware: Firmware) -> Self {
        let mut stream = connect(node.tcp_address());
        let credentials = shake(&mut stream, id, side).expect("the device is let in");
        let session = Session::new(&credentials, firmware, 7);
        Self { stream, session, unread: Vec::new(), sent: Vec::new() }
    }

    pub fn connected(node: &Node, id: DeviceId, side: &DeviceSide, firmware: Firmware) -> Self {
        let mut device = Self::shaken(node, id, side, firmware);
        device.greet();
        if firmware.describes_unasked {
            device.say(|session, out| {
                session.describe(out, DescribeKind::System, SYSTEM).unwrap();
                session.describe(out, DescribeKind::Application, APPLICATION).unwrap();
            });
            device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
            device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
        } else {
            device.serve();
            device.serve();
        }
        device
    }

    /// Hello and hello; a Core is pinged then.
    pub fn greet(&mut self) {
        self.say_hello();
        self.hear(|message, heard| {
            assert!(matches!(heard, Heard::Request(Request::Hello)), "{heard:?}");
            assert_eq!((message.kind, message.payload()), (Kind::NonConfirmable, &b""[..]));
        });
        if self.session.firmware().generation == Generation::Core {
            self.serve();
        }
    }

    pub fn say_hello(&mut self) {
        let platform = self.session.firmware().platform_id;
        self.say(|session, out| session.hello(out, platform, None, platform).unwrap());
    }

    /// Sends what `write` seals.
    pub fn say<T>(&mut self, write: impl FnOnce(&mut Session, &mut Vec<u8>) -> T) -> T {
        let mut out = Vec::new();
        let said = write(&mut self.session, &mut out);
        self.send(&out);
        self.sent = out;
        said
    }

    /// Sends bytes as they are. The cloud may have closed the connection.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Hands the cloud's next message to `look`.
    pub fn hear<T>(&mut self, look: impl FnOnce(&Message<'_>, &Heard<'_>) -> T) -> T {
        let mut scratch = Vec::new();
        loop {
            let unread = std::mem::take(&mut self.unread);
            let mut input = unread.as_slice();
            let received = self.session.receive(&mut input, &mut scratch);
            self.unread = input.to_vec();
            if let Some(received) = received.expect("the cloud's frames are in order") {
                return look(&received.message, &received.heard);
            }
            let mut buffer = [0; 2048];
            let count = self.stream.read(&mut buffer).expect("the cloud says something");
            assert_ne!(count, 0, "the cloud closed the connection");
            self.unread.extend_from_slice(&buffer[..count]);
        }
    }

    /// Whether the cloud closes the connection, saying nothing more.
    pub fn is_cut_off(&mut self) -> bool {
        assert!(self.unread.is_empty(), "something was said and not heard");
        is_closed(&mut self.stream)
    }

    /// Answers the cloud's next question as firmware does.
    pub fn serve(&mut self) {
        let mut out = Vec::new();
        let mut scratch = Vec::new();
        loop {
            let unread = std::mem::take(&mut self.unread);
            let mut input = unread.as_slice();
            let session = &mut self.session;
            let received = session.receive(&mut input, &mut scratch).unwrap();
            self.unread = input.to_vec();
            if let Some(received) = received {
                answer(session, &mut out, &received.message, &received.heard);
                break;
            }
            let mut buffer = [0; 2048];
            let count = self.stream.read(&mut buffer).expect("the cloud asks something");
            assert_ne!(count, 0, "the cloud closed the connection");
            self.unread.extend_from_slice(&buffer[..count]);
        }
        self.send(&out);
    }
}

/// Whether the peer closes a stream without another byte.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 64];
    match stream.read(&mut buffer) {
        Ok(count) => {
            assert_eq!(count, 0, "the peer says {:?}", &buffer[..count]);
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            true
        }
    }
}

fn answer(session: &mut Session, out: &mut Vec<u8>, message: &Message<'_>, heard: &Heard<'_>) {
    match heard {
        Heard::Describe { flags: Some(1), block } => {
            session.described(out, message, SYSTEM, *block).unwrap();
        }
        Heard::Describe { flags: Some(2), block } => {
            session.described(out, message, APPLICATION, *block).unwrap();
        }
        Heard::Request(Request::Call { name: "led", argument }) => {
            session.acknowledge(out, message.id).unwrap();
            let result = i32::try_from(argument.len()).unwrap();
            session.result(out, message.token, result).unwrap();
        }
        Heard::Request(Request::Read { name: "temp" }) => {
            session.value(out, message, Some(&Value::Double(21.5))).unwrap();
        }
        Heard::Request(Request::Read { .. }) => session.value(out, message, None).unwrap(),
        Heard::Request(Request::Ping) => session.pong(out, message.id).unwrap(),
        Heard::Request(Request::Signal { .. }) => session.signalled(out, message).unwrap(),
        other => panic!("{other:?}"),
    }
}
