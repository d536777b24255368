//! What waits until the journal has it: the answers to a device, the events it published, and the record
//! numbers that sending asked for.
//!
//! A request is heard at once and what it leads to is held back: its answers leave, and its events are
//! published, when the frame that says it was heard is durable. So no answer or event that anybody saw is
//! forgotten by a crash. Not held back is what may be said twice without harm: that a device is online, and what
//! it says of itself (the store acknowledges that when it has it).

use super::connection_id::Place;
use crate::device::SessionKey;
use crate::event::Published;
use crate::journal::{Entry, Frame, Journal, Report, Ticket};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How much may wait before the shard takes nothing more that would have to: 16 MiB.
const MOST_WAITING: usize = 16 << 20;

/// How many rows are said again in one go.
const ROWS_SAID: usize = 256;

/// What an event held back costs beside its bytes, roughly.
const EVENT_OVERHEAD: usize = 128;

/// What a message held back costs beside its bytes.
const MESSAGE_OVERHEAD: usize = size_of::<(Place, usize)>();

/// A session that asked for more record numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserving {
    /// The session.
    pub place: Place,
    /// The first record number that is not reserved.
    pub until: u32,
}

/// What one frame holds back.
#[derive(Default)]
pub struct Batch {
    frame: u64,
    /// How many of the messages were released.
    released: usize,
    bytes: Vec<u8>,
    /// Whose message ends where in `bytes`.
    messages: Vec<(Place, usize)>,
    /// Sessions that asked for record numbers.
    pub reserving: Vec<Reserving>,
    /// Events to publish, and the row of each that a durable consumer waits for.
    pub events: Vec<(Option<u64>, Arc<Published>)>,
    event_bytes: usize,
    /// What other doors are to hear, by their numbers.
    pub replies: Vec<(usize, SessionKey, Vec<u8>)>,
    /// Who are to hear that an event is durable.
    pub waiters: Vec<oneshot::Sender<()>>,
}

impl Batch {
    /// The next messages to seal and send, with whom each is for.
    pub fn next_messages(&mut self, count: usize) -> impl Iterator<Item = (Place, &[u8])> {
        let from = self.released;
        let until = (from + count).min(self.messages.len());
        self.released = until;
        let (messages, bytes) = (&self.messages, &self.bytes);
        let end = |index: usize| messages.get(index).map_or(0, |(_, end)| *end);
        (from..until).filter_map(move |index| {
            let start = index.checked_sub(1).map_or(0, end);
            let (place, end) = messages.get(index)?;
            Some((*place, bytes.get(start..*end)?))
        })
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.messages.len() * MESSAGE_OVERHEAD + self.event_bytes
    }

    fn is_empty(&self) -> bool {
        let effects = self.events.is_empty() && self.reserving.is_empty();
        self.messages.is_empty() && effects && self.replies.is_empty() && self.waiters.is_empty()
    }

    fn clear(&mut self) {
        self.released = 0;
        self.bytes.clear();
        self.messages.clear();
        self.reserving.clear();
        self.events.clear();
        self.event_bytes = 0;
        self.replies.clear();
        self.waiters.clear();
    }
}

/// The journal of one partition, and what waits for it.
pub struct Keeping {
    journal: Journal,
    /// What full frames hold back, oldest first.
    waiting: VecDeque<Batch>,
    filling: Batch,
    spare: Vec<Batch>,
    size: usize,
    next_row: u64,
    /// Rows that no consumer took yet, sealed.
    rows: BTreeMap<u64, Vec<u8>>,
    /// How far saying the log again has come: with the slots, and then with the rows.
    said_again: usize,
    rows_said: u64,
    /// What the last reservation waits for.
    reserving: Option<Ticket>,
    /// What is being released.
    releasing: Option<Batch>,
}

impl Keeping {
    /// Goes on with `journal`, whose next frame is `frame`.
    pub fn new(journal: Journal, partition: u8, frame: u64) -> Self {
        // No frame holds a million rows, so none is ever numbered twice.
        let next_row = u64::from(partition) << 56 | frame << 20;
        Self {
            journal,
            waiting: VecDeque::new(),
            filling: Batch::default(),
            spare: Vec::new(),
            size: 0,
            next_row,
            rows: BTreeMap::new(),
            said_again: 0,
            rows_said: 0,
            reserving: None,
            releasing: None,
        }
    }

