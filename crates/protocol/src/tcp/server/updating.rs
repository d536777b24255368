//! What the cloud says in an update: see [`crate::tcp::update`].

use alloc::vec::Vec;

use super::questions::{About, Asked};
use super::{Sense, Session};
use crate::Error;
use crate::tcp::SendError;
use crate::tcp::update::{Begin, Chunk, FromCloud, bitmap};

impl Session {
    /// Says something of an update. From its beginning to its end the device is sent nothing else but what it is
    /// answered.
    ///
    /// # Errors
    /// [`SendError`]; also for a chunk where no update was begun.
    pub fn update(&mut self, out: &mut Vec<u8>, say: &FromCloud<'_>) -> Result<Asked, SendError> {
        let begins = matches!(say, FromCloud::Begin(_));
        if begins == self.is_updating() {
            return Err(SendError::NotForDevice(Error::Update));
        }
        match say {
            FromCloud::Begin(begin) => self.begin_update(out, begin),
            FromCloud::Chunk(Chunk { index: Some(_), .. }) => self.say_fast_chunk(out, say),
            FromCloud::Chunk(_) => {
                self.ask(out, About::Chunk, |out, id, token| say.write(out, id, token))
            }
            FromCloud::Done => {
                self.ask(out, About::UpdateDone, |out, id, token| say.write(out, id, token))
            }
        }
    }

    fn begin_update(&mut self, out: &mut Vec<u8>, begin: &Begin) -> Result<Asked, SendError> {
        let say = FromCloud::Begin(*begin);
        let asked =
            self.ask(out, About::UpdateBegin, |out, id, token| say.write(out, id, token))?;
        let fast = begin.chunks().filter(|_| begin.fast);
        self.updating = Some(fast.map_or(0, |chunks| bitmap(chunks) as u16));
        Ok(asked)
    }

    /// A chunk that nobody answers, but for old firmware, which may.
    fn say_fast_chunk(
        &mut self,
        out: &mut Vec<u8>,
        say: &FromCloud<'_>,
    ) -> Result<Asked, SendError> {
        let id = self.next_id();
        let token = self.ids.next_token(|token| self.questions.has_token(token));
        self.frame(out, |out| Ok(say.write(out, id, token)?))?;
        let asked = Asked { id, token: Some(token), about: About::Chunk };
        if self.generation().is_some_and(|generation| generation.may_answer_fast_chunks()) {
            self.questions.push_optional(asked);
        }
        Ok(asked)
    }

    /// Whether an update is under way.
    #[must_use]
    pub const fn is_updating(&self) -> bool {
        self.updating.is_some()
    }

    /// Takes note of what ends an update: that it is refused, or all there.
    pub(super) fn note_update(&mut self, sense: &Sense<'_>) {
        let over = match sense {
            Sense::Refused(asked) => asked.about == About::UpdateBegin,
            Sense::Answered(asked) => asked.about == About::UpdateDone,
            _ => false,
        };
        if over {
            self.updating = None;
            self.questions.forget_chunks();
        }
    }
}
