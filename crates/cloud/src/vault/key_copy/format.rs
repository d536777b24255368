//! The bytes of copies of a node key.
//!
//! A locked copy: version (1), mark (8), memory in KiB (4), passes (4), salt (16), then the sealed key (60). What stands
//! before the sealed key is sealed with it. A share: version (1), mark (8), set (8), needed (1), number (1), then the
//! share (32) and a checksum (4) over all before it. Numbers are big-endian.

use zeroize::Zeroizing;

use super::{Cost, KEY_LENGTH, KeyCopyError};

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of a mark, and of what names a set of shares.
pub(super) const MARK: usize = 8;

const VERSION: u8 = 1;

/// What stands before a locked key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Whose key it is.
    pub(super) mark: [u8; MARK],
    /// What opening it costs.
    pub(super) cost: Cost,
    /// The salt of the passphrase.
    pub(super) salt: [u8; SALT],
}

impl Head {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.mark);
        bytes.extend(self.cost.memory_kib.to_be_bytes());
        bytes.extend(self.cost.passes.to_be_bytes());
        bytes.extend(self.salt);
        bytes
    }

    /// The head, and what stands behind it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), KeyCopyError> {
        let mut rest = version(bytes)?;
        let mark = take(&mut rest)?;
        let memory_kib = u32::from_be_bytes(take(&mut rest)?);
        let passes = u32::from_be_bytes(take(&mut rest)?);
        let cost = Cost { memory_kib, passes };
        let salt = take(&mut rest)?;
        if cost.is_bearable() {
            Ok((Self { mark, cost, salt }, rest))
        } else {
            Err(KeyCopyError::NotOne)
        }
    }
}

/// One share of a key. It says nothing by itself, and is wiped all the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct OneShare {
    /// Whose key it is.
    pub(super) mark: [u8; MARK],
    /// Which shares it was made with.
    pub(super) set: [u8; MARK],
    /// How many are needed.
    pub(super) needed: u8,
    /// Which one it is, from 1.
    pub(super) number: u8,
    /// The share.
    pub(super) share: Zeroizing<[u8; KEY_LENGTH]>,
}

impl OneShare {
    pub(super) fn write(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        bytes.push(VERSION);
        bytes.extend(self.mark);
        bytes.extend(self.set);
        bytes.extend([self.needed, self.number]);
        bytes.extend(self.share.as_slice());
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_be_bytes());
        bytes
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, KeyCopyError> {
        let mut rest = version(bytes)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(KeyCopyError::NotOne)?;
        if crc32fast::hash(body) != u32::from_be_bytes(*sum) {
            return Err(KeyCopyError::NotOne);
        }
        let (mark, set) = (take(&mut rest)?, take(&mut rest)?);
        let [needed, number] = take(&mut rest)?;
        let share = Zeroizing::new(take(&mut rest)?);
        let is_whole = rest.len() == sum.len() && needed >= 2 && number >= 1;
        let one = Self { mark, set, needed, number, share };
        if is_whole { Ok(one) } else { Err(KeyCopyError::NotOne) }
    }
}

fn version(bytes: &[u8]) -> Result<&[u8], KeyCopyError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((later, _)) if *later > VERSION => Err(KeyCopyError::Later),
        _ => Err(KeyCopyError::NotOne),
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], KeyCopyError> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(KeyCopyError::NotOne)?;
    *rest = after;
    Ok(*taken)
}
