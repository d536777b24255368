//! A rollout: one image to the devices of a product, stage by stage, that halts by itself.
//!
//! ```text
//!   start   every device of the product gets its place by a hash of (rollout, device)          [draw]
//!   stage   offer to those in it, so many at once           waiting -> sending -> sent         [step]
//!           the device's own Hello and describe decide      sent -> updated | fell back        [judge]
//!           the success bar can no longer be met            -> halted, until a person resumes  [bar]
//!           the bar is met                                  -> wait, then the next stage
//! ```
//!
//! The core ([`Plan`], [`draw`], [`judge`], [`Pass`]) is pure: what is known of the devices and the time go in, what is
//! to be done comes out. The store counts a device's Hellos, and notes in which of them it took the image and in which
//! it described itself; so what came after what is read from numbers, never from clocks, and a kill loses nothing. The [`Engine`] reads facts,
//! has actions written down, and only then acts on them; people speak to the [`Desk`].
//!
//! It does not decide what may be released, nor what a device without a rollout gets.

mod bar;
mod desk;
mod draw;
mod engine;
mod fact;
mod gateway;
mod judge;
mod plan;
mod send;
mod status;
mod step;
mod transfers;

pub use bar::Tally;
pub use desk::{Desk, DeskError};
pub use draw::draw;
pub use engine::Engine;
pub use fact::{Facts, Kind, Member, Offered, Progress, State, Times};
pub use judge::judge;
pub use plan::{Plan, PlanError, Size, parse_duration};
pub use send::{Again, Sends, Setback};
pub use status::{DeviceStatus, StageStatus, Status};
pub use step::{Action, Pass, Phase, Rollout};
pub use transfers::{Live, Transfers};

#[cfg(test)]
mod model_tests;
