//! Confirmable messages that wait for their acknowledgement. They are kept apart from the devices, in one list a
//! device, so that a device that waits for nothing pays four bytes for it. What was said is not kept but written
//! again.

use super::speech::Speech;
use std::time::Duration;

/// The end of a list.
pub(super) const NONE: u32 = u32::MAX;

/// One message.
pub(super) struct Pending {
    /// Its id.
    pub(super) id: u16,
    /// How often it was repeated.
    pub(super) repeated: u8,
    /// What it says.
    pub(super) speech: Speech,
    /// When it was said first.
    pub(super) since: Duration,
    /// When it is to be repeated or given up, in milliseconds.
    pub(super) due: u32,
    /// How long it waits this time, in milliseconds.
    pub(super) wait: u32,
    next: u32,
}

impl Pending {
    pub(super) const fn new(id: u16, speech: Speech, since: Duration, due: u32, wait: u32) -> Self {
        Self { id, repeated: 0, speech, since, due, wait, next: NONE }
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Pendings {
    all: Vec<Option<Pending>>,
    free: Vec<u32>,
}

impl Pendings {
    /// Puts a message at the head of a device's list.
    pub(super) fn push(&mut self, head: &mut u32, mut pending: Pending) {
        pending.next = *head;
        let at = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            u32::try_from(self.all.len() - 1).unwrap_or(NONE)
        });
        if let Some(place) = self.all.get_mut(at as usize) {
            *place = Some(pending);
            *head = at;
        }
    }

    fn get(&self, at: u32) -> Option<&Pending> {
        self.all.get(at as usize)?.as_ref()
    }

    fn get_mut(&mut self, at: u32) -> Option<&mut Pending> {
        self.all.get_mut(at as usize)?.as_mut()
    }

    /// Takes the message that `wanted` names out of the list.
    fn take(&mut self, head: &mut u32, wanted: impl Fn(&Pending) -> bool) -> Option<Pending> {
        let (mut before, mut at) = (NONE, *head);
        while !wanted(self.get(at)?) {
            (before, at) = (at, self.get(at)?.next);
        }
        let taken = self.all.get_mut(at as usize)?.take()?;
        self.free.push(at);
        match self.get_mut(before) {
            Some(before) => before.next = taken.next,
            None => *head = taken.next,
        }
        Some(taken)
    }

    /// Takes the message with this id: it is settled.
    pub(super) fn settle(&mut self, head: &mut u32, id: u16) -> Option<Pending> {
        self.take(head, |pending| pending.id == id)
    }

    /// Takes any message: the session is over.
    pub(super) fn abandon(&mut self, head: &mut u32) -> Option<Pending> {
        self.take(head, |_| true)
    }

    /// Takes a message whose time has come.
    pub(super) fn due(&mut self, head: &mut u32, now: u32) -> Option<Pending> {
        self.take(head, |pending| pending.due <= now)
    }

    /// When the first of a list is due.
    pub(super) fn earliest(&self, head: u32) -> Option<u32> {
        let first = self.get(head);
        std::iter::successors(first, |pending| self.get(pending.next))
            .map(|pending| pending.due)
            .min()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(id: u16, due: u32) -> Pending {
        Pending::new(id, Speech::Ping, Duration::ZERO, due, 0)
    }

    #[test]
    fn messages_of_two_devices_are_settled_each_in_its_own_list() {
        let mut all = Pendings::default();
        let (mut one, mut other) = (NONE, NONE);
        (1..=3).for_each(|id| all.push(&mut one, pending(id, 0)));
        all.push(&mut other, pending(1, 0));
        assert!(all.settle(&mut other, 2).is_none());
        for id in [2, 1, 3] {
            assert_eq!(all.settle(&mut one, id).map(|found| found.id), Some(id));
        }
        assert_eq!(one, NONE);
        assert!(!all.is_empty() && all.abandon(&mut other).is_some() && all.is_empty());
    }

    #[test]
    fn what_is_due_comes_out_and_the_rest_says_when() {
        let mut all = Pendings::default();
        let mut list = NONE;
        [(1, 30), (2, 10), (3, 20)]
            .into_iter()
            .for_each(|(id, due)| all.push(&mut list, pending(id, due)));
        assert_eq!(all.earliest(list), Some(10));
        assert_eq!(all.due(&mut list, 15).map(|found| found.id), Some(2));
        assert!(all.due(&mut list, 15).is_none());
        assert_eq!(all.earliest(list), Some(20));
    }

    #[test]
    fn places_are_used_again() {
        let mut all = Pendings::default();
        let mut list = NONE;
        for id in 0..100 {
            all.push(&mut list, pending(id, 0));
            all.settle(&mut list, id);
        }
        assert_eq!(all.all.len(), 1);
    }
}
