//! The networks of a device's folder: `networks.sealed`, and beside it `network.key`.

use super::seal::Sealer;
use super::{Network, NetworkFault, codec};
use crate::error::Error;
use crate::private_file::{self, OWNER_ONLY};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many networks a device keeps.
pub const MAX_NETWORKS: usize = 32;

const SEALED: &str = "networks.sealed";
const KEY: &str = "network.key";
const DEVICE: &str = "device.toml";
/// As much as that many networks take, sealed, and more.
const LARGEST: u64 = 16 * 1024;

/// The networks that a device keeps.
pub struct Networks {
    dir: PathBuf,
    kept: Vec<Network>,
}

impl Networks {
    /// Opens what is kept in a device's folder; nothing is there at first.
    ///
    /// # Errors
    /// [`Error::File`] where there is no device; [`Error::Network`] when the key is gone, may be read by others, or did
    /// not seal what is there.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let device = dir.join(DEVICE);
        fs::metadata(&device).map_err(Error::file("read", &device))?;
        let (sealed, key) = (dir.join(SEALED), dir.join(KEY));
        let sealer = Sealer::open(&key)?;
        let kept = match (read(&sealed)?, sealer) {
            (None, _) => Vec::new(),
            (Some(_), None) => return Err(NetworkFault::NoKey(key).into()),
            (Some(content), Some(sealer)) => {
                let plain = sealer.unseal(&content);
                let kept = plain.and_then(|plain| codec::read(&plain));
                kept.ok_or(NetworkFault::NotSealed(sealed))?
            }
        };
        Ok(Self { dir: dir.to_path_buf(), kept })
    }

    /// Each network, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.kept.iter()
    }

    /// Keeps a network; whether it takes the place of one with the same name.
    ///
    /// # Errors
    /// [`NetworkFault::TooMany`], [`Error::File`]; what was kept before stays then.
    pub fn set(&mut self, network: Network) -> Result<bool, Error> {
        let same = self.kept.iter().position(|one| one.is(network.kind(), network.name()));
        if same.is_none() && self.kept.len() >= MAX_NETWORKS {
            return Err(NetworkFault::TooMany { limit: MAX_NETWORKS }.into());
        }
        match same.and_then(|at| self.kept.get_mut(at)) {
            Some(place) => *place = network,
            None => self.kept.push(network),
        }
        let order = |one: &Network| (one.kind(), one.name().to_owned());
        self.kept.sort_by_key(order);
        self.save()?;
        Ok(same.is_some())
    }

    /// Forgets a network: `kind` is `wifi` or `sim`, `name` its SSID or APN.
    ///
    /// # Errors
    /// [`NetworkFault::Unknown`], [`Error::File`].
    pub fn forget(&mut self, kind: &str, name: &str) -> Result<(), Error> {
        let before = self.kept.len();
        self.kept.retain(|one| !one.is(kind, name));
        if self.kept.len() == before {
            return Err(NetworkFault::Unknown.into());
        }
        self.save()
    }

    /// Forgets all that a folder keeps, and the key with it, whether it can be opened or not.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn forget_all(dir: &Path) -> Result<Self, Error> {
        let device = dir.join(DEVICE);
        fs::metadata(&device).map_err(Error::file("read", &device))?;
        // The key first: without it the other is worth nothing.
        for path in [dir.join(KEY), dir.join(SEALED)] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::file("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(Self { dir: dir.to_path_buf(), kept: Vec::new() })
    }

    fn save(&self) -> Result<(), Error> {
        let (sealed, key) = (self.dir.join(SEALED), self.dir.join(KEY));
        let sealer = Sealer::open(&key)?.map_or_else(|| Sealer::create(&key), Ok)?;
        let content = sealer.seal(codec::write(&self.kept))?;
        private_file::replace(&sealed, OWNER_ONLY, &content).map_err(Error::file("write", &sealed))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let mut content = Vec::new();
    match File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut content)) {
        Ok(_) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file("read", path)(error)),
    }
}
