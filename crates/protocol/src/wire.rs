//! As much of the protobuf wire format as a system describe needs: fields in, fields out.
//!
//! A dedicated reader because nothing here may need a schema compiler, and because what must not be kept
//! (P6) is then skipped before it ever becomes a value. No groups, no packed fields.

use alloc::vec::Vec;

use crate::{Error, varint};

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The value as a number that fits `T`.
    pub(crate) fn number<T: TryFrom<u64>>(self) -> Result<T, Error> {
        match self {
            Self::Varint(number) | Self::Fixed64(number) => number.try_into().ok(),
            Self::Fixed32(number) => u64::from(number).try_into().ok(),
            Self::Bytes(_) => None,
        }
        .ok_or(Error::SystemDescribe)
    }

    /// The value as raw bytes.
    pub(crate) fn bytes(self) -> Result<&'a [u8], Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Error::SystemDescribe),
        }
    }
}

/// The fields of one message, in the order of the wire.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) const fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn read(&mut self) -> Result<(u32, Value<'a>), Error> {
        let tag = varint::read(&mut self.0)?;
        let number =
            u32::try_from(tag >> 3).ok().filter(|n| *n != 0).ok_or(Error::SystemDescribe)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint::read(&mut self.0)?),
            1 => Value::Fixed64(u64::from_le_bytes(self.take()?)),
            2 => Value::Bytes(self.take_counted()?),
            5 => Value::Fixed32(u32::from_le_bytes(self.take()?)),
            _ => return Err(Error::SystemDescribe),
        };
        Ok((number, value))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Error::SystemDescribe)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn take_counted(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(varint::read(&mut self.0)?).unwrap_or(usize::MAX);
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Error::SystemDescribe)?;
        self.0 = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field.map_err(|_| Error::SystemDescribe))
    }
}

/// Appends a number; zero is left out, as proto3 does.
pub(crate) fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        varint::write(out, u64::from(field) << 3);
        varint::write(out, value);
    }
}

/// Appends a four-byte number, zero included.
pub(crate) fn fixed32(out: &mut Vec<u8>, field: u32, value: u32) {
    varint::write(out, u64::from(field) << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends bytes or an embedded message.
pub(crate) fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint::write(out, u64::from(field) << 3 | 2);
    varint::write(out, value.len() as u64);
    out.extend_from_slice(value);
}
