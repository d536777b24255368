//! Where state and slots are on a flash.
//!
//! The state is two banks of the same size. A slot is an image's blocks, then a tail of whole blocks: what the image
//! is (64 bytes), its release, and a unit each for "good", "void" and every block that is stored.

use super::Slot;
use crate::flash::{Area, Geometry};

/// Where state and slots are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The state: an even number of blocks.
    pub state: Area,
    /// The first slot.
    pub a: Area,
    /// The second slot.
    pub b: Area,
    /// How many bytes are kept for the release beside an image.
    pub release: u32,
}

/// What is wrong with a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutFault {
    /// Something is not whole blocks.
    #[error("state and slots have to be whole blocks of the flash")]
    NotWhole,
    /// Two parts share bytes.
    #[error("state and slots must not overlap")]
    Overlap,
    /// The state is too small.
    #[error("the state needs an even number of blocks, with room for two states in each half")]
    StateTooSmall,
    /// A slot has no room for an image.
    #[error("a slot has no room for an image beside what is said about it")]
    SlotTooSmall,
    /// The units of the flash are unusual.
    #[error("the flash's unit has to be a power of two of at most 64 bytes, and divide its block")]
    Unit,
}

/// What an image is, at the start of the tail.
pub(super) const DESCRIPTOR: u32 = 64;

/// "Good" and "void".
const MARKS: u32 = 2;

/// A slot's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The image's blocks.
    pub image: Area,
    /// All of the tail.
    pub tail: Area,
    /// Where the release begins.
    pub release: u32,
    /// Where the marks begin.
    pub marks: u32,
}

impl Layout {
    pub(super) fn area(&self, slot: Slot) -> Area {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    /// Where the image of a slot begins.
    #[must_use]
    pub(super) fn slot(&self, slot: Slot) -> u32 {
        self.area(slot).start
    }

    /// The largest image that fits both slots, in bytes.
    #[must_use]
    pub fn room(&self, geometry: Geometry) -> u32 {
        let room = |slot| self.parts(slot, geometry).map_or(0, |parts| parts.image.length);
        room(Slot::A).min(room(Slot::B))
    }

    /// Where the image of a slot goes; none when the slot has no room for one.
    #[must_use]
    pub fn image(&self, slot: Slot, geometry: Geometry) -> Option<Area> {
        self.parts(slot, geometry).map(|parts| parts.image)
    }

    pub(super) fn parts(&self, slot: Slot, geometry: Geometry) -> Option<Parts> {
        let Area { start, length } = self.area(slot);
        let release = self.release.next_multiple_of(geometry.unit);
        let marks = (length / geometry.block).checked_add(MARKS)?.checked_mul(geometry.unit)?;
        let said = DESCRIPTOR.checked_add(release)?.checked_add(marks)?;
        let tail = said.next_multiple_of(geometry.block);
        let image = length.checked_sub(tail).filter(|image| *image != 0)?;
        let begin = start + image;
        Some(Parts {
            image: Area { start, length: image },
            tail: Area { start: begin, length: tail },
            release: begin + DESCRIPTOR,
            marks: begin + DESCRIPTOR + release,
        })
    }

    /// The two halves of the state.
    pub(super) fn banks(&self) -> [Area; 2] {
        let Area { start, length } = self.state;
        [Area { start, length: length / 2 }, Area { start: start + length / 2, length: length / 2 }]
    }

    pub(super) fn check(&self, geometry: Geometry) -> Result<(), LayoutFault> {
        let Geometry { block, unit } = geometry;
        if !unit.is_power_of_two() || unit > DESCRIPTOR || !block.is_multiple_of(unit) {
            return Err(LayoutFault::Unit);
        }
        let areas = [self.state, self.a, self.b];
        if self.release > u32::from(u16::MAX) || !areas.iter().all(|area| area.is_whole(geometry)) {
            return Err(LayoutFault::NotWhole);
        }
        let [state, a, b] = areas;
        if state.overlaps(&a) || state.overlaps(&b) || a.overlaps(&b) {
            return Err(LayoutFault::Overlap);
        }
        let [bank, _] = self.banks();
        if !bank.is_whole(geometry) || bank.length < 2 * super::log::PLACE {
            return Err(LayoutFault::StateTooSmall);
        }
        let fits = |slot| self.parts(slot, geometry).is_some();
        if fits(Slot::A) && fits(Slot::B) { Ok(()) } else { Err(LayoutFault::SlotTooSmall) }
    }
}
