//! What a slot says of itself, in its tail: which image it is for, its release, how much of it is stored, whether it
//! is good. The state is what counts; this is for going on with a transfer, and for a device whose state is lost.

use super::layout::{DESCRIPTOR, Parts};
use super::{Entry, Image, Layout, Slot, Standing, State};
use crate::Digest;
use crate::flash::{Flash, is_blank};
use crate::little::{array, size, u16_at, u32_at};
use sha2::Digest as _;

const MAGIC: [u8; 4] = *b"pslt";
const CHECK: usize = DESCRIPTOR as usize - 8;
const LARGEST_UNIT: usize = 64;

/// What is said about a slot as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Its image was confirmed.
    Good,
    /// Its image was rejected.
    Void,
}

/// The bytes of a descriptor.
pub(super) fn descriptor(image: &Image, release: u16) -> [u8; DESCRIPTOR as usize] {
    let mut out = [0; DESCRIPTOR as usize];
    let fields: [&[u8]; 6] = [
        &MAGIC,
        &image.length.to_le_bytes(),
        &image.counter.to_le_bytes(),
        &image.version.to_le_bytes(),
        &release.to_le_bytes(),
        image.digest.as_bytes(),
    ];
    for (place, byte) in out.iter_mut().zip(fields.into_iter().flatten()) {
        *place = *byte;
    }
    let check = check(&out);
    if let Some(place) = out.last_chunk_mut() {
        *place = check;
    }
    out
}

fn check(bytes: &[u8; DESCRIPTOR as usize]) -> [u8; 8] {
    let covered = bytes.get(..CHECK).unwrap_or_default();
    Digest::of(covered).0.first_chunk().copied().unwrap_or_default()
}

/// The image that a slot says it is for, and how long its release is.
pub(super) fn described<F: Flash>(flash: &F, parts: &Parts) -> Option<(Image, u16)> {
    let mut bytes = [0; DESCRIPTOR as usize];
    flash.read(parts.tail.start, &mut bytes).ok()?;
    (array(&bytes, 0)? == MAGIC && check(&bytes) == array(&bytes, CHECK)?).then_some(())?;
    let image = Image {
        length: u32_at(&bytes, 4)?,
        counter: u32_at(&bytes, 8)?,
        version: u16_at(&bytes, 12)?,
        digest: Digest(array(&bytes, 16)?),
    };
    Some((image, u16_at(&bytes, 14)?))
}

/// The SHA-256 of the first bytes of a slot.
pub(super) fn digest<F: Flash>(flash: &F, start: u32, length: u32) -> Option<Digest> {
    let mut hash = sha2::Sha256::new();
    let mut piece = [0; 512];
    let mut done = 0;
    while done < length {
        let take = size((length - done).min(512));
        let piece = piece.get_mut(..take)?;
        flash.read(start.checked_add(done)?, piece).ok()?;
        hash.update(piece);
        done += u32::try_from(take).ok()?;
    }
    Some(Digest(hash.finalize().into()))
}

/// The unit of the mark of block `index`; the two of the whole slot come before.
fn unit_of(parts: &Parts, unit: u32, index: u32) -> u32 {
    parts.marks + (2 + index) * unit
}

/// How many blocks from the first on are stored whole. A mark that is only begun counts: it is begun when the block is
/// whole.
pub(super) fn stored_blocks<F: Flash>(flash: &F, parts: &Parts) -> u32 {
    let geometry = flash.geometry();
    let blocks = parts.image.length / geometry.block;
    let marked = |index: &u32| {
        let mut unit = [0; LARGEST_UNIT];
        let at = unit_of(parts, geometry.unit, *index);
        let unit = unit.get_mut(..size(geometry.unit));
        unit.is_some_and(|unit| flash.read(at, unit).is_ok() && unit.iter().any(|b| *b != 0xff))
    };
    (0..blocks).find(|index| !marked(index)).unwrap_or(blocks)
}

/// Says that a block is stored whole.
pub(super) fn mark_block<F: Flash>(
    flash: &mut F,
    parts: &Parts,
    index: u32,
) -> Result<(), F::Error> {
    let unit = flash.geometry().unit;
    let at = unit_of(parts, unit, index);
    // Begun before a cut: it says what it has to, and no unit is written twice.
    if is_blank(flash, at, unit) { write_unit(flash, at, unit) } else { Ok(()) }
}

/// Says something about a slot as a whole, unless it is said already.
pub(super) fn set_mark<F: Flash>(
    flash: &mut F,
    layout: &Layout,
    slot: Slot,
    mark: Mark,
) -> Result<(), F::Error> {
    let geometry = flash.geometry();
    let Some(parts) = layout.parts(slot, geometry) else { return Ok(()) };
    let at = mark_unit(&parts, geometry.unit, mark);
    if !is_blank(flash, at, geometry.unit) {
        return Ok(());
    }
    write_unit(flash, at, geometry.unit)
}

fn mark_unit(parts: &Parts, unit: u32, mark: Mark) -> u32 {
    match mark {
        Mark::Good => parts.marks,
        Mark::Void => parts.marks + unit,
    }
}

fn write_unit<F: Flash>(flash: &mut F, at: u32, unit: u32) -> Result<(), F::Error> {
    match [0; LARGEST_UNIT].get(..size(unit)) {
        Some(zeros) => flash.write(at, zeros),
        None => Ok(()),
    }
}

/// What a device makes of its slots when no state can be read: the best image that is whole and was not rejected is
/// confirmed, and so is the other if it once was. The counter is the best one's.
pub(super) fn salvage<F: Flash>(flash: &F, layout: &Layout) -> State {
    let mut state = State::EMPTY;
    let [a, b] = Slot::BOTH.map(|slot| whole(flash, layout, slot).map(|found| (found, slot)));
    let rank = |((good, image), _): &((bool, Image), Slot)| (*good, image.counter, image.version);
    let (best, other) = if a.as_ref().map(rank) >= b.as_ref().map(rank) { (a, b) } else { (b, a) };
    let Some(((_, image), slot)) = best else { return state };
    let confirmed = |image| Some(Entry { image, standing: Standing::Confirmed });
    state.set(slot, confirmed(image));
    // One that was never confirmed must not come back when the best is damaged one day.
    if let Some(((true, image), slot)) = other {
        state.set(slot, confirmed(image));
    }
    state.confirm(slot);
    state
}

/// The image of a slot, if all of it is there and it was not rejected; and whether it was confirmed.
fn whole<F: Flash>(flash: &F, layout: &Layout, slot: Slot) -> Option<(bool, Image)> {
    let geometry = flash.geometry();
    let parts = layout.parts(slot, geometry)?;
    let (image, _) = described(flash, &parts)?;
    let said = |mark| !is_blank(flash, mark_unit(&parts, geometry.unit, mark), geometry.unit);
    let fits = image.length <= parts.image.length && !said(Mark::Void);
    let there = fits && digest(flash, parts.image.start, image.length) == Some(image.digest);
    there.then(|| (said(Mark::Good), image))
}
