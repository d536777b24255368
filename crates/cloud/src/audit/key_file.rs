//! The signing key of the moment, sealed under the node key, in a file of its own: never in the database, whose log of writes
//! keeps old pages, and in no backup.
//!
//! The file has two places of 4 KiB, each overwritten where it lies. A new key is written and synced into the free place
//! before the entry that names it is committed; after that the old key's place is overwritten with zeros:
//!
//! ```text
//! place 0: old key      old key      old key      zeros
//! place 1: zeros        new key      new key      new key
//!                 sync        commit        sync
//! ```
//!
//! Killed anywhere in between, the key that the log names last is in one of the places. A file system that writes elsewhere
//! (copy on write) or a flash disk may keep the old bytes for a while: decision 10 says what that means.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{PublicKey, SEED_LENGTH, SigningKey};
use crate::node_key::{Label, NodeKey, NodeKeyError, Sealer};
use crate::private_file;

/// The name of the file in a data folder.
pub const FILE_NAME: &str = "audit.key";

/// Bytes of a place: a page, so that a torn write of one leaves the other alone.
const PLACE: usize = 4_096;
/// Bytes of a sealed seed.
const SEALED: usize = SEED_LENGTH + 28;

/// The file with the key of the moment.
pub(crate) struct KeyFile {
    path: PathBuf,
    sealer: Sealer,
    /// Where the key of the moment is.
    live: Spot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    First,
    Second,
}

impl Spot {
    const BOTH: [Self; 2] = [Self::First, Self::Second];

    fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    fn offset(self) -> u64 {
        match self {
            Self::First => 0,
            Self::Second => PLACE as u64,
        }
    }
}

impl KeyFile {
    /// The file of a data folder, which need not be there yet.
    pub(crate) fn of(folder: &Path, node_key: &NodeKey) -> Result<Self, NodeKeyError> {
        let sealer = node_key.sealer(Label::AUDIT_KEY)?;
        Ok(Self { path: folder.join(FILE_NAME), sealer, live: Spot::Second })
    }

    /// The key with this public half, if the file has it. From then on it is the key of the moment.
    pub(crate) fn find(&mut self, public: PublicKey) -> io::Result<Option<SigningKey>> {
        let Some(file) = self.open()? else { return Ok(None) };
        for spot in Spot::BOTH {
            let Some((named, sealed)) = read(&file, spot)? else { continue };
            if named != public {
                continue;
            }
            let Ok(seed) = self.sealer.open(&context(public), &sealed) else { continue };
            let Ok(seed) = <[u8; SEED_LENGTH]>::try_from(seed.as_slice()).map(Zeroizing::new)
            else {
                continue;
            };
            let key = SigningKey::from_seed(seed).map_err(io::Error::other)?;
            if key.public() == public {
                self.live = spot;
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Writes a new key beside the key of the moment; durable when this returns.
    pub(crate) fn prepare(&self, key: &SigningKey) -> io::Result<()> {
        let sealed =
            self.sealer.seal(&context(key.public()), key.seed()).map_err(io::Error::other)?;
        let mut place = Zeroizing::new(key.public().0.to_vec());
        place.extend(sealed);
        place.resize(PLACE, 0);
        let file = match self.open()? {
            Some(file) => file,
            None => self.create()?,
        };
        write(&file, self.live.other(), &place)
    }

    /// The prepared key is in force: the one before is overwritten.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.live = self.live.other();
        self.wipe_other()
    }

    /// Overwrites whatever is beside the key of the moment.
    pub(crate) fn wipe_other(&self) -> io::Result<()> {
        match self.open()? {
            Some(file) => write(&file, self.live.other(), &[0; PLACE]),
            None => Ok(()),
        }
    }

    fn open(&self) -> io::Result<Option<File>> {
        match OpenOptions::new().read(true).write(true).open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&self.path)?;
        file.write_all_at(&[0; 2 * PLACE], 0)?;
        file.sync_all()?;
        self.path.parent().map_or(Ok(()), private_file::sync_folder)?;
        Ok(file)
    }
}

/// The public halves that a folder's key file names: to compare with a log, without any secret. None where there is no file.
///
/// # Errors
/// Where the file is there and cannot be read.
pub fn named_in(folder: &Path) -> io::Result<Vec<PublicKey>> {
    let file = match File::open(folder.join(FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut keys = Vec::new();
    for spot in Spot::BOTH {
        keys.extend(read(&file, spot)?.map(|(public, _)| public));
    }
    Ok(keys)
}

/// What is in a place; `None` for one that is empty, or that the file is too short for.
fn read(file: &File, spot: Spot) -> io::Result<Option<(PublicKey, [u8; SEALED])>> {
    let (mut public, mut sealed) = ([0; 32], [0; SEALED]);
    let whole = file
        .read_exact_at(&mut public, spot.offset())
        .and_then(|()| file.read_exact_at(&mut sealed, spot.offset() + 32));
    match whole {
        Ok(()) if public == [0; 32] => Ok(None),
        Ok(()) => Ok(Some((PublicKey(public), sealed))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(file: &File, spot: Spot, place: &[u8]) -> io::Result<()> {
    file.write_all_at(place, spot.offset())?;
    file.sync_data()
}

fn context(public: PublicKey) -> Vec<u8> {
    let mut context = b"signing key of the audit log ".to_vec();
    context.extend(public.0);
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(folder: &Path, key: &SigningKey) -> bool {
        let bytes = std::fs::read(folder.join(FILE_NAME)).unwrap();
        bytes.windows(32).any(|window| window == key.public().0)
    }

    #[test]
    fn p10_the_key_before_is_gone_from_the_file_once_the_next_is_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let node_key = NodeKey::generate().unwrap();
        let mut file = KeyFile::of(dir.path(), &node_key).unwrap();
        let keys: Vec<_> = (0..5).map(|_| SigningKey::generate().unwrap()).collect();
        for (n, key) in keys.iter().enumerate() {
            file.prepare(key).unwrap();
            // Killed here, either is still found.
            let mut again = KeyFile::of(dir.path(), &node_key).unwrap();
            assert!(again.find(key.public()).unwrap().is_some());
            assert!(n == 0 || again.find(keys[n - 1].public()).unwrap().is_some());
            file.settle().unwrap();
            assert!(holds(dir.path(), key));
            assert!(keys[..n].iter().all(|old| !holds(dir.path(), old)));
            assert_eq!(named_in(dir.path()).unwrap(), [key.public()]);
        }
        assert_eq!(std::fs::metadata(dir.path().join(FILE_NAME)).unwrap().len(), 8_192);
    }

    #[test]
    fn under_another_node_key_or_with_a_turned_bit_no_key_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let node_key = NodeKey::generate().unwrap();
        let mut file = KeyFile::of(dir.path(), &node_key).unwrap();
        let key = SigningKey::generate().unwrap();
        assert!(file.find(key.public()).unwrap().is_none());
        file.prepare(&key).unwrap();
        let mut other = KeyFile::of(dir.path(), &NodeKey::generate().unwrap()).unwrap();
        assert!(other.find(key.public()).unwrap().is_none());
        let path = dir.path().join(FILE_NAME);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(file.find(key.public()).unwrap().is_none());
    }
}
