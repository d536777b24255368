//! A copy of the store while it is written: whole, as it was at one instant, and without what belongs to this
//! incarnation of the node alone.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{FILE_NAME, StoreError, connect, create_private};

/// Copies the store of a data folder to a new file of mode 0600. Blocks; the store can be written meanwhile. What was
/// deleted from the store is not in the copy, nor where the journals stood: they are no part of a copy.
pub(crate) fn snapshot(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let open = |reason: String| StoreError::Open { path: to.to_owned(), reason };
    let path = to.to_str().ok_or_else(|| open("its name is not text".to_owned()))?;
    // The engine fills an empty file, and so keeps its mode.
    create_private(to).map_err(|error| open(error.to_string()))?;
    let from = connect(&folder.join(FILE_NAME), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    from.execute("VACUUM INTO ?1", [path])?;
    drop(from);
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    copy.pragma_update(None, "secure_delete", "ON")?;
    copy.execute_batch("PRAGMA synchronous = FULL; DELETE FROM clean_stop")?;
    copy.close().map_err(|(_, error)| error)?;
    std::fs::File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::Unwritable(error.to_string()))
}

/// Whether a copy is whole, as the engine sees it. Blocks while all of it is read.
pub(crate) fn check(path: &Path) -> Result<(), StoreError> {
    let copy = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::corrupt(verdict)) }
}
