//! Slots in memory, for virtual devices: blocks that were never written take none.

use super::{FlashError, UNIT, layout};
use pintle_firmware::flash::{ERASED, Flash, Geometry};
use pintle_firmware::slots::Layout;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// What is erased together, in bytes.
const BLOCK: u32 = 4096;

/// A flash in memory. Clones are the same flash: what a device left on it, the next run of the device finds.
#[derive(Clone, Debug)]
pub struct MemoryFlash {
    layout: Layout,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    blocks: BTreeMap<u32, Box<[u8]>>,
    /// How many more writes there is space for, where that is bounded.
    left: Option<u32>,
}

impl MemoryFlash {
    /// An erased one with room for two slots of at least `slot` bytes; at most 512 MiB each.
    #[must_use]
    pub fn new(slot: u32) -> Self {
        const LARGEST: u32 = 1 << 29;
        let slot = slot.clamp(1, LARGEST).next_multiple_of(BLOCK);
        // A block more for what is said about the image.
        Self { layout: layout(slot + BLOCK, BLOCK), kept: Arc::default() }
    }

    /// From now on there is space for so many writes, and then none: for tests of what a device does then.
    pub fn fill_up_after(&self, writes: Option<u32>) {
        self.kept().left = writes;
    }

    pub(super) const fn layout(&self) -> Layout {
        self.layout
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, at: u32, length: usize) -> Result<(), FlashError> {
        let end = u32::try_from(length).ok().and_then(|length| at.checked_add(length));
        let fits = end.is_some_and(|end| end <= self.layout.b.end());
        if fits { Ok(()) } else { Err(FlashError(io::ErrorKind::UnexpectedEof)) }
    }
}

/// The blocks that so many bytes from `at` on lie in: each one's number, where in it, and how many.
fn pieces(at: u32, length: usize) -> impl Iterator<Item = (u32, usize, usize)> {
    let mut at = at;
    let mut left = length;
    std::iter::from_fn(move || {
        let (index, within) = (at / BLOCK, (at % BLOCK) as usize);
        let length = left.min(BLOCK as usize - within);
        at = at.saturating_add(length as u32);
        left -= length;
        (length > 0).then_some((index, within, length))
    })
}

impl Kept {
    fn spend(&mut self) -> Result<(), FlashError> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(FlashError(io::ErrorKind::StorageFull)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

impl Flash for MemoryFlash {
    type Error = FlashError;

    fn geometry(&self) -> Geometry {
        Geometry { block: BLOCK, unit: UNIT }
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        self.check(at, out.len())?;
        let kept = self.kept();
        let mut left = out;
        for (index, within, length) in pieces(at, left.len()) {
            let (piece, rest) = left.split_at_mut_checked(length).unwrap_or_default();
            match kept.blocks.get(&index).and_then(|block| block.get(within..within + length)) {
                Some(bytes) => piece.copy_from_slice(bytes),
                None => piece.fill(ERASED),
            }
            left = rest;
        }
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(at, bytes.len())?;
        let mut kept = self.kept();
        kept.spend()?;
        let mut left = bytes;
        for (index, within, length) in pieces(at, left.len()) {
            let (piece, rest) = left.split_at_checked(length).unwrap_or_default();
            let block = kept.blocks.entry(index);
            let block = block.or_insert_with(|| vec![ERASED; BLOCK as usize].into());
            let places = block.get_mut(within..within + length).unwrap_or_default();
            places.iter_mut().zip(piece).for_each(|(place, byte)| *place &= *byte);
            left = rest;
        }
        Ok(())
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        let mut kept = self.kept();
        kept.spend()?;
        kept.blocks.remove(&(at / BLOCK));
        Ok(())
    }
}
