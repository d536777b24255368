//! P3 and P4 over a restart: the session goes on, what was said before is not heard again.

use crate::device::{TestDevice, id};
use crate::node::{Node, new_key};
use pintle_cloud::event::{Delivery, Filter};
use pintle_protocol::coap::Kind;
use pintle_protocol::{Event, from_device};
use std::time::Duration;

fn connected() -> (Node, TestDevice) {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let device = TestDevice::connected(&node, id(1), &key);
    (node, device)
}

fn ping() -> Vec<u8> {
    let mut message = Vec::new();
    from_device::ping(&mut message, pintle_protocol::coap::MessageId(4321));
    message
}

#[test]
fn p3_a_restart_keeps_the_session_and_rejects_every_record_from_before() {
    let (mut node, mut device) = connected();
    for _ in 0..5 {
        assert!(device.ping());
    }
    assert_eq!(node.restart(), 1);
    assert!(device.ping(), "the session goes on");
    assert_eq!(node.count("began"), 0, "without a handshake");
    let before = device.sent.clone();
    for datagram in &before {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    node.wait_for("replayed", before.len() as u64);
    let patience = Duration::from_millis(500);
    let answered = device.find_within(patience, |message| message.kind == Kind::Acknowledgement);
    assert!(answered.is_none(), "none of them is answered");
    assert!(device.ping());
}

#[test]
fn p3_a_restart_rejects_old_records_also_when_they_come_first() {
    let (mut node, mut device) = connected();
    assert!(device.ping());
    node.restart();
    for datagram in &device.sent.clone() {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    node.wait_for("replayed", device.sent.len() as u64);
    assert!(device.ping());
}

#[test]
fn p3_a_device_on_a_new_port_goes_on_and_old_records_do_not_pull_it_back() {
    let (node, mut device) = connected();
    let old = device.socket.try_clone().unwrap();
    let before = device.sent.clone();
    device.move_away();
    device.send_moved(&ping());
    assert!(device.find(|message| message.id.0 == 4321).is_some());
    assert_eq!(node.count("moved"), 1);
    for datagram in &before {
        old.send_to(datagram, device.cloud).unwrap();
    }
    node.wait_for("replayed", before.len() as u64);
    assert!(device.ping(), "answers still come to the new port");
    assert_eq!(node.count("moved"), 1);
    assert_eq!(node.count("began"), 1);
}

#[test]
fn p3_a_restart_and_a_new_port_at_once_need_no_handshake() {
    let (mut node, mut device) = connected();
    node.restart();
    device.move_away();
    device.send_moved(&ping());
    assert!(device.find(|message| message.id.0 == 4321).is_some());
    assert!(device.ping());
    assert_eq!(node.count("began"), 0);
}

#[test]
fn p3_an_event_repeated_in_a_new_record_over_a_restart_is_published_once() {
    let (mut node, mut device) = connected();
    let mut event = Vec::new();
    let id = pintle_protocol::coap::MessageId(900);
    from_device::event(&mut event, id, &Event::text("once", "1")).unwrap();
    device.send(&event);
    assert!(device.find(|message| message.id == id).is_some());
    node.restart();
    let mut stream =
        node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: "o".into() });
    // The device did not hear the acknowledgement: it says the same again, in a record of its own.
    device.send(&event);
    assert!(device.find(|message| message.id == id).is_some(), "it is acknowledged again");
    device.say(|out, id| from_device::event(out, id, &Event::text("other", "2")).unwrap());
    let heard = node.runtime.block_on(stream.next()).unwrap();
    let Delivery::Event(heard) = heard else { panic!("{heard:?}") };
    assert_eq!(heard.name, "other");
}

#[test]
fn p3_a_copy_of_the_folder_does_not_take_up_its_sessions() {
    let (mut node, mut device) = connected();
    assert!(device.ping());
    // What a restored backup or a cloned machine is told apart by.
    node.incarnation = [2; 32];
    assert_eq!(node.restart(), 1);
    device.say(from_device::ping);
    assert!(device.hears_nothing(), "the device has to shake hands");
    for datagram in &device.sent.clone() {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    assert!(device.hears_nothing());
}

#[test]
fn p4_no_nonce_is_used_twice_over_a_restart() {
    let (mut node, mut device) = connected();
    let mut nonces = std::collections::HashSet::new();
    let mut listen = |device: &mut TestDevice| {
        for _ in 0..3 {
            device.say(from_device::ping);
            let mut datagram = [0; 256];
            device.socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
            let length = device.socket.recv(&mut datagram).unwrap();
            // Header 13 bytes, then the explicit nonce.
            assert!(length > 21 && nonces.insert(datagram[13..21].to_vec()), "a nonce came twice");
        }
    };
    listen(&mut device);
    node.restart();
    listen(&mut device);
    node.restart();
    listen(&mut device);
}

#[test]
fn p5_a_session_lies_sealed_in_the_journal() {
    let (mut node, mut device) = connected();
    let exported = device.session.export();
    node.door.take().unwrap().close();
    let bytes = node.journal_bytes();
    assert!(bytes.len() > 200, "there is a session in the journal");
    // Both ends hold the same two keys; no 16 bytes of the device's export may lie in the open.
    let leaked =
        exported.as_bytes().windows(16).filter(|window| window.iter().any(|byte| *byte != 0));
    for window in leaked {
        assert!(
            !bytes.windows(16).any(|stored| stored == window),
            "key material lies in the journal"
        );
    }
    assert!(device.hears_nothing());
}
