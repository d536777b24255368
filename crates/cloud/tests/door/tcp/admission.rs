//! Who is let in over TCP, and that everybody else hears nothing, whatever was wrong (promise P1).

use super::cloud_key;
use super::device::{TcpDevice, connect, connected, id, is_closed, pinned, shake};
use crate::node::Node;
use pintle_cloud::door::VERDICT_AFTER;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::DeviceRsa;
use pintle_protocol::tcp::client::Firmware;
use pintle_rsa::{DeviceKey, DeviceSide};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Reads the nonce.
fn greeted(stream: &mut TcpStream) -> [u8; 40] {
    let mut nonce = [0; 40];
    stream.read_exact(&mut nonce).unwrap();
    nonce
}

fn claim(nonce: &[u8], id: DeviceId, spki: &[u8]) -> [u8; 214] {
    [nonce, id.as_bytes(), spki].concat().try_into().unwrap()
}

#[test]
fn p1_whatever_is_wrong_with_a_block_its_connection_ends_at_the_same_moment_and_in_silence() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let other = DeviceSide { key: DeviceKey::generate().unwrap(), cloud: cloud_key() };
    type Wrong<'a> = &'a dyn Fn(&[u8; 40]) -> [u8; 256];
    let own = side.key.public().as_spki();
    let wrongs: [(&str, Wrong<'_>); 7] = [
        ("an unknown id", &|nonce| side.seal_block(&claim(nonce, id(9), own)).unwrap()),
        ("a key of its own", &|nonce| {
            other.seal_block(&claim(nonce, id(1), other.key.public().as_spki())).unwrap()
        }),
        ("another nonce", &|_| side.seal_block(&claim(&[7; 40], id(1), own)).unwrap()),
        ("no key at all", &|nonce| side.seal_block(&claim(nonce, id(1), &[0; 162])).unwrap()),
        ("no padding", &|_| [0x55; 256]),
        ("no number below the modulus", &|_| [0xff; 256]),
        ("nothing", &|_| [0; 256]),
    ];
    let sent: Vec<_> = wrongs
        .iter()
        .map(|(name, wrong)| {
            let mut stream = connect(node.tcp_address());
            let block = wrong(&greeted(&mut stream));
            // What waits for an answer must not be told apart from what does not.
            stream.write_all(&block).unwrap();
            (name, stream, Instant::now())
        })
        .collect();
    for (name, mut stream, at) in sent {
        assert!(is_closed(&mut stream), "{name}");
        // Not before its time. How long after is up to the machine; on virtual time the moment is exact.
        assert!(at.elapsed() + Duration::from_millis(200) >= VERDICT_AFTER, "{name}");
    }
    assert_eq!((node.tcp_count("failed"), node.tcp_count("completed")), (7, 0));
    // Only of those who said who they are, in a block made for this connection, is there something to write down.
    // It is written down after the connections are closed.
    let history: Vec<_> =
        node.history_with_refusals(2).into_iter().map(|entry| (entry.what, entry.device)).collect();
    assert!(history.contains(&("refused-unpinned".into(), Some(id(9)))), "{history:?}");
    assert!(history.contains(&("refused-wrong-id".into(), Some(id(1)))), "{history:?}");
    assert_eq!(history.iter().filter(|(what, _)| what.starts_with("refused")).count(), 2);
    // And the device that all of them hoped to be is let in.
    TcpDevice::connected(&node, id(1), &side, Firmware::CORE);
}

#[test]
fn a_block_may_come_byte_by_byte_and_so_may_frames() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let mut stream = connect(node.tcp_address());
    let nonce = greeted(&mut stream);
    let block = side.seal_block(&claim(&nonce, id(1), side.key.public().as_spki())).unwrap();
    for byte in block {
        stream.write_all(&[byte]).unwrap();
    }
    stream.read_exact(&mut [0; 384]).unwrap();
    let mut device = connected(&node, 2, Firmware::PHOTON_2_3);
    let mut frames = Vec::new();
    device.session.ping(&mut frames).unwrap();
    device.session.time(&mut frames).unwrap();
    for byte in frames {
        device.send(&[byte]);
    }
    device.hear(|_, _| {});
    device.hear(|_, heard| {
        assert!(matches!(heard, pintle_protocol::tcp::client::Heard::Time(_)), "{heard:?}");
    });
}

#[test]
fn p1_a_device_that_has_leave_is_pinned_with_the_key_it_comes_with_once() {
    let node = Node::start_with_tcp();
    let side = || DeviceSide { key: DeviceKey::generate().unwrap(), cloud: cloud_key() };
    let (first, second) = (side(), side());
    let enrolment = node.tcp.as_ref().unwrap().enrolment.clone();
    assert!(enrolment.allow(id(1), Instant::now(), Duration::from_secs(60)));
    let device = TcpDevice::connected(&node, id(1), &first, Firmware::PHOTON_1_5);
    assert_eq!(node.tcp_count("enrolled"), 1);
    drop(device);
    let mut stream = connect(node.tcp_address());
    assert!(shake(&mut stream, id(1), &second).is_none(), "another key is another device");
    TcpDevice::connected(&node, id(1), &first, Firmware::PHOTON_1_5);
    // Nobody else has leave.
    let mut stream = connect(node.tcp_address());
    assert!(shake(&mut stream, id(2), &second).is_none());
}

#[test]
fn p1_a_changed_pin_ends_the_session_at_once() {
    let node = Node::start_with_tcp();
    let mut device = connected(&node, 1, Firmware::PHOTON_3_3);
    let mut fresh = TcpDevice::shaken(&node, id(2), &pinned(&node, 2), Firmware::CORE);
    let other = DeviceKey::generate().unwrap();
    node.pin_rsa(id(1), other.public());
    assert!(device.is_cut_off());
    let other = DeviceKey::generate().unwrap();
    node.pin_rsa(id(2), other.public());
    assert!(fresh.is_cut_off(), "one that has yet to say hello, too");
}

#[test]
fn whoever_cannot_read_the_answer_has_no_session() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let mut real = TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_2_3);
    // Somebody who knows id and public key, and not the private key.
    let mut stream = connect(node.tcp_address());
    let nonce = greeted(&mut stream);
    let block = side.seal_block(&claim(&nonce, id(1), side.key.public().as_spki())).unwrap();
    stream.write_all(&block).unwrap();
    stream.read_exact(&mut [0; 384]).unwrap();
    stream.write_all(&[0, 16]).unwrap();
    stream.write_all(&[0x42; 16]).unwrap();
    assert!(is_closed(&mut stream));
    real.say(|session, out| session.ping(out).unwrap());
    real.hear(|_, _| {});
    assert!(node.gateway.presence(id(1)).online, "the device kept its session");
}
