//! The threads that hash passwords, and nothing else: logins wait for each other, and no other blocking work of the node
//! waits for them.
//!
//! Few threads bound the memory (19 MiB each while it hashes), a bounded queue bounds the wait: who comes when it is
//! full is told to try again. A thread keeps its memory from one hash to the next and gives it back when nobody waits.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use argon2::Block;
use tokio::sync::{mpsc, oneshot};

use crate::account::AccountError;
use crate::priority;

/// Those who may wait. One thread is through with so many in a few seconds.
const MOST_WAITING: usize = 128;

/// The memory that a thread hashes in, kept as long as somebody waits.
pub(super) type Memory = Vec<Block>;

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// A bounded pool of threads. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub(super) struct Pool {
    threads: usize,
    jobs: Arc<OnceLock<mpsc::Sender<Job>>>,
}

impl Pool {
    /// A pool that starts its threads when the first password comes.
    pub(super) fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), jobs: Arc::default() }
    }

    /// Does this on one of the threads.
    ///
    /// # Errors
    /// [`AccountError::Busy`] where too many wait, or no thread can be started.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            // Who asked may have gone away while it waited: then the core is for the next.
            if !answer.is_closed() {
                drop(answer.send(work(memory)));
            }
        });
        self.jobs().try_send(job).map_err(|_| AccountError::Busy)?;
        answered.await.map_err(|_| AccountError::Busy)
    }

    fn jobs(&self) -> &mpsc::Sender<Job> {
        self.jobs.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(MOST_WAITING);
            let waiting = Arc::new(Mutex::new(receiver));
            for number in 0..self.threads {
                let waiting = Arc::clone(&waiting);
                let started = thread::Builder::new()
                    .name(format!("passwords-{number}"))
                    .spawn(move || work_off(&waiting));
                if let Err(error) = started {
                    tracing::error!(%error, "a thread for passwords cannot be started");
                }
            }
            sender
        })
    }
}

/// Until the last pool is gone.
fn work_off(waiting: &Mutex<mpsc::Receiver<Job>>) {
    priority::stand_back();
    let mut memory = Memory::new();
    loop {
        let job = at_once(waiting).or_else(|| {
            memory = Memory::new();
            waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
        });
        match job {
            Some(job) => job(&mut memory),
            None => return,
        }
    }
}

/// The next one, where one waits. A thread that waits for one holds the lock, and then there is none.
fn at_once(waiting: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    waiting.try_lock().ok()?.try_recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn p9_so_many_wait_for_a_hash_and_the_next_is_told_to_try_again() {
        let pool = Pool::new(1);
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (begun, began) = oneshot::channel();
        let running = pool.clone();
        let first = tokio::spawn(async move {
            let work = move |_: &mut Memory| {
                let _ = begun.send(());
                let _ = gone.recv();
            };
            running.run(work).await
        });
        began.await.unwrap();
        let mut waiting: Vec<_> =
            (0..MOST_WAITING).map(|number| Box::pin(pool.run(move |_| number))).collect();
        for wait in &mut waiting {
            assert!(
                std::future::poll_fn(|context| {
                    std::task::Poll::Ready(wait.as_mut().poll(context).is_pending())
                })
                .await
            );
        }
        assert!(matches!(pool.run(|_| ()).await, Err(AccountError::Busy)));
        // Those who went away cost no hash.
        let last = waiting.pop();
        drop(waiting);
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert_eq!(last.unwrap().await.unwrap(), MOST_WAITING - 1);
    }
}
