//! The one thread that writes: it drains a queue and commits up to 256 callers with one sync to the disk.
//!
//! 1. Wait for a caller, take those that queued meanwhile.
//! 2. `BEGIN IMMEDIATE`.
//! 3. Run each caller, in a savepoint of its own where it takes several steps, so that one that fails undoes only itself.
//! 4. Add what they noted to the audit log (`audit/ledger.rs`).
//! 5. `COMMIT` (WAL, `synchronous=FULL`: durable now).
//! 6. Answer everyone. Nobody hears "done" before step 5.
//!
//! Where the disk is full or refuses, people are told at once; what devices said of themselves waits for the disk,
//! in its order, and is written when there is space again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::audit::{Act, Tally, Who};
use crate::clock::now_ms;
use crate::priority::stand_back;
use rusqlite::Connection;

use super::ask::Reply;
use super::audit::Ledger;
use super::error::StoreError;
use super::execute;
use super::statement::{Failure, Outcome, Transaction};

/// Callers that share one commit, at most.
const GROUP: usize = 256;
/// Writes that may wait, at most. Past this a caller is refused instead of memory growing.
pub(super) const QUEUE_LIMIT: usize = 65_536;
/// Writes that may wait for a disk that refuses them, at most.
pub(super) const KEPT_LIMIT: usize = 16_384;
/// Acts that belong to no change and may wait, at most. Past this they are only counted.
const NOTES_LIMIT: usize = 4_096;
/// How long refusals are counted before a thread that nobody asks anything writes how many there were.
const COUNTING: Duration = Duration::from_secs(60);
/// How long after a refusal the disk is tried again where nobody else writes.
const RETRY: Duration = Duration::from_secs(1);

struct Job {
    transaction: Transaction,
    reply: Option<Reply>,
    /// Waits for a disk that refuses, instead of being refused itself.
    patient: bool,
}

/// What comes to the writing thread.
enum Arrival {
    /// A caller.
    Job(Job),
    /// An act that belongs to no change.
    Note(Act),
}

/// The queue to the writing thread.
pub(super) struct Writer {
    queue: Option<Sender<Arrival>>,
    waiting: Arc<AtomicUsize>,
    notes: Arc<Notes>,
    thread: Option<JoinHandle<()>>,
}

/// Acts that belong to no change.
#[derive(Default)]
struct Notes {
    waiting: AtomicUsize,
    /// Those that found too many waiting.
    uncounted: AtomicUsize,
}

