//! A device's life without a socket or a clock: when it shakes hands, what it says, and when it gives up.
//!
//! ```text
//! waiting ──▶ shaking hands ──▶ greeting ──▶ joining ──▶ announcing ──▶ connected ──▶ leaving ──▶ gone
//!    ▲                             ▲            ▲                           │
//!    │         session saved: resuming (ping, records of type 253) ─────────┘ silence
//!    └── session given up: alert, reset, close_notify, key change, a message never acknowledged
//! ```
//!
//! 1. *Greeting*: Hello; nothing else is sent or heard until it is acknowledged.
//! 2. *Joining*: system describe, time, whether updates are enabled and forced.
//! 3. *Announcing*: application describe, then the subscriptions, `particle` and `spark` first.
//! 4. *Connected*: functions, variables and events, and a ping after each silence. No answer to a ping for 30 s
//!    means a new socket and *resuming* in the same session. When three of those in a row are not answered
//!    either, each within 10 s, the session is given up for a new handshake.
//! 5. Meanwhile an update of the firmware may come (`updating`): its pieces go to whoever keeps firmware (`Updates`), and
//!    [`Happening::Apply`] says that the device is to start again with it.
//!
//! The contract: after each call take [`Life::poll_happening`] until `None`, then [`Life::poll_transmit`] until
//! `None`, and come back at [`Life::poll_timeout`] or with a datagram. [`Happening::NewSocket`] means that what
//! is then transmitted must leave from a new port. Times are since any fixed start of the process.

mod answer;
mod backoff;
mod calls;
mod happening;
mod join;
mod link;
mod outbox;
mod outlet;
mod profile;
mod silence;
#[cfg(feature = "simulation")]
mod simulated;
mod updates;
mod updating;

#[cfg(feature = "tcp")]
pub(crate) use answer::metrics;
pub(crate) use backoff::Backoff;
pub use happening::{Happening, Loss, Ticket, Unpublished};
pub use outbox::Publication;
pub(crate) use outbox::{CAPACITY, EventLimits, Outbox};
pub(crate) use outlet::Outlet;
pub use profile::Profile;
pub(crate) use profile::SYSTEM_VERSION;
#[cfg(feature = "simulation")]
pub use simulated::Kept;
pub use updates::LastReset;
pub(crate) use updates::{Declined, Updates};
pub(crate) use updating::Intake;

use crate::error::Error;
use crate::saved::Saved;
use link::{Ending, Link};
use pintle_dtls::Session;
use pintle_dtls::client::{ClientConfig, Handshake};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_protocol::reply::Answer;
use pintle_protocol::value::Value;
use profile::Bodies;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How far a saved session's send counter jumps. One file is loaded once and a fresh nonce prefix is drawn, so
/// this is a second fence only: for folders that somebody copied (P4).
const JUMP: u32 = 1 << 12;

/// One device.
pub struct Life {
    config: Arc<ClientConfig<AwsLc>>,
    bodies: Bodies,
    phase: Phase,
    /// The message id and token that the next session goes on from.
    counters: (u16, u8),
    /// Counts links, so that the answer to an old question is not sent in a new session.
    generation: u32,
    backoff: Backoff,
    outbox: Outbox,
    outlet: Outlet,
}

enum Phase {
    Waiting { until: Duration },
    Shaking(Box<Handshake<AwsLc>>),
    Linked(Box<Link>),
    Gone,
}

impl Life {
    /// A device that begins now: with its saved session if there is one, else with a handshake. `seed` is
    /// random; it spreads repetitions in time and is no secret.
    ///
    /// # Errors
    /// [`Error::Describe`] if the profile has more functions or variables, or longer names, than a device may.
    pub(crate) fn start(
        config: Arc<ClientConfig<AwsLc>>,
        profile: Profile,
        saved: Option<Saved>,
        now: Duration,
        seed: u64,
    ) -> Result<Self, Error> {
        let first_token = seed.to_be_bytes()[0];
        let mut life = Self {
            config,
            bodies: Bodies::of(profile)?,
            phase: Phase::Waiting { until: now },
            counters: (1, first_token),
            generation: 0,
            backoff: Backoff::default(),
            outbox: Outbox::default(),
            outlet: Outlet::new(seed),
        };
        match saved.and_then(|saved| life.restored(&saved, now)) {
            Some(link) => {
                life.outlet.tell(Happening::NewSocket);
                life.phase = Phase::Linked(Box::new(link));
            }
            None => life.shake(now),
        }
        life.settle(now);
        Ok(life)
    }

