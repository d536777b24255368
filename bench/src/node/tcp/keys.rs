//! The keys of a fleet over TCP, kept from run to run: ten thousand RSA keys take a minute to make, and each device has
//! primes of its own.

use crate::node::process::Folder;
use std::fs;
use std::path::{Path, PathBuf};

/// The file in a data folder in which `pintle fleet` keeps and finds them.
fn in_folder(folder: &Folder, seed: u32) -> PathBuf {
    folder.data().join(format!("fleet-{seed}.keys"))
}

fn kept(seed: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/fleet-{seed}.keys"))
}

/// Puts those of an earlier run into a folder, if there are any.
pub fn bring(folder: &Folder, seed: u32) {
    // Without them, `pintle fleet` makes new ones.
    let _ = fs::copy(kept(seed), in_folder(folder, seed));
}

/// Keeps them for the next run, where they are more than before.
pub fn keep(folder: &Folder, seed: u32) {
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let (from, to) = (in_folder(folder, seed), kept(seed));
    if length(&from) > length(&to) {
        // Then the next run makes them again.
        let _ = fs::copy(from, to);
    }
}
