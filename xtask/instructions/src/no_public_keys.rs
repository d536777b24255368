//! A backend that does no cryptography: every key is the same, every signature good, and what should be random
//! is not. Of a handshake it leaves what the handshake itself does. Never a part of the product.

use pintle_dtls::crypto::{Crypto, CryptoError, EcdsaSignature};
use pintle_dtls::{KeyError, PublicKey};
use zeroize::Zeroizing;

/// The backend, with the one key that everybody has.
#[derive(Clone, Copy)]
pub struct NoPublicKeys(PublicKey);

impl NoPublicKeys {
    /// It is of the right shape, and that is all.
    pub fn new() -> Result<Self, KeyError> {
        PublicKey::from_point(&[4; 65]).map(Self)
    }
}

impl Crypto for NoPublicKeys {
    type SigningKey = ();
    type EphemeralKey = ();

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(7);
        Ok(())
    }

    fn signing_key_from_der(&self, _: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }

    fn public_key(&self, (): &()) -> PublicKey {
        self.0
    }

    fn ephemeral(&self) -> Result<((), [u8; 65]), CryptoError> {
        Ok(((), *self.0.point()))
    }

    fn agree(&self, (): (), _: &[u8; 65]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        Ok(Zeroizing::new([9; 32]))
    }

    fn sign_digest(&self, (): &(), _: &[u8; 32]) -> Result<EcdsaSignature, CryptoError> {
        // As long as most are, and of the right shape.
        let mut der = [1; 70];
        let (start, _) = der.split_at_mut(4);
        start.copy_from_slice(&[0x30, 68, 2, 32]);
        let (_, second) = der.split_at_mut(36);
        let (second, _) = second.split_at_mut(2);
        second.copy_from_slice(&[2, 32]);
        EcdsaSignature::from_der(&der).ok_or(CryptoError::Signing)
    }

    fn verify_digest(&self, _: &PublicKey, _: &[u8; 32], _: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }
}
