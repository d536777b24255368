//! Why a product refuses: one clear reason each, in words for whoever asked.

use pintle_firmware::module::Unreadable;
use pintle_firmware::release::ReleaseFault;

use super::ProductId;
use crate::store::StoreError;

/// Why a product refuses.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such product.
    #[error("there is no product {0}")]
    NoProduct(ProductId),
    /// What is in force there was not written by this node.
    #[error("product {product} is locked, and nothing of it is released or flashed: {why}")]
    Locked {
        /// The product.
        product: ProductId,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// There is no such version.
    #[error("product {product} has no firmware of version {version}")]
    NoFirmware {
        /// The product.
        product: ProductId,
        /// The version asked for.
        version: u16,
    },
    /// The file in the store was changed, cut or exchanged.
    #[error(
        "the file of version {version} of product {product} was changed in the store: delete it and upload it again"
    )]
    Damaged {
        /// The product.
        product: ProductId,
        /// The version.
        version: u16,
    },
    /// Another file than the one that was released.
    #[error(
        "version {version} of product {product} is another file than the one that was released: release it again"
    )]
    Exchanged {
        /// The product.
        product: ProductId,
        /// The version.
        version: u16,
    },
    /// The product has a keyring, and nobody signed this.
    #[error(
        "product {product} asks for signed releases, and this firmware has none: sign one with `pintle release sign` \
         and upload it with the firmware"
    )]
    Unsigned {
        /// The product.
        product: ProductId,
    },
    /// The release that was signed does not hold.
    #[error("the signed release of this firmware is not taken: {0}")]
    Release(#[from] ReleaseFault),
    /// The keyring is not taken.
    #[error("the keyring is not taken: {0}")]
    Keyring(ReleaseFault),
    /// A signed release where there is no keyring to check it.
    #[error(
        "product {0} has no keyring, so nothing can check this signed release: set the keyring first"
    )]
    NoKeyring(ProductId),
    /// Another statement was released with a higher number.
    #[error(
        "release number {found} is older than {highest}, which was released before: have a new one signed"
    )]
    Number {
        /// Its number.
        found: u32,
        /// The highest that was released.
        highest: u32,
    },
    /// A lower security counter than one that was released.
    #[error(
        "its security counter is {found}, and {highest} was released before: no older firmware may run any more"
    )]
    Counter {
        /// Its counter.
        found: u32,
        /// The highest that was released.
        highest: u32,
    },
    /// The file is no module.
    #[error("the file is not a firmware module: {0}")]
    Unreadable(#[from] Unreadable),
    /// The module is not sound, or not for this product.
    #[error("the module is not taken: {0}")]
    Module(String),
    /// The file is too large.
    #[error("the file is too large: at most {} bytes", super::MAX_IMAGE)]
    TooLarge,
    /// The product has that version.
    #[error(
        "product {product} has version {version} already: every upload has a version of its own"
    )]
    VersionTaken {
        /// The product.
        product: ProductId,
        /// The version.
        version: u16,
    },
    /// A number, name or platform that cannot be used.
    #[error("{0}")]
    Input(String),
    /// No device runs it yet.
    #[error(
        "no device of product {product} has reported version {version} yet: flash it to a development device first"
    )]
    NeverRun {
        /// The product.
        product: ProductId,
        /// The version.
        version: u16,
    },
    /// What was released is not deleted.
    #[error(
        "version {version} was released and is kept: only what was never released can be deleted"
    )]
    WasReleased {
        /// The version.
        version: u16,
    },
    /// A device that nothing unsigned may go to.
    #[error(
        "the device is of product {product}, which asks for signed releases: mark the device as a development device, \
         or flash a file that was uploaded to the product with its signed release"
    )]
    DeviceNeedsSigned {
        /// The product.
        product: ProductId,
    },
    /// A module of another product.
    #[error("the module is of product {found}, and the device is of product {wanted}")]
    OtherProduct {
        /// The module's.
        found: ProductId,
        /// The device's.
        wanted: ProductId,
    },
    /// Somebody changed the product at the same moment.
    #[error("product {0} was changed at the same moment: try again")]
    Meanwhile(ProductId),
    /// The cryptographic library refused, or the node is ending.
    #[error("the server failed: no random bytes, no memory, or it is ending")]
    Internal,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// What the audit log calls it; `None` for what has nothing to do with security.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Locked { .. } => Some("what is in force was changed in the store"),
            Self::Damaged { .. } | Self::Exchanged { .. } => {
                Some("the file was changed in the store")
            }
            Self::Unsigned { .. } | Self::DeviceNeedsSigned { .. } => Some("it is not signed"),
            Self::Release(_) | Self::NoKeyring(_) => Some("the signed release is not taken"),
            Self::Keyring(_) => Some("the keyring is not taken"),
            Self::Number { .. } | Self::Counter { .. } => {
                Some("it is older than what was released")
            }
            Self::Unreadable(_) | Self::Module(_) => Some("the module is not sound or not for it"),
            Self::OtherProduct { .. } => Some("the module is of another product"),
            _ => None,
        }
    }

    /// Whether what was asked for is not there.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NoProduct(_) | Self::NoFirmware { .. })
    }

    /// Whether what was asked is not allowed, rather than asked wrongly.
    #[must_use]
    pub const fn is_forbidden(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::Damaged { .. }
                | Self::Exchanged { .. }
                | Self::Unsigned { .. }
                | Self::Release(_)
                | Self::Keyring(_)
                | Self::Number { .. }
                | Self::Counter { .. }
                | Self::DeviceNeedsSigned { .. }
        )
    }
}
