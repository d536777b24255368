//! A device on disk: `device_key.der` (SEC 1 private key, mode 0600), `device_pub.der` (its public half),
//! `server_key.der` (the 320-byte record of the cloud it is pinned to), `device.toml`, and between runs
//! `session.bin`. Keys are in the formats that a Device OS build for the host reads, too.
//!
//! The address in `device.toml` is the one that counts; the one in `server_key.der` is for other readers.

use crate::config::{Config, split_host_port, template};
use crate::error::Error;
use crate::life::{Life, Profile};
use crate::private_file::{self, OWNER_ONLY, READABLE};
use crate::saved::{Binding, Saved};
use crate::server_block::ServerBlock;
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use pintle_dtls::PublicKey;
use pintle_dtls::client::{ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto};
use pintle_protocol::DeviceId;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

const PRIVATE_KEY: &str = "device_key.der";
const PUBLIC_KEY: &str = "device_pub.der";
const SERVER_KEY: &str = "server_key.der";
const CONFIG: &str = "device.toml";
const SESSION: &str = "session.bin";
/// No file of a device is larger, in bytes.
const LARGEST_FILE: u64 = 256 * 1024;

/// What a new device is made from.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// The folder; made if it is not there. It must not hold a device.
    pub dir: PathBuf,
    /// The device's id; a random one if `None`.
    pub id: Option<DeviceId>,
    /// The key of the cloud that the device is pinned to.
    pub cloud_key: PublicKey,
    /// Where that cloud is: `HOST:PORT`.
    pub cloud: String,
}

/// An opened device.
pub struct Folder {
    dir: PathBuf,
    config: Config,
    key: Zeroizing<Vec<u8>>,
    public_key: PublicKey,
    cloud_key: PublicKey,
}

impl Folder {
    /// Makes a device: a fresh key and the files around it.
    ///
    /// # Errors
    /// [`Error::AlreadyADevice`], [`Error::CloudAddress`], [`Error::File`], [`Error::NoRandomness`].
    pub fn create(options: CreateOptions) -> Result<Self, Error> {
        let CreateOptions { dir, id, cloud_key, cloud } = options;
        let Some((host, port)) = split_host_port(&cloud) else {
            return Err(Error::CloudAddress(cloud));
        };
        let is_there = |name: &&str| dir.join(name).exists();
        if [PRIVATE_KEY, CONFIG, SERVER_KEY].iter().any(is_there) {
            return Err(Error::AlreadyADevice(dir));
        }
        let id = id.map_or_else(random_id, Ok)?;
        let (key, public_key) = generate_key()?;
        let server_key = ServerBlock::udp(&cloud_key, host, port)
            .map_or_else(|_| ServerBlock::key_only(&cloud_key), |block| block.as_bytes().to_vec());
        private_file::create_folder(&dir).map_err(Error::file("make", &dir))?;
        let write = |name: &str, mode, content: &[u8]| {
            let path = dir.join(name);
            private_file::create(&path, mode, content).map_err(Error::file("write", &path))
        };
        write(PRIVATE_KEY, OWNER_ONLY, &key)?;
        write(PUBLIC_KEY, READABLE, &public_key.to_spki())?;
        write(SERVER_KEY, READABLE, &server_key)?;
        // Last, so that a folder with a configuration is a whole device.
        write(CONFIG, READABLE, template(id, &cloud).as_bytes())?;
        Self::open(&dir)
    }

    /// Opens a device and checks everything in its folder but the session.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::PrivateKey`], [`Error::ServerKey`], [`Error::File`].
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let read = |name: &str| {
            let path = dir.join(name);
            read_bounded(&path).map_err(Error::file("read", &path)).map(|content| (path, content))
        };
        let (path, text) = read(CONFIG)?;
        let config = Config::parse(&String::from_utf8_lossy(&text), &path)?;
        let (path, key) = read(PRIVATE_KEY)?;
        let signing = AwsLc.signing_key_from_der(&key).map_err(|_| Error::PrivateKey(path))?;
        let (path, record) = read(SERVER_KEY)?;
        let cloud_key =
            ServerBlock::udp_key(&record).map_err(|reason| Error::ServerKey { path, reason })?;
        Ok(Self {
            dir: dir.to_path_buf(),
            config,
            key,
            public_key: AwsLc.public_key(&signing),
            cloud_key,
        })
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

    /// The device's public key, to be pinned in the cloud.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// Where that key lies as 91 bytes of DER.
    #[must_use]
    pub fn public_key_file(&self) -> PathBuf {
        self.dir.join(PUBLIC_KEY)
    }

