//! Sessions over a restart: sealed under the node's key when the shard stops, taken up once when it
//! starts (promises P3, P4, P5).
//!
//! A saved session is read and removed in one durable step before it is used, so that none is ever
//! taken up twice; a node that is killed finds none and shakes hands. It goes on with its replay
//! window as it was, with its record numbers ahead of any it used, and under a fresh nonce prefix;
//! what the device may still repeat, in a new record, is remembered with its answer.
//! Where the device was is not saved: an address is personal data (promise P6).

use super::connection_id::Place;
use super::shard::Shard;
use super::slots::Live;
use crate::device::{Life, Standing};
use crate::node_key::Label;
use crate::store::session::SavedSession;
use crate::store::{Store, StoreError};
use pintle_dtls::{Dialect, Fingerprint, Session};
use pintle_protocol::DeviceId;
use pintle_protocol::coap::MessageId;
use pintle_protocol::exchange::Answered;
use std::time::Duration;
use zeroize::Zeroizing;

/// How far the record numbers of a session jump when it is taken up again.
const JUMP: u32 = 1 << 12;

/// The layout of what is sealed: version, next message id, next token, patience, length of the
/// session, session, and then what was answered lately: id, age in seconds, length, answer.
const VERSION: u8 = 1;

impl Shard {
    /// Takes up the sessions that were saved; how many.
    ///
    /// # Errors
    /// What the store says. A session that cannot be read is left out: its device shakes hands.
    pub fn restore(&mut self, store: &Store) -> Result<usize, StoreError> {
        for saved in store.sessions().take_all().wait()? {
            let place = Place {
                partition: self.number as u8,
                slot: saved.slot,
                generation: saved.generation,
            };
            if self.restore_one(place, &saved).is_none() {
                tracing::warn!(device = %saved.device, "a saved session cannot be taken up; the device will shake hands");
            }
        }
        self.slots.restored();
        if let Err(error) = self.world.learn_subscriptions(store, self.number) {
            tracing::error!(%error, "cannot read what devices subscribed to; they hear no events until they shake hands");
        }
        Ok(self.slots.live())
    }

    fn restore_one(&mut self, place: Place, saved: &SavedSession) -> Option<()> {
        let device = saved.device;
        // A key that was changed while the node was down ends the session too (promise P1).
        let key = self.pins.key_of(device)?;
        let mut here = self.world.roll.enter(device, key)?;
        here.settled = true;
        let context = self.context(device, key, place);
        let plain = self.node_key.open(Label::SESSION, &context, &saved.sealed).ok()?;
        let saved = Saved::read(&plain)?;
        let mut start = [0; 4];
        aws_lc_rs::rand::fill(&mut start).ok()?;
        let now = self.world.now;
        let mut life = Life::new(now, saved.next_message, saved.next_token);
        saved.answers.iter().for_each(|answered| life.recall(now, answered));
        let live = Live {
            session: Session::import(saved.session, start, JUMP).ok()?,
            route: None,
            proven: false,
            standing: Standing { introduced: true, patience: saved.patience },
            next_token: saved.next_token,
            next_message: saved.next_message,
            device,
            here,
            life: (!saved.answers.is_empty()).then(|| Box::new(life)),
        };
        if !self.slots.restore(place, live) {
            return None;
        }
        self.world.roll.settle(here.number, self.whereabouts(place));
        Some(())
    }

    /// Saves every session that can be found again; how many.
    pub fn save(&mut self, store: &Store) -> usize {
        let mut all = Vec::new();
        for index in 0..self.slots.count() {
            let Some(place) = self.slots.place_at(index) else { continue };
            let saved = self.save_one(place);
            all.extend(saved);
        }
        match store.sessions().put_all(&all).wait() {
            Ok(()) => all.len(),
            Err(error) => {
                tracing::error!(%error, "cannot save the sessions; devices will shake hands");
                0
            }
        }
    }

    fn save_one(&mut self, place: Place) -> Option<SavedSession> {
        let at = self.whereabouts(place);
        let live = self.slots.get(place)?;
        // Without a connection ID only the address would tell whose record it is.
        let found_again = live.standing.introduced && live.session.dialect() != Dialect::Plain;
        if !found_again || self.world.roll.whereabouts(live.here.number) != Some(at) {
            return None;
        }
        // Not sealed under a key that came after the session.
        let key = self.world.roll.key_of_session(live.here)?;
        let mut answers = Vec::new();
        if let Some(life) = &mut live.life {
            (live.next_message, live.next_token) = life.ids();
            answers = life.answers(self.world.now);
        }
        let session = live.session.export();
        let saved = Saved {
            next_message: live.next_message,
            next_token: live.next_token,
            patience: live.standing.patience,
            session: session.as_bytes(),
            answers,
        };
        let plain = saved.write();
        let device = live.device;
        let context = self.context(device, key, place);
        let sealed = self.node_key.seal(Label::SESSION, &context, &plain).ok()?;
        Some(SavedSession { device, slot: place.slot, generation: place.generation, sealed })
    }

    /// What a sealed session is bound to: the node's incarnation, its device, its place, and the key it
    /// was made with. One that does not fit is not taken up.
    fn context(&self, device: DeviceId, key: Fingerprint, place: Place) -> Vec<u8> {
        let mut context = self.incarnation.to_vec();
        context.extend_from_slice(device.as_bytes());
        context.extend_from_slice(&place.key().0.to_be_bytes());
        context.extend_from_slice(key.as_bytes());
        context
    }
}

/// What is saved of a session, in the open.
struct Saved<'a> {
    next_message: u16,
    next_token: u8,
    patience: u16,
    session: &'a [u8],
    answers: Vec<Answered>,
}

impl<'a> Saved<'a> {
    fn write(&self) -> Zeroizing<Vec<u8>> {
        let length = u8::try_from(self.session.len()).unwrap_or(u8::MAX);
        let mut out = Zeroizing::new(vec![VERSION]);
        out.extend(self.next_message.to_be_bytes());
        out.push(self.next_token);
        out.extend(self.patience.to_be_bytes());
        out.push(length);
        out.extend(self.session.iter().take(length.into()));
        for answered in &self.answers {
            let age = u8::try_from(answered.age.as_secs()).unwrap_or(u8::MAX);
            let length = u16::try_from(answered.reply.len()).unwrap_or(0);
            out.extend(answered.id.0.to_be_bytes());
            out.push(age);
            out.extend(length.to_be_bytes());
            out.extend(answered.reply.iter().take(length.into()));
        }
        out
    }

    fn read(plain: &'a [u8]) -> Option<Self> {
        let (&[version, m1, m0, next_token, p1, p0, length], rest) = plain.split_first_chunk()?;
        let (session, mut rest) = rest.split_at_checked(length.into())?;
        let mut answers = Vec::new();
        while let Some((&[i1, i0, age, l1, l0], after)) = rest.split_first_chunk() {
            let (reply, after) = after.split_at_checked(u16::from_be_bytes([l1, l0]).into())?;
            rest = after;
            answers.push(Answered {
                id: MessageId(u16::from_be_bytes([i1, i0])),
                age: Duration::from_secs(age.into()),
                reply: reply.to_vec(),
            });
        }
        (version == VERSION && rest.is_empty()).then_some(Self {
            next_message: u16::from_be_bytes([m1, m0]),
            next_token,
            patience: u16::from_be_bytes([p1, p0]),
            session,
            answers,
        })
    }
}
