//! The side of the shard: entries in, frames out, and what is durable. No disk, no thread, no clock.
//!
//! 1. [`Journal::append`] puts an entry into the frame being filled and names that frame: the ticket.
//! 2. [`Journal::take_frame`] seals the oldest frame, when none is on its way; the shard hands it to the
//!    scribe.
//! 3. What the scribe reports goes to [`Journal::durable`] or [`Journal::failed`].
//! 4. [`Journal::is_durable`] then holds for every ticket of that frame.
//!
//! Buffers go round between shard and scribe, so that an append allocates only while they grow.

use super::entry::Entry;
use super::error::JournalError;
use super::frame::{self, Frame, HEADER, LONGEST_PAYLOAD};
use super::replay::Recovered;
use std::collections::VecDeque;
use std::mem;

/// A log shorter than this is never said again: 64 MiB.
pub const REWRITE_FLOOR: u64 = 64 << 20;

/// Buffers that are kept for the next frame, at most.
const SPARE: usize = 2;
/// A buffer that grew past this, in a stall, is given back to the system: 1 MiB.
const LONGEST_SPARE: usize = 1 << 20;

/// The number of the frame that an entry will be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The journal of one shard.
#[derive(Debug)]
pub struct Journal {
    /// Full frames that wait, oldest first.
    full: VecDeque<Filling>,
    filling: Filling,
    spare: Vec<Vec<u8>>,
    on_its_way: Option<OnItsWay>,
    durable: u64,
    begins: u64,
    stalled: bool,
    rewrite: Rewrite,
    /// Bytes of the log since the oldest segment.
    log_bytes: u64,
    /// Bytes of the log when it had been said again the last time.
    live_bytes: u64,
    /// The log has a hole: it is said again as soon as can be.
    damaged: bool,
}

#[derive(Debug)]
struct Filling {
    number: u64,
    bytes: Vec<u8>,
    begins_rewrite: bool,
    ends_rewrite: bool,
}

#[derive(Debug)]
struct OnItsWay {
    number: u64,
    size: usize,
}

/// How far saying the log again is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rewrite {
    Not,
    /// From this frame on; the bytes of the log before it are known once that frame was taken.
    Since {
        frame: u64,
        bytes_before: u64,
    },
    /// The shard is through; the frame that says so is not durable yet.
    Ending {
        frame: u64,
        bytes_before: u64,
    },
}

impl Filling {
    fn new(number: u64, mut bytes: Vec<u8>) -> Self {
        frame::start(&mut bytes);
        Self { number, bytes, begins_rewrite: false, ends_rewrite: false }
    }

    const fn payload(&self) -> usize {
        self.bytes.len().saturating_sub(HEADER)
    }

    const fn is_needed(&self) -> bool {
        self.payload() > 0 || self.begins_rewrite || self.ends_rewrite
    }
}

impl Journal {
    /// Goes on after what was read back; [`Recovered::default`] where nothing was there.
    pub fn resume(recovered: &Recovered) -> Self {
        Self {
            full: VecDeque::new(),
            filling: Filling::new(recovered.last_frame + 1, Vec::new()),
            spare: Vec::with_capacity(SPARE),
            on_its_way: None,
            durable: recovered.last_frame,
            begins: recovered.begins.max(1),
            stalled: false,
            rewrite: Rewrite::Not,
            log_bytes: recovered.bytes,
            live_bytes: recovered.live_bytes,
            damaged: recovered.lost,
        }
    }

    /// Puts an entry into the frame being filled. It is durable when that frame is.
    ///
    /// # Errors
    /// [`JournalError::TooLong`]; nothing was appended.
    pub fn append(&mut self, entry: &Entry<'_>) -> Result<Ticket, JournalError> {
        entry.check()?;
        if self.filling.payload() + entry.length_at_most() > LONGEST_PAYLOAD {
            self.turn_over();
        }
        entry.write(&mut self.filling.bytes);
        Ok(Ticket(self.filling.number))
    }