    /// Whether all that was said is durable.
    pub fn is_settled(&self) -> bool {
        self.journal.is_settled()
    }

    /// Whether so much waits that nothing more may: the disk does not keep up, or refuses.
    pub fn is_full(&self) -> bool {
        self.size + self.journal.backlog_bytes() >= MOST_WAITING
    }

    /// Whether the disk refuses what it was given.
    pub fn is_stalled(&self) -> bool {
        self.journal.is_stalled()
    }

    /// A number for a row that no row had before.
    pub fn next_row(&mut self) -> u64 {
        self.next_row += 1;
        self.next_row
    }

    /// Appends an entry. What does not fit an entry is a message longer than any: it is said, and nothing
    /// waits for it.
    pub fn append(&mut self, entry: &Entry<'_>) -> Option<Ticket> {
        let ticket = self.journal.append(entry);
        ticket.inspect_err(|error| tracing::error!(%error, "the journal cannot take this")).ok()
    }

    /// Appends entries of which all or none count.
    pub fn append_together(&mut self, entries: &[Entry<'_>]) -> Option<Ticket> {
        let ticket = self.journal.append_together(entries);
        ticket.inspect_err(|error| tracing::error!(%error, "the journal cannot take this")).ok()
    }

    /// Remembers a row until it was taken: it is said again with the sessions.
    pub fn remember(&mut self, row: u64, sealed: Vec<u8>) {
        self.rows.insert(row, sealed);
    }

    /// Forgets a row; false where it is not here.
    pub fn forget(&mut self, row: u64) -> bool {
        self.rows.remove(&row).is_some()
    }

    /// From which slot on the log is to be said again, if it is.
    pub fn says_again_from(&mut self) -> Option<usize> {
        if self.journal.wants_rewrite() {
            self.journal.begin_rewrite();
            (self.said_again, self.rows_said) = (0, 0);
        }
        self.journal.is_rewriting().then_some(self.said_again)
    }

    /// The slots before `until` were said again; `all` says that there are no more. Then the rows follow, some at a
    /// time. False where all is said.
    pub fn said_again(&mut self, until: usize, all: bool) -> bool {
        self.said_again = until;
        if !all {
            return true;
        }
        let mut said = 0;
        for (row, sealed) in self.rows.range(self.rows_said..).take(ROWS_SAID) {
            if let Err(error) = self.journal.append(&Entry::Kept { row: *row, sealed }) {
                tracing::error!(%error, "a row cannot be said again");
            }
            (self.rows_said, said) = (row + 1, said + 1);
        }
        let more = said == ROWS_SAID;
        if !more {
            self.journal.rewritten();
        }
        more
    }

    /// Holds messages back until `ticket` is durable.
    pub fn hold<'a>(
        &mut self,
        ticket: Ticket,
        place: Place,
        messages: impl Iterator<Item = &'a [u8]>,
    ) {
        let batch = self.batch(ticket);
        let before = batch.size();
        for message in messages {
            batch.bytes.extend_from_slice(message);
            batch.messages.push((place, batch.bytes.len()));
        }
        let added = batch.size() - before;
        self.size += added;
    }

    /// Holds an event back until `ticket` is durable.
    pub fn hold_event(&mut self, ticket: Ticket, row: Option<u64>, event: Arc<Published>) {
        let size = event.name.len() + event.data.len() + EVENT_OVERHEAD;
        let batch = self.batch(ticket);
        batch.event_bytes += size;
        batch.events.push((row, event));
        self.size += size;
    }

    /// Lets another door hear something when `ticket` is durable.
    pub fn hold_reply(&mut self, ticket: Ticket, reply: (usize, SessionKey, Vec<u8>)) {
        self.batch(ticket).replies.push(reply);
    }

    /// Lets somebody know when `ticket` is durable.
    pub fn hold_waiter(&mut self, ticket: Ticket, waiter: oneshot::Sender<()>) {
        self.batch(ticket).waiters.push(waiter);
    }

    /// Lets record numbers be used when `ticket` is durable.
    pub fn hold_numbers(&mut self, ticket: Ticket, reserving: Reserving) {
        self.reserving = Some(ticket);
        self.batch(ticket).reserving.push(reserving);
    }

    /// What the last reservation of any session waits for: no earlier one waits longer.
    pub fn reserving(&self) -> Option<Ticket> {
        self.reserving
    }

