//! The keys of a fleet over TCP, kept from run to run: ten thousand RSA keys take a minute to make, and each device has
//! primes of its own.

use crate::node::fleet::Fleet;
use crate::node::process::{Folder, Node};
use std::fs;
use std::path::{Path, PathBuf};

/// The public half of a key, in bytes.
const PUBLIC: usize = 162;

/// The file in a data folder in which `pintle fleet` keeps and finds them.
fn in_folder(folder: &Folder, seed: u32) -> PathBuf {
    folder.data().join(format!("fleet-{seed}.keys"))
}

fn kept(seed: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/fleet-{seed}.keys"))
}

/// Puts the keys of so many devices into a folder; makes those that are not there yet.
pub fn bring(program: &Path, folder: &Folder, seed: u32, devices: u32) {
    if count(&kept(seed)) < devices as usize {
        eprintln!("the node: {devices} RSA keys are made, once");
        let other = Folder::with_tcp(program);
        // Those that there are need not be made again.
        let _ = fs::copy(kept(seed), in_folder(&other, seed));
        let node = Node::start_everywhere_with_tcp(&other);
        drop(Fleet::pin_tcp(&other, &node, seed, devices));
        fs::copy(in_folder(&other, seed), kept(seed)).expect("the build folder can be written");
    }
    fs::copy(kept(seed), in_folder(folder, seed)).expect("a data folder can be written");
}

/// How many keys a file has: each private one with its length, and the public one.
fn count(file: &Path) -> usize {
    let content = fs::read(file).unwrap_or_default();
    let mut rest = content.as_slice();
    let next = || {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length)) + PUBLIC;
        rest = after.get(length..)?;
        Some(())
    };
    std::iter::from_fn(next).count()
}
