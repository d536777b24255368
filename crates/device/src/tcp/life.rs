//! A device's life over TCP, without a socket or a clock.
//!
//! ```text
//! waiting ──▶ shaking hands ──▶ greeting ──▶ introducing ──▶ connected ──▶ leaving ──▶ gone
//!    ▲              │               │             │              │
//!    └──────────────┴───────────────┴─────────────┴──────────────┘ closed, silent, or not a message of the protocol's
//! ```
//!
//! 1. *Shaking hands*: 40 bytes come, 256 go, 384 come; each side proves that it has its key.
//! 2. *Greeting*: the device's hello, and the cloud's within a few seconds.
//! 3. *Introducing*: what each generation says of itself, without waiting in between.
//! 4. *Connected*: functions, variables, events; 15 s after anything was heard a ping, 10 s after that the end.
//!
//! The contract is that of [`crate::life`], on a stream: [`Happening::NewSocket`] means that a new connection is to be
//! made, and after [`Happening::Disconnected`] there is none.

use super::link::{Ending, Link};
use super::profile::Bodies;
use crate::error::Error;
use crate::generation::Generation;
use crate::life::{
    Backoff, EventLimits, Happening, Intake, Loss, Outbox, Outlet, Profile, Publication, Ticket,
};
use crate::runner::Lived;
use pintle_protocol::reply::Answer;
use pintle_protocol::tcp::client::Handshake;
use pintle_protocol::tcp::{Credentials, DeviceRsa};
use pintle_protocol::value::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long each message of the handshake is waited for.
const HANDSHAKE_READ: Duration = Duration::from_secs(20);

/// One device.
pub(crate) struct Life<R> {
    rsa: Arc<R>,
    bodies: Bodies,
    device: pintle_protocol::DeviceId,
    phase: Phase,
    /// Counts links, so that the answer to an old question is not sent in a new session.
    links: u32,
    backoff: Backoff,
    outbox: Outbox,
    outlet: Outlet,
}

enum Phase {
    Waiting {
        until: Duration,
    },
    /// `reached` says whether anything came.
    Shaking {
        handshake: Handshake,
        reached: bool,
        until: Duration,
    },
    Linked(Box<Link>),
    Gone,
}

impl<R: DeviceRsa> Life<R> {
    /// A device that begins now. `seed` is random; it is no secret.
    ///
    /// # Errors
    /// [`Error::Describe`] or [`Error::LongDescribe`] if the profile has more than such a device can say.
    pub(crate) fn start(
        rsa: Arc<R>,
        generation: Generation,
        profile: Profile,
        now: Duration,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut life = Self {
            rsa,
            device: profile.device_id,
            bodies: Bodies::of(generation, profile)?,
            phase: Phase::Waiting { until: now },
            links: 0,
            backoff: Backoff::default(),
            outbox: Outbox::new(EventLimits::of(Some(generation))),
            outlet: Outlet::new(seed),
        };
        life.shake(now);
        Ok(life)
    }

    /// Says where updates go.
    pub(crate) fn take_updates(&mut self, intake: Intake) {
        self.outlet.intake = intake;
    }

    fn shake(&mut self, now: Duration) {
        self.outlet.transmit.clear();
        self.outlet.tell(Happening::NewSocket);
        let handshake = Handshake::new(self.device);
        self.phase = Phase::Shaking { handshake, reached: false, until: now + HANDSHAKE_READ };
    }

    /// Takes a piece of the stream while shaking hands.
    fn go_on(&mut self, now: Duration, mut bytes: &[u8]) {
        let Phase::Shaking { handshake, reached, until } = &mut self.phase else { return };
        *reached = true;
        let mut block = Vec::new();
        let result = handshake.receive(&mut bytes, &*self.rsa, &mut block);
        if !block.is_empty() {
            *until = now + HANDSHAKE_READ;
            self.outlet.transmit.push_back(block);
        }
        match result {
            Ok(None) => {}
            Ok(Some(credentials)) => self.greet(now, &credentials, bytes),
            Err(_) => self.wait(now, Loss::WrongAnswer),
        }
    }

    /// Says hello; `rest` came behind the handshake.
    fn greet(&mut self, now: Duration, credentials: &Credentials, rest: &[u8]) {
        self.links += 1;
        let random = self.outlet.jitter().to_be_bytes()[0];
        let numbers = (self.links, random);
        let mut link = Link::greet(now, credentials, numbers, &self.bodies, &mut self.outlet);
        let result = link.handle_input(now, rest, &self.bodies, &mut self.outlet);
        self.phase = Phase::Linked(Box::new(link));
        self.after_link_step(now, result);
    }

