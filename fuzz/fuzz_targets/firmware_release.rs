//! Envelopes, keyrings and releases from anybody. Every signature counts here, so that what it covers is read too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_firmware::release::{Envelope, Keyring, Time};
use pintle_firmware::signature::{PublicKey, SIGNATURE, Verify};

struct Anybody;

impl Verify for Anybody {
    fn verify(&self, _: &PublicKey<'_>, _: &[u8], _: &[u8; SIGNATURE]) -> bool {
        true
    }
}

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.first().map_or(0, |first| usize::from(*first) * 4).min(bytes.len());
    let (first, second) = bytes.get(1..).unwrap_or_default().split_at(at.saturating_sub(1));
    let Ok(envelope) = Envelope::parse(first) else { return };
    let Ok(ring) = Keyring::first(&envelope, &Anybody) else { return };
    let Ok(next) = Envelope::parse(second) else { return };
    let _ = ring.follow(&next, &Anybody, Time::Seconds(1));
    if let Ok(release) = ring.release(&next, &Anybody, Time::Unknown) {
        assert_eq!(release.product, ring.product);
    }
});
