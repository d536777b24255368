//! A shard takes up what its journals say, when it starts; see [`super::saved`] for what that means.

use super::connection_id::Place;
use super::keeping::Keeping;
use super::saved::Saved;
use super::shard::Shard;
use super::slots::Live;
use crate::device::{Life, SessionKey, Standing};
use crate::event::Row;
use crate::journal::{Entry, Journal, Rebuild, Recovered};
use pintle_dtls::{Session, Window};
use pintle_protocol::DeviceId;
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::{Answered, Settings};
use pintle_protocol::reply;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

/// A shard that takes up what one journal says.
pub struct Restoring<'a> {
    shard: &'a mut Shard,
    start: [u8; 4],
    recent: VecDeque<Recent>,
    time: Time,
    rows: BTreeMap<u64, Vec<u8>>,
    refused: Vec<SessionKey>,
    /// Sessions that were held still when the node stopped.
    held: HashSet<Place>,
}

/// The time that passed while the journal was written, whatever the wall clock was set to: within one run of the
/// node frames carry a time that nobody sets, and what passed between two runs does not count. So nothing is
/// forgotten too early (promise P3).
#[derive(Default)]
struct Time {
    passed_ms: i64,
    last_ms: Option<i64>,
}

impl Time {
    /// The next frame was taken at `at_ms`, and is the first of a run or not.
    fn go_on(&mut self, at_ms: i64, begins_run: bool) {
        let step = at_ms.saturating_sub(self.last_ms.unwrap_or(at_ms)).max(0);
        self.passed_ms += if begins_run { 0 } else { step };
        self.last_ms = Some(at_ms);
    }
}

/// A message that was answered, and may be repeated.
struct Recent {
    passed_ms: i64,
    place: Place,
    id: MessageId,
    /// Nothing stands for an empty acknowledgement, as events get it.
    reply: Vec<u8>,
}

impl<'a> Restoring<'a> {
    /// Takes up sessions in `shard`. `start` must be random and fresh for this start of the node (promise P4).
    pub fn new(shard: &'a mut Shard, start: [u8; 4]) -> Self {
        let (recent, rows) = (VecDeque::new(), BTreeMap::new());
        Self {
            shard,
            start,
            recent,
            time: Time::default(),
            rows,
            refused: Vec::new(),
            held: HashSet::new(),
        }
    }

    /// Ends the reading of the `index`-th journal: `clean` says that it ended with the last words of the node. How
    /// many sessions were taken up.
    pub fn finish(mut self, index: usize, recovered: &Recovered, clean: bool) -> usize {
        self.forget_old();
        for recent in std::mem::take(&mut self.recent) {
            self.recall(recent);
        }
        if !self.refused.is_empty() {
            tracing::warn!(
                sessions = self.refused.len(),
                "some saved sessions cannot be taken up, their devices' keys may have changed; they will shake hands"
            );
        }
        let keeping = self.keeping(index, recovered);
        self.shard.keepings.push(keeping);
        self.shard.slots.restored();
        self.settle(index, clean)
    }

    fn opened(&mut self, session: SessionKey, sealed: &[u8]) {
        let place = Place::of(session);
        if self.live(place, sealed).is_none_or(|live| !self.shard.slots.restore(place, live)) {
            self.refused.push(session);
        }
    }

    fn live(&mut self, place: Place, sealed: &[u8]) -> Option<Live> {
        let (device, sealed) = sealed.split_first_chunk()?;
        let device = DeviceId::from_bytes(*device);
        // A key that was changed while the node was down ends the session too (promise P1).
        let key = self.shard.world.roll.key_of(device)?;
        let here = self.shard.world.roll.enter(device, key)?;
        let context = self.shard.context(device, key, place);
        let plain = self.shard.seals.sessions.open(&context, sealed).ok()?;
        let saved = Saved::read(&plain)?;
        let live = Live {
            session: Session::import(saved.session, self.start, 1).ok()?,
            route: None,
            proven: false,
            held: true,
            asked: 1,
            standing: Standing {
                introduced: true,
                patience: saved.patience,
                ..Standing::default()
            },
            // Not one that an answer to a question from before could have.
            next_token: self.shard.world.random() as u8,
            next_message: saved.next_message,
            numbering: saved.numbering,
            device,
            here,
            life: None,
        };
        for Answered { id, age, reply } in saved.answers {
            let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            self.remember(age_ms, place, id, reply);
        }
        Some(live)
    }

    fn reserved(&mut self, place: Place, records_until: u32, messages_until: u16) {
        let Some(live) = self.shard.slots.get(place) else { return };
        live.session.skip_to(records_until);
        // None is reserved beyond: the first message asks for its own.
        live.session.reserve(records_until);
        live.asked = records_until;
        live.next_message = messages_until;
    }

