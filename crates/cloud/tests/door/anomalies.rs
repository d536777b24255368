//! P2 on UDP: what does not authenticate is dropped and counted; nobody outside can end a session.

use crate::device::{TestDevice, id};
use crate::node::{Node, new_key};

fn connected() -> (Node, TestDevice) {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let device = TestDevice::connected(&node, id(1), &key);
    (node, device)
}

/// The record with a number that was not seen yet, so that only its tag speaks against it.
fn unheard(record: &[u8]) -> Vec<u8> {
    let mut record = record.to_vec();
    record[10] = record[10].wrapping_add(100);
    record
}

#[test]
fn p2_forged_records_are_counted_and_end_nothing() {
    let (node, mut device) = connected();
    let genuine = unheard(device.sent.last().unwrap());
    // Every byte after the header with its connection ID: length, nonce, ciphertext, tag.
    for byte in 21..genuine.len() {
        let mut forged = genuine.clone();
        forged[byte] ^= 1;
        device.socket.send_to(&forged, device.cloud).unwrap();
    }
    node.wait_for("forged", (genuine.len() - 21) as u64);
    assert!(device.ping());
}

#[test]
fn p2_plaintext_alerts_and_resets_from_outside_end_nothing() {
    let (node, mut device) = connected();
    let close_notify = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0];
    let reset = [0x70, 0, 0, 1];
    for datagram in [&close_notify[..], &reset[..], &[0], &[]] {
        device.socket.send_to(datagram, device.cloud).unwrap();
    }
    assert!(device.ping());
    drop(node);
}

#[test]
fn p2_truncated_and_oversized_datagrams_end_nothing() {
    let (node, mut device) = connected();
    let genuine = device.sent.last().unwrap().clone();
    for length in 0..genuine.len() {
        device.socket.send_to(&genuine[..length], device.cloud).unwrap();
    }
    let mut long = genuine;
    long.resize(9000, 0x55);
    device.socket.send_to(&long, device.cloud).unwrap();
    assert!(device.ping());
    drop(node);
}

#[test]
fn a_message_that_is_no_coap_or_has_bad_options_ends_nothing() {
    let (node, mut device) = connected();
    device.send(b"\xff\xff\xff");
    // CON POST with an option length that runs past the end.
    device.send(&[0x40, 2, 0, 99, 0xbd, 0xff]);
    // CON POST /E with an unknown critical option.
    device.send(&[0x40, 2, 0, 98, 0xb1, b'E', 0x01, b'x', 0xe1, 0xff, 0x00, 0]);
    assert!(device.ping());
    assert!(node.count("malformed") >= 2);
}

#[test]
fn a_source_that_forges_without_end_is_throttled() {
    let (node, mut device) = connected();
    let forged = unheard(device.sent.last().unwrap());
    let other = std::net::UdpSocket::bind("127.0.0.2:0").unwrap();
    // On a busy machine a burst may take longer than the second that it is counted in.
    let burst = |_: &u32| {
        for _ in 0..600 {
            other.send_to(&forged, device.cloud).unwrap();
        }
        node.count("throttled") > 0
    };
    assert!((0..1000).find(burst).is_some());
    assert!(device.ping(), "the device, elsewhere, is not");
}

#[test]
fn a_probe_is_echoed_as_it_came() {
    let node = Node::start();
    let socket = crate::device::socket();
    let mut probe = vec![0xfc, 0xfe, 0xfd, 0x80, 1, 0, 0, 0, 1, 0, 1, 0, 4];
    probe.extend_from_slice(b"abcd");
    socket.send_to(&probe, node.address()).unwrap();
    let mut buffer = [0; 64];
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from), (probe.as_slice(), node.address()));
}
