//! The 24 bytes in which a module says what it is: little endian, start address first.

use super::{Dependency, Function, Platform};
use crate::little::{array, size, u8_at, u16_at, u32_at};

/// How a module is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// Prefix and suffix are not written where the content goes.
    pub const DROP_MODULE_INFO: Self = Self(0x01);
    /// The content is deflated.
    pub const COMPRESSED: Self = Self(0x02);
    /// Another module follows.
    pub const COMBINED: Self = Self(0x04);
    /// The content is encrypted for the chip.
    pub const ENCRYPTED: Self = Self(0x08);
    /// Extensions follow the prefix.
    pub const PREFIX_EXTENSIONS: Self = Self(0x10);
    /// All that have a meaning.
    pub const KNOWN: Self = Self(0x1f);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every bit has a meaning.
    #[must_use]
    pub const fn are_known(self) -> bool {
        self.without(Self::KNOWN).0 == 0
    }
}

/// What a module says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// Where its first byte goes.
    pub start: u32,
    /// Where its CRC-32 goes: one past all that the CRC-32 covers.
    pub end: u32,
    /// The processor it is for; zero is the main one.
    pub target: u8,
    /// How to treat it.
    pub flags: Flags,
    /// Its version. An application's own version is the product's, in the suffix.
    pub version: u16,
    /// The kind of board it is for.
    pub platform: Platform,
    /// What it is for.
    pub function: Function,
    /// Which of those.
    pub index: u8,
    /// What has to be on the device.
    pub dependencies: [Dependency; 2],
}

impl Prefix {
    /// Its size in bytes, without extensions.
    pub const SIZE: usize = 24;

    /// Reads a prefix from the first bytes of a slice; it may be nonsense.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            start: u32_at(bytes, 0)?,
            end: u32_at(bytes, 4)?,
            target: u8_at(bytes, 8)?,
            flags: Flags(u8_at(bytes, 9)?),
            version: u16_at(bytes, 10)?,
            platform: Platform(u16_at(bytes, 12)?),
            function: Function(u8_at(bytes, 14)?),
            index: u8_at(bytes, 15)?,
            dependencies: [
                Dependency::from_bytes(array(bytes, 16)?),
                Dependency::from_bytes(array(bytes, 20)?),
            ],
        })
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let [first, second] = self.dependencies;
        let fields: [&[u8]; 8] = [
            &self.start.to_le_bytes(),
            &self.end.to_le_bytes(),
            &[self.target, self.flags.0],
            &self.version.to_le_bytes(),
            &self.platform.0.to_le_bytes(),
            &[self.function.0, self.index],
            &first.to_bytes(),
            &second.to_bytes(),
        ];
        let mut bytes = [0; Self::SIZE];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }

    /// How long the file of the module is by its addresses, CRC-32 included.
    #[must_use]
    pub fn file_size(&self) -> usize {
        size(self.end.saturating_sub(self.start)).saturating_add(super::CRC_SIZE)
    }
}