    /// The cloud key that the device is pinned to.
    #[must_use]
    pub const fn cloud_key(&self) -> PublicKey {
        self.cloud_key
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

    /// The life of this device, with its saved session if there is one. See [`Life`] for how to drive it;
    /// [`crate::run`] does so on a socket.
    ///
    /// # Errors
    /// [`Error::File`] if the session cannot be taken, [`Error::Describe`] for a profile out of bounds.
    pub fn begin(&self, profile: Profile, now: Duration) -> Result<Life, Error> {
        let key = self.signing_key()?;
        let client = ClientConfig::new(AwsLc, key, self.cloud_key, Offer::DeviceOs);
        let mut seed = [0; 8];
        rand::fill(&mut seed).map_err(|_| Error::NoRandomness)?;
        Life::start(Arc::new(client), profile, self.take_session()?, now, u64::from_be_bytes(seed))
    }

    /// Keeps the session of a life that has come to its end for the next one.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn keep(&self, life: Life) -> Result<(), Error> {
        life.into_saved().map_or(Ok(()), |saved| self.put_session(&saved))
    }

    /// The private key, for a handshake.
    fn signing_key(&self) -> Result<AwsLcSigningKey, Error> {
        AwsLc
            .signing_key_from_der(&self.key)
            .map_err(|_| Error::PrivateKey(self.dir.join(PRIVATE_KEY)))
    }

    /// Takes the saved session, if there is one for these keys. It is removed from disk before it is used,
    /// so that no session is ever loaded twice: after a crash the device shakes hands anew, and neither are
    /// numbers used again (P4) nor old records taken (P3).
    pub(crate) fn take_session(&self) -> Result<Option<Saved>, Error> {
        let path = self.dir.join(SESSION);
        let content = private_file::take(&path).map_err(Error::file("take", &path))?;
        Ok(content.and_then(|content| Saved::from_bytes(&content, &self.binding())))
    }

    /// Keeps a session for the next run.
    fn put_session(&self, saved: &Saved) -> Result<(), Error> {
        let path = self.dir.join(SESSION);
        let content = saved.to_bytes(&self.binding());
        private_file::replace(&path, OWNER_ONLY, &content).map_err(Error::file("write", &path))
    }

    fn binding(&self) -> Binding {
        Binding { device: self.public_key.fingerprint(), cloud: self.cloud_key.fingerprint() }
    }
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

/// A P-256 key as 121 bytes of SEC 1 DER, and its public half.
fn generate_key() -> Result<(Zeroizing<Vec<u8>>, PublicKey), Error> {
    let pair =
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| Error::NoRandomness)?;
    let der: EcPrivateKeyRfc5915Der<'_> =
        pair.private_key().as_der().map_err(|_| Error::NoRandomness)?;
    let der = Zeroizing::new(der.as_ref().to_vec());
    let key = AwsLc.signing_key_from_der(&der).map_err(|_| Error::NoRandomness)?;
    Ok((der, AwsLc.public_key(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn cloud_key() -> PublicKey {
        generate_key().unwrap().1
    }

    fn options(dir: &Path, cloud: &str) -> CreateOptions {
        CreateOptions {
            dir: dir.join("d"),
            id: None,
            cloud_key: cloud_key(),
            cloud: cloud.to_owned(),
        }
    }

    #[test]
    fn a_new_device_has_the_files_of_a_device_os_build() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path(), "cloud.example.com:5684");
        let folder = Folder::create(options.clone()).unwrap();
        let read = |name: &str| fs::read(folder.dir().join(name)).unwrap();
        assert_eq!(read(PRIVATE_KEY).len(), 121);
        assert_eq!(read(PUBLIC_KEY), folder.public_key().to_spki());
        let block = ServerBlock::parse(&read(SERVER_KEY)).unwrap();
        assert_eq!(block.key(), options.cloud_key.to_spki());
        assert_eq!(block.address().to_string(), "cloud.example.com");
        let mode = |name: &str| {
            fs::metadata(folder.dir().join(name)).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode(PRIVATE_KEY), mode(".")), (0o600, 0o700));
        assert_eq!(folder.cloud_key(), options.cloud_key);
    }

    #[test]
    fn a_folder_that_holds_a_device_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path(), "127.0.0.1:5684");
        let first = Folder::create(options.clone()).unwrap();
        assert!(matches!(Folder::create(options), Err(Error::AlreadyADevice(_))));
        assert_eq!(Folder::open(first.dir()).unwrap().public_key(), first.public_key());
    }

    #[test]
    fn a_cloud_with_an_ipv6_address_is_pinned_too() {
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path(), "[::1]:5684");
        assert_eq!(Folder::create(options.clone()).unwrap().cloud_key(), options.cloud_key);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(options(dir.path(), "127.0.0.1:5684")).unwrap();
        fs::write(folder.dir().join(SERVER_KEY), b"junk").unwrap();
        let error = Folder::open(folder.dir()).err().unwrap().to_string();
        assert!(error.contains("server_key.der: a server record has 320 bytes"), "{error}");
        fs::write(folder.dir().join(PRIVATE_KEY), b"junk").unwrap();
        let error = Folder::open(folder.dir()).err().unwrap().to_string();
        assert!(error.contains("device_key.der is not a P-256 private key"), "{error}");
    }
}
