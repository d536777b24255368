//! Limits on those who try: lockouts now; rate limits and quarantine come later.
//!
//! Everything here is bounded memory and takes the time as a parameter.

mod lockout;

pub use lockout::{Lockout, LockoutSettings};
