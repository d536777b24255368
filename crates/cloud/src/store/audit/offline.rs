//! The audit log of a data folder, read without opening the folder: beside a running node, without its key, or from a copy.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::rows::{PAGE, logged};
use crate::audit::{Logged, Reason};
use crate::node_key::{Label, NodeKey, Sealer};
use crate::store::execute::run;
use crate::store::{FILE_NAME, Statement, StoreError};

/// A log as it is at one moment; what a running node adds meanwhile is not seen.
pub struct OfflineLog {
    connection: Connection,
    reasons: Option<Sealer>,
}

impl OfflineLog {
    /// Opens the log of a data folder, or of a database file by itself. Nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Open`] where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
        let open = |error: rusqlite::Error| StoreError::Open {
            path: file.clone(),
            reason: error.to_string(),
        };
        let connection = connect(&file).map_err(open)?;
        connection.busy_timeout(std::time::Duration::from_secs(5)).map_err(open)?;
        // All pages are then read from one state of the store. The transaction ends with the connection.
        connection.execute_batch("BEGIN").map_err(open)?;
        let sql = "SELECT 1 FROM sqlite_master WHERE name = 'audit_entry'";
        let there = run(&connection, &Statement::new(sql)).map_err(|error| match error {
            StoreError::Engine(reason) | StoreError::Corrupt(reason) => {
                StoreError::Open { path: file.clone(), reason }
            }
            other => other,
        })?;
        match there.rows.is_empty() {
            true => Err(StoreError::Open { path: file, reason: "it has no audit log".to_owned() }),
            false => Ok(Self { connection, reasons: None }),
        }
    }

    /// Lets it open the reasons that people gave.
    ///
    /// # Errors
    /// [`StoreError::Engine`] where the cryptographic library refuses.
    pub fn with_node_key(mut self, node_key: &NodeKey) -> Result<Self, StoreError> {
        let sealer = node_key.sealer(Label::AUDIT_REASON);
        self.reasons = Some(sealer.map_err(|error| StoreError::Engine(error.to_string()))?);
        Ok(self)
    }

    /// All rows after the one with this number, in order.
    pub fn rows(&self, after: u64) -> Rows<'_> {
        Rows { log: self, after, page: Vec::new().into_iter(), done: false }
    }

    /// The number of the last row; 0 where there is none.
    ///
    /// # Errors
    /// [`StoreError`] of reading.
    pub fn last(&self) -> Result<u64, StoreError> {
        let answer = run(
            &self.connection,
            &Statement::new("SELECT COALESCE(MAX(seq), 0) FROM audit_entry"),
        )?;
        answer.rows.first().map_or(Ok(0), |row| row.number(0))
    }

    /// The reason that was given for an act: `None` where it was erased, or no node key was given.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where it is not the one that the entry commits to, or does not open under this node key.
    pub fn reason(&self, row: &Logged) -> Result<Option<String>, StoreError> {
        let commitment = row.entry().and_then(|entry| entry.reason);
        let (Some(commitment), Some(sealer)) = (commitment, &self.reasons) else { return Ok(None) };
        let number = i64::try_from(row.seq).unwrap_or(i64::MAX);
        let select = Statement::new("SELECT sealed FROM audit_reason WHERE seq = ?1").with(number);
        let answer = run(&self.connection, &select)?;
        let Some(found) = answer.rows.first() else { return Ok(None) };
        let bad = || {
            StoreError::corrupt(format!(
                "the reason of audit entry {} is not the one that was given",
                row.seq
            ))
        };
        let reason = Reason::open(sealer, row.seq, found.blob(0)?).map_err(|_| bad())?;
        let holds = reason.commitment() == commitment;
        reason.text().filter(|_| holds).map(|text| Some(text.to_owned())).ok_or_else(bad)
    }

    fn page(&self, after: u64) -> Result<Vec<Result<Logged, StoreError>>, StoreError> {
        let number = i64::try_from(after).unwrap_or(i64::MAX);
        let answer = run(&self.connection, &Statement::new(PAGE).with(number))?;
        Ok(answer.rows.iter().map(logged).collect())
    }
}

/// Opens a database to be read. One that nobody has open is read as it lies: SQLite would make its log and its index anew
/// beside it, and where root looks these would be root's, which the node could not open then.
fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let beside = |end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        Path::new(&name).exists()
    };
    match file.to_str() {
        Some(path) if !beside("-wal") && !beside("-shm") => {
            let plain = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let uri = format!("file:{plain}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        _ => Connection::open_with_flags(file, flags),
    }
}

/// Rows, read a page at a time. An error is the last item that makes sense.
pub struct Rows<'a> {
    log: &'a OfflineLog,
    after: u64,
    page: std::vec::IntoIter<Result<Logged, StoreError>>,
    done: bool,
}

impl Iterator for Rows<'_> {
    type Item = Result<Logged, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 && !self.done {
            match self.log.page(self.after) {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        let row = self.page.next();
        match &row {
            Some(Ok(row)) => self.after = row.seq,
            _ => self.done = true,
        }
        row
    }
}
