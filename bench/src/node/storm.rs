//! Established devices send while many others want in: what the storm does to their latency.

use super::fleet::{Fleet, Report};
use super::once;
use super::process::{Folder, Node};
use crate::table::{Row, Section};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long they send without a storm.
const CALM: Duration = Duration::from_secs(15);
/// Seconds between two events of an established device.
const EVERY: u32 = 10;

/// Runs it.
pub fn run(program: &Path, established: u32, storm: u32) -> Section {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let settled = Fleet::pin(&folder, &node, 1, established);
    let newcomers = Fleet::pin(&folder, &node, 2, storm);
    let sending = format!("--ping 0 --payload 24 --rate {} --duration 5h", established / EVERY);

    let running = settled.start(&sending);
    running.until_all_are_in();
    std::thread::sleep(CALM);
    let calm = running.end();

    let running = settled.start(&sending);
    running.until_all_are_in();
    let (before, began) = (node.vitals().processor, Instant::now());
    let storming = newcomers.start("--ping 0 --rate 0 --duration 2s --at-once 2048");
    storming.until_all_are_in();
    let (spent, lasted) = (node.vitals().processor - before, began.elapsed());
    let stormy = running.end();
    let share = spent.as_secs_f64() / lasted.as_secs_f64();
    let storm = Storm { calm, stormy, newcomers: storming.report(), devices: [established, storm] };
    storm.section(share)
}

struct Storm {
    calm: Report,
    stormy: Report,
    newcomers: Report,
    devices: [u32; 2],
}

impl Storm {
    fn section(&self, share: f64) -> Section {
        let [established, storm] = self.devices.map(f64::from);
        let (calm, stormy) = (&self.calm.event_latency, &self.stormy.event_latency);
        let lost = self.stormy.devices_lost + self.newcomers.devices_lost;
        let rows = vec![
            Row::of("established devices", "", &once(established)),
            Row::of("  their events", "/s", &once((established / f64::from(EVERY)).floor())),
            Row::of("devices of the storm", "", &once(storm)),
            Row::of("  let in", "/s", &once(storm / self.newcomers.connecting_seconds)),
            Row::ratio("share of its core the node used in the storm", &once(share)),
            Row::of("p99 without the storm", "ms", &once(calm.p99_us / 1e3)),
            Row::of("p99 in the storm", "ms", &once(stormy.p99_us / 1e3)),
            Row::ratio("in the storm / without", &once(stormy.p99_us / calm.p99_us)).at_most(2.0),
            Row::of("median without the storm", "ms", &once(calm.p50_us / 1e3)),
            Row::of("median in the storm", "ms", &once(stormy.p50_us / 1e3)),
            Row::of(
                "messages repeated in the storm",
                "",
                &once(self.stormy.retransmissions as f64),
            ),
            Row::of("devices lost", "", &once(lost.into())).at_most(0.0),
        ];
        Section { title: "Handshake storm beside established devices", rows, note: NOTE }
    }
}

const NOTE: &str = "From an event's send to the kernel's receive timestamp of its acknowledgement. Both fleets share \
the second core, and what the storm's fleet takes of it delays the sends of the other, not the time between a send \
and its answer. Both figures are over everything the established devices sent once they were in; with the storm \
that begins a moment before it and ends at most 5 s after it.";
