//! Keys for a fleet: made once a process, since making them costs more than a seed may.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use pintle_dtls::client::{ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::{Fingerprint, PublicKey};
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// The most devices of a fleet.
pub const MOST_DEVICES: usize = 20;

/// A cloud's key, and devices that are pinned to it.
pub struct Keys {
    /// The cloud's private key.
    pub cloud: Zeroizing<Vec<u8>>,
    /// What each device shakes hands with.
    pub devices: Vec<(Arc<ClientConfig<AwsLc>>, Fingerprint)>,
}

/// The keys of this process.
///
/// # Errors
/// Where the crypto library makes none.
pub fn keys() -> Result<&'static Keys, &'static str> {
    static KEYS: OnceLock<Option<Keys>> = OnceLock::new();
    KEYS.get_or_init(make).as_ref().ok_or("the crypto library makes no keys")
}

fn make() -> Option<Keys> {
    let (cloud, cloud_public) = pair()?;
    let device = || {
        let (private, public) = pair()?;
        let key = AwsLc.signing_key_from_der(&private).ok()?;
        let config = ClientConfig::new(AwsLc, key, cloud_public, Offer::DeviceOs);
        Some((Arc::new(config), public.fingerprint()))
    };
    let devices = (0..MOST_DEVICES).map(|_| device()).collect::<Option<_>>()?;
    Some(Keys { cloud, devices })
}

fn pair() -> Option<(Zeroizing<Vec<u8>>, PublicKey)> {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).ok()?;
    let private = Zeroizing::new(document.as_ref().to_vec());
    let public = AwsLc.public_key(&AwsLc.signing_key_from_der(&private).ok()?);
    Some((private, public))
}
