//! The one thread that writes: it drains a queue and commits up to 256 callers with one sync to the disk.
//!
//! 1. Wait for a caller, take those that queued meanwhile.
//! 2. `BEGIN IMMEDIATE`.
//! 3. Run each caller in a savepoint of its own, so that one that fails undoes only itself.
//! 4. `COMMIT` (WAL, `synchronous=FULL`: durable now).
//! 5. Answer everyone. Nobody hears "done" before step 4.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::ask::Reply;
use super::error::StoreError;
use super::execute;
use super::statement::{Failure, Outcome, Transaction};

/// Callers that share one commit, at most.
const GROUP: usize = 256;
/// Writes that may wait, at most. Past this a caller is refused instead of memory growing.
pub(super) const QUEUE_LIMIT: usize = 65_536;

struct Job {
    transaction: Transaction,
    reply: Option<Reply>,
}

/// The queue to the writing thread.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, jobs) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&waiting);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_until_closed(&connection, &jobs, &counter))
            .map_err(|error| StoreError::Engine(format!("no thread for the store: {error}")))?;
        Ok(Self { queue: Some(queue), waiting, thread: Some(thread) })
    }

    /// Queues a transaction; never blocks. Without a reply nobody is told, and a failure is logged.
    pub(super) fn submit(
        &self,
        transaction: Transaction,
        reply: Option<Reply>,
    ) -> Result<(), StoreError> {
        let refusal = match &self.queue {
            _ if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_LIMIT => StoreError::Busy,
            None => StoreError::Closed,
            Some(queue) => match queue.send(Job { transaction, reply }) {
                Ok(()) => return Ok(()),
                Err(unsent) => return self.refuse(unsent.0.reply, StoreError::Closed),
            },
        };
        self.refuse(reply, refusal)
    }

    fn refuse(&self, reply: Option<Reply>, error: StoreError) -> Result<(), StoreError> {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(reply) = reply {
            // The asker may be gone; then nobody needs to know.
            drop(reply.send(Err(Failure::Store(error.clone()))));
        }
        Err(error)
    }
}

impl Drop for Writer {
    /// Writes what is queued, then ends the thread.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write_until_closed(connection: &Connection, jobs: &Receiver<Job>, waiting: &AtomicUsize) {
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        group.extend(jobs.try_iter().take(GROUP - 1));
        waiting.fetch_sub(group.len(), Ordering::Relaxed);
        let results = commit(connection, &group);
        for (job, result) in group.into_iter().zip(results) {
            answer(job.reply, result);
        }
    }
}

fn answer(reply: Option<Reply>, result: Result<Outcome, Failure>) {
    match (reply, result) {
        (Some(reply), result) => drop(reply.send(result)),
        (None, Err(Failure::Store(error))) => tracing::error!(%error, "a queued write was lost"),
        (None, Err(Failure::Unmet { index, .. })) => {
            tracing::debug!(statement = index, "a queued write no longer applied");
        }
        (None, Ok(_)) => {}
    }
}

fn commit(connection: &Connection, group: &[Job]) -> Vec<Result<Outcome, Failure>> {
    let attempt =
        connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from).and_then(|()| {
            let results = run_group(connection, group)?;
            connection.execute_batch("COMMIT")?;
            Ok(results)
        });
    attempt.unwrap_or_else(|error| {
        if !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
        group.iter().map(|_| Err(Failure::Store(error.clone()))).collect()
    })
}

/// Runs each caller in a savepoint. An error here means that the whole group was undone.
fn run_group(
    connection: &Connection,
    group: &[Job],
) -> Result<Vec<Result<Outcome, Failure>>, StoreError> {
    let mut results = Vec::with_capacity(group.len());
    for job in group {
        connection.prepare_cached("SAVEPOINT caller")?.execute([])?;
        let result = execute::run_all(connection, &job.transaction);
        if let Err(failure) = &result {
            // On a full disk the engine has already undone everything, the callers before this one too.
            if connection.is_autocommit() {
                return Err(failure.clone().into());
            }
            connection.prepare_cached("ROLLBACK TO caller")?.execute([])?;
        }
        connection.prepare_cached("RELEASE caller")?.execute([])?;
        results.push(result);
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Statement;

    fn put(bytes: usize) -> Job {
        let insert = Statement::new("INSERT INTO big (x) VALUES (?1)").with(vec![0_u8; bytes]);
        Job { transaction: insert.into(), reply: None }
    }

    #[test]
    fn on_a_full_disk_nobody_is_told_done_and_small_writes_work_again_after() {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open(dir.path().join("full.sqlite3")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE big (x BLOB)").unwrap();
        connection.pragma_update(None, "max_page_count", 16).unwrap();
        let results = commit(&connection, &[put(10), put(1_000_000), put(10)]);
        let rows = || -> i64 {
            connection.query_row("SELECT COUNT(*) FROM big", [], |row| row.get(0)).unwrap()
        };
        let told_done =
            i64::try_from(results.iter().filter(|result| result.is_ok()).count()).unwrap();
        assert_eq!(rows(), told_done);
        assert!(matches!(results[1], Err(Failure::Store(StoreError::Full))));
        assert!(commit(&connection, &[put(10)])[0].is_ok());
        assert_eq!(rows(), told_done + 1);
    }
}
