//! What the data folder lies on: whether a disk that is carried away can be read.

use crate::anchor::{cra, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// How deep devices lie on each other: a volume on a RAID on an encrypted disk.
const DEEPEST: usize = 6;

/// What was seen of disks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The kind of file system that the data folder is on.
    pub kind: String,
    /// Whether it is encrypted; `None` where that cannot be told from here.
    pub encrypted: Option<bool>,
    /// Swap that is not encrypted, by its file or device.
    pub plain_swap: Vec<String>,
}

/// Looks at the disk under a folder.
pub(super) fn look(root: &Path, data: &Path) -> Look<Disk> {
    let data = fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    let Ok(mounts) = fs::read_to_string(root.join("proc/self/mountinfo")) else {
        return Look::unseen("the kernel does not tell what is mounted here: mount /proc");
    };
    let Some(mount) = mount_of(&mounts, &data) else {
        return Look::unseen(format!("no mounted file system holds {}", data.display()));
    };
    let swaps = fs::read_to_string(root.join("proc/swaps")).unwrap_or_default();
    let swaps = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let plain_swap = swaps.filter(|swap| !is_safe_swap(root, swap)).map(str::to_owned).collect();
    let disk = Disk { encrypted: encrypted(root, &mount), kind: mount.kind, plain_swap };
    Look::seen(["read what is mounted, what swap there is, and what both lie on"], disk)
}

/// A line of mountinfo.
struct Mount {
    device: String,
    kind: String,
}

/// The mount with the longest path that the folder is in.
fn mount_of(mounts: &str, data: &Path) -> Option<Mount> {
    let parse = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let mut fields = left.split(' ');
        let device = fields.nth(2)?.to_owned();
        let path = PathBuf::from(fields.nth(1)?.replace("\\040", " "));
        let kind = right.split(' ').next()?.to_owned();
        data.starts_with(&path).then_some((path.components().count(), Mount { device, kind }))
    };
    // Of two at one place, the later one lies over the other.
    mounts.lines().filter_map(parse).max_by_key(|(depth, _)| *depth).map(|(_, mount)| mount)
}

fn encrypted(root: &Path, mount: &Mount) -> Option<bool> {
    match mount.kind.as_str() {
        // In memory alone.
        "tmpfs" | "ramfs" => Some(true),
        _ => is_crypt(root, &root.join("sys/dev/block").join(&mount.device), 0),
    }
}

/// Whether a block device, or one that it lies on, is one of dm-crypt.
fn is_crypt(root: &Path, device: &Path, depth: usize) -> Option<bool> {
    if !device.exists() || depth > DEEPEST {
        return None;
    }
    if fs::read_to_string(device.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return Some(true);
    }
    let below = fs::read_dir(device.join("slaves")).into_iter().flatten().flatten();
    let below = below.map(|entry| root.join("sys/block").join(entry.file_name()));
    Some(below.filter_map(|below| is_crypt(root, &below, depth + 1)).any(|is| is))
}

/// Swap in memory, or on a disk that is encrypted.
fn is_safe_swap(root: &Path, swap: &str) -> bool {
    let name = swap.rsplit('/').next().unwrap_or_default();
    let device = root.join("sys/block").join(name);
    name.starts_with("zram") || is_crypt(root, &device, 0) == Some(true)
}

/// A disk that is carried away tells nothing.
pub(super) const ENCRYPTED: Check = Check {
    id: "node-disk-encrypted",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "The data folder lies on an encrypted disk.",
    how: "Finds the file system under the data folder, and asks the kernel whether dm-crypt is below it.",
    remedy: "Put the data folder on a disk with LUKS. What is sealed in the store needs none; names of devices and products, journals' lengths and the cloud's key files do.",
    anchors: &[isvs("2.3"), cra("I.1(2)(e)"), iso("A.7.14"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Node,
    judge: is_encrypted,
};

/// Nor does what was swapped out.
pub(super) const SWAP: Check = Check {
    id: "node-swap-encrypted",
    item: Item::Cloud,
    severity: Severity::Low,
    claim: "What the machine swaps out is encrypted, or it has no swap.",
    how: "Reads /proc/swaps and asks the kernel what each lies on.",
    remedy: "Put swap on a disk with dm-crypt, use zram, or turn it off: keys may be in what is swapped out.",
    anchors: &[isvs("2.3"), cra("I.1(2)(e)"), iso("A.8.24")],
    risks: &[Risk::CustomerData],
    room: Room::Node,
    judge: swap,
};

fn is_encrypted(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.disk.judge(|disk| match disk.encrypted {
            None => Verdict::untried(format!(
                "what a file system of the kind {} lies on cannot be told from here: look at it on the host",
                disk.kind
            )),
            Some(is) => Verdict::claim(is, "it is encrypted, or in memory alone", || {
                Fault::new("the disk of the data folder", "is not encrypted")
            }),
        })
    })
}

fn swap(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.disk.judge(|disk| {
            let faults = disk
                .plain_swap
                .iter()
                .map(|swap| Fault::new(swap.clone(), "is swap without encryption"));
            Verdict::of(faults, "no swap, or all of it encrypted")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_nested_mounts_the_innermost_counts() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /srv rw - xfs /dev/sdb rw\n";
        let kind = |path: &str| mount_of(mounts, Path::new(path)).map(|mount| mount.kind);
        assert_eq!(kind("/srv/data").as_deref(), Some("xfs"));
        assert_eq!(kind("/srvdata").as_deref(), Some("ext4"));
    }

    proptest! {
        #[test]
        fn no_list_of_mounts_is_too_strange(mounts in "(\\PC|\n| - ){0,200}", path in "/\\PC{0,20}") {
            let _ = mount_of(&mounts, Path::new(&path));
        }
    }
}
