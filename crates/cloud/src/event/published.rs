//! An event on its way to many: one copy, and one text for all streams.

use super::{Event, Wanted};
use bytes::Bytes;
use std::ops::Deref;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

/// What sharing an event costs beside its bytes, roughly.
const OVERHEAD: usize = 256;

/// A published event, which nobody changes any more.
#[derive(Debug)]
pub struct Published {
    event: Event,
    written: OnceLock<Bytes>,
    wanted: Wanted,
    /// Who have yet to take it, of those that it is kept for.
    holders: AtomicU8,
}

impl Published {
    /// Takes the event in, to be shared.
    pub fn new(event: Event) -> Arc<Self> {
        Self::kept(event, Wanted::default())
    }

    /// The same of an event that is kept in a row until these have taken it.
    pub fn kept(event: Event, wanted: Wanted) -> Arc<Self> {
        let holders = AtomicU8::new(u8::from(wanted.outbox) + u8::from(wanted.hooks));
        Arc::new(Self { event, written: OnceLock::new(), wanted, holders })
    }

    /// For whom it is kept.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// One of those that it is kept for has taken it; whether that was the last.
    pub fn let_go(&self) -> bool {
        self.holders.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// The event as streams send it: made by whoever asks first, and the same bytes for all who ask after.
    pub fn written(&self, write: impl FnOnce(&Event) -> Bytes) -> Bytes {
        self.written.get_or_init(|| write(&self.event)).clone()
    }

    /// The memory it takes while it waits somewhere, roughly, in bytes.
    pub fn size(&self) -> usize {
        self.event.name.len() + self.event.data.len() + OVERHEAD
    }
}

impl Deref for Published {
    type Target = Event;

    fn deref(&self) -> &Event {
        &self.event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Source;

    #[test]
    fn an_event_is_written_once_for_all_its_readers() {
        let event = Published::new(Event {
            name: "a".into(),
            data: Vec::new(),
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Cloud,
            owner: None,
        });
        let first = event.written(|event| Bytes::from(event.name.clone()));
        let second = event.written(|_| unreachable!("it is written"));
        assert_eq!(first.as_ptr(), second.as_ptr());
        assert_eq!(&second[..], b"a");
    }
}
