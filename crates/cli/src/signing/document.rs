//! Keyrings and releases in files: read within bounds, made once, replaced whole.

use crate::failure::Failure;
use pintle_firmware::release::{Envelope, Keyring, ReleaseFault, Statement};
use pintle_firmware::signature::AwsLc;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Larger files hold no key, keyring or release, in bytes.
const LARGEST: u64 = 16 * 1024;

/// Whom a new file is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Owner,
    Everyone,
}

/// Reads a file within bounds. It may be a key.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST as usize + 1));
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(Failure::usage(format!("cannot read {}: {error}", path.display()))),
        Ok(length) if length as u64 > LARGEST => {
            Err(refused(path, format_args!("larger than {LARGEST} bytes: no key or release is")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// What is wrong with the content of a file.
pub fn refused(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {why}", path.display()))
}

/// The statement that a file holds.
pub fn statement<'a>(path: &Path, bytes: &'a [u8]) -> Result<Statement<'a>, Failure> {
    Statement::parse(bytes).map_err(|fault| refused(path, fault))
}

/// The envelope of a keyring that a file holds, and what it says, whoever signed it.
pub fn keyring<'a>(path: &Path, bytes: &'a [u8]) -> Result<(Envelope<'a>, Keyring<'a>), Failure> {
    let read = Envelope::parse(bytes)
        .and_then(|envelope| Keyring::unverified(&envelope).map(|ring| (envelope, ring)));
    read.map_err(|fault| refused(path, fault))
}

/// The keyring that a file holds, if its own root keys signed it: one to trust.
pub fn pinned<'a>(path: &Path, bytes: &'a [u8]) -> Result<Keyring<'a>, Failure> {
    let (envelope, _) = keyring(path, bytes)?;
    let checked: Result<_, ReleaseFault> = Keyring::first(&envelope, &AwsLc);
    checked.map_err(|fault| refused(path, fault))
}

/// Makes a file; one that is there stays as it is.
pub fn create(path: &Path, readers: Readers, content: &[u8]) -> Result<(), Failure> {
    write(path, readers, content).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => refused(path, "there is a file already: name another"),
        _ => Failure::usage(format!("cannot write {}: {error}", path.display())),
    })
}

/// Replaces a file in one step: whoever reads it finds the old one or the new one, whole.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let fresh = beside(path, ".new");
    // What a power cut left is nobody's.
    let _ = fs::remove_file(&fresh);
    let replaced = write(&fresh, Readers::Everyone, content)
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| sync_folder_of(path));
    replaced.map_err(|error| {
        let _ = fs::remove_file(&fresh);
        Failure::usage(format!("cannot write {}: {error}", path.display()))
    })
}

/// The same name with something after it.
pub fn beside(path: &Path, after: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(after);
    PathBuf::from(name)
}

fn write(path: &Path, readers: Readers, content: &[u8]) -> io::Result<()> {
    let mode = if readers == Readers::Owner { 0o600 } else { 0o644 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is of no use, and would be in the way of the next try.
        let _ = fs::remove_file(path);
    }
    written.and_then(|()| sync_folder_of(path))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}
