//! Handshake messages in pieces, and the bounds on them.

use crate::pair::{Pair, Side, aws_pair, cloud, device, say};
use crate::wire_model::shred;
use pintle_dtls::client::{self, Offer};
use pintle_dtls::crypto::AwsLc;
use pintle_dtls::server::{Admission, CookieJar, DropReason, Handshake};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_handshake_in_tiny_pieces_completes() {
    for size in [1, 7, 50] {
        let jar = CookieJar::new([1; 32]);
        let now = Duration::ZERO;
        let mut client =
            client::Handshake::start(Arc::new(device(AwsLc, Offer::Standard)), now).unwrap();
        let hello = client.poll_transmit().unwrap();
        let Admission::Challenge(challenge) = jar.admit(b"x", &hello) else {
            panic!("not challenged")
        };
        client.handle_datagram(now, &mut challenge.as_bytes().to_vec()).unwrap();
        let hello = client.poll_transmit().unwrap();
        let Admission::Proven(proven) = jar.admit(b"x", &hello) else { panic!("not proven") };
        let mut server =
            Handshake::accept(Arc::new(cloud(AwsLc)), proven, crate::pair::CLOUD_ID, now).unwrap();
        for mut piece in shred(&server.poll_transmit().unwrap(), size) {
            client.handle_datagram(now, &mut piece).unwrap();
        }
        let flight = client.poll_transmit().unwrap();
        for mut piece in shred(&flight, size).into_iter().rev() {
            server.handle_datagram(now, &mut piece, &mut |_: &_| true).unwrap();
        }
        server.handle_datagram(now, &mut flight.clone(), &mut |_: &_| true).unwrap();
        assert!(server.is_complete());
        client.handle_datagram(now, &mut server.poll_transmit().unwrap()).unwrap();
        let (mut server, mut client) = (server.finish().unwrap().session, client.finish().unwrap());
        say(&mut client, &mut server, b"whole again");
    }
}

#[test]
fn p11_a_hello_in_pieces_is_not_kept() {
    let mut pair: Pair<AwsLc, AwsLc> = aws_pair(Offer::DeviceOs);
    let hello = pair.client.as_mut().unwrap().poll_transmit().unwrap();
    for piece in shred(&hello, 40) {
        let admission = pair.jar.admit(b"x", &piece);
        assert!(matches!(admission, Admission::Dropped(DropReason::Fragmented)));
    }
}

#[test]
fn a_message_longer_than_the_bound_is_never_assembled() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.meddle = Box::new(|_, to, datagram| {
        // The length of the device's Certificate claims 60,000 bytes.
        if to == Side::Cloud && datagram.get(13) == Some(&11) {
            datagram[14..17].copy_from_slice(&[0, 0xea, 0x60]);
        }
    });
    pair.run();
    assert!(pair.established.is_none());
    assert_eq!(pair.server_error, Some(pintle_dtls::HandshakeError::TimedOut));
}
