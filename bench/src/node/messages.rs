//! Events in and their acknowledgements out, as many as the two cores sustain: beside a socket without anything
//! behind it, and beside libcoap's server.

use super::fleet::Fleet;
use super::process::{Folder, Node};
use super::{echo, libcoap};
use crate::sample::Samples;
use crate::table::{Row, Section};
use std::path::Path;
use std::time::{Duration, Instant};

const DEVICES: u32 = 1000;
/// More than there is time for.
const OFFERED: u32 = 400_000;
/// How long the node is looked at, once all are in.
const WINDOW: Duration = Duration::from_secs(6);
/// How often.
const ROUNDS: usize = 3;
/// Bytes of the echo's datagrams: as many as the mean of an event's and its acknowledgement's, each in a record.
const DATAGRAM: usize = 60;

/// Runs it.
pub fn run(program: &Path) -> Section {
    let mine = Mine::measure(program);
    let bare = echo::measure(ROUNDS, DATAGRAM);
    let peer = libcoap::measure(ROUNDS);
    let mut rows = vec![
        Row::rate("Pintle, in and out, a core", &mine.processor).at_least(100_000.0),
        Row::rate("bound: a bare echo, in and out, a core", &bare),
        Row::rate("libcoap's server, in and out, a core", &peer.processor),
        Row::ratio("Pintle / bound", &bare.over(&mine.processor)).at_least(0.5),
        Row::ratio("Pintle / libcoap", &peer.processor.over(&mine.processor)),
        Row::of("Pintle, acknowledged by the clock", "/s", &mine.acknowledged),
        Row::ratio("share of its core the node used", &mine.share),
        Row::ratio("share of its core the fleet used", &mine.load),
        Row::of("libcoap, answered by the clock", "/s", &peer.answered),
        Row::bytes("resident a session, libcoap", &peer.session),
    ];
    rows.retain(|row| !row.median.is_nan());
    Section { title: "50-byte CoAP in and out over loopback sockets", rows, note: NOTE }
}

/// What was measured of the node.
#[derive(Default)]
struct Mine {
    /// Nanoseconds an event.
    processor: Samples,
    acknowledged: Samples,
    share: Samples,
    load: Samples,
}

impl Mine {
    fn measure(program: &Path) -> Self {
        let folder = Folder::new(program);
        let node = Node::start(&folder);
        let fleet = Fleet::pin(&folder, &node, 1, DEVICES);
        let mut mine = Self::default();
        (0..ROUNDS).for_each(|_| mine.round(&node, &fleet));
        mine
    }

    fn round(&mut self, node: &Node, fleet: &Fleet<'_>) {
        let length = WINDOW.as_secs() + 2;
        let arguments =
            format!("--ping 0 --payload 24 --rate {OFFERED} --duration {length}s --settle 10s");
        let running = fleet.start(&arguments);
        running.until_all_are_in();
        let (before, began) = (node.vitals().processor, Instant::now());
        std::thread::sleep(WINDOW);
        let spent = (node.vitals().processor - before).as_secs_f64();
        let share = spent / began.elapsed().as_secs_f64();
        let report = running.report();
        let rate = report.events.acknowledged as f64 / report.running_seconds;
        self.processor.push(share * 1e9 / rate);
        self.acknowledged.push(rate);
        self.share.push(share);
        self.load.push(report.cost.running_cpu_share);
    }
}

const NOTE: &str = "One message in and one out count once. In: a confirmable event of some 50 bytes in a record with \
a connection ID; out: its acknowledgement, in a record. 1,000 devices with 8 events under way at most offer 400,000 a \
second, more than the fleet's core can say; the node is looked at for 6 s. The echo: recvmmsg and sendmmsg of 64 \
datagrams of the two records' mean size, 512 of them under way. libcoap: Debian's coap-server-openssl over DTLS with a pre-shared key \
(AES-128-CCM), 500 sessions that send a 50-byte PUT in turn, 64 at a time, and wait for the answer, one datagram a system call \
on both sides, as it does. For comparison, Californium's own README has it at 12,500 requests a second a core.";
