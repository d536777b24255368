//! The keys of a device of the TCP service: RSA-1024 of its own, RSA-2048 of its cloud. It keeps no session.

use super::{Fresh, KeyFiles};
use crate::error::Error;
use crate::generation::Generation;
use crate::life::Profile;
use crate::public_key_file::read_rsa_cloud_key;
use crate::tcp::Life;
use pintle_protocol::tcp::DevicePublicKey;
use pintle_rsa::{CloudPublicKey, DeviceKey, DeviceSide};
use std::sync::Arc;
use std::time::Duration;

pub(super) struct TcpKeys {
    side: Arc<DeviceSide>,
    pub(super) public: DevicePublicKey,
    pub(super) cloud: Vec<u8>,
}

impl TcpKeys {
    pub(super) fn read(files: &KeyFiles) -> Result<Self, Error> {
        let key =
            DeviceKey::read(&super::read(&files.private)?).map_err(|_| Error::PrivateKey {
                path: files.private.clone(),
                expected: "an RSA-1024 private key (PKCS#1 or PKCS#8)",
            })?;
        let cloud = read_rsa_cloud_key(&files.server)?;
        let pinned = CloudPublicKey::read(&cloud).map_err(|_| Error::PublicKey {
            path: files.server.clone(),
            expected: "an RSA-2048 public key (294 bytes)",
        })?;
        let public = *key.public();
        Ok(Self { side: Arc::new(DeviceSide { key, cloud: pinned }), public, cloud })
    }

    /// The life of a device with these keys.
    pub(super) fn begin(
        &self,
        generation: Generation,
        profile: Profile,
        (now, seed): (Duration, u64),
    ) -> Result<Life<DeviceSide>, Error> {
        Life::start(Arc::clone(&self.side), generation, profile, now, seed)
    }
}

/// An RSA-1024 key as PKCS#1 DER, and its public half.
pub(super) fn generate() -> Result<Fresh, Error> {
    let key = DeviceKey::generate().map_err(|_| Error::NoRandomness)?;
    let private = key.to_der().map_err(|_| Error::NoRandomness)?;
    Ok(Fresh { private, public: key.public().as_spki().to_vec() })
}
