//! P-256 through aws-lc-rs: the server's backend.

use super::{Crypto, CryptoError, EcdsaSignature};
use crate::key::{PublicKey, der};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
};
use zeroize::Zeroizing;

/// The aws-lc-rs backend.
#[derive(Clone, Copy, Default)]
pub struct AwsLc;

/// A long-term private key held by aws-lc.
pub struct AwsLcSigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

/// A private key for one handshake held by aws-lc.
pub struct AwsLcEphemeralKey(PrivateKey);

impl Crypto for AwsLc {
    type SigningKey = AwsLcSigningKey;
    type EphemeralKey = AwsLcEphemeralKey;

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        rand::fill(out).map_err(|_| CryptoError::Randomness)
    }

    fn signing_key_from_der(&self, der: &[u8]) -> Result<AwsLcSigningKey, CryptoError> {
        let found = der::private_key(der).ok_or(CryptoError::PrivateKey)?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, found.der)
            .map_err(|_| CryptoError::PrivateKey)?;
        let point: &[u8; 65] =
            pair.public_key().as_ref().try_into().map_err(|_| CryptoError::PrivateKey)?;
        let public = PublicKey::from_point(point).map_err(|_| CryptoError::PrivateKey)?;
        Ok(AwsLcSigningKey { pair, public })
    }

    fn public_key(&self, key: &AwsLcSigningKey) -> PublicKey {
        key.public
    }

    fn ephemeral(&self) -> Result<(AwsLcEphemeralKey, [u8; 65]), CryptoError> {
        let key = PrivateKey::generate(&ECDH_P256).map_err(|_| CryptoError::Randomness)?;
        let public = key.compute_public_key().map_err(|_| CryptoError::Randomness)?;
        let point = public.as_ref().try_into().map_err(|_| CryptoError::Randomness)?;
        Ok((AwsLcEphemeralKey(key), point))
    }

    fn agree(
        &self,
        mine: AwsLcEphemeralKey,
        peer: &[u8; 65],
    ) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer);
        agreement::agree(&mine.0, peer, CryptoError::PublicKey, |secret| {
            secret.try_into().map(Zeroizing::new).map_err(|_| CryptoError::PublicKey)
        })
    }

    fn sign_digest(
        &self,
        key: &AwsLcSigningKey,
        digest: &[u8; 32],
    ) -> Result<EcdsaSignature, CryptoError> {
        let digest = Digest::import_less_safe(digest, &SHA256).map_err(|_| CryptoError::Signing)?;
        let signature = key.pair.sign_digest(&digest).map_err(|_| CryptoError::Signing)?;
        EcdsaSignature::from_der(signature.as_ref()).ok_or(CryptoError::Signing)
    }

    fn verify_digest(
        &self,
        key: &PublicKey,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let digest =
            Digest::import_less_safe(digest, &SHA256).map_err(|_| CryptoError::Signature)?;
        signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point())
            .verify_digest(&digest, signature)
            .map_err(|_| CryptoError::Signature)
    }
}
