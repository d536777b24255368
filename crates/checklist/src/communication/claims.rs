//! What is claimed of the wire.

mod device;
mod https;
mod tls;

use super::Communication;
use crate::anchor::{Anchor, asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::look::Look;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::Verdict;

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &tls::VERSIONS,
    &tls::NEWEST,
    &tls::BROKEN_SUITES,
    &tls::OLD_SUITES,
    &tls::GROUPS,
    &tls::HYBRID,
    &tls::DOWNGRADE,
    &tls::RENEGOTIATION,
    &tls::MASTER_SECRET,
    &tls::COMPRESSION,
    &tls::HEARTBEATS,
    &https::PLAIN,
    &https::VALID,
    &https::ENDS,
    &https::TRUSTED,
    &https::KEY,
    &https::LEAF,
    &https::HSTS,
    &https::BROWSER,
    &https::CACHE,
    &https::BANNER,
    &https::ORIGINS,
    &https::TRACE,
    &device::CHALLENGE,
    &device::AMPLIFICATION,
    &device::PLAIN,
    &device::SILENT,
    &device::WRONG_KEY,
    &device::NO_KEY,
    &device::ANOTHERS_ID,
    &device::SUITES,
    &device::VERSION,
    &device::REPLAY,
    &device::FORGED,
    &device::MOVED,
    &device::NUMBERS,
    &device::TCP_WRONG_KEY,
    &device::TCP_CHANGED,
    &device::TCP_REPLAY,
    &device::TCP_ORACLE,
    &device::INSIDE,
    &device::ON_THE_WIRE,
];

/// What asks for a sealed way.
const SEALED: &[Anchor] = &[
    isvs("4.1.1"),
    en303645("5.5-1"),
    cra("I.1(2)(e)"),
    asvs("V12.1"),
    nistir("data protection"),
    iso("A.8.24"),
];
/// What asks for a way on which nobody plays somebody else.
const KNOWN: &[Anchor] =
    &[isvs("4.1.2"), en303645("5.5-5"), cra("I.1(2)(d)"), nistir("logical access"), iso("A.8.5")];
/// What asks for a way on which nothing is changed.
const WHOLE: &[Anchor] =
    &[isvs("4.1.1"), en303645("5.5-1"), cra("I.1(2)(f)"), iso("A.8.20"), iso("A.8.24")];
/// What asks for care with browsers.
const BROWSERS: &[Anchor] = &[asvs("V3.4"), cra("I.1(2)(j)"), iso("A.8.26")];
/// What asks for little to be in reach of a stranger.
const SMALL: &[Anchor] = &[en303645("5.6-2"), cra("I.1(2)(j)"), isvs("3.2.2"), iso("A.8.20")];
/// What asks that nobody be made to stand still, or to make others do so.
const STANDING: &[Anchor] = &[en303645("5.9-1"), cra("I.1(2)(h)"), cra("I.1(2)(i)"), iso("A.8.6")];

const DATA: &[Risk] = &[Risk::CustomerData, Risk::CorporateData, Risk::Reputation];
const ACTS: &[Risk] = &[Risk::CustomerData, Risk::PhysicalDamage, Risk::Liability];
const STOPS: &[Risk] = &[Risk::Downtime, Risk::Liability];

/// A check of this room; its texts are still to be said.
const fn check(id: &'static str, severity: Severity, judge: fn(&Scene) -> Verdict) -> Check {
    Check {
        id,
        item: Item::Communication,
        severity,
        claim: "",
        how: "",
        remedy: "",
        anchors: SEALED,
        risks: DATA,
        room: Room::Communication,
        judge,
    }
}

/// Judges one part of what was seen.
fn of<T>(
    scene: &Scene,
    part: impl FnOnce(&Communication) -> &Look<T>,
    judge: impl FnOnce(&T) -> Verdict,
) -> Verdict {
    scene.communication.judge(|found| part(found).judge(judge))
}
