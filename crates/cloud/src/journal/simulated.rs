//! A disk in memory that misbehaves on demand and the same way for the same seed: it crashes, tears, fills
//! up, refuses, stalls and lies.
//!
//! What a crash does to a file: its synced bytes stay; what was appended after them ends anywhere, and
//! each 512-byte sector of it reached the disk or did not (then it reads as zeros), in any order. A sync that
//! fails loses what it should have made durable, though reading shows it until the crash, and a later sync
//! that succeeds does not bring it back.

use super::disk::Disk;
use super::frame;
use super::segment::{self, Origin};
use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind, Read};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;

/// A disk in memory. Clones are the same disk, so that a test keeps one and the node the other.
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Simulated>,
    limit: Option<usize>,
    failing_syncs: usize,
    read_only: bool,
    lying: bool,
    stalled: bool,
    /// How many operations are still done before the power fails.
    power: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Simulated {
    bytes: Vec<u8>,
    /// So many bytes survive a crash, save those doomed.
    synced: usize,
    /// What a failed sync lost.
    doomed: Vec<Range<usize>>,
    /// The file itself may vanish.
    unnamed: bool,
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) const fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }
}

impl SimulatedDisk {
    /// An empty disk that behaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Power off and on: what was not synced is there, gone or torn, as `seed` has it. Stalls, limits and
    /// refusals end; a liar stays one.
    pub fn crash(&self, seed: u64) {
        let mut state = self.state();
        let mut dice = Dice(seed);
        state.files.retain(|_, file| !file.unnamed || dice.below(2) == 0);
        state.files.values_mut().for_each(|file| file.crash(&mut dice));
        *state = State {
            files: std::mem::take(&mut state.files),
            lying: state.lying,
            ..State::default()
        };
        drop(state);
        self.shared.released.notify_all();
    }

    /// The power fails when so many more writes, syncs, creations and removals were done: those after them do
    /// nothing, until [`Self::crash`] ends the outage.
    pub fn cut_power_after(&self, operations: usize) {
        self.state().power = Some(operations);
    }

    /// From now on the disk confirms what it does not do: synced bytes and new files may be lost, too.
    pub fn set_lying(&self, lying: bool) {
        self.state().lying = lying;
    }

    /// The disk holds so many bytes at most; an append past that writes what fits, and fails.
    pub fn limit(&self, bytes: usize) {
        self.state().limit = Some(bytes);
    }

    /// There is space again.
    pub fn unlimit(&self) {
        self.state().limit = None;
    }

    /// The next so many syncs fail.
    pub fn fail_syncs(&self, count: usize) {
        self.state().failing_syncs = count;
    }

    /// Nothing can be written, or removed.
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// What is written, synced, created or removed from now on waits for [`Self::release`]. Without threads,
    /// ask [`Self::is_stalled`] before writing.
    pub fn stall(&self) {
        self.state().stalled = true;
    }

    /// Ends a stall.
    pub fn release(&self) {
        self.state().stalled = false;
        self.shared.released.notify_all();
    }

    /// Whether a write would wait now.
    pub fn is_stalled(&self) -> bool {
        self.state().stalled
    }

    /// The names of all files, in order.
    pub fn names(&self) -> Vec<String> {
        self.state().files.keys().cloned().collect()
    }

    /// Cuts a file short, or changes it otherwise, behind the journal's back.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(file) = self.state().files.get_mut(name) {
            change(&mut file.bytes);
            file.synced = file.bytes.len();
        }
    }

    /// The bytes of all files together.
    pub fn bytes(&self) -> usize {
        self.state().size()
    }

    /// What a file holds; none where there is no such file.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.state().files.get(name).map(|file| file.bytes.clone())
    }

    /// Puts a file there as it is, synced; one of that name is replaced.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let file = Simulated { synced: bytes.len(), bytes, ..Simulated::default() };
        self.state().files.insert(name.to_owned(), file);
    }

    /// A disk of its own with the same files: a copied folder.
    #[must_use]
    pub fn copied(&self) -> Self {
        let copy = Self::new();
        copy.state().files.clone_from(&self.state().files);
        copy
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, when the disk is not stalled, for an operation that changes it.
    fn writable(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.powered()?;
        if state.read_only { Err(ErrorKind::ReadOnlyFilesystem.into()) } else { Ok(state) }
    }

    fn powered(&self) -> io::Result<MutexGuard<'_, State>> {
        let waited = self.shared.released.wait_while(self.state(), |state| state.stalled);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        match &mut state.power {
            Some(0) => Err(io::Error::other("no power")),
            Some(left) => {
                *left -= 1;
                Ok(state)
            }
            None => Ok(state),
        }
    }
}

/// The bytes of a segment with these frames (number, first that counts, payload), each with the checksum
/// it needs: for payloads that no journal would write.
pub fn segment_of(origin: &Origin, number: u64, frames: &[(u64, u64, &[u8])]) -> Vec<u8> {
    let mut out = segment::header(origin, number);
    for (number, begins, payload) in frames {
        let mut bytes = Vec::new();
        frame::start(&mut bytes);
        bytes.extend_from_slice(payload);
        frame::seal(&mut bytes, *number, *begins, 0);
        out.extend_from_slice(&bytes);
    }
    out
}

impl State {
    fn size(&self) -> usize {
        self.files.values().map(|file| file.bytes.len()).sum()
    }

