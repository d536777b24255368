//! The data folder: who may look, whose its files are, where the keys lie. Names and modes are read, never a content.

use crate::anchor::{asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

/// Bits of a mode that let anybody but the owner in.
const OTHERS: u32 = 0o077;

/// Files that are for everybody: public keys and certificates.
const PUBLIC: [&str; 9] = [
    "ca.pem",
    "api.pem",
    "api.names",
    "udp_public.der",
    "udp_public.pem",
    "tcp_public.der",
    "tcp_public.pem",
    "audit_public.txt",
    // It is empty.
    "lock",
];

/// The data folder.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Files {
    /// The folder itself.
    pub folder: File,
    /// Files and folders in it that somebody but their owner may read or write.
    pub open: Vec<File>,
    /// The key files.
    pub keys: Vec<File>,
    /// The socket by which the node is commanded, where there is one.
    pub socket: Option<File>,
    /// The users who own something in it.
    pub owners: BTreeSet<u32>,
    /// Whether the node key lies in the folder; `None` where the settings could not be read.
    pub key_inside: Option<bool>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct File {
    /// Its path in the data folder.
    pub path: String,
    /// Its mode, in octal digits.
    pub mode: String,
    /// Whose it is.
    pub owner: u32,
}

impl File {
    fn of(path: &Path, meta: &Metadata) -> Self {
        let mode = format!("{:04o}", meta.mode() & 0o7777);
        Self { path: path.display().to_string(), mode, owner: meta.uid() }
    }

    /// Whether somebody but its owner may do anything with it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        u32::from_str_radix(&self.mode, 8).is_ok_and(|mode| mode & OTHERS != 0)
    }
}

/// Looks at a data folder.
pub(super) fn look(data: &Path, key_file: Option<&Path>) -> Look<Files> {
    let ran = [format!("read the names and modes of all files in {}", data.display())];
    match files(data, key_file) {
        Ok(found) => Look::seen(ran, found),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Look::unseen(format!(
            "only its owner and root may look into {}: run this as root or as the node's user",
            data.display()
        )),
        Err(error) => {
            Look::unseen(format!("there is no data folder to look at: {}: {error}", data.display()))
        }
    }
}

fn files(data: &Path, key_file: Option<&Path>) -> io::Result<Files> {
    let mut found =
        Files { folder: File::of(Path::new("."), &fs::metadata(data)?), ..Files::default() };
    found.owners.insert(found.folder.owner);
    walk(data, data, &mut found)?;
    found.open.sort();
    found.keys.sort();
    let inside = |key: &Path| {
        let (key, data) = (fs::canonicalize(key).ok(), fs::canonicalize(data).ok());
        key.zip(data).is_some_and(|(key, data)| key.starts_with(data))
    };
    found.key_inside = key_file.map(inside);
    Ok(found)
}

fn walk(data: &Path, folder: &Path, found: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that went meanwhile, such as the store's log, is nobody's.
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        let file = File::of(path.strip_prefix(data).unwrap_or(&path), &meta);
        found.owners.insert(file.owner);
        if meta.file_type().is_socket() {
            found.socket = Some(file);
        } else if meta.is_file() && file.path.starts_with("keys/") {
            found.keys.push(file);
        } else if file.is_open() && !meta.is_symlink() && !PUBLIC.contains(&file.path.as_str()) {
            found.open.push(file);
        }
        if meta.is_dir() {
            walk(data, &path, found)?;
        }
    }
    Ok(())
}

