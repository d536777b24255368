//! The devices of another server, spark-server, as they lie in its folder.
//!
//! It kept its keys in one of three ways over the years, and all are looked for: `ID.pub.pem` in `core_keys`;
//! the same in `data/deviceKeys`; and records in `data/db/deviceKeys.db`, one of JSON a line, in which a later line
//! replaces an earlier one. The folder may be the server's own or any of these. What is no device's key is passed
//! over, and said so: one bad file must not keep a fleet from moving. Nothing is written here.

use super::batch::PinLine;
use super::line::Skipped;
use crate::device_key::DeviceKey;
use pintle_protocol::DeviceId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

mod records;

/// Where key files may lie in the folder.
const FOLDERS: [&str; 4] = ["", "deviceKeys", "core_keys", "data/deviceKeys"];
/// Where records may lie in the folder.
const RECORDS: [&str; 4] =
    ["deviceKeys.db", "db/deviceKeys.db", "data/db/deviceKeys.db", "deviceKeys.json"];
const SUFFIX: &str = ".pub.pem";
/// The public half of the server's own key, which lies among the others where somebody put all in one folder.
const SERVER_KEY: &str = "default_key.pub.pem";
/// No key file is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// What was found in the folder.
#[derive(Debug, Default)]
pub struct PeerDevices {
    /// The devices, by id.
    pub pins: Vec<PinLine>,
    /// What is no device that can be pinned, and why.
    pub skipped: Vec<Skipped>,
}

/// Why a folder was not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PeerError {
    /// It cannot be read.
    #[error("{}: {source}; nothing was imported", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing of that server in it.
    #[error(
        "{} holds no devices of a spark-server: neither ID.pub.pem files (in core_keys or data/deviceKeys) nor \
         data/db/deviceKeys.db",
        .0.display()
    )]
    Nothing(PathBuf),
}

/// Reads the devices in a folder of spark-server; they get this owner, where one is given.
///
/// # Errors
/// [`PeerError`]. A file or record that is of no use is no error.
pub fn read_peer(folder: &Path, owner: Option<&str>) -> Result<PeerDevices, PeerError> {
    fs::read_dir(folder).map_err(|source| PeerError::Folder { path: folder.to_owned(), source })?;
    let mut found = Found::default();
    for place in FOLDERS {
        found.key_files(&folder.join(place));
    }
    for place in RECORDS {
        found.records(&folder.join(place));
    }
    if found.devices.is_empty() && found.skipped.is_empty() {
        return Err(PeerError::Nothing(folder.to_owned()));
    }
    Ok(found.into_devices(owner))
}

/// A key and the file that it was found in.
struct Held {
    key: DeviceKey,
    file: String,
}

#[derive(Default)]
struct Found {
    devices: BTreeMap<DeviceId, Held>,
    /// Devices with two keys: which of them it has now, nobody knows here.
    torn: BTreeMap<DeviceId, String>,
    skipped: Vec<Skipped>,
}

impl Found {
    fn key_files(&mut self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(SUFFIX)).collect();
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if let Err(why) = self.key_file(&path, &name) {
                self.skip(path.display().to_string(), why);
            }
        }
    }

    fn key_file(&mut self, path: &Path, name: &str) -> Result<(), String> {
        if name == SERVER_KEY {
            let why =
                "it is the server's own key: `pintle init --import-tcp-key` takes the private half";
            return Err(why.to_owned());
        }
        let id = name.strip_suffix(SUFFIX).and_then(|id| id.parse().ok());
        let id = id.ok_or("its name is no device id: 24 hex digits")?;
        let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if length > LONGEST {
            return Err("it is too long for a key".to_owned());
        }
        let bytes = fs::read(path).map_err(|error| error.to_string())?;
        let key = DeviceKey::read(&bytes).map_err(|what| what.to_string())?;
        self.hold(id, key, path.display().to_string());
        Ok(())
    }

    fn records(&mut self, path: &Path) {
        let file = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.skip(file, error.to_string()),
        };
        let (records, bad) = records::read(&text);
        for (line, why) in bad {
            self.skip(format!("{file}, line {line}"), why);
        }
        for (line, record) in records {
            match record.key() {
                Ok((id, key)) => self.hold(id, key, file.clone()),
                Err(why) => self.skip(format!("{file}, line {line}"), why),
            }
        }
    }

    fn hold(&mut self, id: DeviceId, key: DeviceKey, file: String) {
        match self.devices.entry(id) {
            Entry::Vacant(place) => drop(place.insert(Held { key, file })),
            Entry::Occupied(held) if held.get().key == key => {}
            Entry::Occupied(held) => {
                let why = format!(
                    "{} and {file} hold different keys for it: pin the one that the device has with `pintle pin set`",
                    held.get().file
                );
                self.torn.insert(id, why);
            }
        }
    }

    fn skip(&mut self, what: String, why: String) {
        self.skipped.push(Skipped { what, why });
    }

    fn into_devices(mut self, owner: Option<&str>) -> PeerDevices {
        for (id, why) in std::mem::take(&mut self.torn) {
            self.devices.remove(&id);
            self.skip(id.to_string(), why);
        }
        let made = |(line, (id, held)): (u64, (DeviceId, Held))| {
            PinLine::made(line, id, &held.key, None, owner.map(str::to_owned))
        };
        PeerDevices { pins: (1..).zip(self.devices).map(made).collect(), skipped: self.skipped }
    }
}

#[cfg(test)]
mod tests;
