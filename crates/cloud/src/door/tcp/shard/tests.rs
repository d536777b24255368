//! The core on virtual time: deadlines to the millisecond, and in `crowds.rs` crowds of any size.

mod crowds;
mod updates;

use super::super::opening::{Admitted, Opened, Stranger};
use super::super::pool::Finished;
use super::super::{callers, shaking::VERDICT_AFTER};
use super::*;
use crate::device::{Here, Records, Registry, Roll, Transport};
use crate::event::{Bus, Outbox};
use crate::store::pin::Pinned;
use crate::store::{StoreError, Transaction};
use pintle_dtls::Fingerprint;
use pintle_protocol::SubscriptionKind;
use pintle_protocol::coap::MessageId;
use pintle_protocol::tcp::Subscription;
use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::server::Session;
use pintle_protocol::tcp::{
    ANSWER, BLOCK_DEADLINE, Credentials, HELLO_DEADLINE, IDLE, NONCE, QUIET,
};
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use zeroize::Zeroizing;

/// Nobody writes anything down.
struct Nowhere;

impl Records for Nowhere {
    fn pinned(&self, _: DeviceId) -> Result<Pinned, StoreError> {
        Ok(Pinned::default())
    }

    fn enqueue(&self, _: Transaction) {}

    fn write(&self, _: Transaction, _: crate::device::SessionKey, _: Vec<u8>) {}
}

struct House {
    shard: TcpShard,
    roll: Roll,
    now: Duration,
}

fn house() -> House {
    let roll = Roll::default();
    let world = World {
        now: Duration::ZERO,
        wall_ms: 0,
        answer_within: Duration::from_secs(20),
        records: Box::new(Nowhere),
        bus: Bus::new().publisher(),
        intake: Outbox::new(Vec::new()).0,
        registry: Registry::new(roll.clone()),
        roll: roll.clone(),
        lot: RefCell::new(fastrand::Rng::with_seed(1)),
    };
    let counters = Arc::default();
    let shard = TcpShard::new(Parts { world, number: 1, most: 100_000, counters });
    let mut house = House { shard, roll, now: Duration::ZERO };
    house.at(Duration::from_secs(100));
    house
}

fn address(n: u32) -> IpAddr {
    Ipv4Addr::from_bits(n).into()
}

fn device(n: u8) -> DeviceId {
    DeviceId::from_bytes([n; 12])
}

fn credentials() -> Credentials {
    Credentials::new(Zeroizing::new([9; 40]))
}

impl House {
    /// Lets it be this time; who was closed.
    fn at(&mut self, now: Duration) -> Vec<Key> {
        self.now = now;
        self.shard.tell_time(now, 1_700_000_000_000 + now.as_millis() as i64);
        self.shard.handle_timeout();
        self.closed()
    }

    fn later(&mut self, by: Duration) -> Vec<Key> {
        self.at(self.now + by)
    }

    fn closed(&mut self) -> Vec<Key> {
        let close = |order: &Order| match order {
            Order::Close(key) => Some(*key),
            Order::Send(..) | Order::Listen(..) => None,
        };
        self.shard.orders.take().0.iter().filter_map(close).collect()
    }

    /// The bytes sent since this was last asked.
    fn said(&mut self) -> usize {
        self.shard.orders.take().1.len()
    }

    /// Someone who was greeted and has sent a block of zeroes; the keys of the blocks to open.
    fn block_from(&mut self, n: u32) -> Key {
        let key = self.shard.arrived(address(n)).unwrap();
        self.shard.heard(key, &[0; 256]);
        key
    }

    fn refuse(&mut self, key: Key, stranger: Option<Stranger>) {
        let from = self.from(key);
        let opened = Opened::Refused(stranger.map(Box::new));
        self.shard.opened(Finished { key, from, opened });
    }

    fn from(&mut self, key: Key) -> Tag {
        self.shard.connections.get(key).unwrap().from
    }

    /// Says that the block of `key` was the device's.
    fn admit(&mut self, key: Key, n: u8) -> Option<Here> {
        let fingerprint = Fingerprint::from_bytes([n; 32]);
        self.roll.set_key(device(n), Some(fingerprint));
        let from = self.from(key);
        let session = Session::from_credentials(&credentials());
        let answer = [0; ANSWER];
        let admitted =
            Admitted { device: device(n), fingerprint, answer, session, enrolled: false };
        let opened = Opened::Admitted(Box::new(admitted));
        self.shard.opened(Finished { key, from, opened });
        self.roll.enter(device(n), fingerprint)
    }

    /// A device that said hello.
    fn introduced(&mut self, n: u8) -> (Key, client::Session) {
        let key = self.block_from(n.into());
        self.admit(key, n);
        let mut session = client::Session::new(&credentials(), Firmware::PHOTON_2_3, 1);
        let mut hello = Vec::new();
        session.hello(&mut hello, 6, None, 6).unwrap();
        self.shard.heard(key, &hello);
        (key, session)
    }
}

