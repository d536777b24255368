//! The peer's messages of the last while, so that a repeated one is not acted on twice (RFC 7252 4.5, P3).
//!
//! A confirmable message is remembered for as long as its sender may repeat it; when the memory is full, new
//! ones are refused instead. A non-confirmable one is never repeated by its sender, only by a network (which the
//! record layer already filters), so a short list that forgets the oldest is enough.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::Settings;
use crate::coap::{Code, Kind, Message, MessageId};
use crate::{MAX_MESSAGE, reply};

/// How many non-confirmable messages are remembered.
const MAX_NON_CONFIRMABLE: usize = 16;

/// Bytes of an empty acknowledgement.
const EMPTY_LENGTH: usize = 4;

/// What a message turned out to be.
pub(super) enum Note {
    New,
    Again(Option<Vec<u8>>),
    Full,
}

/// A message of the peer's that was answered, and may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Its id.
    pub id: MessageId,
    /// How long ago it came.
    pub age: Duration,
    /// What to answer its repetition.
    pub reply: Vec<u8>,
}

/// What was answered to a message.
#[derive(Debug)]
enum Reply {
    NotYet,
    /// Bytes that can be made from the id; nearly all replies are this.
    Empty,
    Bytes(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct Seen {
    replies: BTreeMap<MessageId, Reply>,
    ages: VecDeque<(Duration, MessageId)>,
    non_confirmable: VecDeque<(Duration, MessageId)>,
}

impl Seen {
    pub(super) const fn new() -> Self {
        Self { replies: BTreeMap::new(), ages: VecDeque::new(), non_confirmable: VecDeque::new() }
    }

    /// Remembers a message, or says that it was there before.
    pub(super) fn note(
        &mut self,
        now: Duration,
        settings: &Settings,
        id: MessageId,
        confirmable: bool,
    ) -> Note {
        self.forget_old(now, settings);
        if let Some(reply) = self.replies.get(&id) {
            return Note::Again(reply.bytes(id));
        }
        if self.non_confirmable.iter().any(|(_, seen)| *seen == id) {
            return Note::Again(None);
        }
        if !confirmable {
            self.note_non_confirmable(now, id);
        } else if self.ages.len() >= settings.max_seen {
            return Note::Full;
        } else {
            self.ages.push_back((now, id));
            self.replies.insert(id, Reply::NotYet);
        }
        Note::New
    }

    fn note_non_confirmable(&mut self, now: Duration, id: MessageId) {
        if self.non_confirmable.len() >= MAX_NON_CONFIRMABLE {
            self.non_confirmable.pop_front();
        }
        self.non_confirmable.push_back((now, id));
    }

    pub(super) fn forget_old(&mut self, now: Duration, settings: &Settings) {
        while let Some((_, id)) = self.ages.pop_front_if(|entry| is_old(entry, now, settings)) {
            self.replies.remove(&id);
        }
        while self.non_confirmable.pop_front_if(|entry| is_old(entry, now, settings)).is_some() {}
    }

    pub(super) fn answered(&mut self, id: MessageId, reply: &[u8]) {
        if reply.len() > MAX_MESSAGE {
            return;
        }
        if let Some(place) = self.replies.get_mut(&id) {
            // Most replies are longer than that, and need no look into them.
            let is_empty_ack = reply.len() == EMPTY_LENGTH
                && Message::parse(reply).is_ok_and(|reply| {
                    (reply.kind, reply.code, reply.id) == (Kind::Acknowledgement, Code::EMPTY, id)
                });
            *place = if is_empty_ack { Reply::Empty } else { Reply::Bytes(reply.to_vec()) };
        }
    }

    pub(super) fn forget(&mut self, id: MessageId) {
        self.replies.remove(&id);
        self.ages.retain(|(_, seen)| *seen != id);
        self.non_confirmable.retain(|(_, seen)| *seen != id);
    }

    /// What was answered and may still be repeated, with its age; oldest first.
    pub(super) fn answers(&self, now: Duration) -> impl Iterator<Item = Answered> + '_ {
        self.ages.iter().filter_map(move |(at, id)| {
            let reply = self.replies.get(id)?.bytes(*id)?;
            Some(Answered { id: *id, age: now.saturating_sub(*at), reply })
        })
    }

    /// Remembers again what [`Self::answers`] gave.
    pub(super) fn recall(&mut self, now: Duration, settings: &Settings, answered: &Answered) {
        if self.ages.len() < settings.max_seen && !self.replies.contains_key(&answered.id) {
            self.ages.push_back((now.saturating_sub(answered.age), answered.id));
            self.replies.insert(answered.id, Reply::NotYet);
            self.answered(answered.id, &answered.reply);
        }
    }

    pub(super) fn is_empty(&self, now: Duration, settings: &Settings) -> bool {
        // The youngest is at the back.
        [&self.ages, &self.non_confirmable]
            .into_iter()
            .filter_map(VecDeque::back)
            .all(|entry| is_old(entry, now, settings))
    }
}

fn is_old((at, _): &(Duration, MessageId), now: Duration, settings: &Settings) -> bool {
    now.saturating_sub(*at) >= settings.dedupe
}

impl Reply {
    fn bytes(&self, id: MessageId) -> Option<Vec<u8>> {
        match self {
            Self::NotYet => None,
            Self::Empty => {
                let mut ack = Vec::with_capacity(EMPTY_LENGTH);
                reply::ack_empty(&mut ack, id);
                Some(ack)
            }
            Self::Bytes(bytes) => Some(bytes.clone()),
        }
    }
}
