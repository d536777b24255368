//! Function calls: HTTPS to the node, the record to the device and back, and the answer.

use super::client::Way;
use super::percentile;
use crate::node::fleet::Fleet;
use crate::node::once;
use crate::node::process::{Folder, Node};
use crate::node::stream::Reader;
use crate::table::{Row, Section};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const DEVICES: u32 = 600;
const FLEET: &str = "--rate 1 --ping 60s --duration 120s";
const WINDOW: Duration = Duration::from_secs(10);
/// Before the clock runs.
const WARM_UP: Duration = Duration::from_secs(1);

pub fn run(program: &Path, runtime: &Runtime) -> Section {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let fleet = Fleet::pin(&folder, &node, 1, DEVICES);
    let running = fleet.start(FLEET);
    running.until_all_are_in();
    let devices = Reader::login(&folder, node.addresses.api).devices(node.addresses.api);
    let way = Way::new(&folder, node.addresses.api);
    let mut rows = Vec::new();
    for clients in [1, 32, 512] {
        let (before, began) = (node.vitals().processor, Instant::now());
        let (mut took, seconds) = runtime.block_on(measure(&way, &devices, clients));
        let share = (node.vitals().processor - before).div_duration_f64(began.elapsed());
        let rate =
            Row::of(&format!("{clients} clients: calls"), "/s", &once(took.len() as f64 / seconds));
        let p99 = Row::of("  p99", "ms", &once(percentile(&mut took, 99)));
        let goals = clients == 32;
        rows.push(if goals { rate.at_least(5_000.0) } else { rate });
        rows.push(Row::of("  median", "ms", &once(percentile(&mut took, 50))));
        rows.push(if goals { p99.at_most(10.0) } else { p99 });
        rows.push(Row::ratio("  share of its core the node used", &once(share)));
    }
    running.end();
    Section { title: "Function calls through HTTPS to a device and back", rows, note: NOTE }
}

/// Milliseconds of each call, and how long it was measured.
async fn measure(way: &Way, devices: &[String], clients: usize) -> (Vec<f64>, f64) {
    let token = way.login().await;
    let mut calling = JoinSet::new();
    // All connect first.
    for client in 0..clients {
        let (way, token) = (way.clone(), token.clone());
        let device = devices.get(client % devices.len()).expect("there are devices").clone();
        let mut client = way.connect().await;
        calling.spawn(async move {
            let what = format!("POST /v1/devices/{device}/length");
            let (begin, mut took) = (Instant::now() + WARM_UP, Vec::new());
            while begin.elapsed() < WINDOW {
                let sent = Instant::now();
                let (status, body) = client.ask(&what, &token, "arg=four").await;
                assert!(status == 200 && body.contains("\"return_value\":4"), "{status} {body}");
                if sent >= begin {
                    took.push(sent.elapsed().as_secs_f64() * 1e3);
                }
            }
            took
        });
    }
    let took = calling.join_all().await.into_iter().flatten().collect();
    (took, WINDOW.as_secs_f64())
}

const NOTE: &str = "Each client has one connection and one device, and calls as soon as it was answered. Clients and devices \
share the second core, the node has the first. For comparison: an older open server for such devices, over plain HTTP and its TCP \
service, was measured elsewhere at a median of 2.0 ms and a p99 of 5 to 8 ms with one client, at 544 calls a second with \
eight, and at a p99 of 89 to 112 ms with 32.";
