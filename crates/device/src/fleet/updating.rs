//! How the devices of a fleet take updates: chunks, their acknowledgements, and the restart into what came. A device
//! that is not well falls back to what it ran before, and says so when it is back.

use super::device::NEVER;
use super::engine::Engine;
use super::image::Image;
use super::plan::Plan;
use super::speech::{LARGEST_MODULE, Speech};
use super::taking::Taking;
use pintle_protocol::coap::{Kind, Message, MessageId, RequestToken};
use pintle_protocol::reply;
use pintle_protocol::update::{Chunk, Finish, FromCloud, Refusal, Start};
use std::collections::HashMap;
use std::time::Duration;

/// What the few devices have that took an update, or are about to; the others cost nothing.
#[derive(Default)]
pub(super) struct Updating {
    taking: HashMap<u32, Box<Taking>>,
    running: HashMap<u32, Running>,
    /// When the first transfer began, and the last one ended.
    first: Option<Duration>,
    last: Duration,
}

/// What a device runs.
#[derive(Clone, Copy, Default)]
pub(super) struct Running {
    /// None before its first update.
    pub(super) image: Option<Image>,
    /// Whether the image that it restarted for is well, until it has said so.
    pub(super) restarted: Option<bool>,
}

impl Updating {
    /// Whether no update is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.taking.values().all(|taking| !taking.open)
    }

    /// What the device at `index` runs.
    pub(super) fn running(&self, index: u32) -> Running {
        self.running.get(&index).copied().unwrap_or_default()
    }

    /// When to look at the device at `index` for the sake of its update, in milliseconds.
    pub(super) fn due(&self, index: u32) -> u32 {
        let due = self.taking.get(&index).and_then(|taking| taking.poll_timeout());
        due.map_or(NEVER, |due| u32::try_from(due.as_millis() + 1).unwrap_or(NEVER))
    }

    /// The session is over; what came stays for the next one.
    pub(super) fn break_off(&mut self, index: u32) {
        if let Some(taking) = self.taking.get_mut(&index) {
            taking.open = false;
        }
    }

    /// From the first start to the last finish.
    pub(super) fn lasted(&self) -> Duration {
        self.first.map_or(Duration::ZERO, |first| self.last.saturating_sub(first))
    }
}

impl Plan {
    /// Whether a new image does not run well on the device at `index`: evenly spread, and the same in every run.
    pub(super) fn is_unhealthy(&self, index: u32) -> bool {
        let before = |count: u32| (f64::from(count) * self.unhealthy / 100.0) as u32;
        before(index.saturating_add(1)) > before(index)
    }
}

impl Engine<'_> {
    /// A message of a transfer.
    pub(super) fn updated(&mut self, index: u32, message: &Message<'_>, update: &FromCloud<'_>) {
        if message.kind == Kind::Confirmable {
            self.acknowledge(index, message, None);
        }
        let token = RequestToken::try_from(message.token).map_or(0, |token| token.0);
        match update {
            FromCloud::Start(start) => self.start_update(index, message, token, start),
            FromCloud::Chunk(chunk) => self.chunk(index, message, chunk),
            FromCloud::Finish(finish) => self.finish_update(index, message, token, *finish),
        }
    }

    fn start_update(&mut self, index: u32, message: &Message<'_>, token: u8, start: &Start<'_>) {
        let before = self.updating.taking.remove(&index);
        if let Some(taking) = before.as_ref().filter(|taking| taking.began_with(message.id)) {
            debug_assert!(taking.open, "only then it began with this message");
            self.updating.taking.extend(before.map(|taking| (index, taking)));
            return;
        }
        if start.file_size > LARGEST_MODULE {
            self.tally.updates.refused += 1;
            return self.say(index, Speech::Refused(token, Refusal::SIZE));
        }
        let taking = Taking::begin(self.now, message.id, start, before);
        self.updating.first.get_or_insert(self.now);
        self.tally.updates.begun += 1;
        self.tally.updates.resumed += u64::from(taking.stored() > 0);
        let answer = Speech::Started(token, taking.started());
        self.updating.taking.insert(index, taking);
        self.say(index, answer);
        self.set_alarm(index);
    }

    fn chunk(&mut self, index: u32, message: &Message<'_>, chunk: &Chunk<'_>) {
        let now = self.now;
        self.tally.updates.chunks += 1;
        let Some(taking) = self.updating.taking.get_mut(&index).filter(|taking| taking.open) else {
            return self.reset_message(index, message);
        };
        if taking.take(now, chunk).is_err() {
            return self.lose(index);
        }
        self.acknowledge_chunks(index);
        self.set_alarm(index);
    }

    fn reset_message(&mut self, index: u32, message: &Message<'_>) {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        reply::reset(&mut plain, message.id);
        self.transmit(index, &plain);
        self.plain = plain;
    }

    /// Says which chunks came, when it is time to; and gives up a transfer in which none come any more.
    pub(super) fn acknowledge_chunks(&mut self, index: u32) {
        let now = self.now;
        let Some(taking) = self.updating.taking.get_mut(&index).filter(|taking| taking.open) else {
            return;
        };
        if taking.is_over(now) {
            return self.lose(index);
        }
        let Some(acknowledged) = taking.poll_acknowledged(now) else { return };
        let Some(id) = self.devices.get_mut(index as usize).map(|device| device.take_id()) else {
            return;
        };
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        // An acknowledgement is never too long.
        if acknowledged.write(&mut plain, MessageId(id)).is_ok() {
            self.transmit(index, &plain);
        }
        self.plain = plain;
    }

    fn finish_update(&mut self, index: u32, message: &Message<'_>, token: u8, finish: Finish) {
        let Some(taking) = self.updating.taking.get_mut(&index).filter(|taking| taking.open) else {
            return self.say(index, Speech::Refused(token, Refusal::NOT_RUNNING));
        };
        if taking.finish.replace(message.id) == Some(message.id) {
            return;
        }
        if finish.cancel {
            self.tally.updates.cancelled += 1;
            taking.open = false;
            if finish.discard {
                self.updating.taking.remove(&index);
            }
            return self.say(index, Speech::Cancelled(token));
        }
        self.updating.last = self.now;
        let (judged, statistics, bytes) = (taking.judge(), taking.statistics(), taking.stored());
        self.tally.updates.again += u64::from(statistics.again);
        match judged {
            Ok(_) => {
                self.tally.updates.taken += 1;
                self.tally.updates.bytes += u64::from(bytes);
                self.say(index, Speech::Took(token, statistics));
            }
            Err(why) => {
                self.tally.updates.refused += 1;
                self.updating.taking.remove(&index);
                self.say(index, Speech::Refused(token, why));
            }
        }
    }

    /// The cloud knows that all is there: the device restarts.
    pub(super) fn restart(&mut self, index: u32) {
        let Some(taking) = self.updating.taking.remove(&index) else { return };
        let Some(image) = taking.image else { return };
        let well = !self.plan.is_unhealthy(index);
        let running = self.updating.running.entry(index).or_default();
        running.restarted = Some(well);
        if well {
            running.image = Some(image);
            self.tally.updates.installed += 1;
        } else {
            self.tally.updates.fell_back += 1;
        }
        self.drop_session(index);
        self.waiting.push_back(index);
    }

    /// Says why it restarted, where an update was the reason.
    pub(super) fn tell_restart(&mut self, index: u32) {
        let running = self.updating.running.get_mut(&index);
        if let Some(well) = running.and_then(|running| running.restarted.take()) {
            self.say(index, Speech::Restarted(well));
        }
    }
}
