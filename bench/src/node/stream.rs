//! Events of many devices to one stream: whether all arrive, and whether pings wait for them.

mod listener;

use super::fleet::Fleet;
use super::once;
use super::process::{Folder, Node};
use crate::table::{Row, Section};
use std::path::Path;
use std::time::{Duration, Instant};

pub use listener::{Answer, Reader};

const DEVICES: u32 = 500;
const ARGUMENTS: &str = "--rate 2000 --payload 24 --ping 1s --duration 30s";
/// How long the node is looked at, once all are in: that is known a little late.
const WINDOW: Duration = Duration::from_secs(29);
/// How long the last events may take to the stream.
const DRAIN: Duration = Duration::from_secs(5);

/// Runs it.
pub fn run(program: &Path) -> Section {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let fleet = Fleet::pin(&folder, &node, 1, DEVICES);
    let count = Reader::login(&folder, node.addresses.api).open(node.addresses.api).count();
    let running = fleet.start(ARGUMENTS);
    running.until_all_are_in();
    let (before, began) = (node.vitals().processor, Instant::now());
    std::thread::sleep(WINDOW);
    let share = (node.vitals().processor - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let report = running.report();
    let delivered = count.reach(report.events.sent, DRAIN);
    let part = |count: u64| once(count as f64 / report.events.sent as f64 * 100.0);
    let offered = report.events.sent as f64 / report.running_seconds;
    let millis = |micros: f64| once(micros / 1e3);
    let rows = vec![
        Row::of("events sent", "/s", &once(offered)),
        Row::of("  of which acknowledged", "%", &part(report.events.acknowledged)),
        // What is sent twice counts once: more than all would be a fault too.
        Row::of("  of which delivered to the stream", "%", &part(delivered)).exactly(100.0),
        Row::of("ping, p99", "ms", &millis(report.ping_latency.p99_us)).at_most(2.0),
        Row::of("ping, median", "ms", &millis(report.ping_latency.p50_us)),
        Row::of("event to its acknowledgement, p99", "ms", &millis(report.event_latency.p99_us)),
        Row::ratio("share of its core the node used", &once(share)),
    ];
    Section { title: "2,000 events/s of 500 devices to one stream, 30 s", rows, note: NOTE }
}

const NOTE: &str = "Each device also pings every second; a ping's time is from the device's send to the kernel's \
receive timestamp of the answer. The stream is read over HTTPS on the fleet's core. For comparison: two older servers for \
the same devices, over TCP, were measured under this load elsewhere at a ping p99 of 14 ms and 389 ms.";
