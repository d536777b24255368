//! Faults of pinned keys: planted in what a node tells.

use crate::Plant;
use pintle_checklist::Scene;
use pintle_checklist::key::{Batch, look};
use pintle_checklist::survey::{
    Entry, OwnKey, Pin, Place, Repeat, Running, Survey, Watch, WeakKey,
};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const NOW_MS: i64 = 20_000 * DAY_MS;

fn pin(device: &str, key: &str) -> Pin {
    Pin {
        device: device.into(),
        kind: "p256".into(),
        fingerprint: key.into(),
        by: "operator".into(),
        at_ms: NOW_MS - 100 * DAY_MS,
        fault: None,
    }
}

fn entry(what: &str, device: &str, key: &str) -> Entry {
    Entry {
        at_ms: NOW_MS - DAY_MS,
        what: what.into(),
        device: Some(device.into()),
        fingerprint: Some(key.into()),
    }
}

/// A fleet of two, one of which has had another key before, on a node that saw both come.
fn fleet() -> Survey {
    let mut survey = Survey {
        own_keys: vec![OwnKey {
            name: "udp".into(),
            kind: "p256".into(),
            bits: 256,
            fingerprint: "c0".into(),
            fault: None,
        }],
        pins: vec![pin("d1", "k1"), pin("d2", "k2")],
        history: vec![entry("pinned", "d2", "k0"), entry("replaced", "d2", "k2")],
        running: Some(Running {
            process: 1,
            watch: Watch { handshakes: 2, remembers: 16_384, ..Watch::default() },
        }),
        ..Survey::default()
    };
    survey.rsa.debian = true;
    survey
}

fn scene(survey: &Survey) -> Scene {
    let now_ms = u64::try_from(NOW_MS).unwrap();
    let mut scene = Scene { now_ms, key: look(Ok(survey)), ..Scene::default() };
    scene.profile.keys.revoked = Some(vec![Batch {
        name: "spring".into(),
        fingerprints: vec!["K9".into()],
        imported_from: Some("2024-05-01".into()),
        imported_until: Some("2024-05-02".into()),
    }]);
    scene
}

fn sound() -> Scene {
    scene(&fleet())
}

fn with(change: fn(&mut Survey)) -> Scene {
    let mut survey = fleet();
    change(&mut survey);
    scene(&survey)
}

/// Changes what the running node saw.
fn watched(change: fn(&mut Watch)) -> Scene {
    let mut survey = fleet();
    survey.running.iter_mut().for_each(|running| change(&mut running.watch));
    scene(&survey)
}

fn weak(why: &str) -> WeakKey {
    WeakKey { device: "d1".into(), with: None, why: why.into() }
}

fn repeat() -> Repeat {
    Repeat { first: "d1".into(), again: "d2".into() }
}

macro_rules! plants {
    ($($with:ident $check:literal: $change:expr,)+) => {
        &[$(Plant { check: $check, broken: || $with($change), sound },)+]
    };
}

pub const PLANTS: &[Plant] = plants! {
    with "key-one-device": |survey| survey.pins[1].fingerprint = "k1".into(),
    with "key-sound": |survey| survey.pins[0].fault = Some("its key is no point on the curve".into()),
    with "key-rsa-strong": |survey| survey.rsa.weak.push(weak("it has the fingerprint of ROCA")),
    with "key-rsa-apart": |survey| survey.rsa.shared.push(weak("it shares a prime with d2")),
    with "key-rsa-debian": |survey| survey.rsa.weak.push(weak("it is on the list (CVE-2008-0166)")),
    with "key-no-legacy": |survey| survey.pins[0].kind = "rsa1024".into(),
    with "key-vouched-for": |survey| survey.pins[0].by = "enrolment".into(),
    with "key-age": |survey| survey.pins[0].at_ms = NOW_MS - 4_000 * DAY_MS,
    with "key-batch-revoked": |survey| {
        survey.pins[0].by = "import".into();
        // Noon of 2 May 2024.
        survey.pins[0].at_ms = 1_714_651_200_000;
    },
    with "key-replaced-stays-out": |survey| survey.history.push(entry("replaced", "d2", "k0")),
    with "key-refused-stays-out": |survey| {
        survey.history.push(Entry { at_ms: NOW_MS - 200 * DAY_MS, ..entry("refused-weak-key", "d1", "k1") });
    },
    with "key-right-id": |survey| survey.history.push(entry("refused-wrong-id", "d2", "k1")),
    with "key-handshakes-quiet": |survey| survey.history.push(entry("refused-handshakes", "", "")),
    with "key-few-strangers": |survey| {
        survey.history.extend((0..21).map(|n| entry("refused-unpinned", "", &format!("s{n}"))));
    },
    watched "key-one-place": |watch| watch.places.push(Place { device: "d1".into(), turns: 3 }),
    watched "key-randoms-differ": |watch| watch.randoms.push(repeat()),
    watched "key-points-differ": |watch| watch.points.push(repeat()),
    watched "key-signatures-differ": |watch| watch.signatures.push(repeat()),
    with "key-own-sound": |survey| survey.pins[0].fingerprint = "c0".into(),
};

#[test]
fn a_key_that_came_back_is_found_when_it_is_its_devices_again_too() {
    let mut survey = fleet();
    survey.history.push(entry("replaced", "d2", "k0"));
    survey.pins[1].fingerprint = "k0".into();
    let check = pintle_checklist::check_named("key-replaced-stays-out").unwrap();
    let verdict = format!("{:?}", (check.judge)(&scene(&survey)));
    assert!(
        verdict.contains("Broken") && verdict.contains("k0") && !verdict.contains("key k2\""),
        "{verdict}"
    );
}

#[test]
fn without_a_node_that_runs_nothing_is_said_of_randomness() {
    let mut survey = fleet();
    survey.running = None;
    let check = pintle_checklist::check_named("key-randoms-differ").unwrap();
    assert!(matches!((check.judge)(&scene(&survey)), pintle_checklist::Verdict::Untried { .. }));
}
