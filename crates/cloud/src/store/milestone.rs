//! When something was last done to a node that an audit asks for: a backup, a restore, a copy of the node key. The audit
//! log has each of them, too; here the last one is found without reading all of it.

use super::statement::{Row, Statement};
use super::{Ask, Store, StoreError};

/// Something that is done to a node now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The data folder was made.
    Began,
    /// A backup was made.
    BackedUp,
    /// A backup was restored, as a trial or in earnest.
    Restored,
    /// The node key was copied for keeping.
    KeyCopied,
}

impl Milestone {
    const ALL: [Self; 4] = [Self::Began, Self::BackedUp, Self::Restored, Self::KeyCopied];

    const fn name(self) -> &'static str {
        match self {
            Self::Began => "began at",
            Self::BackedUp => "backed up at",
            Self::Restored => "restored at",
            Self::KeyCopied => "key copied at",
        }
    }
}

/// Writes down that it was done at this time, in milliseconds since 1970. For [`Store::enqueue`].
#[must_use]
pub fn reached(milestone: Milestone, at_ms: i64) -> Statement {
    let sql = "INSERT INTO node (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    Statement::new(sql).with(milestone.name()).with(at_ms.to_be_bytes().as_slice())
}

impl Store {
    /// When each was last done, in milliseconds since 1970, of those that ever were.
    pub fn milestones(&self) -> Ask<Vec<(Milestone, i64)>> {
        let sql = "SELECT name, value FROM node WHERE name LIKE '% at' ORDER BY name";
        self.read(Statement::new(sql), |rows| {
            rows.iter().filter_map(|row| milestone(row).transpose()).collect()
        })
    }
}

fn milestone(row: &Row) -> Result<Option<(Milestone, i64)>, StoreError> {
    let name = row.text(0)?;
    let Some(found) = Milestone::ALL.into_iter().find(|one| one.name() == name) else {
        return Ok(None);
    };
    Ok(Some((found, i64::from_be_bytes(row.array(1)?))))
}
