//! Sessions over a restart: sealed under the node's key when the shard stops, taken up once when it
//! starts (promises P3, P4, P5).
//!
//! A saved session is read and removed in one durable step before it is used, so that none is ever
//! taken up twice; a node that is killed finds none and shakes hands. It goes on with its replay
//! window as it was, with its record numbers ahead of any it used, and under a fresh nonce prefix.
//! Where the device was is not saved: an address is personal data (promise P6).

use super::connection_id::Place;
use super::shard::Shard;
use super::slots::Live;
use crate::device::Standing;
use crate::node_key::Label;
use crate::store::StoreError;
use crate::store::session::SavedSession;
use pintle_dtls::{Dialect, Session};
use pintle_protocol::DeviceId;

/// How far the record numbers of a session jump when it is taken up again.
const JUMP: u32 = 1 << 12;

/// The layout of what is sealed: version, next message id, next token, patience, session.
const VERSION: u8 = 1;

impl Shard {
    /// Takes up the sessions that were saved; how many.
    ///
    /// # Errors
    /// What the store says. A session that cannot be read is left out: its device shakes hands.
    pub fn restore(&mut self) -> Result<usize, StoreError> {
        for saved in self.world.store.sessions().take_all().wait()? {
            let place = Place { partition: self.number as u8, slot: saved.slot, generation: saved.generation };
            if self.restore_one(place, &saved).is_none() {
                tracing::warn!(device = %saved.device, "a saved session cannot be taken up; the device will shake hands");
            }
        }
        self.slots.restored();
        Ok(self.slots.live())
    }

    fn restore_one(&mut self, place: Place, saved: &SavedSession) -> Option<()> {
        let device = saved.device;
        // A key that was changed while the node was down ends the session too (promise P1).
        self.pins.key_of(device)?;
        let context = context(device, place, &self.key_of(device)?);
        let plain = self.node_key.open(Label::SESSION, &context, &saved.sealed).ok()?;
        let (&[version, m1, m0, next_token, p1, p0], session) = plain.split_first_chunk()?;
        if version != VERSION {
            return None;
        }
        let mut start = [0; 4];
        aws_lc_rs::rand::fill(&mut start).ok()?;
        let live = Live {
            session: Session::import(session, start, JUMP).ok()?,
            route: None,
            proven: false,
            standing: Standing { introduced: true, patience: u16::from_be_bytes([p1, p0]) },
            next_token,
            next_message: u16::from_be_bytes([m1, m0]),
            device,
            here: self.world.presences.enter(device, self.number),
            life: None,
        };
        if !self.slots.restore(place, live) {
            return None;
        }
        self.devices.insert(device, place);
        self.world.learn(device);
        Some(())
    }

    /// Saves every session that can be found again; how many.
    pub(super) fn save(&mut self) -> usize {
        let mut all = Vec::new();
        for index in 0..self.slots.len() {
            let Some(place) = self.slots.place_at(index) else { continue };
            let saved = self.save_one(place);
            all.extend(saved);
        }
        match self.world.store.sessions().put_all(&all).wait() {
            Ok(()) => all.len(),
            Err(error) => {
                tracing::error!(%error, "cannot save the sessions; devices will shake hands");
                0
            }
        }
    }

    fn save_one(&mut self, place: Place) -> Option<SavedSession> {
        let live = self.slots.get(place)?;
        // Without a connection ID only the address would tell whose record it is.
        let found_again = live.standing.introduced && live.session.dialect() != Dialect::Plain;
        if !found_again || self.devices.get(&live.device) != Some(&place) {
            return None;
        }
        if let Some(life) = &mut live.life {
            (live.next_message, live.next_token) = life.ids();
        }
        let [m1, m0] = live.next_message.to_be_bytes();
        let [p1, p0] = live.standing.patience.to_be_bytes();
        let mut plain = zeroize::Zeroizing::new(vec![VERSION, m1, m0, live.next_token, p1, p0]);
        plain.extend_from_slice(live.session.export().as_bytes());
        let device = live.device;
        let context = context(device, place, &self.key_of(device)?);
        let sealed = self.node_key.seal(Label::SESSION, &context, &plain).ok()?;
        Some(SavedSession { device, slot: place.slot, generation: place.generation, sealed })
    }

    fn key_of(&self, device: DeviceId) -> Option<[u8; 32]> {
        self.pins.key_of(device).map(|key| *key.as_bytes())
    }
}

/// What a sealed session is bound to: its device, its place, and the key it was made with.
fn context(device: DeviceId, place: Place, key: &[u8; 32]) -> Vec<u8> {
    let mut context = device.as_bytes().to_vec();
    context.extend_from_slice(&place.key().0.to_be_bytes());
    context.extend_from_slice(key);
    context
}
