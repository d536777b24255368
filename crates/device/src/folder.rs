//! A device on disk: `device_key.der` (its private key, mode 0600), `device_pub.der` (the public half),
//! `server_key.der` (the record of the cloud it is pinned to), `device.toml`, and over UDP between runs
//! `session.bin`. Keys are in the formats that a Device OS build for the host reads, too: P-256 for a device of the UDP
//! service, RSA for one of the TCP service.
//!
//! Firmware, its keyring and its programs lie there too where the device runs an application ([`crate::install`]).
//!
//! The address in `device.toml` is the one that counts; the one in `server_key.der` is for other readers.

#[cfg(feature = "tcp")]
mod tcp;
mod udp;

use crate::config::{Config, split_host_port, template};
use crate::error::Error;
use crate::generation::Generation;
use crate::life::{Intake, Profile};
use crate::private_file::{self, OWNER_ONLY, READABLE};
use crate::runner::Lived;
use crate::server_block::{BlockKind, ServerBlock};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use pintle_dtls::{Fingerprint, PublicKey};
use pintle_protocol::DeviceId;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use udp::UdpKeys;
use zeroize::Zeroizing;

const PRIVATE_KEY: &str = "device_key.der";
const PUBLIC_KEY: &str = "device_pub.der";
const SERVER_KEY: &str = "server_key.der";
const CONFIG: &str = "device.toml";
/// No file of a device is larger, in bytes.
const LARGEST_FILE: u64 = 256 * 1024;

/// Which service a new device uses, and the cloud key that it is pinned to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Service {
    /// DTLS over UDP.
    Udp {
        /// The cloud's key.
        cloud_key: PublicKey,
    },
    /// The older TCP service.
    #[cfg(feature = "tcp")]
    Tcp {
        /// The DER of the cloud's key, from [`crate::read_rsa_cloud_key`].
        cloud_key: Vec<u8>,
        /// The firmware it is to be.
        generation: Generation,
    },
}

/// What a new device is made from.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// The folder; made if it is not there. It must not hold a device.
    pub dir: PathBuf,
    /// The device's id; a random one if `None`.
    pub id: Option<DeviceId>,
    /// The service, and the key of the cloud.
    pub service: Service,
    /// Where that cloud is: `HOST:PORT`.
    pub cloud: String,
}

/// An opened device.
pub struct Folder {
    dir: PathBuf,
    config: Config,
    keys: Keys,
}

enum Keys {
    Udp(UdpKeys),
    #[cfg(feature = "tcp")]
    Tcp(tcp::TcpKeys),
}

/// Where the keys lie.
struct KeyFiles {
    private: PathBuf,
    server: PathBuf,
}

/// A new key pair, in DER.
struct Fresh {
    private: Zeroizing<Vec<u8>>,
    public: Vec<u8>,
}

impl Folder {
    /// Makes a device: a fresh key and the files around it.
    ///
    /// # Errors
    /// [`Error::AlreadyADevice`], [`Error::CloudAddress`], [`Error::File`], [`Error::NoRandomness`].
    pub fn create(options: CreateOptions) -> Result<Self, Error> {
        let CreateOptions { dir, id, service, cloud } = options;
        let Some((host, port)) = split_host_port(&cloud) else {
            return Err(Error::CloudAddress(cloud));
        };
        let is_there = |name: &&str| dir.join(name).exists();
        if [PRIVATE_KEY, CONFIG, SERVER_KEY].iter().any(is_there) {
            return Err(Error::AlreadyADevice(dir));
        }
        let id = id.map_or_else(random_id, Ok)?;
        let made = Made::of(&service, host, port)?;
        private_file::create_folder(&dir).map_err(Error::file("make", &dir))?;
        let write = |name: &str, mode, content: &[u8]| {
            let path = dir.join(name);
            private_file::create(&path, mode, content).map_err(Error::file("write", &path))
        };
        write(PRIVATE_KEY, OWNER_ONLY, &made.fresh.private)?;
        write(PUBLIC_KEY, READABLE, &made.fresh.public)?;
        write(SERVER_KEY, READABLE, &made.record)?;
        // Last, so that a folder with a configuration is a whole device.
        write(CONFIG, READABLE, template(id, &cloud, made.generation).as_bytes())?;
        Self::open(&dir)
    }

