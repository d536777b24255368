//! Full DTLS handshakes, the cloud's side alone: ours, the public-key work that no handshake can do
//! without, and OpenSSL's.

mod openssl;
mod ours;
mod public_key;

use crate::clock::Stopwatch;
use crate::sample::Samples;
use crate::table::{Row, Section};
use public_key::{Operations, PublicKeyTimes};

/// Handshakes that run in step, so that the clock is read once for all of them.
const IN_STEP: usize = 32;
/// Such groups in one sample.
const GROUPS: usize = 24;
/// Handshakes in one sample.
const COUNT: usize = GROUPS * IN_STEP;

/// The sides of the comparison, in nanoseconds a handshake.
#[derive(Default)]
pub struct Measured {
    mine: Samples,
    /// OpenSSL's.
    pub theirs: Samples,
    bound: PublicKeyTimes,
}

impl Measured {
    /// The four public-key operations together.
    pub fn bound(&self) -> Samples {
        self.bound.sum()
    }
}

/// Measures it. The sides take turns group by group, so that the machine's moods meet all alike.
pub fn measure(rounds: usize) -> Measured {
    let (ours, primitives, peer) =
        (ours::Bench::new(), public_key::Bench::new(), openssl::Bench::new());
    let mut measured = Measured::default();
    for round in 0..=rounds {
        let (mut us, mut them, mut operations) =
            (Stopwatch::default(), Stopwatch::default(), Operations::default());
        for _ in 0..GROUPS {
            ours.group(&mut us);
            primitives.group(&mut operations);
            peer.group(&mut them);
        }
        // The first round warms up.
        if round > 0 {
            measured.mine.push(us.per(COUNT));
            measured.bound.push(&operations);
            measured.theirs.push(them.per(COUNT));
        }
    }
    measured
}

/// Its part of the table.
pub fn section(Measured { mine, theirs, bound }: &Measured) -> Section {
    let sum = bound.sum();
    let rows = vec![
        Row::rate("Pintle, raw keys", mine),
        Row::rate("bound: the four public-key operations alone", &sum),
        Row::rate("OpenSSL 3.6, X.509", theirs),
        Row::ratio("Pintle / bound", &sum.over(mine)).at_least(0.75),
        Row::ratio("Pintle / OpenSSL", &theirs.over(mine)),
        Row::time("Pintle, one handshake", mine),
        Row::time("P-256 key generation", &bound.generate),
        Row::time("P-256 agreement", &bound.agree),
        Row::time("P-256 signature", &bound.sign),
        Row::time("P-256 verification", &bound.verify),
    ];
    Section { title: "DTLS 1.2 full handshake, server side, one core", rows, note: NOTE }
}

const NOTE: &str = "Mutual ECDHE-ECDSA on P-256 with AES-128-CCM-8 and a cookie exchange, on both sides of \
the comparison. Pintle: the Device OS dialect, raw keys pinned on both ends, public-key work by aws-lc. OpenSSL: \
memory BIOs, self-signed certificates trusted directly, so that it verifies no chain; its cookie exchange \
keeps state between the hellos.";
