//! The TCP service of a whole node: devices come in, idle, talk, and are back after the node was killed; beside it, the
//! one other server there is for such devices.

mod keys;
mod peer;

use super::fleet::Fleet;
use super::process::{Folder, Node};
use super::{Programs, once};
use crate::clock::Stopwatch;
use crate::sample::Samples;
use crate::table::{Row, Section};
use crate::tcp::PrivateOperations;
use std::time::{Duration, Instant};

const SEED: u32 = 4;
/// How long until a node keeps nothing of a silent device but its session.
const IDLE: Duration = Duration::from_secs(30);
/// Devices that come back.
const BACK: u32 = 2000;
/// Nobody says anything but that it is there.
const ARGUMENTS: &str = "--rate 0 --duration 5h --at-once 512";
const RESTARTS: usize = 3;
/// How long a killed node stays away, and how long all may rest before the next time.
const AWAY: Duration = Duration::from_millis(500);
const REST: Duration = Duration::from_secs(6);
/// Devices that talk, and how much they would.
const TALKERS: u32 = 1000;
const OFFERED: u32 = 100_000;
const WINDOW: Duration = Duration::from_secs(6);
const ROUNDS: usize = 3;

/// Runs it.
pub fn run(programs: &Programs, devices: u32) -> Vec<Section> {
    let folder = Folder::with_tcp(&programs.node);
    keys::bring(&programs.node, &folder, SEED, devices);
    let visit = Visit::of(&folder, devices);
    let talk = talk(&folder, devices.min(TALKERS));
    let back = back(&folder, devices.min(BACK));
    let peer = programs.spark.as_ref().and_then(|library| peer::measure(library, &folder, SEED));
    vec![visit.handshakes(peer.as_ref()), visit.memory(), talk, back]
}

/// What was seen of a fleet's stay.
struct Visit {
    devices: u32,
    pinning: f64,
    /// Of the node for each device that came in, in nanoseconds.
    processor: f64,
    /// Seconds by the clock.
    connecting: f64,
    /// Two private operations, in nanoseconds.
    bound: Samples,
    /// Of the fleet for each device, in microseconds.
    load: f64,
    /// Those that were in before the others, and the node's memory before, with them, and with all.
    few: u32,
    empty: u64,
    warm: u64,
    idle: u64,
}

impl Visit {
    fn of(folder: &Folder, devices: u32) -> Self {
        let pinning = pin(folder, devices);
        // Started anew: what the check of the keys took is not counted.
        let node = Node::start_with_tcp(folder);
        let empty = node.vitals();
        let few = (devices / 20).max(1);
        let running = Fleet::pinned_tcp(folder, &node, SEED, few).start(ARGUMENTS);
        running.until_all_are_in();
        std::thread::sleep(IDLE);
        let warm = node.vitals();
        drop(running.end());

        let before = node.vitals();
        let running = Fleet::pinned_tcp(folder, &node, SEED, devices).start(ARGUMENTS);
        running.until_all_are_in();
        let arrived = node.vitals();
        std::thread::sleep(IDLE);
        let idle = node.vitals();
        let report = running.end();
        let spent = arrived.processor - before.processor;
        Self {
            devices,
            pinning,
            processor: spent.as_secs_f64() * 1e9 / f64::from(devices),
            connecting: report.connecting_seconds,
            bound: bound(),
            load: report.cost.cpu_us_per_handshake,
            few,
            empty: empty.resident,
            warm: warm.resident,
            idle: idle.resident,
        }
    }

    fn handshakes(&self, peer: Option<&peer::Figures>) -> Section {
        let mine = once(self.processor);
        let by_the_clock = once(f64::from(self.devices) / self.connecting);
        let mut rows = vec![
            Row::rate("Pintle, devices that came in, a core", &mine),
            Row::rate("bound: two RSA-2048 private operations alone", &self.bound),
            Row::ratio("Pintle / bound", &once(self.bound.median() / self.processor)),
            Row::of("devices", "", &once(self.devices.into())),
            Row::of("Pintle, by the clock", "/s", &by_the_clock),
            Row::of("the fleet's own", "µs", &once(self.load)),
            Row::of("all keys checked and pinned", "s", &once(self.pinning)),
        ];
        if let Some(peer) = peer {
            rows.extend([
                Row::of("spark-protocol 1.0.21, devices", "", &once(peer.devices.into())),
                Row::rate(
                    "spark-protocol 1.0.21, devices that came in, a core",
                    &once(peer.processor),
                ),
                Row::of("spark-protocol 1.0.21, by the clock", "/s", &once(peer.rate)),
                Row::ratio("Pintle / spark-protocol", &once(peer.processor / self.processor)),
            ]);
        }
        Section { title: "TCP handshakes over loopback sockets", rows, note: HANDSHAKES }
    }

    fn memory(&self) -> Section {
        let more = self.idle.saturating_sub(self.warm) as f64;
        let whole = |resident: u64| once(resident as f64 / f64::from(1 << 20));
        let rows = vec![
            Row::of("devices", "", &once(self.devices.into())),
            Row::bytes(
                "Pintle, a connected idle device",
                &once(more / f64::from(self.devices - self.few)),
            )
            .at_most(2048.0),
            Row::of("the whole node, all keys pinned, nobody in", "MiB", &whole(self.empty)),
            Row::of("  the first of them in", "", &once(self.few.into())),
            Row::of("  with them, idle", "MiB", &whole(self.warm)),
            Row::of("  with all, idle", "MiB", &whole(self.idle)),
        ];
        Section { title: "Resident memory of a connected idle TCP device", rows, note: MEMORY }
    }
}

