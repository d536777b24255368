//! Updates through a whole shard, on virtual time: in turns with its other devices, past the record numbers that are
//! reserved, and over a crash.

#[path = "../../src/device/update/tests/device.rs"]
#[expect(dead_code, reason = "some of its whims are for the tests of a life alone")]
mod taker;

use crate::device::{hello_of, id};
use crate::node::{new_key, public_key};
use pintle_cloud::account::AccountId;
use pintle_cloud::device::update::{Offer, Transfer, Transferred, UpdateError};
use pintle_cloud::door::{Ground, SimulatedNode, Writing};
use pintle_cloud::journal::simulated::SimulatedDisk;
use pintle_cloud::node_key::NodeKey;
use pintle_dtls::client::{ClientConfig, Handshake, Offer as Dialect};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::{Content, Session};
use pintle_protocol::from_device;
use pintle_protocol::hello::{Hello, HelloFlags};
use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use taker::Device as Taker;
use zeroize::Zeroizing;

const WALL_MS: i64 = 1_750_000_000_000;

/// How long the disk takes for a frame.
const DISK: Duration = Duration::from_millis(3);

/// What a shard sends in one turn for all its updates; a few answers come with them.
const TURN: usize = 64 + 8;

/// A device without a socket.
struct Device {
    address: SocketAddr,
    session: Session,
    taker: Taker,
    /// Headers of all records that it heard: they hold the record's number.
    heard: HashSet<Vec<u8>>,
}

/// A node of one shard, with its devices and a slow disk.
struct House {
    ground: Ground,
    node: SimulatedNode,
    started: Duration,
    devices: Vec<Device>,
    now: Duration,
    writing: Vec<(Duration, Writing)>,
    /// The most datagrams that a turn of the shard left behind.
    most: usize,
}

impl House {
    fn new(devices: u8) -> Self {
        let cloud_key = new_key();
        let keys: Vec<_> = (1..=devices).map(|_| new_key()).collect();
        let owner = AccountId::from_bytes([1; 16]);
        let pin = |(key, n): (&Vec<u8>, u8)| (id(n), (public_key(key).fingerprint(), owner));
        let ground = Ground {
            node_key: Arc::new(NodeKey::from_bytes(Zeroizing::new([7; 32]))),
            incarnation: [1; 32],
            cloud_key: Zeroizing::new(cloud_key.clone()),
            devices: keys.iter().zip(1..).map(pin).collect::<BTreeMap<_, _>>(),
            subscriptions: Vec::new(),
            answer_within: Duration::from_secs(20),
            kept: Vec::new(),
            disk: SimulatedDisk::new(),
            stops: Vec::new(),
            flaw: None,
        };
        let node = SimulatedNode::start(&ground, 1, 1, WALL_MS).unwrap();
        let mut house = Self {
            ground,
            node,
            started: Duration::ZERO,
            devices: Vec::new(),
            now: Duration::ZERO,
            writing: Vec::new(),
            most: 0,
        };
        for (key, number) in keys.iter().zip(1..) {
            let device = house.shake(number, key, &cloud_key);
            house.devices.push(device);
        }
        house.until(|house| house.devices.iter().all(|device| device.taker.is_heard()));
        house
    }

    fn shake(&mut self, number: u8, key: &[u8], cloud_key: &[u8]) -> Device {
        let key = AwsLc.signing_key_from_der(key).unwrap();
        let cloud = public_key(cloud_key);
        let config = Arc::new(ClientConfig::new(AwsLc, key, cloud, Dialect::DeviceOs));
        let mut handshake = Handshake::start(config, self.now).unwrap();
        let address = SocketAddr::from(([10, 0, 0, number], 5000));
        while !handshake.is_complete() {
            while let Some(mut datagram) = handshake.poll_transmit() {
                self.node.datagram(0, address, &mut datagram);
            }
            for (_, mut datagram) in self.node.take_outbound() {
                handshake.handle_datagram(self.now, &mut datagram).unwrap();
            }
        }
        let session = handshake.finish().unwrap();
        let mut taker = Taker::default();
        let flags = HelloFlags(0x36).union(HelloFlags::UPDATE_V3);
        let hello = Hello { flags, ..hello_of(id(number)) };
        taker.ask(self.now, |out, id| from_device::hello(out, id, &hello).unwrap());
        Device { address, session, taker, heard: HashSet::new() }
    }

    /// A millisecond passes: what devices say arrives, the disk gets on, and the shard has some turns.
    fn step(&mut self) {
        self.now += Duration::from_millis(1);
        let wall_ms = WALL_MS + i64::try_from(self.now.as_millis()).unwrap();
        self.node.tell_time(self.now - self.started, wall_ms);
        for device in &mut self.devices {
            for message in device.taker.at(self.now) {
                let mut datagram = Vec::new();
                device.session.seal(&message, &mut datagram).unwrap();
                self.node.datagram(0, device.address, &mut datagram);
            }
        }
        self.carry();
        for stored in self.node.take_stored() {
            self.node.stored(&stored);
        }
        for _ in 0..4 {
            if self.node.poll_timeout() <= self.now - self.started {
                self.node.handle_timeout();
            }
            self.carry();
            self.write();
        }
    }

