//! Limits on those who try: lockouts after too many failed logins.
//!
//! Everything here is bounded memory and takes the time as a parameter.

mod lockout;

pub use lockout::{Lockout, LockoutSettings};
