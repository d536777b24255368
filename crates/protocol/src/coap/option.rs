//! Options: the numbers in use and the iterator over them (RFC 7252 sections 3.1 and 5.4).

use crate::Error;

/// ETag, elective.
pub const ETAG: u16 = 4;
/// Uri-Path, critical, repeatable: one segment each.
pub const URI_PATH: u16 = 11;
/// Content-Format, elective.
pub const CONTENT_FORMAT: u16 = 12;
/// Max-Age in seconds, elective.
pub const MAX_AGE: u16 = 14;
/// Uri-Query, critical, repeatable.
pub const URI_QUERY: u16 = 15;
/// Block2 (RFC 7959), critical: a piece of a response.
pub const BLOCK2: u16 = 23;
/// Block1 (RFC 7959), critical: a piece of a request.
pub const BLOCK1: u16 = 27;

/// The payload marker, which also ends the options.
pub(super) const MARKER: u8 = 0xff;

/// The first nibble that does not say the number itself: a byte follows that does.
const BYTE: u8 = 13;

/// One option of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt<'a> {
    /// The option number.
    pub number: u16,
    /// The raw value.
    pub value: &'a [u8],
}

impl Opt<'_> {
    /// Whether a receiver that does not know this option must refuse the message (RFC 7252 5.4.1).
    #[must_use]
    pub const fn is_critical(&self) -> bool {
        self.number & 1 == 1
    }

    /// The value as an unsigned integer of at most four bytes (RFC 7252 3.2).
    #[must_use]
    pub fn uint(&self) -> Option<u32> {
        (self.value.len() <= 4)
            .then(|| self.value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
}

/// The options of a message, in the order of the wire.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    rest: &'a [u8],
    last: u16,
}

impl<'a> Options<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, last: 0 }
    }

    /// Reads an option as nearly all are: the delta in its nibble, a value of at most 268 bytes. `None` says
    /// nothing: ask [`Options::read`].
    #[inline]
    fn read_short(&mut self) -> Option<Opt<'a>> {
        let (&header, rest) = self.rest.split_first()?;
        let (delta, length) = (header >> 4, header & 0x0f);
        let (length, rest) = match length {
            0..BYTE => (length.into(), rest),
            BYTE => rest.split_first().map(|(byte, rest)| (usize::from(*byte) + 13, rest))?,
            _ => return None,
        };
        if delta >= BYTE {
            return None;
        }
        let number = self.last.checked_add(delta.into())?;
        let (value, rest) = rest.split_at_checked(length)?;
        *self = Self { rest, last: number };
        Some(Opt { number, value })
    }

    /// Reads any option; `None` at the end or at the payload marker.
    fn read(&mut self) -> Result<Option<Opt<'a>>, Error> {
        let Some((&header, rest)) = self.rest.split_first() else { return Ok(None) };
        if header == MARKER {
            return Ok(None);
        }
        let (delta, rest) = extended(header >> 4, rest)?;
        let (length, rest) = extended(header & 0x0f, rest)?;
        let number = u32::from(self.last) + delta;
        let number = u16::try_from(number).map_err(|_| Error::OptionNumber)?;
        let length = usize::try_from(length).map_err(|_| Error::Truncated)?;
        let (value, rest) = rest.split_at_checked(length).ok_or(Error::Truncated)?;
        *self = Self { rest, last: number };
        Ok(Some(Opt { number, value }))
    }

    /// Walks to the end and returns what stands there: nothing, or the marker and the payload.
    pub(super) fn check(mut self) -> Result<&'a [u8], Error> {
        while self.read_short().is_some() || self.read()?.is_some() {}
        Ok(self.rest)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Opt<'a>;

    #[inline]
    fn next(&mut self) -> Option<Opt<'a>> {
        // An error cannot come here: `Message::parse` walked the same bytes.
        self.read_short().or_else(|| self.read().ok().flatten())
    }
}

/// A nibble and the bytes that may extend it (RFC 7252 3.1).
fn extended(nibble: u8, bytes: &[u8]) -> Result<(u32, &[u8]), Error> {
    match nibble {
        BYTE => {
            let (byte, rest) = bytes.split_first().ok_or(Error::Truncated)?;
            Ok((u32::from(*byte) + 13, rest))
        }
        14 => {
            let (pair, rest) = bytes.split_first_chunk::<2>().ok_or(Error::Truncated)?;
            Ok((u32::from(u16::from_be_bytes(*pair)) + 269, rest))
        }
        15 => Err(Error::OptionNibble),
        small => Ok((u32::from(small), bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn all<'a>(options: &mut Options<'a>) -> Result<Vec<Opt<'a>>, Error> {
        core::iter::from_fn(|| options.read().transpose()).collect()
    }

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(bytes in prop::collection::vec(
            prop_oneof![0_u8..32, Just(0xcd), Just(0xd0), Just(MARKER), any::<u8>()], 0..64,
        ), last in prop_oneof![Just(0_u16), Just(u16::MAX - 20)]) {
            let start = Options { rest: &bytes, last };
            let mut walked = start.clone();
            let expected = all(&mut walked);
            let checked = start.clone().check();
            prop_assert_eq!(checked, expected.as_ref().map(|_| walked.rest).map_err(|error| *error));
            if let Ok(expected) = expected {
                prop_assert_eq!(start.collect::<Vec<_>>(), expected);
            }
        }
    }
}
