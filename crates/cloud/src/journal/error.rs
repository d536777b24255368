//! What can go wrong with the journal, and what a person can do about it.

use std::io;
use thiserror::Error;

/// Why the journal could not be written, read or added to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The disk refused a frame; it stays in memory and is written again.
    #[error(
        "cannot write the journal {file}: {source}; nothing is acknowledged until it can be: free space or mend the disk"
    )]
    Write {
        /// The segment's name.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A segment, or the folder of all, cannot be read.
    #[error(
        "cannot read the journal {file}: {source}; mend the disk, or move the file away (devices will then shake hands again)"
    )]
    Read {
        /// The segment's name.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A segment was written by a release that writes them otherwise.
    #[error(
        "the journal {file} has format {found}, this release knows {known}: run the release that wrote it, or move the file away (devices will then shake hands again)"
    )]
    OtherFormat {
        /// The segment's name.
        file: String,
        /// The format in the file.
        found: u8,
        /// The format this release knows.
        known: u8,
    },
    /// An entry is too long; nothing was appended.
    #[error("an entry of {length} bytes is too long for the journal: at most {limit}")]
    TooLong {
        /// How long the sealed part is, in bytes.
        length: usize,
        /// How long it may be, in bytes.
        limit: usize,
    },
}
