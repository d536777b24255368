//! One session a device, over both transports and over restarts.

use super::device::{TcpDevice, connected, id, pinned};
use crate::device as udp;
use crate::node::{Node, new_key};
use pintle_cloud::device::Transport;
use pintle_protocol::tcp::client::Firmware;

#[test]
fn the_newest_session_of_a_device_ends_the_older_one() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let mut older = TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_1_5);
    let mut newer = TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_1_5);
    assert!(older.is_cut_off());
    newer.say(|session, out| session.ping(out).unwrap());
    newer.hear(|_, _| {});
    assert!(node.gateway.presence(id(1)).online);
}

#[test]
fn a_device_that_changes_its_transport_has_one_session_and_is_asked_there() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let mut tcp = TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_2_3);
    let transport = || node.gateway.presence(id(1)).transport;
    assert_eq!(transport(), Some(Transport::Tcp));
    let key = new_key();
    node.pin(id(1), &key);
    assert!(tcp.is_cut_off(), "its key is another now");
    let _udp = udp::TestDevice::connected(&node, id(1), &key);
    assert_eq!((node.gateway.presence(id(1)).online, transport()), (true, Some(Transport::Udp)));
    node.pin_rsa(id(1), side.key.public());
    let _tcp = TcpDevice::connected(&node, id(1), &side, Firmware::PHOTON_2_3);
    assert_eq!((node.gateway.presence(id(1)).online, transport()), (true, Some(Transport::Tcp)));
}

#[test]
fn p3_nothing_of_a_session_is_accepted_after_a_restart_and_the_device_comes_back() {
    let mut node = Node::start_with_tcp();
    let mut device = connected(&node, 1, Firmware::PHOTON_2_3);
    let side = pinned(&node, 2);
    let mut other = TcpDevice::connected(&node, id(2), &side, Firmware::CORE);
    other.session.ping(&mut Vec::new()).unwrap();
    node.restart_both();
    assert!(device.is_cut_off() && other.is_cut_off());
    // On a new connection, the old session's frames are no handshake.
    let mut stream = super::device::connect(node.tcp_address());
    std::io::Read::read_exact(&mut stream, &mut [0; 40]).unwrap();
    std::io::Write::write_all(&mut stream, &[device.sent.as_slice(), &[0; 256]].concat()).unwrap();
    assert!(super::device::is_closed(&mut stream));
    TcpDevice::connected(&node, id(2), &side, Firmware::CORE);
    assert_eq!(node.tcp_count("completed"), 1);
}
