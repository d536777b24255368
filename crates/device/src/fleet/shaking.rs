//! Handshakes under way: a bounded number at a time, each with the key of its device for as long as it lasts.

use super::crypto::FleetCrypto;
use super::device::Phase;
use super::engine::Engine;
use super::network::Path;
use super::pending::NONE;
use super::speech::Speech;
use pintle_dtls::HandshakeError;
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::Crypto;
use std::sync::Arc;
use std::time::Duration;

/// How often the handshakes are looked at for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a device waits after a handshake that failed, in milliseconds.
const TRY_AGAIN: u32 = 2000;

/// Handshakes by number.
#[derive(Default)]
pub(super) struct Shakings {
    all: Vec<Option<(u32, Handshake<FleetCrypto>)>>,
    free: Vec<u32>,
    look_at: Duration,
}

impl Shakings {
    fn insert(&mut self, index: u32, handshake: Handshake<FleetCrypto>) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            u32::try_from(self.all.len() - 1).unwrap_or(NONE)
        });
        if let Some(place) = self.all.get_mut(at as usize) {
            *place = Some((index, handshake));
        }
        at
    }

    fn take(&mut self, at: u32) -> Option<(u32, Handshake<FleetCrypto>)> {
        let taken = self.all.get_mut(at as usize)?.take()?;
        self.free.push(at);
        Some(taken)
    }

    fn get_mut(&mut self, at: u32) -> Option<&mut (u32, Handshake<FleetCrypto>)> {
        self.all.get_mut(at as usize)?.as_mut()
    }
}

impl Engine<'_> {
    /// Begins the handshake of a device.
    pub(super) fn begin(&mut self, index: u32) {
        self.tally.sessions.begun += 1;
        match self.first_hello(index) {
            Ok(handshake) => {
                let at = self.shakings.insert(index, handshake);
                if let Some(device) = self.devices.get_mut(index as usize) {
                    (device.phase, device.head, device.moved) = (Phase::Shaking, at, false);
                }
                self.entering.insert(index, self.now);
                self.after_step(index, at, Ok(()));
            }
            Err(error) => self.handshake_failed(index, &error),
        }
    }

    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "the handshake takes no other; one thread has it"
    )]
    fn first_hello(&self, index: u32) -> Result<Handshake<FleetCrypto>, HandshakeError> {
        let key = self.crypto.signing_key_from_der(&self.keys.private(index))?;
        let config = ClientConfig::new(self.crypto.clone(), key, self.cloud, Offer::DeviceOs);
        Handshake::start(Arc::new(config), self.now)
    }

    /// Takes a datagram for the handshake with this number.
    pub(super) fn shake(&mut self, index: u32, at: u32, datagram: &mut [u8]) {
        let now = self.now;
        let Some((_, handshake)) = self.shakings.get_mut(at) else { return };
        let result = handshake.handle_datagram(now, datagram);
        self.after_step(index, at, result);
    }

    fn after_step(&mut self, index: u32, at: u32, result: Result<(), HandshakeError>) {
        let (now, Some(device)) = (self.millis(), self.devices.get(index as usize)) else { return };
        let path = Path { device: index, socket: device.socket };
        let Some((_, handshake)) = self.shakings.get_mut(at) else { return };
        while let Some(datagram) = handshake.poll_transmit() {
            self.network.send(now, path, &datagram);
        }
        let complete = handshake.is_complete();
        match result {
            Err(error) => {
                self.shakings.take(at);
                self.handshake_failed(index, &error);
            }
            Ok(()) if complete => self.complete(index, at),
            Ok(()) => {}
        }
    }

    fn complete(&mut self, index: u32, at: u32) {
        let session = self.shakings.take(at).and_then(|(_, handshake)| handshake.finish());
        let Some(device) = self.devices.get_mut(index as usize) else { return };
        (device.session, device.head, device.outstanding) = (session, NONE, 0);
        device.phase = Phase::Greeting;
        self.tally.sessions.done += 1;
        self.tally.outages.spoken(self.now);
        self.say(index, Speech::Hello);
    }

    fn handshake_failed(&mut self, index: u32, error: &HandshakeError) {
        self.tally.sessions.failed += 1;
        self.tally.first_failure.get_or_insert_with(|| error.to_string());
        self.entering.remove(&index);
        let later = self.millis() + TRY_AGAIN + self.random.below(TRY_AGAIN);
        if let Some(device) = self.devices.get_mut(index as usize) {
            (device.phase, device.head) = (Phase::Away, NONE);
            device.alarm = self.wheel.set(index, later);
        }
    }

    /// Repeats what is due in handshakes, and gives up those that took too long.
    pub(super) fn shakings_due(&mut self) {
        if self.now < self.shakings.look_at {
            return;
        }
        let now = self.now;
        self.shakings.look_at = now + LOOK_EVERY;
        let is_due =
            |handshake: &Handshake<_>| handshake.poll_timeout().is_some_and(|due| due <= now);
        let due: Vec<(u32, u32)> = (0..)
            .zip(&self.shakings.all)
            .filter_map(|(at, place)| {
                place.as_ref().map(|(index, handshake)| (at, *index, handshake))
            })
            .filter(|(_, _, handshake)| is_due(handshake))
            .map(|(at, index, _)| (at, index))
            .collect();
        for (at, index) in due {
            let Some((_, handshake)) = self.shakings.get_mut(at) else { continue };
            let result = handshake.handle_timeout(now);
            self.tally.retransmissions += u64::from(result.is_ok());
            self.after_step(index, at, result);
        }
    }

    /// Whether more devices may come in now than do.
    pub(super) fn may_begin(&self) -> bool {
        let wanted = !self.waiting.is_empty() || !self.offering.all_begun(self.plan);
        wanted && self.entering.len() < self.plan.at_once as usize
    }

    /// Begins as many handshakes as the ramp and the bound allow: devices that want to come back first.
    pub(super) fn begin_handshakes(&mut self) {
        let mut allowed = self.offering.ramp(self.plan, self.now);
        while allowed > 0 && self.may_begin() {
            let next = self.waiting.pop_front().or_else(|| self.offering.next_fresh(self.plan));
            let Some(index) = next else { return };
            self.offering.ramp_used();
            allowed -= 1;
            self.begin(index);
            self.tell_time();
        }
    }
}
