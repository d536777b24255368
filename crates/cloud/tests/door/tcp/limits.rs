//! Slow senders, many who say nothing, and who never reads: bounded, and no trouble for others.

use super::device::{PATIENCE, connect, connected, id, is_closed, pinned};
use crate::node::Node;
use pintle_cloud::event::{self, Source};
use pintle_protocol::tcp::Subscription;
use pintle_protocol::tcp::client::{Firmware, Heard};
use pintle_protocol::{Event, SubscriptionKind};
use std::io::Read;

#[test]
fn many_who_say_nothing_do_not_keep_a_device_out() {
    let node = Node::start_with_tcp();
    // More than one address may have shaking hands at once, and fewer than this process may have descriptors.
    let mut silent: Vec<_> = (0..300).map(|_| connect(node.tcp_address())).collect();
    node.wait_for_tcp("waited", 300 - 256);
    let side = pinned(&node, 1);
    let waits = std::thread::scope(|scope| {
        let device = scope.spawn(|| {
            super::device::TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_2_3)
        });
        // It waits for its turn behind the 44 others, until the first of all are given up.
        for stream in silent.iter_mut().take(60) {
            stream.read_exact(&mut [0; 40]).unwrap();
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
        device.join().unwrap()
    });
    drop(waits);
    assert_eq!(node.tcp_count("completed"), 1);
}

#[test]
fn who_never_reads_is_cut_off_and_keeps_nothing_from_others() {
    let node = Node::start_with_tcp();
    let wish = Subscription {
        prefix: "flood/".into(),
        kind: SubscriptionKind::Text,
        mine: true,
        device: None,
    };
    let mut deaf = connected(&node, 1, Firmware::PHOTON_3_3);
    let mut other = connected(&node, 2, Firmware::PHOTON_3_3);
    deaf.say(|session, out| session.subscribe(out, &wish).unwrap());
    deaf.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
    // What the kernel keeps for it is bounded, and so is what the door keeps.
    while node.tcp_count("choked") == 0 {
        node.bus.publish(event::Event {
            name: "flood/x".into(),
            data: vec![b'x'; 800],
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Api,
            owner: Some(node.owner),
        });
        std::thread::yield_now();
    }
    while node.gateway.presence(id(1)).online {
        std::thread::yield_now();
    }
    other.say(|session, out| session.ping(out).unwrap());
    other.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
}

#[test]
fn what_comes_after_a_block_ends_the_connection() {
    use std::io::Write;
    let node = Node::start_with_tcp();
    let mut stream = connect(node.tcp_address());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut [0; 40]).unwrap();
    stream.write_all(&[0; 300]).unwrap();
    assert!(is_closed(&mut stream));
    assert_eq!((node.tcp_count("failed"), node.tcp_count("unopened")), (0, 1));
}

#[test]
fn an_event_for_a_durable_consumer_is_kept_before_it_is_acknowledged() {
    let node = Node::start_with_tcp();
    let mut device = connected(&node, 1, Firmware::PHOTON_2_3);
    let event = Event { confirmable: true, ..Event::text("kept/temp", "21.5") };
    device.say(|session, out| session.event(out, &event).unwrap());
    device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
    let rows = node.outbox.waiting(9);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].event.source, Source::Unprotected(id(1)));
}
