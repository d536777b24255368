//! The reader's end of a subscription, and what others may know of how it gets on.

use super::Published;
use super::bus::Bus;
use super::gauge::TooSlow;
use super::listeners::{Item, Reader};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;

/// What a reader receives.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The next event that the filter wants.
    Event(Arc<Published>),
    /// So many events were lost here because the reader did not keep up.
    Missed(u64),
}

/// One open stream; dropping it closes it.
pub struct Subscription {
    bus: Bus,
    reader: Arc<Reader>,
    receiver: mpsc::UnboundedReceiver<Item>,
}

impl Subscription {
    pub(super) fn new(
        bus: Bus,
        reader: Arc<Reader>,
        receiver: mpsc::UnboundedReceiver<Item>,
    ) -> Self {
        Self { bus, reader, receiver }
    }

    /// The next delivery; waits for it. `None` once the reader was given up or a [`Monitor`] has ended it.
    pub async fn next(&mut self) -> Option<Delivery> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// [`Self::next`], for those who poll.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let gauge = &self.reader.gauge;
        loop {
            if gauge.is_over() {
                return Poll::Ready(None);
            }
            match gauge.take_missed() {
                0 => {}
                missed => return Poll::Ready(Some(Delivery::Missed(missed))),
            }
            match ready!(self.receiver.poll_recv(context)) {
                Some(Item::Event(event)) => {
                    gauge.took(&event);
                    return Poll::Ready(Some(Delivery::Event(event)));
                }
                Some(Item::Wake) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    /// How many events were lost that the reader was not told of yet.
    pub fn take_missed(&mut self) -> u64 {
        self.reader.gauge.take_missed()
    }

    /// Why the reader was given up, if it was.
    pub fn too_slow(&self) -> Option<TooSlow> {
        self.reader.gauge.too_slow()
    }

    /// For someone who watches how the reader gets on.
    pub fn monitor(&self) -> Monitor {
        Monitor { bus: self.bus.clone(), reader: Arc::clone(&self.reader) }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.bus.unsubscribe(&self.reader);
    }
}

/// Watches a reader from outside, and may end it.
pub struct Monitor {
    bus: Bus,
    reader: Arc<Reader>,
}

impl Monitor {
    /// How many events the reader has taken.
    pub fn taken(&self) -> u64 {
        self.reader.gauge.taken()
    }

    /// How many events wait for it.
    pub fn waiting(&self) -> usize {
        self.reader.gauge.waiting()
    }

    /// Waits until the bus gives the reader up. For one who waits.
    pub async fn given_up(&self) {
        self.reader.gauge.given_up().await;
    }

    /// Gives the reader up: it takes nothing though events wait.
    pub fn give_up(&self) {
        self.reader.gauge.give_up(TooSlow::Stalled, self.bus.totals());
    }

    /// Ends the stream: the reader hears of nothing more, not even of what waits.
    pub fn end(&self) {
        self.reader.gauge.end();
        // The reader may be gone already.
        let _ = self.reader.queue.send(Item::Wake);
    }
}
