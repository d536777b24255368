//! Several shards, one roll: what one of them learns of a device holds for all.

use crate::device::{TestDevice, id};
use crate::node::{Node, new_key};
use pintle_cloud::door::Layout;
use pintle_protocol::coap::Message;
use pintle_protocol::reply;
use std::time::Duration;

/// So many devices that hardly ever all of them meet the same shard: the system picks it by their port.
const DEVICES: u8 = 12;

fn two_shards() -> Node {
    Node::start_on(Layout::new(2), Duration::from_secs(20))
}

#[test]
fn p1_a_changed_pin_ends_the_session_on_whichever_shard_it_lives() {
    let node = two_shards();
    let keys: Vec<_> = (0..DEVICES).map(|_| new_key()).collect();
    let mut devices = Vec::new();
    for (n, key) in (0..).zip(&keys) {
        node.pin(id(n), key);
        devices.push(TestDevice::connected(&node, id(n), key));
    }
    for (n, key) in (0..).zip(&keys) {
        // The same pin again ends nothing.
        node.pin(id(n), key);
    }
    for (n, device) in (0..).zip(&mut devices) {
        assert!(device.ping());
        node.pin(id(n), &new_key());
        assert_eq!(device.hear(), b"close_notify", "device {n}");
    }
    assert!(TestDevice::is_refused(&node, &keys[0]));
}

#[test]
fn a_device_that_shakes_hands_on_another_shard_keeps_one_session() {
    let mut node = two_shards();
    let key = new_key();
    node.pin(id(1), &key);
    for _ in 0..DEVICES {
        let mut device = TestDevice::connected(&node, id(1), &key);
        assert!(device.ping());
        assert!(node.gateway.presence(id(1)).online);
        let gateway = node.gateway.clone();
        let asked = node.runtime.spawn(async move { gateway.ping(id(1)).await });
        let ping = Message::parse(&device.hear()).unwrap().id;
        let mut answer = Vec::new();
        reply::ack_empty(&mut answer, ping);
        device.send(&answer);
        assert_eq!(node.runtime.block_on(asked).unwrap(), Ok(()));
    }
    assert_eq!(node.door.take().unwrap().close(), 1);
}