/// The folder is its owner's alone.
pub(super) const PRIVATE: Check = Check {
    id: "node-folder-private",
    item: Item::Cloud,
    severity: Severity::High,
    claim: "Nobody but the node's user may look into the data folder.",
    how: "Reads the mode of the data folder and of everything in it; public keys and certificates may be read by all.",
    remedy: "chmod 0700 the data folder, and 0600 the files in it.",
    anchors: &[isvs("2.3"), cra("I.1(2)(e)"), asvs("V14.2"), iso("A.8.3")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Node,
    judge: private,
};

/// Key files are their owner's alone.
pub(super) const KEYS: Check = Check {
    id: "node-keys-private",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "Nobody but the node's user may read or write its key files.",
    how: "Reads the mode of every file in the folder of keys.",
    remedy: "chmod 0600 the file, and take the key for known to everybody who has an account on the machine: replace it.",
    anchors: &[isvs("2.3"), en303645("5.4-1"), cra("I.1(2)(e)"), asvs("V13.3"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Reputation],
    room: Room::Node,
    judge: keys,
};

/// The key of all keys lies elsewhere.
pub(super) const KEY_APART: Check = Check {
    id: "node-key-apart",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "The node key, which opens all that is sealed in the store, lies outside the data folder.",
    how: "Compares where [node] key_file leads with the data folder.",
    remedy: "Move the key to another disk or into a systemd credential and name it as [node] key_file (`pintle init --node-key` for a new node): a copy of the folder is then worth nothing.",
    anchors: &[isvs("2.4"), en303645("5.4-1"), cra("I.1(2)(e)"), asvs("V13.3"), iso("A.8.24")],
    risks: &[Risk::CustomerData, Risk::CorporateData],
    room: Room::Node,
    judge: key_apart,
};

/// Everything belongs to the node's user.
pub(super) const OWNED: Check = Check {
    id: "node-files-owned",
    item: Item::Cloud,
    severity: Severity::Medium,
    claim: "Everything in the data folder belongs to one user, the node's.",
    how: "Reads the owner of the data folder and of everything in it, and of the node's process where it can be seen.",
    remedy: "chown -R the data folder to the node's user: a file of somebody else can be changed by them, or stops the node.",
    anchors: &[cra("I.1(2)(f)"), iso("A.8.3")],
    risks: &[Risk::Downtime],
    room: Room::Node,
    judge: owned,
};

/// Who commands the node.
pub(super) const SOCKET: Check = Check {
    id: "node-socket-private",
    item: Item::Cloud,
    severity: Severity::Critical,
    claim: "Nobody but the node's user may open the socket by which the node is commanded.",
    how: "Reads the mode of the control socket in the data folder.",
    remedy: "Restart the node, which makes its socket anew with mode 0600, and find out who opened it up.",
    anchors: &[isvs("2.2"), en303645("5.6-4"), cra("I.1(2)(j)"), iso("A.8.2")],
    risks: &[Risk::PhysicalDamage, Risk::CustomerData, Risk::Downtime],
    room: Room::Node,
    judge: socket,
};

fn of_files(scene: &Scene, judge: impl FnOnce(&Files) -> Verdict) -> Verdict {
    scene.node.judge(|node| node.files.judge(judge))
}

fn private(scene: &Scene) -> Verdict {
    of_files(scene, |files| {
        let all =
            std::iter::once(&files.folder).filter(|folder| folder.is_open()).chain(&files.open);
        let faults = all.map(|file| {
            Fault::new(file.path.clone(), format!("is open to others: mode {}", file.mode))
        });
        Verdict::of(faults, "folder and files are their owner's alone")
    })
}

fn keys(scene: &Scene) -> Verdict {
    of_files(scene, |files| {
        let open = files.keys.iter().filter(|file| file.is_open());
        let faults = open.map(|file| {
            Fault::new(file.path.clone(), format!("is open to others: mode {}", file.mode))
        });
        Verdict::of(faults, format!("{} key files, for their owner alone", files.keys.len()))
    })
}

fn key_apart(scene: &Scene) -> Verdict {
    of_files(scene, |files| match files.key_inside {
        None => {
            Verdict::untried("the settings could not be read, which say where the node key lies")
        }
        Some(inside) => Verdict::claim(!inside, "the node key lies elsewhere", || {
            Fault::new(
                "the node key",
                "lies in the data folder: whoever copies the folder has both lock and key",
            )
        }),
    })
}

fn owned(scene: &Scene) -> Verdict {
    scene.node.judge(|node| {
        node.files.judge(|files| {
            let user =
                node.process.found.as_ref().map_or(files.folder.owner, |process| process.user);
            let foreign = files.owners.iter().filter(|owner| **owner != user);
            let faults = foreign.map(|owner| {
                Fault::new(
                    format!("user {owner}"),
                    format!("owns something in the data folder, which is user {user}'s"),
                )
            });
            Verdict::of(faults, format!("everything belongs to user {user}"))
        })
    })
}

fn socket(scene: &Scene) -> Verdict {
    of_files(scene, |files| match &files.socket {
        None => Verdict::untried("there is no socket: no node runs on this folder"),
        Some(socket) => Verdict::claim(!socket.is_open(), format!("mode {}", socket.mode), || {
            Fault::new(socket.path.clone(), format!("is open to others: mode {}", socket.mode))
        }),
    })
}
