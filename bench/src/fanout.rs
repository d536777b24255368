//! Events to 1,000 streams: Pintle's over HTTPS, as clients read them, and Mosquitto's subscribers.
//!
//! The server runs alone on one core, everything else on another: 1,000 connections and one that publishes, in
//! one thread. Only so many publications are not everywhere yet, and every event must arrive everywhere.
//!
//! It is run with one publication under way for each group, so that each event is a write of its own to each
//! stream, and with ten, so that a server under load may write what waits in one go.

mod load;
mod mosquitto;
mod mqtt;
mod ours;

use crate::cores;
use crate::sample::Samples;
use crate::table::{Row, Section};
use load::Round;
use tokio::task::LocalSet;

pub use ours::{SERVE, serve};

/// Groups of readers: an account of ours, a topic of Mosquitto's. An account has no more than 100 streams.
const GROUPS: usize = 10;
/// Readers of one group.
const READERS: usize = 100;
/// Publications that some reader does not have yet, at most.
const APART: usize = GROUPS;
/// The same, where several may wait for each reader.
const TOGETHER: usize = 10 * GROUPS;
/// Bytes of an event's data.
const DATA: usize = 50;

/// Runs it. The sides take turns.
pub fn run(rounds: usize) -> Section {
    cores::allow_all_descriptors();
    cores::stay_on_loads_core();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system has room for a reactor");
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, measure(rounds))
}

async fn measure(rounds: usize) -> Section {
    let broker = mosquitto::Broker::start();
    let (https, http) =
        (ours::Cloud::start(ours::Wire::Https), ours::Cloud::start(ours::Wire::Http));
    let mut sides = [https.load().await, http.load().await, broker.load().await];
    let (mut apart, mut together): ([Figures; 3], [Figures; 3]) = Default::default();
    for round in 0..=rounds {
        for (under_way, figures) in [(APART, &mut apart), (TOGETHER, &mut together)] {
            for (side, figures) in sides.iter_mut().zip(figures) {
                let measured = side.round(under_way).await;
                // The first round warms up.
                if round > 0 {
                    figures.add(&measured);
                }
            }
        }
    }
    let mut rows = rows("one under way", &apart, &broker.version);
    rows.extend(self::rows("ten under way", &together, &broker.version));
    Section { title: "SSE: events a second delivered to 1,000 streams", rows, note: NOTE }
}

/// What was measured of one side, in nanoseconds an event delivered.
#[derive(Default)]
struct Figures {
    processor: Samples,
    wall: Samples,
    load: Samples,
}

impl Figures {
    fn add(&mut self, round: &Round) {
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e9 / round.delivered as f64;
        self.processor.push(each(round.server));
        self.wall.push(each(round.wall));
        self.load.push(round.load.as_secs_f64() / round.wall.as_secs_f64());
    }
}

fn rows(how: &str, [https, http, broker]: &[Figures; 3], version: &str) -> Vec<Row> {
    let row = |what: &str, samples: &Samples| Row::rate(&format!("{what}, {how}"), samples);
    let ratio = |what: &str, ratio: &Samples| Row::ratio(&format!("  {what}, {how}"), ratio);
    vec![
        row("Pintle, HTTPS, a core", &https.processor),
        row("Pintle without TLS, a core", &http.processor),
        row(&format!("Mosquitto {version}, TCP, a core"), &broker.processor),
        ratio("Pintle, HTTPS / Mosquitto", &broker.processor.over(&https.processor)),
        ratio("Pintle without TLS / Mosquitto", &broker.processor.over(&http.processor)),
        row("Pintle, HTTPS, by the clock", &https.wall),
        row("Pintle without TLS, by the clock", &http.wall),
        row(&format!("Mosquitto {version}, TCP, by the clock"), &broker.wall),
        ratio("share of its core the load used, HTTPS", &https.load),
        ratio("share of its core the load used, TCP", &broker.load),
    ]
}

const NOTE: &str = "1,000 streams in 10 groups of 100 (an account has no more), and Mosquitto's 1,000 subscribers, \
QoS 0, in 10 topics; 50 bytes of data; one connection publishes to the groups in turn, by POST or PUBLISH, with \
one or ten publications a group not everywhere yet: of ten, a server may write several to a stream in one go. The \
server is alone on one core and the load on another; \"a core\" means a second of the server process's own time, \
publishing, authentication and system calls included. Every event arrived everywhere. An event is some 170 bytes as server-sent JSON and 60 in MQTT. Pintle serves no plain HTTP: its row \
without TLS is the same API behind a listener of the benchmark's, to set encryption apart.";
