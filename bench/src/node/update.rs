//! Firmware updates through a whole node: to one device and to many at a time, over a network that loses.

use super::fleet::{Fleet, Report, Running};
use super::once;
use super::process::{Folder, Node};
use super::stream::{Answer, Reader};
use crate::module;
use crate::table::{Row, Section};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The file, in bytes.
const SIZE: usize = 512 * 1024;
/// Of a hundred datagrams in either direction, how many are lost.
const LOSSES: [u32; 3] = [0, 5, 20];
/// Files that are uploaded at the same time: as many as the node takes.
const UPLOADS: usize = 8;
/// How often a device is tried while the node says no, and how long to wait in between.
const TRIES: usize = 20;
const AGAIN: Duration = Duration::from_millis(500);
/// How long all of it may take, and how often it is looked whether it is over.
const LONGEST: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(200);
/// For how long a node that is done does nothing: what is lost is repeated after 4 s, 8 s and 16 s, and up to half more.
const CALM: Duration = Duration::from_secs(3);
const LOSSY: Duration = Duration::from_secs(25);

/// Runs it.
pub fn run(program: &Path, devices: u32) -> Section {
    let mut rows = Vec::new();
    for (devices, seed) in [(1, 11), (devices, 12)] {
        for (version, loss) in (2..).zip(LOSSES) {
            rows.extend(Visit::of(program, devices, seed, (version, loss)).rows());
        }
    }
    Section { title: "Updates of 512 KiB over loopback sockets", rows, note: NOTE }
}

struct Visit {
    devices: u32,
    loss: u32,
    begun: usize,
    chunks: u64,
    /// Of the node, from the first upload on.
    processor: Duration,
    /// Bytes of the node's memory before, and at most while it sent.
    before: u64,
    most: u64,
    report: Report,
}

impl Visit {
    fn of(program: &Path, devices: u32, seed: u32, (version, loss): (u16, u32)) -> Self {
        eprintln!("the node: update: {devices} at {loss} % lost");
        let folder = Folder::new(program);
        let node = Node::start(&folder);
        let reader = Reader::login(&folder, node.addresses.api);
        let fleet = Fleet::pin(&folder, &node, seed, devices);
        let running =
            fleet.start(&format!("--rate 0 --ping 25s --duration 5h --settle 60s --loss {loss}"));
        running.until_all_are_in();
        let ids = reader.devices(node.addresses.api);
        let file = module::sample(version, SIZE);
        let chunks = u64::try_from(file.len().div_ceil(1024)).unwrap_or(0) * u64::from(devices);
        let before = node.vitals();
        let begun = flash(&reader, &node, &ids, &file);
        let patience = if loss > 0 { LOSSY } else { CALM };
        let most = until_quiet(&node, before.resident, patience);
        let after = node.vitals();
        let report = end(running);
        let processor = after.processor - before.processor;
        Self { devices, loss, begun, chunks, processor, before: before.resident, most, report }
    }

    fn rows(&self) -> Vec<Row> {
        let Self { devices, loss, report, .. } = self;
        let updates = &report.updates;
        let row = |what: &str| format!("{devices} at {loss} % lost: {what}");
        let lost = f64::from(*loss) / 100.0;
        // What came is what was sent less what was lost on the way.
        let sent = updates.chunks as f64 / (1.0 - lost);
        let mebi = |bytes: u64| once(bytes as f64 / f64::from(1 << 20));
        let running = updates.installed as f64;
        vec![
            Row::of(&row("devices that began"), "", &once(self.begun as f64)),
            Row::of(&row("  that run the new image"), "", &once(running))
                .exactly(f64::from(*devices)),
            Row::of(
                &row("by the clock"),
                "MB/s",
                &once(updates.bytes as f64 / 1e6 / updates.seconds),
            ),
            Row::of(
                &row("of the node, a core"),
                "MB/s",
                &once(updates.bytes as f64 / 1e6 / self.processor.as_secs_f64()),
            ),
            Row::of(&row("sent again"), "%", &once((sent / self.chunks as f64 - 1.0) * 100.0)),
            Row::of(&row("  the least that must be"), "%", &once(lost / (1.0 - lost) * 100.0)),
            Row::of(&row("memory of the node before"), "MiB", &mebi(self.before)),
            Row::of(&row("  and at most"), "MiB", &mebi(self.most)),
        ]
    }
}

fn end(running: Running) -> Report {
    running.end()
}

/// Flashes all of them; how many began. So many are uploaded at a time; each then waits for its device by itself.
fn flash(reader: &Reader, node: &Node, ids: &[String], file: &[u8]) -> usize {
    let (next, begun) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..UPLOADS.min(ids.len()) {
            scope.spawn(|| {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let upload = || reader.upload(node.addresses.api, id, file);
                    let first = upload();
                    let begun = &begun;
                    scope.spawn(move || {
                        let again = || {
                            std::thread::sleep(AGAIN);
                            upload().is_some_and(Answer::is_yes)
                        };
                        let began =
                            first.is_some_and(Answer::is_yes) || (1..TRIES).any(|_| again());
                        begun.fetch_add(usize::from(began), Ordering::Relaxed);
                    });
                }
            });
        }
    });
    begun.into_inner()
}

/// Waits until the node does nothing any more; the most memory that it had.
fn until_quiet(node: &Node, before: u64, patience: Duration) -> u64 {
    let (began, mut last, mut busy_at) = (Instant::now(), node.vitals(), Instant::now());
    let mut most = before;
    while busy_at.elapsed() < patience && began.elapsed() < LONGEST {
        std::thread::sleep(LOOK);
        let now = node.vitals();
        most = most.max(now.resident);
        if now.processor - last.processor > LOOK / 50 {
            busy_at = Instant::now();
        }
        last = now;
    }
    most
}

const NOTE: &str = "The file is uploaded once for each device, by the API, 8 at a time; the node keeps one copy of \
it. Then chunks of 1,024 bytes in records, from the first start to the last finish, uploads included. Losses in both \
directions, of everything: a start or an end that is lost is repeated after 4 s or more. What was sent again is reckoned from what came. A device counts once it has shaken hands \
anew, with the new image. The fleet's devices hash what comes and keep none of it; they are on the second core with the \
uploads.";
