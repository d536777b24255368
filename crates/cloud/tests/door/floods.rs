//! P11: floods. A million of anything costs the node time and no memory, and a device that is in is served all the
//! while. 50,000 here; `PINTLE_FLOOD` says another number (`cargo xtask test --full`: a million).

use crate::device::{TestDevice, connected};
use crate::node::{Node, new_key};
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many datagrams are on their way at most: what a socket's buffer holds for certain.
const BURST: usize = 64;

/// How many addresses the flood comes from.
const ADDRESSES: u8 = 200;

/// How much more memory the process may hold after a flood, in bytes.
const MOST_GROWTH: usize = 8 << 20;

fn flood_size() -> u64 {
    std::env::var("PINTLE_FLOOD").map_or(50_000, |text| text.parse().expect("a number"))
}

/// Sockets on addresses of their own, all of loopback.
fn attackers() -> Vec<UdpSocket> {
    let bind = |n| UdpSocket::bind((Ipv4Addr::new(127, 0, 66, n), 0)).unwrap();
    (1..=ADDRESSES).map(bind).collect()
}

fn client_hello(node: &Node) -> Vec<u8> {
    let key = AwsLc.signing_key_from_der(&new_key()).unwrap();
    let config = ClientConfig::new(AwsLc, key, node.public_key(), Offer::DeviceOs);
    Handshake::start(Arc::new(config), Duration::ZERO).unwrap().poll_transmit().unwrap()
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096 * statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
}

/// Sends datagrams until the node has dealt with so many, as `dealt_with` counts, never more at once than its socket
/// holds.
fn flood(until: u64, dealt_with: impl Fn() -> u64, mut send: impl FnMut()) {
    let deadline = Instant::now() + Duration::from_secs(200);
    let mut done = dealt_with();
    while done < until {
        assert!(Instant::now() < deadline, "the node does not keep up: {done} of {until}");
        (0..BURST).for_each(|_| send());
        let begun = done;
        // What was lost on the way is not waited for.
        for _ in 0..1000 {
            done = dealt_with();
            if done >= begun + BURST as u64 {
                break;
            }
            std::thread::yield_now();
        }
    }
}

/// Floods the node while a device pings all the time; how much memory that cost after the first tenth, which fills
/// what is of fixed size.
fn flood_beside(
    device: &mut TestDevice,
    dealt_with: impl Fn() -> u64 + Copy,
    mut send: impl FnMut(),
) -> usize {
    let over = AtomicBool::new(false);
    let size = flood_size();
    std::thread::scope(|scope| {
        let pings = scope.spawn(|| {
            let mut pings = 0;
            while !over.load(Ordering::Relaxed) {
                // A datagram may be lost where a socket is full: it is repeated, as devices do.
                assert!((0..3).any(|_| device.ping_within(Duration::from_secs(4))), "not served");
                pings += 1;
                device.sent.clear();
                device.received.clear();
            }
            pings
        });
        let begun = dealt_with();
        flood(begun + size / 10, dealt_with, &mut send);
        let before = resident_bytes();
        flood(begun + size, dealt_with, &mut send);
        let grown = resident_bytes().saturating_sub(before);
        over.store(true, Ordering::Relaxed);
        // Each was answered; how many there is time for is the machine's affair.
        assert!(pings.join().unwrap() > 0, "the device was served all the while");
        grown
    })
}

#[test]
fn p11_a_flood_of_hellos_without_a_cookie_costs_no_memory_and_keeps_no_device_waiting() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let (attackers, hello) = (attackers(), client_hello(&node));
    let mut turn = attackers.iter().cycle();
    let began = Instant::now();
    let grown = flood_beside(
        &mut device,
        || node.count("challenged"),
        || drop(turn.next().unwrap().send_to(&hello, node.address())),
    );
    println!("{} hellos in {:?}: {grown} bytes", node.count("challenged"), began.elapsed());
    assert!(grown < MOST_GROWTH, "the flood cost {grown} bytes");
    assert_eq!(node.count("began"), 1, "but for the device's no handshake began");
    assert!(device.ping());
}

#[test]
fn p11_a_flood_of_forged_records_with_valid_connection_ids_costs_no_memory_and_ends_no_session() {
    let node = Node::start();
    let mut devices: Vec<_> = (1..=8).map(|n| connected(&node, n)).collect();
    let attackers = attackers();
    let forged: Vec<_> = devices.iter().map(forged_by).collect();
    let mut turn = attackers.iter().cycle().zip(forged.iter().cycle());
    // At its own address a session hears everything: what comes from there is looked at, and never throttled.
    let home = devices[1].socket.try_clone().unwrap();
    let mut count = 0u64;
    let began = Instant::now();
    let (first, rest) = devices.split_first_mut().unwrap();
    let grown = flood_beside(
        first,
        || node.count("forged") + node.count("throttled"),
        || {
            count += 1;
            let (attacker, record) = turn.next().unwrap();
            let (from, what) =
                if count.is_multiple_of(8) { (&home, &forged[1]) } else { (attacker, record) };
            drop(from.send_to(what, node.address()));
        },
    );
    let (opened, throttled) = (node.count("forged"), node.count("throttled"));
    println!(
        "{opened} forged and {throttled} dropped unread in {:?}: {grown} bytes",
        began.elapsed()
    );
    assert!(grown < MOST_GROWTH, "the flood cost {grown} bytes");
    assert!(rest.iter_mut().all(TestDevice::ping), "every session goes on");
    assert_eq!(node.count("began"), 8);
}

/// A record as of this device, with a number that it will not come to: only its tag speaks against it.
fn forged_by(device: &TestDevice) -> Vec<u8> {
    let mut record = device.sent.last().unwrap().clone();
    record[7] = record[7].wrapping_add(1);
    record
}
