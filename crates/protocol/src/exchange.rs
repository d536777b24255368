//! The message layer for one peer: ids, tokens, retransmission and deduplication (RFC 7252 section 4).
//!
//! What is sent confirmably is remembered with a tag of the caller's until it is settled:
//!
//! 1. [`Exchange::send`]: an acknowledgement settles it ([`Received::Acknowledged`]).
//! 2. [`Exchange::request`]: an acknowledgement that carries the response settles it, or an empty one
//!    ([`Received::Accepted`]) and then a message of the peer's with the same token, confirmable or not, which
//!    settles it even if the acknowledgement was lost ([`Received::Responded`]).
//! 3. Either: a reset ([`Received::Reset`]), nothing heard after the last repetition
//!    ([`Exchange::poll_given_up`]), and for a request also its deadline ([`Exchange::poll_overdue`]) or the
//!    caller ([`Exchange::cancel`]).
//!
//! Whichever comes first gives the tag back, once. Messages of the peer are [`Received::Fresh`] once; their
//! repetitions within 64 s are shown as such, with the answer to repeat, and where the peer's ids count up
//! ([`Exchange::set_numbering`]) later ones are known by that (P3). All that is held is bounded: of a peer that sends
//! more confirmable messages than can be remembered the oldest are past, or where its ids do not count up the surplus is
//! refused; nothing is acted on twice.
//! The caller sends the first copy of everything itself; nothing here knows of sockets.

mod numbering;
mod outstanding;
mod seen;

use alloc::vec::Vec;
use core::time::Duration;

use crate::coap::{Code, Kind, Message, MessageId, RequestToken, Token};
pub use numbering::Numbering;
use outstanding::{Outstanding, Pending};
pub use seen::Answered;
use seen::Seen;

/// The timing and bounds of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait for the first acknowledgement, before the random part (times 1 to 1.5) is added.
    pub ack_timeout: Duration,
    /// How often to repeat; the wait doubles each time.
    pub max_retransmit: u8,
    /// How long a message of the peer is remembered.
    pub dedupe: Duration,
    /// How many confirmable messages of the peer are remembered.
    pub max_seen: usize,
    /// How many messages of ours may be unsettled.
    pub max_outstanding: usize,
}

impl Default for Settings {
    /// Repeats as Device OS does. Remembers for longer than its 45 s: a message may be repeated for 42 s
    /// (RFC 7252 4.8.2, MAX_TRANSMIT_SPAN), and the last repetition may be on its way for 20 s and more.
    fn default() -> Self {
        Self {
            ack_timeout: Duration::from_secs(4),
            max_retransmit: 3,
            dedupe: Duration::from_secs(64),
            max_seen: 1024,
            max_outstanding: 64,
        }
    }
}

/// What a message from the peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<T> {
    /// New: decode it and act on it. If it is confirmable, answer it and tell [`Exchange::answered`].
    Fresh,
    /// Seen before: send this answer again, if there is one; if there is none (yet, or any more), do nothing.
    Duplicate(Option<Vec<u8>>),
    /// Acknowledges what [`Exchange::send`] sent. A code of class 4 or 5 says that the peer refused it.
    Acknowledged(T),
    /// Acknowledges a request whose response is still to come.
    Accepted,
    /// Is the response to a request. If it is confirmable, acknowledge it and tell [`Exchange::answered`].
    Responded(T),
    /// The peer has no use for the message or request.
    Reset(T),
    /// A response to nothing (any more). If it is confirmable, acknowledge it and tell
    /// [`Exchange::answered`].
    Stray,
    /// An acknowledgement or reset of nothing (any more): ignore it.
    Unmatched,
    /// New, but too many are remembered already of a peer whose ids do not count up: drop it and say nothing; the peer
    /// will repeat it.
    Full,
}

/// The message layer for one peer. `T` is what the caller wants back when a message of its own is settled.
#[derive(Debug)]
pub struct Exchange<T> {
    settings: Settings,
    next_id: u16,
    next_token: u8,
    outstanding: Outstanding<T>,
    seen: Seen,
}

