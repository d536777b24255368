//! What the cloud asked and the device has not settled yet. Few, so a plain list is searched.

use alloc::vec::Vec;

use crate::coap::{MessageId, RequestToken};
use crate::describe::DescribeKind;
use crate::tcp::SendError;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Are you there?
    Ping,
    /// Say what you run.
    Describe(DescribeKind),
    /// Call a function.
    Call,
    /// Read a variable.
    Read,
    /// Shout, or stop.
    Signal,
    /// Take a file.
    UpdateBegin,
    /// A piece of it.
    Chunk,
    /// That was all of it.
    UpdateDone,
}

/// A question of the cloud's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The id of its message.
    pub id: MessageId,
    /// Its token, which a ping does not have.
    pub token: Option<RequestToken>,
    /// What was asked.
    pub about: About,
}

#[derive(Clone, Copy, Debug)]
struct Question {
    asked: Asked,
    state: State,
}

/// How far a question has come. It is gone once nothing more can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Neither acknowledged nor answered.
    Open,
    /// Acknowledged; the response is to come.
    Accepted,
    /// The response came first; the acknowledgement is to come.
    Answered,
    /// Settled, but something may follow: a second part of a describe, or the result of a call that was refused and
    /// made all the same. It holds nothing that a new question needs.
    MayFollow,
    /// Some devices acknowledge it and answer; others do neither. It holds nothing that a new question needs.
    MayBeHeard,
}

/// The list of them.
#[derive(Debug, Default)]
pub(super) struct Questions(Vec<Question>);

impl Questions {
    /// No more than tokens of one byte can tell apart, and one to spare.
    const MOST: usize = 255;

    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn has_room(&self) -> Result<(), SendError> {
        let open = self.0.iter().filter(|question| question.is_owed()).count();
        if open < Self::MOST { Ok(()) } else { Err(SendError::Unanswered) }
    }

    pub(super) fn push(&mut self, asked: Asked) {
        self.add(asked, State::Open);
    }

    /// Adds what may be answered and need not.
    pub(super) fn push_optional(&mut self, asked: Asked) {
        self.add(asked, State::MayBeHeard);
    }

    fn add(&mut self, asked: Asked, state: State) {
        self.0.retain(|question| {
            question.is_owed()
                || (question.asked.id != asked.id && question.asked.token != asked.token)
        });
        self.0.push(Question { asked, state });
    }

    /// Forgets the chunks of an update that is over: nothing of them can come.
    pub(super) fn forget_chunks(&mut self) {
        self.0.retain(|question| question.asked.about != About::Chunk);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
    }

    pub(super) fn has_id(&self, id: MessageId) -> bool {
        self.0.iter().any(|question| question.asked.id == id)
    }

    /// Whether an answer with this token may still come.
    pub(super) fn has_token(&self, token: RequestToken) -> bool {
        self.0.iter().any(|question| question.asked.token == Some(token) && question.is_owed())
    }

    /// Whether a message with this id asks a device to take a file, and was not answered.
    pub(super) fn begins_update(&self, id: MessageId) -> bool {
        let mut open = self.0.iter().filter(|question| question.state == State::Open);
        open.any(|question| question.asked.id == id && question.asked.about == About::UpdateBegin)
    }

    /// Whether a message with this id is to be acknowledged.
    pub(super) fn awaits(&self, id: MessageId) -> bool {
        self.0.iter().any(|question| question.asked.id == id && question.is_unacknowledged())
    }

    /// An empty acknowledgement, or a reset, of this id.
    pub(super) fn acknowledged(&mut self, id: MessageId) -> Option<Asked> {
        let position = self.0.iter().position(|q| q.asked.id == id && q.is_unacknowledged())?;
        let question = self.0.get_mut(position)?;
        let asked = question.asked;
        match question.state {
            State::Open if asked.token.is_some() => question.state = State::Accepted,
            State::MayBeHeard => question.state = State::MayFollow,
            _ => self.remove(position),
        }
        Some(asked)
    }

    /// An acknowledgement that is the response, or refuses the request without a token. `follows` says of which
    /// questions something may follow.
    pub(super) fn answered_at_once(
        &mut self,
        id: MessageId,
        token: Option<RequestToken>,
        follows: impl Fn(About) -> bool,
    ) -> Option<Asked> {
        let position = self.0.iter().position(|question| {
            question.asked.id == id
                && question.may_be_answered_at_once()
                && question.asked.token.is_some()
                && (token.is_none() || question.asked.token == token)
        })?;
        let question = self.0.get_mut(position)?;
        let asked = question.asked;
        if follows(asked.about) && question.state == State::Open {
            question.state = State::MayFollow;
        } else {
            self.remove(position);
        }
        Some(asked)
    }

    /// A response in a message of its own.
    pub(super) fn answered(&mut self, token: RequestToken) -> Option<Asked> {
        let position = self.0.iter().position(|question| {
            question.asked.token == Some(token) && question.may_be_answered()
        })?;
        let question = self.0.get_mut(position)?;
        let asked = question.asked;
        if question.state == State::Open {
            question.state = State::Answered;
        } else {
            self.remove(position);
        }
        Some(asked)
    }

    /// The oldest ping that was not acknowledged.
    pub(super) fn oldest_ping(&self) -> Option<Asked> {
        self.first(|asked| asked.about == About::Ping)
    }

    /// The signal with this token that was not acknowledged.
    pub(super) fn signal(&self, token: RequestToken) -> Option<Asked> {
        self.first(|asked| asked.about == About::Signal && asked.token == Some(token))
    }

    fn first(&self, wanted: impl Fn(&Asked) -> bool) -> Option<Asked> {
        let open = self.0.iter().filter(|question| question.state == State::Open);
        open.map(|question| question.asked).find(wanted)
    }

    fn remove(&mut self, position: usize) {
        self.0.remove(position);
        if self.0.is_empty() {
            // An idle session keeps no list.
            self.0 = Vec::new();
        }
    }
}

impl Question {
    /// Whether the device owes something: its id and token are taken until it comes.
    const fn is_owed(&self) -> bool {
        !matches!(self.state, State::MayFollow | State::MayBeHeard)
    }

    const fn may_be_answered_at_once(&self) -> bool {
        match self.state {
            State::Open => true,
            State::MayFollow => matches!(self.asked.about, About::Describe(_)),
            State::MayBeHeard | State::Accepted | State::Answered => false,
        }
    }

    const fn may_be_answered(&self) -> bool {
        match self.state {
            State::Open | State::Accepted => true,
            State::MayFollow => matches!(self.asked.about, About::Call | About::Chunk),
            State::MayBeHeard | State::Answered => false,
        }
    }

    const fn is_unacknowledged(&self) -> bool {
        matches!(self.state, State::Open | State::Answered | State::MayBeHeard)
    }
}
