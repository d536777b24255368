//! Vulnerabilities that are known.

use super::judge;
use crate::anchor::{asvs, cra, en303645, iso, isvs, nistir};
use crate::check::{Check, Item, Severity};
use crate::dependency::advisory::Kind;
use crate::dependency::component::Ecosystem;
use crate::dependency::facts::{Dependencies, Known, Match};
use crate::dependency::reach::Reach;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};

/// From this base score on, CVSS calls it critical.
const CRITICAL_SCORE: f64 = 9.0;

/// Where vulnerabilities are published in a form that is read here.
const ALL: [Ecosystem; 3] = [Ecosystem::Cargo, Ecosystem::Npm, Ecosystem::Debian];

pub static CRITICAL: Check = Check {
    id: "dependency-vulnerable-critical",
    item: Item::Dependencies,
    severity: Severity::Critical,
    claim: "Nothing that the product reaches has a known vulnerability with a CVSS score of 9 or more.",
    how: "Holds the version of every component against the advisories, and asks whether anything that uses it names what does \
          the harm. What a VEX statement settles does not count.",
    remedy: "Take a version in which it is mended and release it now. Where the product cannot be harmed by it, say so with the \
             reason in a VEX statement and pass that with --vex.",
    anchors: &[
        isvs("1.2.1"),
        en303645("5.2-3"),
        cra("I.1(2)(a)"),
        cra("14"),
        asvs("V15.2"),
        iso("A.8.8"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::PhysicalDamage, Risk::Downtime],
    room: Room::Dependency,
    judge: |scene| vulnerable(scene, |one| is_reached(one) && is_critical(one)),
};

pub static VULNERABLE: Check = Check {
    id: "dependency-vulnerable",
    item: Item::Dependencies,
    severity: Severity::High,
    claim: "Nothing that the product reaches has a known vulnerability.",
    how: "Holds the version of every component against the advisories, and asks whether anything that uses it names what does \
          the harm; a score of 9 or more is another check's. What a VEX statement settles does not count.",
    remedy: "Take a version in which it is mended. Where the product cannot be harmed by it, say so with the reason in a VEX \
             statement and pass that with --vex.",
    anchors: &[
        isvs("1.2.1"),
        en303645("5.2-3"),
        cra("I.1(2)(a)"),
        cra("I.2(2)"),
        asvs("V15.2"),
        iso("A.8.8"),
        nistir("Software Update"),
    ],
    risks: &[Risk::CustomerData, Risk::CorporateData, Risk::Downtime, Risk::Liability],
    room: Room::Dependency,
    judge: |scene| vulnerable(scene, |one| is_reached(one) && !is_critical(one)),
};

pub static UNREACHED: Check = Check {
    id: "dependency-vulnerable-unreached",
    item: Item::Dependencies,
    severity: Severity::Low,
    claim: "Nothing that the product carries along, builds or tests with is known to be vulnerable, reached or not.",
    how: "Holds the version of every component against the advisories, and keeps those here that the product does not reach: \
          needed by tests or the build alone, harmful on other systems, or named by nothing that uses it.",
    remedy: "Take a version in which it is mended when there is time, or write down in a VEX statement why it is not reached; a \
             change elsewhere may reach it tomorrow.",
    anchors: &[isvs("1.2.1"), cra("I.2(2)"), asvs("V15.2"), iso("A.8.8")],
    risks: &[Risk::Liability],
    room: Room::Dependency,
    judge: |scene| {
        judged(scene, &ALL, |one| {
            matches!(one.kind, Kind::Vulnerability | Kind::Unsound) && !is_reached(one)
        })
    },
};

pub(super) fn is_reached(one: &Match) -> bool {
    !matches!(one.reach, Reach::No(_))
}

fn is_critical(one: &Match) -> bool {
    one.score.is_some_and(|score| score >= CRITICAL_SCORE)
}

fn vulnerable(scene: &Scene, is: impl Fn(&Match) -> bool) -> Verdict {
    judged(scene, &ALL, |one| one.kind == Kind::Vulnerability && is(one))
}

/// Broken by the matches that count and that nobody settled. Where there is none, it holds only if everything among these
/// ecosystems was looked up.
pub(super) fn judged(
    scene: &Scene,
    among: &[Ecosystem],
    counts: impl Fn(&Match) -> bool,
) -> Verdict {
    judge(scene, |found| {
        found.known.judge(|known| {
            let counting: Vec<&Match> = known.matches.iter().filter(|one| counts(one)).collect();
            let open = counting.iter().filter(|one| !is_settled(one));
            let faults: Vec<Fault> = open.map(|one| fault(one)).collect();
            let settled = counting.len() - faults.len();
            let blind = blind(found, known, among);
            if faults.is_empty() && !blind.is_empty() {
                return Verdict::untried(blind.join("; "));
            }
            Verdict::of(faults, seen(found, known, settled))
        })
    })
}

fn is_settled(one: &Match) -> bool {
    one.answer.as_ref().is_some_and(|answer| answer.settles)
}

/// What was held against nothing.
fn blind(found: &Dependencies, known: &Known, among: &[Ecosystem]) -> Vec<String> {
    let uncovered = among.iter().copied().filter(|one| !known.coverage.contains_key(one));
    uncovered
        .filter_map(|one| {
            let count = found.count(one);
            let name = one.title();
            (count > 0).then(|| {
                format!(
                    "{count} components of {name} were held against nothing: add advisories for {name} with --advisories"
                )
            })
        })
        .collect()
}

fn seen(found: &Dependencies, known: &Known, settled: usize) -> String {
    let parts: Vec<String> = known
        .coverage
        .iter()
        .map(|(ecosystem, coverage)| {
            let (count, title) = (found.count(*ecosystem), ecosystem.title());
            format!("{count} components of {title} against {} advisories", coverage.advisories)
        })
        .collect();
    match settled {
        0 => parts.join(", "),
        _ => format!("{}; {settled} settled by VEX", parts.join(", ")),
    }
}

fn fault(one: &Match) -> Fault {
    let fixed = match one.fixed.as_slice() {
        [] => "not mended in any version".into(),
        fixed => format!("mended in {}", fixed.join(" or ")),
    };
    let score = one.score.map(|score| format!(", CVSS {score:.1}")).unwrap_or_default();
    let reach = match &one.reach {
        Reach::Yes(why) => format!("reached: {why}"),
        Reach::No(why) => format!("not reached: {why}"),
        Reach::Untold(why) => format!("whether it is reached cannot be told: {why}"),
    };
    let title = if one.title.is_empty() { "no title" } else { &one.title };
    let detail = format!("{title}{score}; in {}; {fixed}; {reach}", one.of);
    Fault::new(format!("{} {}", one.advisory, one.component), detail)
}
