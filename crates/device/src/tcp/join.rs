//! From the cloud's hello to being connected: what is said, in the order of each program.

use super::link::{Link, Stage, Tag};
use super::profile::Bodies;
use crate::life::{Happening, Outlet};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::Subscription;
use pintle_protocol::tcp::client::Session;
use pintle_protocol::tcp::describe::MAX_WHOLE;
use pintle_protocol::{Event, SubscriptionKind};
use std::borrow::Cow;
use std::time::Duration;

/// The largest binary of a device whose hello does not say it, and the size of an update's chunks, in bytes.
const MAX_BINARY: &str = "384000";
const CHUNK: &str = "512";

impl Link {
    /// The cloud said hello: the device introduces itself, without waiting between its messages.
    pub(super) fn introduce(&mut self, now: Duration, bodies: &Bodies, outlet: &mut Outlet) {
        if !matches!(self.stage, Stage::Greeting { .. }) {
            return;
        }
        self.stage = Stage::Introducing;
        outlet.tell(Happening::Greeted);
        if bodies.firmware.describes_unasked {
            let whole = self.describe(now, DescribeKind::System, &bodies.system, outlet);
            self.tell_sizes(bodies, outlet);
            self.tell_last_reset(outlet);
            self.ask(now, outlet, Tag::Time, Session::time);
            // Where a report was cut into blocks, no other follows.
            if whole {
                self.describe(now, DescribeKind::Application, &bodies.application, outlet);
            }
            self.subscribe(now, bodies, outlet);
        } else {
            self.tell_sizes(bodies, outlet);
            self.tell_last_reset(outlet);
            self.subscribe(now, bodies, outlet);
            self.ask(now, outlet, Tag::Time, Session::time);
        }
    }

    /// Says what it runs; false if that went out only in part.
    fn describe(
        &mut self,
        now: Duration,
        kind: DescribeKind,
        body: &[u8],
        outlet: &mut Outlet,
    ) -> bool {
        self.ask(now, outlet, Tag::Describe, |session, out| session.describe(out, kind, body));
        body.len() <= MAX_WHOLE
    }

    fn tell_sizes(&mut self, bodies: &Bodies, outlet: &mut Outlet) {
        if bodies.firmware.sizes.is_none() {
            self.status("spark/hardware/max_binary", MAX_BINARY, outlet);
        }
        self.status("spark/hardware/ota_chunk_size", CHUNK, outlet);
    }

    /// Why it started, where an update is to do with it.
    fn tell_last_reset(&mut self, outlet: &mut Outlet) {
        if let Some(report) = outlet.intake.report.as_ref().map(ToString::to_string) {
            self.status("spark/device/last_reset", &report, outlet);
        }
    }

    /// An event of the firmware's own, which nobody acknowledges.
    fn status(&mut self, name: &str, data: &str, outlet: &mut Outlet) {
        let event = Event { confirmable: false, ..Event::text(name, data) };
        self.say(outlet, |session, out| session.event(out, &event));
    }

    fn subscribe(&mut self, now: Duration, bodies: &Bodies, outlet: &mut Outlet) {
        for prefix in &bodies.subscriptions {
            let wish = Subscription {
                prefix: Cow::Borrowed(prefix),
                kind: SubscriptionKind::Text,
                mine: true,
                device: None,
            };
            self.ask(now, outlet, Tag::Subscription, |session, out| session.subscribe(out, &wish));
        }
    }
}
