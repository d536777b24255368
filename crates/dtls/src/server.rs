//! The cloud's side: a cookie before any memory is spent, then the handshake, then a bounded afterlife in which
//! a lost last flight is repeated.

mod cookie;
mod flow;
mod handshake;
mod linger;

pub use cookie::{Admission, Challenge, CookieJar, DropReason, ProvenHello};
pub use handshake::{Established, Handshake, Once};
pub use linger::Linger;

use crate::crypto::{Crypto, CryptoError};
use crate::key::PublicKey;
use crate::weakened::{self, Weakness};
use core::time::Duration;

/// A handshake that has not ended after this time is dropped.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);
/// How long the last flight can be asked for again.
pub const LINGER_LIMIT: Duration = Duration::from_secs(60);
/// The longest handshake message a client may send, in bytes. A raw key takes 94, a signature 76.
pub const MAX_MESSAGE: usize = 512;
/// How many protected records are kept that came before the keys to open them.
pub const MAX_EARLY: usize = 4;
/// The longest of those, in bytes; a Finished takes 85.
pub const MAX_EARLY_RECORD: usize = 256;

/// What every handshake of a cloud shares.
pub struct ServerConfig<C: Crypto> {
    pub(crate) crypto: C,
    pub(crate) key: C::SigningKey,
    pub(crate) public: PublicKey,
}

impl<C: Crypto> ServerConfig<C> {
    /// A cloud with this key.
    pub fn new(crypto: C, key: C::SigningKey) -> Self {
        let public = crypto.public_key(&key);
        Self { crypto, key, public }
    }

    /// The key that devices pin.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// The crypto backend.
    #[must_use]
    pub const fn crypto(&self) -> &C {
        &self.crypto
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], CryptoError> {
        let mut bytes = [0; N];
        if !weakened::is(Weakness::RandomsRepeat) {
            self.crypto.fill_random(&mut bytes)?;
        }
        Ok(bytes)
    }
}

/// Who is admitted (P1): asked when a device's key arrives, before any signature is verified.
pub trait PinnedKeys {
    /// Whether a device with this key may go on.
    fn admits(&mut self, key: &PublicKey) -> bool;
}

impl<F: FnMut(&PublicKey) -> bool> PinnedKeys for F {
    fn admits(&mut self, key: &PublicKey) -> bool {
        self(key)
    }
}
