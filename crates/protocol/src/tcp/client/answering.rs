//! What a device answers, each firmware in its way. Each function appends one frame to `out`, or two where firmware
//! sends two messages.

use alloc::vec::Vec;

use super::Session;
use crate::coap::{Block, Code, Kind, Message, MessageId, Token, Writer, option};
use crate::value::Value;
use crate::{Error, reply};

impl Session {
    /// Acknowledges a message, as its firmware does that.
    ///
    /// # Errors
    /// The writer's.
    pub fn acknowledge(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let shifts = self.firmware.shifts_acknowledgements;
        self.frame(out, |out| {
            if shifts {
                let [high, low] = id.0.to_be_bytes();
                out.extend_from_slice(&[0x60, high, low, 0]);
            } else {
                reply::ack_empty(out, id);
            }
            Ok(())
        })
    }

    /// Answers a ping.
    ///
    /// # Errors
    /// The writer's.
    pub fn pong(&mut self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let id = self.acknowledging(id);
        self.acknowledge(out, id)
    }

    /// Answers the order to shout or to stop.
    ///
    /// # Errors
    /// The writer's.
    pub fn signalled(&mut self, out: &mut Vec<u8>, to: &Message<'_>) -> Result<(), Error> {
        let id = self.acknowledging(to.id);
        self.frame(out, |out| {
            reply::ack(out, id, to.token, reply::Answer::Changed, &[]);
            Ok(())
        })
    }

    /// The id that the acknowledgement of a ping or a signal gets.
    fn acknowledging(&mut self, id: MessageId) -> MessageId {
        if self.firmware.acknowledges_with_own_id { self.next_id() } else { id }
    }

    /// Refuses a describe without flags (3.x, with its token), or a call with too long an argument (without).
    ///
    /// # Errors
    /// The writer's.
    pub fn refuse(&mut self, out: &mut Vec<u8>, to: &Message<'_>) -> Result<(), Error> {
        let token = if to.code == Code::GET { to.token } else { Token::EMPTY };
        self.frame(out, |out| {
            reply::ack(out, to.id, token, reply::Answer::BadRequest, &[]);
            Ok(())
        })
    }

    /// Answers a call that was acknowledged, with the function's result.
    ///
    /// # Errors
    /// The writer's.
    pub fn result(&mut self, out: &mut Vec<u8>, token: Token, result: i32) -> Result<(), Error> {
        let id = self.next_id();
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::CHANGED, id, token)
                .payload(&result.to_be_bytes());
            Ok(())
        })
    }

    /// Answers a read, acknowledgement included. `None`: there is no such variable; firmware that does not know its
    /// variables answers with whatever is at address zero.
    ///
    /// # Errors
    /// The writer's.
    pub fn value(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        value: Option<&Value>,
    ) -> Result<(), Error> {
        let code = match value {
            None if self.firmware.knows_its_variables => Code::NOT_FOUND,
            _ => Code::CONTENT,
        };
        let bytes = match value {
            Some(value) => value.encode(),
            None if code == Code::CONTENT => Vec::from([0x00, 0x00, 0x02, 0x20]),
            None => Vec::new(),
        };
        let at_once = self.firmware.reads_at_once;
        self.respond(
            out,
            to,
            (at_once, Kind::NonConfirmable),
            |writer| {
                writer.payload(&bytes);
                Ok(())
            },
            code,
        )
    }

    /// Answers a describe, acknowledgement included.
    ///
    /// # Errors
    /// [`Error::BlockSequence`] for a block past the end.
    pub fn described(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        body: &[u8],
        block: Option<Block>,
    ) -> Result<(), Error> {
        let piece = self.piece(body, block.map(|block| block.num));
        if block.is_some() && piece.is_none() {
            return Err(Error::BlockSequence);
        }
        let at_once = self.firmware.describes_at_once;
        self.respond(
            out,
            to,
            (at_once, Kind::Confirmable),
            |writer| {
                let Some((block, data)) = piece else {
                    writer.payload(body);
                    return Ok(());
                };
                let tag = [body.len() as u8];
                writer
                    .option(option::ETAG, &tag)?
                    .block(option::BLOCK2, Some(block))?
                    .payload(data);
                Ok(())
            },
            Code::CONTENT,
        )
    }

    /// Sends a response in the acknowledgement, or after it in a message of this kind.
    fn respond(
        &mut self,
        out: &mut Vec<u8>,
        to: &Message<'_>,
        (at_once, kind): (bool, Kind),
        rest: impl FnOnce(Writer<'_>) -> Result<(), Error>,
        code: Code,
    ) -> Result<(), Error> {
        let (kind, id) = if at_once {
            (Kind::Acknowledgement, to.id)
        } else {
            self.acknowledge(out, to.id)?;
            (kind, self.next_id())
        };
        self.frame(out, |out| rest(Writer::new(out, kind, code, id, to.token)))
    }
}
