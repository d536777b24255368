//! The TCP service of older devices, without a socket: handshakes beside the two private operations that none can do
//! without, and messages of an established session beside the bare cipher.

mod handshake;
mod message;

use crate::clock::Stopwatch;
use crate::sample::Samples;
use crate::table::{Row, Section};

pub use handshake::PrivateOperations;

/// Groups of handshakes in one sample.
const GROUPS: usize = 12;
/// Lots of messages in one sample.
const LOTS: usize = 96;

/// Runs both. The sides take turns, so that the machine's moods meet all alike.
pub fn run(rounds: usize) -> [Section; 2] {
    [handshakes(rounds), messages(rounds)]
}

fn handshakes(rounds: usize) -> Section {
    let bench = handshake::Bench::new();
    let [mut mine, mut bound] = <[Samples; 2]>::default();
    for round in 0..=rounds {
        let [mut us, mut alone] = <[Stopwatch; 2]>::default();
        for _ in 0..GROUPS {
            bench.group(&mut us);
            bench.private_operations(&mut alone);
        }
        // The first round warms up.
        if round > 0 {
            let count = GROUPS * handshake::IN_STEP;
            mine.push(us.per(count));
            bound.push(alone.per(count));
        }
    }
    let rows = vec![
        Row::rate("Pintle", &mine),
        Row::rate("bound: two RSA-2048 private operations alone", &bound),
        Row::ratio("Pintle / bound", &bound.over(&mine)).at_least(0.85),
        Row::time("Pintle, one handshake", &mine),
        Row::time("two RSA-2048 private operations", &bound),
    ];
    Section { title: "TCP handshake, server side, one core", rows, note: HANDSHAKE }
}

fn messages(rounds: usize) -> Section {
    let (mut ours, mut bare) = (message::Bench::new(), message::Bare::new());
    let [mut mine, mut bound] = <[Samples; 2]>::default();
    for round in 0..=rounds {
        let [mut us, mut alone] = <[Stopwatch; 2]>::default();
        for _ in 0..LOTS {
            ours.lot(&mut us);
            bare.lot(&mut alone);
        }
        if round > 0 {
            mine.push(us.per(LOTS * message::PREPARED));
            bound.push(alone.per(LOTS * message::PREPARED));
        }
    }
    let rows = vec![
        Row::rate("Pintle, in and out", &mine),
        Row::rate("bound: one AES-128-CBC frame each way alone", &bound),
        Row::ratio("Pintle / bound", &bound.over(&mine)),
        Row::time("Pintle, in and out", &mine),
    ];
    Section {
        title: "50-byte messages of a TCP session in and out, no socket, one core",
        rows,
        note: MESSAGE,
    }
}

const HANDSHAKE: &str = "From the nonce to the server's hello: block opened, id and key compared with the pin, \
credentials made, sealed to the device's RSA-1024 key and signed, the device's hello read and answered. The bound \
is the same library called directly, with the same key: one decryption without padding and one signature.";

const MESSAGE: &str = "In: an event, in a whole frame, opened, checked against the session's rules and decoded. Out: \
an event, written, checked against what the device can take, and sealed. The bound is the cbc and aes crates over \
frames of the same length, with a key schedule for each, as the session has it.";
