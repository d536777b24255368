//! What is claimed of applications, a file for each part of them.

use crate::application::Applications;
use crate::look::Look;
use crate::scene::Scene;
use crate::verdict::Verdict;

pub(super) mod file;
pub(super) mod image;
pub(super) mod program;
pub(super) mod rights;
pub(super) mod service;
pub(super) mod tool;

/// Judges one part of the applications.
fn part<T>(
    scene: &Scene,
    part: fn(&Applications) -> &Look<T>,
    judge: impl FnOnce(&T) -> Verdict,
) -> Verdict {
    scene.application.judge(|found| part(found).judge(judge))
}

/// What holds of the things that were seen is not tried where some were hidden.
fn unless_hidden(verdict: Verdict, hidden: Option<&String>) -> Verdict {
    match (verdict, hidden) {
        (Verdict::Holds { .. }, Some(why)) => Verdict::untried(why.as_str()),
        (verdict, _) => verdict,
    }
}
