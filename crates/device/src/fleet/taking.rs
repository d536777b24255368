//! One update that a virtual device takes: its bytes are hashed in order, as they come, and not kept.

use super::image::{Ends, Image};
use super::speech::PLATFORM;
use aws_lc_rs::digest::{Context, SHA256};
use pintle_protocol::coap::MessageId;
use pintle_protocol::update::{Acknowledged, Chunk, Receiver, Refusal, Start, Started, Statistics};
use std::time::Duration;

/// An update, from its start until the device restarts; one that breaks off is kept for the next start.
pub(super) struct Taking {
    /// The message that began it, and the one that ended it: what comes again is not done again.
    start: MessageId,
    pub(super) finish: Option<MessageId>,
    /// Whether the device is in the session that it began in.
    pub(super) open: bool,
    receiver: Receiver,
    size: u32,
    sha256: Option<[u8; 32]>,
    stored: u32,
    hash: Context,
    ends: Ends,
    /// What the device runs next.
    pub(super) image: Option<Image>,
}

impl Taking {
    /// Begins one, or goes on with one of the same file that broke off.
    pub(super) fn begin(
        now: Duration,
        id: MessageId,
        start: &Start<'_>,
        before: Option<Box<Self>>,
    ) -> Box<Self> {
        let same = |before: &Self| {
            let file = (before.size, before.sha256) == (start.file_size, start.sha256);
            file && start.sha256.is_some() && !start.discard
        };
        let before = before.filter(|before| same(before));
        let mut taking = before.unwrap_or_else(|| Box::new(Self::new(now, start)));
        taking.receiver = Receiver::new(now, start, taking.stored);
        (taking.start, taking.finish, taking.open, taking.image) = (id, None, true, None);
        taking
    }

    fn new(now: Duration, start: &Start<'_>) -> Self {
        Self {
            start: MessageId(0),
            finish: None,
            open: true,
            receiver: Receiver::new(now, start, 0),
            size: start.file_size,
            sha256: start.sha256,
            stored: 0,
            hash: Context::new(&SHA256),
            ends: Ends::default(),
            image: None,
        }
    }

    /// Whether this message began it.
    pub(super) fn began_with(&self, id: MessageId) -> bool {
        self.open && self.start == id
    }

    pub(super) const fn started(&self) -> Started {
        self.receiver.started()
    }

    /// So many bytes of the file are there.
    pub(super) const fn stored(&self) -> u32 {
        self.stored
    }

    /// A chunk came.
    pub(super) fn take(&mut self, now: Duration, chunk: &Chunk<'_>) -> Result<(), Refusal> {
        self.receiver.take(now, chunk)?;
        while let Some((_, data)) = self.receiver.poll_piece() {
            self.hash.update(&data);
            self.ends.push(&data);
            self.stored = self.stored.saturating_add(u32::try_from(data.len()).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    pub(super) fn poll_acknowledged(&mut self, now: Duration) -> Option<Acknowledged> {
        self.receiver.poll_acknowledged(now)
    }

    /// When to look at it again.
    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        (self.open && self.finish.is_none()).then(|| self.receiver.poll_timeout())
    }

    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.open && self.finish.is_none() && self.receiver.is_over(now)
    }

    pub(super) const fn statistics(&self) -> Statistics {
        self.receiver.statistics()
    }

    /// All is there, says the cloud: the image that it is.
    pub(super) fn judge(&mut self) -> Result<Image, Refusal> {
        if !self.receiver.is_complete() || self.stored != self.size {
            return Err(Refusal::PROTOCOL);
        }
        let digest = self.hash.clone().finish();
        let digest: [u8; 32] = digest.as_ref().try_into().map_err(|_| Refusal::FAILED)?;
        if self.sha256.is_some_and(|sha256| sha256 != digest) {
            return Err(Refusal::INTEGRITY);
        }
        let image = Image::of(&self.ends, digest, self.size, PLATFORM)?;
        self.image = Some(image);
        Ok(image)
    }
}
