//! Stands in for `pintle_protocol::tcp` until that is there.
mod key;
mod rsa;
pub use key::{Credentials, DevicePublicKey, KeyFormError};
pub use rsa::{ClaimBytes, CloudRsa, DeviceRsa, RsaError};
/// Bytes of a block.
pub const BLOCK: usize = 256;
/// Bytes of a claim.
pub const CLAIM: usize = 214;
