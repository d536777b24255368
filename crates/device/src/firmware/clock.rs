//! What time it is, if the system knows: a gateway without a battery wakes up in 1970.

use pintle_firmware::release::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// No release was signed before this: a clock that shows less was not set.
const SENSIBLE: u64 = 1_700_000_000;

/// The time by the system's clock.
pub(super) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let seconds = since.map(|since| since.as_secs()).filter(|seconds| *seconds >= SENSIBLE);
    seconds.map_or(Time::Unknown, Time::Seconds)
}
