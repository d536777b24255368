//! Goodbye: why a device leaves on purpose. A device that merely falls silent says nothing.
//!
//! The payload is a varint of flags and then one varint for each flag that is set, lowest flag first.

use alloc::vec::Vec;

use crate::{Error, varint};

/// Why a device leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Goodbye {
    /// 1 error, 2 user, 3 network, 4 listening, 5 reset, 6 sleep, 7 unknown, 8 server moved.
    pub cloud_reason: Option<u32>,
    /// Why it will reset, for example 70 for an update.
    pub reset_reason: Option<u32>,
    /// How long it will sleep, in seconds.
    pub sleep_seconds: Option<u32>,
    /// 1 error, 2 user, 3 off, 4 listening, 5 sleep, 6 reset, 7 unknown.
    pub network_reason: Option<u32>,
}

impl Goodbye {
    /// Reads the payload; an empty one says nothing. What follows the known fields is passed over.
    ///
    /// # Errors
    /// [`Error::Varint`] if a number does not end or does not fit 32 bits.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut rest = payload;
        let flags = if rest.is_empty() { 0 } else { varint::read(&mut rest)? };
        let mut field = |flag: u64| {
            (flags & flag != 0)
                .then(|| u32::try_from(varint::read(&mut rest)?).map_err(|_| Error::Varint))
                .transpose()
        };
        Ok(Self {
            cloud_reason: field(1)?,
            reset_reason: field(2)?,
            sleep_seconds: field(4)?,
            network_reason: field(8)?,
        })
    }

    /// Appends the payload.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fields =
            [self.cloud_reason, self.reset_reason, self.sleep_seconds, self.network_reason];
        let flags =
            fields.iter().rev().fold(0, |flags, field| flags << 1 | u64::from(field.is_some()));
        varint::write(out, flags);
        for value in fields.into_iter().flatten() {
            varint::write(out, value.into());
        }
    }
}
