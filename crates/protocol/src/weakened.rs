//! Protections switched off, one at a time, so that tests can show that an attack is noticed then. No release has this: the
//! feature does not build there.
//!
//! A switch holds for the whole process, and for the cloud's side of it. Whoever turns one sees to it that nobody else
//! runs meanwhile.

/// A protection that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "weakened"), allow(dead_code))]
#[repr(u8)]
pub enum Weakness {
    /// A message that comes again is acted on again.
    RepeatsActedOn = 1,
    /// A block over TCP may have another connection's nonce.
    AnyNonce,
    /// A message over TCP may have any id.
    AnyMessageId,
    /// A session over TCP goes on after an anomaly.
    AnomaliesSurvived,
}

#[cfg(all(feature = "weakened", not(debug_assertions)))]
compile_error!(
    "the feature `weakened` switches protections off: it is for tests, and in no release"
);

#[cfg(feature = "weakened")]
mod switch {
    use super::Weakness;
    use core::sync::atomic::{AtomicU8, Ordering};

    static OFF: AtomicU8 = AtomicU8::new(0);

    /// Switches one protection off, and all others on.
    pub fn weaken(weakness: Option<Weakness>) {
        OFF.store(weakness.map_or(0, |weakness| weakness as u8), Ordering::Release);
    }

    pub(crate) fn is(weakness: Weakness) -> bool {
        OFF.load(Ordering::Acquire) == weakness as u8
    }
}

#[cfg(feature = "weakened")]
pub(crate) use switch::is;
#[cfg(feature = "weakened")]
pub use switch::weaken;

/// Nothing is ever switched off.
#[cfg(not(feature = "weakened"))]
pub(crate) const fn is(_: Weakness) -> bool {
    false
}
