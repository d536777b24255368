//! A whole fleet comes back at once after a restart. How long that takes depends on the machine: figures come from the
//! benchmarks; here it is that all of them do.

use super::device::{TcpDevice, id, pinned};
use crate::node::Node;
use pintle_protocol::tcp::client::Firmware;

#[test]
fn a_fleet_comes_back_after_a_restart_from_one_address_and_nobody_is_turned_away() {
    const THREADS: u8 = 4;
    const EACH: usize = 50;
    let mut node = Node::start_with_tcp();
    let sides: Vec<_> = (1..=THREADS).map(|n| pinned(&node, n)).collect();
    node.restart_both();
    std::thread::scope(|scope| {
        for (n, side) in (1..).zip(&sides) {
            let node = &node;
            scope.spawn(move || {
                // One device again and again: each time its newest session is its only one.
                let mut last = None;
                for _ in 0..EACH {
                    last = Some(TcpDevice::shaken(node, id(n), side, Firmware::PHOTON_2_3));
                }
                let mut last = last.unwrap();
                last.say_hello();
                last.hear(|_, _| {});
            });
        }
    });
    let shaken = u64::from(THREADS) * EACH as u64;
    assert_eq!(node.tcp_count("completed"), shaken);
    assert_eq!((node.tcp_count("failed"), node.tcp_count("crowded")), (0, 0));
    (1..=THREADS).for_each(|n| assert!(node.gateway.presence(id(n)).transport.is_some()));
}
