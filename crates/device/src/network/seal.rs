//! The device-local key, and what it seals: `pintle`, two bytes of version, a nonce, AES-256-GCM.

use super::NetworkFault;
use crate::error::Error;
use crate::private_file::{self, OWNER_ONLY};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const KEY: usize = 32;
/// What a sealed file begins with, and is authenticated with it.
const HEAD: [u8; 8] = *b"pintle\x00\x01";

/// Seals; an allocation of its own holds no piece of what was there.
pub(super) struct Sealer(RandomizedNonceKey);

impl Sealer {
    /// The key that is there; `None` where there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Error> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::file("read", path)(error)),
        };
        let mode = fs::metadata(path).map_err(Error::file("read", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            let (path, mode) = (path.to_path_buf(), mode & 0o777);
            return Err(NetworkFault::Loose { path, mode }.into());
        }
        let mut key = Zeroizing::new([0; KEY]);
        let whole = file.read_exact(key.as_mut()).is_ok() && matches!(file.read(&mut [0]), Ok(0));
        if !whole {
            return Err(NetworkFault::BadKey(path.to_path_buf()).into());
        }
        Self::of(&key).map(Some)
    }

    /// A new key; one that is there is never written over.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; KEY]);
        rand::fill(key.as_mut()).map_err(|_| Error::NoRandomness)?;
        private_file::create(path, OWNER_ONLY, key.as_ref()).map_err(Error::file("write", path))?;
        Self::of(&key)
    }

    fn of(key: &[u8; KEY]) -> Result<Self, Error> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| Error::NoRandomness)
    }

    /// The content of a sealed file.
    pub(super) fn seal(&self, mut plain: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, Error> {
        let sealed = self.0.seal_in_place_append_tag(Aad::from(HEAD), &mut *plain);
        let nonce = sealed.map_err(|_| Error::NoRandomness)?;
        Ok([&HEAD[..], nonce.as_ref(), plain.as_slice()].concat())
    }

    /// What was sealed; `None` if it was not, or not with this key, or was changed.
    pub(super) fn unseal(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.strip_prefix(&HEAD)?.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(HEAD), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}