    /// Where updates go from now on, and what is to be told of the last one.
    pub(crate) fn take_updates(&mut self, intake: Intake) {
        self.outlet.intake = intake;
    }

    fn restored(&mut self, saved: &Saved, now: Duration) -> Option<Link> {
        let mut start = [0; 4];
        self.config.crypto().fill_random(&mut start).ok()?;
        let session = Session::import(&saved.session, start, JUMP).ok()?;
        self.counters = (saved.next_id, saved.next_token);
        self.generation += 1;
        let mut link = Link::new(session, self.counters, saved.told, self.generation, now);
        link.recall(now, saved);
        link.resume(now, &mut self.outlet);
        Some(link)
    }

    /// Takes a datagram from the cloud; it is decrypted in place.
    pub fn handle_datagram(&mut self, now: Duration, datagram: &mut [u8]) {
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Gone => {}
            Phase::Shaking(handshake) => {
                let result = handshake.handle_datagram(now, datagram);
                self.after_handshake_step(now, result);
            }
            Phase::Linked(link) => {
                let result = link.handle_datagram(now, datagram, &self.bodies, &mut self.outlet);
                self.after_link_step(now, result);
            }
        }
        self.settle(now);
    }

    /// To be called when [`Life::poll_timeout`] is reached; calling it early does no harm.
    pub fn handle_timeout(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Waiting { until } if *until <= now => self.shake(now),
            Phase::Waiting { .. } | Phase::Gone => {}
            Phase::Shaking(handshake) => {
                let due = handshake.poll_timeout().is_some_and(|due| due <= now);
                let result = if due { handshake.handle_timeout(now) } else { Ok(()) };
                self.after_handshake_step(now, result);
            }
            Phase::Linked(link) => {
                let result = link.handle_timeout(now, &self.bodies, &mut self.outlet);
                self.after_link_step(now, result);
            }
        }
        self.settle(now);
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outlet.transmit.pop_front()
    }

    /// What happened, in order.
    pub fn poll_happening(&mut self) -> Option<Happening> {
        self.outlet.happenings.pop_front()
    }

    /// When [`Life::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Waiting { until } => Some(*until),
            Phase::Shaking(handshake) => handshake.poll_timeout(),
            Phase::Linked(link) => link.poll_timeout(self.bodies.keepalive),
            Phase::Gone => None,
        }
    }

    /// Whether everything was said and acknowledged.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(&self.phase, Phase::Linked(link) if link.is_connected())
    }

    /// Whether [`Life::leave`] was called and has come to its end.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    /// Publishes a text event, now or once connected; [`Happening::Published`] or
    /// [`Happening::NotPublished`] follows.
    ///
    /// # Errors
    /// [`Error::Event`] for a name or data out of bounds, [`Error::OutboxFull`].
    pub fn publish(
        &mut self,
        now: Duration,
        name: &str,
        data: &[u8],
    ) -> Result<Publication, Error> {
        let publication = self.outbox.push(name, data)?;
        self.settle(now);
        Ok(publication)
    }

    /// Whether [`Life::publish`] has room for one more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    /// Answers [`Happening::Call`]; nothing is sent if the session of the question is over.
    pub fn answer_call(&mut self, now: Duration, ticket: Ticket, result: Result<i32, Answer>) {
        if let Phase::Linked(link) = &mut self.phase {
            let result = link.answer_call(now, ticket, result, &mut self.outlet);
            self.after_link_step(now, result);
        }
    }

    /// Answers [`Happening::Read`]; nothing is sent if the session of the question is over.
    pub fn answer_read(&mut self, now: Duration, ticket: Ticket, result: Result<Value, Answer>) {
        if let Phase::Linked(link) = &mut self.phase {
            let result = link.answer_read(now, ticket, result, &mut self.outlet);
            self.after_link_step(now, result);
        }
    }

    /// The new socket could not be had: waits before it tries again.
    pub fn unreachable(&mut self, now: Duration) {
        self.outlet.transmit.clear();
        match &mut self.phase {
            Phase::Shaking(_) => self.wait(now, Loss::Unreachable),
            // The session stays, and its unanswered ping leads to another try.
            Phase::Linked(link) => link.silence.excuse(),
            Phase::Waiting { .. } | Phase::Gone => {}
        }
    }

    /// Says goodbye and ends: gone once that is acknowledged, or after three seconds.
    pub fn leave(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Linked(link) => {
                let result = link.leave(now, &mut self.outlet);
                self.after_link_step(now, result);
            }
            Phase::Waiting { .. } | Phase::Shaking(_) => self.phase = Phase::Gone,
            Phase::Gone => {}
        }
    }

    /// The session for the next run, if there is one. Nothing more is sent in it.
    pub(crate) fn take_saved(&mut self) -> Option<Saved> {
        self.outlet.parting.take()
    }

    /// Sends the events that may go now.
    fn settle(&mut self, now: Duration) {
        if std::mem::take(&mut self.outlet.intake.reported) {
            self.bodies.told_of_update();
        }
        if let Phase::Linked(link) = &mut self.phase {
            let result = link.send_events(now, &mut self.outbox, &mut self.outlet);
            self.after_link_step(now, result);
        }
    }

    fn shake(&mut self, now: Duration) {
        self.outlet.transmit.clear();
        self.outlet.tell(Happening::NewSocket);
        match Handshake::start(Arc::clone(&self.config), now) {
            Ok(handshake) => {
                self.phase = Phase::Shaking(Box::new(handshake));
                self.after_handshake_step(now, Ok(()));
            }
            Err(error) => self.wait(now, Loss::Handshake(error)),
        }
    }

    fn after_handshake_step(
        &mut self,
        now: Duration,
        result: Result<(), pintle_dtls::HandshakeError>,
    ) {
        let Phase::Shaking(handshake) = &mut self.phase else { return };
        while let Some(datagram) = handshake.poll_transmit() {
            self.outlet.transmit.push_back(datagram);
        }
        let complete = handshake.is_complete();
        match result {
            Err(error) => self.wait(now, Loss::Handshake(error)),
            Ok(()) if complete => self.greet(now),
            Ok(()) => {}
        }
    }

    fn greet(&mut self, now: Duration) {
        let Phase::Shaking(handshake) = std::mem::replace(&mut self.phase, Phase::Gone) else {
            return;
        };
        let Some(session) = handshake.finish() else {
            return self.wait(now, Loss::Handshake(pintle_dtls::HandshakeError::Over));
        };
        self.generation += 1;
        let told = crate::saved::Told::default();
        let mut link = Link::new(session, self.counters, told, self.generation, now);
        let result = link.greet(now, &self.bodies, &mut self.outlet);
        self.phase = Phase::Linked(Box::new(link));
        self.after_link_step(now, result);
    }

    fn after_link_step(&mut self, now: Duration, result: Result<(), Ending>) {
        let Phase::Linked(link) = &mut self.phase else { return };
        if link.is_connected() {
            self.backoff.clear();
        }
        match result {
            Ok(()) => {}
            // Whoever leaves does not come back.
            Err(Ending::GiveUp(_)) if link.is_leaving() => {
                link.abandon(&mut self.outlet);
                self.phase = Phase::Gone;
            }
            Err(Ending::Silence) if !link.is_leaving() => {
                self.outlet.transmit.clear();
                self.outlet.tell(Happening::Disconnected(Loss::Silence));
                self.outlet.tell(Happening::NewSocket);
                link.resume(now, &mut self.outlet);
            }
            Err(Ending::GiveUp(loss)) => {
                self.counters = link.counters();
                link.abandon(&mut self.outlet);
                self.wait(now, loss);
            }
            Err(Ending::Left | Ending::Silence) => {
                link.abandon(&mut self.outlet);
                let (next_id, next_token) = link.counters();
                let session = Zeroizing::new(link.export().as_bytes().to_vec());
                let (calls, past) = link.made(now);
                self.outlet.parting =
                    Some(Saved { next_id, next_token, told: link.told(), calls, past, session });
                self.phase = Phase::Gone;
            }
        }
    }

    /// Without a session: the next handshake starts after the back-off.
    fn wait(&mut self, now: Duration, loss: Loss) {
        self.outlet.tell(Happening::Disconnected(loss));
        let until = now + self.backoff.next_delay();
        self.phase = Phase::Waiting { until };
    }
}

#[cfg(test)]
pub(crate) mod tests;
