//! Mounted file systems: their options, and whether what lies on their disks can be read without the machine.

use crate::machine::Machine;
use serde::Serialize;
use std::collections::BTreeSet;

/// The deepest that block devices lie on each other.
const DEPTH: usize = 8;
/// File systems that lie on a disk or flash of the machine.
const ON_DISK: &[&str] = &[
    "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jffs2", "ntfs", "ntfs3",
    "reiserfs", "ubifs", "vfat", "xfs", "zfs",
];
/// File systems that others than this machine write.
const OF_OTHERS: &[&str] = &[
    "9p",
    "afs",
    "ceph",
    "cifs",
    "fuse",
    "fuseblk",
    "glusterfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "virtiofs",
];

/// What was seen of mounts.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Mounts {
    /// What is mounted, by where.
    pub mounted: Vec<Mount>,
    /// Where memory is swapped to.
    pub swaps: Vec<Swap>,
}

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mount {
    /// Where.
    pub point: String,
    /// Its kind.
    pub kind: String,
    /// Its options, sorted.
    pub options: BTreeSet<String>,
    /// Whether its disk is encrypted; none where it lies on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

/// Where memory is swapped to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Swap {
    /// A device or a file.
    pub path: String,
    /// Whether it is encrypted, or memory itself; none for a file, which is as its file system is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
}

impl Mount {
    /// Whether it lies on a disk of the machine.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        ON_DISK.contains(&self.kind.as_str())
    }

    /// Whether others than this machine write what is in it.
    #[must_use]
    pub fn is_of_others(&self) -> bool {
        let kind = self.kind.split('.').next().unwrap_or_default();
        OF_OTHERS.contains(&kind)
    }

    /// Whether it has this option.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.options.contains(option)
    }
}

impl Mounts {
    /// The file system that a path lies on: the last one that was mounted nearest above it.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Mount> {
        let above = |mount: &&Mount| {
            mount.point == "/"
                || path == mount.point
                || path.strip_prefix(&mount.point).is_some_and(|rest| rest.starts_with('/'))
        };
        self.mounted.iter().filter(above).max_by_key(|mount| mount.point.len())
    }
}

/// Looks at what is mounted.
///
/// # Errors
/// There is no `/proc` that tells it, in words.
pub fn look(machine: &Machine) -> Result<Mounts, String> {
    let table = ["proc/1/mountinfo", "proc/self/mountinfo"]
        .iter()
        .find_map(|path| machine.text(path).ok())
        .ok_or("nothing is mounted under this root: there is no /proc/1/mountinfo")?;
    let mut mounted: Vec<Mount> = Vec::new();
    for mount in table.lines().filter_map(|line| parse(machine, line)) {
        // What is mounted over something hides it.
        mounted.retain(|below| below.point != mount.point);
        mounted.push(mount);
    }
    mounted.sort();
    Ok(Mounts { mounted, swaps: swaps(machine) })
}

/// `36 35 98:0 /top /point rw,noatime shared:1 - ext4 /dev/sda rw`: fields up to the dash vary in number.
fn parse(machine: &Machine, line: &str) -> Option<Mount> {
    let (own, below) = line.split_once(" - ")?;
    let own: Vec<&str> = own.split(' ').collect();
    let [_, _, device, _, point, options, ..] = own.as_slice() else { return None };
    let mut below = below.split(' ');
    let (kind, source) = (below.next()?, below.next()?);
    let of_all = below.next().unwrap_or_default().split(',');
    let options = options
        .split(',')
        .chain(of_all.filter(|option| *option == "ro" || option.starts_with("hidepid=")));
    let mut mount = Mount {
        point: unescaped(point),
        kind: kind.to_owned(),
        options: options.map(str::to_owned).collect(),
        encrypted: None,
    };
    if mount.is_on_disk() {
        mount.encrypted = Some(is_encrypted(machine, device, source));
    }
    Some(mount)
}

/// Blanks are written as `\040` there.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

fn swaps(machine: &Machine) -> Vec<Swap> {
    let table = machine.text("proc/swaps").unwrap_or_default();
    let mut swaps: Vec<Swap> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let path = words.next()?;
            let encrypted = (words.next()? == "partition")
                .then(|| path.starts_with("/dev/zram") || is_encrypted(machine, "", path));
            Some(Swap { path: path.to_owned(), encrypted })
        })
        .collect();
    swaps.sort();
    swaps
}

/// Whether a device, or one that it lies on, is dm-crypt's. By its number, and by its name where the number is of no device.
fn is_encrypted(machine: &Machine, number: &str, source: &str) -> bool {
    let by_number = format!("sys/dev/block/{number}");
    if !number.is_empty() && !number.starts_with("0:") && machine.has(&by_number) {
        return is_crypt(machine, &by_number, DEPTH);
    }
    let named = machine.real(source);
    let Some(name) = named.strip_prefix("/dev/") else { return false };
    is_crypt(machine, &format!("sys/class/block/{name}"), DEPTH)
}

fn is_crypt(machine: &Machine, device: &str, depth: usize) -> bool {
    let uuid = machine.line(&format!("{device}/dm/uuid")).unwrap_or_default();
    if uuid.starts_with("CRYPT-") {
        return true;
    }
    let below = machine.names_in(&format!("{device}/slaves"));
    depth > 0
        && !below.is_empty()
        && below.iter().all(|name| is_crypt(machine, &format!("sys/class/block/{name}"), depth - 1))
}
