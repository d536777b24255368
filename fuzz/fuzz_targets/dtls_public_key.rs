//! Keys from files and from the wire: what is taken comes back the same, and the rest is refused calmly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = PublicKey::from_spki(bytes) {
        assert_eq!(key.to_spki(), bytes);
        let (mine, _) = AwsLc.ephemeral().expect("randomness");
        let _ = AwsLc.agree(mine, key.point());
    }
    if let Ok(key) = AwsLc.signing_key_from_der(bytes) {
        let signature = AwsLc.sign(&key, b"message").expect("a signature");
        AwsLc
            .verify(&AwsLc.public_key(&key), b"message", signature.as_bytes())
            .expect("its own signature");
    }
});
