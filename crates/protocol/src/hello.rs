//! Hello: the first message of a fresh session, in which a device says who and what it is.
//!
//! 32 bytes, big endian, as Device OS sends it over UDP: product id and version, flags, platform, one reserved
//! byte, id length, id, system version, and three sizes.

use crate::{DeviceId, Error};

/// What a device can do and how its last update went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HelloFlags(pub u16);

impl HelloFlags {
    /// The last firmware update succeeded.
    pub const UPDATE_SUCCEEDED: Self = Self(0x01);
    /// Metrics can be asked for.
    pub const DIAGNOSTICS: Self = Self(0x02);
    /// Updates may come at once.
    pub const IMMEDIATE_UPDATES: Self = Self(0x04);
    /// Goodbye will be said.
    pub const GOODBYE: Self = Self(0x10);
    /// The device sends its describes without being asked.
    pub const SENDS_DESCRIBE: Self = Self(0x20);
    /// Compressed and combined modules are taken.
    pub const COMPRESSED_UPDATES: Self = Self(0x40);
    /// The third version of the update protocol is spoken.
    pub const UPDATE_V3: Self = Self(0x80);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a device says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The product; without one, the platform id again.
    pub product_id: u16,
    /// The version of the product's application, if it has one.
    pub product_version: Option<u16>,
    /// Abilities.
    pub flags: HelloFlags,
    /// The kind of board.
    pub platform_id: u16,
    /// Who it says it is; to be compared with the key it proved itself with (P1).
    pub device_id: DeviceId,
    /// The version of the system module, for example 6200.
    pub system_version: u16,
    /// Largest message it takes, in bytes.
    pub max_message: u16,
    /// Largest module it takes, in bytes.
    pub max_binary: u32,
    /// Size of an update chunk, in bytes.
    pub chunk: u16,
}

/// How "no version" is written.
const NO_VERSION: u16 = 0xffff;
const ID_LENGTH: u8 = 12;

impl Hello {
    /// The size of a Hello, in bytes.
    pub const SIZE: usize = 32;

    /// Reads the payload of a Hello. Bytes after the 32 known ones are left for later versions to use.
    ///
    /// # Errors
    /// [`Error::Hello`] if it is shorter, or carries no 12-byte id.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut rest = payload;
        let product_id = u16::from_be_bytes(take(&mut rest)?);
        let version = u16::from_be_bytes(take(&mut rest)?);
        let flags = HelloFlags(u16::from_be_bytes(take(&mut rest)?));
        let platform_id = u16::from_be_bytes(take(&mut rest)?);
        let [_reserved, ID_LENGTH] = take(&mut rest)? else { return Err(Error::Hello) };
        Ok(Self {
            product_id,
            product_version: (version != NO_VERSION).then_some(version),
            flags,
            platform_id,
            device_id: DeviceId::from_bytes(take(&mut rest)?),
            system_version: u16::from_be_bytes(take(&mut rest)?),
            max_message: u16::from_be_bytes(take(&mut rest)?),
            max_binary: u32::from_be_bytes(take(&mut rest)?),
            chunk: u16::from_be_bytes(take(&mut rest)?),
        })
    }

    /// The payload of a Hello.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let version = self.product_version.unwrap_or(NO_VERSION);
        let mut bytes = [0; Self::SIZE];
        let fields: [&[u8]; 10] = [
            &self.product_id.to_be_bytes(),
            &version.to_be_bytes(),
            &self.flags.0.to_be_bytes(),
            &self.platform_id.to_be_bytes(),
            &[0, ID_LENGTH],
            self.device_id.as_bytes(),
            &self.system_version.to_be_bytes(),
            &self.max_message.to_be_bytes(),
            &self.max_binary.to_be_bytes(),
            &self.chunk.to_be_bytes(),
        ];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        bytes
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or(Error::Hello)?;
    *bytes = rest;
    Ok(*taken)
}
