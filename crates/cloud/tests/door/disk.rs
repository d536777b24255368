//! The journal's disk fails under a running node: it is full, read-only or slow. What waits for it waits, what
//! needs no disk goes on, and when the disk is mended everything goes on by itself.

use crate::device::{TestDevice, connected, id, shake, socket};
use crate::node::{Node, new_key};
use pintle_cloud::journal::simulated::SimulatedDisk;
use pintle_dtls::client::Offer;
use pintle_protocol::coap::{Kind, MessageId};
use pintle_protocol::{Event, from_device};
use std::time::Duration;

const FAILURES: [(&str, Failure); 3] = [
    ("full", |disk, on| if on { disk.limit(disk.bytes()) } else { disk.unlimit() }),
    ("read-only", SimulatedDisk::set_read_only),
    ("slow", |disk, on| if on { disk.stall() } else { disk.release() }),
];

type Failure = fn(&SimulatedDisk, bool);

fn event(number: u16, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    from_device::event(&mut bytes, MessageId(number), &Event::text(name, "1")).unwrap();
    bytes
}

/// Whether the cloud acknowledges message `number`, which the device repeats as devices do.
fn acknowledged(device: &mut TestDevice, number: u16, message: &[u8], tries: usize) -> bool {
    let patience = Duration::from_millis(300);
    (0..tries).any(|_| {
        device.send(message);
        let wanted = MessageId(number);
        let is_it = |answer: &pintle_protocol::coap::Message<'_>| {
            answer.kind == Kind::Acknowledgement && answer.id == wanted
        };
        device.find_within(patience, is_it).is_some()
    })
}

fn names(node: &Node) -> Vec<String> {
    node.outbox.waiting(100).iter().map(|row| row.event.name.clone()).collect()
}

#[test]
fn p3_nothing_is_acknowledged_while_the_disk_fails_and_all_of_it_when_it_is_mended() {
    for (what, fail) in FAILURES {
        let (disk, node) = node();
        let _mend = Mend(disk.clone());
        let mut device = connected(&node, 1);
        assert!(acknowledged(&mut device, 500, &event(500, "kept/before"), 3), "{what}");
        fail(&disk, true);
        let during = event(501, "kept/during");
        assert!(
            !acknowledged(&mut device, 501, &during, 3),
            "{what}: acknowledged and not durable"
        );
        assert_eq!(names(&node), ["kept/before"], "{what}");
        assert!(device.ping(), "{what}: what needs no disk goes on");
        fail(&disk, false);
        assert!(acknowledged(&mut device, 501, &during, 20), "{what}: it does not recover");
        assert_eq!(names(&node), ["kept/before", "kept/during"], "{what}: once, and none is lost");
        assert_eq!(node.count("began"), 1, "{what}: the session went on");
    }
}

#[test]
fn a_question_to_a_device_is_answered_while_the_disk_fails() {
    for (what, fail) in FAILURES {
        let (disk, node) = node();
        let _mend = Mend(disk.clone());
        let mut device = connected(&node, 1);
        fail(&disk, true);
        for _ in 0..20 {
            let gateway = node.gateway.clone();
            let asked = node.runtime.spawn(async move { gateway.ping(id(1)).await });
            while !asked.is_finished() {
                // Answers what it is asked.
                device.find_within(Duration::from_millis(20), |_| false);
            }
            assert!(node.runtime.block_on(asked).unwrap().is_ok(), "{what}");
        }
        fail(&disk, false);
    }
}

#[test]
fn p11_a_node_whose_disk_refuses_begins_no_handshakes_until_it_is_mended() {
    for (what, fail) in &FAILURES[..2] {
        let (disk, node) = node();
        let _mend = Mend(disk.clone());
        let mut device = connected(&node, 1);
        let key = new_key();
        node.pin(id(2), &key);
        fail(&disk, true);
        assert!(!acknowledged(&mut device, 501, &event(501, "x"), 2), "{what}");
        let shakes = |patience| {
            let (from, cloud) = (socket(), node.address());
            shake(&from, patience, cloud, &key, node.public_key(), Offer::DeviceOs).is_some()
        };
        assert!(!shakes(Duration::from_millis(300)), "{what}");
        assert_eq!((node.count("began"), node.count("stalled") > 0), (1, true), "{what}");
        fail(&disk, false);
        assert!((0..50).any(|_| shakes(Duration::from_millis(300))), "{what}: it does not recover");
    }
}

#[test]
fn p11_what_one_device_says_to_a_slow_disk_is_bounded() {
    let (disk, node) = node();
    let mut device = connected(&node, 1);
    let _mend = Mend(disk.clone());
    disk.stall();
    let before = resident_bytes();
    let data = "x".repeat(900);
    for number in 1000..4000 {
        let mut bytes = Vec::new();
        let event = Event::text("kept/much", &data);
        from_device::event(&mut bytes, MessageId(number), &event).unwrap();
        device.send(&bytes);
        if number % 64 == 0 {
            assert!(device.ping(), "it is served still");
            device.sent.clear();
            device.received.clear();
        }
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "what waits costs {grown} bytes");
    disk.release();
    assert!(device.ping());
    assert_eq!(node.count("began"), 1);
}

/// A node, and the disk that its journals are on.
fn node() -> (SimulatedDisk, Node) {
    let disk = SimulatedDisk::new();
    let node = Node::start_with_disk(&disk);
    (disk, node)
}

/// Mends the disk when the test ends, so that the node can end too.
struct Mend(SimulatedDisk);

impl Drop for Mend {
    fn drop(&mut self) {
        FAILURES.iter().for_each(|(_, fail)| fail(&self.0, false));
    }
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096 * statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
}