    fn write(&mut self) {
        let now = self.now;
        for (_, writing) in self.writing.extract_if(.., |(until, _)| *until <= now) {
            self.node.durable(writing);
        }
        for writing in self.node.take_frames() {
            self.node.write(&writing).unwrap();
            self.writing.push((now + DISK, writing));
        }
    }

    fn carry(&mut self) {
        let all = self.node.take_outbound();
        self.most = self.most.max(all.len());
        for (to, mut datagram) in all {
            let device = self.devices.iter_mut().find(|device| device.address == to).unwrap();
            assert!(device.heard.insert(datagram[..13].to_vec()), "a record number came twice");
            let opened = device.session.open(&mut datagram).expect("it is newer than all before");
            if let Content::Application(message) = opened.content {
                let message = message.to_vec();
                device.taker.hear(self.now, &message);
            }
        }
    }

    fn until(&mut self, happened: impl Fn(&Self) -> bool) {
        while !happened(self) {
            self.step();
            assert!(self.now < Duration::from_secs(600), "it does not happen");
        }
    }

    fn update(&mut self, number: u8, file: &Arc<[u8]>) -> Transfer {
        let (file, statement) = (Arc::clone(file), Arc::from([]));
        let offer = Offer { file, sha256: [1; 32], function: None, statement };
        let (mut begun, transfer) = self.node.update(id(number), offer).unwrap();
        for _ in 0..1000 {
            self.step();
            if let Ok(begun) = begun.try_recv() {
                begun.unwrap();
                break;
            }
        }
        transfer
    }

    fn done(&mut self, mut transfer: Transfer) -> Result<Transferred, UpdateError> {
        loop {
            if let Some(result) = transfer.try_done() {
                return result;
            }
            self.step();
            assert!(self.now < Duration::from_secs(600), "it does not end");
        }
    }

    /// The process is gone; another one starts on what is on the disk.
    fn kill(&mut self) {
        self.writing.clear();
        self.node = SimulatedNode::start(&self.ground, 1, 2, WALL_MS).unwrap();
        self.started = self.now;
    }
}

fn file(chunks: usize) -> Arc<[u8]> {
    (0..chunks * 512).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

#[test]
fn p4_an_update_of_thousands_of_records_uses_no_number_before_it_is_reserved_nor_after_a_crash() {
    let mut house = House::new(1);
    let file = file(2_500);
    let transfer = house.update(1, &file);
    let done = house.done(transfer).unwrap();
    assert!(house.devices[0].taker.file[..] == file[..] && done.sent >= 2_500);
    assert!(house.devices[0].heard.len() > 2_500);
    house.kill();
    // What it hears from now on has numbers ahead of all that it heard.
    let heard = house.devices[0].heard.len();
    house.devices[0].taker.ask(house.now, from_device::ping);
    house.until(|house| house.devices[0].taker.is_heard());
    assert!(house.devices[0].heard.len() > heard);
}

#[test]
fn an_update_goes_on_after_a_crash_of_the_node_from_what_the_device_kept() {
    let mut house = House::new(1);
    let file = file(1_000);
    let mut transfer = house.update(1, &file);
    house.until(|house| house.devices[0].taker.file.len() >= 200_000);
    house.kill();
    assert_eq!(transfer.try_done(), Some(Err(UpdateError::Ended)));
    house.devices[0].taker.ask(house.now, from_device::ping);
    house.until(|house| house.node.presence(id(1)).online);
    let transfer = house.update(1, &file);
    let done = house.done(transfer).unwrap();
    assert!(done.resumed_from >= 200_000 && house.devices[0].taker.file[..] == file[..]);
}

#[test]
fn updates_share_the_shard_and_leave_the_others_their_turn() {
    let mut house = House::new(4);
    let file = file(800);
    let transfers: Vec<_> = (1..=3).map(|number| house.update(number, &file)).collect();
    let mut pings = 0;
    while house.devices[..3].iter().any(|device| !device.taker.finished) {
        if house.devices[3].taker.is_heard() {
            let now = house.now;
            house.devices[3].taker.ask(now, from_device::ping);
            pings += 1;
        }
        house.step();
        assert!(house.devices[3].taker.is_heard(), "it is answered within a millisecond");
    }
    assert!(pings > 5 && house.most <= TURN, "{pings} pings, {} at once", house.most);
    for transfer in transfers {
        assert!(house.done(transfer).is_ok());
    }
    assert!(house.devices[..3].iter().all(|device| device.taker.file[..] == file[..]));
}
