//! Our own confirmable messages that are not settled yet, and when to repeat them (RFC 7252 4.2).
//!
//! They are few (64 at most by default) and short-lived, so a plain list is searched.

use alloc::vec::Vec;
use core::time::Duration;

use crate::coap::{MessageId, Token};

/// One message of ours.
#[derive(Debug)]
pub(super) struct Pending<T> {
    id: MessageId,
    /// For a request: the token of its response, and when it is overdue.
    response: Option<(Token, Duration)>,
    /// What to repeat; empty once the peer acknowledged it.
    datagram: Vec<u8>,
    /// When to repeat it or give it up; `None` once the peer acknowledged it.
    due: Option<Duration>,
    wait: Duration,
    repeated: u8,
    tag: T,
}

impl<T> Pending<T> {
    pub(super) fn new(
        id: MessageId,
        response: Option<(Token, Duration)>,
        datagram: Vec<u8>,
        now: Duration,
        wait: Duration,
        tag: T,
    ) -> Self {
        Self { id, response, datagram, due: Some(now.saturating_add(wait)), wait, repeated: 0, tag }
    }

    fn token(&self) -> Option<Token> {
        self.response.map(|(token, _)| token)
    }

    fn deadline(&self) -> Option<Duration> {
        self.response.map(|(_, deadline)| deadline)
    }
}

fn has_come(time: Option<Duration>, now: Duration) -> bool {
    time.is_some_and(|time| time <= now)
}

/// The list of them.
#[derive(Debug)]
pub(super) struct Outstanding<T>(Vec<Pending<T>>);

impl<T> Outstanding<T> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn push(&mut self, pending: Pending<T>, limit: usize) -> Result<(), T> {
        if self.0.len() >= limit {
            return Err(pending.tag);
        }
        self.0.push(pending);
        Ok(())
    }

    fn take(&mut self, wanted: impl Fn(&Pending<T>) -> bool) -> Option<T> {
        let position = self.0.iter().position(wanted)?;
        // Order matters to nobody but a reader of traces, and is kept for that one.
        Some(self.0.remove(position).tag)
    }

    pub(super) fn take_id(&mut self, id: MessageId) -> Option<T> {
        self.take(|pending| pending.id == id)
    }

    pub(super) fn take_token(&mut self, token: Token) -> Option<T> {
        self.take(|pending| pending.token() == Some(token))
    }

    pub(super) fn has_id(&self, id: MessageId) -> bool {
        // An accepted request waits for its token alone, but its id stays taken too: it costs nothing.
        self.0.iter().any(|pending| pending.id == id)
    }

    pub(super) fn has_token(&self, token: Token) -> bool {
        self.0.iter().any(|pending| pending.token() == Some(token))
    }

    /// The token that the response to `id` must have: outer `None` if there is no such message, inner `None` if
    /// it asks for no response.
    pub(super) fn token_of(&self, id: MessageId) -> Option<Option<Token>> {
        self.0.iter().find(|pending| pending.id == id).map(Pending::token)
    }

    /// The peer has the request: stop repeating, keep waiting.
    pub(super) fn accept(&mut self, id: MessageId) {
        if let Some(pending) = self.0.iter_mut().find(|pending| pending.id == id) {
            pending.due = None;
            pending.datagram = Vec::new();
        }
    }

    pub(super) fn repeat(&mut self, now: Duration, max: u8) -> Option<&[u8]> {
        let ready =
            |pending: &&mut Pending<T>| pending.repeated < max && has_come(pending.due, now);
        let pending = self.0.iter_mut().find(ready)?;
        pending.repeated += 1;
        pending.wait = pending.wait.saturating_mul(2);
        // From now, not from when it was due: a late caller must not send a burst.
        pending.due = Some(now.saturating_add(pending.wait));
        Some(&pending.datagram)
    }

    pub(super) fn give_up(&mut self, now: Duration, max: u8) -> Option<T> {
        self.take(|pending| pending.repeated >= max && has_come(pending.due, now))
    }

    pub(super) fn overdue(&mut self, now: Duration) -> Option<T> {
        self.take(|pending| has_come(pending.deadline(), now))
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.0.iter().flat_map(|pending| [pending.due, pending.deadline()]).flatten().min()
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.0.drain(..).map(|pending| pending.tag)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
