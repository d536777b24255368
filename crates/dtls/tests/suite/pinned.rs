//! P1: each end admits the other only with the key it has pinned, and only with proof of it.

use crate::pair::{
    CLOUD_KEY, DEVICE_KEY, Pair, Side, aws_pair, cloud, device, key_der, public_key,
};
use pintle_dtls::client::{ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::ServerConfig;
use pintle_dtls::{HandshakeError, PublicKey};

#[test]
fn p1_a_device_whose_key_is_not_pinned_is_refused_in_silence() {
    for offer in [Offer::DeviceOs, Offer::Standard] {
        let mut pair = aws_pair(offer);
        pair.admits = |_| false;
        pair.run();
        let refused = public_key(DEVICE_KEY).fingerprint();
        assert_eq!(pair.server_error, Some(HandshakeError::KeyRefused(refused)));
        // After the device showed its key, not one more byte came back.
        let shown = pair
            .sent
            .iter()
            .position(|(to, datagram)| *to == Side::Cloud && datagram[13] == 11)
            .unwrap();
        assert!(pair.sent[shown..].iter().all(|(to, _)| *to == Side::Cloud));
        assert_eq!(pair.client_error, Some(HandshakeError::TimedOut));
    }
}

#[test]
fn p1_the_pin_is_asked_before_any_signature_is_verified() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.admits = |_| false;
    pair.meddle = Box::new(|_, to, datagram| {
        // Break the signature: the refusal must come first all the same.
        if to == Side::Cloud && datagram.get(13) == Some(&11) {
            let verify = datagram.windows(3).position(|bytes| bytes == [4, 3, 0]).unwrap();
            datagram[verify + 20] ^= 1;
        }
    });
    pair.run();
    assert!(matches!(pair.server_error, Some(HandshakeError::KeyRefused(_))));
}

#[test]
fn p1_a_device_without_the_private_key_of_the_pinned_one_is_refused() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.admits = |key: &PublicKey| *key == public_key(0x33);
    pair.meddle = Box::new(|_, to, datagram| {
        // Shows the key of another device and signs with its own.
        if to == Side::Cloud && datagram.get(13) == Some(&11) {
            datagram[13 + 12 + 3..][..91].copy_from_slice(&public_key(0x33).to_spki());
        }
    });
    pair.run();
    assert_eq!(pair.server_error, Some(HandshakeError::BadSignature("CertificateVerify")));
}

#[test]
fn p1_a_device_refuses_a_cloud_with_another_key() {
    for (offer, error) in [
        (Offer::DeviceOs, HandshakeError::BadSignature("ServerKeyExchange")),
        (Offer::Standard, HandshakeError::WrongCloudKey),
    ] {
        let key = AwsLc.signing_key_from_der(&key_der(0x44)).unwrap();
        let mut pair = Pair::new(ServerConfig::new(AwsLc, key), device(AwsLc, offer));
        pair.run();
        assert_eq!(pair.client_error, Some(error));
        assert!(pair.device_session.is_none() && pair.established.is_none());
    }
}

#[test]
fn p1_a_cloud_that_shows_the_pinned_key_but_does_not_hold_it_is_refused() {
    let key = AwsLc.signing_key_from_der(&key_der(0x44)).unwrap();
    let mut pair = Pair::new(ServerConfig::new(AwsLc, key), device(AwsLc, Offer::Standard));
    pair.meddle = Box::new(|_, to, datagram| {
        let spki = public_key(0x44).to_spki();
        let at = datagram.windows(spki.len()).position(|bytes| bytes == spki);
        if let (Side::Device, Some(at)) = (to, at) {
            datagram[at..at + spki.len()].copy_from_slice(&public_key(CLOUD_KEY).to_spki());
        }
    });
    pair.run();
    assert_eq!(pair.client_error, Some(HandshakeError::BadSignature("ServerKeyExchange")));
}

#[test]
fn p1_a_device_pinned_to_the_wrong_cloud_tells_it_why_it_left() {
    let key = AwsLc.signing_key_from_der(&key_der(DEVICE_KEY)).unwrap();
    let config = ClientConfig::new(AwsLc, key, public_key(0x55), Offer::DeviceOs);
    let mut pair = Pair::new(cloud(AwsLc), config);
    pair.run();
    assert_eq!(pair.server_error, Some(HandshakeError::PeerAlert(51)));
}
