//! The journal read back when a node starts: every frame that counts, in order, each once.
//!
//! A frame that is not whole ends its segment: it was on its way when the node died, or the disk refused it
//! and it stands again in the next segment. Where a whole frame follows it in the same segment, the disk
//! lied; reading goes on there, for what is still known is worth more than nothing, and
//! [`Recovered::lost`] says so.
//!
//! Every frame but the last is durable, since the one after it was taken only then. The last may have come
//! from the page cache of a node that was killed before its sync, or whose sync failed; syncing it now
//! would prove nothing. So it is written again, at the head of the next segment, and is durable when
//! the first new frame is.

use super::disk::Disk;
use super::entry::{Entries, Entry};
use super::error::JournalError;
use super::frame::{HIGHEST, View};
use super::reading::{Next, Reading};
use super::segment::{self, Heading, Origin};
use std::fmt;
use std::io::{self, Read};

/// Who is told what the journal says.
pub trait Rebuild {
    /// The next entry, and when its frame was taken (milliseconds since 1970).
    fn entry(&mut self, wall_ms: i64, entry: Entry<'_>);
}

impl<F: FnMut(i64, Entry<'_>)> Rebuild for F {
    fn entry(&mut self, wall_ms: i64, entry: Entry<'_>) {
        self(wall_ms, entry);
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The last entry is [`Entry::Stopped`], nothing follows it, and nothing is missing.
    pub clean: bool,
    /// Something is missing that was durable: the disk lied, or someone removed a file. Never on an honest disk.
    pub lost: bool,
    /// The number of the last frame; 0 where there is none.
    pub last_frame: u64,
    /// When the last frame was taken, milliseconds since 1970; 0 where there is none.
    pub last_wall_ms: i64,
    /// How many segments are this journal's.
    pub segments: usize,
    /// How many segments were another incarnation's; they were ignored, and deleted where that worked.
    pub discarded: usize,
    /// The bytes of this journal's segments.
    pub bytes: u64,
    /// The first frame that still counts; 0 where there is no frame.
    pub begins: u64,
    /// At most this many bytes counted when the log had last been said again; 0 where it never was.
    pub live_bytes: u64,
    /// The highest number of any segment's file.
    pub last_segment: u64,
    /// The last frame, to be written again.
    pub(super) tail: Tail,
}

/// The bytes of a frame; none, or at most 4 MiB.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Tail(pub(super) Vec<u8>);

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// Reads the journal of `origin` back and tells it to `rebuild`.
///
/// Nothing may be done on the strength of what was told, to a device or anyone else, before the first
/// frame that is appended now ([`Entry::Started`]) is durable.
///
/// # Errors
/// [`JournalError::Read`] where the disk cannot be read, [`JournalError::OtherFormat`] where another release
/// wrote a segment. Part of the journal may have been told by then.
pub fn replay(
    disk: &mut dyn Disk,
    origin: &Origin,
    rebuild: &mut impl Rebuild,
) -> Result<Recovered, JournalError> {
    let files =
        disk.list().map_err(|source| JournalError::Read { file: "folder".into(), source })?;
    let mut replaying =
        Replaying { origin, rebuild, found: Recovered::default(), first: 0, last: None };
    let mut foreign = Vec::new();
    for number in segment::in_order(origin.partition, &files) {
        let name = segment::name(origin.partition, number);
        let ours = replaying.segment(disk, number, &name)?;
        if !ours {
            foreign.push(name);
        }
    }
    discard(disk, &foreign);
    Ok(replaying.finish())
}

/// Deletes the segments of another incarnation, and says once that they were there.
fn discard(disk: &mut dyn Disk, foreign: &[String]) {
    let Some(file) = foreign.first() else { return };
    tracing::warn!(
        file,
        segments = foreign.len(),
        "the journal was copied from another node or restored from a backup: it is not used, devices will shake hands"
    );
    let removed = foreign.iter().try_for_each(|file| disk.remove(file));
    if let Err(error) = removed {
        tracing::warn!(%error, "a journal that is not this node's cannot be deleted; it stays, unused");
    }
}

struct Replaying<'a, R> {
    origin: &'a Origin,
    rebuild: &'a mut R,
    found: Recovered,
    /// The number of the first frame that was told; 0 before.
    first: u64,
    last: Option<Last>,
}

/// What is remembered of the last frame told.
#[derive(Clone, Copy)]
struct Last {
    checksum: u32,
    stopped: bool,
    /// Bytes told up to its end.
    told: u64,
}

impl<R: Rebuild> Replaying<'_, R> {
    /// Reads one segment; false where it is another incarnation's.
    fn segment(
        &mut self,
        disk: &mut dyn Disk,
        number: u64,
        name: &str,
    ) -> Result<bool, JournalError> {
        let failed = |source| JournalError::Read { file: name.to_owned(), source };
        self.found.last_segment = number;
        let mut reading = Reading::new(disk.read(name).map_err(failed)?);
        let header = reading.header().map_err(failed)?;
        let heading = header
            .map_or(Heading::Torn, |header| segment::read_header(self.origin, number, &header));
        match heading {
            Heading::Ours => self.frames(&mut reading),
            Heading::OtherIncarnation => {
                self.found.discarded += 1;
                return Ok(false);
            }
            Heading::OtherFormat(found) => {
                let (file, known) = (name.to_owned(), segment::FORMAT);
                return Err(JournalError::OtherFormat { file, found, known });
            }
            Heading::Misplaced => self.unreadable(&mut reading, true),
            Heading::Torn => self.unreadable(&mut reading, false),
        }
        .map_err(failed)?;
        self.found.segments += 1;
        self.found.bytes += reading.bytes;
        Ok(true)
    }

