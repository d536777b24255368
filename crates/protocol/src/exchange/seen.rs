//! The peer's messages of the last while, so that a repeated one is not acted on twice (RFC 7252 4.5, P3).
//!
//! A confirmable message is remembered for as long as its sender may repeat it. When the memory is full, the oldest is
//! forgotten where ids count up, since it is past then; where they do not, new ones are refused. A non-confirmable one is never repeated by its sender, only by a network (which the
//! record layer already filters), so a short list that forgets the oldest is enough.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Numbering, Settings};
use crate::coap::{Code, Kind, Message, MessageId};
use crate::weakened::{self, Weakness};
use crate::{MAX_MESSAGE, reply};

/// How many non-confirmable messages are remembered.
const MAX_NON_CONFIRMABLE: usize = 16;

/// The bytes of an empty acknowledgement.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    NotYet,
    /// Four bytes that can be made from the id; nearly all replies are this.
    Empty,
    /// In [`Seen::longer`].
    Longer,
}

/// One message. A device at rest has few or none of them, one in a hurry a thousand: they are kept small, in
/// one piece of memory, and are searched from the newest on.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// When it came, in milliseconds, rounded up.
    at: u64,
    id: MessageId,
    reply: Reply,
    /// Whether its id says when it was sent: that of a ping may be any, to be hard to guess.
    counts: bool,
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) numbering: Numbering,
    /// The highest id of those that count. What comes with a higher one need not be looked for.
    newest: Option<MessageId>,
    confirmable: VecDeque<Entry>,
    longer: Vec<(MessageId, Box<[u8]>)>,
    non_confirmable: VecDeque<Entry>,
}

impl Seen {
    pub(super) const fn new() -> Self {
        Self {
            numbering: Numbering::Any,
            newest: None,
            confirmable: VecDeque::new(),
            longer: Vec::new(),
            non_confirmable: VecDeque::new(),
        }
    }

    /// Remembers a message, or says that it was there before.
    pub(super) fn note(
        &mut self,
        now: Duration,
        settings: &Settings,
        message: &Message<'_>,
    ) -> Note {
        let (id, counts) = (message.id, message.code != Code::EMPTY);
        self.forget_old(now, settings);
        let highest = self.is_highest(id);
        let heeds = !weakened::is(Weakness::RepeatsActedOn);
        if heeds
            && !(counts && highest)
            && let Some(again) = self.again(id, counts)
        {
            return again;
        }
        let entry = Entry { at: millis(now), id, reply: Reply::NotYet, counts };
        if message.kind != Kind::Confirmable {
            if self.non_confirmable.len() >= MAX_NON_CONFIRMABLE {
                self.non_confirmable.pop_front();
            }
            self.non_confirmable.push_back(entry);
        } else if self.confirmable.len() < settings.max_seen || self.make_room() {
            self.confirmable.push_back(entry);
        } else {
            return Note::Full;
        }
        if counts {
            self.numbering.came(id);
            self.counted(id);
        }
        Note::New
    }

    /// Whether no message that counts came with this id or a higher one.
    fn is_highest(&self, id: MessageId) -> bool {
        self.newest.is_some_and(|newest| self.numbering.is_after(id, newest))
    }

    fn counted(&mut self, id: MessageId) {
        if self.newest.is_none() || self.is_highest(id) {
            self.newest = Some(id);
        }
    }

    /// What to make of a message that came before, or is past.
    fn again(&self, id: MessageId, counts: bool) -> Option<Note> {
        if let Some(entry) = find(&self.confirmable, id) {
            return Some(Note::Again(self.reply(*entry)));
        }
        let known = find(&self.non_confirmable, id).is_some();
        (known || counts && self.numbering.is_past(id)).then_some(Note::Again(None))
    }

    pub(super) fn forget_old(&mut self, now: Duration, settings: &Settings) {
        let old = |entry: &mut Entry| is_old(entry, now, settings);
        while let Some(entry) = self.confirmable.pop_front_if(old) {
            self.let_go(entry);
        }
        while let Some(entry) = self.non_confirmable.pop_front_if(old) {
            self.pass(entry);
        }
    }

