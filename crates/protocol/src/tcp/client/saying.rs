//! What a device says of its own accord. Each function appends one frame to `out`, or nothing when it fails.

use alloc::vec::Vec;

use super::{Firmware, Session};
use crate::coap::{Block, Code, Kind, MessageId, Token, Writer, option};
use crate::describe::DescribeKind;
use crate::goodbye::Goodbye;
use crate::tcp::describe::{BLOCK_EXPONENT, MAX_WHOLE};
use crate::tcp::{Hello, Subscription};
use crate::{Error, Event, SubscriptionKind, block, from_device};

impl Session {
    pub(super) fn frame(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.channel.seal(out, write, |_| Ok(()))
    }

    /// Seals any message: for tests that say what no device says.
    ///
    /// # Errors
    /// None.
    pub fn seal(&mut self, out: &mut Vec<u8>, message: &[u8]) -> Result<(), Error> {
        self.frame(out, |out| {
            out.extend_from_slice(message);
            Ok(())
        })
    }

    /// Says hello, which must come first.
    ///
    /// # Errors
    /// The writer's.
    pub fn hello(
        &mut self,
        out: &mut Vec<u8>,
        product_id: u16,
        product_version: Option<u16>,
        platform_id: u16,
    ) -> Result<(), Error> {
        let Firmware { flags, sizes, .. } = self.firmware;
        let hello = Hello { product_id, product_version, flags, platform_id, sizes };
        let id = self.next_id();
        let mut payload = Vec::new();
        hello.write(&mut payload);
        self.frame(out, |out| {
            let writer = Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY);
            writer.path(b"h")?.payload(&payload);
            Ok(())
        })
    }

    /// Publishes an event; the id that its acknowledgement will have.
    ///
    /// # Errors
    /// [`Error::Name`] or [`Error::TooLong`].
    pub fn event(&mut self, out: &mut Vec<u8>, event: &Event<'_>) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| from_device::event(out, id, event))?;
        Ok(id)
    }

    /// Subscribes; the id that the acknowledgement will have.
    ///
    /// # Errors
    /// [`Error::Name`] for a prefix of more than 64 bytes.
    pub fn subscribe(
        &mut self,
        out: &mut Vec<u8>,
        wish: &Subscription<'_>,
    ) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| subscribe(out, id, wish))?;
        Ok(id)
    }

    /// Asks for the time.
    ///
    /// # Errors
    /// The writer's.
    pub fn time(&mut self, out: &mut Vec<u8>) -> Result<MessageId, Error> {
        let (id, token) = (self.next_id(), self.next_token());
        self.frame(out, |out| from_device::time(out, id, token))?;
        Ok(id)
    }

    /// Pings.
    ///
    /// # Errors
    /// The writer's.
    pub fn ping(&mut self, out: &mut Vec<u8>) -> Result<MessageId, Error> {
        let id = self.next_id();
        self.frame(out, |out| {
            from_device::ping(out, id);
            Ok(())
        })?;
        Ok(id)
    }

    /// Describes itself unasked. Firmware 3.x sends the first block of what does not fit one frame, and no more.
    ///
    /// # Errors
    /// The writer's.
    pub fn describe(
        &mut self,
        out: &mut Vec<u8>,
        kind: DescribeKind,
        body: &[u8],
    ) -> Result<MessageId, Error> {
        let id = self.next_id();
        let in_blocks = self.firmware.describes_in_blocks;
        let token = if in_blocks { self.next_token().into() } else { Token::EMPTY };
        let piece = self.piece(body, None);
        self.frame(out, |out| {
            let (body, block) = piece.map_or((body, None), |(block, data)| (data, Some(block)));
            Writer::new(out, Kind::Confirmable, Code::POST, id, token)
                .path(b"d")?
                .option(option::URI_QUERY, &[kind.number()])?
                .block(option::BLOCK1, block)?
                .payload(body);
            Ok(())
        })?;
        Ok(id)
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// The writer's.
    pub fn goodbye(&mut self, out: &mut Vec<u8>, goodbye: &Goodbye) -> Result<(), Error> {
        const NO_RESPONSE: u16 = 258;
        let id = self.next_id();
        let mut payload = Vec::new();
        goodbye.write(&mut payload);
        self.frame(out, |out| {
            Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY)
                .path(b"x")?
                .option(NO_RESPONSE, &[])?
                .payload(&payload);
            Ok(())
        })
    }

    /// The block of a body to send, if it does not fit one frame or a block was asked for.
    pub(super) fn piece<'b>(&self, body: &'b [u8], num: Option<u32>) -> Option<(Block, &'b [u8])> {
        let long = body.len() > MAX_WHOLE;
        let wanted = self.firmware.describes_in_blocks && (long || num.is_some());
        wanted.then(|| block::piece(body, num.unwrap_or(0), BLOCK_EXPONENT)).flatten()
    }
}

fn subscribe(out: &mut Vec<u8>, id: MessageId, wish: &Subscription<'_>) -> Result<(), Error> {
    if wish.prefix.len() > crate::MAX_NAME {
        return Err(Error::Name);
    }
    let mut writer = Writer::new(out, Kind::Confirmable, Code::GET, id, Token::EMPTY).path(b"e")?;
    if !wish.prefix.is_empty() {
        writer = writer.path(wish.prefix.as_bytes())?;
    }
    if wish.mine {
        writer = writer.option(option::URI_QUERY, b"u")?;
    }
    writer = match wish.kind {
        SubscriptionKind::Text => writer,
        SubscriptionKind::Binary => writer.option(option::URI_QUERY, b"b")?,
        SubscriptionKind::Cbor => writer.option(option::URI_QUERY, b"c")?,
    };
    writer.payload(wish.device.unwrap_or("").as_bytes());
    Ok(())
}
