//! What is claimed of the operating system, a file for each part of it.

use crate::look::Look;
use crate::scene::Scene;
use crate::system::System;
use crate::verdict::Verdict;

pub(super) mod account;
pub(super) mod defence;
pub(super) mod kernel;
pub(super) mod module;
pub(super) mod mount;
pub(super) mod network;
pub(super) mod port;
pub(super) mod profile;
pub(super) mod protocol;
pub(super) mod remote_login;
mod setting;

/// Judges one part of the system.
fn part<T>(
    scene: &Scene,
    part: fn(&System) -> &Look<T>,
    judge: impl FnOnce(&T) -> Verdict,
) -> Verdict {
    scene.system.judge(|system| part(system).judge(judge))
}
