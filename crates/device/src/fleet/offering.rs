//! What the fleet brings about by itself: new devices, events at their rate, and devices that forget their session.

use super::device::Phase;
use super::engine::Engine;
use super::plan::Plan;
use super::speech::Speech;
use super::tally::Stage;
use std::time::Duration;

/// Handshakes begun in one turn of the loop at most, so that what came is heard in between.
const MOST_BEGUN: u32 = 8;
/// Unacknowledged events of one device, at most.
pub(super) const MOST_OUT: u8 = 8;
/// How many publishers are asked whether they can take the next event.
pub(super) const ASKED: u32 = 64;
/// How far the events may fall behind their rate before they are held back for good, in seconds.
const BEHIND: f64 = 0.25;

/// Where the fleet is in what it offers.
#[derive(Default)]
pub(super) struct Offering {
    fresh: u32,
    begun: u64,
    published: u64,
    forgotten: u64,
    publisher: u32,
}

impl Offering {
    /// The next device that never began.
    pub(super) fn next_fresh(&mut self, plan: &Plan) -> Option<u32> {
        let fresh = self.fresh;
        (fresh < plan.devices).then(|| {
            self.fresh += 1;
            fresh
        })
    }

    /// Whether every device began.
    pub(super) const fn all_begun(&self, plan: &Plan) -> bool {
        self.fresh >= plan.devices
    }

    /// How many handshakes may begin now.
    pub(super) fn ramp(&self, plan: &Plan, now: Duration) -> u32 {
        if plan.ramp == 0 {
            return MOST_BEGUN;
        }
        let allowed = (now.as_secs_f64() * f64::from(plan.ramp)) as u64 + 1;
        u32::try_from(allowed.saturating_sub(self.begun)).unwrap_or(MOST_BEGUN).min(MOST_BEGUN)
    }

    pub(super) const fn ramp_used(&mut self) {
        self.begun += 1;
    }

    /// Passes over the events that are too late: a fleet that cannot keep up says so instead of catching up in bursts.
    pub(super) fn pass_over(&mut self, plan: &Plan, due: u64) -> u64 {
        let behind = due.saturating_sub(self.published);
        let excess = behind.saturating_sub((plan.rate * BEHIND) as u64 + 1);
        self.published += excess;
        excess
    }

    /// Whether one more of `due` events is to be published; it is then counted.
    pub(super) const fn takes_one(&mut self, due: u64) -> bool {
        let takes = self.published < due;
        self.published += takes as u64;
        takes
    }

    /// Whether one more of `due` sessions is to be forgotten; it is then counted.
    pub(super) const fn forgets_one(&mut self, due: u64) -> bool {
        let forgets = self.forgotten < due;
        self.forgotten += forgets as u64;
        forgets
    }

    pub(super) fn next_publisher(&mut self, plan: &Plan) -> u32 {
        let publisher = self.publisher;
        self.publisher = if publisher + 1 < plan.publishers { publisher + 1 } else { 0 };
        publisher
    }
}

impl Engine<'_> {
    /// Publishes what is due, and lets devices forget.
    pub(super) fn offer(&mut self) {
        if self.course.stage != Stage::Running {
            return;
        }
        let elapsed = self.course.elapsed(self.now).as_secs_f64();
        if self.plan.publishers > 0 && self.plan.rate > 0.0 {
            self.publish_due(elapsed * self.plan.rate);
        }
        let per_second = self.plan.churn / 100.0 / 60.0 * f64::from(self.plan.devices);
        while self.offering.forgets_one((elapsed * per_second) as u64) {
            let index = self.random.below(self.plan.devices);
            self.forget(index);
        }
    }

    fn publish_due(&mut self, due: f64) {
        let due = due as u64;
        self.tally.events.held_back += self.offering.pass_over(self.plan, due);
        while (!self.plan.confirmable || self.flow.room() > 0) && self.offering.takes_one(due) {
            match self.free_publisher() {
                Some(index) => self.publish(index),
                None => self.tally.events.held_back += 1,
            }
        }
    }

    fn free_publisher(&mut self) -> Option<u32> {
        let tries = ASKED.min(self.plan.publishers);
        (0..tries).map(|_| self.offering.next_publisher(self.plan)).find(|index| {
            self.devices.get(*index as usize).is_some_and(|device| {
                device.phase == Phase::Connected && !device.moved && device.outstanding < MOST_OUT
            })
        })
    }

    fn publish(&mut self, index: u32) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        device.events += 1;
        let count = device.events;
        self.tally.events.sent += 1;
        // The time of this very event: a turn of the loop may send hundreds.
        self.tell_time();
        if self.plan.confirmable {
            self.say(index, Speech::Event(count));
        } else {
            self.tell(index, Speech::Event(count));
        }
    }

    fn forget(&mut self, index: u32) {
        let connected = |device: &super::device::Device| device.phase == Phase::Connected;
        if self.devices.get(index as usize).is_some_and(connected) {
            self.tally.sessions.forgotten += 1;
            self.drop_session(index);
            self.waiting.push_back(index);
        }
    }
}