    fn file(&mut self, name: &str) -> io::Result<&mut Simulated> {
        self.files.get_mut(name).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Simulated {
    /// Makes everything durable, but for what an earlier sync lost.
    const fn sync(&mut self) {
        self.synced = self.bytes.len();
    }

    fn fail_sync(&mut self) {
        self.doomed.push(self.synced..self.bytes.len());
        self.synced = self.bytes.len();
    }

    fn crash(&mut self, dice: &mut Dice) {
        let doomed = std::mem::take(&mut self.doomed);
        doomed.into_iter().for_each(|range| self.zero(range));
        let tail = self.bytes.len() - self.synced;
        // The extremes are worth more than their share: all of it there, or none.
        let kept = match dice.below(4) {
            0 => 0,
            1 => tail,
            _ => dice.below(tail + 1),
        };
        self.bytes.truncate(self.synced + kept);
        self.forget_sectors(dice);
        self.synced = self.bytes.len();
        self.unnamed = false;
    }

    /// Of each eight unsynced sectors, so many did not reach the disk as the dice have it for this file.
    fn forget_sectors(&mut self, dice: &mut Dice) {
        let forgotten = [0, 1, 4, 8].get(dice.below(4)).copied().unwrap_or(0);
        let mut start = self.synced;
        while start < self.bytes.len() {
            let end = (start / SECTOR + 1) * SECTOR;
            if dice.below(8) < forgotten {
                self.zero(start..end);
            }
            start = end;
        }
    }

    fn zero(&mut self, range: Range<usize>) {
        self.bytes.iter_mut().take(range.end).skip(range.start).for_each(|byte| *byte = 0);
    }
}

impl Disk for SimulatedDisk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn read(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let content = self.content(name).ok_or(ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(content)))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.writable()?;
        if state.files.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = Simulated { unnamed: state.lying, ..Simulated::default() };
        state.files.insert(name.to_owned(), file);
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.writable()?;
        let space = state.limit.map_or(usize::MAX, |limit| limit.saturating_sub(state.size()));
        let file = state.file(name)?;
        file.bytes.extend(bytes.iter().take(space));
        if space < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.powered()?;
        let lying = state.lying;
        if state.failing_syncs > 0 {
            state.failing_syncs -= 1;
            state.file(name)?.fail_sync();
            return Err(io::Error::other("input/output error"));
        }
        let file = state.file(name)?;
        if !lying {
            file.sync();
            file.unnamed = false;
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut state = self.writable()?;
        state.files.remove(name).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(synced: &[u8], unsynced: &[u8]) -> SimulatedDisk {
        let mut disk = SimulatedDisk::new();
        disk.create("a").unwrap();
        disk.append("a", synced).unwrap();
        disk.sync("a").unwrap();
        disk.append("a", unsynced).unwrap();
        disk
    }

    fn after_crash(seed: u64) -> Vec<u8> {
        let disk = disk(&[1; 700], &[2; 3000]);
        disk.crash(seed);
        disk.content("a").unwrap()
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_any_part_of_the_rest() {
        let outcomes: Vec<_> = (0..200).map(after_crash).collect();
        assert!(outcomes.iter().all(|bytes| bytes[..700] == [1; 700]));
        assert!(outcomes.iter().any(|bytes| bytes.len() == 700));
        assert!(outcomes.iter().any(|bytes| bytes[700..] == [2; 3000]));
        let reordered = |bytes: &Vec<u8>| bytes[700..].windows(2).any(|pair| pair == [0, 2]);
        assert!(outcomes.iter().any(reordered));
        assert_eq!(after_crash(7), after_crash(7));
    }

    #[test]
    fn a_lying_disk_loses_what_it_confirmed() {
        let lost = (0..100).any(|seed| {
            let disk = disk(&[], &[]);
            disk.set_lying(true);
            let mut handle = disk.clone();
            handle.append("a", &[1; 600]).unwrap();
            handle.sync("a").unwrap();
            disk.crash(seed);
            disk.content("a").unwrap() != [1; 600]
        });
        assert!(lost);
    }

    #[test]
    fn a_failed_sync_loses_its_bytes_though_the_next_succeeds() {
        let mut disk = disk(&[1; 10], &[2; 10]);
        disk.fail_syncs(1);
        assert!(disk.sync("a").is_err());
        disk.append("a", &[3; 10]).unwrap();
        disk.sync("a").unwrap();
        assert_eq!(disk.content("a").unwrap()[10..20], [2; 10]);
        disk.crash(1);
        assert_eq!(disk.content("a").unwrap()[10..20], [0; 10]);
        assert_eq!(disk.content("a").unwrap()[20..], [3; 10]);
    }

    #[test]
    fn a_full_disk_takes_what_fits() {
        let mut disk = disk(&[1; 10], &[]);
        disk.limit(15);
        assert_eq!(disk.append("a", &[2; 10]).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.bytes(), 15);
        disk.unlimit();
        disk.append("a", &[2; 10]).unwrap();
    }

    #[test]
    fn a_read_only_disk_refuses_every_change() {
        let mut disk = disk(&[1; 10], &[]);
        disk.set_read_only(true);
        assert!(disk.create("b").is_err() && disk.append("a", &[1]).is_err());
        assert!(disk.remove("a").is_err() && disk.read("a").is_ok());
    }
}
