//! One device, its key in the wrong hands, cannot disturb another; nor can a stranger.

use crate::device::{TestDevice, connected, id, socket};
use crate::node::{Node, new_key};
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::{from_device, reply};
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

fn ping(n: u16) -> Vec<u8> {
    let mut message = Vec::new();
    from_device::ping(&mut message, MessageId(n));
    message
}

#[test]
fn an_answer_goes_to_who_asked_also_when_a_record_behind_the_question_does_not_open() {
    let node = Node::start();
    let (mut one, mut other) = (connected(&node, 1), connected(&node, 2));
    let mut datagram = Vec::new();
    one.session.seal(&ping(4321), &mut datagram).unwrap();
    let record = datagram.clone();
    datagram.extend_from_slice(&record);
    one.socket.send_to(&datagram, one.cloud).unwrap();
    node.wait_for("replayed", 1);
    let asked = other.say(from_device::ping);
    let answer = other.hear();
    assert_eq!(Message::parse(&answer).unwrap().id, asked, "nothing of the other device's");
    assert!(one.find(|message| message.id.0 == 4321).is_some());
}

#[test]
fn p2_who_forges_in_the_name_of_an_address_silences_nobody_there() {
    let node = Node::start();
    let (one, mut other) = (connected(&node, 1), connected(&node, 2));
    let mut forged = one.sent.last().unwrap().clone();
    forged[10] = forged[10].wrapping_add(100);
    // The same address as both devices', as far as the cloud can see.
    let liar = socket();
    for _ in 0..600 {
        liar.send_to(&forged, one.cloud).unwrap();
        std::thread::yield_now();
    }
    node.wait_for("throttled", 1);
    assert!(other.ping());
    other.move_away();
    other.send_moved(&ping(99));
    assert!(other.find(|message| message.id.0 == 99).is_some(), "also from a new port");
}

#[test]
fn p1_a_session_under_a_replaced_key_that_waited_with_its_hello_is_over() {
    let (node, old) = (Node::start(), new_key());
    node.pin(id(1), &old);
    let mut device = TestDevice::shaken(&node, &old);
    node.pin(id(1), &new_key());
    assert_eq!(device.hear(), b"close_notify");
    device.say_hello(id(1));
    assert!(device.hears_nothing());
    assert!(!node.gateway.presence(id(1)).online);
}

#[test]
fn p1_a_handshake_that_showed_a_key_before_it_was_replaced_does_not_complete() {
    let (node, old) = (Node::start(), new_key());
    let (mut first, mut second) = (connected(&node, 2), connected(&node, 3));
    node.pin(id(1), &old);
    let (socket, cloud) = (socket(), node.address());
    let flight = last_flight(&node, &socket, &old);
    // The first record shows the key; the rest proves it.
    let shown = 13 + usize::from(u16::from_be_bytes([flight[11], flight[12]]));
    socket.send_to(&flight[..shown], cloud).unwrap();
    assert!(first.ping(), "what came before was heard");
    node.pin(id(1), &new_key());
    node.pin(id(3), &new_key());
    assert_eq!(second.hear(), b"close_notify", "so the first change was heard as well");
    socket.send_to(&flight[shown..], cloud).unwrap();
    node.wait_for("failed", 1);
    assert_eq!(node.count("completed"), 2);
}

/// Shakes hands up to the cloud's flight; the handshake that has yet to hear it, and the flight.
fn begun(node: &Node, socket: &UdpSocket, key: &[u8]) -> (Handshake<AwsLc>, Vec<u8>) {
    let key = AwsLc.signing_key_from_der(key).unwrap();
    let config = Arc::new(ClientConfig::new(AwsLc, key, node.public_key(), Offer::DeviceOs));
    let mut handshake = Handshake::start(config, Duration::ZERO).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ask = |hello: &[u8]| {
        let mut buffer = [0; 2048];
        socket.send_to(hello, node.address()).unwrap();
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    };
    let mut cookie = ask(&handshake.poll_transmit().unwrap());
    handshake.handle_datagram(Duration::ZERO, &mut cookie).unwrap();
    let flight = ask(&handshake.poll_transmit().unwrap());
    (handshake, flight)
}

/// Shakes hands up to the device's last flight, which is not sent.
fn last_flight(node: &Node, socket: &UdpSocket, key: &[u8]) -> Vec<u8> {
    let (mut handshake, mut flight) = begun(node, socket, key);
    handshake.handle_datagram(Duration::ZERO, &mut flight).unwrap();
    handshake.poll_transmit().unwrap()
}

#[test]
fn strangers_that_begin_handshakes_without_end_do_not_lock_devices_out() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    for _ in 0..4000 {
        if node.count("crowded") > 0 {
            break;
        }
        begun(&node, &socket(), &key);
    }
    assert!(node.count("crowded") > 0);
    assert!(TestDevice::connected(&node, id(1), &key).ping());
}

#[test]
fn p11_many_records_in_one_datagram_allow_no_more_than_its_size_does() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    device.move_away();
    let mut datagram = Vec::new();
    for n in 0..8 {
        device.session.seal_moved(&ping(100 + n), &mut datagram).unwrap();
    }
    device.socket.send_to(&datagram, device.cloud).unwrap();
    let came = device.bytes_under_pressure(&node);
    assert!(came <= 3 * datagram.len(), "{came} bytes came for {}", datagram.len());
}

#[test]
fn p11_an_answer_to_a_ping_at_another_address_proves_nothing_about_this_one() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    device.move_away();
    device.send_moved(&ping(100));
    let asked = loop {
        let bytes = device.hear();
        let message = Message::parse(&bytes).unwrap();
        if message.kind == Kind::Confirmable {
            break message.id;
        }
    };
    device.move_away();
    let mut answer = Vec::new();
    reply::ack_empty(&mut answer, asked);
    device.send_moved(&answer);
    let sent = device.sent.last().unwrap().len();
    node.wait_for("moved", 2);
    let came = device.bytes_under_pressure(&node);
    assert!(came <= 3 * sent, "{came} bytes came for {sent}");
}