    /// Opens a device and checks everything in its folder but the session.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::PrivateKey`], [`Error::ServerKey`], [`Error::PublicKey`], [`Error::File`].
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(CONFIG);
        let text = read(&path)?;
        let config = Config::parse(&String::from_utf8_lossy(&text), &path)?;
        let files = KeyFiles { private: dir.join(PRIVATE_KEY), server: dir.join(SERVER_KEY) };
        let keys = match config.tcp {
            #[cfg(feature = "tcp")]
            Some(_) => Keys::Tcp(tcp::TcpKeys::read(&files)?),
            _ => Keys::Udp(UdpKeys::read(&files)?),
        };
        Ok(Self { dir: dir.to_path_buf(), config, keys })
    }

    /// The device's id.
    #[must_use]
    pub const fn id(&self) -> DeviceId {
        self.config.id
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The DER of the device's public key, to be pinned in the cloud.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        match &self.keys {
            Keys::Udp(keys) => keys.public.to_spki().to_vec(),
            #[cfg(feature = "tcp")]
            Keys::Tcp(keys) => keys.public.as_spki().to_vec(),
        }
    }

    /// The fingerprint of that key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let hash = digest(&SHA256, &self.public_key());
        Fingerprint::from_bytes(hash.as_ref().try_into().unwrap_or_default())
    }

    /// Where that key lies as DER.
    #[must_use]
    pub fn public_key_file(&self) -> PathBuf {
        self.dir.join(PUBLIC_KEY)
    }

    /// The DER of the cloud key that the device is pinned to.
    #[must_use]
    pub fn cloud_key(&self) -> Vec<u8> {
        match &self.keys {
            Keys::Udp(keys) => keys.cloud.to_spki().to_vec(),
            #[cfg(feature = "tcp")]
            Keys::Tcp(keys) => keys.cloud.clone(),
        }
    }

    /// Points the device to another address of the same cloud, for this run only: local clouds get another
    /// port with every start.
    ///
    /// # Errors
    /// [`Error::CloudAddress`].
    pub fn set_cloud(&mut self, cloud: &str) -> Result<(), Error> {
        split_host_port(cloud).ok_or_else(|| Error::CloudAddress(cloud.to_owned()))?;
        cloud.clone_into(&mut self.config.cloud);
        Ok(())
    }

    /// The life of this device, with its saved session if there is one; [`crate::run`] drives it on a socket.
    ///
    /// # Errors
    /// [`Error::File`] if the session cannot be taken, [`Error::Describe`] for a profile out of bounds.
    pub(crate) fn begin(
        &self,
        profile: Profile,
        intake: Intake,
        now: Duration,
    ) -> Result<Box<dyn Lived + Send>, Error> {
        let mut seed = [0; 8];
        rand::fill(&mut seed).map_err(|_| Error::NoRandomness)?;
        let seed = u64::from_be_bytes(seed);
        Ok(match &self.keys {
            Keys::Udp(keys) => {
                let mut life = keys.begin(&self.dir, profile, (now, seed))?;
                life.take_updates(intake);
                Box::new(life)
            }
            #[cfg(feature = "tcp")]
            Keys::Tcp(keys) => {
                let generation = self.config.tcp.unwrap_or(Generation::Photon);
                let mut life = keys.begin(generation, profile, (now, seed))?;
                life.take_updates(intake);
                Box::new(life)
            }
        })
    }

    /// Keeps the session of a life that has come to its end for the next one.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn keep(&self, life: &mut (dyn Lived + Send)) -> Result<(), Error> {
        match (&self.keys, life.take_saved()) {
            (Keys::Udp(keys), Some(saved)) => keys.put_session(&self.dir, &saved),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
impl Folder {
    /// Takes the saved session, as a life that begins does.
    pub(crate) fn take_session(&self) -> Result<Option<crate::saved::Saved>, Error> {
        match &self.keys {
            Keys::Udp(keys) => keys.take_session(&self.dir),
            #[cfg(feature = "tcp")]
            Keys::Tcp(_) => Ok(None),
        }
    }
}

/// What is written into a new folder.
struct Made {
    fresh: Fresh,
    record: Vec<u8>,
    generation: Option<Generation>,
}

impl Made {
    fn of(service: &Service, host: &str, port: u16) -> Result<Self, Error> {
        let (fresh, kind, cloud_key, generation) = match service {
            Service::Udp { cloud_key } => {
                (udp::generate()?, BlockKind::Udp, cloud_key.to_spki().to_vec(), None)
            }
            #[cfg(feature = "tcp")]
            Service::Tcp { cloud_key, generation } => {
                (tcp::generate()?, BlockKind::Tcp, cloud_key.clone(), Some(*generation))
            }
        };
        let record = ServerBlock::build(kind, &cloud_key, host, port).map_or_else(
            |_| ServerBlock::key_only(kind, &cloud_key),
            |block| block.as_bytes().to_vec(),
        );
        Ok(Self { fresh, record, generation })
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    read_bounded(path).map_err(Error::file("read", path))
}

fn read_bounded(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let expected = fs::metadata(path)?.len().min(LARGEST_FILE);
    // Room for all of it at once: a buffer that grows leaves pieces of a key behind.
    let mut content =
        Zeroizing::new(Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1));
    file.take(LARGEST_FILE).read_to_end(&mut content)?;
    Ok(content)
}

fn random_id() -> Result<DeviceId, Error> {
    let mut id = [0; 12];
    rand::fill(&mut id).map_err(|_| Error::NoRandomness)?;
    Ok(DeviceId::from_bytes(id))
}

#[cfg(test)]
mod tests;
