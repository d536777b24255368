//! The slots of a device in a folder: `slots.bin`, made with a first image.

use super::flash::{FileFlash, Medium};
use super::trust::Trust;
use super::{Purpose, Store};
use crate::config::Config;
use crate::error::Error;
use crate::folder::Folder;
use crate::life::SYSTEM_VERSION;
use pintle_firmware::slots::{Slot, Standing, State};
use std::fmt;

const SLOTS: &str = "slots.bin";

/// How long an image may be at most, in bytes.
const MOST_ROOM: u32 = 64 << 20;

/// What firmware has to be for, by a device's configuration.
pub(crate) fn purpose_of(config: &Config) -> Purpose {
    let product = (config.product_id != config.platform_id).then_some(config.product_id);
    Purpose { platform: config.platform_id, product, system_version: SYSTEM_VERSION }
}

/// Opens the slots of a device.
///
/// # Errors
/// [`Error::NoFirmware`] when there are none; [`Error::File`]: another process has them, for example.
pub(crate) fn open(folder: &Folder) -> Result<Store, Error> {
    let dir = folder.dir();
    let path = dir.join(SLOTS);
    if !path.exists() {
        return Err(Error::NoFirmware(dir.to_owned()));
    }
    let flash = FileFlash::open(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => Error::InUse(path.clone()),
        _ => Error::file("open", &path)(error),
    })?;
    let trust = Trust::open(dir)?;
    Store::new(Medium::File(flash), trust, purpose_of(folder.config()), Some(dir.to_owned()))
}

/// Makes `module` the first firmware of a device; `statement` is what was signed about it, or nothing. `room` is how long
/// an image may ever be, in bytes: it is taken from the disk at once, twice.
///
/// # Errors
/// [`Error::Firmware`] with what is wrong with it, [`Error::HasFirmware`], [`Error::File`].
pub fn install(folder: &Folder, module: &[u8], statement: &[u8], room: u32) -> Result<(), Error> {
    let path = folder.dir().join(SLOTS);
    let is_new = !path.exists();
    if is_new {
        // A block for what is said about an image.
        let slot = room.clamp(1, MOST_ROOM).saturating_add(64 * 1024);
        FileFlash::create(&path, slot).map_err(Error::file("make", &path))?;
    }
    let mut store = open(folder)?;
    if store.is_installed() {
        return Err(Error::HasFirmware(folder.dir().to_owned()));
    }
    let installed = store.install(module, statement);
    drop(store);
    installed.map_err(|declined| {
        if is_new {
            // Nothing half made is left; if it stays, the next try finds it empty.
            let _ = crate::private_file::forget(&path);
        }
        Error::Firmware(declined.message)
    })
}

/// What the slots of a device hold, for a person.
#[derive(Clone, Debug)]
pub struct Installed(State);

/// What the slots of a device hold.
///
/// # Errors
/// As of a device that starts: [`Error::NoFirmware`], [`Error::InUse`] while it runs, [`Error::File`].
pub fn installed(folder: &Folder) -> Result<Installed, Error> {
    Ok(Installed(open(folder)?.state()))
}

impl Installed {
    /// Each slot's name, with what is in it; none for an empty one.
    pub fn slots(&self) -> impl Iterator<Item = (&'static str, Option<InSlot>)> + '_ {
        [("a", Slot::A), ("b", Slot::B)].into_iter().map(|(name, slot)| {
            let entry = self.0.entry(slot).map(|entry| InSlot {
                sha256: entry.image.digest.0,
                length: entry.image.length,
                counter: entry.image.counter,
                standing: entry.standing,
                is_last_good: self.0.current == Some(slot),
            });
            (name, entry)
        })
    }

    /// The security counter: nothing with a lower one is taken.
    #[must_use]
    pub const fn counter(&self) -> u32 {
        self.0.floor
    }
}

/// An image in a slot. Shows as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InSlot {
    /// The SHA-256 of its file.
    pub sha256: [u8; 32],
    /// The length of its file in bytes.
    pub length: u32,
    /// Its security counter.
    pub counter: u32,
    /// Whether it is the last known good one.
    pub is_last_good: bool,
    standing: Standing,
}

impl InSlot {
    /// How it stands, in one word that does not change: staged, trial, confirmed or rejected.
    #[must_use]
    pub const fn standing(&self) -> &'static str {
        match self.standing {
            Standing::Staged => "staged",
            Standing::Trial { .. } => "trial",
            Standing::Confirmed => "confirmed",
            Standing::Rejected => "rejected",
        }
    }
}

impl fmt::Display for InSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let standing = match self.standing {
            Standing::Staged => "waits for the next start",
            Standing::Trial { .. } => "on trial",
            Standing::Confirmed if self.is_last_good => "last known good",
            Standing::Confirmed => "was good before",
            Standing::Rejected => "rejected",
        };
        let sha256 = pintle_firmware::Digest(self.sha256);
        write!(f, "{standing}, {} bytes, sha256 {sha256}", self.length)
    }
}
