//! The one thread that writes: it drains a queue and commits up to 256 callers with one sync to the disk.
//!
//! 1. Wait for a caller, take those that queued meanwhile.
//! 2. `BEGIN IMMEDIATE`.
//! 3. Run each caller in a savepoint of its own, so that one that fails undoes only itself.
//! 4. `COMMIT` (WAL, `synchronous=FULL`: durable now).
//! 5. Answer everyone. Nobody hears "done" before step 4.
//!
//! Where the disk is full or refuses, people are told at once; what devices said of themselves waits for the disk,
//! in its order, and is written when there is space again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::priority::stand_back;
use rusqlite::Connection;

use super::ask::Reply;
use super::error::StoreError;
use super::execute;
use super::statement::{Failure, Outcome, Transaction};

/// Callers that share one commit, at most.
const GROUP: usize = 256;
/// Writes that may wait, at most. Past this a caller is refused instead of memory growing.
pub(super) const QUEUE_LIMIT: usize = 65_536;
/// Writes that may wait for a disk that refuses them, at most.
pub(super) const KEPT_LIMIT: usize = 16_384;
/// How long after a refusal the disk is tried again where nobody else writes.
const RETRY: Duration = Duration::from_secs(1);

struct Job {
    transaction: Transaction,
    reply: Option<Reply>,
    /// Waits for a disk that refuses, instead of being refused itself.
    patient: bool,
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
            .spawn(move || {
                stand_back();
                let kept = Vec::new();
                let desk = Desk { connection, jobs, waiting: counter, kept, failing: false };
                desk.write_until_closed();
            })
            .map_err(|error| StoreError::Engine(format!("no thread for the store: {error}")))?;
        Ok(Self { queue: Some(queue), waiting, thread: Some(thread) })
    }

    /// Queues a transaction; never blocks. Without a reply nobody is told, and a failure is logged. One that is
    /// `patient` waits for a disk that is full or refuses, up to [`KEPT_LIMIT`] of them; others are refused.
    pub(super) fn submit(
        &self,
        transaction: Transaction,
        reply: Option<Reply>,
        patient: bool,
    ) -> Result<(), StoreError> {
        let refusal = match &self.queue {
            _ if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_LIMIT => StoreError::Busy,
            None => StoreError::Closed,
            Some(queue) => match queue.send(Job { transaction, reply, patient }) {
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

/// The writing thread.
struct Desk {
    connection: Connection,
    jobs: Receiver<Job>,
    waiting: Arc<AtomicUsize>,
    /// Writes that the disk refused and that wait for it, oldest first.
    kept: Vec<Job>,
    failing: bool,
}

impl Desk {
    fn write_until_closed(mut self) {
        while let Some(arrived) = self.next() {
            self.waiting.fetch_sub(arrived.len() + self.kept.len(), Ordering::Relaxed);
            let mut group = std::mem::take(&mut self.kept);
            group.extend(arrived);
            self.write(group, true);
        }
        let kept = std::mem::take(&mut self.kept);
        if !kept.is_empty() {
            self.write(kept, false);
        }
    }

    /// The next callers, as they queued; none where the last store is gone. Where some wait for the disk it is
    /// tried again before long, for them alone.
    fn next(&self) -> Option<Vec<Job>> {
        let first = if self.kept.is_empty() {
            Some(self.jobs.recv().ok()?)
        } else {
            match self.jobs.recv_timeout(RETRY) {
                Err(RecvTimeoutError::Disconnected) => return None,
                job => job.ok(),
            }
        };
        Some(first.into_iter().chain(self.jobs.try_iter()).take(GROUP).collect())
    }

    fn write(&mut self, group: Vec<Job>, again: bool) {
        let results = commit(&self.connection, &group);
        self.say_how_it_went(&results);
        for (job, result) in group.into_iter().zip(results) {
            let keep = again && job.patient && self.kept.len() < KEPT_LIMIT && is_of_disk(&result);
            if keep {
                self.kept.push(job);
            } else {
                answer(job.reply, result);
            }
        }
        self.waiting.fetch_add(self.kept.len(), Ordering::Relaxed);
    }

    /// Once when the disk begins to refuse, and once when it takes writes again.
    fn say_how_it_went(&mut self, results: &[Result<Outcome, Failure>]) {
        let refusal = results.iter().find(|result| is_of_disk(result));
        match refusal {
            Some(Err(Failure::Store(error))) if !self.failing => {
                tracing::error!(%error, "writes are refused until the disk takes them");
            }
            None if self.failing => tracing::info!("the store is written again"),
            _ => {}
        }
        self.failing = refusal.is_some();
    }
}

fn is_of_disk(result: &Result<Outcome, Failure>) -> bool {
    matches!(result, Err(Failure::Store(error)) if error.is_of_disk())
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
        Job { transaction: insert.into(), reply: None, patient: false }
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

    #[test]
    fn what_a_device_said_waits_for_a_full_disk_and_people_are_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open(dir.path().join("full.sqlite3")).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE big (x BLOB)").unwrap();
        let (queue, jobs) = channel();
        let kept = Vec::new();
        let waiting = Arc::default();
        let mut desk = Desk { connection, jobs, waiting, kept, failing: false };
        // As a full disk is, or one mounted read-only.
        desk.connection.pragma_update(None, "query_only", "ON").unwrap();
        let (told, heard) = tokio::sync::oneshot::channel();
        desk.waiting.store(2, Ordering::Relaxed);
        queue.send(Job { patient: true, ..put(10) }).unwrap();
        queue.send(Job { reply: Some(told), ..put(10) }).unwrap();
        let group = desk.next().unwrap();
        desk.waiting.store(0, Ordering::Relaxed);
        desk.write(group, true);
        assert!(is_of_disk(&heard.blocking_recv().unwrap()));
        assert_eq!((desk.kept.len(), desk.failing), (1, true));
        assert_eq!(desk.waiting.load(Ordering::Relaxed), 1);
        desk.connection.pragma_update(None, "query_only", "OFF").unwrap();
        let kept = std::mem::take(&mut desk.kept);
        desk.write(kept, true);
        assert_eq!((desk.kept.len(), desk.failing), (0, false));
        let rows: i64 =
            desk.connection.query_row("SELECT COUNT(*) FROM big", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }
}
