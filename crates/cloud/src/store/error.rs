//! What can go wrong in the store, said so that an operator knows what to do.

use std::path::PathBuf;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened or made.
    #[error("the store {path} cannot be opened: {reason}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the engine or the system said.
        reason: String,
    },
    /// The store was written by a later release.
    #[error(
        "the store has schema {found}, this release knows up to {known}: run the release that wrote it, or restore a backup from before the update"
    )]
    Newer {
        /// The schema in the file.
        found: i64,
        /// The newest schema this release knows.
        known: i64,
    },
    /// The node key is not the one this store was made with.
    #[error(
        "the node key does not belong to this store: put back the key file the store was made with"
    )]
    OtherNodeKey,
    /// No space left, or a quota is reached.
    #[error("the disk that holds the store is full: free space, nothing was written")]
    Full,
    /// The file is damaged.
    #[error("the store is damaged ({0}): stop the node and restore a backup")]
    Corrupt(String),
    /// The file or its folder cannot be written.
    #[error("the store cannot be written ({0}): check the permissions and the disk")]
    Unwritable(String),
    /// A rule of the schema was violated (a key that exists already, for example).
    #[error("the store refused a row: {0}")]
    Conflict(String),
    /// A statement did not find what the transaction expected; nothing was written.
    #[error("the store was not in the state the transaction expected")]
    Unmet,
    /// More writes are waiting than the queue holds.
    #[error("the store is too busy: too many writes are waiting")]
    Busy,
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// The engine failed in another way.
    #[error("the store failed: {0}")]
    Engine(String),
}

impl StoreError {
    /// Whether the disk refuses, because it is full or cannot be written: it may take writes again later.
    pub fn is_of_disk(&self) -> bool {
        matches!(self, Self::Full | Self::Unwritable(_))
    }

    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::Full,
            _ if found_no_room(&error) => Self::Full,
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Corrupt(text),
            Some(
                Code::ReadOnly | Code::PermissionDenied | Code::CannotOpen | Code::SystemIoFailure,
            ) => Self::Unwritable(text),
            Some(Code::ConstraintViolation) => Self::Conflict(text),
            _ => Self::Engine(text),
        }
    }
}

/// Whether the index of the log found no room: the engine calls that an I/O error, and it is a full disk.
fn found_no_room(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}
