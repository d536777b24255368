//! What the devices' applications do, and what the cloud's side asks of them.

use super::{Job, Simulation};
use crate::cloud::event_for;
use crate::device::{FUNCTION, VARIABLE, id_of};
use crate::oracle::Violation;
use crate::trace::Line;
use pintle_cloud::device::Question;
use pintle_device::VariableType;
use std::time::Duration;

impl Simulation {
    /// What a device's application does next.
    pub(super) fn application(&mut self, number: usize) -> Result<(), Violation> {
        self.again(self.plan.publish_each, Job::Device(number));
        self.take_off_the_gone();
        match self.fleet.below(100) {
            0..=79 => self.publish(number, 1),
            80..=89 => self.publish(number, 6),
            _ if self.is_over() => self.publish(number, 1),
            90..=94 => self.fall_silent(number),
            95..=97 => self.leave(number),
            _ => self.kill_device(number),
        }
    }

    pub(super) fn publish(&mut self, number: usize, times: u32) -> Result<(), Violation> {
        for _ in 0..times {
            let now = self.now;
            let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
            if let Some(event) = device.publish(now) {
                self.oracle.messages.publish(number, event, self.cloud.starts);
                self.note(Line::Publish { device: number, number: event });
            }
        }
        self.attend(number)
    }

    fn fall_silent(&mut self, number: usize) -> Result<(), Violation> {
        let until = self.now + self.fleet.about(Duration::from_secs(60));
        let until = until.min(self.plan.calm_from);
        if let Some(device) = self.devices.get_mut(number) {
            device.silent_until = until;
        }
        self.oracle.sessions.excuse(number, self.now);
        self.oracle.sessions.trouble(number, until.max(self.now));
        self.note(Line::Device { device: number, does: "falls silent" });
        Ok(())
    }

    fn leave(&mut self, number: usize) -> Result<(), Violation> {
        let (now, back) = (self.now, self.away());
        let Some(device) = self.devices.get_mut(number).filter(|device| device.is_on()) else {
            return Ok(());
        };
        device.leave(now);
        self.oracle.sessions.excuse(number, now);
        self.oracle.sessions.away(number, now);
        self.leaving.push((number, back));
        self.note(Line::Device { device: number, does: "leaves" });
        self.attend(number)
    }

    fn kill_device(&mut self, number: usize) -> Result<(), Violation> {
        let back = self.away();
        if let Some(device) = self.devices.get_mut(number) {
            device.kill(back);
        }
        self.oracle.sessions.excuse(number, self.now);
        self.oracle.sessions.away(number, self.now);
        self.leaving.retain(|(leaving, _)| *leaving != number);
        self.note(Line::Device { device: number, does: "loses power" });
        Ok(())
    }

    /// When a device that goes away now comes back.
    fn away(&mut self) -> Duration {
        let back = self.now + self.fleet.about(Duration::from_secs(90));
        back.min(self.plan.calm_from.max(self.now))
    }

    /// Devices that have said goodbye are switched off.
    pub(super) fn take_off_the_gone(&mut self) {
        let (now, devices) = (self.now, &mut self.devices);
        self.leaving.retain(|(number, back)| {
            let back = (*back).max(now);
            !devices.get_mut(*number).is_some_and(|device| device.gone(back))
        });
    }

    /// The cloud's side asks a device something, or sends it an event.
    pub(super) fn ask(&mut self) -> Result<(), Violation> {
        self.again(self.plan.ask_each, Job::Ask);
        self.asked.retain_mut(|asked| asked.answer().is_none());
        let device = self.fleet.below(self.devices.len());
        let question = match self.fleet.below(6) {
            0 | 1 => {
                let argument = self.number_for(device).to_string().into_bytes();
                Question::Call { function: FUNCTION.to_owned(), argument }
            }
            2 => Question::Read { variable: VARIABLE.to_owned(), kind: VariableType::Int },
            3 => Question::Ping,
            4 => Question::Signal(true),
            _ => {
                let event = event_for(device, self.number_for(device));
                return self.with_node(|node| node.publish(event)).map(drop);
            }
        };
        let asked = self.with_node(|node| node.ask(id_of(device), question))?;
        self.asked.extend(asked);
        Ok(())
    }

    fn number_for(&mut self, device: usize) -> u64 {
        self.next_number += 1;
        self.oracle.messages.downward(device, self.next_number);
        self.next_number
    }
}
