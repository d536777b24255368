//! What each job does.

use super::node::is_online;
use super::{Job, Simulation};
use crate::attacker::{Attack, Observed};
use crate::device::Device;
use crate::oracle::{Promise, Violation};
use crate::plan::Weather;
use crate::trace::Line;
use crate::wire;
use std::net::SocketAddr;
use std::time::Duration;

impl Simulation {
    pub(super) fn act(&mut self, job: Job) -> Result<(), Violation> {
        match job {
            Job::ToCloud { from, device, datagram } => self.reach_cloud(from, device, datagram),
            Job::ToDevice { to, datagram, addressee } => self.reach_device(to, datagram, addressee),
            Job::Stored(start, stored) if start == self.cloud.starts => {
                self.with_node(|node| node.stored(&stored)).map(drop)
            }
            Job::Stored(..) => Ok(()),
            Job::Write(frame) => self.write(frame),
            Job::Durable(frame) => self.durable(frame),
            Job::Consume => self.consume(),
            Job::DiskRecovers => {
                self.disk_recovers();
                Ok(())
            }
            Job::Weather(weather) => {
                self.network.weather = weather;
                if !weather.is_calm() {
                    self.oracle.sessions.excuse_the_awaited(self.now);
                }
                Ok(())
            }
            Job::Incident(incident) => self.strike(incident),
            Job::Start(shards) => self.start(shards),
            Job::Device(number) => self.application(number),
            Job::Rebind(number) => {
                self.move_device(number);
                self.again(self.plan.rebind_each, Job::Rebind(number));
                Ok(())
            }
            Job::Ask => self.ask(),
            Job::Attack => {
                self.again(self.plan.attack_each, Job::Attack);
                self.attack();
                Ok(())
            }
            Job::Flood(left) => {
                self.attack();
                if let Some(left) = left.checked_sub(1) {
                    self.queue.push(self.now + Duration::from_millis(7), Job::Flood(left));
                }
                Ok(())
            }
            Job::Homecoming => {
                self.homecoming();
                Ok(())
            }
            Job::LastWords => self.last_words(),
            Job::End => self.end(),
        }
    }

    /// Does the job again after a while.
    pub(super) fn again(&mut self, mean: Duration, job: Job) {
        let at = self.now + Duration::from_millis(1) + self.fleet.about(mean);
        self.queue.push(at, job);
    }

    pub(super) fn is_over(&self) -> bool {
        self.now >= self.plan.calm_from
    }

    fn reach_cloud(
        &mut self,
        from: SocketAddr,
        device: Option<usize>,
        mut datagram: Vec<u8>,
    ) -> Result<(), Violation> {
        if self.cloud.node.is_none() {
            if let Some(device) = device {
                self.oracle.sessions.trouble(device, self.now);
            }
            return Ok(());
        }
        let shard = self.cloud.shard_of(from);
        self.note(Line::AtCloud { port: from.port(), kind: wire::kind(&datagram), shard });
        if let Some(device) = device {
            let bytes = datagram.clone();
            self.attacker.arrived(Observed { to_cloud: true, address: from, device, bytes });
        }
        self.with_node(|node| node.datagram(shard, from, &mut datagram)).map(drop)
    }

    fn reach_device(
        &mut self,
        to: SocketAddr,
        mut datagram: Vec<u8>,
        addressee: Option<usize>,
    ) -> Result<(), Violation> {
        let (Some(number), now) = (self.network.holder(to), self.now) else { return Ok(()) };
        let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
        if device.silent_until > now || !device.is_on() {
            self.oracle.sessions.trouble(number, now);
            return Ok(());
        }
        // What reached another, who had the address by then, has not arrived.
        if addressee == Some(number) {
            let bytes = datagram.clone();
            let observed = Observed { to_cloud: false, address: to, device: number, bytes };
            self.attacker.arrived(observed);
        }
        let kind = wire::kind(&datagram);
        device.datagram(now, &mut datagram);
        self.note(Line::AtDevice { device: number, kind });
        self.attend(number)
    }

    fn attack(&mut self) {
        let addresses: Vec<SocketAddr> = self.devices.iter().map(|device| device.address).collect();
        let Some(attack) = self.attacker.attack(self.now, &addresses) else { return };
        let Attack { what, to_cloud, address, troubles, bytes } = attack;
        self.tally.attacks += 1;
        self.note(Line::Attack { what, port: address.port() });
        if let Some(device) = troubles {
            self.oracle.sessions.trouble(device, self.now);
        }
        let at = self.now + Duration::from_millis(1);
        self.queue.push(
            at,
            match to_cloud {
                true => Job::ToCloud { from: address, device: None, datagram: bytes },
                false => Job::ToDevice { to: address, datagram: bytes, addressee: None },
            },
        );
    }

    /// The faults end: the weather is calm, and whoever is away comes back.
    fn homecoming(&mut self) {
        self.network.weather = Weather::CALM;
        self.take_off_the_gone();
        self.note(Line::Cloud { does: "sees calm weather", shards: 0, sessions: 0 });
    }

    fn last_words(&mut self) -> Result<(), Violation> {
        for number in 0..self.devices.len() {
            if !self.devices.get(number).is_some_and(Device::is_connected) {
                let seen = format!("device {number} is not connected long after the last fault");
                return Err(Violation::of(Promise::Recovery, seen));
            }
            self.publish(number, 1)?;
            self.last_words.extend(self.devices.get(number).map(|device| device.published));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Violation> {
        self.over = true;
        for (number, event) in self.last_words.iter().enumerate() {
            if !self.oracle.messages.is_acknowledged(number, *event) {
                let seen = format!("device {number}'s last event {event} was not acknowledged");
                return Err(Violation::of(Promise::Recovery, seen));
            }
            if !is_online(self.cloud.node.as_ref(), number) {
                let seen = format!("device {number} counts as offline at the end");
                return Err(Violation::of(Promise::Recovery, seen));
            }
        }
        Ok(())
    }
}
