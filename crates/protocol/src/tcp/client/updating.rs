//! What a device says in an update, each firmware in its way. Each function appends one frame to `out`, or two where
//! firmware sends two messages.

use alloc::vec::Vec;

use super::Session;
use super::firmware::Refuses;
use crate::Error;
use crate::coap::{Code, Kind, Message, MessageId, Token, Writer};
use crate::reply::{self, Answer};
use crate::tcp::update::Missed;

impl Session {
    /// Says that it is ready for the file that the cloud wants to send.
    ///
    /// # Errors
    /// The writer's.
    pub fn update_ready(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        fast: bool,
    ) -> Result<(), Error> {
        self.acknowledge(out, to.id)?;
        self.tell(out, Code::CHANGED, to.token, &[u8::from(fast)])
    }

    /// Refuses it.
    ///
    /// # Errors
    /// The writer's.
    pub fn refuse_update(&mut self, out: &mut Vec<u8>, to: &Message<'_>) -> Result<(), Error> {
        let refuses = self.firmware.updates.refuses;
        self.frame(out, |out| {
            match refuses {
                Refuses::WithRequest => {
                    let [high, low] = to.id.0.to_be_bytes();
                    out.extend_from_slice(&[0x60, Code::GET.0, high, low]);
                }
                Refuses::WithoutToken => {
                    reply::ack(out, to.id, Token::EMPTY, Answer::BadRequest, &[]);
                }
                Refuses::WithToken => {
                    reply::ack(out, to.id, to.token, Answer::Unavailable, &[]);
                }
            }
            Ok(())
        })
    }

    /// Answers a chunk, acknowledgement included: it was good, or bad.
    ///
    /// # Errors
    /// The writer's.
    pub fn chunk_taken(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        good: bool,
    ) -> Result<(), Error> {
        self.acknowledge(out, to.id)?;
        let code = if good { Code::CHANGED } else { Code::BAD_REQUEST };
        self.tell(out, code, to.token, &[])
    }

    /// Answers that the file is all here. From 1.2 on, firmware says in JSON what it thinks of it.
    ///
    /// # Errors
    /// The writer's.
    pub fn update_done(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        opinion: &[u8],
    ) -> Result<(), Error> {
        self.frame(out, |out| {
            reply::ack(out, to.id, to.token, Answer::Changed, opinion);
            Ok(())
        })
    }

    /// Answers that chunks are missing, and which: as many as [`super::super::update::Receiver`] gave.
    ///
    /// # Errors
    /// The writer's.
    pub fn update_lacks(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        missing: &[u16],
    ) -> Result<(), Error> {
        self.frame(out, |out| {
            reply::ack(out, to.id, to.token, Answer::BadRequest, &[]);
            Ok(())
        })?;
        if missing.is_empty() {
            return Ok(());
        }
        self.chunks_missed(out, missing).map(drop)
    }

    /// Asks for chunks.
    ///
    /// # Errors
    /// The writer's.
    pub fn chunks_missed(
        &mut self,
        out: &mut Vec<u8>,
        missing: &[u16],
    ) -> Result<MessageId, Error> {
        let kind = match self.firmware.updates.misses_confirmably {
            true => Kind::Confirmable,
            false => Kind::NonConfirmable,
        };
        let mut payload = Vec::new();
        Missed::write(&mut payload, missing);
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, kind, Code::GET, id, Token::EMPTY).path(b"c")?.payload(&payload);
            Ok(())
        })?;
        Ok(id)
    }

    /// Says by itself that it has all, as old firmware does; other says nothing.
    ///
    /// # Errors
    /// The writer's.
    pub fn finished_by_itself(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(code) = self.firmware.updates.finishes_with else { return Ok(()) };
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, code, id, Token::EMPTY).path(b"u")?.payload(&[]);
            Ok(())
        })
    }

    fn tell(
        &mut self,
        out: &mut Vec<u8>,
        code: Code,
        token: Token,
        payload: &[u8],
    ) -> Result<(), Error> {
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, code, id, token).payload(payload);
            Ok(())
        })
    }
}
