//! What is claimed of attacks and of hired testers' findings.

use super::attempts::Attempts;
use super::hired::{Found, Grade, Hired, State};
use super::{Penetration, Record};
use crate::anchor::{Anchor, asvs, cra, en303645, iso, isvs};
use crate::check::{Check, Item, Severity};
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::{Fault, Verdict};
use pintle_attack::Outcome;
use time::{Date, format_description::well_known::Iso8601};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

const TESTED: &[Anchor] = &[isvs("1.1.3"), cra("I.2(3)"), iso("A.8.29"), asvs("V15.1")];
const HANDLED: &[Anchor] = &[cra("I.2(2)"), en303645("5.2-2"), iso("A.8.8"), isvs("1.1.5")];
const ALL_DATA: &[Risk] =
    &[Risk::CustomerData, Risk::CorporateData, Risk::PhysicalDamage, Risk::Downtime];
const OWED: &[Risk] = &[Risk::Liability, Risk::Reputation];

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &SELECTION_HELD,
    &SELECTION_TRIED,
    &FULL_HELD,
    &FULL_BUILD,
    &FULL_RECENT,
    &HIRED_SEVERE,
    &HIRED_CLOSED,
    &HIRED_RETESTED,
    &HIRED_RECENT,
];

const fn check(id: &'static str, severity: Severity, judge: fn(&Scene) -> Verdict) -> Check {
    Check {
        id,
        item: Item::PenetrationTest,
        severity,
        claim: "",
        how: "",
        remedy: "",
        anchors: TESTED,
        risks: ALL_DATA,
        room: Room::Penetration,
        judge,
    }
}

static SELECTION_HELD: Check = Check {
    claim: "The node withstands every attack of the quick selection.",
    how: "A twin of the node, with the same program and configuration, is attacked with the quick cases of `pintle attack`.",
    remedy: "Run `pintle attack --only ID` for each case named here and read what it saw; update Pintle, or switch the protection back on that is missing.",
    ..check("penetration-selection-held", Severity::Critical, |scene| {
        within(scene, |found| found.selection.judge(|attempts| held(attempts, "of this run")))
    })
};

static SELECTION_TRIED: Check = Check {
    claim: "Every attack of the quick selection could be tried.",
    how: "The cases of the selection that ended without an answer are counted.",
    remedy: "Give the run what the cases name as missing; an attack that was not tried proves nothing.",
    ..check("penetration-selection-tried", Severity::Low, |scene| {
        within(scene, |found| found.selection.judge(all_tried))
    })
};

static FULL_HELD: Check = Check {
    claim: "The node withstood every attack of the last full run.",
    how: "The record that the last full run of the attacks left is read.",
    remedy: "Mend what broke, then run `pintle attack --full` again.",
    ..check("penetration-full-held", Severity::Critical, |scene| {
        within(scene, |found| {
            found.full.judge(|record| held(&record.attempts, "of the last full run"))
        })
    })
};

static FULL_BUILD: Check = Check {
    claim: "The last full run of the attacks was against the program that runs now.",
    how: "The SHA-256 of the program is compared with the one in the record of the last full run.",
    remedy: "Run `pintle attack --full` after every update of the program.",
    anchors: &[isvs("1.1.3"), cra("I.2(3)"), iso("A.8.29"), iso("A.8.32")],
    ..check("penetration-full-build", Severity::Medium, |scene| {
        within(scene, |found| {
            found.full.judge(|record| found.build.judge(|build| same_build(record, build)))
        })
    })
};

static FULL_RECENT: Check = Check {
    claim: "The last full run of the attacks is as recent as the product's plan asks for.",
    how: "The time in the record of the last full run is held against `full-run-days` of the profile.",
    remedy: "Run `pintle attack --full`, and have a timer do it: `pintle checklist schedule` prints one.",
    ..check("penetration-full-recent", Severity::Medium, |scene| {
        within(scene, |found| found.full.judge(|record| recent_run(scene, record)))
    })
};

static HIRED_SEVERE: Check = Check {
    claim: "Nothing critical or high that hired testers found is still open.",
    how: "The reports that the profile names are read, with what was said of each finding since.",
    remedy: "Mend each finding named here, have it tried again, and write the retest into the profile under [[penetration.retests]].",
    anchors: HANDLED,
    risks: ALL_DATA,
    ..check("penetration-hired-severe", Severity::High, |scene| {
        findings(
            scene,
            |found| found.state == State::Open && found.grade >= Grade::High,
            "critical or high",
        )
    })
};

static HIRED_CLOSED: Check = Check {
    claim: "Nothing low or medium that hired testers found is still open.",
    how: "The reports that the profile names are read, with what was said of each finding since.",
    remedy: "Mend each finding named here, or accept it in the profile with a reason and a last day.",
    anchors: HANDLED,
    risks: ALL_DATA,
    ..check("penetration-hired-closed", Severity::Medium, |scene| {
        let is = |found: &Found| {
            found.state == State::Open && matches!(found.grade, Grade::Low | Grade::Medium)
        };
        findings(scene, is, "low or medium")
    })
};

