//! Reading a firmware module and checking all of it, beside a plain SHA-256 of the same bytes: by the same library, and
//! by the fastest one at hand.

use crate::clock::Stopwatch;
use crate::sample::Samples;
use crate::table::{Row, Section};
use aws_lc_rs::digest::{SHA256, digest};
use pintle_firmware::module::{Builder, Function, Module, Platform, Product};
use sha2::{Digest as _, Sha256};
use std::hint::black_box;

/// As large as a user part may become.
const SIZE: usize = 512 * 1024;
/// Files in one sample.
const COUNT: usize = 48;

/// A module of a host's platform, with content that nothing can take a short way through.
pub fn sample(version: u16, size: usize) -> Vec<u8> {
    let mut state = u64::from(version) | 1;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    })
    .flatten()
    .take(size)
    .collect();
    let mut builder = Builder::new(Platform(3), Function::USER_PART, 0, &content);
    builder.product = Some(Product { id: 3, version });
    builder.build()
}

/// Runs it. The sides take turns file by file.
pub fn run(rounds: usize) -> Section {
    let file = sample(1, SIZE);
    assert!(Module::read(&file).is_ok_and(|module| module.is_valid()), "it is a good module");
    let [mut whole, mut same, mut fastest] = <[Samples; 3]>::default();
    for round in 0..=rounds {
        let [mut us, mut plain, mut other] = <[Stopwatch; 3]>::default();
        for _ in 0..COUNT {
            us.time(|| {
                let module = Module::read(black_box(&file)).expect("it is a module");
                assert!(black_box(module.is_valid()), "it is a good one");
            });
            plain.time(|| black_box(Sha256::digest(black_box(&file))));
            other.time(|| black_box(digest(&SHA256, black_box(&file))));
        }
        // The first round warms up.
        if round > 0 {
            whole.push(us.per(COUNT));
            same.push(plain.per(COUNT));
            fastest.push(other.per(COUNT));
        }
    }
    let speed = |time: &Samples| time.map(|each| file.len() as f64 * 1e3 / each);
    let rows = vec![
        Row::of("Pintle: read, CRC-32, SHA-256, all that it says", "MB/s", &speed(&whole)),
        Row::of("SHA-256 alone, the same library (sha2)", "MB/s", &speed(&same)),
        Row::of("SHA-256 alone, aws-lc", "MB/s", &speed(&fastest)),
        Row::ratio("Pintle / SHA-256 alone", &same.over(&whole)).at_least(0.9),
        Row::ratio("Pintle / SHA-256 alone, aws-lc", &fastest.over(&whole)),
    ];
    Section { title: "A module of 512 KiB read and verified, one core", rows, note: NOTE }
}

const NOTE: &str = "All of `pintle firmware inspect` but printing: prefix, suffix, extensions, addresses, names, CRC-32 \
and SHA-256. Both libraries find out at run time what the processor has for SHA-256.";