impl<T> Exchange<T> {
    /// A layer whose first message will have `first_id` and whose first request `first_token`.
    #[must_use]
    pub const fn new(settings: Settings, first_id: u16, first_token: u8) -> Self {
        Self {
            settings,
            next_id: first_id,
            next_token: first_token,
            outstanding: Outstanding::new(),
            seen: Seen::new(),
        }
    }

    /// Tells it how the peer numbers its messages; it takes any ids until then.
    pub const fn set_numbering(&mut self, numbering: Numbering) {
        self.seen.numbering = numbering;
    }

    /// How the peer numbers its messages, and which are past: to be kept when the exchange is dropped.
    pub fn numbering(&mut self, now: Duration) -> Numbering {
        self.seen.forget_old(now, &self.settings);
        self.seen.numbering
    }

    /// The id for the next message. They count up and wrap; one that is still outstanding is passed over.
    pub fn next_id(&mut self) -> MessageId {
        // No more than `max_outstanding` ids are taken, so this ends.
        while self.outstanding.has_id(MessageId(self.next_id)) {
            self.next_id = self.next_id.wrapping_add(1);
        }
        let id = MessageId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        id
    }

    /// The first id from `first` on that is not outstanding: for a message whose id must not be guessed.
    #[must_use]
    pub fn free_id(&self, first: u16) -> MessageId {
        let mut id = MessageId(first);
        // No more than `max_outstanding` ids are taken, so this ends.
        while self.outstanding.has_id(id) {
            id = MessageId(id.0.wrapping_add(1));
        }
        id
    }

    /// The id that [`Exchange::next_id`] gave last: what a saved session goes on from.
    #[must_use]
    pub const fn last_id(&self) -> MessageId {
        MessageId(self.next_id.wrapping_sub(1))
    }

