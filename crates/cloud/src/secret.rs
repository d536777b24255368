//! One-time secrets: sealed on the sender's machine to one key of one person, destroyed when they are read.
//!
//! 1. The recipient registers a public key ([`RecipientKey`]); its private half ([`PrivateKey`]) never leaves them.
//! 2. The sender asks the server for it, confirms its fingerprint with the recipient by another way, and seals
//!    ([`sealed::seal`]): RSA with OAEP-SHA-256 (RFC 8017), or HPKE (RFC 9180) with X25519 or P-256.
//! 3. What is sealed is wrapped once more under a key that comes out of the [`Ticket`], which the sender makes and hands
//!    to the recipient by another way. The server learns half of the ticket, to find the secret by, and keeps a hash of it.
//! 4. The recipient fetches it once, unwraps, opens, confirms, and the server drops it.
//!
//! So the server has neither a plaintext nor a key that opens one, and what is left on a disk or in a backup opens for
//! nobody, not even with the recipient's private key. Who sent a secret is the server's word: it is not signed.

pub mod sealed;

mod private;
mod recipient;
mod ssh;
mod sweep;
mod ticket;

pub use private::PrivateKey;
pub use recipient::{Fingerprint, Kind, NotAKey, RecipientKey};
pub use sweep::sweep;
pub use ticket::{FIND, Ticket, digest};

/// The most bytes a secret may have.
pub const MAX_SECRET: usize = 32 * 1024;

/// Why something could not be sealed, wrapped or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// It is empty.
    #[error("there is nothing to seal: the secret is empty")]
    Empty,
    /// It is too long.
    #[error(
        "the secret is longer than {MAX_SECRET} bytes: seal a file with another tool and send its key this way"
    )]
    TooLong,
    /// The key cannot be used.
    #[error("the cryptographic library refuses to seal to this key")]
    Refused,
    /// It was sealed to another key.
    #[error("this secret was sealed to another key, the one with the fingerprint {0}")]
    OtherKey(Fingerprint),
    /// It is not what a sender of this release makes.
    #[error("this is not a sealed secret, or one of a newer release")]
    Format,
    /// It does not open.
    #[error("this secret does not open: it was changed, or is not the one that the id names")]
    Changed,
}

#[cfg(test)]
mod tests;
