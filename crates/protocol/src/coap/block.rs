//! The value of a Block1 or Block2 option (RFC 7959 section 2.2).

use super::Opt;
use crate::Error;

/// Which piece of a body a message carries or asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the piece, from 0; at most 2^20 - 1 fits the wire.
    pub num: u32,
    /// Whether more pieces follow.
    pub more: bool,
    /// The size exponent: a piece has `2^(szx + 4)` bytes. Device OS uses 6 (1024 bytes), rarely 5.
    pub szx: u8,
}

impl Block {
    /// The size exponent of 1024 bytes.
    pub const SZX_1024: u8 = 6;

    /// The size of every piece but the last, in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        16 << (self.szx & 7)
    }

    pub(super) fn from_option(option: &Opt<'_>) -> Result<Self, Error> {
        let value = option.uint().filter(|_| option.value.len() <= 3).ok_or(Error::BlockOption)?;
        let szx = (value & 7) as u8;
        if szx == 7 {
            return Err(Error::BlockOption);
        }
        Ok(Self { num: value >> 4, more: value & 8 != 0, szx })
    }

    pub(super) fn to_uint(self) -> Result<u32, Error> {
        if self.num >= 1 << 20 || self.szx >= 7 {
            return Err(Error::BlockOption);
        }
        Ok(self.num << 4 | u32::from(self.more) << 3 | u32::from(self.szx))
    }
}
