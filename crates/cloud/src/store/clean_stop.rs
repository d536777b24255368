//! Where the journals stood when the node last stopped by itself. Each mark can be taken once, ever: a journal
//! that says it ended cleanly is believed only where the store says the same, so that an older copy of it is
//! not (promise P3).

use super::statement::{Row, Statement, Transaction};
use super::{Ask, Store, StoreError};

/// The last frame of a partition's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanStop {
    /// The partition.
    pub partition: u8,
    /// The number of the last frame.
    pub frame: u64,
}

/// The marks in the store.
pub struct CleanStops<'a>(pub(super) &'a Store);

impl Store {
    /// Where the journals stood when the node last stopped.
    #[must_use]
    pub fn clean_stops(&self) -> CleanStops<'_> {
        CleanStops(self)
    }
}

impl CleanStops<'_> {
    /// Saves all of them or none; answers when they are durable.
    pub fn put_all(&self, stops: &[CleanStop]) -> Ask<()> {
        let statements: Transaction = stops.iter().map(put).collect();
        self.0.write(statements, |_| Ok(()))
    }

    /// Reads and removes all of them in one durable step.
    pub fn take_all(&self) -> Ask<Vec<CleanStop>> {
        let take = Statement::new("DELETE FROM clean_stop RETURNING part, frame");
        self.0.write(take, |outcome| outcome.rows(0).iter().map(clean_stop).collect())
    }
}

fn put(stop: &CleanStop) -> Statement {
    Statement::new(
        "INSERT INTO clean_stop (part, frame) VALUES (?1, ?2) \
         ON CONFLICT (part) DO UPDATE SET frame = excluded.frame",
    )
    .with(i64::from(stop.partition))
    .with(i64::try_from(stop.frame).unwrap_or(i64::MAX))
}

fn clean_stop(row: &Row) -> Result<CleanStop, StoreError> {
    Ok(CleanStop { partition: row.number(0)?, frame: row.number(1)? })
}
