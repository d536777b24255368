//! Whose word counts: the keyring that is pinned in a device, those before it, and the newest release it has seen.
//!
//! - `keyring.cbor` is in force. Somebody puts the first one there; each further one came with a release that holds,
//!   and replaces it in one step.
//! - `keyring-N.cbor` was in force before. An image that was good when it was taken stays so, though its release was
//!   signed by keys that have gone out of use since: else no last known good image would outlive its keys.
//! - `release_number` keeps older statements out.

use crate::error::Error;
use crate::folder::Folder;
use crate::private_file::{self, READABLE};
use pintle_firmware::release::{Envelope, Keyring, Known, Release, ReleaseFault, Statement, Time};
use pintle_firmware::signature::AwsLc;
use pintle_firmware::slots::Image;
use std::path::{Path, PathBuf};
use std::{fs, io};

const KEYRING: &str = "keyring.cbor";
const NUMBER: &str = "release_number";
/// No keyring is larger, in bytes.
const LARGEST: u64 = 8 * 1024;

/// Whose word counts.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    /// Where it is kept; nowhere for a virtual device.
    folder: Option<PathBuf>,
    /// The envelope of the keyring in force; without one, nothing has to be signed.
    keyring: Option<Vec<u8>>,
    past: Vec<Vec<u8>>,
    /// The highest number of a release that was taken.
    number: u32,
}

/// A release that holds, and what is to be remembered when it is taken.
#[derive(Debug)]
pub(crate) struct Holds {
    pub(crate) release: Release,
    /// The number of the keyring that was in force, and the envelope of the one that follows it.
    follows: Option<(u32, Vec<u8>)>,
}

impl Trust {
    /// Of a virtual device.
    ///
    /// # Errors
    /// [`ReleaseFault`] for a keyring that is none.
    pub(crate) fn in_memory(keyring: Option<Vec<u8>>) -> Result<Self, ReleaseFault> {
        keyring.as_deref().map(|envelope| read(envelope).map(drop)).transpose()?;
        Ok(Self { keyring, ..Self::default() })
    }

    /// Of a device in a folder.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Keyring`]: a device whose keyring is damaged does not take unsigned firmware instead.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(KEYRING);
        let keyring = read_file(&path)?;
        if let Some(envelope) = &keyring {
            read(envelope).map_err(|reason| Error::Keyring { path, reason })?;
        }
        let path = folder.join(NUMBER);
        let number = read_file(&path)?.unwrap_or_default();
        let number = match number.as_slice() {
            [] => 0,
            text => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .ok_or(io::ErrorKind::InvalidData)
                .map_err(|kind| Error::file("understand", &path)(kind.into()))?,
        };
        let past = past(folder)?;
        Ok(Self { folder: Some(folder.to_owned()), keyring, past, number })
    }

    /// Whether only signed releases are taken.
    pub(crate) const fn asks_for_a_release(&self) -> bool {
        self.keyring.is_some()
    }

    /// The highest number of a release that was taken.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// What a statement says, if its keyrings follow, its signatures hold and it is for this device. None without a
    /// keyring: nobody's word counts then.
    ///
    /// # Errors
    /// [`ReleaseFault`].
    pub(crate) fn check(
        &self,
        statement: &[u8],
        device: &Known<'_>,
        now: Time,
    ) -> Result<Option<Holds>, ReleaseFault> {
        let Some(pinned) = &self.keyring else { return Ok(None) };
        let pinned = read(pinned)?;
        let (ring, release) = Statement::parse(statement)?.check(&pinned, &AwsLc, now)?;
        release.fits(device)?;
        let newer = ring.number > pinned.number;
        let follows = newer.then(|| (pinned.number, ring.envelope().to_vec()));
        Ok(Some(Holds { release, follows }))
    }

    /// Remembers what came with a release that holds, durably. When that fails, all is as it was.
    pub(crate) fn remember(&mut self, holds: &Holds) -> io::Result<()> {
        if holds.release.number > self.number {
            self.write(NUMBER, holds.release.number.to_string().as_bytes())?;
            self.number = holds.release.number;
        }
        let Some((number, envelope)) = &holds.follows else { return Ok(()) };
        let before = self.keyring.clone().unwrap_or_default();
        self.write(&format!("keyring-{number}.cbor"), &before)?;
        self.write(KEYRING, envelope)?;
        self.past.push(before);
        self.keyring = Some(envelope.clone());
        Ok(())
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        private_file::replace(&folder.join(name), READABLE, content)
    }

    /// Whether an image may run with this statement beside it: it was taken with a release that held. Neither time nor
    /// numbers are looked at: what was good once stays so.
    pub(crate) fn admits(&self, statement: &[u8], image: &Image) -> bool {
        let holds = |pinned: &Vec<u8>| {
            let release = read(pinned).and_then(|pinned| {
                Statement::parse(statement)?.check(&pinned, &AwsLc, Time::Unknown)
            });
            release.is_ok_and(|(_, release)| release.image() == *image)
        };
        self.keyring.is_none() || self.keyring.iter().chain(&self.past).any(holds)
    }
}

/// Pins the first keyring of a device, for good. One that is pinned already may be pinned again.
///
/// # Errors
/// [`Error::Keyring`] for one that is none, [`Error::HasKeyring`] where there is another, [`Error::File`].
pub fn pin_keyring(folder: &Folder, envelope: &[u8]) -> Result<(), Error> {
    let path = folder.dir().join(KEYRING);
    if let Err(reason) = read(envelope) {
        return Err(Error::Keyring { path, reason });
    }
    match read_file(&path)? {
        Some(there) if there == envelope => Ok(()),
        Some(_) => Err(Error::HasKeyring(folder.dir().to_owned())),
        None => {
            private_file::create(&path, READABLE, envelope).map_err(Error::file("write", &path))
        }
    }
}

fn read(envelope: &[u8]) -> Result<Keyring<'_>, ReleaseFault> {
    Keyring::first(&Envelope::parse(envelope)?, &AwsLc)
}

fn past(folder: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let failed = || Error::file("read", folder);
    let mut past = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("keyring-") && name.ends_with(".cbor") {
            past.extend(read_file(&folder.join(&*name))?);
        }
    }
    Ok(past)
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let length = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(Error::file("read", path))?.len(),
    };
    if length > LARGEST {
        return Err(Error::file("read", path)(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read(path).map(Some).map_err(Error::file("read", path))
}