static HIRED_RETESTED: Check = Check {
    claim: "Every finding of hired testers that is said to be mended was tried again and was gone.",
    how: "Findings that a report or the profile calls mended are looked up among the retests.",
    remedy: "Have somebody who did not mend it try the finding again, and write down when and by whom.",
    anchors: HANDLED,
    risks: OWED,
    ..check("penetration-hired-retested", Severity::Medium, |scene| {
        findings(scene, |found| found.state == State::Mended, "mended and never retested")
    })
};

static HIRED_RECENT: Check = Check {
    claim: "People from outside tried to break in as recently as the product's plan asks for.",
    how: "The last day of the newest test that the profile names is held against its `hired-days`.",
    remedy: "Have the product tested by people from outside, and name their report in the profile.",
    anchors: &[isvs("1.1.3"), cra("I.2(3)"), iso("A.5.35")],
    risks: OWED,
    ..check("penetration-hired-recent", Severity::Low, |scene| {
        within(scene, |found| found.hired.judge(|hired| recent_test(scene, hired)))
    })
};

fn within(scene: &Scene, judge: impl FnOnce(&Penetration) -> Verdict) -> Verdict {
    scene.penetration.judge(judge)
}

fn held(attempts: &Attempts, which: &str) -> Verdict {
    if attempts.tried() == 0 {
        return Verdict::untried(format!("none of the attacks {which} could be tried"));
    }
    let faults = attempts.0.iter().filter_map(|(id, outcome)| match outcome {
        Outcome::Broke { seen } => Some(Fault::new(id, seen)),
        _ => None,
    });
    let tried = attempts.tried();
    let left = attempts.0.len().saturating_sub(tried);
    let left = if left == 0 { String::new() } else { format!("; {left} could not be tried") };
    Verdict::of(faults, format!("{tried} attacks {which} held{left}"))
}

fn all_tried(attempts: &Attempts) -> Verdict {
    if attempts.0.is_empty() {
        return Verdict::untried("the selection has no case that fits this target");
    }
    let faults = attempts.0.iter().filter_map(|(id, outcome)| match outcome {
        Outcome::Untried { why } => Some(Fault::new(id, why)),
        _ => None,
    });
    Verdict::of(faults, format!("{} attacks, all of them tried", attempts.0.len()))
}

fn same_build(record: &Record, build: &str) -> Verdict {
    Verdict::claim(record.build == *build, format!("both are {}", short(build)), || {
        let (was, is) = (short(&record.build), short(build));
        let of = &record.version;
        Fault::new(
            "the program",
            format!("the last full run was against {was} (version {of}), and {is} runs now"),
        )
    })
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn recent_run(scene: &Scene, record: &Record) -> Verdict {
    let days = scene.profile.penetration.full_run_days;
    let age = scene.now_ms.saturating_sub(record.at_ms) / DAY_MS;
    Verdict::claim(age <= u64::from(days), format!("not older than {days} days"), || {
        Fault::new(
            "the last full run",
            format!("it is {age} days old, and the plan says {days} at most"),
        )
    })
}

fn findings(scene: &Scene, is: impl Fn(&Found) -> bool, what: &str) -> Verdict {
    let judge = |hired: &Hired| {
        let named = |found: &&Found| is(found);
        let faults = hired.findings.iter().filter(named).map(fault_of);
        let (all, tests) = (hired.findings.len(), hired.tests.len());
        Verdict::of(faults, format!("{all} findings in {tests} reports, none of them {what}"))
    };
    within(scene, |found| found.hired.judge(judge))
}

fn fault_of(found: &Found) -> Fault {
    let place = if found.place.is_empty() { String::new() } else { format!(" ({})", found.place) };
    Fault::new(&found.id, format!("{}: {}{place}", found.grade.name(), found.title))
}

fn recent_test(scene: &Scene, hired: &Hired) -> Verdict {
    let days = scene.profile.penetration.hired_days;
    let Some(last) = hired.tests.iter().map(|test| &test.day).max() else {
        return Verdict::untried("no report names a day");
    };
    let Ok(day) = Date::parse(last, &Iso8601::DATE) else {
        return Verdict::untried(format!("\"{last}\" is no day: write it as 2026-05-31"));
    };
    let end = day.midnight().assume_utc().unix_timestamp();
    let end_ms = u64::try_from(end).unwrap_or(0).saturating_mul(1000);
    let age = scene.now_ms.saturating_sub(end_ms) / DAY_MS;
    Verdict::claim(age <= u64::from(days), format!("the last one ended on {last}"), || {
        Fault::new(
            "the last test by hired people",
            format!("it ended on {last}, {age} days ago; the plan says {days} at most"),
        )
    })
}
