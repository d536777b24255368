//! The answer to come of a question put to the store: await it, or wait for it on a plain thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::error::StoreError;
use super::statement::{Failure, Outcome};

/// Whom the outcome is told.
pub(super) enum Reply {
    /// Who awaits it.
    Asker(oneshot::Sender<Result<Outcome, Failure>>),
    /// This is called with it, on the store's own thread: it must not block.
    Told(Box<dyn FnOnce(Result<Outcome, Failure>) + Send>),
}

impl Reply {
    /// Tells it. An asker may be gone.
    pub(super) fn send(self, outcome: Result<Outcome, Failure>) {
        match self {
            Self::Asker(asker) => drop(asker.send(outcome)),
            Self::Told(told) => told(outcome),
        }
    }
}

type Decode<T, E> = Box<dyn FnOnce(Result<Outcome, Failure>) -> Result<T, E> + Send>;

/// An answer that is on its way. In async code `.await` it; on a thread of its own call [`Ask::wait`].
///
/// Dropping it does not take the question back: a write that was queued is still made.
#[must_use = "without awaiting it, nobody learns whether it worked"]
pub struct Ask<T, E = StoreError> {
    answer: oneshot::Receiver<Result<Outcome, Failure>>,
    decode: Option<Decode<T, E>>,
}

impl<T, E> Ask<T, E> {
    /// A question and the place to send its answer; `decode` makes a typed answer of it.
    pub(super) fn new(
        decode: impl FnOnce(Result<Outcome, Failure>) -> Result<T, E> + Send + 'static,
    ) -> (Self, Reply) {
        let (reply, answer) = oneshot::channel();
        (Self { answer, decode: Some(Box::new(decode)) }, Reply::Asker(reply))
    }

    /// Waits for the answer, blocking this thread. Not for use inside an async runtime.
    pub fn wait(self) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let answer = self.answer.blocking_recv().unwrap_or(Err(Failure::Store(StoreError::Closed)));
        finish(self.decode, answer)
    }
}

fn finish<T, E: From<StoreError>>(
    decode: Option<Decode<T, E>>,
    answer: Result<Outcome, Failure>,
) -> Result<T, E> {
    match decode {
        Some(decode) => decode(answer),
        // Polled again after it was ready: there is nothing more to give.
        None => Err(E::from(StoreError::Closed)),
    }
}

impl<T, E: From<StoreError>> Future for Ask<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        let answer = answer.unwrap_or(Err(Failure::Store(StoreError::Closed)));
        Poll::Ready(finish(self.decode.take(), answer))
    }
}
