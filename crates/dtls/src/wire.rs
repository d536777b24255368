//! Reading and writing the vectors of TLS (RFC 5246 4): big-endian numbers, and byte strings behind a
//! length of one, two or three bytes. A reader never panics and never allocates.

use alloc::vec::Vec;

/// The bytes ended early, or were longer than the structure says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

/// A cursor over bytes that came from a peer.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|&[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(|bytes| u16::from_be_bytes(*bytes))
    }

    pub(crate) fn u24(&mut self) -> Result<u32, Malformed> {
        self.array().map(|&[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    pub(crate) fn u48(&mut self) -> Result<u64, Malformed> {
        self.array().map(|&[a, b, c, d, e, f]| u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    pub(crate) fn vec8(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u8()?;
        self.bytes(length.into())
    }

    pub(crate) fn vec16(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u16()?;
        self.bytes(length.into())
    }

    pub(crate) fn vec24(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u24()?;
        self.bytes(usize::try_from(length).map_err(|_| Malformed)?)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The structure ends here: anything left over is an error.
    pub(crate) const fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

pub(crate) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(crate) fn put_u24(out: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).unwrap_or(u32::MAX);
    let [_, a, b, c] = value.to_be_bytes();
    out.extend_from_slice(&[a, b, c]);
}

/// A short byte string behind a one-byte length; what does not fit is cut off.
pub(crate) fn put_vec8(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(bytes.iter().take(length.into()));
}

/// A byte string behind a two-byte length; what does not fit is cut off.
pub(crate) fn put_vec16(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    put_u16(out, length);
    out.extend(bytes.iter().take(length.into()));
}

/// One extension: its number, then its data behind a two-byte length.
pub(crate) fn put_extension(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
    put_u16(out, kind);
    put_vec16(out, data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_vector_longer_than_its_bytes_is_malformed() {
        assert_eq!(Reader::new(&[3, 1, 2]).vec8(), Err(Malformed));
        assert_eq!(Reader::new(&[0, 3, 1, 2]).vec16(), Err(Malformed));
        assert_eq!(Reader::new(&[0, 0, 3, 1, 2]).vec24(), Err(Malformed));
    }

    #[test]
    fn numbers_are_big_endian() {
        let mut reader = Reader::new(&[1, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 4]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(2));
        assert_eq!(reader.u24(), Ok(3));
        assert_eq!(reader.u48(), Ok(4));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut out = vec![];
        put_vec8(&mut out, b"ab");
        put_extension(&mut out, 54, b"c");
        let mut reader = Reader::new(&out);
        assert_eq!(reader.vec8(), Ok(&b"ab"[..]));
        assert_eq!(reader.u16(), Ok(54));
        assert_eq!(reader.vec16(), Ok(&b"c"[..]));
        assert!(reader.is_empty());
    }
}
