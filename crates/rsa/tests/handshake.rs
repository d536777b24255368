//! Both sides of the RSA of a handshake, with our own keys; and what comes of blocks that no device makes.

use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::{ClaimBytes, CloudRsa, Credentials, DevicePublicKey, DeviceRsa};
use pintle_rsa::{CloudKey, DeviceKey, DeviceSide};
use proptest::prelude::*;
use std::sync::LazyLock;
use zeroize::Zeroizing;

const REJECTED: [u8; 214] = [0xee; 214];

static CLOUD: LazyLock<CloudKey> = LazyLock::new(|| CloudKey::generate().unwrap());
static DEVICE: LazyLock<DeviceSide> = LazyLock::new(|| DeviceSide {
    key: DeviceKey::generate().unwrap(),
    cloud: CLOUD.public().clone(),
});

fn opened(block: &[u8; 256]) -> Option<Vec<u8>> {
    let ClaimBytes { bytes, valid } = CLOUD.open(block, &REJECTED);
    let valid = bool::from(valid);
    assert_eq!(valid, *bytes != REJECTED, "random bytes stand in for what is refused");
    valid.then(|| bytes.to_vec())
}

/// What becomes of these 256 bytes as a number, encrypted without any padding of ours.
fn encrypted(plain: &[u8], padding: Padding) -> [u8; 256] {
    let key = Rsa::public_key_from_der(CLOUD.public().as_spki()).unwrap();
    let mut out = [0; 256];
    key.public_encrypt(plain, &mut out, padding).unwrap();
    out
}

#[test]
fn a_block_has_one_legal_length() {
    for length in [0, 1, 52, 213, 215, 245] {
        assert_eq!(opened(&encrypted(&vec![7; length], Padding::PKCS1)), None, "{length} bytes");
    }
    assert_eq!(opened(&encrypted(&[7; 214], Padding::PKCS1)), Some(vec![7; 214]));
}

#[test]
fn numbers_from_the_modulus_on_are_refused() {
    let modulus = *CLOUD.public().modulus();
    let mut below = modulus;
    below[255] -= 1;
    for block in [modulus, [0xff; 256], below, [0; 256]] {
        assert_eq!(opened(&block), None);
    }
    // The same residue as a good block, but the number is not below the modulus.
    let good = encrypted(&[7; 214], Padding::PKCS1);
    let mut carry = 0;
    let mut sum = [0; 256];
    for place in (0..256).rev() {
        let digit = u16::from(good[place]) + u16::from(modulus[place]) + carry;
        (sum[place], carry) = (digit as u8, digit >> 8);
    }
    if carry == 0 {
        assert_eq!(opened(&sum), None);
    }
}

#[test]
fn a_signature_covers_exactly_its_bytes() {
    let signature = CLOUD.sign(&[5; 20]).unwrap();
    assert!(DEVICE.verify(&[5; 20], &signature));
    assert!(!DEVICE.verify(&[6; 20], &signature));
    assert!(!DEVICE.verify(&[5; 20], &[0xff; 256]));
    // As any other software signs: with a DigestInfo before the 20 bytes.
    let key = Rsa::private_key_from_der(&CLOUD.to_der().unwrap()).unwrap();
    let digest_info =
        [&[0x30, 0x21, 0x30, 0x09, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14][..], &[5; 20]];
    let mut out = [0; 256];
    key.private_encrypt(&digest_info.concat(), &mut out, Padding::PKCS1).unwrap();
    assert!(!DEVICE.verify(&[5; 20], &out));
}

#[test]
fn credentials_for_another_device_are_not_opened() {
    let credentials = Credentials::new(Zeroizing::new([3; 40]));
    let other = DeviceKey::generate().unwrap();
    let sealed = CLOUD.seal(other.public(), &credentials).unwrap();
    assert!(DEVICE.open(&sealed).is_err());
    assert_eq!(
        DEVICE.open(&CLOUD.seal(&DEVICE.public(), &credentials).unwrap()).unwrap()[..],
        [3; 40]
    );
}

#[test]
fn a_modulus_that_is_none_seals_nothing() {
    let even = DevicePublicKey::from_modulus(&[0xfe; 128]).unwrap();
    let credentials = Credentials::new(Zeroizing::new([3; 40]));
    assert!(CLOUD.seal(&even, &credentials).is_err());
}

#[test]
fn one_key_serves_several_threads() {
    std::thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                let block = DEVICE.seal_block(&[number; 214]).unwrap();
                assert_eq!(opened(&block), Some(vec![number; 214]));
                assert!(DEVICE.verify(&[number; 20], &CLOUD.sign(&[number; 20]).unwrap()));
            });
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_a_device_seals_the_cloud_opens(block in proptest::collection::vec(any::<u8>(), 214)) {
        let sealed = DEVICE.seal_block(block.as_slice().try_into().unwrap()).unwrap();
        prop_assert_eq!(opened(&sealed), Some(block));
    }

    #[test]
    fn a_block_with_a_flipped_bit_is_refused(place in 0usize..256, bit in 0u8..8) {
        let mut sealed = DEVICE.seal_block(&[7; 214]).unwrap();
        sealed[place] ^= 1 << bit;
        // By luck one in 2^16 would have a good padding, and one in 2^25 the right length.
        prop_assert_eq!(opened(&sealed), None);
    }

    #[test]
    fn what_the_cloud_signs_the_device_verifies(mac in any::<[u8; 20]>()) {
        prop_assert!(DEVICE.verify(&mac, &CLOUD.sign(&mac).unwrap()));
    }
}
