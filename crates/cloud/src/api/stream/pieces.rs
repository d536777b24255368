//! A stream as the body of an answer: whatever waits goes out in one piece.
//!
//! A single event goes out as the bytes that all streams share. Several are put together, so that a stream with
//! many waiting pays for one frame and not for each.

use std::convert::Infallible;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body::Frame;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep};

use super::text;
use crate::event::{Delivery, Subscription};

/// Silence after which a comment is sent.
const HEARTBEAT: Duration = Duration::from_secs(9);
/// A piece that is as large as this, in bytes, goes out though more waits.
const FULL: usize = 64 * 1024;

/// The pieces of one stream.
pub(super) struct Pieces {
    subscription: Subscription,
    /// What comes first.
    greeting: Bytes,
    /// Rings when there may have been silence for too long.
    silence: Pin<Box<Sleep>>,
    spoke: Instant,
    over: bool,
    _here: oneshot::Sender<Infallible>,
}

impl Pieces {
    /// The pieces, and what is resolved when they are gone.
    pub(super) fn new(subscription: Subscription) -> (Self, oneshot::Receiver<Infallible>) {
        let (here, gone) = oneshot::channel();
        let pieces = Self {
            subscription,
            greeting: Bytes::from_static(b":ok\n\n"),
            silence: Box::pin(sleep(HEARTBEAT)),
            spoke: Instant::now(),
            over: false,
            _here: here,
        };
        (pieces, gone)
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.greeting.is_empty() {
            return Poll::Ready(Some(take(&mut self.greeting)));
        }
        let mut piece = Piece::default();
        while !self.over && piece.len() < FULL {
            match self.subscription.poll_next(context) {
                Poll::Ready(Some(delivery)) => piece.add(written(&delivery)),
                Poll::Ready(None) => self.end(&mut piece),
                Poll::Pending => break,
            }
        }
        match piece.whole() {
            Some(piece) => Poll::Ready(Some(piece)),
            None if self.over => Poll::Ready(None),
            None => self.poll_silence(context),
        }
    }

    fn end(&mut self, piece: &mut Piece) {
        self.over = true;
        if let Some(why) = self.subscription.too_slow() {
            piece.add(text::too_slow(why, self.subscription.take_missed()));
        }
    }

    /// The timer is not set again with every event, which would cost each of them, but when it rings.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        while self.silence.as_mut().poll(context).is_ready() {
            let due = self.spoke + HEARTBEAT;
            if due <= Instant::now() {
                self.silence.as_mut().reset(Instant::now() + HEARTBEAT);
                return Poll::Ready(Some(Bytes::from_static(b":\n\n")));
            }
            self.silence.as_mut().reset(due);
        }
        Poll::Pending
    }
}

fn written(delivery: &Delivery) -> Bytes {
    match delivery {
        Delivery::Event(event) => event.written(text::event),
        Delivery::Missed(count) => text::missed(*count),
    }
}

/// What goes out in one frame.
#[derive(Default)]
struct Piece {
    first: Bytes,
    joined: BytesMut,
}

impl Piece {
    fn add(&mut self, bytes: Bytes) {
        if self.len() == 0 {
            self.first = bytes;
            return;
        }
        self.joined.put(take(&mut self.first));
        self.joined.put(bytes);
    }

    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn whole(self) -> Option<Bytes> {
        let whole = if self.joined.is_empty() { self.first } else { self.joined.freeze() };
        (!whole.is_empty()).then_some(whole)
    }
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.poll_piece(context);
        if piece.is_ready() {
            self.spoke = Instant::now();
        }
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