    /// Forgets the oldest confirmable message before its time, where its number says of a repetition that it is past (P3);
    /// whether it did. A peer in such a hurry that its own repetition comes after a thousand others goes without an answer
    /// to that one, rather than to all new ones for a minute.
    fn make_room(&mut self) -> bool {
        let oldest = match self.numbering {
            Numbering::Up(_) => self.confirmable.pop_front(),
            Numbering::Any => None,
        };
        oldest.map(|entry| self.let_go(entry)).is_some()
    }

    fn let_go(&mut self, entry: Entry) {
        self.pass(entry);
        if entry.reply == Reply::Longer {
            self.longer.retain(|(id, _)| *id != entry.id);
        }
    }

    fn pass(&mut self, entry: Entry) {
        if entry.counts {
            self.numbering.passed(entry.id);
        }
    }

    pub(super) fn answered(&mut self, id: MessageId, reply: &[u8]) {
        if reply.len() > MAX_MESSAGE {
            return;
        }
        let Some(entry) = self.confirmable.iter_mut().rev().find(|entry| entry.id == id) else {
            return;
        };
        if entry.reply == Reply::Longer {
            self.longer.retain(|(other, _)| *other != id);
        }
        // Most replies that are longer need no look into them.
        let is_empty_ack = reply.len() == EMPTY_LENGTH
            && Message::parse(reply).is_ok_and(|reply| {
                (reply.kind, reply.code, reply.id) == (Kind::Acknowledgement, Code::EMPTY, id)
            });
        entry.reply = if is_empty_ack { Reply::Empty } else { Reply::Longer };
        if !is_empty_ack {
            self.longer.push((id, reply.into()));
        }
    }

    pub(super) fn forget(&mut self, id: MessageId) {
        self.confirmable.retain(|entry| entry.id != id);
        self.longer.retain(|(longer, _)| *longer != id);
        self.non_confirmable.retain(|entry| entry.id != id);
    }

    /// What was answered and may still be repeated, with its age; oldest first.
    pub(super) fn answers(&self, now: Duration) -> impl Iterator<Item = Answered> + '_ {
        self.confirmable.iter().filter_map(move |entry| {
            let reply = self.reply(*entry)?;
            let age = Duration::from_millis(millis(now).saturating_sub(entry.at));
            Some(Answered { id: entry.id, age, reply })
        })
    }

    /// Remembers again what [`Self::answers`] gave.
    pub(super) fn recall(&mut self, now: Duration, settings: &Settings, answered: &Answered) {
        let known = find(&self.confirmable, answered.id).is_some();
        if self.confirmable.len() < settings.max_seen && !known {
            let at = millis(now.saturating_sub(answered.age));
            let (id, reply) = (answered.id, Reply::NotYet);
            self.confirmable.push_back(Entry { at, id, reply, counts: true });
            self.counted(id);
            self.answered(answered.id, &answered.reply);
        }
    }

    pub(super) fn is_empty(&self, now: Duration, settings: &Settings) -> bool {
        // The youngest is at the back.
        [&self.confirmable, &self.non_confirmable]
            .into_iter()
            .filter_map(VecDeque::back)
            .all(|entry| is_old(entry, now, settings))
    }

    fn reply(&self, entry: Entry) -> Option<Vec<u8>> {
        match entry.reply {
            Reply::NotYet => None,
            Reply::Empty => {
                let mut ack = Vec::with_capacity(EMPTY_LENGTH);
                reply::ack_empty(&mut ack, entry.id);
                Some(ack)
            }
            Reply::Longer => {
                let longer = self.longer.iter().find(|(id, _)| *id == entry.id);
                longer.map(|(_, reply)| reply.to_vec())
            }
        }
    }
}

fn find(entries: &VecDeque<Entry>, id: MessageId) -> Option<&Entry> {
    // In two straight runs, which is much faster than one step after the other.
    let (older, newer) = entries.as_slices();
    let of = |run: &'_ [Entry]| run.iter().rposition(|entry| entry.id == id);
    match of(newer) {
        Some(at) => newer.get(at),
        None => of(older).and_then(|at| older.get(at)),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}

fn is_old(entry: &Entry, now: Duration, settings: &Settings) -> bool {
    let age = Duration::from_millis(millis(now).saturating_sub(entry.at));
    age >= settings.dedupe
}
