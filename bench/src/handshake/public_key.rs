//! The four public-key operations of a mutual handshake, through the same backend and nothing around them.

use super::{GROUPS, IN_STEP};
use crate::clock::Stopwatch;
use crate::sample::Samples;
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, Crypto, EcdsaSignature};
use std::hint::black_box;

const COUNT: usize = GROUPS * IN_STEP;
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

    fn push(&mut self, [generate, agree, sign, verify]: [f64; 4]) {
        self.generate.push(generate);
        self.agree.push(agree);
        self.sign.push(sign);
        self.verify.push(verify);
        self.sums.push(generate + agree + sign + verify);
    }
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

    /// One sample of each.
    pub fn sample(&self, times: &mut PublicKeyTimes) {
        let mut keys = Vec::with_capacity(COUNT);
        let generate =
            timed(|| (0..COUNT).for_each(|_| keys.push(AwsLc.ephemeral().expect("a key").0)));
        let agree = timed(|| {
            for key in keys {
                black_box(AwsLc.agree(key, &self.peer).expect("an agreement"));
            }
        });
        let sign = timed(|| {
            for _ in 0..COUNT {
                black_box(AwsLc.sign_digest(&self.key, &DIGEST).expect("a signature"));
            }
        });
        let verify = timed(|| {
            for _ in 0..COUNT {
                let verified =
                    AwsLc.verify_digest(&self.public, &DIGEST, self.signature.as_bytes());
                verified.expect("a good signature");
            }
        });
        times.push([generate, agree, sign, verify]);
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let mut watch = Stopwatch::default();
    watch.time(work);
    watch.per(COUNT)
}