    fn after_link_step(&mut self, now: Duration, result: Result<(), Ending>) {
        let Phase::Linked(link) = &mut self.phase else { return };
        if link.is_connected() {
            self.backoff.clear();
        }
        if std::mem::take(&mut self.outlet.intake.reported) {
            self.bodies.told_of_update();
        }
        match result {
            Ok(()) => {}
            Err(Ending::Left) => {
                link.part(&self.bodies, &mut self.outlet);
                link.abandon(&mut self.outlet);
                self.phase = Phase::Gone;
            }
            // Whoever leaves does not come back.
            Err(Ending::Lost(_)) if link.is_leaving() => {
                link.abandon(&mut self.outlet);
                self.phase = Phase::Gone;
            }
            Err(Ending::Lost(loss)) => {
                link.abandon(&mut self.outlet);
                self.wait(now, loss);
            }
        }
    }

    /// Without a connection: the next one is made after the back-off.
    fn wait(&mut self, now: Duration, loss: Loss) {
        self.outlet.transmit.clear();
        self.outlet.tell(Happening::Disconnected(loss));
        self.phase = Phase::Waiting { until: now + self.backoff.next_delay() };
    }

    /// Sends the events that may go now.
    fn settle(&mut self, now: Duration) {
        if let Phase::Linked(link) = &mut self.phase {
            link.send_events(now, &mut self.outbox, &mut self.outlet);
        }
    }
}

impl<R: DeviceRsa> Lived for Life<R> {
    fn handle_input(&mut self, now: Duration, bytes: &mut [u8]) {
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Gone => {}
            Phase::Shaking { .. } => self.go_on(now, bytes),
            Phase::Linked(link) => {
                let result = link.handle_input(now, bytes, &self.bodies, &mut self.outlet);
                self.after_link_step(now, result);
            }
        }
        self.settle(now);
    }

    fn closed(&mut self, now: Duration) {
        match &self.phase {
            Phase::Waiting { .. } | Phase::Gone => {}
            Phase::Shaking { reached: true, .. } => self.wait(now, Loss::NotAdmitted),
            Phase::Shaking { reached: false, .. } => self.wait(now, Loss::Unreachable),
            Phase::Linked(_) => self.after_link_step(now, Err(Ending::Lost(Loss::Closed))),
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Waiting { until } if *until <= now => self.shake(now),
            Phase::Shaking { until, .. } if *until <= now => self.wait(now, Loss::Silence),
            Phase::Waiting { .. } | Phase::Shaking { .. } | Phase::Gone => {}
            Phase::Linked(link) => {
                let result = link.handle_timeout(now, &self.bodies, &mut self.outlet);
                self.after_link_step(now, result);
            }
        }
        self.settle(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outlet.transmit.pop_front()
    }

    fn poll_happening(&mut self) -> Option<Happening> {
        self.outlet.happenings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Waiting { until } | Phase::Shaking { until, .. } => Some(*until),
            Phase::Linked(link) => link.poll_timeout(&self.bodies, !self.outbox.is_empty()),
            Phase::Gone => None,
        }
    }

    fn is_connected(&self) -> bool {
        matches!(&self.phase, Phase::Linked(link) if link.is_connected())
    }

    fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    fn publish(&mut self, now: Duration, name: &str, data: &[u8]) -> Result<Publication, Error> {
        let publication = self.outbox.push(name, data)?;
        self.settle(now);
        Ok(publication)
    }

    fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    fn answer_call(&mut self, _: Duration, ticket: Ticket, result: Result<i32, Answer>) {
        if let Phase::Linked(link) = &mut self.phase {
            link.answer_call(ticket, result, &mut self.outlet);
        }
    }

    fn answer_read(&mut self, _: Duration, ticket: Ticket, result: Result<Value, Answer>) {
        if let Phase::Linked(link) = &mut self.phase {
            link.answer_read(ticket, result, &self.bodies, &mut self.outlet);
        }
    }

    fn unreachable(&mut self, now: Duration) {
        if matches!(self.phase, Phase::Shaking { .. }) {
            self.wait(now, Loss::Unreachable);
        }
    }

    fn leave(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Linked(link) => {
                let result = link.leave(now);
                self.after_link_step(now, result);
            }
            Phase::Waiting { .. } | Phase::Shaking { .. } => self.phase = Phase::Gone,
            Phase::Gone => {}
        }
    }
}
