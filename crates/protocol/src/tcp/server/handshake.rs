//! The cloud's handshake: greeting, block, claim, answer.
//!
//! Whether a claim holds is kept as a [`Choice`], from the padding to the key, and no step before the last branches
//! on it. The claimed key is never used unless it is the pinned one: to encrypt to it, it has to be.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::Session;
use crate::DeviceId;
use crate::tcp::{
    ANSWER, BLOCK, CLAIM, CloudRsa, Credentials, DevicePublicKey, NONCE, RsaError, key,
};
use crate::weakened::{self, Weakness};

/// A connection from which the block has not come yet.
pub struct Greeting {
    nonce: [u8; NONCE],
    block: [u8; BLOCK],
    filled: usize,
}

impl Greeting {
    /// A connection that is greeted with this nonce, which must be random.
    #[must_use]
    pub const fn new(nonce: [u8; NONCE]) -> Self {
        Self { nonce, block: [0; BLOCK], filled: 0 }
    }

    /// What to send first.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; NONCE] {
        &self.nonce
    }

    /// Takes as many bytes as the block still lacks; how many that were. A device sends nothing after its block until
    /// it is answered, so bytes left over are an anomaly.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        let room = self.block.get_mut(self.filled..).unwrap_or(&mut []);
        let taken = room.len().min(bytes.len());
        room.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        self.filled += taken;
        taken
    }

    /// Whether the block is whole.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.filled == BLOCK
    }

    /// The block, if it is whole.
    #[must_use]
    pub fn into_block(self) -> Option<Block> {
        self.is_full().then_some(Block { nonce: self.nonce, block: self.block })
    }
}

/// A whole block and the nonce that must be in it.
pub struct Block {
    nonce: [u8; NONCE],
    block: [u8; BLOCK],
}

impl Block {
    /// Decrypts the block: one private operation of the cloud's key. `rejected` must be random.
    #[must_use]
    pub fn open(self, rsa: &impl CloudRsa, rejected: &[u8; CLAIM]) -> Claim {
        let claim = rsa.open(&self.block, rejected);
        let (nonce, id, key) = parts(&claim.bytes);
        let any = Choice::from(u8::from(weakened::is(Weakness::AnyNonce)));
        let holds = claim.valid & (nonce.ct_eq(&self.nonce) | any) & key::has_form(&key);
        Claim { id: DeviceId::from_bytes(id), key, holds }
    }
}

fn parts(bytes: &[u8; CLAIM]) -> ([u8; NONCE], [u8; 12], [u8; DevicePublicKey::SIZE]) {
    let mut parts = ([0; NONCE], [0; 12], [0; DevicePublicKey::SIZE]);
    let places = parts.0.iter_mut().chain(&mut parts.1).chain(&mut parts.2);
    places.zip(bytes.iter()).for_each(|(place, byte)| *place = *byte);
    parts
}

/// Who somebody says they are, proven or not: it never tells whether the block was in order.
pub struct Claim {
    id: DeviceId,
    key: [u8; DevicePublicKey::SIZE],
    holds: Choice,
}

impl Claim {
    /// The id to look up. It may be nobody's.
    #[must_use]
    pub const fn device_id(&self) -> DeviceId {
        self.id
    }

    /// The bytes of the public key that came with it, to be hashed and compared with what is pinned. They may be
    /// no key at all.
    #[must_use]
    pub const fn public_key(&self) -> &[u8; DevicePublicKey::SIZE] {
        &self.key
    }

    /// Whether the block was in order, and its nonce this connection's: not whether the key is the device's. For
    /// whoever writes down, after all is over, who was turned away; nothing may depend on it before.
    #[must_use]
    pub const fn holds(&self) -> Choice {
        self.holds
    }

    /// Encrypts credentials to the claimed key if everything holds and `pinned` says that it is the key pinned for
    /// this id, and else to the decoy's; then signs. One public operation, one private one, whatever was claimed.
    ///
    /// # Errors
    /// [`RsaError`] if the library refuses: close the connection, at the same moment as ever.
    pub fn answer(
        self,
        pinned: Choice,
        decoy: &DevicePublicKey,
        credentials: &Credentials,
        rsa: &impl CloudRsa,
    ) -> Result<Answer, RsaError> {
        let genuine = self.holds & pinned;
        let key = DevicePublicKey::select(decoy, &self.key, genuine);
        let ciphertext = rsa.seal(&key, credentials)?;
        let signature = rsa.sign(&credentials.mac(&ciphertext))?;
        let mut bytes = Zeroizing::new([0; ANSWER]);
        let places = bytes.iter_mut().zip(ciphertext.iter().chain(&signature));
        places.for_each(|(place, byte)| *place = *byte);
        Ok(Answer { id: self.id, bytes, session: Session::new(credentials), genuine })
    }
}

/// The answer to a claim, made whether it held or not.
pub struct Answer {
    id: DeviceId,
    bytes: Zeroizing<[u8; ANSWER]>,
    session: Session,
    genuine: Choice,
}

impl Answer {
    /// The device, the bytes to send to it and its session, if everything held. `None` means: close the connection
    /// at the fixed moment and say nothing.
    #[must_use]
    pub fn admit(self) -> Option<(DeviceId, [u8; ANSWER], Session)> {
        bool::from(self.genuine).then(|| (self.id, *self.bytes, self.session))
    }
}
