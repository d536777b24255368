//! The TCP door from outside: real sockets on loopback, beside a door on UDP, and devices of every firmware made of
//! the client side of `pintle_protocol::tcp`.

mod admission;
mod conversation;
mod device;
mod hostile;
mod limits;
mod listener;
mod neighbours;
mod storm;

use crate::node::Node;
use pintle_cloud::device::{Enrolment, Gateway};
use pintle_cloud::door::{BoundTcp, TcpDoor, TcpParts, UdpDoor};
use pintle_cloud::pinning::Pinning;
use pintle_cloud::store::pin::{HistoryEntry, NewPin, PinnedBy};
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::DevicePublicKey;
use pintle_rsa::{CloudKey, CloudPublicKey};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Made once for all tests of a process: it takes a while.
static KEY: LazyLock<Vec<u8>> =
    LazyLock::new(|| CloudKey::generate().unwrap().to_der().unwrap().to_vec());

/// The door, and what its tests need to know.
pub struct Open {
    pub door: TcpDoor,
    pub enrolment: Enrolment,
}

/// The cloud's key, as devices have it pinned.
pub fn cloud_key() -> CloudPublicKey {
    CloudKey::read(&KEY).unwrap().public().clone()
}

impl Node {
    /// A node that serves TCP beside UDP.
    pub fn start_with_tcp() -> Self {
        Self::start_with_tcp_and(Duration::from_secs(20))
    }

    pub fn start_with_tcp_and(answer_within: Duration) -> Self {
        let mut node = Self::start_with(answer_within);
        node.door.take().unwrap().close();
        node.open_both("127.0.0.1:0".parse().unwrap(), answer_within);
        node
    }

    fn open_both(&mut self, address: SocketAddr, answer_within: Duration) {
        let bound = BoundTcp::bind(address).unwrap();
        let mut around = self.around(answer_within);
        around.neighbours = vec![bound.mailbox()];
        let udp = UdpDoor::open("127.0.0.1:0".parse().unwrap(), around.clone()).unwrap();
        let enrolment = Enrolment::default();
        let parts = TcpParts {
            key: CloudKey::read(&KEY).unwrap(),
            enrolment: enrolment.clone(),
            pinning: Pinning::new(self.store.clone(), Arc::default()),
            threads: 1,
            connections: 20_000,
        };
        let door = bound.open(&around, parts, udp.mailboxes()).unwrap();
        let mailboxes = udp.mailboxes().into_iter().chain([door.mailbox()]).collect();
        self.gateway = Gateway::new(mailboxes, around.roll);
        self.door = Some(udp);
        self.tcp = Some(Open { door, enrolment });
    }

    /// Stops and starts on the same folder and TCP port.
    pub fn restart_both(&mut self) {
        let address = self.tcp_address();
        self.tcp.take().unwrap().door.close();
        self.door.take().unwrap().close();
        self.open_both(address, Duration::from_secs(20));
    }

    pub fn tcp_address(&self) -> SocketAddr {
        self.tcp.as_ref().unwrap().door.address()
    }

    pub fn pin_rsa(&self, device: DeviceId, key: &DevicePublicKey) {
        let key = pintle_cloud::device_key::DeviceKey::read(key.as_spki()).unwrap();
        let owner = Some(self.owner);
        let pin =
            NewPin { device, key, platform_id: None, owner, by: PinnedBy::Operator, at_ms: 1 };
        self.store.pins().set(&pin).wait().unwrap();
        self.gateway.key_changed(device);
    }

    pub fn tcp_count(&self, name: &str) -> u64 {
        let all = self.tcp.as_ref().unwrap().door.counters().all();
        all.into_iter().find(|(counter, _)| *counter == name).unwrap().1
    }

    /// The history, once it has so many refusals, or at last what it has.
    pub fn history_with_refusals(&self, at_least: usize) -> Vec<HistoryEntry> {
        let is_refusal = |entry: &&HistoryEntry| entry.what.starts_with("refused");
        for _ in 0..10_000 {
            let history = self.history();
            if history.iter().filter(is_refusal).count() >= at_least {
                return history;
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        self.history()
    }

    /// Waits until a counter of the TCP door reaches a value.
    pub fn wait_for_tcp(&self, name: &str, at_least: u64) {
        for _ in 0..100_000 {
            if self.tcp_count(name) >= at_least {
                return;
            }
            std::thread::park_timeout(Duration::from_micros(200));
        }
        let all = self.tcp.as_ref().unwrap().door.counters().all();
        panic!("{name} is not {at_least}: {all:?}");
    }
}
