//! What a device's slots lie on: a file of its folder, or memory.
//!
//! Laid out alike: two blocks of state, then two slots of the same size. How large the slots are follows from how much
//! there is.

mod file;
mod memory;

pub(crate) use file::FileFlash;
pub use memory::MemoryFlash;

use pintle_firmware::flash::{Area, Flash, Geometry};
use pintle_firmware::release::MAX_STATEMENT;
use pintle_firmware::slots::Layout;
use std::io;

/// What is written together; chunks of an update are multiples of four bytes.
const UNIT: u32 = 4;

/// The flash could not do what it was asked to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct FlashError(pub io::ErrorKind);

impl From<io::Error> for FlashError {
    fn from(error: io::Error) -> Self {
        Self(error.kind())
    }
}

/// How many blocks the state has.
const STATE_BLOCKS: u32 = 2;

/// State and two slots of `slot` bytes, which are whole blocks.
const fn layout(slot: u32, block: u32) -> Layout {
    let state = STATE_BLOCKS * block;
    Layout {
        state: Area { start: 0, length: state },
        a: Area { start: state, length: slot },
        b: Area { start: state + slot, length: slot },
        release: MAX_STATEMENT as u32,
    }
}

/// What slots lie on.
#[derive(Debug)]
pub(crate) enum Medium {
    /// A file.
    File(FileFlash),
    /// Memory.
    Memory(MemoryFlash),
}

impl Medium {
    /// Where things are on it.
    pub(crate) const fn layout(&self) -> Layout {
        match self {
            Self::File(flash) => flash.layout(),
            Self::Memory(flash) => flash.layout(),
        }
    }
}

impl Flash for Medium {
    type Error = FlashError;

    fn geometry(&self) -> Geometry {
        match self {
            Self::File(flash) => flash.geometry(),
            Self::Memory(flash) => flash.geometry(),
        }
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        match self {
            Self::File(flash) => flash.read(at, out),
            Self::Memory(flash) => flash.read(at, out),
        }
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        match self {
            Self::File(flash) => flash.write(at, bytes),
            Self::Memory(flash) => flash.write(at, bytes),
        }
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        match self {
            Self::File(flash) => flash.erase(at),
            Self::Memory(flash) => flash.erase(at),
        }
    }
}
