//! What the fleet brings about by itself: events at their rate, and devices that break their connection.

use super::device::{State, What};
use super::engine::Engine;
use crate::fleet::offering::{ASKED, MOST_OUT};
use crate::fleet::speech;
use crate::fleet::tally::Stage;
use pintle_protocol::Event;
use std::borrow::Cow;

impl Engine<'_> {
    /// Publishes what is due, and lets devices forget their sessions.
    pub(super) fn offer(&mut self) {
        if self.course.stage != Stage::Running {
            return;
        }
        let elapsed = self.course.elapsed(self.now).as_secs_f64();
        if self.plan.publishers > 0 && self.plan.rate > 0.0 {
            let due = (elapsed * self.plan.rate) as u64;
            self.tally.events.held_back += self.offering.pass_over(self.plan, due);
            while self.offering.takes_one(due) {
                match self.free_publisher() {
                    Some(index) => self.publish(index),
                    None => self.tally.events.held_back += 1,
                }
            }
        }
        let per_second = self.plan.churn / 100.0 / 60.0 * f64::from(self.plan.devices);
        while self.offering.forgets_one((elapsed * per_second) as u64) {
            let index = self.random.below(self.plan.devices);
            self.forget(index);
        }
    }

    fn free_publisher(&mut self) -> Option<u32> {
        let tries = ASKED.min(self.plan.publishers);
        (0..tries).map(|_| self.offering.next_publisher(self.plan)).find(|index| {
            self.devices.get(*index as usize).is_some_and(|device| {
                let out = device.waits_for(|what| matches!(what, What::Event(_)));
                device.is_connected() && out < usize::from(MOST_OUT)
            })
        })
    }

    fn publish(&mut self, index: u32) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        device.events += 1;
        let count = device.events;
        self.tally.events.sent += 1;
        let data = speech::event_data(index, count, self.plan.payload);
        let mut event = Event::text("", &data);
        (event.name, event.confirmable) = (Cow::Borrowed(speech::EVENT), self.plan.confirmable);
        // The time of this very event: a turn of the loop may send hundreds.
        self.tell_time();
        let what = self.plan.confirmable.then_some(What::Event(count));
        self.say(index, what, |session, out| session.event(out, &event));
    }

    /// Closes a connection without a word, and comes back.
    fn forget(&mut self, index: u32) {
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        if !device.is_connected() {
            return;
        }
        let lost = device.waits_for(|what| matches!(what, What::Event(_)));
        (device.state, device.outstanding) = (State::Away, Vec::new());
        self.tally.events.given_up += lost as u64;
        self.tally.sessions.forgotten += 1;
        self.tally.connected -= 1;
        self.waiting.push_back(index);
    }
}
