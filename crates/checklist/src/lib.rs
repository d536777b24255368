//! The IoT security checklist as a program: every claim is tried, and what was seen is kept.
//!
//! A run goes three ways. Each room *looks* (reads files, asks the system, connects as a device would) and finds plain
//! values ([`Look`]); they make up the [`Scene`], and are the evidence. Each [`Check`] *judges* a scene: a function
//! without files, sockets or a clock. The [`report`] says what came of it. So a check can be tried on a
//! fault that somebody planted, and nothing can hold that was not looked at.
//!
//! A room is a folder: what it finds, how it looks, what it claims. A run changes nothing on its target: what must be
//! tried on a device or with credentials is tried on a *twin*, a node of the same program and configuration with keys and
//! ports of its own, which whoever starts a run provides.
#![forbid(unsafe_code)]

pub mod access;
pub mod anchor;
pub mod application;
pub mod bundle;
pub mod check;
pub mod communication;
pub mod dependency;
pub mod diff;
pub mod finding;
pub mod ground;
pub mod key;
pub mod look;
pub mod machine;
pub mod manifest;
pub mod node;
pub mod pack;
pub mod penetration;
pub mod profile;
pub mod registry;
pub mod report;
pub mod review;
pub mod risk;
pub mod run;
pub mod scene;
pub mod sign;
pub mod survey;
pub mod system;
pub mod trend;
pub mod update;
pub mod verdict;
pub mod verify;

pub use anchor::Anchor;
pub use check::{Check, Item, Severity};
pub use finding::{Finding, Outcome};
pub use look::Look;
pub use profile::Profile;
pub use registry::{check_named, checks};
pub use report::Report;
pub use risk::Risk;
pub use run::{Aim, Run, Sources, run};
pub use scene::{Room, Scene};
pub use verdict::{Fault, Verdict};
