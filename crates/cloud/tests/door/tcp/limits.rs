//! Slow senders, many who say nothing, and who never reads: bounded, and no trouble for others.

use super::device::{PATIENCE, connect, connected, id, is_closed, pinned};
use crate::node::Node;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, socket};
use pintle_cloud::device::AskError;
use pintle_cloud::event::{self, Source};
use pintle_protocol::tcp::Subscription;
use pintle_protocol::tcp::client::{Firmware, Heard};
use pintle_protocol::{Event, SubscriptionKind};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

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

#[test]
fn a_device_that_acknowledges_questions_and_never_answers_has_to_begin_anew() {
    let node = Node::start_with_tcp_and(Duration::from_millis(1));
    let mut device = connected(&node, 1, Firmware::PHOTON_2_3);
    let mut asked = 0;
    while node.gateway.presence(id(1)).online {
        let answer = node.runtime.block_on(node.gateway.call(id(1), "led", b""));
        if answer == Err(AskError::TimedOut) {
            asked += 1;
            let question = device.hear(|message, _| message.id);
            device.say(|session, out| session.acknowledge(out, question).unwrap());
        }
        assert!(asked <= 255, "there are no more tokens");
    }
    assert!(device.is_cut_off());
}

/// A connection from an address of this machine's own network.
fn connect_from(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None);
    let socket = socket.unwrap();
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0))).unwrap();
    nix::sys::socket::connect(socket.as_raw_fd(), &SockaddrIn::from(to)).unwrap();
    socket.into()
}

#[test]
fn thousands_half_open_from_many_addresses_keep_no_device_waiting() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    // Both ends are of this process. More than the door holds, where that is allowed.
    let count = usize::try_from(most / 2).unwrap().saturating_sub(1500).min(9000);
    let node = Node::start_with_tcp();
    let half_open: Vec<_> = (0..count)
        .map(|n| {
            let [.., high, low] = (n / 200 + 1).to_be_bytes();
            connect_from(Ipv4Addr::new(127, 9, high, low), node.tcp_address())
        })
        .collect();
    connected(&node, 1, Firmware::PHOTON_2_3);
    assert_eq!(node.tcp_count("waited"), 0);
    assert!(node.tcp_count("came") > half_open.len() as u64);
}
