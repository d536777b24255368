//! A key pair and an id for every virtual device, made from the fleet's seed and the device's number, so that a
//! million of them need no file. HMAC-SHA256 under the seed gives the private scalar; whoever knows the seed can
//! act as the devices, which is why they are for tests alone.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::CryptoError;
use pintle_protocol::DeviceId;
use zeroize::Zeroizing;

/// How the ids of virtual devices begin, so that a person knows one.
const ID_PREFIX: [u8; 3] = [0xf1, 0xee, 0x70];

/// The order of P-256: private scalars are below it and not zero (SEC 2, 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// `ECPrivateKey` (RFC 5915) before the scalar, and the named curve after it.
const SEC1_START: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
const SEC1_END: [u8; 12] = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// The keys of one seed.
pub struct Keys(Key);

impl Keys {
    /// The keys of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let root = [b"pintle fleet ".as_slice(), &seed.to_be_bytes()].concat();
        Self(Key::new(HMAC_SHA256, &root))
    }

    fn derive(&self, purpose: u8, index: u32, attempt: u8) -> Zeroizing<[u8; 32]> {
        let [a, b, c, d] = index.to_be_bytes();
        let tag = sign(&self.0, &[purpose, a, b, c, d, attempt]);
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(place, byte)| *place = *byte);
        bytes
    }

    /// The id of the device at `index`.
    #[must_use]
    pub fn id(&self, index: u32) -> DeviceId {
        self.named(b'i', index)
    }

    /// The id of the device at `index` of a fleet on the TCP service.
    #[cfg(feature = "tcp")]
    pub(super) fn tcp_id(&self, index: u32) -> DeviceId {
        self.named(b't', index)
    }

    fn named(&self, purpose: u8, index: u32) -> DeviceId {
        let mut id = [0; 12];
        let bytes = self.derive(purpose, index, 0);
        let bytes = ID_PREFIX.iter().chain(bytes.iter());
        id.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        DeviceId::from_bytes(id)
    }

    /// One number in four thousand million is no scalar; then the next one is taken.
    fn scalar(&self, index: u32) -> Zeroizing<[u8; 32]> {
        let mut attempts = (0..u8::MAX).map(|attempt| self.derive(b'k', index, attempt));
        let valid = |scalar: &Zeroizing<[u8; 32]>| **scalar < ORDER && **scalar != [0; 32];
        attempts.find(valid).unwrap_or_default()
    }

    /// The private key of the device at `index`, as SEC 1 DER.
    pub(super) fn private(&self, index: u32) -> Zeroizing<Vec<u8>> {
        let scalar = self.scalar(index);
        Zeroizing::new([SEC1_START.as_slice(), scalar.as_slice(), &SEC1_END].concat())
    }

    /// The public key of the device at `index`; about 40 microseconds of work.
    ///
    /// # Errors
    /// [`CryptoError`], when the backend fails.
    pub fn public(&self, index: u32) -> Result<PublicKey, CryptoError> {
        let key = PrivateKey::from_private_key(&ECDH_P256, self.scalar(index).as_slice())
            .map_err(|_| CryptoError::PrivateKey)?;
        let public = key.compute_public_key().map_err(|_| CryptoError::PrivateKey)?;
        let point = public.as_ref().try_into().map_err(|_| CryptoError::PublicKey)?;
        PublicKey::from_point(point).map_err(|_| CryptoError::PublicKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_dtls::crypto::{AwsLc, Crypto};

    #[test]
    fn the_same_seed_gives_the_same_devices_and_another_seed_others() {
        let (one, same, other) = (Keys::new(1), Keys::new(1), Keys::new(2));
        assert_eq!(one.id(5), same.id(5));
        assert_eq!(one.public(5), same.public(5));
        assert_ne!(one.id(5), other.id(5));
        assert_ne!(one.public(5), other.public(5));
        assert_ne!(one.public(5), one.public(6));
    }

    #[test]
    fn the_private_key_belongs_to_the_public_one() {
        let keys = Keys::new(3);
        for index in 0..20 {
            let private = AwsLc.signing_key_from_der(&keys.private(index)).unwrap();
            assert_eq!(Ok(AwsLc.public_key(&private)), keys.public(index));
        }
    }

    #[test]
    fn an_id_can_be_told_from_that_of_a_real_device() {
        assert!(Keys::new(3).id(0).to_string().starts_with("f1ee70"));
    }
}
