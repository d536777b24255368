//! Base-128 numbers, low group first: in Goodbye and in protobuf.

use alloc::vec::Vec;

use crate::Error;

/// Takes one number off the front of `bytes`.
pub(crate) fn read(bytes: &mut &[u8]) -> Result<u64, Error> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Error::Varint)?;
        *bytes = rest;
        let group = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit only.
        if shift == 63 && group > 1 {
            return Err(Error::Varint);
        }
        value |= group << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Error::Varint)
}

/// Appends one number in as few bytes as it needs.
pub(crate) fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
