//! Hours of fleet life in milliseconds: the devices' and the cloud's own code on virtual time and a virtual
//! network, with everything that can go wrong, from a seed.
//!
//! Nothing here knows how the cloud keeps its promises. [`oracle`] sees what devices were told, what the
//! bus and the outbox heard, and every datagram on the wire, and judges:
//!
//! - P2: nothing that an outsider sends ends a session or is acted on.
//! - P3: an event, a call and a message to a device are acted on at most once.
//! - P4: no record on the wire repeats a nonce under its key.
//! - No event that was acknowledged is lost, and when the faults end everybody comes back.
//!
//! A seed decides everything: the [`plan`], each datagram's fate, each attack, when frames of the journal are
//! written and what a crash leaves of them. Keys and signatures are real and differ between two runs, so no
//! decision looks at a ciphertext, nor at a length that a signature is part of. Two runs of one seed leave
//! the same [`trace`].

pub mod attacker;
pub mod cloud;
pub mod device;
pub mod hunt;
pub mod keys;
pub mod lot;
pub mod network;
pub mod oracle;
pub mod plan;
pub mod queue;
pub mod run;
pub mod trace;
pub mod wire;

pub use run::{Options, Outcome, Tally, run, run_plan};
