//! Item 7, the penetration test: a selection in each run, the last full one, and what hired testers found.
//!
//! The attacks themselves are in `pintle-attack`. [`Attempts`] is what came of them, [`Record`] a full run that was kept, and
//! [`Hired`] the reports of people who were paid to break in, each finding followed to the day it was tried again.

pub mod attempts;
mod claims;
pub mod hired;
mod look;
pub mod plan;
pub mod reader;

pub use attempts::{Attempts, Record};
pub use claims::CHECKS;
pub use hired::Hired;
pub use look::{Asked, build_of, look, of};
pub use plan::Plan;

use crate::look::Look;
use serde::Serialize;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Penetration {
    /// What came of the attacks of this run.
    pub selection: Look<Attempts>,
    /// The last run of all attacks that was kept.
    pub full: Look<Record>,
    /// SHA-256 of the program that is to hold them, in hex.
    pub build: Look<String>,
    /// What hired testers reported.
    pub hired: Look<Hired>,
}
