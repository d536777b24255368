//! What is done after each call of a device or of the cloud: what comes out is collected, judged and sent.

use super::{Job, Simulation, broken};
use crate::attacker::Observed;
use crate::device::{Seen, id_of};
use crate::oracle::Violation;
use crate::trace::{Fate, Line};
use crate::wire;
use pintle_cloud::door::SimulatedNode;
use pintle_cloud::event::{Event, Source};
use pintle_device::Loss;
use pintle_device::life::Happening;
use std::net::SocketAddr;
use std::time::Duration;

impl Simulation {
    /// Collects what a device has to say.
    pub(super) fn attend(&mut self, number: usize) -> Result<(), Violation> {
        loop {
            let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
            if let Some((whose, session)) = device.began() {
                self.oracle.nonces.begin(whose, session)?;
                if self.oracle.sessions.shaken(number, self.now) {
                    let does = "shook hands, though it was well when the cloud was killed";
                    self.note(Line::Device { device: number, does });
                }
            } else if let Some(seen) = device.seen() {
                match seen {
                    Seen::NewSocket => self.move_device(number),
                    Seen::Happened(happening) => self.happened(number, happening)?,
                }
            } else if let Some(datagram) = device.transmit() {
                let whose = device.whose();
                self.oracle.nonces.from_device(&datagram, whose)?;
                self.send_to_cloud(number, datagram);
            } else {
                return Ok(());
            }
        }
    }

    fn happened(&mut self, number: usize, happening: Happening) -> Result<(), Violation> {
        let now = self.now;
        let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
        match happening {
            Happening::Connected { resumed } => {
                self.note(Line::Connected { device: number, resumed });
                self.oracle.sessions.connected(number);
            }
            Happening::Disconnected(loss) => {
                self.note(Line::Disconnected { device: number, loss });
                self.oracle.sessions.lost(number, loss, now)?;
                if !matches!(loss, Loss::Handshake(_)) {
                    // One loss leads to others.
                    self.oracle.sessions.away(number, now);
                }
            }
            Happening::Call { ticket, argument, .. } => {
                let asked = number_in(&argument);
                device.answer_call(now, ticket, asked as i32);
                self.note(Line::Call { device: number, number: asked });
                self.oracle.messages.at_device(number, asked)?;
            }
            Happening::Read { ticket, .. } => device.answer_read(now, ticket),
            Happening::Event { data, .. } => {
                let sent = number_in(&data);
                self.note(Line::Event { device: number, number: sent });
                self.oracle.messages.at_device(number, sent)?;
            }
            Happening::Published(publication) => {
                if let Some(event) = device.settled(publication) {
                    self.note(Line::Published { device: number, number: event });
                    self.oracle.messages.acknowledged(number, event, self.cloud.starts)?;
                }
            }
            Happening::NotPublished(publication, _) => {
                if let Some(event) = device.settled(publication) {
                    self.note(Line::Unpublished { device: number, number: event });
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn move_device(&mut self, number: usize) {
        let Some(device) = self.devices.get_mut(number) else { return };
        device.address = self.network.move_device(number, Some(device.address));
        let port = device.address.port();
        self.note(Line::Moved { device: number, port });
    }

    fn send_to_cloud(&mut self, number: usize, datagram: Vec<u8>) {
        let Some(device) = self.devices.get(number) else { return };
        let (from, silent) = (device.address, device.silent_until > self.now);
        let kind = wire::kind(&datagram);
        if silent {
            self.note(Line::FromDevice {
                device: number,
                port: from.port(),
                kind,
                fate: Fate::Lost,
            });
            return self.oracle.sessions.trouble(number, self.now);
        }
        self.observe_sent(true, from, number, &datagram);
        let travel = self.network.send(datagram);
        self.note(Line::FromDevice { device: number, port: from.port(), kind, fate: travel.fate });
        self.judge_fate(number, travel.fate);
        for (way, datagram) in travel.copies {
            let job = Job::ToCloud { from, device: Some(number), datagram };
            self.queue.push(self.now + way, job);
        }
    }

    fn send_to_device(&mut self, to: SocketAddr, datagram: Vec<u8>, addressee: usize) {
        let holder = self.network.holder(to);
        if let Some(number) = holder {
            self.observe_sent(false, to, number, &datagram);
        }
        let kind = wire::kind(&datagram);
        let travel = self.network.send(datagram);
        self.note(Line::FromCloud { port: to.port(), kind, fate: travel.fate });
        if let Some(number) = holder {
            self.judge_fate(number, travel.fate);
        }
        for (way, datagram) in travel.copies {
            self.queue
                .push(self.now + way, Job::ToDevice { to, datagram, addressee: Some(addressee) });
        }
    }

    fn observe_sent(&mut self, to_cloud: bool, address: SocketAddr, device: usize, bytes: &[u8]) {
        let observed = Observed { to_cloud, address, device, bytes: bytes.to_vec() };
        self.attacker.sent(self.now, observed);
    }

    /// What was lost, spoiled or held up may cost the device its session.
    fn judge_fate(&mut self, number: usize, fate: Fate) {
        if !matches!(fate, Fate::Sent | Fate::Doubled) {
            self.oracle.sessions.trouble(number, self.now);
        }
    }

    /// Lets the node do something, and collects what comes of it.
    pub(super) fn with_node<T>(
        &mut self,
        act: impl FnOnce(&mut SimulatedNode) -> T,
    ) -> Result<Option<T>, Violation> {
        let Some(node) = self.cloud.node_at(self.now) else { return Ok(None) };
        let result = act(node);
        let (published, stored, outbound) =
            (node.take_published(), node.take_stored(), node.take_outbound());
        for event in published {
            self.published(&event)?;
        }
        for stored in stored {
            let at = self.now + self.disk.between(Duration::ZERO, Duration::from_millis(30));
            self.queue.push(at, Job::Stored(self.cloud.starts, stored));
        }
        for frame in self.cloud.node.as_mut().map(SimulatedNode::take_frames).unwrap_or_default() {
            self.begin_writing(frame);
        }
        for (to, datagram) in outbound {
            let holder = self.network.holder(to).unwrap_or(usize::MAX);
            let addressee = self.oracle.nonces.from_cloud(&datagram, holder)?;
            self.send_to_device(to, datagram, addressee.unwrap_or(holder));
        }
        Ok(Some(result))
    }

    fn published(&mut self, event: &Event) -> Result<(), Violation> {
        let Source::Device(id) = event.source else { return Ok(()) };
        if !event.name.starts_with("e/") {
            return Ok(());
        }
        let (device, number) =
            event_in(&event.data).ok_or_else(|| broken("an unreadable event"))?;
        self.note(Line::Bus { device, number });
        if id != id_of(device) {
            return Err(broken(format!("device {device}'s event {number} came as another's")));
        }
        self.oracle.messages.on_bus(device, number)
    }
}

/// The number that a call or an event to a device carries.
fn number_in(bytes: &[u8]) -> u64 {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The device and the number that a device's event carries.
pub(super) fn event_in(bytes: &[u8]) -> Option<(usize, u64)> {
    let (device, number) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    Some((device.parse().ok()?, number.parse().ok()?))
}
