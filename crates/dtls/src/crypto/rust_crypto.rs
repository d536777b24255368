//! P-256 through RustCrypto's `p256`: the backend that runs without `std`. Signatures are deterministic
//! (RFC 6979); randomness comes from the generator it is given, which one thread owns.

use super::{Crypto, CryptoError, EcdsaSignature};
use crate::key::{PublicKey, der};
use core::cell::RefCell;
use p256::ecdh::EphemeralSecret;
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::elliptic_curve::Generate;
use p256::elliptic_curve::rand_core::CryptoRng;
use p256::elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

/// The RustCrypto backend over a random number generator.
pub struct RustCrypto<R> {
    random: RefCell<R>,
}

impl<R: CryptoRng> RustCrypto<R> {
    /// A backend that draws from `random`.
    pub const fn new(random: R) -> Self {
        Self { random: RefCell::new(random) }
    }
}

/// A long-term private key held by `p256`; wiped when dropped.
pub struct RustCryptoSigningKey {
    key: SigningKey,
    public: PublicKey,
}

/// A private key for one handshake held by `p256`; wiped when dropped.
pub struct RustCryptoEphemeralKey(EphemeralSecret);

impl<R: CryptoRng> Crypto for RustCrypto<R> {
    type SigningKey = RustCryptoSigningKey;
    type EphemeralKey = RustCryptoEphemeralKey;

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        let mut random = self.random.try_borrow_mut().map_err(|_| CryptoError::Randomness)?;
        random.fill_bytes(out);
        Ok(())
    }

    fn signing_key_from_der(&self, der: &[u8]) -> Result<RustCryptoSigningKey, CryptoError> {
        let found = der::private_key(der).ok_or(CryptoError::PrivateKey)?;
        let key = SigningKey::from_slice(found.scalar).map_err(|_| CryptoError::PrivateKey)?;
        let point = key.verifying_key().to_sec1_point(false);
        let point = point.as_bytes().try_into().map_err(|_| CryptoError::PrivateKey)?;
        let public = PublicKey::from_point(point).map_err(|_| CryptoError::PrivateKey)?;
        Ok(RustCryptoSigningKey { key, public })
    }

    fn public_key(&self, key: &RustCryptoSigningKey) -> PublicKey {
        key.public
    }

    fn ephemeral(&self) -> Result<(RustCryptoEphemeralKey, [u8; 65]), CryptoError> {
        let mut random = self.random.try_borrow_mut().map_err(|_| CryptoError::Randomness)?;
        let key = EphemeralSecret::generate_from_rng(&mut *random);
        let point = key.public_key().to_sec1_point(false);
        let point = point.as_bytes().try_into().map_err(|_| CryptoError::Randomness)?;
        Ok((RustCryptoEphemeralKey(key), point))
    }

    fn agree(
        &self,
        mine: RustCryptoEphemeralKey,
        peer: &[u8; 65],
    ) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| CryptoError::PublicKey)?;
        let shared = mine.0.diffie_hellman(&peer);
        Ok(Zeroizing::new((*shared.raw_secret_bytes()).into()))
    }

    fn sign_digest(
        &self,
        key: &RustCryptoSigningKey,
        digest: &[u8; 32],
    ) -> Result<EcdsaSignature, CryptoError> {
        let signature: DerSignature =
            key.key.sign_prehash(digest).map_err(|_| CryptoError::Signing)?;
        EcdsaSignature::from_der(signature.as_bytes()).ok_or(CryptoError::Signing)
    }

    fn verify_digest(
        &self,
        key: &PublicKey,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let key = VerifyingKey::from_sec1_bytes(key.point()).map_err(|_| CryptoError::Signature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| CryptoError::Signature)?;
        key.verify_prehash(digest, &signature).map_err(|_| CryptoError::Signature)
    }
}
