//! The four public-key operations of a mutual handshake, through the same backend and nothing around them.

use super::{COUNT, IN_STEP};
use crate::clock::Stopwatch;
use crate::sample::Samples;
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto, EcdsaSignature};
use std::hint::black_box;

const DIGEST: [u8; 32] = [7; 32];

/// Nanoseconds of each operation.
#[derive(Default)]
pub struct PublicKeyTimes {
    /// A key for one handshake.
    pub generate: Samples,
    /// The agreement with the device's.
    pub agree: Samples,
    /// Our signature.
    pub sign: Samples,
    /// The device's signature.
    pub verify: Samples,
    sums: Samples,
}

impl PublicKeyTimes {
    /// All four, round by round.
    pub fn sum(&self) -> Samples {
        self.sums.clone()
    }

    /// Takes what a round spent on [`COUNT`] of each.
    pub fn push(&mut self, spent: &Operations) {
        let each = [&spent.generate, &spent.agree, &spent.sign, &spent.verify];
        let [generate, agree, sign, verify] = each.map(|watch| watch.per(COUNT));
        self.generate.push(generate);
        self.agree.push(agree);
        self.sign.push(sign);
        self.verify.push(verify);
        self.sums.push(generate + agree + sign + verify);
    }
}

/// One clock for each operation.
#[derive(Default)]
pub struct Operations {
    generate: Stopwatch,
    agree: Stopwatch,
    sign: Stopwatch,
    verify: Stopwatch,
}

/// Keys and a signature to work with.
pub struct Bench {
    key: <AwsLc as Crypto>::SigningKey,
    public: PublicKey,
    signature: EcdsaSignature,
    peer: [u8; 65],
}

impl Bench {
    /// With a fixed signing key.
    pub fn new() -> Self {
        let mut der = vec![0x30, 0x25, 2, 1, 1, 4, 0x20];
        der.extend([0x22; 32]);
        let key = AwsLc.signing_key_from_der(&der).expect("a private key");
        let signature = AwsLc.sign_digest(&key, &DIGEST).expect("a signature");
        let (_, peer) = AwsLc.ephemeral().expect("randomness");
        Self { public: AwsLc.public_key(&key), key, signature, peer }
    }

    /// One group of each.
    pub fn group(&self, spent: &mut Operations) {
        let keys: Vec<_> = spent
            .generate
            .time(|| (0..IN_STEP).map(|_| AwsLc.ephemeral().expect("a key").0).collect());
        spent.agree.time(|| {
            for key in keys {
                black_box(AwsLc.agree(key, &self.peer).expect("an agreement"));
            }
        });
        spent.sign.time(|| {
            for _ in 0..IN_STEP {
                black_box(AwsLc.sign_digest(&self.key, &DIGEST).expect("a signature"));
            }
        });
        spent.verify.time(|| {
            for _ in 0..IN_STEP {
                let verified =
                    AwsLc.verify_digest(&self.public, &DIGEST, self.signature.as_bytes());
                verified.expect("a good signature");
            }
        });
    }
}
