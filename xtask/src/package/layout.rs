//! Where each file goes in the package, with which mode.

use super::control::MAINTAINER;
use crate::process::{Failure, Program};
use crate::repo;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Files that are taken as they are: from the repository, to the package.
const COPIED: &[(&str, &str, u32)] = &[
    ("packaging/systemd/pintle.service", "usr/lib/systemd/system/pintle.service", 0o644),
    ("packaging/systemd/sysusers.conf", "usr/lib/sysusers.d/pintle.conf", 0o644),
    ("packaging/systemd/tmpfiles.conf", "usr/lib/tmpfiles.d/pintle.conf", 0o644),
    ("packaging/systemd/low-ports.conf", "usr/share/doc/pintle/examples/low-ports.conf", 0o644),
    ("packaging/systemd/node-key.conf", "usr/share/doc/pintle/examples/node-key.conf", 0o644),
    ("packaging/debian/pintle.default", "etc/default/pintle", 0o644),
    ("packaging/debian/copyright", "usr/share/doc/pintle/copyright", 0o644),
    ("LICENSE-MIT", "usr/share/doc/pintle/LICENSE-MIT", 0o644),
    ("LICENSE-APACHE", "usr/share/doc/pintle/LICENSE-APACHE", 0o644),
    ("docs/service.md", "usr/share/doc/pintle/service.md", 0o644),
    ("docs/operating.md", "usr/share/doc/pintle/operating.md", 0o644),
    ("packaging/debian/postinst", "DEBIAN/postinst", 0o755),
    ("packaging/debian/prerm", "DEBIAN/prerm", 0o755),
    ("packaging/debian/postrm", "DEBIAN/postrm", 0o755),
];

/// Files that an operator may change and an upgrade leaves alone.
const CONFFILES: &str = "/etc/default/pintle\n";

/// A package's files, laid out.
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// An empty one; what an interrupted run left is removed.
    pub(super) fn fresh(root: &Path) -> Result<Self, Failure> {
        if root.exists() {
            fs::remove_dir_all(root).map_err(|error| Failure::at(root, &error))?;
        }
        fs::create_dir_all(root).map_err(|error| Failure::at(root, &error))?;
        Ok(Self { root: root.to_owned() })
    }

    /// Everything that the package holds, of the time `epoch`.
    pub(super) fn fill(
        &self,
        program: &[u8],
        control: &str,
        version: &str,
        epoch: u64,
    ) -> Result<(), Failure> {
        self.put("usr/bin/pintle", program, 0o755)?;
        for (from, to, mode) in COPIED {
            let from = repo::root().join(from);
            let content = fs::read(&from).map_err(|error| Failure::at(&from, &error))?;
            self.put(to, &content, *mode)?;
        }
        self.put_changelog(version, epoch)?;
        let sums = self.sums()?;
        self.put("DEBIAN/md5sums", sums.as_bytes(), 0o644)?;
        self.put("DEBIAN/conffiles", CONFFILES.as_bytes(), 0o644)?;
        self.put("DEBIAN/control", control.as_bytes(), 0o644)?;
        settle(&self.root, epoch)
    }

    fn put(&self, to: &str, content: &[u8], mode: u32) -> Result<(), Failure> {
        let path = self.root.join(to);
        let failed = |error| Failure::at(&path, &error);
        fs::create_dir_all(path.parent().unwrap_or(&self.root)).map_err(failed)?;
        fs::write(&path, content).map_err(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(failed)
    }

    /// Debian wants one in its own form; the project's says what changed.
    fn put_changelog(&self, version: &str, epoch: u64) -> Result<(), Failure> {
        let at = format!("@{epoch}");
        let date =
            Program::new("date").args(["-u", "-R", "-d", &at]).env("LC_ALL", "C").capture()?;
        let text = format!(
            "pintle ({version}) unstable; urgency=medium\n\n  * Release {version}; CHANGELOG.md in the sources says \
             what changed.\n\n -- {MAINTAINER}  {date}"
        );
        let to = "usr/share/doc/pintle/changelog";
        self.put(to, text.as_bytes(), 0o644)?;
        Program::new("gzip").args(["-9n"]).arg(self.root.join(to)).capture().map(drop)
    }

    fn sums(&self) -> Result<String, Failure> {
        let mut files = Vec::new();
        collect(&self.root, &mut files)?;
        let names = files.iter().filter_map(|path| path.strip_prefix(&self.root).ok());
        let names = names.filter(|name| !name.starts_with("DEBIAN") && !name.starts_with("etc"));
        Program::new("md5sum").current_dir(&self.root).args(names).capture()
    }
}

/// The files below a folder, by name.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for path in entries(folder)? {
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Gives everything the one time, and folders the one mode, whatever the umask.
fn settle(path: &Path, epoch: u64) -> Result<(), Failure> {
    let failed = |error| Failure::at(path, &error);
    if path.is_dir() {
        for entry in entries(path)? {
            settle(&entry, epoch)?;
        }
        fs::set_permissions(path, Permissions::from_mode(0o755)).map_err(failed)?;
    }
    let file = File::open(path).map_err(failed)?;
    file.set_modified(UNIX_EPOCH + Duration::from_secs(epoch)).map_err(failed)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::at(folder, &error);
    let found = fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        found.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}
