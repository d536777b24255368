//! The keys of a device that speaks DTLS: P-256 on both sides, and the session it keeps between runs.

use super::{Fresh, KeyFiles};
use crate::error::Error;
use crate::life::{Life, Profile};
use crate::private_file::{self, OWNER_ONLY};
use crate::saved::{Binding, Saved};
use crate::server_block::ServerBlock;
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use pintle_dtls::PublicKey;
use pintle_dtls::client::{ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

const SESSION: &str = "session.bin";

pub(super) struct UdpKeys {
    private_file: PathBuf,
    private: Zeroizing<Vec<u8>>,
    pub(super) public: PublicKey,
    pub(super) cloud: PublicKey,
}

impl UdpKeys {
    pub(super) fn read(files: &KeyFiles) -> Result<Self, Error> {
        let private = super::read(&files.private)?;
        let key = signing_key(&private, &files.private)?;
        let record = super::read(&files.server)?;
        let cloud = ServerBlock::udp_key(&record)
            .map_err(|reason| Error::ServerKey { path: files.server.clone(), reason })?;
        let public = AwsLc.public_key(&key);
        Ok(Self { private_file: files.private.clone(), private, public, cloud })
    }

    /// The life of a device with these keys in the folder `dir`, with its saved session if there is one.
    pub(super) fn begin(
        &self,
        dir: &Path,
        profile: Profile,
        (now, seed): (Duration, u64),
    ) -> Result<Life, Error> {
        let key = signing_key(&self.private, &self.private_file)?;
        let client = ClientConfig::new(AwsLc, key, self.cloud, Offer::DeviceOs);
        Life::start(Arc::new(client), profile, self.take_session(dir)?, now, seed)
    }

    /// Takes the saved session, if there is one for these keys. It is removed from disk before it is used,
    /// so that no session is ever loaded twice: after a crash the device shakes hands anew, and neither are
    /// numbers used again (P4) nor old records taken (P3).
    pub(super) fn take_session(&self, dir: &Path) -> Result<Option<Saved>, Error> {
        let path = dir.join(SESSION);
        let content = private_file::take(&path).map_err(Error::file("take", &path))?;
        Ok(content.and_then(|content| Saved::from_bytes(&content, &self.binding())))
    }

    /// Keeps a session for the next run.
    pub(super) fn put_session(&self, dir: &Path, saved: &Saved) -> Result<(), Error> {
        let path = dir.join(SESSION);
        let content = saved.to_bytes(&self.binding());
        private_file::replace(&path, OWNER_ONLY, &content).map_err(Error::file("write", &path))
    }

    fn binding(&self) -> Binding {
        Binding { device: self.public.fingerprint(), cloud: self.cloud.fingerprint() }
    }
}

fn signing_key(der: &[u8], path: &Path) -> Result<AwsLcSigningKey, Error> {
    AwsLc.signing_key_from_der(der).map_err(|_| Error::PrivateKey {
        path: path.to_path_buf(),
        expected: "a P-256 private key (SEC 1 or PKCS#8 DER)",
    })
}

/// A P-256 key as 121 bytes of SEC 1 DER, and its public half.
pub(super) fn generate() -> Result<Fresh, Error> {
    let pair =
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| Error::NoRandomness)?;
    let der: EcPrivateKeyRfc5915Der<'_> =
        pair.private_key().as_der().map_err(|_| Error::NoRandomness)?;
    let private = Zeroizing::new(der.as_ref().to_vec());
    let key = AwsLc.signing_key_from_der(&private).map_err(|_| Error::NoRandomness)?;
    Ok(Fresh { private, public: AwsLc.public_key(&key).to_spki().to_vec() })
}
