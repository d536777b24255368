//! What a shard says to its journals, and what it does when that is durable (promises P3, P4).
//!
//! 1. A device that introduced itself is [`Entry::Opened`]: the whole session, sealed.
//! 2. Each request is [`Entry::Heard`]: its record, and the id of an event. What the request led to waits
//!    for that in [`super::keeping`].
//! 3. Sending asks for record numbers in blocks, [`Entry::Reserved`], half a block ahead of need.
//! 4. From time to time all of it is said again, a few slots at a time, so that the log stays short.

use super::connection_id::Place;
use super::keeping::{Batch, Keeping, Reserving};
use super::shard::Shard;
use super::slots::Live;
use crate::device::{Keep, LastWords, Told};
use crate::event::{Published, Row, Wanted};
use crate::journal::{Entry, Frame, Report, Ticket};
use crate::store::clean_stop::CleanStop;
use pintle_dtls::Dialect;
use pintle_protocol::coap::MessageId;
use std::sync::Arc;
use std::time::Duration;

/// How many record numbers are reserved at once.
pub(super) const BLOCK: u32 = 1024;

/// How many slots are said again in one go, and how often.
const SAY_AGAIN: usize = 512;
pub(super) const SAY_AGAIN_EACH: Duration = Duration::from_millis(5);

/// How many messages are released in one go.
const RELEASE: usize = 256;

/// Whether a datagram of a device asks for something, rather than answers: only then is there an effect that
/// must not come twice. (RFC 7252 3: the code's class is 0, and the code is not empty.)
pub(super) fn is_request(message: &[u8]) -> bool {
    message.get(1).is_some_and(|code| (1..32).contains(code))
}

/// Whether a message says which chunks of an update came: not to be confirmed, without a token, and to the path `A`. A
/// device sends hundreds of them in a second, and nothing that they lead to must not come twice.
pub(super) fn is_of_chunks(message: &[u8]) -> bool {
    matches!(message, [0x50, 2, _, _, 0xb1, b'A', ..])
}

