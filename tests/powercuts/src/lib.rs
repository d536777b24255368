//! Cuts a device's power at every byte it writes, and looks at what it boots (P8).
//!
//! A history is a few updates of one device: good images, images that crash or find themselves unwell, older ones,
//! ones that were rejected before, broken transfers, a cloud that changes its mind. It runs once without a cut; and
//! from before each of its steps once again for every point in it at which the power can fail: before, after and inside
//! every write, with the byte in question half written, and inside every erasure, with the rest of the block half
//! erased. Each time the power comes back, fails again in half of them or finds a bit of the state turned, and the
//! update goes on until cloud and device are done with it.
//!
//! - [`flash`]: flash that loses its power, and does not forgive what real flash does not.
//! - [`history`]: what happens to the device, from a seed.
//! - [`world`]: device and cloud, in steps.
//! - [`promise`]: what was promised, and must be so at every boot.
//! - [`explore`]: all the cuts of a history.

pub mod explore;
pub mod flash;
pub mod history;
pub mod promise;
pub mod world;