#[test]
fn p1_all_that_fail_end_at_one_moment_whenever_that_was_found_out_and_whatever_it_was() {
    let mut house = house();
    let keys: Vec<_> = (0..5).map(|n| house.block_from(n)).collect();
    let mut with_more = house.shard.arrived(address(5)).unwrap();
    house.shard.heard(with_more, &[0; 257]);
    assert_eq!(house.said(), 6 * NONCE, "nobody hears anything but a nonce");
    let at = house.now;
    // At once; with all of who it is; late; never; and as what was admitted, its pin being another by now.
    house.refuse(keys[0], None);
    let fingerprint = Fingerprint::from_bytes([7; 32]);
    house.refuse(keys[1], Some(Stranger { device: device(7), fingerprint, is_known: true }));
    house.at(at + VERDICT_AFTER - Duration::from_millis(2));
    house.refuse(keys[2], None);
    let from = house.from(keys[4]);
    let session = Session::from_credentials(&credentials());
    let answer = [0; ANSWER];
    let admitted = Admitted { device: device(9), fingerprint, answer, session, enrolled: false };
    let opened = Opened::Admitted(Box::new(admitted));
    house.shard.opened(Finished { key: keys[4], from, opened });
    assert_eq!(house.said(), 0);
    assert!(house.at(at + VERDICT_AFTER - Duration::from_millis(1)).is_empty());
    let mut closed = house.at(at + VERDICT_AFTER);
    closed.sort();
    let mut all = keys;
    all.push(std::mem::replace(&mut with_more, all[0]));
    all.sort();
    assert_eq!(closed, all);
    assert_eq!(house.shard.connections.count(), 0);
}

#[test]
fn a_device_has_ten_seconds_for_its_block_ten_for_its_hello_and_thirty_one_between_messages() {
    let mut house = house();
    let silent = house.shard.arrived(address(1)).unwrap();
    assert!(house.later(BLOCK_DEADLINE - Duration::from_millis(1)).is_empty());
    // A byte now and then does not help.
    house.shard.heard(silent, &[0; 255]);
    assert_eq!(house.later(Duration::from_millis(1)), [silent]);

    let key = house.block_from(2);
    house.later(Duration::from_secs(1));
    house.admit(key, 2);
    assert_eq!(house.said(), ANSWER, "a device is answered at once");
    assert!(house.later(HELLO_DEADLINE - Duration::from_millis(1)).is_empty());
    assert_eq!(house.later(Duration::from_millis(1)), [key]);

    let (key, mut session) = house.introduced(3);
    let number = house.roll.find(device(3)).unwrap();
    for _ in 0..3 {
        assert!(house.later(IDLE - Duration::from_millis(1)).is_empty());
        let mut ping = Vec::new();
        session.ping(&mut ping).unwrap();
        house.shard.heard(key, &ping);
        assert!(house.said() > 0 && house.roll.is_online(number));
    }
    assert!(house.later(IDLE - Duration::from_millis(1)).is_empty());
    assert_eq!(house.later(Duration::from_millis(1)), [key]);
    assert!(!house.roll.is_online(number));
    assert_eq!(house.roll.presence(device(3)).transport, Some(Transport::Tcp));
}

#[test]
fn a_device_that_is_silent_because_it_hears_enough_is_asked_and_stays() {
    let mut house = house();
    let (key, mut session) = house.introduced(1);
    // Until it was asked often enough what it has.
    for _ in 0..20 {
        house.later(Duration::from_secs(10));
        let mut ping = Vec::new();
        session.ping(&mut ping).unwrap();
        house.shard.heard(key, &ping);
    }
    house.said();
    for _ in 0..4 {
        house.shard.tell_time(house.now + QUIET, 0);
        house.now += QUIET;
        house.shard.handle_timeout();
        assert_eq!(house.said(), 2 + 16, "one ping");
        assert!(house.later(Duration::from_secs(9)).is_empty());
        assert_eq!(house.said(), 0, "and no other before it is answered");
        let mut pong = Vec::new();
        session.pong(&mut pong, MessageId(0)).unwrap();
        house.shard.heard(key, &pong);
        assert!(house.shard.connections.get(key).is_some());
    }
    assert_eq!(house.later(IDLE), [key], "who does not answer is gone");
}

#[test]
fn a_device_that_begins_anew_says_anew_what_it_wants_to_hear() {
    let mut house = house();
    let (key, mut session) = house.introduced(1);
    let mut wish = Vec::new();
    let all =
        Subscription { prefix: "".into(), kind: SubscriptionKind::Text, mine: true, device: None };
    session.subscribe(&mut wish, &all).unwrap();
    house.shard.heard(key, &wish);
    assert!(house.shard.has_listeners());
    let (newer, _) = house.introduced(1);
    assert_eq!(house.closed(), [key]);
    assert!(house.shard.connections.get(newer).is_some() && !house.shard.has_listeners());
}
