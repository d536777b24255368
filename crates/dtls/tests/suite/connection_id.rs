//! Connection IDs: Device OS's and RFC 9146's, in both directions, and routing by them.

use crate::pair::{CLOUD_ID, Pair, aws_pair, cloud, device, hear, refusal, say};
use pintle_dtls::client::Offer;
use pintle_dtls::crypto::AwsLc;
use pintle_dtls::{
    ConnectionId, Dialect, OpenError, PeerConnectionId, Role, Session, connection_id_of,
};

const DEVICE_ID: ConnectionId = ConnectionId::new([9, 8, 7, 6, 5, 4, 3, 2]);

#[test]
fn a_device_puts_the_clouds_id_on_its_records_and_the_cloud_puts_none() {
    for offer in [Offer::DeviceOs, Offer::Standard] {
        let (mut server, mut client) = aws_pair(offer).sessions();
        let mut datagram = vec![];
        client.seal(b"up", &mut datagram).unwrap();
        assert_eq!(connection_id_of(&datagram), Some(CLOUD_ID));
        assert_eq!(hear(&mut server, &mut datagram), b"up");
        datagram.clear();
        server.seal(b"down", &mut datagram).unwrap();
        assert_eq!(connection_id_of(&datagram), None);
        assert_eq!(hear(&mut client, &mut datagram), b"down");
    }
}

#[test]
fn a_standard_device_may_have_an_id_of_its_own() {
    let config = device(AwsLc, Offer::Standard).with_connection_id(DEVICE_ID);
    let (mut server, mut client) = Pair::new(cloud(AwsLc), config).sessions();
    let mut datagram = vec![];
    server.seal(b"down", &mut datagram).unwrap();
    assert_eq!(connection_id_of(&datagram), Some(DEVICE_ID));
    assert_eq!(hear(&mut client, &mut datagram), b"down");
    say(&mut client, &mut server, b"up");
}

#[test]
fn ids_of_every_length_that_fits_are_honoured() {
    for length in 0..=PeerConnectionId::MAX_LENGTH {
        let id = PeerConnectionId::new(&vec![7; length]).unwrap();
        let none = PeerConnectionId::NONE;
        let (dialect, secret) = (Dialect::Rfc9146, [1; 48]);
        let mut server = Session::from_master_secret(
            Role::Server,
            dialect,
            &secret,
            &[2; 32],
            &[3; 32],
            Some(CLOUD_ID),
            id,
            [0; 4],
        );
        let mut datagram = vec![];
        server.seal(b"text", &mut datagram).unwrap();
        assert_eq!(datagram[0], if length == 0 { 23 } else { 25 });
        assert_eq!(datagram[11..11 + length], vec![7; length]);
        if length == 8 {
            let mine = ConnectionId::new([7; 8]);
            let mut client = Session::from_master_secret(
                Role::Client,
                dialect,
                &secret,
                &[2; 32],
                &[3; 32],
                Some(mine),
                none,
                [0; 4],
            );
            assert_eq!(hear(&mut client, &mut datagram), b"text");
        }
    }
}

#[test]
fn a_record_with_another_id_or_none_is_not_of_this_session() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    client.seal(b"up", &mut datagram).unwrap();
    let mut other = datagram.clone();
    other[18] ^= 1;
    assert_eq!(refusal(&mut server, &mut other), OpenError::NotForSession);
    datagram.drain(11..19);
    datagram[0] = 23;
    assert_eq!(refusal(&mut server, &mut datagram), OpenError::NotForSession);
    assert_eq!(server.forged(), 0);
}

#[test]
fn a_moved_session_says_so_until_it_hears_back() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    client.seal_moved(b"here now", &mut datagram).unwrap();
    assert_eq!(datagram[0], 253);
    assert_eq!(connection_id_of(&datagram), Some(CLOUD_ID));
    let opened = server.open(&mut datagram).unwrap();
    assert!(opened.moved && opened.newest);
}

#[test]
fn type_253_is_for_device_os_alone() {
    let (mut server, mut client) = aws_pair(Offer::Standard).sessions();
    let mut datagram = vec![];
    client.seal_moved(b"up", &mut datagram).unwrap();
    assert_eq!(datagram[0], 25);
    datagram[0] = 253;
    assert_eq!(refusal(&mut server, &mut datagram), OpenError::NotForSession);
}

#[test]
fn the_two_layouts_do_not_authenticate_each_other() {
    let session = |role, dialect| {
        let (local, peer) = match role {
            Role::Server => (Some(CLOUD_ID), PeerConnectionId::NONE),
            Role::Client => (None, CLOUD_ID.into()),
        };
        Session::from_master_secret(
            role, dialect, &[1; 48], &[2; 32], &[3; 32], local, peer, [0; 4],
        )
    };
    let mut datagram = vec![];
    session(Role::Client, Dialect::DeviceOs).seal(b"draft", &mut datagram).unwrap();
    let mut server = session(Role::Server, Dialect::Rfc9146);
    assert_eq!(refusal(&mut server, &mut datagram), OpenError::Forged);
}
