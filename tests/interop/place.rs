//! Where a node of the test runs: here, on a small disk of its own, or with few file descriptors.

use crate::running::Running;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where programs run, and how the test looks in.
pub(crate) struct Place {
    /// What a program is started with.
    starter: Vec<String>,
    /// Where its files are, seen from the test.
    root: Option<PathBuf>,
    /// Keeps the place: what is mounted there goes with it.
    keeper: Option<Running>,
}

impl Place {
    /// Where the test itself runs.
    pub(crate) fn here() -> Self {
        Self { starter: Vec::new(), root: None, keeper: None }
    }

    /// Here, with so many file descriptors at most.
    pub(crate) fn with_descriptors(most: usize) -> Self {
        let script = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
        Self { starter: vec!["sh".into(), "-c".into(), script], root: None, keeper: None }
    }

    /// A namespace of its own in which `folder` is a disk of so many MiB. It ends when this value does. A machine
    /// that does not allow it fails the test: the promise would go untested.
    pub(crate) fn with_disk(folder: &Path, mib: usize) -> Self {
        fs::create_dir_all(folder).expect("a folder to mount on can be made");
        let script = format!(
            "mount -t tmpfs -o size={mib}m,mode=700 none \"$0\" && echo $$ mounted && exec cat"
        );
        let flags = if is_root() { "-m" } else { "-rm" };
        let mut command = Command::new("unshare");
        command.args([flags, "sh", "-c", &script]).arg(folder);
        let mut keeper = Running::start(&mut command);
        let process = keeper.wait_until("a tmpfs in a mount namespace of its own", |seen| {
            seen.iter().find_map(|line| line.strip_suffix(" mounted")).map(str::to_owned)
        });
        let enter = if is_root() { vec!["-m"] } else { vec!["-U", "-m", "--preserve-credentials"] };
        let starter = ["nsenter", "-t", process.as_str()].into_iter().chain(enter);
        Self {
            starter: starter.map(str::to_owned).collect(),
            root: Some(PathBuf::from(format!("/proc/{process}/root"))),
            keeper: Some(keeper),
        }
    }

    /// A command that runs there.
    pub(crate) fn run(&self, program: impl AsRef<Path>) -> Command {
        let Some((first, rest)) = self.starter.split_first() else {
            return Command::new(program.as_ref());
        };
        let mut command = Command::new(first);
        command.args(rest).arg(program.as_ref());
        command
    }

    /// A path there, seen from the test.
    pub(crate) fn seen_from_here(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").expect("an absolute path")),
            None => path.to_owned(),
        }
    }

    /// Mounts again, with other options.
    pub(crate) fn remount(&self, folder: &Path, options: &str) {
        assert!(self.keeper.is_some(), "only a disk of its own is mounted again");
        let mut mount = self.run("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(folder);
        let status = mount.status().expect("mount starts");
        assert!(status.success(), "{folder:?} cannot be mounted again with {options}: {status}");
    }
}

/// What fills a disk up to its last byte; gone, with what it held, when dropped.
pub(crate) struct Ballast(PathBuf);

impl Ballast {
    pub(crate) fn fill(folder: &Path) -> Self {
        let path = folder.join("ballast");
        let mut file = File::create(&path).expect("a file on the disk");
        for size in [1 << 20, 4096, 1] {
            // What does not fit whole is written in part.
            let error = loop {
                if let Err(error) = file.write_all(&vec![0; size]) {
                    break error;
                }
            };
            assert_full(&error);
        }
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // The disk may be gone already, with the whole test.
        let _ = fs::remove_file(&self.0);
    }
}

fn assert_full(error: &io::Error) {
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("a process sees itself");
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}