    /// The token for the next request. They count up and wrap; one that is still in use is passed over.
    pub fn next_token(&mut self) -> RequestToken {
        for _ in 0..=u8::MAX {
            if !self.outstanding.has_token(RequestToken(self.next_token).into()) {
                break;
            }
            self.next_token = self.next_token.wrapping_add(1);
        }
        let token = RequestToken(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        token
    }

    /// Remembers a confirmable message that an acknowledgement settles. `jitter` is random: 0 waits 1 times,
    /// 65535 waits 1.5 times the acknowledgement timeout.
    ///
    /// # Errors
    /// The tag comes back if too many messages are outstanding; then do not send.
    pub fn send(
        &mut self,
        now: Duration,
        jitter: u16,
        id: MessageId,
        datagram: Vec<u8>,
        tag: T,
    ) -> Result<(), T> {
        let wait = self.first_wait(jitter);
        let pending = Pending::new(id, None, datagram, now, wait, tag);
        self.outstanding.push(pending, self.settings.max_outstanding)
    }

    /// Remembers a confirmable request that a response with its token settles. At `deadline` it is overdue,
    /// whatever was heard of it.
    ///
    /// # Errors
    /// The tag comes back if too many messages are outstanding; then do not send.
    #[expect(clippy::too_many_arguments, reason = "all are plain facts about one message")]
    pub fn request(
        &mut self,
        now: Duration,
        jitter: u16,
        id: MessageId,
        token: RequestToken,
        datagram: Vec<u8>,
        deadline: Duration,
        tag: T,
    ) -> Result<(), T> {
        let wait = self.first_wait(jitter);
        let pending = Pending::new(id, Some((token.into(), deadline)), datagram, now, wait, tag);
        self.outstanding.push(pending, self.settings.max_outstanding)
    }

    /// RFC 7252 4.2: between ACK_TIMEOUT and ACK_TIMEOUT times ACK_RANDOM_FACTOR (1.5).
    fn first_wait(&self, jitter: u16) -> Duration {
        let timeout = self.settings.ack_timeout;
        timeout + timeout * u32::from(jitter) / (2 * u32::from(u16::MAX))
    }

    /// Says what a message from the peer is.
    pub fn receive(&mut self, now: Duration, message: &Message<'_>) -> Received<T> {
        match message.kind {
            Kind::Acknowledgement => self.acknowledged(message),
            Kind::Reset => {
                self.outstanding.take_id(message.id).map_or(Received::Unmatched, Received::Reset)
            }
            Kind::Confirmable | Kind::NonConfirmable => self.arrived(now, message),
        }
    }

    fn acknowledged(&mut self, message: &Message<'_>) -> Received<T> {
        let Some(expected) = self.outstanding.token_of(message.id) else {
            return Received::Unmatched;
        };
        let settled = match expected {
            None => self.outstanding.take_id(message.id).map(Received::Acknowledged),
            Some(_) if message.code == Code::EMPTY => {
                self.outstanding.accept(message.id);
                Some(Received::Accepted)
            }
            Some(token) if token == message.token => {
                self.outstanding.take_id(message.id).map(Received::Responded)
            }
            // RFC 7252 5.3.2: a piggybacked response must have the token of its request.
            Some(_) => None,
        };
        settled.unwrap_or(Received::Unmatched)
    }

    fn arrived(&mut self, now: Duration, message: &Message<'_>) -> Received<T> {
        match self.seen.note(now, &self.settings, message) {
            seen::Note::Again(reply) => return Received::Duplicate(reply),
            seen::Note::Full => return Received::Full,
            seen::Note::New => {}
        }
        if !message.code.is_response() {
            return Received::Fresh;
        }
        self.outstanding.take_token(message.token).map_or(Received::Stray, Received::Responded)
    }

    /// Remembers what was answered to the peer's message `id`, for its repetitions.
    pub fn answered(&mut self, now: Duration, id: MessageId, reply: &[u8]) {
        self.seen.forget_old(now, &self.settings);
        self.seen.answered(id, reply);
    }

    /// Forgets the peer's message `id`, which was not acted on: its repetition will be [`Received::Fresh`].
    pub fn forget(&mut self, id: MessageId) {
        self.seen.forget(id);
    }

    /// What the peer may repeat and was answered already, oldest first: for a session that is saved, so that
    /// a repetition after a restart is not acted on either (P3).
    pub fn answers(&self, now: Duration) -> impl Iterator<Item = Answered> + '_ {
        self.seen.answers(now)
    }

    /// Remembers again what [`Exchange::answers`] gave; the oldest must come first.
    pub fn recall(&mut self, now: Duration, answered: &Answered) {
        self.seen.recall(now, &self.settings, answered);
    }

    /// Gives up waiting for the response to a request.
    pub fn cancel(&mut self, token: RequestToken) -> Option<T> {
        self.outstanding.take_token(Token::from(token))
    }

    /// A datagram that is due to be sent again. Call until `None`.
    pub fn poll_retransmit(&mut self, now: Duration) -> Option<&[u8]> {
        self.outstanding.repeat(now, self.settings.max_retransmit)
    }

    /// A message that was repeated as often as allowed and never heard of: the peer is gone. Call until `None`.
    pub fn poll_given_up(&mut self, now: Duration) -> Option<T> {
        self.outstanding.give_up(now, self.settings.max_retransmit)
    }

    /// A request whose deadline has come, though the peer may be well. Call until `None`.
    pub fn poll_overdue(&mut self, now: Duration) -> Option<T> {
        self.outstanding.overdue(now)
    }

    /// When to call the other `poll_` functions next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.outstanding.next_due()
    }

    /// Everything unsettled, for when the session ends.
    pub fn abandon(&mut self) -> impl Iterator<Item = T> + '_ {
        self.outstanding.drain()
    }

    /// Whether nothing is outstanding and nothing need be remembered: the exchange may then be dropped and made
    /// anew from [`Exchange::last_id`].
    #[must_use]
    pub fn is_idle(&self, now: Duration) -> bool {
        self.outstanding.is_empty() && self.seen.is_empty(now, &self.settings)
    }
}
