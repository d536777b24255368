//! From the first Hello to being connected: what is said in which order, and what is left out because the cloud
//! was told before.

use super::happening::Happening;
use super::link::{Ending, Link, Tag};
use super::outlet::Outlet;
use super::profile::Bodies;
use super::updating::FORCED;
use pintle_protocol::block;
use pintle_protocol::coap::Block;
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::{Event, from_device};
use std::time::Duration;

/// Whether updates are taken.
const ENABLED: &str = "particle/device/updates/enabled";
/// Why the device started the last time.
const LAST_RESET: &str = "spark/device/last_reset";

/// How far a link has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Hello is out.
    Greeting,
    /// A ping is out in an older session.
    Resuming,
    /// The system's own messages are out, this many.
    Joining { left: usize },
    /// The application's are; `refused` says that a subscription was not taken.
    Announcing { left: usize, subscriptions: usize, refused: bool },
    /// All is said.
    Connected,
    /// Goodbye is out.
    Leaving { until: Duration, acknowledged: bool },
}

impl Link {
    /// Step 1: Hello.
    pub(super) fn greet(
        &mut self,
        now: Duration,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        self.stage = Stage::Greeting;
        self.confirmable(now, outlet, Tag::Hello, |out, id| {
            from_device::hello(out, id, &bodies.hello)
        })
    }

    /// The cloud was heard in an older session: Hello only if it says something new.
    pub(super) fn rejoin(
        &mut self,
        now: Duration,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        if self.told.system == bodies.sums.system {
            self.join(now, bodies, outlet)
        } else {
            self.greet(now, bodies, outlet)
        }
    }

    /// Step 2: the system's messages, without waiting between them.
    fn join(&mut self, now: Duration, bodies: &Bodies, outlet: &mut Outlet) -> Result<(), Ending> {
        let mut left = 2;
        if let Some(report) = outlet.intake.report.as_ref().map(ToString::to_string) {
            left += 1;
            let event = Event::text(LAST_RESET, &report);
            let write = |out: &mut Vec<u8>, id| from_device::event(out, id, &event);
            self.confirmable(now, outlet, Tag::Report, write)?;
        }
        if self.told.system != bodies.sums.system {
            left += 2;
            self.describe(now, DescribeKind::System, 0, bodies, outlet)?;
            let token = self.exchange.next_token();
            self.confirmable(now, outlet, Tag::Time, |out, id| from_device::time(out, id, token))?;
        }
        let (enabled, forced) = (outlet.intake.is_enabled(), outlet.intake.forced);
        self.state(now, ENABLED, enabled, outlet)?;
        self.state(now, FORCED, forced, outlet)?;
        self.stage = Stage::Joining { left };
        Ok(())
    }

    /// Step 3: the application's messages.
    fn announce(
        &mut self,
        now: Duration,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let application = self.told.application != bodies.sums.application;
        let told = self.told.subscriptions == bodies.sums.subscriptions;
        let subscriptions = if told { &[] } else { bodies.subscriptions.as_slice() };
        if application {
            self.describe(now, DescribeKind::Application, 0, bodies, outlet)?;
        }
        for subscription in subscriptions {
            let write = |out: &mut Vec<u8>, id| from_device::subscribe(out, id, subscription);
            self.confirmable(now, outlet, Tag::Subscription, write)?;
        }
        let left = usize::from(application) + subscriptions.len();
        self.stage = Stage::Announcing { left, subscriptions: subscriptions.len(), refused: false };
        self.connected_if_done(outlet);
        Ok(())
    }

    /// Sends a describe from block `num` on: whole if it is short, else one block with an id and token of its
    /// own; the next follows its acknowledgement.
    fn describe(
        &mut self,
        now: Duration,
        kind: DescribeKind,
        num: u32,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let body = match kind {
            DescribeKind::System => &bodies.system,
            _ => &bodies.application,
        };
        let blocks = block::needs_blocks(body);
        let Some((block, piece)) = block::piece(body, num, Block::SZX_1024) else { return Ok(()) };
        let token = self.exchange.next_token();
        let tag = Tag::Describe(kind, (blocks && block.more).then_some(num + 1));
        self.confirmable(now, outlet, tag, |out, id| {
            from_device::describe(out, id, token, kind, piece, blocks.then_some(block))
        })
    }

    /// One of our messages was settled: says what follows it.
    pub(super) fn proceed(
        &mut self,
        now: Duration,
        tag: Tag,
        taken: bool,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match (tag, &mut self.stage) {
            (Tag::Hello, Stage::Greeting) => {
                outlet.tell(Happening::Greeted);
                return self.join(now, bodies, outlet);
            }
            (Tag::Report, _) if taken => {
                outlet.intake.report = None;
                outlet.intake.reported = true;
                outlet.tell(Happening::Reported);
            }
            (Tag::Staged, _) if taken => outlet.tell(Happening::Apply),
            (Tag::Describe(kind, Some(next)), _) if taken => {
                return self.describe(now, kind, next, bodies, outlet);
            }
            (Tag::Describe(kind, _), _) if taken => self.note_told(kind, bodies),
            (Tag::Subscription, Stage::Announcing { subscriptions, refused, .. }) => {
                *subscriptions = subscriptions.saturating_sub(1);
                *refused |= !taken;
                if *subscriptions == 0 && !*refused {
                    self.told.subscriptions = bodies.sums.subscriptions;
                }
            }
            (Tag::Goodbye, Stage::Leaving { acknowledged, .. }) => *acknowledged = true,
            _ => {}
        }
        self.count_down(now, tag, bodies, outlet)
    }

    fn note_told(&mut self, kind: DescribeKind, bodies: &Bodies) {
        match kind {
            DescribeKind::System => self.told.system = bodies.sums.system,
            DescribeKind::Application => self.told.application = bodies.sums.application,
            DescribeKind::Metrics => {}
        }
    }

    /// A step is over when all of its messages are settled.
    fn count_down(
        &mut self,
        now: Duration,
        tag: Tag,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let describes = matches!(tag, Tag::Describe(..));
        match &mut self.stage {
            Stage::Joining { left }
                if describes || matches!(tag, Tag::Time | Tag::Status | Tag::Report) =>
            {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    return self.announce(now, bodies, outlet);
                }
            }
            Stage::Announcing { left, .. } if describes || tag == Tag::Subscription => {
                *left = left.saturating_sub(1);
                self.connected_if_done(outlet);
            }
            _ => {}
        }
        Ok(())
    }

    fn connected_if_done(&mut self, outlet: &mut Outlet) {
        if matches!(self.stage, Stage::Announcing { left: 0, .. }) {
            self.stage = Stage::Connected;
            outlet.tell(Happening::Connected { resumed: self.resumed });
        }
    }
}