    fn frames(&mut self, reading: &mut Reading<impl Read>) -> io::Result<()> {
        self.found.clean = false;
        loop {
            match reading.next()? {
                Next::Frame(frame) => self.frame(&frame),
                Next::End => return Ok(()),
                Next::Torn => {
                    self.found.clean = false;
                    if !reading.find_frame(self.found.last_frame)? {
                        return Ok(());
                    }
                    self.found.lost = true;
                }
            }
        }
    }

    /// A segment without a header of its own. On an honest disk nothing in it was durable.
    fn unreadable(&mut self, reading: &mut Reading<impl Read>, misplaced: bool) -> io::Result<()> {
        self.found.clean = false;
        let holds_more = reading.find_frame(self.found.last_frame)?;
        self.found.lost |= misplaced || holds_more;
        Ok(())
    }

    fn frame(&mut self, frame: &View<'_>) {
        let number = frame.header.number;
        if number >= HIGHEST / 2 && number != self.found.last_frame + 1 {
            // No node comes so far but by counting. Were it told, what is written after it could not be read back.
            self.found.lost = true;
            return;
        }
        if number <= self.found.last_frame {
            return self.seen_before(frame);
        }
        if self.first == 0 {
            self.first = number;
        } else if number != self.found.last_frame + 1 {
            self.found.lost = true;
        }
        self.tell(frame);
    }

    /// A frame was written again after an error; then it is the last one, and the same.
    fn seen_before(&mut self, frame: &View<'_>) {
        let same = |last: &Last| last.checksum == frame.checksum;
        match self.last.filter(same) {
            Some(last) if frame.header.number == self.found.last_frame => {
                self.found.clean = last.stopped;
            }
            _ => {
                self.found.lost = true;
                self.found.clean = false;
            }
        }
    }

    fn tell(&mut self, frame: &View<'_>) {
        let mut stopped = false;
        for entry in Entries::of(frame.payload) {
            let Ok(entry) = entry else {
                self.found.lost = true;
                break;
            };
            stopped = entry == Entry::Stopped;
            self.rebuild.entry(frame.header.wall_ms, entry);
        }
        let told = self.last.map_or(0, |last| last.told) + frame.header.frame_size() as u64;
        if self.last.is_some() && frame.header.begins != self.found.begins {
            self.found.live_bytes = told;
        }
        self.last = Some(Last { checksum: frame.checksum, stopped, told });
        self.found.clean = stopped;
        self.found.last_frame = frame.header.number;
        self.found.last_wall_ms = frame.header.wall_ms;
        self.found.begins = frame.header.begins;
        self.found.tail.0.clear();
        self.found.tail.0.extend_from_slice(frame.bytes);
    }

    fn finish(mut self) -> Recovered {
        self.found.lost |= self.first > self.found.begins;
        self.found.clean &= !self.found.lost;
        self.found
    }
}
