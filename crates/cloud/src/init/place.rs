//! Where a new data folder is built, and how it gets to its place.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

use super::{InitError, file};
use crate::config;
use crate::private_file;

/// A place taken for a data folder.
pub(crate) struct Place {
    folder: PathBuf,
    /// Where to build; removed by the caller when building fails.
    pub(crate) building: PathBuf,
    /// Whether the folder was there, empty.
    inside: bool,
}

impl Place {
    /// Makes an empty folder to build in, on the same disk as `folder` will be.
    pub(crate) fn of(folder: &Path) -> Result<Self, InitError> {
        let inside = folder.is_dir();
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !inside && !parent.exists()) {
            return Err(InitError::NoParent(parent.to_owned()));
        }
        let mut mark = [0; 8];
        rand::fill(&mut mark).map_err(|_| InitError::Crypto)?;
        let name = OsString::from(format!(".pintle-init-{:016x}", u64::from_be_bytes(mark)));
        let building = if inside { folder.join(name) } else { folder.with_file_name(name) };
        private_file::create_folder(&building).map_err(file(folder))?;
        Ok(Self { folder: folder.to_owned(), building, inside })
    }

    /// Moves what was built to its place, durably.
    pub(crate) fn take(&self) -> Result<(), InitError> {
        let synced = |path: &Path| private_file::sync_folder(path).map_err(file(path));
        if !self.inside {
            fs::rename(&self.building, &self.folder).map_err(file(&self.folder))?;
            return synced(self.folder.parent().unwrap_or(Path::new(".")));
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
            .map_err(file(&self.folder))?;
        let entries = fs::read_dir(&self.building).map_err(file(&self.building))?;
        for entry in entries {
            let name = entry.map_err(file(&self.building))?.file_name();
            if name != config::FILE_NAME {
                self.lift(&name)?;
            }
        }
        synced(&self.folder)?;
        // Without it nothing takes the folder for a data folder that can be opened.
        self.lift(config::FILE_NAME.as_ref())?;
        fs::remove_dir(&self.building).map_err(file(&self.building))?;
        synced(&self.folder)
    }

    fn lift(&self, name: &std::ffi::OsStr) -> Result<(), InitError> {
        let to = self.folder.join(name);
        fs::rename(self.building.join(name), &to).map_err(file(&to))
    }
}

/// Whether it is the place that will not do, and not the machine that failed.
pub(super) fn is_bad_place(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput
    )
}
