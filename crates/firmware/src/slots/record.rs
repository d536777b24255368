//! A state in 192 bytes, with a check at the end: the first eight bytes of the SHA-256 of all before.
//!
//! The check comes last, so a torn record has none; and no bit can turn without the check telling.

use super::state::{REMEMBERED, REMEMBERED_BYTES};
use super::{Entry, Image, Slot, Standing, State};
use crate::Digest;
use crate::little::{array, u8_at, u16_at, u32_at};

/// How long a record is, in bytes: a multiple of every unit that is allowed.
pub(super) const SIZE: usize = 192;

const CHECK: usize = SIZE - 8;
const FORMAT: u8 = 1;

const SEQUENCE: usize = 8;
const ENTRIES: usize = 16;
const ENTRY: usize = 44;
const REJECTED: usize = ENTRIES + 2 * ENTRY;

/// Writes a state and its number.
pub(super) fn write(state: &State, sequence: u64) -> [u8; SIZE] {
    let mut out = [0; SIZE];
    put(&mut out, 0, &[FORMAT, slot_number(state.current)]);
    put(&mut out, 4, &state.floor.to_le_bytes());
    put(&mut out, SEQUENCE, &sequence.to_le_bytes());
    for (index, slot) in Slot::BOTH.into_iter().enumerate() {
        put_entry(&mut out, ENTRIES + index * ENTRY, state.entry(slot));
    }
    for (index, digest) in state.rejected.iter().enumerate() {
        put(&mut out, REJECTED + index * REMEMBERED_BYTES, digest);
    }
    let check = check(&out);
    put(&mut out, CHECK, &check);
    out
}

/// Reads a state and its number; none where the check does not hold.
pub(super) fn read(bytes: &[u8; SIZE]) -> Option<(State, u64)> {
    (u8_at(bytes, 0)? == FORMAT && check(bytes) == array(bytes, CHECK)?).then_some(())?;
    let mut rejected = [[0; REMEMBERED_BYTES]; REMEMBERED];
    for (index, digest) in rejected.iter_mut().enumerate() {
        *digest = array(bytes, REJECTED + index * REMEMBERED_BYTES)?;
    }
    let state = State {
        a: entry(bytes, ENTRIES)?,
        b: entry(bytes, ENTRIES + ENTRY)?,
        current: match u8_at(bytes, 1)? {
            1 => Some(Slot::A),
            2 => Some(Slot::B),
            _ => None,
        },
        floor: u32_at(bytes, 4)?,
        rejected,
    };
    Some((state, u64::from_le_bytes(array(bytes, SEQUENCE)?)))
}

fn check(bytes: &[u8; SIZE]) -> [u8; 8] {
    let covered = bytes.get(..CHECK).unwrap_or_default();
    Digest::of(covered).0.first_chunk().copied().unwrap_or_default()
}

fn slot_number(slot: Option<Slot>) -> u8 {
    match slot {
        None => 0,
        Some(Slot::A) => 1,
        Some(Slot::B) => 2,
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// Standing, boots, version, counter, length, digest; all zero for an empty slot.
fn put_entry(out: &mut [u8], at: usize, entry: Option<&Entry>) {
    let Some(Entry { image, standing }) = entry else { return };
    let (standing, boots) = match standing {
        Standing::Staged => (1, 0),
        Standing::Trial { boots } => (2, *boots),
        Standing::Confirmed => (3, 0),
        Standing::Rejected => (4, 0),
    };
    put(out, at, &[standing, boots]);
    put(out, at + 2, &image.version.to_le_bytes());
    put(out, at + 4, &image.counter.to_le_bytes());
    put(out, at + 8, &image.length.to_le_bytes());
    put(out, at + 12, image.digest.as_bytes());
}

/// The outer option is none for what cannot be read, the inner for an empty slot.
fn entry(bytes: &[u8], at: usize) -> Option<Option<Entry>> {
    let standing = match u8_at(bytes, at)? {
        0 => return Some(None),
        1 => Standing::Staged,
        2 => Standing::Trial { boots: u8_at(bytes, at + 1)? },
        3 => Standing::Confirmed,
        4 => Standing::Rejected,
        _ => return None,
    };
    let image = Image {
        version: u16_at(bytes, at + 2)?,
        counter: u32_at(bytes, at + 4)?,
        length: u32_at(bytes, at + 8)?,
        digest: Digest(array(bytes, at + 12)?),
    };
    Some(Some(Entry { image, standing }))
}