    fn heard(&mut self, place: Place, window: Window, event: Option<MessageId>) {
        let Some(live) = self.shard.slots.get(place) else { return };
        live.session.take_window(window);
        if let Some(id) = event {
            self.remember(0, place, id, Vec::new());
        }
    }

    fn remember(&mut self, age_ms: i64, place: Place, id: MessageId, reply: Vec<u8>) {
        self.forget_old();
        let passed_ms = self.time.passed_ms.saturating_sub(age_ms);
        self.recent.push_back(Recent { passed_ms, place, id, reply });
    }

    fn forget_old(&mut self) {
        let long = i64::try_from(Settings::default().dedupe.as_millis()).unwrap_or(i64::MAX);
        let passed_ms = self.time.passed_ms;
        let old = |recent: &Recent| passed_ms - recent.passed_ms > long;
        while let Some(past) = self.recent.pop_front_if(|recent| old(recent)) {
            if let Some(live) = self.shard.slots.get(past.place) {
                live.numbering.passed(past.id);
            }
        }
    }

    /// What was answered is answered again, and not acted on, when it is repeated.
    fn recall(&mut self, Recent { passed_ms, place, id, mut reply }: Recent) {
        let now = self.shard.world.now;
        let Some(live) = self.shard.slots.get(place) else { return };
        let (message, token, numbering) = (live.next_message, live.next_token, live.numbering);
        let life =
            live.life.get_or_insert_with(|| Box::new(Life::new(now, message, token, numbering)));
        if reply.is_empty() {
            reply::ack_empty(&mut reply, id);
        }
        let age_ms = self.time.passed_ms.saturating_sub(passed_ms);
        let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
        life.recall(now, &Answered { id, age, reply });
    }

    /// The journal, gone on with, and the rows that still wait for their consumer.
    fn keeping(&mut self, index: usize, recovered: &Recovered) -> Keeping {
        let partition = self.shard.slots.partition(index).unwrap_or_default();
        let journal = Journal::resume(recovered);
        let mut keeping = Keeping::new(journal, partition, recovered.last_frame + 1);
        for (number, sealed) in std::mem::take(&mut self.rows) {
            match self.shard.seals.open_row(number, &sealed) {
                Some(event) => {
                    self.shard.world.intake.put(Row { number, event });
                }
                None => tracing::error!(row = number, "a kept event cannot be opened"),
            }
            keeping.remember(number, sealed);
        }
        for session in std::mem::take(&mut self.refused) {
            // Were its device's old key pinned again, it must not come back.
            keeping.append(&Entry::Closed { session });
        }
        keeping.append(&Entry::Started);
        keeping
    }

    fn settle(self, index: usize, clean: bool) -> usize {
        let shard = self.shard;
        let mut taken_up = 0;
        for at in 0..shard.slots.count_in(index) {
            let place = shard.slots.place_in(index, at);
            let Some((place, live)) =
                place.and_then(|place| Some((place, shard.slots.get(place)?)))
            else {
                continue;
            };
            live.held = !clean || self.held.contains(&place);
            live.here.settled = true;
            let number = live.here.number;
            taken_up += 1;
            if let Some(other) = shard.world.roll.settle(number, shard.whereabouts(place)) {
                // A crash came between the end of one session and the beginning of another. Nobody knows
                // which the device has: this one becomes its session when it is heard from.
                shard.world.roll.settle(number, other);
                if let Some(live) = shard.slots.get(place) {
                    live.here.settled = false;
                }
            }
        }
        taken_up
    }
}

impl Rebuild for Restoring<'_> {
    fn entry(&mut self, wall_ms: i64, entry: Entry<'_>) {
        self.time.go_on(wall_ms, entry == Entry::Started);
        match entry {
            Entry::Opened { session, sealed } => self.opened(session, sealed),
            Entry::Heard { session, highest, seen, event } => {
                self.heard(Place::of(session), Window { highest, seen }, event);
            }
            Entry::Reserved { session, records_until, messages_until } => {
                self.reserved(Place::of(session), records_until, messages_until);
            }
            Entry::Held { session } => drop(self.held.insert(Place::of(session))),
            Entry::Closed { session } => drop(self.shard.slots.release(Place::of(session))),
            Entry::Kept { row, sealed } => drop(self.rows.insert(row, sealed.to_vec())),
            Entry::Taken { row } => drop(self.rows.remove(&row)),
            // Who was held at an earlier start was then asked, or is named again.
            Entry::Started => self.held.clear(),
            Entry::Stopped => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_time_passes_as_frames_say_and_not_between_two_runs() {
        let mut time = Time::default();
        time.go_on(1_000, true);
        time.go_on(4_000, false);
        // The clock was set, and the node started again.
        time.go_on(9_000_000, true);
        time.go_on(9_002_000, false);
        time.go_on(500, true);
        time.go_on(600, false);
        assert_eq!(time.passed_ms, 5_100);
    }
}
