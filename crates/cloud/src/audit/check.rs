//! Verifies a log where it lies: the store of a data folder (a node may run on it), a copy of its database, or an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::export::{self, LINE_LIMIT};
use super::finding::{Finding, Report};
use super::logged::Logged;
use super::verify::{Trust, Verifier};
use super::{EntryError, named_in};
use crate::store::StoreError;
use crate::store::audit::OfflineLog;

/// Why a log could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Verifies the log of a data folder, or of a database file by itself.
///
/// Of a folder, the key in force has to be the one that its key file names, so a log that was put back to before a change
/// of keys is found without any head.
///
/// # Errors
/// [`CheckError`] where it cannot be read; what is wrong in it is in the report.
pub fn store(path: &Path, mut trust: Trust) -> Result<Report, CheckError> {
    let keys = || if path.is_dir() { named_in(path) } else { Ok(Vec::new()) };
    // A node may change its key meanwhile: before or after, one of these was in force at the moment that is read.
    trust.last_keys.extend(keys()?);
    let log = OfflineLog::open(path)?;
    trust.last_keys.extend(keys()?);
    for row in log.rows(0) {
        trust.claimed_cut = trust.claimed_cut.max(row.map_or(0, |row| row.claims_cut()));
    }
    let mut verifier = Verifier::new(trust);
    for row in log.rows(0) {
        match row {
            Ok(row) if verifier.take(&row) => {}
            Ok(_) => break,
            Err(StoreError::Corrupt(_)) => {
                let seq = verifier.next();
                verifier.stop_at(Finding::Unreadable { seq, why: EntryError::Value("row") });
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(verifier.finish())
}

/// Verifies an export.
///
/// # Errors
/// [`CheckError`] where it cannot be read; what is wrong in it is in the report.
pub fn export(path: &Path, mut trust: Trust) -> Result<Report, CheckError> {
    each_line(path, |_, row| {
        trust.claimed_cut = trust.claimed_cut.max(row.map_or(0, |row| row.claims_cut()));
        true
    })?;
    let mut verifier = Verifier::new(trust);
    each_line(path, |line, row| match row {
        Some(row) => verifier.take(&row),
        None => {
            verifier.stop_at(Finding::NotALine { line });
            false
        }
    })?;
    Ok(verifier.finish())
}

/// Hands out the lines of an export with their numbers, `None` for one that is none, until `take` wants no more.
fn each_line(path: &Path, mut take: impl FnMut(u64, Option<Logged>) -> bool) -> io::Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if file.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = str::from_utf8(&line).ok().filter(|text| text.ends_with('\n'));
        let row = text.and_then(|text| export::parse(text.trim_end()).ok());
        if !take(number, row) {
            break;
        }
    }
    Ok(())
}