    /// Puts entries into the frame being filled of which all or none must count.
    ///
    /// # Errors
    /// [`JournalError::TooLong`] where they do not fit one frame; nothing was appended.
    pub fn append_together(&mut self, entries: &[Entry<'_>]) -> Result<Ticket, JournalError> {
        let length: usize = entries.iter().map(Entry::length_at_most).sum();
        if length > LONGEST_PAYLOAD {
            return Err(JournalError::TooLong { length, limit: LONGEST_PAYLOAD });
        }
        entries.iter().try_for_each(Entry::check)?;
        if self.filling.payload() + length > LONGEST_PAYLOAD {
            self.turn_over();
        }
        entries.iter().for_each(|entry| entry.write(&mut self.filling.bytes));
        Ok(Ticket(self.filling.number))
    }

    /// Bytes of entries that wait for a frame to be taken.
    pub fn pending_bytes(&self) -> usize {
        self.full.iter().chain([&self.filling]).map(Filling::payload).sum()
    }

    /// Bytes in memory that are not known to be durable: those pending and the frame on its way. The shard
    /// refuses work when these are too many.
    pub fn backlog_bytes(&self) -> usize {
        self.pending_bytes() + self.on_its_way.as_ref().map_or(0, |frame| frame.size)
    }

    /// Whether the disk refused the frame on its way; it is tried again and nothing is lost meanwhile.
    pub const fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Whether a frame is on its way.
    pub const fn is_busy(&self) -> bool {
        self.on_its_way.is_some()
    }

    /// Whether all that was appended is durable.
    pub fn is_settled(&self) -> bool {
        !self.is_busy() && self.full.is_empty() && !self.filling.is_needed()
    }

    /// Whether an entry is durable.
    pub const fn is_durable(&self, ticket: Ticket) -> bool {
        ticket.0 <= self.durable
    }

    /// The oldest frame that waits, sealed; none while one is on its way or where nothing waits.
    ///
    /// `wall_ms`: now, milliseconds since 1970.
    pub fn take_frame(&mut self, wall_ms: i64) -> Option<Frame> {
        if self.is_busy() {
            return None;
        }
        if self.full.is_empty() && self.filling.is_needed() {
            self.turn_over();
        }
        let taken = self.full.pop_front()?;
        self.mark_rewrite(&taken);
        let Filling { number, mut bytes, begins_rewrite, ends_rewrite } = taken;
        frame::seal(&mut bytes, number, self.begins, wall_ms);
        self.log_bytes += bytes.len() as u64;
        self.on_its_way = Some(OnItsWay { number, size: bytes.len() });
        Some(Frame { number, bytes, begins_rewrite, ends_rewrite })
    }

    /// The scribe reports that a frame is durable, and gives its buffer back.
    pub fn durable(&mut self, frame: Frame) {
        let expected = self.on_its_way.take_if(|on_its_way| on_its_way.number == frame.number);
        if expected.is_none() {
            return;
        }
        self.durable = frame.number;
        self.stalled = false;
        if frame.ends_rewrite {
            self.forget_before_rewrite();
        }
        if self.spare.len() < SPARE && frame.bytes.capacity() <= LONGEST_SPARE {
            self.spare.push(frame.bytes);
        }
    }

    /// The scribe reports that the disk refused the frame on its way. It goes on trying.
    pub const fn failed(&mut self) {
        self.stalled = self.is_busy();
    }

    /// Whether the log has grown so far past what still counts that it should be said again.
    pub fn wants_rewrite(&self) -> bool {
        let grown = self.log_bytes > REWRITE_FLOOR.max(2 * self.live_bytes);
        self.rewrite == Rewrite::Not && (grown || self.damaged)
    }

    /// Whether the log is being said again.
    pub const fn is_rewriting(&self) -> bool {
        matches!(self.rewrite, Rewrite::Since { .. })
    }

    /// From here on the log is said again: the shard now appends every session and every row that it has,
    /// over as many frames as it likes and among its other entries, then calls [`Self::rewritten`].
    pub fn begin_rewrite(&mut self) {
        if self.rewrite != Rewrite::Not {
            return;
        }
        if self.filling.is_needed() {
            self.turn_over();
        }
        self.filling.begins_rewrite = true;
        self.rewrite = Rewrite::Since { frame: self.filling.number, bytes_before: 0 };
    }

    /// All was said again. When the frame that this is in is durable, the older segments are deleted.
    pub const fn rewritten(&mut self) {
        if let Rewrite::Since { frame, bytes_before } = self.rewrite {
            self.filling.ends_rewrite = true;
            self.rewrite = Rewrite::Ending { frame, bytes_before };
        }
    }

    /// Begins the next frame.
    fn turn_over(&mut self) {
        let next = Filling::new(self.filling.number + 1, self.spare.pop().unwrap_or_default());
        self.full.push_back(mem::replace(&mut self.filling, next));
    }

    fn mark_rewrite(&mut self, taken: &Filling) {
        if let Rewrite::Since { bytes_before, .. } | Rewrite::Ending { bytes_before, .. } =
            &mut self.rewrite
            && taken.begins_rewrite
        {
            *bytes_before = self.log_bytes;
        }
        if let Rewrite::Ending { frame, .. } = self.rewrite
            && taken.ends_rewrite
        {
            self.begins = frame;
        }
    }

    fn forget_before_rewrite(&mut self) {
        if let Rewrite::Ending { bytes_before, .. } = self.rewrite {
            self.log_bytes = self.log_bytes.saturating_sub(bytes_before);
            self.live_bytes = self.log_bytes;
            self.damaged = false;
            self.rewrite = Rewrite::Not;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        Journal::resume(&Recovered::default())
    }

    fn kept(row: u64, sealed: &[u8]) -> Entry<'_> {
        Entry::Kept { row, sealed }
    }

    #[test]
    fn what_is_said_while_a_frame_is_on_its_way_goes_into_the_next() {
        let mut journal = journal();
        let first = journal.append(&Entry::Started).unwrap();
        let frame = journal.take_frame(1).unwrap();
        let second = journal.append(&Entry::Taken { row: 1 }).unwrap();
        assert!(journal.take_frame(2).is_none());
        assert!(!journal.is_durable(first));
        journal.durable(frame);
        assert!(journal.is_durable(first) && !journal.is_durable(second));
        let frame = journal.take_frame(3).unwrap();
        journal.durable(frame);
        assert!(journal.is_durable(second) && journal.is_settled());
        assert!(journal.take_frame(4).is_none());
    }

    #[test]
    fn a_refused_frame_stalls_the_journal_until_it_is_durable() {
        let mut journal = journal();
        journal.append(&Entry::Started).unwrap();
        let frame = journal.take_frame(1).unwrap();
        journal.failed();
        assert!(journal.is_stalled());
        journal.append(&kept(1, &[0; 100])).unwrap();
        assert_eq!(journal.backlog_bytes(), journal.pending_bytes() + frame.size());
        journal.durable(frame);
        assert!(!journal.is_stalled());
        assert_eq!(journal.backlog_bytes(), journal.pending_bytes());
    }

    #[test]
    fn a_long_backlog_leaves_in_several_frames() {
        let mut journal = journal();
        let sealed = vec![7; 900_000];
        let tickets: Vec<_> =
            (0..10).map(|row| journal.append(&kept(row, &sealed)).unwrap()).collect();
        assert_eq!((tickets[0], tickets[9]), (Ticket(1), Ticket(3)));
        for number in 1..=3 {
            let frame = journal.take_frame(0).unwrap();
            assert_eq!(frame.number(), number);
            assert!(frame.size() <= LONGEST_PAYLOAD + frame::OVERHEAD);
            journal.durable(frame);
        }
        assert!(journal.is_settled());
    }

    #[test]
    fn an_entry_too_long_leaves_nothing_behind() {
        let mut journal = journal();
        let long = vec![0; LONGEST_PAYLOAD];
        assert!(journal.append(&kept(1, &long)).is_err());
        assert!(journal.is_settled());
    }

    #[test]
    fn buffers_go_round() {
        let mut journal = journal();
        let round = |journal: &mut Journal| {
            journal.append(&kept(1, &[0; 5000])).unwrap();
            let frame = journal.take_frame(0).unwrap();
            let capacity = frame.bytes.as_ptr();
            journal.durable(frame);
            capacity
        };
        let first = [round(&mut journal), round(&mut journal), round(&mut journal)];
        let again = [round(&mut journal), round(&mut journal), round(&mut journal)];
        assert!(again.iter().all(|buffer| first.contains(buffer)));
    }

    fn write_all(journal: &mut Journal) {
        while let Some(frame) = journal.take_frame(0) {
            journal.durable(frame);
        }
    }

    #[test]
    fn a_log_is_said_again_when_it_is_long_and_twice_what_counts() {
        let mut journal = journal();
        let sealed = vec![7; LONGEST_PAYLOAD / 5];
        let fill = |journal: &mut Journal, until: u64| {
            while journal.log_bytes <= until {
                assert!(!journal.wants_rewrite());
                journal.append(&kept(1, &sealed)).unwrap();
                write_all(journal);
            }
        };
        fill(&mut journal, REWRITE_FLOOR);
        assert!(journal.wants_rewrite());
        journal.begin_rewrite();
        assert!(!journal.wants_rewrite() && journal.is_rewriting());
        for _ in 0..50 {
            journal.append(&kept(1, &sealed)).unwrap();
        }
        journal.rewritten();
        write_all(&mut journal);
        assert!(!journal.wants_rewrite() && !journal.is_rewriting());
        let live = journal.log_bytes;
        assert!((40_000_000..45_000_000).contains(&live));
        fill(&mut journal, 2 * live);
        assert!(journal.wants_rewrite());
    }

    #[test]
    fn a_log_with_a_hole_is_said_again_at_once() {
        let mut journal = Journal::resume(&Recovered { lost: true, ..Recovered::default() });
        assert!(journal.wants_rewrite());
        journal.begin_rewrite();
        journal.rewritten();
        write_all(&mut journal);
        assert!(!journal.wants_rewrite());
    }
}
