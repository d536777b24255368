//! The public-key work of a fleet's handshakes: aws-lc, as for a single device, or a lean form of it that leaves
//! more of the processor to the node under test.
//!
//! Lean, one ephemeral key serves many handshakes and the cloud's signature is checked in one handshake of
//! sixteen. To the node the handshakes are the same; the secrecy of a virtual device's traffic is nobody's loss.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto, CryptoError, EcdsaSignature};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use zeroize::Zeroizing;

/// Of how many handshakes a lean fleet checks one.
const CHECKED: u32 = 16;
/// For how many handshakes a lean fleet uses one ephemeral key.
const REUSED: u32 = 1024;

/// Clones share the ephemeral key and the counts.
#[derive(Clone)]
pub(super) struct FleetCrypto {
    lean: bool,
    verified: Rc<Cell<u32>>,
    ephemeral: Rc<RefCell<Option<(EphemeralKey, u32)>>>,
}

/// An ephemeral key and its public point.
#[derive(Clone)]
pub(super) struct EphemeralKey(Rc<(PrivateKey, [u8; 65])>);

impl EphemeralKey {
    fn generate() -> Result<Self, CryptoError> {
        let key = PrivateKey::generate(&ECDH_P256).map_err(|_| CryptoError::Randomness)?;
        let public = key.compute_public_key().map_err(|_| CryptoError::Randomness)?;
        let point = public.as_ref().try_into().map_err(|_| CryptoError::Randomness)?;
        Ok(Self(Rc::new((key, point))))
    }

    fn with_point(self) -> (Self, [u8; 65]) {
        let point = self.0.1;
        (self, point)
    }
}

impl FleetCrypto {
    pub(super) fn new(lean: bool) -> Self {
        Self { lean, verified: Rc::default(), ephemeral: Rc::default() }
    }

    fn shared_ephemeral(&self) -> Result<EphemeralKey, CryptoError> {
        let mut kept = self.ephemeral.borrow_mut();
        match &mut *kept {
            Some((key, uses)) if *uses < REUSED => {
                *uses += 1;
                Ok(key.clone())
            }
            kept => {
                let key = EphemeralKey::generate()?;
                *kept = Some((key.clone(), 1));
                Ok(key)
            }
        }
    }
}

impl Crypto for FleetCrypto {
    type SigningKey = AwsLcSigningKey;
    type EphemeralKey = EphemeralKey;

    fn fill_random(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        AwsLc.fill_random(out)
    }

    fn signing_key_from_der(&self, der: &[u8]) -> Result<AwsLcSigningKey, CryptoError> {
        AwsLc.signing_key_from_der(der)
    }

    fn public_key(&self, key: &AwsLcSigningKey) -> PublicKey {
        AwsLc.public_key(key)
    }

    fn ephemeral(&self) -> Result<(EphemeralKey, [u8; 65]), CryptoError> {
        let key = if self.lean { self.shared_ephemeral() } else { EphemeralKey::generate() };
        key.map(EphemeralKey::with_point)
    }

    fn agree(
        &self,
        mine: EphemeralKey,
        peer: &[u8; 65],
    ) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer);
        agreement::agree(&mine.0.0, peer, CryptoError::PublicKey, |secret| {
            secret.try_into().map(Zeroizing::new).map_err(|_| CryptoError::PublicKey)
        })
    }

    fn sign_digest(
        &self,
        key: &AwsLcSigningKey,
        digest: &[u8; 32],
    ) -> Result<EcdsaSignature, CryptoError> {
        AwsLc.sign_digest(key, digest)
    }

    fn verify_digest(
        &self,
        key: &PublicKey,
        digest: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let count = self.verified.get();
        self.verified.set(count.wrapping_add(1));
        if self.lean && !count.is_multiple_of(CHECKED) {
            return Ok(());
        }
        AwsLc.verify_digest(key, digest, signature)
    }
}
