//! A device's hello over TCP: 8 bytes, and 12 more from Device OS 3.0 on. Big endian.

use super::Generation;
use crate::hello::HelloFlags;
use crate::{DeviceId, Error, hello};

/// How "no version" is written.
const NO_VERSION: u16 = 0xffff;

/// What a device says of itself. It does not say who it is: the handshake did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The product; without one, the platform id again or 65535.
    pub product_id: u16,
    /// The version of the product's application, if it has one.
    pub product_version: Option<u16>,
    /// Abilities, which also tell the generation.
    pub flags: HelloFlags,
    /// The kind of board: 0 Core, 6 Photon, 8 P1, 10 Electron.
    pub platform_id: u16,
    /// What only Device OS 3.0 and later say.
    pub sizes: Option<Sizes>,
}

/// The system version and sizes that a later hello has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The version of the system module, for example 3301.
    pub system_version: u16,
    /// Largest message it takes, in bytes.
    pub max_message: u16,
    /// Largest module it takes, in bytes.
    pub max_binary: u32,
    /// Size of an update chunk, in bytes.
    pub chunk: u16,
}

impl Hello {
    /// Bytes of the short form.
    pub const SHORT: usize = 8;
    /// Bytes of the long form.
    pub const LONG: usize = 20;

    /// Reads the payload of a hello: 8 bytes, or 20 and whatever later versions add.
    ///
    /// # Errors
    /// [`Error::Hello`] for any other length, or for a long form that names a device.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let (&[p, q, v, w, f, g, a, b], rest) =
            payload.split_first_chunk::<8>().ok_or(Error::Hello)?;
        let version = u16::from_be_bytes([v, w]);
        Ok(Self {
            product_id: u16::from_be_bytes([p, q]),
            product_version: (version != NO_VERSION).then_some(version),
            flags: HelloFlags(u16::from_be_bytes([f, g])),
            platform_id: u16::from_be_bytes([a, b]),
            sizes: if rest.is_empty() { None } else { Some(Sizes::parse(rest)?) },
        })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut alloc::vec::Vec<u8>) {
        out.extend_from_slice(&self.product_id.to_be_bytes());
        out.extend_from_slice(&self.product_version.unwrap_or(NO_VERSION).to_be_bytes());
        out.extend_from_slice(&self.flags.0.to_be_bytes());
        out.extend_from_slice(&self.platform_id.to_be_bytes());
        if let Some(sizes) = &self.sizes {
            sizes.write(out);
        }
    }

    /// Which firmware this is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        Generation::of(self)
    }

    /// The same as a device says it over UDP. What it did not say is zero, or a limit of its generation.
    #[must_use]
    pub fn with_id(&self, device_id: DeviceId) -> hello::Hello {
        let limits = self.generation().limits();
        let sizes = self.sizes.unwrap_or(Sizes {
            system_version: 0,
            max_message: u16::try_from(limits.frame).unwrap_or(u16::MAX),
            max_binary: 0,
            chunk: 512,
        });
        hello::Hello {
            product_id: self.product_id,
            product_version: self.product_version,
            flags: self.flags,
            platform_id: self.platform_id,
            device_id,
            system_version: sizes.system_version,
            max_message: sizes.max_message,
            max_binary: sizes.max_binary,
            chunk: sizes.chunk,
        }
    }
}

impl Sizes {
    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        // A reserved byte, then the length of an id that is not sent over TCP.
        let (&[_reserved, 0, s, t, m, n, a, b, c, d, k, l], _later) =
            bytes.split_first_chunk::<12>().ok_or(Error::Hello)?
        else {
            return Err(Error::Hello);
        };
        Ok(Self {
            system_version: u16::from_be_bytes([s, t]),
            max_message: u16::from_be_bytes([m, n]),
            max_binary: u32::from_be_bytes([a, b, c, d]),
            chunk: u16::from_be_bytes([k, l]),
        })
    }

    fn write(&self, out: &mut alloc::vec::Vec<u8>) {
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.system_version.to_be_bytes());
        out.extend_from_slice(&self.max_message.to_be_bytes());
        out.extend_from_slice(&self.max_binary.to_be_bytes());
        out.extend_from_slice(&self.chunk.to_be_bytes());
    }
}
