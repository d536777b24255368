//! What time it is, given to the API from outside so that tests can set it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::now_ms;

/// One instant, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970: for what is written down or shown.
    pub wall_ms: i64,
    /// Time since any fixed start: for waits and windows.
    pub since_start: Duration,
}

/// A clock. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's clocks.
    #[must_use]
    pub fn system() -> Self {
        let start = Instant::now();
        Self::new(move || Moment { wall_ms: now_ms(), since_start: start.elapsed() })
    }

    /// What it says.
    #[must_use]
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}
