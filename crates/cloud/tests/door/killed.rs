//! P3 and P4 over `kill -9`: the devices go on without a handshake, and nothing from before is heard again.

use crate::device::{TestDevice, id};
use crate::node::{Node, new_key};
use pintle_cloud::door::Layout;
use pintle_cloud::event::{Delivery, Filter};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::{Event, from_device, reply};
use std::collections::HashSet;
use std::time::Duration;

fn connected() -> (Node, TestDevice) {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let device = TestDevice::connected(&node, id(1), &key);
    (node, device)
}

fn event(number: u16, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    from_device::event(&mut bytes, MessageId(number), &Event::text(name, "1")).unwrap();
    bytes
}

/// Says something until the node, which asks whether the device is there, hears it.
fn says_until_heard(device: &mut TestDevice, message: &[u8]) {
    let id = MessageId(u16::from_be_bytes([message[2], message[3]]));
    let patience = Duration::from_millis(500);
    let heard = (0..10).any(|_| {
        device.send(message);
        device
            .find_within(patience, |answer| answer.kind == Kind::Acknowledgement && answer.id == id)
            .is_some()
    });
    assert!(heard, "the session does not go on");
}

#[test]
fn p3_a_killed_node_goes_on_without_a_handshake() {
    let (mut node, mut device) = connected();
    assert!(device.ping());
    node.kill();
    says_until_heard(&mut device, &event(700, "after"));
    assert_eq!((node.count("began"), node.count("unheld")), (0, 1));
    node.kill();
    says_until_heard(&mut device, &event(701, "after"));
    assert_eq!(node.count("began"), 0);
}

#[test]
fn p3_nothing_is_heard_after_a_kill_before_the_device_answered_a_fresh_ping() {
    let (mut node, mut device) = connected();
    node.kill();
    let mut stream =
        node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: "held".into() });
    for number in 0..5 {
        device.send(&event(800 + number, "held"));
    }
    node.wait_for("held", 5);
    says_until_heard(&mut device, &event(900, "held/after"));
    let heard = node.runtime.block_on(stream.next()).unwrap();
    let Delivery::Event(heard) = heard else { panic!("{heard:?}") };
    assert_eq!(heard.name, "held/after");
}

#[test]
fn p3_every_datagram_from_before_a_kill_is_refused_after_it() {
    let (mut node, mut device) = connected();
    for number in 0..5 {
        says_until_heard(&mut device, &event(600 + number, "before"));
    }
    let before = device.sent.clone();
    node.kill();
    says_until_heard(&mut device, &event(700, "after"));
    let mut stream =
        node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: String::new() });
    for datagram in &before {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    node.wait_for("replayed", before.len() as u64);
    says_until_heard(&mut device, &event(701, "last"));
    let heard = node.runtime.block_on(stream.next()).unwrap();
    let Delivery::Event(heard) = heard else { panic!("{heard:?}") };
    assert_eq!(heard.name, "last");
}

#[test]
fn p3_an_event_repeated_in_a_new_record_over_a_kill_is_published_once() {
    let (mut node, mut device) = connected();
    says_until_heard(&mut device, &event(900, "once"));
    node.kill();
    let mut stream =
        node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: "o".into() });
    says_until_heard(&mut device, &event(900, "once"));
    says_until_heard(&mut device, &event(901, "other"));
    let heard = node.runtime.block_on(stream.next()).unwrap();
    let Delivery::Event(heard) = heard else { panic!("{heard:?}") };
    assert_eq!(heard.name, "other");
}

#[test]
fn p4_no_nonce_is_used_twice_over_kills() {
    let (mut node, mut device) = connected();
    let mut nonces = HashSet::new();
    for round in 0..4 {
        for number in 0..3 {
            says_until_heard(&mut device, &event(100 * round + number, "x"));
        }
        node.kill();
    }
    for datagram in device.received.iter().filter(|datagram| datagram[0] == 23) {
        assert!(nonces.insert(datagram[13..21].to_vec()), "a nonce came twice");
    }
    assert!(nonces.len() > 12);
}

