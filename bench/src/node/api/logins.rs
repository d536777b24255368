//! Logins beside bare Argon2id, and what everybody else notices of them.

use super::client::Way;
use super::percentile;
use crate::clock::Stopwatch;
use crate::node::once;
use crate::node::process::{Folder, Node, PASSWORD};
use crate::table::{Row, Section};
use argon2::{Algorithm, Argon2, Params, Version};
use pintle_cloud::account::Cost;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const WINDOW: Duration = Duration::from_secs(10);
/// Logins under way at a time: one more than the hashing thread has in hand.
const AT_ONCE: usize = 4;
/// Those who ask for something else meanwhile.
const OTHERS: usize = 4;
/// Bare hashes.
const HASHES: usize = 40;

pub fn run(program: &Path, runtime: &Runtime) -> Section {
    let folder = Folder::new(program);
    let node = Node::start(&folder);
    let way = Way::new(&folder, node.addresses.api);
    let bare = bare_rate();
    let (_, logins) = runtime.block_on(measure(&way, AT_ONCE, 0));
    let (mut alone, _) = runtime.block_on(measure(&way, 0, OTHERS));
    let (mut beside, beside_logins) = runtime.block_on(measure(&way, AT_ONCE, OTHERS));
    let rate = logins as f64 / WINDOW.as_secs_f64();
    let (alone, beside) = (percentile(&mut alone, 99), percentile(&mut beside, 99));
    let rows = vec![
        Row::of("logins", "/s", &once(rate)),
        Row::of("Argon2id alone, one thread", "/s", &once(bare)),
        Row::ratio("logins / Argon2id alone", &once(rate / bare)).at_least(0.9),
        Row::of("who asks for something else: p99, no logins", "ms", &once(alone)),
        Row::of("  p99, logins without end", "ms", &once(beside)),
        Row::of("  logins meanwhile", "/s", &once(beside_logins as f64 / WINDOW.as_secs_f64())),
        Row::ratio("  times as long", &once(beside / alone)).at_most(2.0),
    ];
    Section { title: "Logins", rows, note: NOTE }
}

/// Hashes a second of one thread, on the load's core, with nothing else under way.
fn bare_rate() -> f64 {
    let Cost { memory_kib, passes, lanes } = Cost::FULL;
    let params = Params::new(memory_kib, passes, lanes, Some(32)).expect("the node's own");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let mut blocks = vec![argon2::Block::default(); argon2.params().block_count()];
    let mut hash = || {
        let hashed = argon2.hash_password_into_with_memory(
            PASSWORD.as_bytes(),
            &[7; 16],
            &mut out,
            &mut blocks,
        );
        hashed.expect("the parameters are good");
    };
    // Fresh memory costs the first one more.
    hash();
    let mut watch = Stopwatch::default();
    watch.time(|| (0..HASHES).for_each(|_| hash()));
    1e9 / watch.per(HASHES)
}

/// Milliseconds of each request of the others, and how many logins there were.
async fn measure(way: &Way, at_once: usize, asking: usize) -> (Vec<f64>, usize) {
    let token = way.login().await;
    let end = Instant::now() + WINDOW;
    let (mut logins, mut others) = (JoinSet::new(), JoinSet::new());
    for _ in 0..at_once {
        let mut client = way.connect().await;
        logins.spawn(async move {
            let mut done = 0;
            while Instant::now() < end {
                let (status, body) = client.login().await;
                assert_eq!(status, 200, "{body}");
                done += 1;
            }
            done
        });
    }
    for _ in 0..asking {
        let (mut client, token) = (way.connect().await, token.clone());
        others.spawn(async move {
            let mut took = Vec::new();
            while Instant::now() < end {
                let sent = Instant::now();
                let (status, body) = client.ask("GET /v1/user", &token, "").await;
                assert_eq!(status, 200, "{body}");
                took.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            took
        });
    }
    let logins = logins.join_all().await.into_iter().sum();
    (others.join_all().await.into_iter().flatten().collect(), logins)
}

const NOTE: &str = "Four logins under way at a time; then four clients that ask who they are, one request after the other; then both. All over \
HTTPS. Who hashes stands back for who asks. The node has one core and so one thread that hashes; Argon2id alone is hashed on the other core, before, with the same \
parameters and memory that is used again.";
