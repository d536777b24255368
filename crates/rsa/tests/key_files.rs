//! Keys in all the forms in which people have them, and those that are none.

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use pintle_rsa::weak::{self, DebianList, Weakness};
use pintle_rsa::{CloudKey, CloudPublicKey, DeviceKey, KeyError};
use proptest::prelude::*;
use std::sync::LazyLock;

fn refused(bytes: &[u8]) -> KeyError {
    CloudKey::read(bytes).err().expect("a key that is refused")
}

#[test]
fn a_cloud_key_is_read_in_every_form() {
    let key = Rsa::generate(2048).unwrap();
    let pkcs1 = key.private_key_to_der().unwrap();
    let any = PKey::from_rsa(key.clone()).unwrap();
    let mut dump = pkcs1.clone();
    dump.extend([0xff; 60]);
    for bytes in [
        pkcs1.clone(),
        dump,
        key.private_key_to_pem().unwrap(),
        any.private_key_to_pkcs8().unwrap(),
        any.private_key_to_pem_pkcs8().unwrap(),
    ] {
        let read = CloudKey::read(&bytes).unwrap();
        assert_eq!(read.to_der().unwrap()[..], pkcs1);
        assert_eq!(read.public().as_spki()[..], key.public_key_to_der().unwrap());
    }
    for bytes in [
        key.public_key_to_der().unwrap(),
        key.public_key_to_pem().unwrap(),
        key.public_key_to_der_pkcs1().unwrap(),
        key.public_key_to_pem_pkcs1().unwrap(),
    ] {
        let read = CloudPublicKey::read(&bytes).unwrap();
        assert_eq!(read.as_spki()[..], key.public_key_to_der().unwrap());
        assert_eq!(read.to_pem().unwrap().as_bytes(), key.public_key_to_pem().unwrap());
        assert_eq!(read.as_spki()[33..289], *read.modulus(), "where firmware looks for it");
    }
}

#[test]
fn a_device_key_is_read_as_devices_write_it() {
    let key = DeviceKey::generate().unwrap();
    let der = key.to_der().unwrap();
    assert_eq!(der[11..139], *key.public().modulus(), "where firmware looks for it");
    let parts = Rsa::private_key_from_der(&der).unwrap();
    // Every number with a leading zero, needed or not, and flash behind it.
    let number = |number: &openssl::bn::BigNumRef, bytes: i32| {
        let digits = number.to_vec_padded(bytes).unwrap();
        let length = digits.len() as u8;
        let head = if length < 128 { vec![2, length] } else { vec![2, 0x81, length] };
        [head, digits].concat()
    };
    let body = [
        vec![2, 1, 0],
        number(parts.n(), 129),
        vec![2, 3, 1, 0, 1],
        number(parts.d(), 129),
        number(parts.p().unwrap(), 65),
        number(parts.q().unwrap(), 65),
        number(parts.dmp1().unwrap(), 65),
        number(parts.dmq1().unwrap(), 65),
        number(parts.iqmp().unwrap(), 65),
    ]
    .concat();
    let flash = [&[0x30, 0x82, 2, (body.len() - 512) as u8][..], &body, &[0xff; 600]].concat();
    assert_eq!(DeviceKey::read(&flash).unwrap().public(), key.public());
}

#[test]
fn each_wrong_private_key_has_its_own_reason() {
    let key = Rsa::generate(2048).unwrap();
    assert_eq!(
        refused(&Rsa::generate(1024).unwrap().private_key_to_der().unwrap()),
        KeyError::Size { found: 1024, wanted: 2048 }
    );
    let three = Rsa::generate_with_e(2048, &BigNum::from_u32(3).unwrap()).unwrap();
    assert_eq!(
        refused(&three.private_key_to_pem().unwrap()),
        KeyError::Exponent { found: "3".into() }
    );
    let locked = key.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), b"secret").unwrap();
    assert_eq!(refused(&locked), KeyError::Encrypted);
    let pkcs8 = PKey::from_rsa(key.clone()).unwrap();
    let locked =
        pkcs8.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), b"secret").unwrap();
    assert_eq!(refused(&locked), KeyError::Encrypted);
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let curve = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
    for bytes in [
        curve.private_key_to_pkcs8().unwrap(),
        curve.private_key_to_pem_pkcs8().unwrap(),
        key.public_key_to_pem().unwrap(),
        b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n".to_vec(),
        vec![0x30, 0x80],
        vec![],
    ] {
        assert!(matches!(refused(&bytes), KeyError::NotAKey { .. }), "{:?}", refused(&bytes));
    }
}

