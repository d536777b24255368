//! Judging settings of the kernel against what they should be.

use crate::scene::Scene;
use crate::system::claim::part;
use crate::system::kernel::{Kernel, Setting};
use crate::verdict::{Fault, Verdict};

/// What a setting should be.
pub(super) struct Rule {
    /// Its path under `/proc/sys`.
    pub(super) path: &'static str,
    /// Whether a value will do.
    pub(super) will_do: fn(i64) -> bool,
    /// What will do, for a sentence.
    pub(super) wanted: &'static str,
    /// Whether a kernel without it lacks a defence, rather than what the defence is for.
    pub(super) needed: bool,
}

/// A setting that must be at least so much.
pub(super) const fn needed(
    path: &'static str,
    will_do: fn(i64) -> bool,
    wanted: &'static str,
) -> Rule {
    Rule { path, will_do, wanted, needed: true }
}

/// A setting that must be so where the kernel has what it is about.
pub(super) const fn where_there(
    path: &'static str,
    will_do: fn(i64) -> bool,
    wanted: &'static str,
) -> Rule {
    Rule { path, will_do, wanted, needed: false }
}

/// Judges all of them; one that only root may read is not tried, and so neither are the others unless they are wrong.
pub(super) fn settings(scene: &Scene, rules: &[Rule]) -> Verdict {
    part(scene, |system| &system.kernel, |kernel| all_of(kernel, rules))
}

pub(super) fn all_of(kernel: &Kernel, rules: &[Rule]) -> Verdict {
    let mut hidden = Vec::new();
    let mut faults = Vec::new();
    for rule in rules {
        let name = rule.path.replace('/', ".");
        match kernel.settings.get(rule.path) {
            Some(Setting::Is(value)) if value.parse().is_ok_and(rule.will_do) => {}
            Some(Setting::Is(value)) => {
                faults.push(Fault::new(
                    &name,
                    format!("{name} is {value}; it should be {}.", rule.wanted),
                ));
            }
            Some(Setting::Absent) if rule.needed => {
                faults.push(Fault::new(
                    &name,
                    format!("The kernel was built without {name}, so the defence is missing."),
                ));
            }
            Some(Setting::Absent) => {}
            Some(Setting::Hidden) | None => hidden.push(name),
        }
    }
    if faults.is_empty() && !hidden.is_empty() {
        return Verdict::untried(format!(
            "{} can only be read by root: run as root",
            hidden.join(", ")
        ));
    }
    Verdict::of(faults, format!("{} settings are as they should be", rules.len()))
}
