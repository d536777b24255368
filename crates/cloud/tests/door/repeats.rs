//! What a node keeps an eye on: devices whose random numbers are none.

use crate::device::{PATIENCE, TestDevice, id, shake_with, socket};
use crate::node::{Node, new_key};
use pintle_cloud::survey::Repeat;
use pintle_dtls::PublicKey;
use pintle_dtls::client::Offer;
use pintle_dtls::crypto::{
    AwsLc, AwsLcEphemeralKey, AwsLcSigningKey, Crypto, CryptoError, EcdsaSignature,
};
use zeroize::Zeroizing;

/// A device whose source of randomness is stuck; its keys and signatures are another library's, which are well.
struct Stuck;

impl Crypto for Stuck {
    type SigningKey = AwsLcSigningKey;
    type EphemeralKey = AwsLcEphemeralKey;

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(7);
        Ok(())
    }

    fn signing_key_from_der(&self, der: &[u8]) -> Result<Self::SigningKey, CryptoError> {
        AwsLc.signing_key_from_der(der)
    }

    fn public_key(&self, key: &Self::SigningKey) -> PublicKey {
        AwsLc.public_key(key)
    }

    fn ephemeral(&self) -> Result<(Self::EphemeralKey, [u8; 65]), CryptoError> {
        AwsLc.ephemeral()
    }

    fn agree(
        &self,
        mine: Self::EphemeralKey,
        peer: &[u8; 65],
    ) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        AwsLc.agree(mine, peer)
    }

    fn sign_digest(
        &self,
        key: &Self::SigningKey,
        digest: &[u8; 32],
    ) -> Result<EcdsaSignature, CryptoError> {
        AwsLc.sign_digest(key, digest)
    }

    fn verify_digest(
        &self,
        key: &PublicKey,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        AwsLc.verify_digest(key, digest, signature)
    }
}

#[test]
fn devices_whose_random_numbers_are_stuck_are_told_of_and_sound_ones_are_not() {
    let node = Node::start();
    let keys = [1, 2, 3].map(|n| {
        let key = new_key();
        node.pin(id(n), &key);
        key
    });
    for key in &keys[..2] {
        let (socket, cloud) = (socket(), node.address());
        let session =
            shake_with(Stuck, &socket, PATIENCE, cloud, key, node.public_key(), Offer::DeviceOs);
        assert!(session.is_some(), "the handshake itself is sound");
    }
    drop(TestDevice::connected(&node, id(3), &keys[2]));
    let seen = node.roll.watch().seen();
    let pair = Repeat { first: id(1).to_string(), again: id(2).to_string() };
    assert_eq!((seen.handshakes, seen.randoms), (3, vec![pair]));
    assert_eq!((seen.points, seen.signatures, seen.places), (Vec::new(), Vec::new(), Vec::new()));
}