/// Pins the keys of a fleet; how many seconds that takes.
fn pin(folder: &Folder, devices: u32) -> f64 {
    let node = Node::start_with_tcp(folder);
    let began = Instant::now();
    drop(Fleet::pin_tcp(folder, &node, SEED, devices));
    let took = began.elapsed();
    node.stop();
    took.as_secs_f64()
}

/// The two private operations that no handshake can do without, alone.
fn bound() -> Samples {
    let operations = PrivateOperations::new();
    let sample = |_| {
        let mut watch = Stopwatch::default();
        let count = operations.run(&mut watch);
        watch.per(count)
    };
    (0..ROUNDS).map(sample).collect()
}

/// Events in and their acknowledgements out.
fn talk(folder: &Folder, devices: u32) -> Section {
    let node = Node::start_with_tcp(folder);
    let fleet = Fleet::pinned_tcp(folder, &node, SEED, devices);
    let [mut processor, mut acknowledged, mut share] = <[Samples; 3]>::default();
    for _ in 0..ROUNDS {
        let length = WINDOW.as_secs() + 2;
        let running = fleet.start(&format!(
            "--payload 24 --rate {OFFERED} --duration {length}s --settle 10s --at-once 512"
        ));
        running.until_all_are_in();
        let (before, began) = (node.vitals().processor, Instant::now());
        std::thread::sleep(WINDOW);
        let spent = (node.vitals().processor - before).as_secs_f64();
        let busy = spent / began.elapsed().as_secs_f64();
        let report = running.report();
        let rate = report.events.acknowledged as f64 / report.running_seconds;
        processor.push(busy * 1e9 / rate);
        acknowledged.push(rate);
        share.push(busy);
    }
    let rows = vec![
        Row::rate("Pintle, in and out, a core", &processor),
        Row::of("Pintle, acknowledged by the clock", "/s", &acknowledged),
        Row::ratio("share of its core the node used", &share),
        Row::of("devices", "", &once(devices.into())),
    ];
    Section { title: "Messages of TCP devices in and out over loopback sockets", rows, note: TALK }
}

/// Devices that come back after `kill -9` of their node, which shares both cores with them.
fn back(folder: &Folder, devices: u32) -> Section {
    let mut node = Node::start_everywhere_with_tcp(folder);
    let fleet = Fleet::pinned_tcp(folder, &node, SEED, devices);
    let running = fleet.start("--rate 0 --duration 5h --at-once 2048");
    running.until_all_are_in();
    let addresses = node.addresses;
    let mut spent = Samples::default();
    for _ in 0..RESTARTS {
        std::thread::sleep(REST);
        node.kill();
        std::thread::sleep(AWAY);
        node = Node::start_everywhere_on(folder, addresses);
        std::thread::sleep(REST);
        spent.push(node.vitals().processor.as_secs_f64());
    }
    let report = running.end();
    let seconds: Samples = report.outages.iter().map(|outage| outage.back_seconds).collect();
    let lost: Samples = report.outages.iter().map(|outage| f64::from(outage.lost)).collect();
    let rows = vec![
        Row::of("devices that lost their node", "", &lost),
        Row::of("all back after the node's first word", "s", &seconds).at_most(2.0),
        Row::of("  of which processor time of the node, both cores", "s", &spent),
        Row::of("times", "", &once(report.outages.len() as f64)),
        Row::of("devices lost", "", &once(report.devices_lost.into())).at_most(0.0),
    ];
    Section { title: "TCP devices back after kill -9 of the node", rows, note: BACK_NOTE }
}

const HANDSHAKES: &str = "Photons with firmware 2.x. The node's processor time from the first nonce until the last \
device was in, for each device: the handshake, hello and what the node writes down and asks. The bound is the library \
called directly, in this process. Before a key is pinned it is checked by itself and held against all others for a common \
prime. \
spark-protocol is the npm package @brewskey/spark-protocol 1.0.21 under Node, whose private-key work is JavaScript: the \
same fleet, its devices taken with the key they bring, from the 11th on. It was measured elsewhere with 2,000 devices, \
which took it 392 s to take back; an older release of it, with Node's OpenSSL, 12.5 s at 211 to 239 handshakes a second.";

const MEMORY: &str = "The node's resident memory 30 s after the last device came in, less that 30 s after the first few \
were, for each of the others; the kernel's share of a connection (about 3.6 KB) is not in it. What the first few bring with \
them is the door's, whatever their number. The other server's memory is not measured here: with as few devices as it \
admits in a minute it is less than what its runtime has yet to collect. At 2,000 devices it was 41 KB for each elsewhere, \
and 10,000 would take it an hour to admit.";

const TALK: &str = "In: a confirmable event of some 50 bytes in an AES-128-CBC frame; out: its acknowledgement. Each \
device has 8 under way at most.";

const BACK_NOTE: &str = "Node and fleet share the two cores; the fleet is on the second. The node is killed with \
SIGKILL, away for half a second and started anew on the same data and addresses; from the first nonce that it says to any \
device until all have shaken hands, been greeted and are in again. Devices try again 0.2 to 0.4 s after nobody was there.";
