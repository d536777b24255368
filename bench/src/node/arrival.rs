//! A large fleet comes in, idles, and finds its node again after restarts: handshakes, memory, restarts.

use super::fleet::{Fleet, Report, Running};
use super::once;
use super::process::{Folder, Node};
use super::stream::Reader;
use super::vitals::Vitals;
use crate::handshake::Measured;
use crate::sample::Samples;
use crate::table::{Row, Section};
use std::path::Path;
use std::time::Duration;

/// All devices in turn send a few events: those that come first after a restart are from devices that had not
/// spoken since they came in.
const ARGUMENTS: &str = "--ping 0 --rate 10 --duration 5h --at-once 2048";
/// How long until a node keeps nothing of a silent device but its session.
const IDLE: Duration = Duration::from_secs(110);
/// Restarts of each kind.
const RESTARTS: usize = 3;
/// Between two of them, so that what repeats itself has arrived.
const REST: Duration = Duration::from_secs(8);
/// The same where a node takes seconds to end and to start: a device gives its session up when all four copies of an
/// event, within 75 s, meet an end.
const LONG_REST: Duration = Duration::from_secs(80);
/// With more devices than so many it does.
const MANY: u32 = 100_000;

/// Runs it.
pub fn run(program: &Path, devices: u32, in_memory: &Measured) -> [Section; 3] {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let reader = Reader::login(&folder, node.addresses.api);
    let empty = node.vitals();
    let fleet = Fleet::pin(&folder, &node, 1, devices);
    let pinned = node.vitals();
    let running = fleet.start(ARGUMENTS);
    running.until_all_are_in();
    let arrived = node.vitals();
    std::thread::sleep(IDLE);
    let idle = node.vitals();

    let rest = if devices > MANY { LONG_REST } else { REST };
    let restarts = Restarts::run(&folder, node, &Course { reader: &reader, rest });
    let report = end(running);
    let visit = Visit { devices, empty, pinned, arrived, idle, report };
    [visit.handshakes(in_memory), visit.memory(), visit.restarts(&restarts)]
}

fn end(running: Running) -> Report {
    let report = running.end();
    assert!(report.connecting_seconds > 0.0, "the fleet came in");
    report
}

/// What was seen of a fleet's stay.
struct Visit {
    devices: u32,
    empty: Vitals,
    pinned: Vitals,
    arrived: Vitals,
    idle: Vitals,
    report: Report,
}

impl Visit {
    fn handshakes(&self, in_memory: &Measured) -> Section {
        let spent = (self.arrived.processor - self.pinned.processor).as_secs_f64();
        let mine = spent * 1e9 / f64::from(self.devices);
        let over = |peer: &Samples| once(peer.median() / mine);
        let (bound, theirs) = (in_memory.bound(), &in_memory.theirs);
        let seconds = self.report.connecting_seconds;
        let rows = vec![
            Row::rate("Pintle, devices that came in, a core", &once(mine)),
            Row::rate("bound: the four public-key operations alone", &bound),
            Row::rate("OpenSSL 3.6, X.509, in memory", theirs),
            Row::ratio("Pintle / bound", &over(&bound)).at_least(0.75),
            Row::ratio("Pintle / OpenSSL", &over(theirs)),
            Row::of("devices", "", &once(self.devices.into())),
            Row::of("Pintle, by the clock", "/s", &once(f64::from(self.devices) / seconds)),
            Row::ratio("share of its core the node used", &once(spent / seconds)),
            Row::of("the fleet's own", "µs", &once(self.report.cost.cpu_us_per_handshake)),
        ];
        Section { title: "Full DTLS handshakes over loopback sockets", rows, note: HANDSHAKES }
    }

    fn memory(&self) -> Section {
        let each =
            |more: u64, less: u64| once(more.saturating_sub(less) as f64 / f64::from(self.devices));
        let (empty, pinned) = (self.empty.resident, self.pinned.resident);
        let rows = vec![
            Row::of("devices", "", &once(self.devices.into())),
            Row::bytes("Pintle, a connected idle device", &each(self.idle.resident, empty))
                .at_most(512.0),
            Row::bytes("  of which its pinned key", &each(pinned, empty)),
            Row::bytes("at most, while all came in", &each(self.arrived.most_resident, empty)),
            Row::bytes("the whole node, idle", &once(self.idle.resident as f64)),
        ];
        Section { title: "Resident memory of a connected idle device", rows, note: MEMORY }
    }

    fn restarts(&self, restarts: &Restarts) -> Section {
        let again = self.report.sessions.done.saturating_sub(self.devices);
        let rows = vec![
            Row::of("sessions", "", &once(self.devices.into())),
            Row::of("clean: start to ready", "s", &restarts.clean.ready),
            Row::of("clean: to the first message accepted", "s", &restarts.clean.heard)
                .at_most(5.0),
            Row::of("after kill -9: start to ready", "s", &restarts.killed.ready),
            Row::of("after kill -9: to the first message accepted", "s", &restarts.killed.heard)
                .at_most(5.0),
            Row::of("handshakes in all of them", "", &once(again.into())).at_most(0.0),
            Row::of("devices lost", "", &once(self.report.devices_lost.into())).at_most(0.0),
        ];
        Section { title: "Restart with all sessions", rows, note: RESTART }
    }
}

/// Times of one kind of restart, in seconds.
#[derive(Default)]
struct Times {
    ready: Samples,
    heard: Samples,
}

impl Times {
    /// Starts a node again where another was.
    fn restart(&mut self, folder: &Folder, node: Node, end: fn(Node), course: &Course<'_>) -> Node {
        let addresses = node.addresses;
        end(node);
        let node = Node::start_on(folder, addresses);
        course.reader.open(addresses.api).next();
        self.heard.push(node.began.elapsed().as_secs_f64());
        self.ready.push(node.start.as_secs_f64());
        std::thread::sleep(course.rest);
        node
    }
}

/// How restarts follow each other, and who listens.
struct Course<'a> {
    reader: &'a Reader,
    rest: Duration,
}

/// Restarts of both kinds.
#[derive(Default)]
struct Restarts {
    clean: Times,
    killed: Times,
}

impl Restarts {
    fn run(folder: &Folder, node: Node, course: &Course<'_>) -> Self {
        let (mut restarts, mut node) = (Self::default(), node);
        for _ in 0..RESTARTS {
            node = restarts.clean.restart(folder, node, Node::stop, course);
            node = restarts.killed.restart(folder, node, Node::kill, course);
        }
        restarts
    }
}

const HANDSHAKES: &str = "The node's processor time from the first hello until the last device was in, for each \
device: the handshake, its datagrams, and what a device says when it comes in (hello, descriptions, subscriptions) \
with what the node writes down of it. The bound and OpenSSL are in memory, without a socket and without any of that; \
they were measured in the same run. Most often it is the fleet's core that is full: its own cost is what it saves \
least on.";

const MEMORY: &str = "The node's resident memory 110 s after the last device came in, less that of the same node \
before their keys were pinned. Ten devices a second send an event meanwhile.";

const RESTART: &str = "From the start of the process to the file that says it is ready, and to the first event of a \
device on a stream that was opened as soon as it was ready: a bound from above, and of the fleet's making by up to a \
tenth of a second, for ten of its devices in a second send an event, each time others. Three restarts of each kind, \
in turn.";
