//! What is claimed of dependencies, a file for each kind of claim.

mod debian;
mod known;
mod licence;
mod lock;
mod module;
mod origin;
mod sbom;
mod state;
mod vex;

use super::facts::{Dependencies, Part, PartKind};
use crate::check::Check;
use crate::scene::Scene;
use crate::verdict::Verdict;

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &lock::READABLE,
    &lock::LOCKED,
    &lock::IN_STEP,
    &origin::CHECKSUMS,
    &origin::SOURCES,
    &origin::INSTALL_SCRIPTS,
    &known::CRITICAL,
    &known::VULNERABLE,
    &known::UNREACHED,
    &state::UNSOUND,
    &state::UNMAINTAINED,
    &state::YANKED,
    &state::RECENT,
    &licence::ALLOWED,
    &licence::KNOWN,
    &debian::SUPPORTED,
    &debian::SECURITY_UPDATES,
    &debian::SIGNED,
    &debian::WHOLE,
    &module::MET,
    &sbom::COMPLETE,
    &sbom::CURRENT,
    &vex::REASONS,
    &vex::DECIDED,
    &vex::APPLIES,
];

fn judge(scene: &Scene, with: impl FnOnce(&Dependencies) -> Verdict) -> Verdict {
    scene.dependency.judge(with)
}

/// Parts that somebody builds from source.
fn projects(found: &Dependencies) -> impl Iterator<Item = &Part> {
    found.parts.iter().filter(|part| matches!(part.kind, PartKind::Cargo | PartKind::Npm))
}

const NO_PROJECT: &str = "no Cargo or npm project: name its folder with --project";

/// Days from a date, `2026-08-20` or longer, to now; none where it is no date.
fn days_since(date: &str, now_ms: u64) -> Option<i64> {
    let date =
        time::Date::parse(date.get(..10)?, &time::format_description::well_known::Iso8601::DATE);
    let then = date.ok()?.midnight().assume_utc().unix_timestamp();
    let now = i64::try_from(now_ms / 1000).ok()?;
    Some((now - then).div_euclid(24 * 60 * 60))
}