    /// The next frame for the disk, if it is ready for one.
    pub fn take_frame(&mut self, wall_ms: i64) -> Option<Frame> {
        self.journal.take_frame(wall_ms)
    }

    /// Hears what became of a frame.
    pub fn reported(&mut self, report: Report) {
        match report {
            Report::Durable(frame) => self.journal.durable(frame),
            Report::Refused(_) => self.journal.failed(),
        }
    }

    /// The next batch that need not wait any more. To be given back to [`Self::put_back`].
    pub fn released(&mut self) -> Option<Batch> {
        if self.releasing.is_some() {
            return self.releasing.take();
        }
        let durable = |batch: &Batch| self.journal.is_durable(Ticket(batch.frame));
        let batch = match self.waiting.front() {
            Some(first) if durable(first) => self.waiting.pop_front()?,
            None if !self.filling.is_empty() && durable(&self.filling) => {
                std::mem::take(&mut self.filling)
            }
            _ => return None,
        };
        self.size = self.size.saturating_sub(batch.size());
        Some(batch)
    }

    /// Takes a batch back: what is left of it is released next.
    pub fn put_back(&mut self, batch: Batch) {
        if batch.released < batch.messages.len() {
            self.releasing = Some(batch);
        } else {
            self.recycle(batch);
        }
    }

    /// Keeps a batch's memory for another.
    fn recycle(&mut self, mut batch: Batch) {
        batch.clear();
        if self.spare.len() < 4 {
            self.spare.push(batch);
        }
    }

    /// The batch of a frame. Frames are numbered as they are filled, so it is the last one or a new one;
    /// what was appended to an earlier frame and comes to wait only now waits a little longer.
    fn batch(&mut self, ticket: Ticket) -> &mut Batch {
        if self.filling.frame < ticket.0 {
            let mut next = self.spare.pop().unwrap_or_default();
            next.frame = ticket.0;
            let full = std::mem::replace(&mut self.filling, next);
            if full.is_empty() {
                self.recycle(full);
            } else {
                self.waiting.push_back(full);
            }
        }
        &mut self.filling
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Recovered;

    const PLACE: Place = Place { partition: 0, slot: 1, generation: 2 };

    fn keeping() -> Keeping {
        Keeping::new(Journal::resume(&Recovered::default()), 0, 1)
    }

    fn messages(keeping: &mut Keeping) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(mut batch) = keeping.released() {
            all.extend(batch.next_messages(1).map(|(_, message)| message.to_vec()));
            keeping.put_back(batch);
        }
        all
    }

    #[test]
    fn an_answer_waits_for_its_frame_and_no_other() {
        let mut keeping = keeping();
        let first = keeping.append(&Entry::Started).unwrap();
        keeping.hold(first, PLACE, [b"one".as_slice()].into_iter());
        let frame = keeping.take_frame(0).unwrap();
        let second = keeping.append(&Entry::Started).unwrap();
        keeping.hold(second, PLACE, [b"two".as_slice(), b"three"].into_iter());
        assert!(messages(&mut keeping).is_empty());
        keeping.reported(Report::Durable(frame));
        assert_eq!(messages(&mut keeping), [b"one"]);
        let frame = keeping.take_frame(0).unwrap();
        keeping.reported(Report::Durable(frame));
        assert_eq!(messages(&mut keeping), [b"two".to_vec(), b"three".to_vec()]);
        assert_eq!(keeping.size, 0);
    }

    #[test]
    fn p4_numbers_are_released_with_their_frame() {
        let mut keeping = keeping();
        let ticket = keeping.append(&Entry::Started).unwrap();
        let reserving = Reserving { place: PLACE, until: 9 };
        keeping.hold_numbers(ticket, reserving);
        assert!(keeping.released().is_none());
        let frame = keeping.take_frame(0).unwrap();
        keeping.reported(Report::Durable(frame));
        assert_eq!(keeping.released().unwrap().reserving, [reserving]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut keeping = keeping();
        let message = vec![0; 1 << 20];
        for _ in 0..16 {
            assert!(!keeping.is_full());
            let ticket = keeping.append(&Entry::Started).unwrap();
            keeping.hold(ticket, PLACE, [message.as_slice()].into_iter());
        }
        assert!(keeping.is_full());
        let frame = keeping.take_frame(0).unwrap();
        keeping.reported(Report::Durable(frame));
        let batch = keeping.released().unwrap();
        keeping.recycle(batch);
        assert!(!keeping.is_full());
    }
}
