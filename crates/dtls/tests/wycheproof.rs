//! Wycheproof's test vectors, through both backends: ECDSA and ECDH on P-256, and AES-CCM as records use it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use aes::Aes128;
use ccm::Ccm;
use ccm::aead::{AeadInOut, KeyInit};
use ccm::consts::{U8, U12, U16};
use p256::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto, RustCrypto};
use std::convert::Infallible;
use wycheproof::{TestResult, aead, ecdh, ecdsa};

/// A generator for operations that need none, or one fixed scalar.
struct Fixed([u8; 32]);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x0101_0101)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x0101_0101_0101_0101)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

fn check_ecdsa(crypto: &impl Crypto) -> usize {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let mut checked = 0;
    for group in &set.test_groups {
        let spki: &[u8] = group.der.as_ref();
        let key = PublicKey::from_spki(spki).unwrap();
        for test in &group.tests {
            let verified = crypto.verify(&key, &test.msg, &test.sig).is_ok();
            assert_eq!(
                verified,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            checked += 1;
        }
    }
    checked
}

#[test]
fn ecdsa_verification_agrees_on_both_backends() {
    assert!(check_ecdsa(&AwsLc) > 400);
    assert!(check_ecdsa(&RustCrypto::new(Fixed([1; 32]))) > 400);
}

/// Points that the set calls invalid must not be agreed with; points it calls valid must be usable.
fn check_ecdh<C: Crypto>(crypto: &C) -> usize {
    let set = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let mut checked = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            let Ok(point) = <&[u8; 65]>::try_from(&test.public_key[..]) else { continue };
            let (mine, _) = crypto.ephemeral().unwrap();
            let agreed = crypto.agree(mine, point).is_ok();
            assert_eq!(
                agreed,
                test.result != TestResult::Invalid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            checked += 1;
        }
    }
    checked
}

#[test]
fn points_off_the_curve_are_agreed_with_by_neither_backend() {
    assert!(check_ecdh(&AwsLc) > 100);
    assert!(check_ecdh(&RustCrypto::new(Fixed([1; 32]))) > 100);
}

#[test]
fn shared_secrets_are_the_published_ones() {
    let set = ecdh::TestSet::load(ecdh::TestName::EcdhSecp256r1Ecpoint).unwrap();
    let mut checked = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let Ok(point) = <&[u8; 65]>::try_from(&test.public_key[..]) else { continue };
        let scalar: Vec<u8> =
            test.private_key.iter().copied().skip_while(|byte| *byte == 0).collect();
        if test.result == TestResult::Invalid || scalar.len() > 32 {
            continue;
        }
        let mut fixed = [0; 32];
        fixed[32 - scalar.len()..].copy_from_slice(&scalar);
        let crypto = RustCrypto::new(Fixed(fixed));
        let (mine, _) = crypto.ephemeral().unwrap();
        let secret = crypto.agree(mine, point).unwrap();
        assert_eq!(secret[..], test.shared_secret[..], "{}: {}", test.tc_id, test.comment);
        checked += 1;
    }
    assert!(checked > 100);
}

#[test]
fn the_backends_agree_with_each_other() {
    let (left, right) = (AwsLc, RustCrypto::new(Fixed([3; 32])));
    let (ours, our_point) = left.ephemeral().unwrap();
    let (theirs, their_point) = right.ephemeral().unwrap();
    assert_eq!(
        left.agree(ours, &their_point).unwrap()[..],
        right.agree(theirs, &our_point).unwrap()[..]
    );
}

/// Decrypts with a tag of this size, as the record layer does with 8 bytes.
macro_rules! check_ccm {
    ($tag:ty, $length:expr, $group:expr) => {{
        let mut checked = 0;
        for test in &$group.tests {
            let cipher = Ccm::<Aes128, $tag, U12>::new(test.key[..].try_into().unwrap());
            let mut text = test.ct.to_vec();
            let nonce = test.nonce[..].try_into().unwrap();
            let tag: &[u8; $length] = test.tag[..].try_into().unwrap();
            let opened = cipher
                .decrypt_inout_detached(nonce, &test.aad, (&mut text[..]).into(), tag.into())
                .is_ok();
            assert_eq!(
                opened,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            assert!(!opened || text == test.pt[..]);
            checked += 1;
        }
        checked
    }};
}

#[test]
fn aes_ccm_agrees_with_twelve_byte_nonces() {
    let set = aead::TestSet::load(aead::TestName::AesCcm).unwrap();
    let fits = |group: &&aead::TestGroup| (group.key_size, group.nonce_size) == (128, 96);
    let mut checked = 0;
    for group in set.test_groups.iter().filter(fits) {
        checked += match group.tag_size {
            64 => check_ccm!(U8, 8, group),
            128 => check_ccm!(U16, 16, group),
            _ => 0,
        };
    }
    assert!(checked > 50, "{checked}");
}
