//! What one idle session costs: the slot, as the compiler lays it out and as the system counts it.

use crate::sample::Samples;
use crate::table::{Row, Section};
use pintle_cloud::DeviceId;
use pintle_cloud::device::Roll;
use pintle_cloud::door::Slots;
use pintle_dtls::{Fingerprint, Session};
use std::fs;

/// Sessions of one sample.
const SESSIONS: usize = 100_000;

/// Runs it. Must come before anything that leaves freed memory behind for others to use.
pub fn run(rounds: usize) -> Section {
    let layout = Slots::bytes_per_session();
    let rows = vec![
        Row::bytes("slot of one session", &exactly(layout)).at_most(256.0),
        Row::bytes("  of which keys, counters, replay window", &exactly(size_of::<Session>())),
        Row::bytes("resident a slot, 100,000 slots", &sampled(rounds, fill_slots)).at_most(256.0),
        Row::bytes(
            "resident beside it: pin, owner, whether online",
            &sampled(rounds, enrol_devices),
        ),
    ];
    Section { title: "Memory of an idle session", rows, note: NOTE }
}

const NOTE: &str = "The slot holds all that the door keeps of a session. Beside it, the node keeps one line for \
every device with a key, shared by all shards: its id, its key's fingerprint, its owner, where it is and since when.";

fn exactly(bytes: usize) -> Samples {
    [bytes as f64].into_iter().collect()
}

/// How much the process grows by what `fill` makes, a session. What was made before stays until the end, so
/// that no sample lives on memory that another gave back.
fn sampled<T>(rounds: usize, fill: impl Fn() -> T) -> Samples {
    let mut kept = Vec::with_capacity(rounds);
    let mut sample = || {
        let before = resident();
        kept.push(fill());
        resident().saturating_sub(before) as f64 / SESSIONS as f64
    };
    (0..rounds).map(|_| sample()).collect()
}

fn fill_slots() -> Slots {
    let mut slots = Slots::new(0, 0);
    for _ in 0..SESSIONS {
        slots.reserve().expect("a partition has room for a million");
    }
    slots
}

fn enrol_devices() -> Roll {
    let roll = Roll::default();
    for number in 0..SESSIONS as u64 {
        let (mut id, mut key) = ([0; 12], [0; 32]);
        for bytes in [id.as_mut_slice(), key.as_mut_slice()] {
            let (low, _) = bytes.split_at_mut(8);
            low.copy_from_slice(&number.to_be_bytes());
        }
        roll.set_key(DeviceId::from_bytes(id), Some(Fingerprint::from_bytes(key)));
    }
    roll
}

/// Bytes of this process in memory. The kernel adds this one up exactly, page by page.
fn resident() -> usize {
    let text =
        fs::read_to_string("/proc/self/smaps_rollup").expect("Linux tells a process its memory");
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).expect("a line on Rss");
    let kilobytes = line.trim().trim_end_matches("kB").trim();
    kilobytes.parse::<usize>().expect("a number of kilobytes") * 1024
}
