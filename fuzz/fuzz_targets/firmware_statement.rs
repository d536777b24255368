//! Statements from anybody: as they come, and put together of payloads in envelopes that are well made. Every signature
//! counts, so that what it covers is read too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_firmware::release::{Envelope, Keyring, Kind, Statement, Time, sign};
use pintle_firmware::signature::{PublicKey, SIGNATURE, Sign, Verify};

struct Anybody;

impl Verify for Anybody {
    fn verify(&self, _: &PublicKey<'_>, _: &[u8], _: &[u8; SIGNATURE]) -> bool {
        true
    }
}

impl Sign for Anybody {
    fn public_key(&self) -> PublicKey<'_> {
        PublicKey::Ed25519(&[7; 32])
    }

    fn sign(&self, _: &[u8]) -> Option<[u8; SIGNATURE]> {
        Some([7; SIGNATURE])
    }
}

/// Keyring 1 of product 42 with a key for everything; the root's is [`Anybody`]'s.
fn pinned() -> Vec<u8> {
    let mut payload = b"\xa5\x01\x18\x2a\x02\x01\x03\x00\x04\x82".to_vec();
    for (role, key) in [(0, 7), (1, 8)] {
        payload.extend([0x83, role, 0x27, 0x58, 0x20]);
        payload.extend([key; 32]);
    }
    payload.extend(b"\x05\x83\x01\x01\x00");
    sign(Kind::Keyring, &payload, &[&Anybody]).unwrap_or_default()
}

fn read(bytes: &[u8], pinned: &Keyring<'_>) {
    let Ok(statement) = Statement::parse(bytes) else { return };
    let parts = statement.keyrings().chain([statement.release()]);
    let length: usize = parts.map(|part| part.as_bytes().len()).sum();
    assert_eq!(length, bytes.len(), "nothing between the parts");
    if let Ok((ring, release)) = statement.check(pinned, &Anybody, Time::Unknown) {
        assert!(ring.number >= pinned.number);
        assert_eq!((ring.product, release.product), (pinned.product, pinned.product));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let pinned = pinned();
    let envelope = Envelope::parse(&pinned).expect("an envelope");
    let pinned = Keyring::first(&envelope, &Anybody).expect("a keyring");
    read(bytes, &pinned);
    let at = bytes.first().map_or(0, |first| usize::from(*first) * 4).min(bytes.len());
    let (first, second) = bytes.get(1..).unwrap_or_default().split_at(at.saturating_sub(1));
    let sealed = |kind, payload: &[u8]| sign(kind, payload, &[&Anybody]).unwrap_or_default();
    read(&[sealed(Kind::Keyring, first), sealed(Kind::Release, second)].concat(), &pinned);
});
