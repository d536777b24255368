//! What a peer does not read, on real sockets.

use super::*;
use crate::device::Mailbox;

/// A listener's sockets, one connection that is let in, and the peer's end of it.
fn connected() -> (Sockets, Key, TcpStream) {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (_mailbox, _commands, bell) = Mailbox::new().unwrap();
    let mut sockets = Sockets::new(listener, &*bell).unwrap();
    let key = Key::unpack(3);
    let stream = loop {
        if let Some((stream, _)) = sockets.accept().unwrap() {
            break stream;
        }
        sockets.wait(1000, &mut Vec::new());
    };
    sockets.add(key, stream).unwrap();
    (sockets, key, peer)
}

#[test]
fn whoever_sends_learns_when_a_peer_is_behind_and_when_there_is_room_again() {
    let (mut sockets, key, mut peer) = connected();
    let burst = vec![7; 8 << 10];
    let mut sent = burst.len();
    while sockets.send(key, &burst) == Sent::Taken {
        sent += burst.len();
        assert!(sent < 64 << 20, "the system cannot keep all of this");
    }
    // A sender that stops now lost nothing, and nothing is cut off.
    let (mut events, mut buffer, mut read) = (Vec::new(), vec![0; 64 << 10], 0);
    peer.set_nonblocking(true).unwrap();
    while read < sent {
        match peer.read(&mut buffer) {
            Ok(count) => read += count,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                sockets.wait(1000, &mut events);
                assert!(events.contains(&Event::Room(key)));
                assert_ne!(sockets.go_on(key), Sent::Gone);
            }
        }
    }
    assert_eq!((read, sockets.send(key, b"x")), (sent, Sent::Taken));
}

#[test]
fn a_peer_that_reads_nothing_is_cut_off_where_a_sender_does_not_stop() {
    let (mut sockets, key, _peer) = connected();
    let burst = vec![7; 8 << 10];
    let mut waits = 0;
    loop {
        match sockets.send(key, &burst) {
            Sent::Taken => assert_eq!(waits, 0),
            Sent::Waits => waits += 1,
            Sent::Choked => break,
            Sent::Gone => panic!("the peer is there"),
        }
    }
    assert!((1..=MOST_UNSENT / burst.len()).contains(&waits), "{waits}");
}
