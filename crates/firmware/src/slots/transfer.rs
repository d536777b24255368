//! An update on its way into the slot that is not running.

use super::layout::Parts;
use super::slot::{self, described, mark_block, stored_blocks};
use super::{Entry, Fault, Image, Refused, Slot, Slots, Standing, State};
use crate::flash::{ERASED, Flash, erase_all};
use crate::little::size;

#[cfg(feature = "simulation")]
use super::Flaw;

/// What is known of it between two pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    slot: Slot,
    image: Image,
    stored: u32,
}

const LARGEST_UNIT: usize = 64;

impl<F: Flash> Slots<F> {
    /// Whether an image is wanted, and into which slot.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn offer(&self, image: &Image) -> Result<Slot, Refused> {
        let state = self.state();
        self.judge(&state, image)
    }

    fn judge(&self, state: &State, image: &Image) -> Result<Slot, Refused> {
        let is_there = |slot| {
            let entry = state.entry(slot).filter(|entry| entry.image.digest == image.digest);
            entry.is_some_and(|entry| match entry.standing {
                Standing::Staged | Standing::Trial { .. } => true,
                Standing::Confirmed => state.current == Some(slot),
                Standing::Rejected => false,
            })
        };
        if is_there(Slot::A) || is_there(Slot::B) {
            return Err(Refused::AlreadyThere);
        }
        if state.was_rejected(&image.digest) {
            return Err(Refused::Rejected);
        }
        if image.counter < state.floor {
            return Err(Refused::Older { counter: image.counter, floor: state.floor });
        }
        let room = self.layout.room(self.flash.geometry());
        if image.length > room || image.length == 0 {
            return Err(Refused::TooLarge { length: image.length, room });
        }
        self.spare(state)
    }

    /// The slot that may be written to.
    fn spare(&self, state: &State) -> Result<Slot, Refused> {
        let spare = state.current.ok_or(Refused::NotConfirmed)?.other();
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::WritesOverRunning) {
            return Ok(spare.other());
        }
        match state.entry(spare).map(|entry| entry.standing) {
            Some(Standing::Trial { .. }) => Err(Refused::NotConfirmed),
            _ => Ok(spare),
        }
    }

    /// Begins a transfer, or goes on with it: how many bytes are already stored. `release` is kept beside the image.
    ///
    /// # Errors
    /// [`Fault::Refused`], [`Fault::Flash`].
    pub fn begin(&mut self, image: &Image, release: &[u8]) -> Result<u32, Fault<F::Error>> {
        let mut state = self.state();
        let slot = self.judge(&state, image).map_err(Fault::Refused)?;
        let parts = self.parts(slot)?;
        let stored = self.resumes(&state, slot, &parts, image, release);
        if stored.is_none() {
            if state.entry(slot).is_some() {
                state.set(slot, None);
                self.save(&state)?;
            }
            self.describe(slot, image, release)?;
        }
        let stored = stored.unwrap_or(0);
        self.transfer = Some(Transfer { slot, image: *image, stored });
        Ok(stored)
    }

    /// How much is stored of just this transfer, if it was begun before.
    fn resumes(
        &self,
        state: &State,
        slot: Slot,
        parts: &Parts,
        image: &Image,
        release: &[u8],
    ) -> Option<u32> {
        let (found, length) = described(&self.flash, parts)?;
        let same = found == *image && usize::from(length) == release.len();
        (same && state.entry(slot).is_none() && self.has_release(parts, release)).then(|| {
            let blocks = stored_blocks(&self.flash, parts);
            blocks.saturating_mul(self.flash.geometry().block).min(image.length)
        })
    }

    fn has_release(&self, parts: &Parts, release: &[u8]) -> bool {
        let mut at = parts.release;
        release.chunks(64).all(|wanted| {
            let mut found = [0; 64];
            let Some(found) = found.get_mut(..wanted.len()) else { return false };
            let read = self.flash.read(at, found).is_ok();
            at += 64;
            read && *found == *wanted
        })
    }

    /// Forgets what the slot held, and says what it will hold. The release comes before the descriptor, so that where
    /// the descriptor is, so is the release.
    pub(super) fn describe(
        &mut self,
        slot: Slot,
        image: &Image,
        release: &[u8],
    ) -> Result<(), Fault<F::Error>> {
        let parts = self.parts(slot)?;
        let too_large =
            Refused::ReleaseTooLarge { length: release.len(), room: self.layout.release };
        let length = u16::try_from(release.len()).map_err(|_| Fault::Refused(too_large))?;
        if u32::from(length) > self.layout.release {
            return Err(Fault::Refused(too_large));
        }
        erase_all(&mut self.flash, parts.tail).map_err(Fault::Flash)?;
        let mut at = parts.release;
        for piece in release.chunks(LARGEST_UNIT) {
            self.write_padded(at, piece)?;
            at += LARGEST_UNIT as u32;
        }
        let bytes = slot::descriptor(image, length);
        self.flash.write(parts.tail.start, &bytes).map_err(Fault::Flash)
    }

    /// Stores the next piece. All but the last are whole units of the flash.
    ///
    /// # Errors
    /// [`Fault::OutOfOrder`], [`Fault::Length`], [`Fault::Unaligned`], [`Fault::NoTransfer`]; [`Fault::Flash`].
    pub fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault<F::Error>> {
        let Transfer { slot, image, stored } = self.transfer.ok_or(Fault::NoTransfer)?;
        if offset != stored {
            return Err(Fault::OutOfOrder { expected: stored, given: offset });
        }
        let length = bytes.len();
        let end = u32::try_from(length).ok().and_then(|length| stored.checked_add(length));
        let end = end.filter(|end| *end <= image.length);
        let end = end.ok_or(Fault::Length { stored, announced: image.length })?;
        let unit = self.flash.geometry().unit;
        if end != image.length && !end.is_multiple_of(unit) {
            return Err(Fault::Unaligned { length });
        }
        let parts = self.parts(slot)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.store_in_block(&parts, rest)?;
        }
        Ok(())
    }

    /// Stores as much as goes into one block; what is left.
    fn store_in_block<'b>(
        &mut self,
        parts: &Parts,
        bytes: &'b [u8],
    ) -> Result<&'b [u8], Fault<F::Error>> {
        let block = self.flash.geometry().block;
        let Transfer { image, stored, .. } = self.transfer.ok_or(Fault::NoTransfer)?;
        let (index, within) = (stored / block, stored % block);
        let at = parts.image.start + stored;
        if within == 0 {
            self.flash.erase(at).map_err(Fault::Flash)?;
            #[cfg(feature = "simulation")]
            if self.flaw == Some(Flaw::MarkedBeforeStored) {
                mark_block(&mut self.flash, parts, index).map_err(Fault::Flash)?;
            }
        }
        let (now, rest) = bytes.split_at_checked(size(block - within)).unwrap_or((bytes, &[]));
        self.write_aligned(at, now)?;
        let stored = stored + u32::try_from(now.len()).unwrap_or(0);
        if let Some(transfer) = &mut self.transfer {
            transfer.stored = stored;
        }
        if stored.is_multiple_of(block) || stored == image.length {
            self.mark_stored(parts, index)?;
        }
        Ok(rest)
    }

    fn mark_stored(&mut self, parts: &Parts, index: u32) -> Result<(), Fault<F::Error>> {
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::MarkedBeforeStored) {
            return Ok(());
        }
        mark_block(&mut self.flash, parts, index).map_err(Fault::Flash)
    }

    /// Writes whole units, and the last begun one filled up.
    fn write_aligned(&mut self, at: u32, bytes: &[u8]) -> Result<(), Fault<F::Error>> {
        let unit = size(self.flash.geometry().unit);
        let whole = bytes.len() - bytes.len() % unit;
        let (whole, begun) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        if !whole.is_empty() {
            self.flash.write(at, whole).map_err(Fault::Flash)?;
        }
        if begun.is_empty() {
            return Ok(());
        }
        self.write_padded(at + u32::try_from(whole.len()).unwrap_or(0), begun)
    }

    /// Writes at most 64 bytes, filled up to whole units.
    fn write_padded(&mut self, at: u32, bytes: &[u8]) -> Result<(), Fault<F::Error>> {
        let unit = size(self.flash.geometry().unit);
        let mut padded = [ERASED; LARGEST_UNIT];
        for (place, byte) in padded.iter_mut().zip(bytes) {
            *place = *byte;
        }
        let length = bytes.len().next_multiple_of(unit);
        let padded = padded.get(..length).ok_or(Fault::Unaligned { length })?;
        self.flash.write(at, padded).map_err(Fault::Flash)
    }

    /// All is stored: reads it back, and lets it boot on trial if it is the image that was announced.
    ///
    /// # Errors
    /// [`Fault::Length`] while something is missing; [`Fault::Damaged`] when it is another image: it is forgotten then,
    /// and the transfer begins anew; [`Fault::NoTransfer`]; [`Fault::Flash`].
    pub fn stage(&mut self) -> Result<(), Fault<F::Error>> {
        let Transfer { slot, image, stored } = self.transfer.ok_or(Fault::NoTransfer)?;
        if stored != image.length {
            return Err(Fault::Length { stored, announced: image.length });
        }
        self.transfer = None;
        if !self.holds(slot, &image) {
            let parts = self.parts(slot)?;
            erase_all(&mut self.flash, parts.tail).map_err(Fault::Flash)?;
            return Err(Fault::Damaged);
        }
        let mut state = self.state();
        state.set(slot, Some(Entry { image, standing: Standing::Staged }));
        self.save(&state)
    }

    /// Forgets a transfer, and what is stored of it.
    ///
    /// # Errors
    /// [`Fault::Flash`].
    pub fn cancel(&mut self) -> Result<(), Fault<F::Error>> {
        let Some(Transfer { slot, .. }) = self.transfer.take() else { return Ok(()) };
        let parts = self.parts(slot)?;
        erase_all(&mut self.flash, parts.tail).map_err(Fault::Flash)
    }

    /// The release beside the image of a slot, as much of it as `out` takes; its whole length.
    #[must_use]
    pub fn release(&self, slot: Slot, out: &mut [u8]) -> Option<usize> {
        let parts = self.parts(slot).ok()?;
        let (_, length) = described(&self.flash, &parts)?;
        let length = usize::from(length);
        let take = length.min(out.len());
        self.flash.read(parts.release, out.get_mut(..take)?).ok()?;
        Some(length)
    }

    fn parts(&self, slot: Slot) -> Result<Parts, Fault<F::Error>> {
        let parts = self.layout.parts(slot, self.flash.geometry());
        parts.ok_or(Fault::Refused(Refused::TooLarge { length: 0, room: 0 }))
    }
}
