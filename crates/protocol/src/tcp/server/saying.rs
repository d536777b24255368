//! What the cloud says in a session. Each function appends one frame to `out`, or nothing when it fails.
//!
//! Everything leaves through [`Session::frame`], which checks it against what this device can take.

use alloc::vec::Vec;

use super::Session;
use super::questions::{About, Asked};
use crate::coap::{Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer};
use crate::describe::DescribeKind;
use crate::reply::{self, Answer};
use crate::tcp::describe::BLOCK_EXPONENT;
use crate::tcp::{SendError, rules};
use crate::{ContentFormat, Error, Event, from_cloud};

impl Session {
    /// Says hello, which a device waits for no longer than two to four seconds.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn hello(&mut self, out: &mut Vec<u8>) -> Result<(), SendError> {
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY).path(b"h")?;
            Ok(())
        })
    }

    /// Calls a function. The device acknowledges, then answers.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn call(
        &mut self,
        out: &mut Vec<u8>,
        name: &str,
        argument: &[u8],
    ) -> Result<Asked, SendError> {
        self.ask(out, About::Call, |out, id, token| {
            from_cloud::call(out, id, token, name, argument)
        })
    }

    /// Reads a variable. Only ask for what the device described: many read address zero for a name they do not know.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn read(&mut self, out: &mut Vec<u8>, name: &str) -> Result<Asked, SendError> {
        self.ask(out, About::Read, |out, id, token| from_cloud::read(out, id, token, name))
    }

    /// Asks for one describe, or for a later block of it, of 512 bytes. Only 3.x knows blocks, and only 0.8 and later
    /// know metrics.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn describe(
        &mut self,
        out: &mut Vec<u8>,
        kind: DescribeKind,
        block: Option<u32>,
    ) -> Result<Asked, SendError> {
        let block = block.map(|num| Block { num, more: false, szx: BLOCK_EXPONENT });
        self.ask(out, About::Describe(kind), |out, id, token| {
            from_cloud::describe(out, id, token, kind, block)
        })
    }

    /// Has the device shout, or stop.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn signal(&mut self, out: &mut Vec<u8>, on: bool) -> Result<Asked, SendError> {
        self.ask(out, About::Signal, |out, id, token| from_cloud::signal(out, id, token, on))
    }

    /// Asks whether the device is there.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn ping(&mut self, out: &mut Vec<u8>) -> Result<Asked, SendError> {
        self.questions.has_room()?;
        let asked = Asked { id: self.next_id(), token: None, about: About::Ping };
        self.frame(out, |out| {
            from_cloud::ping(out, asked.id);
            Ok(())
        })?;
        self.questions.push(asked);
        Ok(asked)
    }

    /// Passes an event on. Its name, data and, if it is not 60 s, time to live are sent; not its content format.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn event(&mut self, out: &mut Vec<u8>, event: &Event<'_>) -> Result<(), SendError> {
        let id = self.next_id();
        let plain = Event {
            name: (&*event.name).into(),
            content_format: ContentFormat::TEXT,
            confirmable: false,
            ..*event
        };
        self.frame(out, |out| Ok(from_cloud::event(out, id, &plain)?))
    }

    /// Acknowledges a confirmable message of the device's, a ping among them.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn acknowledge(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::ack_empty(out, id);
            Ok(())
        })
    }

    /// Acknowledges with an answer: 2.04 to a describe, or a refusal.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn answer(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        answer: Answer,
    ) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::ack(out, to.id, to.token, answer, &[]);
            Ok(())
        })
    }

    /// Answers a request for the time: seconds since 1970.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn time(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        unix_seconds: u32,
    ) -> Result<(), SendError> {
        self.frame(out, |out| {
            reply::time(out, to.id, to.token, unix_seconds);
            Ok(())
        })
    }

    pub(super) fn next_id(&mut self) -> MessageId {
        self.ids.next(|id| self.questions.has_id(id))
    }

    pub(super) fn ask(
        &mut self,
        out: &mut Vec<u8>,
        about: About,
        write: impl FnOnce(&mut Vec<u8>, MessageId, RequestToken) -> Result<(), Error>,
    ) -> Result<Asked, SendError> {
        self.questions.has_room()?;
        let id = self.next_id();
        let token = self.ids.next_token(|token| self.questions.has_token(token));
        self.frame(out, |out| Ok(write(out, id, token)?))?;
        let asked = Asked { id, token: Some(token), about };
        self.questions.push(asked);
        Ok(asked)
    }

    /// The only way out: whatever is written is checked against what the device can take.
    pub(super) fn frame(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        if self.channel.has_ended() {
            return Err(SendError::Ended);
        }
        let (Some(limits), Some(generation)) = (self.limits(), self.generation()) else {
            return Err(SendError::NotForDevice(Error::Hello));
        };
        let is_updating = self.is_updating();
        self.channel.seal(out, write, |message| {
            if is_updating {
                rules::check_updating(message)?;
            }
            rules::check(message, &limits, generation)
        })
    }
}
