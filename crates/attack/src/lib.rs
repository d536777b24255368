//! The penetration suite as a program: attacks with a name, run against a live target, each with what must come of it.
//!
//! A [`Case`] is a function from a [`Target`] to an [`Outcome`]. It is bounded in messages and in time ([`Course`]), can be
//! run again with the same outcome, and says what it saw. [`cases`] has all; a selection of them fits into a run of the
//! checklist. Nothing here attacks what its operator did not confirm to own ([`consent`]).
#![forbid(unsafe_code)]

pub mod api;
pub mod case;
pub mod consent;
pub mod course;
pub mod dtls;
pub mod https;
mod raid;
pub mod registry;
mod resident;
pub mod suite;
pub mod target;
#[cfg(feature = "tcp")]
pub mod tcp;
pub mod totp;

pub use case::{Case, Cost, Group, Outcome};
pub use course::Course;
pub use registry::{case_named, cases};
pub use suite::{Outcomes, Selection};
pub use target::Target;
