//! A node without devices: how soon it is ready, and what it takes.

use super::process::{Folder, Node};
use crate::sample::Samples;
use crate::table::{Row, Section};
use std::path::Path;
use std::time::Duration;

/// How often it is started.
const STARTS: usize = 5;
/// How long it may settle before its memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
const MEBIBYTE: f64 = (1 << 20) as f64;

/// Runs it.
pub fn run(program: &Path) -> Section {
    let folder = Folder::new(program);
    let (mut ready, mut memory) = (Samples::default(), Samples::default());
    for start in 0..=STARTS {
        let node = Node::start(&folder);
        // The first start makes what later ones find, and has it read from the disk.
        if start > 0 {
            std::thread::sleep(IDLE);
            ready.push(node.start.as_secs_f64() * 1e3);
            memory.push(node.vitals().resident as f64 / MEBIBYTE);
        }
        node.stop();
    }
    let size = std::fs::metadata(program).expect("the program is a file").len();
    let rows = vec![
        Row::of("start to ready", "ms", &ready).at_most(100.0),
        Row::of("resident when idle", "MiB", &memory).at_most(40.0),
        Row::of("size of the binary", "MiB", &super::once(size as f64 / MEBIBYTE)).at_most(40.0),
    ];
    Section { title: "An empty node", rows, note: NOTE }
}

const NOTE: &str = "From the start of the process to the file that says it is ready: the store open, the API \
listening, devices welcome. The first start on a new folder is not counted.";
