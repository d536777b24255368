//! One message of 50 bytes in and one out over an established session, without a socket; beside it, the
//! bare cipher over records of the same sizes.

mod cipher;
mod ours;

use crate::sample::Samples;
use crate::table::{Row, Section};

/// Records prepared at a time, off the clock.
const PREPARED: usize = 1024;
/// Such lots in one sample.
const LOTS: usize = 48;
/// Bytes of the CoAP message each way.
const MESSAGE: usize = 50;

/// Runs it. A round measures each side once.
pub fn run(rounds: usize) -> Section {
    let mut ours = ours::Bench::new();
    let mut bare = cipher::Bench::new(ours.sizes());
    let (mut mine, mut bound) = (Samples::default(), Samples::default());
    ours.sample();
    bare.sample();
    for _ in 0..rounds {
        mine.push(ours.sample());
        bound.push(bare.sample());
    }
    let rows = vec![
        Row::rate("Pintle, in and out", &mine),
        Row::rate("bound: one CCM-8 open and one seal alone", &bound),
        Row::ratio("Pintle / bound", &bound.over(&mine)).at_least(0.6),
        Row::time("Pintle, in and out", &mine),
        Row::time("one CCM-8 open and one seal", &bound),
    ];
    Section { title: "50-byte CoAP in and out, no socket, one core", rows, note: NOTE }
}

const NOTE: &str = "In: a confirmable event in a Device OS record with a connection ID, opened, parsed and \
decoded. Out: an acknowledgement with a payload, written and sealed. The bound is the ccm and aes crates, key \
schedules made once, over the same lengths of text and additional data.";
