//! One event to many streams: how long until each has it.

use super::client::{Client, Way};
use crate::node::once;
use crate::node::process::{Folder, Node};
use crate::sample::Samples;
use crate::table::{Row, Section};
use std::path::Path;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Events with each number of streams.
const EVENTS: usize = 5;

pub fn run(program: &Path, runtime: &Runtime, most: u32) -> Section {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let way = Way::new(&folder, node.addresses.api);
    let rows = runtime.block_on(measure(&node, &way, most as usize));
    Section { title: "One event to many streams", rows, note: NOTE }
}

async fn measure(node: &Node, way: &Way, most: usize) -> Vec<Row> {
    let token = way.login().await;
    let (mut streams, mut rows) = (Vec::new(), Vec::new());
    let idle = node.vitals().resident;
    for count in [1, 100, 1_000, most] {
        while streams.len() < count {
            streams.push(open(way, &token).await);
        }
        let mut took = Samples::default();
        for event in 0..EVENTS {
            let name = format!("fan-{count}-{event}");
            let (all, ms) = reached(streams, way, &token, &name).await;
            streams = all;
            took.push(ms);
        }
        rows.push(Row::of(&format!("{count} streams: until all have it"), "ms", &took));
    }
    let each = node.vitals().resident.saturating_sub(idle) as f64 / streams.len() as f64;
    rows.push(Row::of("the node's memory for a stream", "KiB", &once(each / 1_024.0)));
    rows
}

async fn open(way: &Way, token: &str) -> Client {
    let mut stream = way.connect().await;
    stream.send("GET /v1/devices/events/fan", token, "").await;
    stream.until(b":ok\n\n").await;
    stream
}

/// Publishes an event and waits until every stream has it: the streams again, and the milliseconds.
async fn reached(streams: Vec<Client>, way: &Way, token: &str, name: &str) -> (Vec<Client>, f64) {
    let mut waiting = JoinSet::new();
    for mut stream in streams {
        let line = format!("event: {name}\n");
        waiting.spawn(async move {
            stream.until(line.as_bytes()).await;
            stream
        });
    }
    // A connection that is quiet for long is closed by the node: opening streams takes a while.
    let mut publisher = way.connect().await;
    // Each begins to wait.
    tokio::task::yield_now().await;
    let began = Instant::now();
    let form = format!("name={name}&data=x&private=true");
    let (status, body) = publisher.ask("POST /v1/devices/events", token, &form).await;
    assert_eq!(status, 200, "{body}");
    let streams = waiting.join_all().await;
    (streams, began.elapsed().as_secs_f64() * 1e3)
}

const NOTE: &str = "From the request that publishes to the last stream's reading of it, five events each. The streams are read \
over HTTPS on the second core, in one thread, whose work is part of the time; the node has the first.";