impl Writer {
    pub(super) fn start(connection: Connection, ledger: Ledger) -> Result<Self, StoreError> {
        let (queue, arrivals) = channel();
        let (waiting, notes) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notes::default()));
        let (counter, noted) = (Arc::clone(&waiting), Arc::clone(&notes));
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                stand_back();
                Desk::new(connection, ledger, arrivals, counter, noted).write_until_closed();
            })
            .map_err(|error| StoreError::Engine(format!("no thread for the store: {error}")))?;
        Ok(Self { queue: Some(queue), waiting, notes, thread: Some(thread) })
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
            Some(queue) => match queue.send(Arrival::Job(Job { transaction, reply, patient })) {
                Ok(()) => return Ok(()),
                // Without its thread the reply goes with the job, which its asker takes for this same refusal.
                Err(_) => return self.refuse(None, StoreError::Closed),
            },
        };
        self.refuse(reply, refusal)
    }

    /// Queues an act that belongs to no change; never blocks. Where too many wait it is only counted.
    pub(super) fn note(&self, act: Act) {
        let Some(queue) = &self.queue else { return };
        if self.notes.waiting.fetch_add(1, Ordering::Relaxed) < NOTES_LIMIT {
            // Without its thread there is no log to write it in.
            drop(queue.send(Arrival::Note(act)));
        } else {
            self.notes.waiting.fetch_sub(1, Ordering::Relaxed);
            self.notes.uncounted.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn refuse(&self, reply: Option<Reply>, error: StoreError) -> Result<(), StoreError> {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(reply) = reply {
            reply.send(Err(Failure::Store(error.clone())));
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
    ledger: Ledger,
    arrivals: Receiver<Arrival>,
    waiting: Arc<AtomicUsize>,
    notes: Arc<Notes>,
    tally: Tally,
    /// Writes that the disk refused and that wait for it, oldest first.
    kept: Vec<Job>,
    failing: bool,
}

impl Desk {
    fn new(
        connection: Connection,
        ledger: Ledger,
        arrivals: Receiver<Arrival>,
        waiting: Arc<AtomicUsize>,
        notes: Arc<Notes>,
    ) -> Self {
        let (tally, kept) = (Tally::new(), Vec::new());
        Self { connection, ledger, arrivals, waiting, notes, tally, kept, failing: false }
    }

    fn write_until_closed(mut self) {
        while let Some(arrived) = self.next() {
            self.waiting.fetch_sub(self.kept.len(), Ordering::Relaxed);
            let mut group = std::mem::take(&mut self.kept);
            group.extend(self.admit(arrived, now_ms()));
            self.write(group, true);
        }
        let mut last = std::mem::take(&mut self.kept);
        last.extend(noted(self.tally.rest()));
        // Whoever takes the folder of a node that has stopped finds no key that signed anything in it.
        self.ledger.age();
        self.write(last, false);
        self.ledger.board().close();
    }

    /// The next callers, as they queued; none where the last store is gone. Where something has to be done although
    /// nobody comes, it waits no longer than until then.
    fn next(&self) -> Option<Vec<Arrival>> {
        let first = match self.patience() {
            None => Some(self.arrivals.recv().ok()?),
            Some(within) => match self.arrivals.recv_timeout(within) {
                Err(RecvTimeoutError::Disconnected) => return None,
                arrival => arrival.ok(),
            },
        };
        Some(first.into_iter().chain(self.arrivals.try_iter()).take(GROUP).collect())
    }

    /// How long to wait for the next caller: where some wait for the disk it is tried again before long; what was counted is
    /// to be written, and a key of the audit log to be replaced.
    fn patience(&self) -> Option<Duration> {
        let disk = (!self.kept.is_empty()).then_some(RETRY);
        let tally = self.tally.is_waiting().then_some(COUNTING);
        let turn = self.ledger.turns_in_ms(now_ms());
        let turn = turn.map(|ms| Duration::from_millis(ms.unsigned_abs()).max(RETRY));
        [disk, tally, turn].into_iter().flatten().min()
    }

    /// The callers among those who came, and what is to be written of the acts that belong to no change.
    fn admit(&mut self, arrived: Vec<Arrival>, now_ms: i64) -> Vec<Job> {
        let mut jobs = Vec::with_capacity(arrived.len());
        let mut acts = self.tally.due(now_ms);
        for arrival in arrived {
            match arrival {
                Arrival::Job(mut job) => {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    let tally = &mut self.tally;
                    let mut tells = |act: &Act| tally.take(act.clone(), now_ms).is_some();
                    job.transaction.acts.retain(|noted| !noted.counted || tells(&noted.act));
                    jobs.push(job);
                }
                Arrival::Note(act) => {
                    self.notes.waiting.fetch_sub(1, Ordering::Relaxed);
                    acts.extend(self.tally.take(act, now_ms));
                }
            }
        }
        let uncounted = self.notes.uncounted.swap(0, Ordering::Relaxed);
        if let Some(times) = u32::try_from(uncounted).ok().filter(|times| *times > 0) {
            let act = Act::new("audit.overrun", Who::Node, now_ms);
            acts.push(act.refused("more came at once than could be told apart").repeated(times));
        }
        jobs.extend(noted(acts));
        jobs
    }

    fn write(&mut self, group: Vec<Job>, again: bool) {
        if group.is_empty() && self.ledger.turns_in_ms(now_ms()).is_none_or(|ms| ms > 0) {
            return;
        }
        let results = commit(&self.connection, &mut self.ledger, &group, now_ms());
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
        (Some(reply), result) => reply.send(result),
        (None, Err(Failure::Store(error))) => tracing::error!(%error, "a queued write was lost"),
        (None, Err(Failure::Unmet { index, .. })) => {
            tracing::debug!(statement = index, "a queued write no longer applied");
        }
        (None, Ok(_)) => {}
    }
}

/// A job for acts that belong to no change; it waits for the disk.
fn noted(acts: Vec<Act>) -> Option<Job> {
    let none = acts.is_empty();
    let transaction = acts.into_iter().fold(Transaction::new(), Transaction::noting);
    (!none).then_some(Job { transaction, reply: None, patient: true })
}

fn commit(
    connection: &Connection,
    ledger: &mut Ledger,
    group: &[Job],
    now_ms: i64,
) -> Vec<Result<Outcome, Failure>> {
    let attempt = say(connection, "BEGIN IMMEDIATE").map_err(StoreError::from).and_then(|()| {
        let results = run_group(connection, group)?;
        let done = group
            .iter()
            .zip(&results)
            .filter_map(|(job, result)| Some((job, result.as_ref().ok()?)));
        let acts: Vec<_> =
            done.flat_map(|(job, outcome)| job.transaction.acts_in(outcome)).collect();
        let page = ledger.append(connection, &acts, now_ms)?;
        say(connection, "COMMIT")?;
        if let Some(page) = page {
            ledger.keep(page);
        }
        Ok(results)
    });
    attempt.unwrap_or_else(|error| {
        if !connection.is_autocommit() {
            drop(say(connection, "ROLLBACK"));
        }
        group.iter().map(|_| Err(Failure::Store(error.clone()))).collect()
    })
}

/// Runs a statement without values, compiled once.
fn say(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Runs each caller; one that fails undoes only itself. An error here means that the whole group was undone.
fn run_group(
    connection: &Connection,
    group: &[Job],
) -> Result<Vec<Result<Outcome, Failure>>, StoreError> {
    group.iter().map(|job| run_caller(connection, &job.transaction)).collect()
}

/// Runs one caller, in a savepoint unless the engine itself undoes it whole.
fn run_caller(
    connection: &Connection,
    transaction: &Transaction,
) -> Result<Result<Outcome, Failure>, StoreError> {
    let saved = !transaction.is_one_step();
    if saved {
        say(connection, "SAVEPOINT caller")?;
    }
    let result = execute::run_all(connection, transaction);
    if let Err(failure) = &result {
        // On a full disk the engine has already undone everything, the callers before this one too.
        if connection.is_autocommit() {
            return Err(failure.clone().into());
        }
        if saved {
            say(connection, "ROLLBACK TO caller")?;
        }
    }
    if saved {
        say(connection, "RELEASE caller")?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
