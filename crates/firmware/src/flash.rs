//! Raw flash, as little of it as slots need: read anywhere, clear bits in aligned units, set them a block at a time.

/// How a flash is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes that are erased together.
    pub block: u32,
    /// Bytes that are written together: addresses and lengths of writes are multiples of it.
    pub unit: u32,
}

/// What an erased byte reads as.
pub const ERASED: u8 = 0xff;

/// Raw flash.
///
/// Whoever implements it for a chip with error correction lets a read fail where a write was torn; nothing here takes
/// that for more than "not written". No unit is written twice between two erasures.
pub trait Flash {
    /// What can go wrong.
    type Error;

    /// How it is written.
    fn geometry(&self) -> Geometry;

    /// Reads into all of `out`.
    ///
    /// # Errors
    /// When the chip cannot tell what is there.
    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), Self::Error>;

    /// Clears the bits that are clear in `bytes`. Both `at` and the length are multiples of the unit.
    ///
    /// # Errors
    /// When the chip could not.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Sets all bits of the block that begins at `at`.
    ///
    /// # Errors
    /// When the chip could not.
    fn erase(&mut self, at: u32) -> Result<(), Self::Error>;
}

/// A part of a flash: whole blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Where it begins.
    pub start: u32,
    /// How long it is, in bytes.
    pub length: u32,
}

impl Area {
    /// One past its last byte.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.start.saturating_add(self.length)
    }

    /// Whether it is whole blocks, at least one.
    #[must_use]
    pub const fn is_whole(&self, geometry: Geometry) -> bool {
        let block = geometry.block;
        block != 0
            && self.length != 0
            && self.start.is_multiple_of(block)
            && self.length.is_multiple_of(block)
            && self.start.checked_add(self.length).is_some()
    }

    /// Whether it shares a byte with another.
    #[must_use]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }
}

/// Erases all blocks of an area, first to last.
pub(crate) fn erase_all<F: Flash>(flash: &mut F, area: Area) -> Result<(), F::Error> {
    let block = flash.geometry().block;
    let mut at = area.start;
    while at < area.end() {
        flash.erase(at)?;
        at = at.saturating_add(block.max(1));
    }
    Ok(())
}

/// Whether all bytes of a range are erased; what cannot be read is not.
pub(crate) fn is_blank<F: Flash>(flash: &F, at: u32, length: u32) -> bool {
    let mut piece = [0; 64];
    let mut done = 0;
    while done < length {
        let take = (length - done).min(64);
        let Some(piece) = piece.get_mut(..crate::little::size(take)) else { return false };
        if flash.read(at + done, piece).is_err() || piece.iter().any(|byte| *byte != ERASED) {
            return false;
        }
        done += take;
    }
    true
}
