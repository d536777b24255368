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
        for (place, at) in out.iter_mut().zip(at..) {
            let block = kept.blocks.get(&(at / BLOCK));
            let byte = block.and_then(|block| block.get((at % BLOCK) as usize));
            *place = byte.copied().unwrap_or(ERASED);
        }
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(at, bytes.len())?;
        let mut kept = self.kept();
        kept.spend()?;
        for (byte, at) in bytes.iter().zip(at..) {
            let block = kept.blocks.entry(at / BLOCK);
            let block = block.or_insert_with(|| vec![ERASED; BLOCK as usize].into());
            if let Some(place) = block.get_mut((at % BLOCK) as usize) {
                *place &= *byte;
            }
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
