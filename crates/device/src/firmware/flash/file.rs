//! Slots in one file of a fixed length, all of it written when it is made: a disk that fills up later cannot hurt.
//!
//! What is written is durable in the order in which it was written, as on a chip. The bytes of an image alone may wait:
//! they are synced before the next thing is written that says anything about them. After a sync that failed nobody
//! knows what is on disk, so nothing more is written until the file is opened again.

use super::{FlashError, STATE_BLOCKS, UNIT, layout};
use crate::private_file::{self, OWNER_ONLY};
use pintle_firmware::flash::{ERASED, Flash, Geometry};
use pintle_firmware::slots::{Layout, Slot};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// What is erased together, in bytes; a transfer that was cut goes on at a multiple of it.
const BLOCK: u32 = 16 * 1024;

/// A flash in a file, locked for as long as it is open.
#[derive(Debug)]
pub(crate) struct FileFlash {
    file: File,
    layout: Layout,
    /// Bytes of an image were written since the last sync.
    pending: bool,
    broken: bool,
}

impl FileFlash {
    /// Makes the file, erased, with room for two slots of `slot` bytes. It is there whole or not at all.
    ///
    /// # Errors
    /// What the system said: no space, for example; then nothing is left behind.
    pub(crate) fn create(path: &Path, slot: u32) -> io::Result<()> {
        let blocks = STATE_BLOCKS + 2 * slot.div_ceil(BLOCK);
        private_file::appear(path, |fresh| {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(fresh)?;
            let block = [ERASED; BLOCK as usize];
            for _ in 0..blocks {
                file.write_all(&block)?;
            }
            file.sync_all()
        })
    }

    /// Opens the file, for one process at a time.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] while another has it, [`io::ErrorKind::InvalidData`] for a file of another length
    /// than such a file has, and what else the system said.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        file.try_lock()?;
        let length = file.metadata()?.len();
        let layout = layout_of(length).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { file, layout, pending: false, broken: false })
    }

    pub(super) const fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether these are bytes of an image, and not of what is said about it.
    fn is_image(&self, at: u32) -> bool {
        let image = |slot| self.layout.image(slot, self.geometry());
        let holds = |slot| image(slot).is_some_and(|area| area.start <= at && at < area.end());
        Slot::BOTH.into_iter().any(holds)
    }

    fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        if self.broken {
            return Err(FlashError(io::ErrorKind::Other));
        }
        let image = self.is_image(at);
        if !image && self.pending {
            self.sync()?;
        }
        #[cfg(feature = "test-switches")]
        crate::firmware::switches::before_write(&self.file, at, bytes);
        self.file.write_all_at(bytes, at.into())?;
        self.pending = true;
        if image { Ok(()) } else { self.sync() }
    }

    fn sync(&mut self) -> Result<(), FlashError> {
        let synced = self.file.sync_data();
        self.broken = synced.is_err();
        self.pending = false;
        synced.map_err(FlashError::from)
    }
}

/// Where things are in a file of so many bytes; none when it is no whole number of blocks for each.
fn layout_of(length: u64) -> Option<Layout> {
    const STATE: u32 = STATE_BLOCKS * BLOCK;
    let slots = u32::try_from(length).ok()?.checked_sub(STATE)?;
    let is_whole = slots.is_multiple_of(2 * BLOCK) && slots != 0;
    is_whole.then(|| layout(slots / 2, BLOCK))
}

impl Flash for FileFlash {
    type Error = FlashError;

    fn geometry(&self) -> Geometry {
        Geometry { block: BLOCK, unit: UNIT }
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        Ok(self.file.read_exact_at(out, at.into())?)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.put(at, bytes)
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        self.put(at, &[ERASED; BLOCK as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_a_file_of_slots_is_whole_before_anything_is_in_it_and_is_opened_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("slots.bin");
        FileFlash::create(&path, 100_000).unwrap();
        assert!(FileFlash::create(&path, 100_000).is_err(), "one that is there stays");
        let mut flash = FileFlash::open(&path).unwrap();
        assert_eq!(FileFlash::open(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let at = flash.layout().b.start;
        flash.write(at, b"four").unwrap();
        drop(flash);
        let mut read = [0; 5];
        FileFlash::open(&path).unwrap().read(at, &mut read).unwrap();
        assert_eq!(&read, b"four\xff");
        std::fs::write(&path, b"short").unwrap();
        assert_eq!(FileFlash::open(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
