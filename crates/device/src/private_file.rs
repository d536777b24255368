//! Files that only the device's owner may read, written so that a power cut leaves them whole or absent.
//!
//! Making a file never touches one that is there; replacing goes through a rename; taking reads a file and
//! removes it for good before its content is used.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// Mode of secrets.
pub(crate) const OWNER_ONLY: u32 = 0o600;
/// Mode of what anybody may read.
pub(crate) const READABLE: u32 = 0o644;

/// Makes a folder that only its owner may enter; one that is there stays as it is.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Writes a new file and syncs it; an existing one is an error and stays as it is.
pub(crate) fn create(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Replaces a file, or makes it, in one step. When that fails, all is as it was.
pub(crate) fn replace(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    put(path, |fresh| create(fresh, mode, content))
}

/// Makes a file in one step that `write` writes under another name first. One that is there stays as it is.
pub(crate) fn appear(path: &Path, write: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    put(path, write)
}

fn put(path: &Path, write: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = path.with_file_name(name);
    remove(&fresh)?;
    write(&fresh).inspect_err(|_| drop(remove(&fresh)))?;
    fs::rename(&fresh, path)?;
    sync_folder_of(path)
}

/// Removes a file durably, if it is there.
pub(crate) fn forget(path: &Path) -> io::Result<()> {
    if path.exists() {
        remove(path)?;
        sync_folder_of(path)?;
    }
    Ok(())
}

/// Reads a file and removes it durably; `None` if there is none. What this returns was never returned before.
pub(crate) fn take(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let content = match fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    remove(path)?;
    sync_folder_of(path)?;
    Ok(Some(content))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        None => Ok(()),
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_taken_file_is_gone_and_a_replaced_one_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.bin");
        assert!(take(&path).unwrap().is_none());
        replace(&path, OWNER_ONLY, b"one").unwrap();
        replace(&path, OWNER_ONLY, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(take(&path).unwrap().unwrap().as_slice(), b"two");
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, OWNER_ONLY, b"one").unwrap();
        assert_eq!(
            create(&path, OWNER_ONLY, b"two").unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }
}
