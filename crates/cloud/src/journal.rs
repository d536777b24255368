//! The journal: what a shard must remember if it is killed at any instant, written ahead of acting on it
//! (promises P3, P4, P5).
//!
//! **Files.** One folder holds the segments of every partition, `<partition>-<number>.log`, the number
//! in at least ten digits and rising by time. All integers are big endian.
//!
//! ```text
//! segment   header, then frames
//! header    magic 8 ‖ version 1 ‖ partition 1 ‖ number 8 ‖ incarnation 32 ‖ CRC-32 4      (54 bytes)
//! frame     length of the payload 4 ‖ number 8 ‖ begins 8 ‖ wall clock ms 8 ‖ payload ‖ CRC-32 4
//! payload   entries, one after the other (see [`Entry`]); at most [`LONGEST_PAYLOAD`] bytes
//! ```
//!
//! **A frame is one group commit**: everything said since the last one, appended and synced together. An
//! entry is durable when its frame is, never before, and all of a frame counts or none of it: the
//! checksum covers everything from the length on. Only one frame is on its way at a time, so what a crash
//! tears on an honest disk is the end of the log and nothing else.
//!
//! **Why frames are numbered**, from 1 and without a gap across segments: a number that is missing is
//! a frame that was durable and is no more, so the disk lost what it had confirmed. A number that comes
//! twice with one content is a frame that was written again after an error; with two contents, a lie.
//! `begins` is the first frame that still counts: what stands before it was said again later and its
//! segments may be gone.
//!
//! **After an error** of append or sync the page cache is not to be trusted and the tail may be torn: the
//! frame stays in memory and is written again, whole, into a new segment, each second until it is durable.
//! [`Scribe`] does that; [`Journal::is_stalled`] lets the shard refuse work meanwhile.
//!
//! **After a start** a new segment is begun, always, and the last frame found stands in it again: whether it had
//! been synced nobody knows, and a sync now would not tell.
//!
//! **Instead of snapshots** the log is said again from time to time ([`Journal::wants_rewrite`]): a new segment
//! begins, the shard walks its slots and appends each session whole, a few hundred at a time and among its
//! other work; when it has been through and that is durable, the older segments are deleted, oldest first,
//! so that what is left is always the log without its beginning.
//!
//! **A lying disk** (one that confirms a sync and forgets it) is found out when it loses something in the
//! middle: [`Recovered::lost`]. When it forgets the last frames whole, or every file, the log looks shorter and
//! nothing more; no checksum can tell. That is why a session is not used after an unclean start before its
//! device answered a fresh ping.
//!
//! **A copy** of the folder, or a restored backup, is another incarnation: its segments are ignored and
//! deleted, and devices shake hands.
//!
//! This room knows neither keys nor sessions: what it is given to keep is sealed already (promise P5).

#[cfg(test)]
mod crash_tests;
mod cursor;
#[cfg(test)]
mod damage_tests;
mod disk;
mod entry;
mod error;
mod frame;
mod group;
mod reading;
mod replay;
mod scribe;
mod segment;
#[cfg(any(test, feature = "simulation"))]
pub mod simulated;
mod thread;

pub use disk::{Disk, FolderDisk, Shelf};
pub use entry::{Entry, LONGEST_SEALED};
pub use error::JournalError;
pub use frame::{Frame, LONGEST_PAYLOAD};
pub use group::{Journal, REWRITE_FLOOR, Ticket};
pub use replay::{Rebuild, Recovered, replay};
pub use scribe::{SEGMENT_LIMIT, Scribe};
pub use segment::{Origin, partitions};
pub use thread::{RETRY, Report, ScribeThread};

/// The name of the journal's folder inside a data folder.
pub const FOLDER_NAME: &str = "journal";
