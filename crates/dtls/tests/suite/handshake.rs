//! Handshakes on a perfect network, on each backend and across them, in every dialect.

use crate::pair::{
    CLOUD_KEY, DEVICE_KEY, Pair, Side, aws_pair, cloud, device, public_key, rust_crypto, say,
};
use pintle_dtls::client::Offer;
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::Linger;
use pintle_dtls::{Dialect, Session};
use std::time::Duration;

fn both_offers<S: Crypto, C: Crypto>(server: impl Fn() -> S, client: impl Fn() -> C) {
    for (offer, dialect) in
        [(Offer::DeviceOs, Dialect::DeviceOs), (Offer::Standard, Dialect::Rfc9146)]
    {
        let pair = Pair::new(cloud(server()), device(client(), offer));
        let (mut server, mut client) = pair.sessions();
        assert_eq!((server.dialect(), client.dialect()), (dialect, dialect));
        say(&mut client, &mut server, b"hello");
        say(&mut server, &mut client, b"welcome");
    }
}

#[test]
fn aws_lc_shakes_hands_with_itself() {
    both_offers(|| AwsLc, || AwsLc);
}

#[test]
fn rust_crypto_shakes_hands_with_itself() {
    both_offers(|| rust_crypto(1), || rust_crypto(2));
}

#[test]
fn aws_lc_serves_rust_crypto() {
    both_offers(|| AwsLc, || rust_crypto(3));
}

#[test]
fn rust_crypto_serves_aws_lc() {
    both_offers(|| rust_crypto(4), || AwsLc);
}

#[test]
fn the_cloud_learns_the_device_by_its_key() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.run();
    assert_eq!(pair.established.unwrap().peer, public_key(DEVICE_KEY));
    assert_eq!(pair.cloud.public_key(), public_key(CLOUD_KEY));
}

#[test]
fn a_handshake_takes_six_datagrams() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.run();
    let receivers: Vec<_> = pair.sent.iter().map(|(to, _)| *to).collect();
    assert_eq!(
        receivers,
        [Side::Cloud, Side::Device, Side::Cloud, Side::Device, Side::Cloud, Side::Device]
    );
    assert!(pair.sent.iter().all(|(_, datagram)| datagram.len() <= 1200));
}

#[test]
fn device_os_gets_no_certificate_and_a_standard_peer_gets_one() {
    for (offer, kinds) in
        [(Offer::DeviceOs, &[2, 12, 13, 14][..]), (Offer::Standard, &[2, 11, 12, 13, 14])]
    {
        let mut pair = aws_pair(offer);
        pair.run();
        assert_eq!(crate::wire_model::handshake_kinds(&pair.sent[3].1), kinds);
    }
}

#[test]
fn two_handshakes_never_give_the_same_bytes() {
    let run = || {
        let (mut server, _) = aws_pair(Offer::DeviceOs).sessions();
        let mut out = vec![];
        server.seal(b"same text", &mut out).unwrap();
        out
    };
    assert_ne!(run(), run());
}

#[test]
fn a_close_notify_is_authenticated_and_understood() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    server.close(&mut datagram).unwrap();
    assert_eq!(client.open(&mut datagram).unwrap().content, pintle_dtls::Content::CloseNotify);
}

#[test]
fn two_records_in_one_datagram_are_both_opened() {
    let (mut server, mut client) = aws_pair(Offer::Standard).sessions();
    let mut datagram = vec![];
    client.seal(b"one", &mut datagram).unwrap();
    client.seal(b"two", &mut datagram).unwrap();
    let opened = server.open(&mut datagram).unwrap();
    assert_eq!(opened.content, pintle_dtls::Content::Application(b"one"));
    let opened = server.open(opened.rest).unwrap();
    assert_eq!(opened.content, pintle_dtls::Content::Application(b"two"));
    assert!(opened.rest.is_empty());
}

#[test]
fn what_outlives_a_handshake_can_move_between_threads() {
    const fn sendable<T: Send>() {}
    sendable::<Session>();
    sendable::<Linger>();
    sendable::<pintle_dtls::server::Handshake<AwsLc>>();
    sendable::<pintle_dtls::client::Handshake<AwsLc>>();
}

#[test]
fn a_finished_handshake_wants_no_timer() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.run();
    assert!(pair.now < Duration::from_secs(1));
    assert!(pair.established.unwrap().linger.expires() > pair.now);
}
