//! Keys of every kind, what is sealed to them, and what is refused.

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::{Kind, MAX_SECRET, NotAKey, PrivateKey, RecipientKey, SecretError, sealed};
use crate::pem;

fn rsa(size: KeySize) -> Vec<u8> {
    let key = PrivateDecryptingKey::generate(size).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    der.as_ref().to_vec()
}

fn p256() -> Vec<u8> {
    let key = agreement::PrivateKey::generate(&ECDH_P256).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    der.as_ref().to_vec()
}

/// The line that SSH keeps an RSA key in.
fn ssh_line(key: &RecipientKey) -> String {
    let fields = crate::der::only(key.spki(), 0x30).unwrap();
    let (_, bits) = crate::der::element(fields, 0x30).unwrap();
    let pkcs1 = &crate::der::only(bits, 3).unwrap()[1..];
    let (modulus, after) = crate::der::element(crate::der::only(pkcs1, 0x30).unwrap(), 2).unwrap();
    let (exponent, _) = crate::der::element(after, 2).unwrap();
    let mut blob = Vec::new();
    for field in [b"ssh-rsa".as_slice(), exponent, modulus] {
        blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        blob.extend(field);
    }
    format!("ssh-rsa {} somebody@somewhere\n", STANDARD.encode(blob))
}

#[test]
fn a_secret_goes_to_keys_of_every_kind_and_opens_with_that_key_alone() {
    let stranger = PrivateKey::generate().unwrap();
    let keys = [
        (PrivateKey::read(&rsa(KeySize::Rsa3072)).unwrap(), Kind::Rsa { bits: 3072 }),
        (PrivateKey::generate().unwrap(), Kind::X25519),
        (PrivateKey::read(&p256()).unwrap(), Kind::P256),
    ];
    for (key, kind) in &keys {
        assert_eq!(key.public().kind(), *kind);
        let again = RecipientKey::read(key.public().to_pem().as_bytes()).unwrap();
        assert!(again == *key.public(), "{kind}");
        let sealed = sealed::seal(b"hunter2", &again).unwrap();
        assert_eq!(sealed::open(&sealed, key).unwrap().as_slice(), b"hunter2");
        let other = SecretError::OtherKey(again.fingerprint());
        assert_eq!(sealed::open(&sealed, &stranger).unwrap_err(), other);
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        for at in (0..sealed.len()).step_by(7) {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealed::open(&changed, key).is_err(), "{kind}: byte {at}");
            assert!(sealed::open(&sealed[..at], key).is_err(), "{kind}: cut at {at}");
        }
    }
    let key = &keys[0].0;
    let line = ssh_line(key.public());
    assert!(RecipientKey::read(line.as_bytes()).unwrap() == *key.public());
}

#[test]
fn a_key_that_is_made_here_is_read_again() {
    let key = PrivateKey::generate().unwrap();
    let read = PrivateKey::read(key.to_pem().unwrap().as_bytes()).unwrap();
    assert!(read.public() == key.public());
}

#[test]
fn the_length_of_a_short_secret_does_not_show_and_a_full_one_fits() {
    let key = PrivateKey::generate().unwrap();
    let length = |secret: &[u8]| sealed::seal(secret, key.public()).unwrap().len();
    assert_eq!(length(b"x"), length(&[7; 250]));
    let full = vec![9; MAX_SECRET];
    let sealed = sealed::seal(&full, key.public()).unwrap();
    assert!(sealed.len() <= sealed::MAX_SEALED);
    assert_eq!(*sealed::open(&sealed, &key).unwrap(), full);
    let refused = |secret: &[u8]| sealed::seal(secret, key.public()).unwrap_err();
    assert_eq!(refused(b""), SecretError::Empty);
    assert_eq!(refused(&[0; MAX_SECRET + 1]), SecretError::TooLong);
}

#[test]
fn what_nobody_should_seal_to_is_refused_with_the_reason() {
    let refused = |bytes: &[u8]| RecipientKey::read(bytes).err().unwrap();
    let private = PrivateKey::generate().unwrap().to_pem().unwrap();
    assert_eq!(refused(private.as_bytes()), NotAKey::Private);
    let short = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap().public_key();
    let short = short.as_der().unwrap().as_ref().to_vec();
    assert_eq!(refused(&short), NotAKey::Size { bits: 2048 });
    let ed25519 =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x";
    assert_eq!(refused(ed25519.as_bytes()), NotAKey::Algorithm);
    assert_eq!(refused(b"nothing of the kind"), NotAKey::NoKey);
    let locked = pem::write("ENCRYPTED PRIVATE KEY", &[1; 40]);
    assert_eq!(PrivateKey::read(locked.as_bytes()).err(), Some(NotAKey::Locked));
    let theirs = pem::write("OPENSSH PRIVATE KEY", &[1; 40]);
    assert_eq!(PrivateKey::read(theirs.as_bytes()).err(), Some(NotAKey::OpenSsh));
}

#[test]
fn a_point_off_the_curve_is_not_sealed_to() {
    let key = RecipientKey::from_p256(&[4; 65]).unwrap();
    assert_eq!(sealed::seal(b"x", &key).unwrap_err(), SecretError::Refused);
    let zero = RecipientKey::from_x25519(&[0; 32]).unwrap();
    assert_eq!(sealed::seal(b"x", &zero).unwrap_err(), SecretError::Refused);
}

proptest! {
    #[test]
    fn whatever_comes_is_a_key_or_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(ssh-rsa |-----BEGIN PUBLIC KEY-----\n)?[A-Za-z0-9+/=\n-]{0,200}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(key) = RecipientKey::read(bytes) {
                prop_assert!(RecipientKey::from_spki(key.spki()).unwrap() == key);
            }
            let _ = PrivateKey::read(bytes);
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_it_is_printed(bytes in any::<[u8; 32]>()) {
        let fingerprint = super::Fingerprint(bytes);
        prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        prop_assert_eq!(fingerprint.hex().to_uppercase().parse(), Ok(fingerprint));
    }
}
