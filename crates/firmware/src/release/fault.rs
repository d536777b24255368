//! Why a release or a keyring is not taken.

use super::Role;
use crate::module::{Dependency, Platform};

/// Why a release or a keyring is not taken.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ReleaseFault {
    /// It is not the CBOR it should be.
    #[error("not a signed release or keyring: the bytes cannot be read")]
    Unreadable,
    /// A release where a keyring should be, or the other way round.
    #[error("a release where a keyring should be, or a keyring where a release should be")]
    Kind,
    /// Keyrings and no release, or nothing at all.
    #[error("no release came with it: have one signed")]
    NoRelease,
    /// A statement that is too long to be sent.
    #[error(
        "{length} bytes of keyrings and release, and {limit} can be sent: bring fewer keyrings, or fewer signatures"
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Too few valid signatures.
    #[error("{found} of {wanted} {role} signatures: have it signed by more")]
    Signatures {
        /// Whose.
        role: Role,
        /// How many are valid.
        found: u8,
        /// How many there must be.
        wanted: u8,
    },
    /// Its time is over.
    #[error("it expired: have a new one signed")]
    Expired,
    /// The keyring's own time is over.
    #[error("the keyring expired: have a new one signed by the root keys")]
    KeyringExpired,
    /// It is of another product.
    #[error("it is of product {found}, not of {wanted}")]
    Product {
        /// Its product.
        found: u16,
        /// The one that it should be of.
        wanted: u16,
    },
    /// It is for another board.
    #[error("it is for {found}, not for {wanted}")]
    Platform {
        /// Its platform.
        found: Platform,
        /// The one that it should have.
        wanted: Platform,
    },
    /// An older statement than one already seen.
    #[error("release number {found} is older than {seen}, which was seen before")]
    Number {
        /// Its number.
        found: u32,
        /// The newest seen.
        seen: u32,
    },
    /// A lower security counter than the device's.
    #[error("its security counter is {found}, the device is at {floor}")]
    Counter {
        /// Its counter.
        found: u32,
        /// The device's.
        floor: u32,
    },
    /// It cannot go over what is installed.
    #[error("it goes over product version {wanted} and later, and {found} is installed")]
    OverVersion {
        /// The installed version.
        found: u16,
        /// The oldest that will do.
        wanted: u16,
    },
    /// It cannot go over what is installed.
    #[error("it goes over {0} and later, which is not installed")]
    OverModule(Dependency),
    /// The file is another.
    #[error("the file is not the one that was signed: its length or SHA-256 is another")]
    Image,
    /// What the file says of itself is not what was signed.
    #[error("the module's own product, version or platform is not the one that was signed")]
    Module,
    /// A keyring that is not the next one.
    #[error("keyring {found} does not follow {current}: send those between first")]
    NotNext {
        /// Its number.
        found: u32,
        /// The one in force.
        current: u32,
    },
    /// A keyring that asks for what it does not have, or for nothing.
    #[error("the keyring asks for {wanted} {role} keys and has {found}")]
    Keys {
        /// Which.
        role: Role,
        /// How many it has.
        found: u8,
        /// How many it asks for.
        wanted: u8,
    },
    /// A key that is there twice.
    #[error("the keyring has a key twice: every signer has a key of its own, for one role")]
    KeyTwice,
}

impl ReleaseFault {
    /// A short name that does not change.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Kind => "kind",
            Self::NoRelease => "no-release",
            Self::TooLong { .. } => "too-long",
            Self::Signatures { .. } => "signatures",
            Self::Expired => "expired",
            Self::KeyringExpired => "keyring-expired",
            Self::Product { .. } => "product",
            Self::Platform { .. } => "platform",
            Self::Number { .. } => "number",
            Self::Counter { .. } => "counter",
            Self::OverVersion { .. } => "over-version",
            Self::OverModule(_) => "over-module",
            Self::Image => "image",
            Self::Module => "module",
            Self::NotNext { .. } => "not-next",
            Self::Keys { .. } => "keys",
            Self::KeyTwice => "key-twice",
        }
    }
}
