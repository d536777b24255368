//! States on flash, one after the other: the valid one with the highest number counts.
//!
//! Each is written twice, side by side, so that one turned bit takes none away. A place is used only while all of it is
//! erased. Where a bank is full, the other one is erased and goes on: what counts is never erased before what follows
//! it is written, and never written over.

#[cfg(feature = "simulation")]
use super::Flaw;
use super::record::{self, SIZE};
use super::{Fault, Layout, State};
use crate::flash::{Area, Flash, erase_all, is_blank};

/// A state's place: two records.
pub(super) const PLACE: u32 = 2 * RECORD;

const RECORD: u32 = 192;
const _: () = assert!(RECORD as usize == SIZE);

/// The newest state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub state: State,
    /// Whether both copies are there.
    pub intact: bool,
    sequence: u64,
    bank: Area,
    place: u32,
}

/// Writes states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    #[cfg(feature = "simulation")]
    pub flaw: Option<Flaw>,
}

impl Log {
    /// The newest state that can be read.
    pub(super) fn load<F: Flash>(flash: &F, layout: &Layout) -> Option<Found> {
        let mut newest: Option<Found> = None;
        for bank in layout.banks() {
            for place in places(bank) {
                let copies = [read(flash, place), read(flash, place + RECORD)];
                let Some((state, sequence)) = copies.into_iter().flatten().max_by_key(|(_, n)| *n)
                else {
                    continue;
                };
                if newest.is_none_or(|found| sequence > found.sequence) {
                    let [first, second] = copies;
                    let intact = first.is_some() && first == second;
                    newest = Some(Found { state, intact, sequence, bank, place });
                }
            }
        }
        newest
    }

    /// Writes a state that counts from when the first copy is whole.
    pub(super) fn append<F: Flash>(
        self,
        flash: &mut F,
        layout: &Layout,
        state: &State,
    ) -> Result<(), Fault<F::Error>> {
        let found = Self::load(flash, layout);
        let sequence = found.map_or(0, |found| found.sequence) + 1;
        let free = found.and_then(|found| {
            let after = places(found.bank).filter(|place| *place > found.place);
            { after }.find(|place| is_blank(flash, *place, PLACE))
        });
        let place = match free {
            Some(place) => place,
            None => self.make_room(flash, layout, found.map(|found| found.bank))?,
        };
        let bytes = record::write(state, sequence);
        flash.write(place, &bytes).map_err(Fault::Flash)?;
        self.write_copy(flash, place + RECORD, &bytes)?;
        let kept = read(flash, place).or_else(|| read(flash, place + RECORD));
        if kept.is_some() { Ok(()) } else { Err(Fault::NotKept) }
    }

    fn write_copy<F: Flash>(
        self,
        flash: &mut F,
        at: u32,
        bytes: &[u8; SIZE],
    ) -> Result<(), Fault<F::Error>> {
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::WrittenOnce) {
            return Ok(());
        }
        flash.write(at, bytes).map_err(Fault::Flash)
    }

    /// Erases the bank that does not count; its first place.
    fn make_room<F: Flash>(
        self,
        flash: &mut F,
        layout: &Layout,
        counting: Option<Area>,
    ) -> Result<u32, Fault<F::Error>> {
        let [first, second] = layout.banks();
        let bank = if counting == Some(first) { second } else { first };
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::ErasesWhatCounts) {
            let counts = counting.unwrap_or(first);
            erase_all(flash, counts).map_err(Fault::Flash)?;
            return Ok(counts.start);
        }
        erase_all(flash, bank).map_err(Fault::Flash)?;
        Ok(bank.start)
    }
}

fn places(bank: Area) -> impl Iterator<Item = u32> {
    (0..bank.length / PLACE).map(move |index| bank.start + index * PLACE)
}

fn read<F: Flash>(flash: &F, at: u32) -> Option<(State, u64)> {
    let mut bytes = [0; SIZE];
    flash.read(at, &mut bytes).ok()?;
    record::read(&bytes)
}