/// The id of a message that is a ping (RFC 7252 4.3): confirmable, and empty.
pub(super) fn ping_of(message: &[u8]) -> Option<MessageId> {
    match *message {
        [0x40, 0, high, low] => Some(MessageId(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}

/// The id of a message that its device repeats until it is answered.
fn repeated_id(message: &[u8]) -> Option<MessageId> {
    let confirmable = message.first().is_some_and(|first| first >> 4 & 3 == 0);
    confirmable.then(|| id_of(message)).flatten()
}

fn id_of(message: &[u8]) -> Option<MessageId> {
    message.get(2..4).and_then(|id| id.try_into().ok()).map(|id| MessageId(u16::from_be_bytes(id)))
}

impl Live {
    /// Whether the session outlives the process: without a connection ID nothing tells whose record it is.
    pub(super) fn is_kept(&self) -> bool {
        self.standing.introduced && self.session.dialect() != Dialect::Plain
    }

    /// The message id that the next message may have.
    fn message_id(&self) -> u16 {
        self.life.as_ref().map_or(self.next_message, |life| life.next_message())
    }
}

impl Shard {
    /// The journal that the session at `place` is in.
    pub(super) fn keeping_mut(&mut self, place: Place) -> Option<&mut Keeping> {
        let index = self.slots.index_of(place)?;
        self.keepings.get_mut(index)
    }

    /// Whether the journal takes nothing more for the session at `place`.
    pub(super) fn is_full(&mut self, place: Place) -> bool {
        self.keeping_mut(place).is_some_and(|keeping| keeping.is_full())
    }

    /// Writes down that a request was heard, and holds back what it led to until that is durable. `new` says that the
    /// device introduced itself with it.
    pub(super) fn keep(&mut self, place: Place, message: &[u8], new: bool) {
        let wanted = self.wanted();
        let too_much = self.world.intake.refuses(wanted);
        let ticket = match new {
            true => self.open_in_journal(place),
            false if too_much => None,
            false => self.heard(place, message, wanted),
        };
        let index = self.slots.index_of(place);
        let keeping = index.and_then(|index| self.keepings.get_mut(index));
        if let Some((ticket, keeping)) = ticket.zip(keeping) {
            keeping.hold(ticket, place, self.out.iter());
        } else {
            // It did not happen: the device says it again.
            self.counters.stalled();
            let life = self.slots.get(place).and_then(|live| live.life.as_deref_mut());
            if let Some((life, id)) = life.zip(id_of(message)) {
                life.forget(id);
            }
        }
        self.out.clear();
    }

    /// Writes down an event of a door without a journal, and when that is durable publishes it and lets that door know.
    pub(super) fn keep_for(&mut self, keep: Keep) {
        let Keep { event, wanted, told } = keep;
        let Some(keeping) = self.keepings.first_mut().filter(|keeping| !keeping.is_full()) else {
            // Not acknowledged: the device hears that it was not taken.
            return self.counters.stalled();
        };
        let row = keeping.next_row();
        let event = Published::kept(event, wanted);
        let Some(sealed) = self.seals.row(row, &event) else { return };
        let Some(ticket) = keeping.append(&Entry::Kept { row, sealed: &sealed }) else { return };
        keeping.hold_event(ticket, Some(row), event);
        match told {
            Told::Door { reply, .. } if reply.is_empty() => {}
            Told::Door { home, session, reply } => {
                keeping.hold_reply(ticket, (home, session, reply));
            }
            Told::Waiter(waiter) => keeping.hold_waiter(ticket, waiter),
        }
        keeping.remember(row, sealed);
    }

    /// Who waits for what was published.
    pub(super) fn wanted(&mut self) -> Wanted {
        // A request publishes one event at most.
        self.out.events.last().map(|event| self.world.intake.wanted(event)).unwrap_or_default()
    }

    fn heard(&mut self, place: Place, message: &[u8], wanted: Wanted) -> Option<Ticket> {
        let index = self.slots.index_of(place)?;
        let live = self.slots.get(place)?;
        let keeping = self.keepings.get_mut(index)?;
        let window = live.session.window();
        // A request publishes one event at most.
        let published = self.out.events.pop();
        let event = published.as_ref().and_then(|_| repeated_id(message));
        let (session, highest, seen) = (place.key(), window.highest, window.seen);
        let heard = Entry::Heard { session, highest, seen, event };
        let Some(published) = published else { return keeping.append(&heard) };
        if !wanted.by_any() {
            let ticket = keeping.append(&heard)?;
            keeping.hold_event(ticket, None, Published::new(published));
            return Some(ticket);
        }
        let row = keeping.next_row();
        let published = Published::kept(published, wanted);
        let sealed = self.seals.row(row, &published)?;
        // Of a session that ends with the process there is nothing else to remember: whoever reads this back
        // knows no such session, and ignores it.
        let ticket = keeping.append_together(&[Entry::Kept { row, sealed: &sealed }, heard])?;
        keeping.hold_event(ticket, Some(row), published);
        keeping.remember(row, sealed);
        Some(ticket)
    }

    /// Writes a session down whole, with its first block of record numbers.
    pub(super) fn open_in_journal(&mut self, place: Place) -> Option<Ticket> {
        let sealed = self.save_one(place)?;
        let index = self.slots.index_of(place)?;
        let live = self.slots.get(place)?;
        let keeping = self.keepings.get_mut(index)?;
        // Before this is durable a crash forgets the session and its keys: whatever it sends meanwhile under
        // numbers not yet reserved is sent under keys that nobody goes on with.
        let first = live.asked == 0;
        let until =
            if first { live.session.next_record().saturating_add(BLOCK) } else { live.asked };
        live.asked = until;
        if first {
            live.session.reserve(until);
        }
        let session = place.key();
        let reserved = reservation(live, place, until);
        keeping.append_together(&[Entry::Opened { session, sealed: &sealed }, reserved])
    }

    /// Sees to it that `count` messages and a last word can be sealed. Where the numbers for them are not
    /// reserved yet, what they wait for.
    pub(super) fn reserve(&mut self, place: Place, count: usize) -> Option<Ticket> {
        let index = self.slots.index_of(place)?;
        let live = self.slots.get(place)?;
        let next = live.session.next_record();
        let left = live.session.reserved().saturating_sub(next);
        let need = u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        let wanted = live.asked <= live.session.reserved() && left < BLOCK / 2;
        let worn_out = live.session.reserved() == u32::MAX;
        if worn_out || (left >= need && !wanted) {
            return None;
        }
        let keeping = self.keepings.get_mut(index)?;
        if live.asked.saturating_sub(next) >= need && !wanted {
            // Enough was asked for already.
            return keeping.reserving();
        }
        let until = next.saturating_add(need.max(BLOCK)).max(live.asked);
        live.asked = until;
        let window = live.session.window();
        let heard = Entry::Heard {
            session: place.key(),
            highest: window.highest,
            seen: window.seen,
            event: None,
        };
        let ticket = keeping.append_together(&[reservation(live, place, until), heard])?;
        keeping.hold_numbers(ticket, Reserving { place, until });
        (left < need).then_some(ticket)
    }

    /// Writes down that the session at `place` is over.
    pub(super) fn close_in_journal(&mut self, place: Place) {
        if let Some(keeping) = self.keeping_mut(place) {
            keeping.append(&Entry::Closed { session: place.key() });
        }
    }

    /// A durable consumer took a row.
    pub(super) fn taken(&mut self, row: u64) {
        for keeping in &mut self.keepings {
            if keeping.forget(row) {
                keeping.append(&Entry::Taken { row });
            }
        }
    }

    /// The next frame for the disk under the `index`-th of the shard's journals.
    pub fn take_frame(&mut self, index: usize) -> Option<Frame> {
        let steady_ms = self.steady_ms;
        self.keepings.get_mut(index)?.take_frame(steady_ms)
    }

    /// Hears what became of a frame of the `index`-th journal.
    pub fn reported(&mut self, index: usize, report: Report) {
        if let Some(keeping) = self.keepings.get_mut(index) {
            keeping.reported(report);
        }
    }

    /// Does some of what waited for the `index`-th journal; false where there is nothing more to do.
    pub fn release(&mut self, index: usize) -> bool {
        let Some(mut batch) = self.keepings.get_mut(index).and_then(Keeping::released) else {
            return false;
        };
        self.release_effects(&mut batch);
        let mut messages = batch.next_messages(RELEASE).peekable();
        while let Some((place, message)) = messages.next() {
            self.out.push(message);
            if messages.peek().is_none_or(|(next, _)| *next != place) {
                self.speak(place);
            }
        }
        drop(messages);
        if let Some(keeping) = self.keepings.get_mut(index) {
            keeping.put_back(batch);
        }
        true
    }

    /// First the numbers, then the events, and only then the acknowledgements that promise them.
    fn release_effects(&mut self, batch: &mut Batch) {
        for Reserving { place, until } in batch.reserving.drain(..) {
            if let Some(live) = self.slots.get(place) {
                live.session.reserve(until);
            }
        }
        for (row, event) in batch.events.drain(..) {
            match row {
                Some(number) => {
                    self.world.intake.put(Row { number, event: Arc::clone(&event) });
                    self.world.bus.publish_shared(&event);
                }
                None => self.world.publish_shared(&event),
            }
        }
        self.kept.append(&mut batch.replies);
        for waiter in batch.waiters.drain(..) {
            // Who waited may have given up.
            let _ = waiter.send(());
        }
    }

    /// Says some of the sessions again where the log has grown long; whether there are more to come.
    pub(super) fn say_again(&mut self) -> bool {
        let mut more = false;
        for index in 0..self.keepings.len() {
            more |= self.say_again_in(index);
        }
        more
    }

    fn say_again_in(&mut self, index: usize) -> bool {
        let Some(keeping) = self.keepings.get_mut(index) else { return false };
        let Some(from) = keeping.says_again_from() else { return false };
        if keeping.is_full() {
            // The disk does not keep up; what is said now matters more.
            return true;
        }
        let count = self.slots.count_in(index);
        let until = (from + SAY_AGAIN).min(count);
        for at in from..until {
            let place = self.slots.place_in(index, at);
            if let Some(place) = place.filter(|place| self.is_in_journal(*place)) {
                self.open_in_journal(place);
            }
        }
        let Some(keeping) = self.keepings.get_mut(index) else { return false };
        keeping.said_again(until, until >= count)
    }

    fn is_in_journal(&mut self, place: Place) -> bool {
        self.slots.get(place).is_some_and(|live| live.asked != 0)
    }

    /// Writes down how every session stands, exactly, and that this is the end.
    pub fn write_last_words(&mut self) -> LastWords {
        let mut words = LastWords::default();
        for index in 0..self.keepings.len() {
            let mut all_known = true;
            for at in 0..self.slots.count_in(index) {
                let place = self.slots.place_in(index, at);
                let Some(place) = place.filter(|place| self.is_in_journal(*place)) else {
                    continue;
                };
                let said = self.last_word(place);
                words.sessions += usize::from(said);
                all_known &= said;
            }
            if all_known && let Some(stop) = self.stop_journal(index) {
                words.stops.push(stop);
            }
        }
        words
    }

    fn stop_journal(&mut self, index: usize) -> Option<CleanStop> {
        let partition = self.slots.partition(index)?;
        let Ticket(frame) = self.keepings.get_mut(index)?.append(&Entry::Stopped)?;
        Some(CleanStop { partition, frame })
    }

    /// Whether all that was said is durable.
    pub fn is_settled(&self) -> bool {
        self.keepings.iter().all(Keeping::is_settled)
    }

    /// A session that has something under way is written whole, with what the device may still repeat; of one
    /// at rest the window may have moved. One that is held still, after a crash, has to be held again.
    fn last_word(&mut self, place: Place) -> bool {
        let Some(live) = self.slots.get(place) else { return true };
        let session = place.key();
        let window = live.session.window();
        let word = match (live.held, live.life.is_some()) {
            (true, _) => Entry::Held { session },
            // One whose key was changed a moment ago is not to come back.
            (false, true) => return self.open_in_journal(place).is_some(),
            (false, false) => {
                let (highest, seen) = (window.highest, window.seen);
                Entry::Heard { session, highest, seen, event: None }
            }
        };
        self.keeping_mut(place).and_then(|keeping| keeping.append(&word)).is_some()
    }
}

/// Message ids are reserved with the record numbers: no message goes out without a record.
fn reservation(live: &Live, place: Place, until: u32) -> Entry<'static> {
    let ahead = until.saturating_sub(live.session.next_record());
    Entry::Reserved {
        session: place.key(),
        records_until: until,
        messages_until: live.message_id().wrapping_add(ahead as u16),
    }
}
