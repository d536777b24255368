//! Sees to it that a device says what it runs and what it has: firmware from 2.0 on does so by itself, all other is
//! asked, for one part after the other, so that no answer outgrows an old device's buffer. What does not come is asked
//! for, too. A describe that cannot be read ends the session.

use super::{Fault, Scene, TcpLife};
use crate::device::report;
use crate::device::world::World;
use pintle_protocol::block::{Fetch, Progress};
use pintle_protocol::coap::Message;
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::tcp::describe::Description;
use pintle_protocol::tcp::server::{About, Asked};
use std::time::Duration;

/// How long a device may take to describe itself before it is asked to.
const UNASKED_WITHIN: Duration = Duration::from_secs(6);

/// How long a device may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// How often it is asked for all of it, at most: some firmware has nothing to say.
const MOST_TRIES: u8 = 3;

struct Asking {
    asked: Asked,
    fetch: Fetch,
    until: Duration,
}

/// What the device has yet to say.
#[derive(Default)]
pub(super) struct Describing {
    system: bool,
    application: bool,
    tries: u8,
    asking: Option<Asking>,
    /// When the next is asked for.
    next_at: Option<Duration>,
}

impl Describing {
    /// The device said hello, with these flags.
    pub(super) fn begin(&mut self, now: Duration, flags: HelloFlags) {
        let unasked = flags.contains(HelloFlags::SENDS_DESCRIBE);
        let wait = if unasked { UNASKED_WITHIN } else { Duration::ZERO };
        *self =
            Self { system: true, application: true, next_at: Some(now + wait), ..Self::default() };
    }

    /// A describe that the device began will never be whole.
    pub(super) fn is_stuck(&mut self, kind: DescribeKind, now: Duration) {
        match kind {
            DescribeKind::System => self.system = true,
            DescribeKind::Application => self.application = true,
            DescribeKind::Metrics => return,
        }
        if self.asking.is_none() {
            self.next_at = Some(now);
        }
    }

    fn wanted(&self) -> Option<DescribeKind> {
        let system = self.system.then_some(DescribeKind::System);
        system.or(self.application.then_some(DescribeKind::Application))
    }

    fn is_here(&mut self, kind: DescribeKind) {
        match kind {
            DescribeKind::System => self.system = false,
            DescribeKind::Application => self.application = false,
            DescribeKind::Metrics => {}
        }
        if self.wanted().is_none() {
            (self.asking, self.next_at) = (None, None);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.asking.as_ref().map(|asking| asking.until).or(self.next_at)
    }

    pub(super) fn is_done(&self) -> bool {
        self.asking.is_none() && self.next_at.is_none()
    }
}

impl TcpLife {
    /// Asks for what is missing, where it is time.
    pub(super) fn ask_for_describes(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
    ) -> Result<(), Fault> {
        if self.is_updating() {
            return Ok(());
        }
        let describing = &mut self.describing;
        if describing.asking.as_ref().is_some_and(|asking| asking.until <= world.now) {
            describing.asking = None;
            describing.next_at = Some(world.now);
        }
        if describing.asking.is_some() || describing.next_at.is_none_or(|at| at > world.now) {
            return Ok(());
        }
        describing.next_at = None;
        let Some(kind) = describing.wanted().filter(|_| describing.tries < MOST_TRIES * 2) else {
            return Ok(());
        };
        describing.tries += 1;
        self.ask_for_block(world, scene, kind, Fetch::new(), None)
    }

    fn ask_for_block(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        kind: DescribeKind,
        fetch: Fetch,
        block: Option<u32>,
    ) -> Result<(), Fault> {
        let asked = scene.session.describe(&mut scene.effects.frames, kind, block)?;
        let until = world.now + ANSWER_WITHIN;
        self.describing.asking = Some(Asking { asked, fetch, until });
        Ok(())
    }

    /// Takes an answer to such a question.
    pub(super) fn described(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        asked: Asked,
        answer: &Message<'_>,
        refused: bool,
    ) -> Result<(), Fault> {
        let About::Describe(kind) = asked.about else { return Ok(()) };
        let current = self.describing.asking.take_if(|asking| asking.asked == asked);
        let Some(Asking { mut fetch, .. }) = current else {
            // A second part of an answer, or one that came too late for its blocks to be put together.
            return match !refused && answer.block2()?.is_none() {
                true => self.take_describe(world, scene, kind, answer.payload()),
                false => Ok(()),
            };
        };
        if refused {
            self.describing.is_here(kind);
        } else {
            match fetch.push(answer)? {
                Progress::Next(block) => {
                    return self.ask_for_block(world, scene, kind, fetch, Some(block.num));
                }
                Progress::Complete(body) => {
                    self.describing.is_here(kind);
                    self.take_describe(world, scene, kind, &body)?;
                }
            }
        }
        if self.describing.wanted().is_some() {
            self.describing.next_at = Some(world.now);
        }
        self.ask_for_describes(world, scene)
    }

    /// Takes a whole describe, with whatever parts it has.
    pub(super) fn take_describe(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        kind: DescribeKind,
        body: &[u8],
    ) -> Result<(), Fault> {
        let Description { system, application, .. } = Description::parse(kind, body)?;
        let (device, now) = (scene.who.device, world.now);
        if let Some(system) = system {
            self.describing.is_here(DescribeKind::System);
            if scene.standing.may_write(now) {
                world.enqueue(report::of_system(device, &system, world.wall_ms));
            }
        }
        if let Some(application) = application {
            self.describing.is_here(DescribeKind::Application);
            scene.standing.has_variables(application.variables.iter().map(|(name, _)| name));
            if scene.standing.may_write(now) {
                world.enqueue(report::of_application(device, application));
            }
        }
        Ok(())
    }
}
