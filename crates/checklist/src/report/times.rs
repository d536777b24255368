//! When a run was, and how long it took. Nothing else in a report tells two runs on the same thing apart.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// When a run was, and how long it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// When it began, as `2026-11-23T18:00:00Z`.
    pub began: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// How long each room looked, in milliseconds.
    pub rooms_ms: BTreeMap<String, u64>,
}

impl Times {
    /// A run that began at this time since 1970.
    #[must_use]
    pub fn new(began_ms: u64, took: Duration, rooms: BTreeMap<&'static str, Duration>) -> Self {
        let rooms_ms =
            rooms.into_iter().map(|(room, took)| (room.to_owned(), millis(took))).collect();
        Self { began: rfc3339(began_ms), took_ms: millis(took), rooms_ms }
    }
}

fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970 as `2026-11-23T18:00:00Z`; without a fraction, which says nothing to a reader.
#[must_use]
pub fn rfc3339(ms: u64) -> String {
    i64::try_from(ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