#[test]
fn an_event_acknowledged_to_a_durable_consumer_outlives_a_kill_until_it_is_taken() {
    let (mut node, mut device) = connected();
    says_until_heard(&mut device, &event(500, "kept/one"));
    says_until_heard(&mut device, &event(501, "lost/two"));
    let names = |node: &Node| -> Vec<_> {
        node.outbox.waiting(9).iter().map(|row| row.event.name.clone()).collect()
    };
    assert_eq!(names(&node), ["kept/one"]);
    node.kill();
    assert_eq!(names(&node), ["kept/one"]);
    let row = node.outbox.waiting(1).remove(0);
    assert_eq!((row.event.data.as_slice(), row.event.owner), (b"1".as_slice(), Some(node.owner)));
    node.take(row.number);
    says_until_heard(&mut device, &event(502, "kept/three"));
    assert_eq!(names(&node), ["kept/three"]);
    node.kill();
    assert_eq!(names(&node), ["kept/three"]);
}

#[test]
fn p3_an_older_copy_of_the_journal_is_not_believed_to_have_ended_cleanly() {
    let (mut node, mut device) = connected();
    assert!(device.ping());
    node.restart();
    assert!(device.ping());
    let copy = node.copy_of_journal();
    says_until_heard(&mut device, &event(900, "once"));
    node.restart_with_journal(&copy);
    let before = device.sent.clone();
    for datagram in &before {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    node.wait_for("held", 1);
    says_until_heard(&mut device, &event(901, "other"));
    assert_eq!(node.count("began"), 0);
}

#[test]
fn p3_a_change_of_cores_over_a_kill_strands_nobody() {
    let mut node = Node::start_on(Layout::new(3), Duration::from_secs(20));
    let mut devices: Vec<_> = (1..=8).map(|n| crate::device::connected(&node, n)).collect();
    for (kill, shards) in [(true, 1), (false, 2), (true, 4), (false, 3)] {
        node.layout = Layout::new(shards);
        if kill {
            node.kill();
        } else {
            assert_eq!(node.restart(), devices.len(), "on {shards} shards");
        }
        for (number, device) in (0..).zip(&mut devices) {
            let id = 1000 * u16::from(shards) + number;
            says_until_heard(device, &event(id, "after"));
        }
        assert_eq!(node.count("began"), 0, "on {shards} shards");
    }
}

#[test]
fn p3_a_session_held_after_a_kill_is_held_again_after_a_clean_stop_and_no_other_is() {
    let mut node = Node::start();
    let mut there = crate::device::connected(&node, 1);
    let mut away = crate::device::connected(&node, 2);
    node.kill();
    says_until_heard(&mut there, &event(700, "x"));
    node.restart();
    says_until_heard(&mut there, &event(701, "x"));
    assert_eq!(node.count("held"), 0, "it answered before the stop");
    away.send(&event(702, "x"));
    node.wait_for("held", 1);
    says_until_heard(&mut away, &event(703, "x"));
    node.restart();
    says_until_heard(&mut away, &event(704, "x"));
    assert_eq!((node.count("held"), node.count("began")), (0, 0));
}

#[test]
fn p11_a_device_that_tries_out_ids_proves_nothing() {
    let (mut node, mut device) = connected();
    node.kill();
    device.send(&event(700, "x"));
    let ping = Message::parse(&device.hear()).unwrap().id;
    for guess in 1..=9 {
        let mut answer = Vec::new();
        reply::ack_empty(&mut answer, MessageId(ping.0.wrapping_add(guess)));
        device.send(&answer);
    }
    let mut answer = Vec::new();
    reply::ack_empty(&mut answer, ping);
    device.send(&answer);
    let again = Message::parse(&device.hear()).unwrap().id;
    assert_ne!(again, ping, "it is asked with another id");
    assert_eq!(node.count("unheld"), 0, "the old one is worth nothing any more");
    let mut answer = Vec::new();
    reply::ack_empty(&mut answer, again);
    device.send(&answer);
    says_until_heard(&mut device, &event(701, "x"));
}
