//! Releases: what is said about a module, signed where no server is.
//!
//! ```text
//!   keyring ----- root keys sign it; the next one is signed by the keys of both
//!      |
//!      |  names release keys and review keys, and how many of each are asked for
//!      v
//!   release ----- product, platform, version, security counter, SHA-256, length, minimum versions, expiry
//! ```
//!
//! What travels with a module is a [`Statement`]: the release, and before it keyrings that a device may not have yet.
//!
//! Both are a CBOR map in a COSE_Sign envelope (RFC 9052, section 4.1): one payload, as many signatures as there are
//! signers. A reviewer signs the same bytes as the release key does, and so the hash of the image: a review is no tick
//! in a form. Nobody can release without them, whoever owns the server, for how many are asked for is signed as well.
//!
//! Roles, thresholds, expiry and counters are as in The Update Framework; there is no snapshot (one product has one
//! release in force) and no timestamp role (freshness comes from the session with the cloud).

mod envelope;
mod fault;
mod keyring;
mod said;
mod statement;
#[cfg(feature = "alloc")]
mod write;

pub use envelope::{Envelope, Kind, MAX_PAYLOAD, MAX_SIGNATURES};
pub use fault::ReleaseFault;
pub use keyring::{Key, Keyring, MAX_KEYS, Role, Thresholds};
pub use said::{Known, MAX_MINIMUMS, Release};
pub use statement::{MAX_STATEMENT, Statement};
#[cfg(feature = "alloc")]
pub use write::{KeyringBuilder, counter_sign, sign};

/// Seconds since the Unix epoch, or nothing where there is no clock: expiry cannot be checked then, and only the
/// counters keep old things out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// So many seconds since the Unix epoch.
    Seconds(u64),
    /// Nobody knows.
    Unknown,
}

impl Time {
    /// Whether something that is good until `expiry` no longer is.
    #[must_use]
    pub const fn is_past(self, expiry: u64) -> bool {
        match self {
            Self::Seconds(now) => now >= expiry,
            Self::Unknown => false,
        }
    }
}
