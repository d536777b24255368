//! The keys of a fleet on the TCP service: one RSA-1024 pair a device, made on all processor cores and kept in a file,
//! so that the next run with the same seed finds them. Whoever has the file can act as the devices, which are for tests
//! alone.
//!
//! The file: for each device the length of its private key in two bytes, big endian, the key in PKCS#1 DER, and the 162
//! bytes of the public one. What is cut at its end is made anew.

use crate::error::Error;
use crate::fleet::keys::Keys;
use crate::private_file::{self, OWNER_ONLY};
use crate::stop::Stop;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::DevicePublicKey;
use pintle_rsa::{CloudPublicKey, DeviceKey, DeviceSide};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::available_parallelism;
use zeroize::Zeroizing;

/// No private key is longer, in bytes.
const LONGEST_KEY: usize = 1024;

/// The keys and ids of a fleet's devices.
pub struct TcpKeys {
    ids: Keys,
    cloud: CloudPublicKey,
    pairs: Vec<Pair>,
}

/// A private key in DER, and its public half.
struct Pair {
    private: Zeroizing<Vec<u8>>,
    public: DevicePublicKey,
}

impl TcpKeys {
    /// The keys of so many devices of a fleet with this seed: those that the file has, and new ones for the rest, which
    /// are added to it. `made` is told how many there are, now and then. `cloud` is the DER of the cloud's key.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::NoRandomness`], [`Error::PublicKey`] for `cloud`, [`Error::Ended`] if told to stop.
    pub fn open(
        path: &Path,
        cloud: &[u8],
        (seed, devices): (u64, u32),
        stop: &Stop,
        mut made: impl FnMut(u32),
    ) -> Result<Self, Error> {
        let cloud = CloudPublicKey::read(cloud).map_err(|_| Error::PublicKey {
            path: path.to_path_buf(),
            expected: "an RSA-2048 public key (294 bytes)",
        })?;
        let mut pairs = read(path)?;
        let wanted = devices as usize;
        if pairs.len() < wanted {
            let missing = wanted - pairs.len();
            let fresh = generate(missing, stop, |count| made((wanted - missing + count) as u32));
            pairs.extend(fresh?);
            let content =
                Zeroizing::new(pairs.iter().flat_map(Pair::to_bytes).collect::<Vec<u8>>());
            private_file::replace(path, OWNER_ONLY, &content)
                .map_err(Error::file("write", path))?;
        }
        pairs.truncate(wanted);
        Ok(Self { ids: Keys::new(seed), cloud, pairs })
    }

    /// The id of the device at `index`: not that of a device with the same seed over UDP.
    #[must_use]
    pub fn id(&self, index: u32) -> DeviceId {
        self.ids.tcp_id(index)
    }

    /// The public key of the device at `index`, if there is one.
    #[must_use]
    pub fn public(&self, index: u32) -> Option<&DevicePublicKey> {
        self.pairs.get(index as usize).map(|pair| &pair.public)
    }

    /// What the device at `index` brings to a handshake.
    pub(super) fn side(&self, index: u32) -> Option<DeviceSide> {
        let pair = self.pairs.get(index as usize)?;
        let key = DeviceKey::trusted(&pair.private, &pair.public).ok()?;
        Some(DeviceSide { key, cloud: self.cloud.clone() })
    }
}

impl Pair {
    fn generate() -> Option<Self> {
        let key = DeviceKey::generate().ok()?;
        Some(Self { private: key.to_der().ok()?, public: *key.public() })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let length = u16::try_from(self.private.len()).unwrap_or(0).to_be_bytes();
        [&length, self.private.as_slice(), self.public.as_spki()].concat()
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (private, rest) = rest.split_at_checked(length).filter(|_| length <= LONGEST_KEY)?;
        let (public, rest) = rest.split_at_checked(DevicePublicKey::SIZE)?;
        let public = DevicePublicKey::from_spki(public).ok()?;
        *bytes = rest;
        Some(Self { private: Zeroizing::new(private.to_vec()), public })
    }
}

fn read(path: &Path) -> Result<Vec<Pair>, Error> {
    let content = match fs::read(path) {
        Ok(content) => Zeroizing::new(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    let mut rest = content.as_slice();
    Ok(std::iter::from_fn(|| Pair::take(&mut rest)).collect())
}

/// Makes so many pairs on all cores.
fn generate(count: usize, stop: &Stop, mut made: impl FnMut(usize)) -> Result<Vec<Pair>, Error> {
    let begun = AtomicUsize::new(0);
    let threads = available_parallelism().map_or(1, usize::from).min(count);
    let (sender, pairs): (_, Receiver<Option<Pair>>) = channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, begun) = (sender.clone(), &begun);
            scope.spawn(move || {
                while begun.fetch_add(1, Ordering::Relaxed) < count && !stop.is_asked() {
                    if sender.send(Pair::generate()).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut all = Vec::with_capacity(count);
        for pair in pairs {
            all.push(pair.ok_or(Error::NoRandomness)?);
            made(all.len());
        }
        if all.len() < count { Err(Error::Ended) } else { Ok(all) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::tests::cloud;

    #[test]
    fn keys_are_made_once_and_those_that_are_missing_are_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let stop = Stop::new().unwrap();
        let spki = cloud::key().public().as_spki();
        let open = |devices| {
            let mut last = 0;
            let keys = TcpKeys::open(&path, spki, (1, devices), &stop, |count| last = count);
            (keys.unwrap(), last)
        };
        let (two, made) = open(2);
        assert_eq!(made, 2);
        // A file that was cut short loses the last key alone.
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..content.len() - 1]).unwrap();
        let (three, made) = open(3);
        assert_eq!((three.public(0), made), (two.public(0), 3));
        assert_ne!(three.public(1), two.public(1));
        let (same, made) = open(3);
        assert_eq!((same.public(2), made), (three.public(2), 0));
        assert_ne!(two.id(0), Keys::new(1).id(0));
        assert!(same.side(2).is_some() && same.side(3).is_none());
        stop.stop();
        assert!(matches!(TcpKeys::open(&path, spki, (1, 4), &stop, |_| {}), Err(Error::Ended)));
    }
}
