//! The end of a module: extensions, two reserved bytes, a SHA-256, how long all of this is, and then the CRC-32.
//!
//! Product id and version are always the four bytes before the reserved ones where the suffix has room for them,
//! whether those stand alone or are the end of an extension.

use super::{CRC_SIZE, Extensions};
use crate::Digest;
use crate::little::{array, u16_at};

/// Which product an application belongs to, and its version there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    /// The product's number; the platform's where there is no product.
    pub id: u16,
    /// The version of the application.
    pub version: u16,
}

impl Product {
    /// What stands where there is none.
    pub const NONE: Self = Self { id: 0xffff, version: 0xffff };

    pub(crate) const SIZE: usize = 4;

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self { id: u16_at(bytes, 0)?, version: u16_at(bytes, 2)? })
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn to_bytes(self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.id.to_le_bytes(), self.version.to_le_bytes());
        [a, b, c, d]
    }
}

/// The end of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suffix<'a> {
    /// How long it says it is, extensions included, without the CRC-32.
    pub size: u16,
    /// The SHA-256 of all before it.
    pub sha256: Digest,
    /// Two bytes without a meaning.
    pub reserved: u16,
    /// The product, where there is room for one.
    pub product: Option<Product>,
    extensions: &'a [u8],
}

impl<'a> Suffix<'a> {
    /// Its size without extensions and product: reserved bytes, SHA-256, size.
    pub const MIN_SIZE: usize = 36;

    /// What of it the SHA-256 does not cover: itself, and the size.
    pub(crate) const FIXED_AFTER_COVERED: usize = 34;

    /// Reads it where a module ends; of the module no more need be there than the suffix and the CRC-32.
    #[must_use]
    pub fn at_end_of(module: &'a [u8]) -> Option<Self> {
        let end = module.len().checked_sub(CRC_SIZE)?;
        let fixed = end.checked_sub(Self::MIN_SIZE)?;
        let size = u16_at(module, end.checked_sub(2)?)?;
        let has_room = usize::from(size) >= Self::MIN_SIZE + Product::SIZE;
        let product = fixed.checked_sub(Product::SIZE).filter(|_| has_room);
        let begin = end.checked_sub(usize::from(size)).unwrap_or(fixed).min(fixed);
        Some(Self {
            size,
            sha256: Digest(array(module, fixed + 2)?),
            reserved: u16_at(module, fixed)?,
            product: product.and_then(|at| Product::read(module.get(at..)?)),
            extensions: module.get(begin..fixed)?,
        })
    }

    /// The extensions; none where there is only room for the product.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'a> {
        if self.extensions.len() <= Product::SIZE {
            return Extensions::none();
        }
        Extensions::of(self.extensions)
    }

    /// Whether what is before the fixed part is extensions to its end, or up to an end mark and a product.
    pub(crate) fn is_well_formed(&self) -> bool {
        let length = self.extensions.len();
        if length == 0 || length == Product::SIZE {
            return true;
        }
        let (read, ended) = self.extensions().measure();
        read == length || (ended && length - read == Product::SIZE)
    }
}
