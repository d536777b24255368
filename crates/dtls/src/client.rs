//! The device's side: one cloud, whose key is pinned, and the device's own key.

mod flow;
mod handshake;

pub use handshake::Handshake;

use crate::connection_id::ConnectionId;
use crate::crypto::{Crypto, CryptoError};
use crate::key::PublicKey;
use core::time::Duration;

/// A handshake that has not ended after this time is given up.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);
/// The longest handshake message a cloud may send, in bytes.
pub const MAX_MESSAGE: usize = 1024;
/// How many protected records are kept that came before the keys to open them.
pub const MAX_EARLY: usize = 2;

/// What a device's hello asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Offer {
    /// As Device OS does: extension 254, no Certificate of the cloud, the plain master secret.
    DeviceOs,
    /// As the standards have it: RFC 9146, RFC 7250 in both directions, RFC 7627.
    Standard,
}

/// What every handshake of a device shares.
pub struct ClientConfig<C: Crypto> {
    pub(crate) crypto: C,
    pub(crate) key: C::SigningKey,
    pub(crate) public: PublicKey,
    pub(crate) cloud: PublicKey,
    pub(crate) offer: Offer,
    pub(crate) connection_id: Option<ConnectionId>,
}

impl<C: Crypto> ClientConfig<C> {
    /// A device with this key, pinned to this cloud.
    pub fn new(crypto: C, key: C::SigningKey, cloud: PublicKey, offer: Offer) -> Self {
        let public = crypto.public_key(&key);
        Self { crypto, key, public, cloud, offer, connection_id: None }
    }

    /// Asks a standard cloud to put this connection ID on the records it sends.
    #[must_use]
    pub fn with_connection_id(mut self, id: ConnectionId) -> Self {
        self.connection_id = Some(id);
        self
    }

    /// The device's own public key.
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
        self.crypto.fill_random(&mut bytes)?;
        Ok(bytes)
    }
}
