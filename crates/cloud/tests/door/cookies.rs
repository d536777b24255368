//! P11: nothing before proof.

use crate::device::{TestDevice, id, socket};
use crate::node::{Node, new_key};
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use std::sync::Arc;
use std::time::Duration;

fn client_hello(node: &Node) -> Vec<u8> {
    let key = AwsLc.signing_key_from_der(&new_key()).unwrap();
    let config = ClientConfig::new(AwsLc, key, node.public_key(), Offer::DeviceOs);
    Handshake::start(Arc::new(config), Duration::ZERO).unwrap().poll_transmit().unwrap()
}

/// The pages of memory that this process holds.
fn resident_pages() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn p11_a_flood_of_client_hellos_from_many_ports_begins_no_handshake() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let hello = client_hello(&node);
    let mut challenged = 0;
    let mut resident = 0;
    for n in 0..4000 {
        if n == 1000 {
            // The first thousand fill buffers and tables of fixed size.
            resident = resident_pages();
        }
        let socket = socket();
        socket.send_to(&hello, node.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut answer = [0; 2048];
        let (length, _) = socket.recv_from(&mut answer).unwrap();
        assert!(length <= hello.len(), "{length} bytes answer {}", hello.len());
        challenged += 1;
    }
    assert_eq!(node.count("challenged"), challenged);
    assert_eq!(node.count("began"), 0, "no memory was spent on any of them");
    let grown = resident_pages().saturating_sub(resident);
    // A handshake each would be 30 MiB; other tests may run in this process.
    assert!(grown < 2048, "3000 hellos cost {grown} pages of memory");
    assert!(TestDevice::connected(&node, id(1), &key).ping(), "and a device still comes in");
}

#[test]
fn p11_a_cookie_is_good_for_its_own_address_only() {
    let node = Node::start();
    let (mine, theirs) = (socket(), socket());
    let key = AwsLc.signing_key_from_der(&new_key()).unwrap();
    let config = ClientConfig::new(AwsLc, key, node.public_key(), Offer::DeviceOs);
    let mut handshake = Handshake::start(Arc::new(config), Duration::ZERO).unwrap();
    mine.send_to(&handshake.poll_transmit().unwrap(), node.address()).unwrap();
    let mut answer = [0; 2048];
    let length = mine.recv(&mut answer).unwrap();
    handshake.handle_datagram(Duration::ZERO, &mut answer[..length]).unwrap();
    let with_cookie = handshake.poll_transmit().unwrap();
    theirs.send_to(&with_cookie, node.address()).unwrap();
    node.wait_for("challenged", 2);
    assert_eq!(node.count("began"), 0);
    mine.send_to(&with_cookie, node.address()).unwrap();
    node.wait_for("began", 1);
}

#[test]
fn p11_a_session_sends_little_to_a_new_address_until_a_ping_is_answered_there() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::connected(&node, id(1), &key);
    device.move_away();
    let mut ping = Vec::new();
    pintle_protocol::from_device::ping(&mut ping, pintle_protocol::coap::MessageId(77));
    device.send_moved(&ping);
    let moved = device.sent.last().unwrap().len();
    let came = device.bytes_under_pressure(&node);
    assert!(came <= 3 * moved, "{came} bytes came for {moved}");
}

#[test]
fn p11_records_with_a_forged_connection_id_touch_no_session() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::connected(&node, id(1), &key);
    let genuine = device.sent.last().unwrap().clone();
    for n in 0..500u64 {
        let mut forged = genuine.clone();
        forged[11..19].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        device.socket.send_to(&forged, device.cloud).unwrap();
    }
    node.wait_for("noise", 400);
    assert_eq!(node.count("forged"), 0);
    assert!(device.ping());
}
