//! Events: from a device to the bus, and from the bus to a device.

use super::life::{Life, Sent, Who};
use super::outgoing::Outgoing;
use super::world::World;
use crate::event::{self, Source};
use pintle_protocol::{ContentFormat, Event, from_cloud};
use std::borrow::Cow;

/// How many events may be on their way to one device before further ones go out unconfirmed.
const MOST_CONFIRMED: usize = 16;

/// Events that carry a secret between a device and its cloud, and are no one else's business.
const SECRET: [&str; 1] = ["spark/device/claim/code"];

/// A device's event as the bus has it; none where it is nobody's business.
pub(super) fn relayed(
    world: &World,
    who: Who,
    source: Source,
    event: &Event<'_>,
) -> Option<event::Event> {
    let owner = world.roll.owner(who.number);
    if owner.is_none() || SECRET.contains(&event.name.as_ref()) {
        return None;
    }
    Some(event::Event {
        name: event.name.clone().into_owned(),
        data: event.data.to_vec(),
        content_format: event.content_format.0,
        ttl: event.ttl,
        published_at_ms: world.wall_ms,
        source,
        owner,
    })
}

impl Life {
    /// Hands a device's event to the bus.
    pub(super) fn relay(&self, world: &World, who: Who, event: &Event<'_>, out: &mut Outgoing) {
        out.events.extend(relayed(world, who, Source::Device(who.device), event));
    }

    /// Sends an event to the device, to be acknowledged unless many are under way already.
    pub fn deliver(&mut self, world: &World, event: &event::Event, out: &mut Outgoing) {
        let confirmable = self.events < MOST_CONFIRMED;
        let id = self.exchange.next_id();
        let message = Event {
            name: Cow::Borrowed(&event.name),
            data: &event.data,
            content_format: ContentFormat(event.content_format),
            ttl: event.ttl,
            confirmable,
        };
        if !confirmable {
            // An event that does not fit the wire was refused when it was published.
            let _ = out.write(|bytes| from_cloud::event(bytes, id, &message));
            return;
        }
        let mut fits = true;
        let taken = self.send(world, id, Sent::Event, out, |bytes| {
            fits = from_cloud::event(bytes, id, &message).is_ok();
        });
        if taken && fits {
            self.events += 1;
        }
    }
}
