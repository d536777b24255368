//! One message of 50 bytes in and one out over an established session, without a socket; beside it, the
//! bare cipher over records of the same sizes.

mod cipher;
mod openssl;
mod ours;

use crate::clock::Stopwatch;
use crate::sample::Samples;
use crate::table::{Row, Section};

/// Records prepared at a time, off the clock.
const PREPARED: usize = 512;
/// Such lots in one sample.
const LOTS: usize = 96;
/// Messages each way in one sample.
const COUNT: usize = LOTS * PREPARED;
/// Bytes of the CoAP message each way.
const MESSAGE: usize = 50;

/// Runs it. The sides take turns lot by lot.
pub fn run(rounds: usize) -> Section {
    let mut ours = ours::Bench::new();
    let sizes = ours.sizes();
    let (mut bare, mut peer) = (cipher::Bench::new(sizes), openssl::Bench::new(sizes));
    let (mut mine, mut bound, mut theirs) =
        (Samples::default(), Samples::default(), Samples::default());
    for round in 0..=rounds {
        let mut watches: [Stopwatch; 3] = Default::default();
        let [us, them, alone] = &mut watches;
        for _ in 0..LOTS {
            ours.lot(us);
            bare.lot(alone);
            peer.lot(them);
        }
        // The first round warms up.
        if round > 0 {
            mine.push(us.per(COUNT));
            bound.push(alone.per(COUNT));
            theirs.push(them.per(COUNT));
        }
    }
    section(&mine, &bound, &theirs)
}

fn section(mine: &Samples, bound: &Samples, theirs: &Samples) -> Section {
    let rows = vec![
        Row::rate("Pintle, in and out", mine),
        Row::rate("bound: one CCM-8 open and one seal alone", bound),
        Row::rate("the same two by OpenSSL 3.6", theirs),
        Row::ratio("Pintle / bound", &bound.over(mine)).at_least(0.6),
        Row::time("Pintle, in and out", mine),
        Row::time("one CCM-8 open and one seal", bound),
        Row::time("the same two by OpenSSL 3.6", theirs),
    ];
    Section { title: "50-byte CoAP in and out, no socket, one core", rows, note: NOTE }
}

const NOTE: &str = "In: a confirmable event in a Device OS record with a connection ID, opened, parsed and \
decoded. Out: an acknowledgement with a payload, written and sealed. The bound is the ccm and aes crates over the \
same lengths of text and additional data, key schedules made once; OpenSSL the same. A session keeps no key \
schedules, so Pintle's side makes one for each record. Both sides are compiled as the product's record layer is: \
each in one codegen unit, with thin link-time optimisation.";
