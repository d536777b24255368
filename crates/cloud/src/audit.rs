//! What matters for security, written down (promise P10).
//!
//! An [`Act`] goes into the store with the transaction that it tells of, or not at all.

mod act;

pub use act::{Act, Outcome, TokenMark, Who};
