//! Keys as people have them, and what is said of everything else.

use super::*;
use crate::der;
use crate::pem;
use proptest::prelude::*;

fn rsa_of(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let number = |digits: &[u8]| {
        let zero: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
        der::write(der::INTEGER, &[zero, digits])
    };
    der::write(der::SEQUENCE, &[&number(modulus), &number(exponent)])
}

fn spki_of(pkcs1: &[u8]) -> Vec<u8> {
    let algorithm = der::write(der::SEQUENCE, &[&der::write(der::OBJECT_ID, &[der::RSA]), &[5, 0]]);
    der::write(der::SEQUENCE, &[&algorithm, &der::write(der::BIT_STRING, &[&[0], pkcs1])])
}

fn why(bytes: &[u8]) -> String {
    DeviceKey::read(bytes).unwrap_err().to_string()
}

#[test]
fn an_rsa_key_is_read_in_each_of_its_forms() {
    let pkcs1 = rsa_of(&[0xc3; 128], &[1, 0, 1]);
    let spki = spki_of(&pkcs1);
    let key = DevicePublicKey::from_spki(&spki).unwrap();
    assert_eq!(key.modulus(), &[0xc3; 128]);
    let forms = [
        spki.clone(),
        pkcs1.clone(),
        pem::write("PUBLIC KEY", &spki).into_bytes(),
        pem::write("RSA PUBLIC KEY", &pkcs1).into_bytes(),
        format!("Bag\r\n{}", pem::write("PUBLIC KEY", &spki).replace('\n', "\r\n")).into_bytes(),
    ];
    for form in forms {
        assert_eq!(DeviceKey::read(&form), Ok(key.into()));
    }
    assert_eq!(DeviceKey::from(key).to_spki(), spki);
}

#[test]
fn keys_that_no_device_has_are_refused_by_what_they_are() {
    let small = rsa_of(&[0xc3; 64], &[1, 0, 1]);
    assert!(why(&spki_of(&small)).contains("512 bits"));
    let server = rsa_of(&[0xc3; 256], &[1, 0, 1]);
    assert!(why(&spki_of(&server)).contains("is it the server's own?"));
    let mut odd = [0xc3; 128];
    odd[0] = 0x43;
    assert!(why(&spki_of(&rsa_of(&odd, &[1, 0, 1]))).contains("1023 bits"));
    assert!(why(&spki_of(&rsa_of(&[0xc3; 128], &[3]))).contains("exponent is 3"));
    assert!(why(&rsa_of(&[0xc3; 128], &[9; 64])).contains("a number of 508 bits"));
    assert!(why(&pem::write("RSA PRIVATE KEY", &[0]).into_bytes()).contains("private key"));
    assert!(why(&pem::write("CERTIFICATE", &[0]).into_bytes()).contains("certificate"));
    let curve = hex("3076301006072a8648ce3d020106052b81040022036200");
    assert!(why(&[curve, vec![4; 97]].concat()).contains("P-256"));
    let ed25519 = hex("302a300506032b6570032100");
    assert!(why(&[ed25519, vec![4; 32]].concat()).contains("neither a P-256 key nor an RSA"));
    for nothing in [&b""[..], b"garbage", &[0x30], b"-----BEGIN PUBLIC KEY-----"] {
        assert!(why(nothing).contains("no public key"));
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

proptest! {
    #[test]
    fn a_key_survives_its_spki_and_no_other_bytes_make_one(
        mut modulus in prop::collection::vec(any::<u8>(), 128),
        at in 0_usize..162,
        flip in 1_u8..,
    ) {
        modulus[0] |= 0x80;
        let key = DevicePublicKey::from_modulus(modulus.as_slice().try_into().unwrap()).unwrap();
        prop_assert_eq!(DevicePublicKey::from_spki(key.as_spki()), Ok(key));
        prop_assert_eq!(DeviceKey::read(key.as_spki()), Ok(key.into()));
        let mut other = *key.as_spki();
        other[at] ^= flip;
        if let Ok(read) = DeviceKey::read(&other) {
            prop_assert_eq!(read.to_spki(), other);
        }
    }

    #[test]
    fn whatever_is_read_does_not_end_the_program(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = DeviceKey::read(&bytes);
    }
}
