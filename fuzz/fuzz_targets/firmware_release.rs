//! Envelopes, keyrings and releases from anybody: as they come, and as payloads in envelopes that are well made. Every
//! signature counts here, so that what it covers is read too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_firmware::release::{Envelope, Keyring, Kind, Time, sign};
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

fn read(ring: &[u8], next: &[u8]) {
    let Ok(envelope) = Envelope::parse(ring) else { return };
    let Ok(ring) = Keyring::first(&envelope, &Anybody) else { return };
    let Ok(next) = Envelope::parse(next) else { return };
    let _ = ring.follow(&next, &Anybody, Time::Seconds(1));
    if let Ok(release) = ring.release(&next, &Anybody, Time::Unknown) {
        assert_eq!(release.product, ring.product);
    }
}

/// Product 42 with a key for everything; the root's is [`Anybody`]'s.
fn ring() -> Vec<u8> {
    let mut payload = b"\xa5\x01\x18\x2a\x02\x01\x03\x00\x04\x82".to_vec();
    for (role, key) in [(0, 7), (1, 8)] {
        payload.extend([0x83, role, 0x27, 0x58, 0x20]);
        payload.extend([key; 32]);
    }
    payload.extend(b"\x05\x83\x01\x01\x00");
    payload
}

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.first().map_or(0, |first| usize::from(*first) * 4).min(bytes.len());
    let (first, second) = bytes.get(1..).unwrap_or_default().split_at(at.saturating_sub(1));
    read(first, second);
    let sealed = |kind, payload: &[u8]| sign(kind, payload, &[&Anybody]).unwrap_or_default();
    read(&sealed(Kind::Keyring, first), &sealed(Kind::Release, second));
    read(&sealed(Kind::Keyring, &ring()), &sealed(Kind::Keyring, first));
    read(&sealed(Kind::Keyring, &ring()), &sealed(Kind::Release, second));
});
