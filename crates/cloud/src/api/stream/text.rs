//! Events and comments as server-sent events have them.

use bytes::Bytes;
use serde_json::json;

use crate::clock::iso8601;
use crate::event::{Event, MOST_LOST, TooSlow};
use crate::weakened::{self, Weakness};

/// An event as all streams send it.
pub(super) fn event(event: &Event) -> Bytes {
    let data = json!({
        "data": event.text(),
        "ttl": event.ttl,
        "published_at": iso8601(event.published_at_ms),
        "coreid": event.source_name(),
    });
    // A line break in a name would let a device write events in another's name.
    let breaks = |c: char| c.is_control() && !weakened::is(Weakness::LineBreaksKept);
    let name = event.name.replace(breaks, " ");
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// So many events were lost here.
pub(super) fn missed(count: u64) -> Bytes {
    format!(":missed {count}\n\n").into()
}

/// Why this is the end; what was lost and not told yet comes first.
pub(super) fn too_slow(why: TooSlow, missed: u64) -> Bytes {
    let seconds = super::watch::PATIENCE.as_secs();
    let why = match why {
        TooSlow::Lost => format!("more than {MOST_LOST} events were missed without catching up"),
        TooSlow::Stalled => format!("events waited {seconds} seconds and none was taken"),
    };
    let missed = if missed > 0 { format!(":missed {missed}\n\n") } else { String::new() };
    format!("{missed}:too slow: {why}; connect again\n\n").into()
}
