//! The side of the disk: frames in, each appended and synced before it counts.
//!
//! A segment is begun with the first frame after a start, with the first frame after an error, where the log
//! begins to be said again, and when the one before is full. Segment numbers only rise.

use super::disk::Disk;
use super::error::JournalError;
use super::frame::Frame;
use super::replay::Recovered;
use super::segment::{self, Origin};
use std::io;

/// A segment that is longer than this gets no further frame: 64 MiB.
pub const SEGMENT_LIMIT: u64 = 64 << 20;

/// What writes frames to a disk, one after the other. It waits for the disk; [`super::ScribeThread`] is a thread
/// around it.
pub struct Scribe<D> {
    disk: D,
    origin: Origin,
    segment_limit: u64,
    next_segment: u64,
    open: Option<Segment>,
    /// The last frame of the node before, until it is durable for certain.
    tail: Vec<u8>,
    /// The segment where saying the log again began.
    rewrite: Option<u64>,
    /// Segments below this one are not needed any more.
    retired: Option<u64>,
    failing: bool,
}

struct Segment {
    number: u64,
    name: String,
    bytes: u64,
    /// Whether a frame in it was reported durable.
    holds_durable: bool,
}

impl<D: Disk> Scribe<D> {
    /// Goes on after what was read back, in a new segment; [`Recovered::default`] where nothing was there.
    pub fn resume(disk: D, origin: Origin, recovered: &Recovered) -> Self {
        Self {
            disk,
            origin,
            segment_limit: SEGMENT_LIMIT,
            next_segment: recovered.last_segment + 1,
            open: None,
            tail: recovered.tail.0.clone(),
            rewrite: None,
            retired: None,
            failing: false,
        }
    }

    /// The same with shorter segments, for tests that should not write many megabytes.
    #[must_use]
    pub const fn with_segment_limit(mut self, bytes: u64) -> Self {
        self.segment_limit = bytes;
        self
    }

    /// Appends a frame and syncs it: it is durable when this returns without an error.
    ///
    /// # Errors
    /// What the disk says. The frame may or may not be there: call again with the same frame, until it
    /// succeeds, before any other.
    pub fn write(&mut self, frame: &Frame) -> Result<(), JournalError> {
        match self.try_write(frame) {
            Ok(()) => {
                self.written(frame);
                Ok(())
            }
            Err((file, source)) => {
                self.abandon();
                Err(self.refused(JournalError::Write { file, source }))
            }
        }
    }

    /// Deletes the segments that a rewrite made needless. To be called after a frame was reported, since it
    /// may take a while.
    pub fn tidy(&mut self) {
        let Some(retired) = self.retired.take() else { return };
        if let Err(error) = self.delete_before(retired) {
            tracing::warn!(
                partition = self.origin.partition,
                %error,
                "cannot delete old segments of the journal; they stay until it is next rewritten"
            );
        }
    }

    /// Gives the disk back.
    pub fn into_disk(self) -> D {
        self.disk
    }

    fn try_write(&mut self, frame: &Frame) -> Result<(), (String, io::Error)> {
        let goes_on = |segment: &Segment| segment.bytes < self.segment_limit;
        if frame.begins_rewrite || !self.open.as_ref().is_some_and(goes_on) {
            self.begin_segment()?;
        }
        let Some(segment) = &mut self.open else { return Ok(()) };
        let append = self.disk.append(&segment.name, &frame.bytes);
        append
            .and_then(|()| self.disk.sync(&segment.name))
            .map_err(|source| (segment.name.clone(), source))?;
        segment.bytes += frame.bytes.len() as u64;
        segment.holds_durable = true;
        Ok(())
    }

    fn begin_segment(&mut self) -> Result<(), (String, io::Error)> {
        let number = self.next_segment;
        self.next_segment += 1;
        let name = segment::name(self.origin.partition, number);
        self.disk.create(&name).map_err(|source| (name.clone(), source))?;
        let mut head = segment::header(&self.origin, number);
        head.extend_from_slice(&self.tail);
        let bytes = head.len() as u64;
        self.open = Some(Segment { number, name: name.clone(), bytes, holds_durable: false });
        let append = self.disk.append(&name, &head);
        // Synced before a new frame follows: of what is synced together any part may be torn.
        let synced = append.and_then(|()| match self.tail.len() {
            0 => Ok(()),
            _ => self.disk.sync(&name),
        });
        synced.map_err(|source| (name, source))
    }

    fn written(&mut self, frame: &Frame) {
        let Some(segment) = &self.open else { return };
        self.tail = Vec::new();
        if frame.begins_rewrite {
            self.rewrite = Some(segment.number);
        }
        if frame.ends_rewrite {
            self.retired = self.rewrite.take();
        }
        if std::mem::take(&mut self.failing) {
            tracing::info!(file = segment.name, "the journal is written again; nothing was lost");
        }
    }

