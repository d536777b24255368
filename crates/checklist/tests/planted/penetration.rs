//! Item 7: attacks that broke, a record that is old or of another program, findings that nobody mended.

use crate::Plant;
use pintle_attack::Outcome;
use pintle_checklist::penetration::plan::{Plan, Report, Retest};
use pintle_checklist::penetration::{Asked, Attempts, Record, look};
use pintle_checklist::{Look, Profile, Scene};
use std::fs;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// 2026-11-20 in milliseconds.
const NOW_MS: u64 = 1_795_132_800_000;
/// SHA-256 of the program below.
const BUILD: &str = "3b7f37955ba8a1a2ec27b7ed9b8c8d1a8d4e1f1e0e3e8df7a9a5ea1d1a7e0f11";

/// What is to be wrong.
#[derive(Default)]
struct World {
    attempts: Vec<(&'static str, Outcome)>,
    full: Vec<(&'static str, Outcome)>,
    days: u64,
    other_build: bool,
    report: &'static str,
    tested: &'static str,
    retests: Vec<Retest>,
}

const HEAD: &str = "id,title,severity,status,retested\n";

/// Files of the world are laid out, and looked at.
fn scene(world: World) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("program"), "the program").unwrap();
    fs::write(at("report.csv"), format!("{HEAD}{}", world.report)).unwrap();
    let day = if world.tested.is_empty() { "2026-09-30" } else { world.tested };
    let report = Report { file: "report.csv".into(), by: "Testers".into(), day: day.into() };
    let plan = Plan { reports: vec![report], retests: world.retests, ..Plan::default() };
    let held = |all: Vec<(&'static str, Outcome)>| -> Attempts {
        if all.is_empty() {
            [("dtls-wrong-key", Outcome::held("silence"))].into_iter().collect()
        } else {
            all.into_iter().collect()
        }
    };
    let program = at("program");
    let asked = |record: Option<&std::path::Path>, attempts: Attempts| {
        look(Asked {
            attempts: Look::seen(["attacks"], attempts),
            record,
            program: Ok(&program),
            plan: &plan,
            folder: folder.path(),
        })
    };
    let first = asked(None, Attempts::default());
    let build = first.found.unwrap().build.found.unwrap();
    assert_eq!(build.len(), BUILD.len());
    let build = if world.other_build { BUILD.to_owned() } else { build };
    let at_ms = NOW_MS - world.days * DAY_MS;
    let record = Record { build, version: "1".into(), at_ms, attempts: held(world.full) };
    record.keep(&at("attacks.json")).unwrap();
    let penetration = asked(Some(&at("attacks.json")), held(world.attempts));
    let profile = Profile { penetration: plan.clone(), ..Profile::default() };
    Scene { now_ms: NOW_MS, profile, penetration, ..Scene::default() }
}

fn sound() -> Scene {
    let retest = Retest {
        finding: "PT-2".into(),
        day: "2026-10-10".into(),
        by: "Testers".into(),
        gone: true,
    };
    scene(World {
        report: "PT-1,Login guessed,high,fixed,2026-10-01\nPT-2,Banner,low,open,\nPT-3,Nothing,info,open,\n",
        retests: vec![retest],
        ..World::default()
    })
}

fn broke() -> Vec<(&'static str, Outcome)> {
    vec![("dtls-wrong-key", Outcome::broke("it was let in"))]
}

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

pub const PLANTS: &[Plant] = &[
    plant("penetration-selection-held", || scene(World { attempts: broke(), ..World::default() })),
    plant("penetration-selection-tried", || {
        let attempts =
            vec![("tcp-repeated-frame", Outcome::untried("no device of the TCP service"))];
        scene(World { attempts, ..World::default() })
    }),
    plant("penetration-full-held", || scene(World { full: broke(), ..World::default() })),
    plant("penetration-full-build", || scene(World { other_build: true, ..World::default() })),
    plant("penetration-full-recent", || scene(World { days: 91, ..World::default() })),
    plant("penetration-hired-severe", || {
        scene(World { report: "PT-1,Login guessed,critical,open,\n", ..World::default() })
    }),
    plant("penetration-hired-closed", || {
        let still = Retest {
            finding: "PT-1".into(),
            day: "2026-10-10".into(),
            by: "Testers".into(),
            gone: false,
        };
        scene(World {
            report: "PT-1,Banner,low,fixed,\n",
            retests: vec![still],
            ..World::default()
        })
    }),
    plant("penetration-hired-retested", || {
        scene(World { report: "PT-1,Login guessed,high,fixed,\n", ..World::default() })
    }),
    plant("penetration-hired-recent", || scene(World { tested: "2025-09-30", ..World::default() })),
];
