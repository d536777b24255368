//! The extensions of hello messages (RFC 5246 7.4.1.4): their numbers, and a list that is checked once.

use crate::weakened::{self, Weakness};
use crate::wire::{Malformed, Reader};

pub(crate) const SUPPORTED_GROUPS: u16 = 10;
pub(crate) const EC_POINT_FORMATS: u16 = 11;
pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
pub(crate) const CLIENT_CERTIFICATE_TYPE: u16 = 19;
pub(crate) const SERVER_CERTIFICATE_TYPE: u16 = 20;
pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
/// RFC 9146.
pub(crate) const CONNECTION_ID: u16 = 54;
/// What Device OS uses for a connection ID, in the layout before RFC 9146.
pub(crate) const DEVICE_OS_CONNECTION_ID: u16 = 254;
pub(crate) const RENEGOTIATION_INFO: u16 = 0xff01;

/// RFC 7250 3: a raw public key.
pub(crate) const RAW_PUBLIC_KEY: u8 = 2;
/// secp256r1 among the groups.
pub(crate) const SECP256R1: u16 = 23;
/// ECDSA with SHA-256 among the signature algorithms.
pub(crate) const ECDSA_SHA256: u16 = 0x0403;
/// The uncompressed form among the point formats.
pub(crate) const UNCOMPRESSED: u8 = 0;

/// More extensions than this are not looked at.
const MAX_COUNT: usize = 64;

/// A well-formed list of extensions, none of them twice.
#[derive(Clone, Copy)]
pub(crate) struct Extensions<'a>(&'a [u8]);

impl<'a> Extensions<'a> {
    /// The extensions at the end of a hello; no bytes at all means none.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        if reader.is_empty() {
            return Ok(Self(&[]));
        }
        let list = Self(reader.vec16()?);
        reader.end()?;
        list.check()?;
        Ok(list)
    }

    fn check(&self) -> Result<(), Malformed> {
        let mut rest = Reader::new(self.0);
        let mut kinds = [0; MAX_COUNT];
        let mut count = 0;
        while !rest.is_empty() {
            let kind = rest.u16()?;
            rest.vec16()?;
            // RFC 5246 7.4.1.4: no extension twice.
            let twice = kinds.iter().take(count).any(|seen| *seen == kind);
            if twice && !weakened::is(Weakness::ExtensionsTwice) {
                return Err(Malformed);
            }
            *kinds.get_mut(count).ok_or(Malformed)? = kind;
            count += 1;
        }
        Ok(())
    }

    /// The data of the extension with this number.
    pub(crate) fn find(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut rest = Reader::new(self.0);
        while !rest.is_empty() {
            let kind = rest.u16().ok()?;
            let data = rest.vec16().ok()?;
            if kind == wanted {
                return Some(data);
            }
        }
        None
    }

    /// Whether a list of two-byte numbers in this extension holds `number`; `None` without the extension.
    pub(crate) fn lists_u16(&self, kind: u16, number: u16) -> Result<Option<bool>, Malformed> {
        let Some(data) = self.find(kind) else { return Ok(None) };
        let mut reader = Reader::new(data);
        let list = reader.vec16()?;
        reader.end()?;
        contains_u16(list, number).map(Some)
    }

    /// Whether a list of one-byte numbers in this extension holds `number`; `None` without the extension.
    pub(crate) fn lists_u8(&self, kind: u16, number: u8) -> Result<Option<bool>, Malformed> {
        let Some(data) = self.find(kind) else { return Ok(None) };
        let mut reader = Reader::new(data);
        let list = reader.vec8()?;
        reader.end()?;
        Ok(Some(list.contains(&number)))
    }
}

/// Whether a list of two-byte numbers holds `number`.
pub(crate) fn contains_u16(list: &[u8], number: u16) -> Result<bool, Malformed> {
    let (pairs, rest) = list.as_chunks::<2>();
    if rest.is_empty() { Ok(pairs.contains(&number.to_be_bytes())) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_twice_is_malformed() {
        let twice = [0, 8, 0, 23, 0, 0, 0, 23, 0, 0];
        assert!(Extensions::read(&mut Reader::new(&twice)).is_err());
        let once = [0, 4, 0, 23, 0, 0];
        let list = Extensions::read(&mut Reader::new(&once)).unwrap();
        assert_eq!(list.find(EXTENDED_MASTER_SECRET), Some(&[][..]));
        assert_eq!(list.find(CONNECTION_ID), None);
    }

    #[test]
    fn a_list_of_pairs_with_a_byte_too_many_is_malformed() {
        assert_eq!(contains_u16(&[0, 23, 0], 23), Err(Malformed));
        assert_eq!(contains_u16(&[0, 1, 0, 23], 23), Ok(true));
    }
}