    /// Leaves a segment whose tail cannot be trusted. One that holds nothing durable is removed, so that a full
    /// disk does not fill up with the remains of attempts.
    fn abandon(&mut self) {
        if let Some(segment) = self.open.take()
            && !segment.holds_durable
        {
            // Its remains do no harm where they cannot be removed.
            let _ = self.disk.remove(&segment.name);
        }
    }

    fn refused(&mut self, error: JournalError) -> JournalError {
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!("{error}");
        }
        error
    }

    /// Oldest first, and no further after an error: what is left must be the log without its beginning.
    fn delete_before(&mut self, limit: u64) -> io::Result<()> {
        let files = self.disk.list()?;
        let partition = self.origin.partition;
        let segments = segment::in_order(partition, &files).into_iter();
        let mut old = segments.filter(|number| *number < limit);
        old.try_for_each(|number| self.disk.remove(&segment::name(partition, number)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulated::SimulatedDisk;
    use super::super::{Entry, Journal};
    use super::*;

    const ORIGIN: Origin = Origin { partition: 0, incarnation: [1; 32] };

    fn start(disk: &SimulatedDisk) -> (Journal, Scribe<SimulatedDisk>) {
        let recovered = Recovered::default();
        let scribe = Scribe::resume(disk.clone(), ORIGIN, &recovered);
        (Journal::resume(&recovered), scribe)
    }

    fn next(journal: &mut Journal) -> Frame {
        journal.append(&Entry::Kept { row: 1, sealed: &[7; 1000] }).unwrap();
        journal.take_frame(0).unwrap()
    }

    fn write(journal: &mut Journal, scribe: &mut Scribe<SimulatedDisk>) {
        let frame = next(journal);
        scribe.write(&frame).unwrap();
        scribe.tidy();
        journal.durable(frame);
    }

    #[test]
    fn a_full_segment_is_followed_by_another() {
        let disk = SimulatedDisk::new();
        let (mut journal, scribe) = start(&disk);
        let mut scribe = scribe.with_segment_limit(3000);
        (0..7).for_each(|_| write(&mut journal, &mut scribe));
        assert_eq!(disk.names(), [1, 2, 3].map(|number| segment::name(0, number)));
    }

    #[test]
    fn after_an_error_a_new_segment_is_begun() {
        let disk = SimulatedDisk::new();
        let (mut journal, mut scribe) = start(&disk);
        write(&mut journal, &mut scribe);
        disk.fail_syncs(1);
        let frame = next(&mut journal);
        assert!(scribe.write(&frame).is_err());
        scribe.write(&frame).unwrap();
        assert_eq!(disk.names(), [1, 2].map(|number| segment::name(0, number)));
    }

    #[test]
    fn a_full_disk_does_not_fill_up_with_attempts() {
        let disk = SimulatedDisk::new();
        let (mut journal, mut scribe) = start(&disk);
        write(&mut journal, &mut scribe);
        disk.limit(disk.bytes() + 500);
        let frame = next(&mut journal);
        for _ in 0..10 {
            let error = scribe.write(&frame).unwrap_err();
            assert!(error.to_string().contains("0-00000000"), "{error}");
        }
        assert_eq!(disk.names().len(), 1);
        disk.unlimit();
        scribe.write(&frame).unwrap();
        assert_eq!(disk.names().len(), 2);
    }

    #[test]
    fn a_rewrite_deletes_what_was_before_when_it_is_durable() {
        let disk = SimulatedDisk::new();
        let (mut journal, scribe) = start(&disk);
        let mut scribe = scribe.with_segment_limit(3000);
        (0..7).for_each(|_| write(&mut journal, &mut scribe));
        journal.begin_rewrite();
        write(&mut journal, &mut scribe);
        write(&mut journal, &mut scribe);
        assert_eq!(disk.names().len(), 4);
        journal.rewritten();
        write(&mut journal, &mut scribe);
        assert_eq!(disk.names(), [segment::name(0, 4)]);
    }

    #[test]
    fn a_segment_that_cannot_be_deleted_keeps_the_later_ones() {
        let disk = SimulatedDisk::new();
        let (mut journal, scribe) = start(&disk);
        let mut scribe = scribe.with_segment_limit(3000);
        (0..7).for_each(|_| write(&mut journal, &mut scribe));
        journal.begin_rewrite();
        journal.rewritten();
        let frame = next(&mut journal);
        scribe.write(&frame).unwrap();
        disk.set_read_only(true);
        scribe.tidy();
        assert_eq!(disk.names().len(), 4);
    }
}