#[test]
fn a_private_key_with_a_changed_number_is_refused() {
    let key = Rsa::generate(2048).unwrap();
    let own = |number: &openssl::bn::BigNumRef| number.to_owned().unwrap();
    let mut wrong = own(key.iqmp().unwrap());
    wrong.add_word(1).unwrap();
    let changed = Rsa::from_private_components(
        own(key.n()),
        own(key.e()),
        own(key.d()),
        own(key.p().unwrap()),
        own(key.q().unwrap()),
        own(key.dmp1().unwrap()),
        own(key.dmq1().unwrap()),
        wrong,
    );
    assert_eq!(refused(&changed.unwrap().private_key_to_der().unwrap()), KeyError::Inconsistent);
}

#[test]
fn each_weak_key_has_its_own_reason() {
    let none = DebianList::default();
    let good = Rsa::generate(1024).unwrap();
    let reason = |modulus: BigNum, exponent: u32| {
        let key =
            Rsa::from_public_components(modulus, BigNum::from_u32(exponent).unwrap()).unwrap();
        weak::read_device_key(&key.public_key_to_pem().unwrap(), &none).unwrap_err()
    };
    let modulus = || good.n().to_owned().unwrap();
    let odd = |bits: i32| {
        let mut number = BigNum::new().unwrap();
        number.generate_prime(bits, false, None, None).unwrap();
        number
    };
    let mut even = modulus();
    even.sub_word(1).unwrap();
    let mut tripled = odd(1022);
    tripled.mul_word(3).unwrap();
    let mut square = BigNum::new().unwrap();
    square.sqr(&odd(512), &mut openssl::bn::BigNumContext::new().unwrap()).unwrap();
    assert_eq!(reason(modulus(), 3), KeyError::Exponent { found: "3".into() });
    assert_eq!(reason(odd(512), 65537), KeyError::Size { found: 512, wanted: 1024 });
    assert_eq!(reason(even, 65537), KeyError::Weak(Weakness::Even));
    assert_eq!(reason(odd(1024), 65537), KeyError::Weak(Weakness::Prime));
    if tripled.num_bits() == 1024 {
        assert_eq!(reason(tripled, 65537), KeyError::Weak(Weakness::SmallFactor { factor: 3 }));
    }
    if square.num_bits() == 1024 {
        assert_eq!(reason(square, 65537), KeyError::Weak(Weakness::ClosePrimes));
    }
    let der = good.public_key_to_der().unwrap();
    assert_eq!(weak::read_device_key(&der, &none).unwrap().as_spki()[..], der);
    assert!(matches!(weak::read_device_key(b"no key", &none), Err(KeyError::NotAKey { .. })));
}

proptest! {
    #[test]
    fn whatever_is_given_is_read_or_refused_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        kind in 0usize..4,
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        // Noise, and real keys with a few bytes changed or cut short.
        static KEYS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
            let key = Rsa::generate(1024).unwrap();
            let pkcs8 = PKey::from_rsa(key.clone()).unwrap().private_key_to_pem_pkcs8().unwrap();
            [key.private_key_to_der().unwrap(), pkcs8, key.public_key_to_der().unwrap()]
        });
        let mut given = KEYS.get(kind).cloned().unwrap_or(bytes);
        for (place, byte) in places {
            if !given.is_empty() {
                let place = place.index(given.len());
                given[place] = byte;
            }
        }
        let _ = CloudKey::read(&given);
        let _ = DeviceKey::read(&given);
        let _ = CloudPublicKey::read(&given);
        let _ = DebianList::parse(&given);
        if let Ok(key) = weak::read_device_key(&given, &DebianList::default()) {
            prop_assert!(key.as_spki().len() == 162);
        }
    }
}
