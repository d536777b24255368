//! Handshake messages out of fragments (RFC 6347 4.2.3), in order, whatever order they came in. Bounded: a few
//! messages ahead of the next one, each of a bounded length; what does not fit is dropped.

use crate::message::{Fragment, Message};
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

/// How many messages, the next one included, may be under way at once: one flight of either side.
pub(crate) const MAX_MESSAGES: usize = 6;

/// What became of a fragment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Taken {
    /// It was kept, or was here already.
    Kept,
    /// Its message was taken before: the peer repeats its flight.
    Repeated,
    /// It does not fit and was dropped.
    Dropped,
}

/// The messages under way.
pub(crate) struct Reassembly {
    next: u16,
    /// The longest body of one message, in bytes.
    limit: usize,
    slots: VecDeque<Option<Partial>>,
}

struct Partial {
    kind: u8,
    body: Vec<u8>,
    /// One bit for each byte of the body.
    have: Vec<u8>,
    missing: usize,
}

impl Reassembly {
    pub(crate) const fn new(next: u16, limit: usize) -> Self {
        Self { next, limit, slots: VecDeque::new() }
    }

    /// Takes one fragment.
    pub(crate) fn insert(&mut self, fragment: &Fragment<'_>) -> Taken {
        let Some(ahead) = fragment.sequence.checked_sub(self.next) else { return Taken::Repeated };
        let ahead = usize::from(ahead);
        if ahead >= MAX_MESSAGES || fragment.length > self.limit {
            return Taken::Dropped;
        }
        while self.slots.len() <= ahead {
            self.slots.push_back(None);
        }
        let Some(slot) = self.slots.get_mut(ahead) else { return Taken::Dropped };
        let partial = slot.get_or_insert_with(|| Partial::new(fragment));
        if partial.kind != fragment.kind || partial.body.len() != fragment.length {
            return Taken::Dropped;
        }
        partial.add(fragment);
        Taken::Kept
    }

    /// The next message, once it is whole.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        let whole = self.slots.front()?.as_ref().is_some_and(|partial| partial.missing == 0);
        if !whole {
            return None;
        }
        let partial = self.slots.pop_front()??;
        let message = Message::received(partial.kind, self.next, &partial.body);
        self.next = self.next.saturating_add(1);
        Some(message)
    }
}

impl Partial {
    fn new(fragment: &Fragment<'_>) -> Self {
        let length = fragment.length;
        Self {
            kind: fragment.kind,
            body: vec![0; length],
            have: vec![0; length.div_ceil(8)],
            missing: length,
        }
    }

    /// Copies the bytes that are still missing; those that are here stay as they came first.
    fn add(&mut self, fragment: &Fragment<'_>) {
        for (index, byte) in (fragment.offset..).zip(fragment.body) {
            let bit = 1 << (index % 8);
            let (Some(have), Some(place)) =
                (self.have.get_mut(index / 8), self.body.get_mut(index))
            else {
                return;
            };
            if *have & bit == 0 {
                *have |= bit;
                *place = *byte;
                self.missing -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fragment(sequence: u16, length: usize, offset: usize, body: &[u8]) -> Fragment<'_> {
        Fragment { kind: 11, length, sequence, offset, body }
    }

    #[test]
    fn messages_come_out_in_order_however_they_came_in() {
        let mut inbox = Reassembly::new(2, 64);
        assert_eq!(inbox.insert(&fragment(3, 1, 0, &[3])), Taken::Kept);
        assert!(inbox.pop().is_none());
        assert_eq!(inbox.insert(&fragment(2, 1, 0, &[2])), Taken::Kept);
        assert_eq!(inbox.pop().unwrap().body(), [2]);
        assert_eq!(inbox.pop().unwrap().body(), [3]);
        assert!(inbox.pop().is_none());
    }

    #[test]
    fn an_empty_message_is_whole_at_once() {
        let mut inbox = Reassembly::new(0, 64);
        assert_eq!(inbox.insert(&fragment(0, 0, 0, &[])), Taken::Kept);
        assert!(inbox.pop().is_some_and(|message| message.body().is_empty()));
    }

    #[test]
    fn a_message_taken_before_is_a_repeat() {
        let mut inbox = Reassembly::new(2, 64);
        assert_eq!(inbox.insert(&fragment(1, 1, 0, &[1])), Taken::Repeated);
    }

    #[test]
    fn what_is_too_long_or_too_far_ahead_is_dropped() {
        let mut inbox = Reassembly::new(2, 64);
        assert_eq!(inbox.insert(&fragment(2, 65, 0, &[1])), Taken::Dropped);
        assert_eq!(inbox.insert(&fragment(2 + 6, 1, 0, &[1])), Taken::Dropped);
        assert_eq!(inbox.insert(&fragment(u16::MAX, 1, 0, &[1])), Taken::Dropped);
    }

    #[test]
    fn a_fragment_that_contradicts_an_earlier_one_is_dropped() {
        let mut inbox = Reassembly::new(0, 64);
        assert_eq!(inbox.insert(&fragment(0, 4, 0, &[1, 2])), Taken::Kept);
        assert_eq!(inbox.insert(&fragment(0, 5, 2, &[3, 4])), Taken::Dropped);
        assert_eq!(inbox.insert(&fragment(0, 4, 1, &[9, 3, 4])), Taken::Kept);
        assert_eq!(inbox.pop().unwrap().body(), [1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn any_cut_of_a_message_in_any_order_gives_it_back(
            body in prop::collection::vec(any::<u8>(), 1..200),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
        ) {
            let mut inbox = Reassembly::new(7, 256);
            for (from, to) in cuts {
                let (from, to) = (from.index(body.len()), to.index(body.len()));
                let (from, to) = (from.min(to), from.max(to));
                inbox.insert(&fragment(7, body.len(), from, &body[from..=to]));
            }
            inbox.insert(&fragment(7, body.len(), 0, &body));
            let message = inbox.pop().unwrap();
            prop_assert_eq!(message.body(), &body[..]);
        }
    }
}
