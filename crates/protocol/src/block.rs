//! Bodies that do not fit one message, in blocks (RFC 7959 as Device OS does it).
//!
//! Upwards, a device posts each block as a request of its own, with a new id and token and without a
//! Request-Tag; an [`Assembler`] puts them together. Downwards, a cloud asks for block after block, and a
//! [`Fetch`] watches that they are of one body. The sender of either cuts its body with [`piece`]. Nothing is
//! timed here: whoever holds an assembler drops it when it has waited long enough.

use alloc::vec::Vec;

use crate::Error;
use crate::coap::{Block, Message};

/// Largest body taken together, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Largest body that is sent whole, in bytes.
pub const MAX_WHOLE: usize = 1024;

/// How far a body has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This block is needed next: what to ask for, or to wait for after a 2.31.
    Next(Block),
    /// The whole body.
    Complete(Vec<u8>),
}

/// Puts one body together from its blocks, which must come in order.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    body: Vec<u8>,
    /// The block that must come next; `None` before the first.
    next: Option<Block>,
}

impl Assembler {
    /// An assembler that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { body: Vec::new(), next: None }
    }

    /// How many bytes are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.body.len()
    }

    /// Takes one block; no block at all means that `data` is the whole body. Block 0 begins anew.
    ///
    /// # Errors
    /// [`Error::BlockSequence`], [`Error::BlockOption`] or [`Error::BodyTooLarge`]; what was held is then gone.
    pub fn push(&mut self, block: Option<Block>, data: &[u8]) -> Result<Progress, Error> {
        let mut held = core::mem::take(self);
        let Some(block) = block else { return Ok(Progress::Complete(data.to_vec())) };
        if block.num == 0 {
            held = Self::new();
        } else if held.next.is_none_or(|next| (next.num, next.szx) != (block.num, block.szx)) {
            return Err(Error::BlockSequence);
        }
        check_size(block, data)?;
        if held.body.len() + data.len() > MAX_BODY {
            return Err(Error::BodyTooLarge);
        }
        held.body.extend_from_slice(data);
        if !block.more {
            return Ok(Progress::Complete(held.body));
        }
        let next = Block { num: block.num + 1, more: false, szx: block.szx };
        held.next = Some(next);
        *self = held;
        Ok(Progress::Next(next))
    }
}

/// Every block but the last has exactly the size it says, and the last no more.
fn check_size(block: Block, data: &[u8]) -> Result<(), Error> {
    let fits = match block.more {
        true => data.len() == block.size(),
        false => data.len() <= block.size(),
    };
    if fits && block.szx < 7 { Ok(()) } else { Err(Error::BlockOption) }
}

/// Fetches one body from a peer by asking for its blocks.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    assembler: Assembler,
    tag: Option<Tag>,
}

/// An ETag, at most eight bytes (RFC 7252 5.10.6).
type Tag = crate::coap::Token;

impl Fetch {
    /// A fetch that has seen nothing. The first request asks for no block.
    #[must_use]
    pub const fn new() -> Self {
        Self { assembler: Assembler::new(), tag: None }
    }

    /// Takes a response.
    ///
    /// # Errors
    /// As [`Assembler::push`]; [`Error::BlockSequence`] also if the body changed meanwhile.
    pub fn push(&mut self, response: &Message<'_>) -> Result<Progress, Error> {
        let block = response.block2()?;
        let tag = response.etag().and_then(Tag::new);
        if block.is_none_or(|block| block.num == 0) {
            self.tag = tag;
        } else if self.tag != tag {
            *self = Self::new();
            return Err(Error::BlockSequence);
        }
        self.assembler.push(block, response.payload())
    }
}

/// Whether a body must be sent in blocks.
#[must_use]
pub fn needs_blocks(body: &[u8]) -> bool {
    body.len() > MAX_WHOLE
}

/// Block `num` of a body and its bytes; `None` past the end of the body, or for a size that is none.
#[must_use]
pub fn piece(body: &[u8], num: u32, szx: u8) -> Option<(Block, &[u8])> {
    let size = Block { num, more: false, szx: (szx < 7).then_some(szx)? }.size();
    let start = usize::try_from(num).ok()?.checked_mul(size)?;
    let rest = body.get(start..).filter(|rest| !rest.is_empty() || num == 0)?;
    let (data, more) = match rest.split_at_checked(size) {
        Some((data, after)) => (data, !after.is_empty()),
        None => (rest, false),
    };
    Some((Block { num, more, szx }, data))
}
