//! A walk over all files on the machine's disks: rights that come with a file, and files that others may write.
//!
//! Only names, modes and owners are read. File systems that do not lie on a disk are left out, and so are links.

use crate::machine::Machine;
use crate::system::mount;
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most files that are looked at.
const MOST_FILES: usize = 4_000_000;
/// The most that is kept of each kind; what is more is counted.
const MOST_KEPT: usize = 200;
/// The mode's bits for rights of the owner, and of the group.
const SET_ID: u32 = 0o6000;
const EXECUTABLE: u32 = 0o111;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// What was seen of files.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Files {
    /// Programs that run with the rights of their owner or group.
    pub set_uid: Vec<String>,
    /// Programs that get capabilities.
    pub capable: Vec<String>,
    /// Files that everybody may write, and folders that everybody may take others' files out of.
    pub writable: Kept,
    /// Files of nobody who has an account.
    pub ownerless: Kept,
    /// Why some may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
}

/// The first of many.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Kept {
    /// In order.
    pub first: Vec<String>,
    /// How many more there are: some, a lot.
    pub more: bool,
}

impl Kept {
    fn add(&mut self, path: String) {
        if self.first.len() < MOST_KEPT { self.first.push(path) } else { self.more = true }
    }
}

/// Walks over all files.
#[must_use]
pub fn look(machine: &Machine) -> Files {
    let mut walk = Walk::new(machine);
    walk.all();
    walk.found.set_uid.sort();
    walk.found.capable.sort();
    walk.found
}

struct Walk<'a> {
    root: &'a Path,
    /// Folders that are still to be looked at: those of the system come first, so that what is left out is the least.
    open: VecDeque<PathBuf>,
    /// Other file systems that are walked too, by where they are mounted.
    disks: BTreeSet<PathBuf>,
    accounts: BTreeSet<u32>,
    files: usize,
    found: Files,
}

impl<'a> Walk<'a> {
    fn new(machine: &'a Machine) -> Self {
        let mounted = mount::look(machine).map(|mounts| mounts.mounted).unwrap_or_default();
        let disks = mounted
            .iter()
            .filter(|mount| mount.is_on_disk())
            .map(|mount| PathBuf::from(&mount.point));
        let passwd = machine.text("etc/passwd").unwrap_or_default();
        let uid = |line: &str| line.split(':').nth(2)?.parse().ok();
        Self {
            root: machine.root(),
            open: VecDeque::from([machine.root().to_owned()]),
            disks: disks.collect(),
            accounts: passwd.lines().filter_map(uid).collect(),
            files: 0,
            found: Files::default(),
        }
    }

    fn all(&mut self) {
        let Ok(root) = fs::metadata(self.root) else { return };
        while let Some(folder) = self.open.pop_front() {
            if self.files > MOST_FILES {
                self.found.hidden = Some(format!(
                    "there are more than {MOST_FILES} files: those behind were left out"
                ));
                break;
            }
            self.folder(&folder, root.dev());
        }
    }

    fn folder(&mut self, folder: &Path, device: u64) {
        let Ok(entries) = fs::read_dir(folder) else {
            let why = || "some folders may only be read by root: run as root".to_owned();
            self.found.hidden.get_or_insert_with(why);
            return;
        };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            self.files += 1;
            let name = self.name(&path);
            if about.is_dir() {
                if about.dev() == device || self.disks.contains(Path::new(&name)) {
                    self.judge_folder(&name, &about);
                    self.open.push_back(path);
                }
            } else if about.is_file() {
                self.judge_file(&path, name, &about);
            }
        }
    }

    fn name(&self, path: &Path) -> String {
        format!("/{}", path.strip_prefix(self.root).unwrap_or(path).display())
    }

    fn judge_folder(&mut self, name: &str, about: &Metadata) {
        if about.mode() & OTHERS_WRITE != 0 && about.mode() & STICKY == 0 {
            self.found.writable.add(name.to_owned());
        }
        self.judge_owner(name, about);
    }

    fn judge_file(&mut self, path: &Path, name: String, about: &Metadata) {
        let mode = about.mode();
        if mode & OTHERS_WRITE != 0 {
            self.found.writable.add(name.clone());
        }
        self.judge_owner(&name, about);
        if mode & EXECUTABLE != 0 && has_capabilities(path) {
            self.found.capable.push(name.clone());
        }
        if mode & SET_ID != 0 && mode & EXECUTABLE != 0 {
            self.found.set_uid.push(name);
        }
    }

    fn judge_owner(&mut self, name: &str, about: &Metadata) {
        if !self.accounts.is_empty() && !self.accounts.contains(&about.uid()) {
            self.found.ownerless.add(name.to_owned());
        }
    }
}

fn has_capabilities(path: &Path) -> bool {
    let mut room = [0_u8; 64];
    rustix::fs::lgetxattr(path, c"security.capability", &mut room[..]).is_ok()
}
