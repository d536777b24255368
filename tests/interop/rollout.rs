//! A rollout to two hundred virtual devices, each with two slots of its own, of which one in ten finds the new image
//! not well: what `pintle rollout status` says is held against the devices themselves whenever it is asked.

mod fleet;

use crate::cloud::{Cloud, output_of};
use fleet::{Fleet, Seen};
use pintle_cloud::DeviceId;
use pintle_cloud::product::rollout::draw;
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform, Product};
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const DEVICES: u8 = 200;
const PRODUCT: u16 = 12_000;
/// What virtual devices are.
const PLATFORM: u16 = 3;
/// So many may be under way at once.
const AT_ONCE: usize = 4;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// A breath between two questions.
const BREATH: Duration = Duration::from_millis(50);

fn module(version: u16) -> Vec<u8> {
    let content: Vec<u8> = (0..40_000_u32).map(|n| (n * u32::from(version)) as u8).collect();
    let mut builder = Builder::new(Platform(PLATFORM), Function::USER_PART, 0, &content);
    builder.product = Some(Product { id: PRODUCT, version });
    builder.build()
}

/// The devices in the order of the first rollout; every tenth of them is ill, but for those of the first stage.
fn devices() -> (Vec<DeviceId>, Vec<DeviceId>) {
    let all = (0..DEVICES).map(|n| {
        let mut id = [0xe5; 12];
        id[11] = n;
        DeviceId::from_bytes(id)
    });
    let drawn = draw(1, all);
    let is_ill = |rank: usize| rank % 10 == 5 && rank > 10 || rank == 199;
    let ill = drawn.iter().enumerate().filter(|(rank, _)| is_ill(*rank)).map(|(_, id)| *id);
    let ill = ill.collect();
    (drawn, ill)
}

/// A product with one firmware of the new version, and all these devices.
fn make_product(cloud: &Cloud, devices: &[DeviceId], new: &[u8]) {
    let api = cloud.log_in();
    let product = [
        ("id", PRODUCT.to_string()),
        ("name", "Pump".into()),
        ("platform_id", PLATFORM.to_string()),
    ];
    let product: Vec<_> = product.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, body) = api.post("/v1/products", &product);
    assert_eq!(status, 200, "{body}");
    let ids: String = devices.iter().map(|id| format!("{id}\n")).collect();
    let path = format!("/v1/products/{PRODUCT}");
    let (status, body) = api.post_file(&format!("{path}/devices"), &[], ids.as_bytes());
    assert_eq!((status, body["updated"].as_u64()), (200, Some(DEVICES.into())), "{body}");
    let fields = [("version", "2"), ("title", "second")];
    let (status, body) = api.post_file(&format!("{path}/firmware"), &fields, new);
    assert_eq!(status, 201, "{body}");
}

/// What the command says, of every device of the open stages.
fn status(cloud: &Cloud) -> Value {
    let said = output_of(&mut cloud.command(&["rollout", "status", "--json", "--all"]));
    serde_json::from_str(&said).expect("JSON")
}

fn states(status: &Value) -> HashMap<DeviceId, String> {
    let devices = status["devices"].as_array().expect("devices");
    let text = |value: &Value| value.as_str().map(str::to_owned).expect("text");
    let state = |one: &Value| (text(&one["device"]).parse().expect("an id"), text(&one["state"]));
    devices.iter().map(state).collect()
}

/// Asks how it stands, and holds that against what the devices were just before and are just after.
fn compare(cloud: &Cloud, fleet: &Fleet) -> Value {
    let before = fleet.look();
    let status = status(cloud);
    let after = fleet.look();
    let states = states(&status);
    let mut under_way = 0;
    for (id, was) in &before {
        let is = &after[id];
        let Some(state) = states.get(id).map(String::as_str) else {
            assert_eq!(is.tried, 0, "{id} is in no open stage, and tried the image");
            continue;
        };
        match state {
            "updated" => assert!(is.runs_new && is.confirmed, "{id} is counted, and is {is:?}"),
            "fell-back" => assert!(is.tried == 1 && !is.runs_new, "{id} fell back? {is:?}"),
            "sending" | "sent" => under_way += 1,
            _ => {}
        }
        // Where it has said all it has to say, and had nothing new to say meanwhile, that is what is shown.
        if was.has_reported() && was == is {
            let truth = if is.runs_new { "updated" } else { "fell-back" };
            assert_eq!(state, truth, "{id} is {is:?}");
        }
        assert!(is.tried <= 1, "{id} was offered again what it fell back from");
    }
    assert!(under_way <= AT_ONCE, "{under_way} at once");
    check_counts(&status, &states);
    status
}

/// The stages count what is named.
fn check_counts(status: &Value, states: &HashMap<DeviceId, String>) {
    let stages = status["stages"].as_array().expect("stages");
    let of =
        |name: &str| stages.iter().filter_map(|stage| stage["states"][name].as_u64()).sum::<u64>();
    for name in ["updated", "fell-back", "sending", "sent", "waiting", "offline"] {
        let named = states.values().filter(|state| *state == name).count() as u64;
        assert_eq!(named, of(name), "{name}");
    }
}

fn count(status: &Value, state: &str) -> usize {
    states(status).values().filter(|found| *found == state).count()
}

/// Compares until this holds.
fn compare_until(
    cloud: &Cloud,
    fleet: &Fleet,
    what: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = compare(cloud, fleet);
        if holds(&status) {
            return status;
        }
        assert!(Instant::now() < deadline, "{what} did not come: {status:#}");
        fleet.wait_for_news(BREATH);
    }
}

#[test]
fn p8_a_rollout_halts_by_itself_and_says_the_truth_at_every_moment_also_after_a_kill() {
    let mut cloud = Cloud::start();
    let (drawn, ill) = devices();
    let (old, new) = (module(1), module(2));
    let fleet = Fleet::start(&cloud, &drawn, &ill, old, Digest::of(&new).0);
    make_product(&cloud, &drawn, &new);
    fleet.wait_until_all_are_connected();

    let mut start = cloud.command(&["rollout", "start", "--json", "--wait", "1s"]);
    start.args(["--product", &PRODUCT.to_string(), "--version", "2", "--stages", "5,25,100"]);
    start.args(["--success", "95", "--at-once", &AT_ONCE.to_string()]);
    let started: Value = serde_json::from_str(&output_of(&mut start)).expect("JSON");
    assert_eq!((&started["rollout"], &started["phase"]), (&1.into(), &"running".into()));

    // In the middle of the second stage, with transfers under way.
    let middle = compare_until(&cloud, &fleet, "the middle of the second stage", |status| {
        count(status, "updated") >= 12 && count(status, "sending") > 0
    });
    assert_eq!(middle["phase"], "running");
    cloud.kill();
    let at_rest = compare(&cloud, &fleet);
    assert_eq!((&at_rest["node"], &at_rest["phase"]), (&false.into(), &"running".into()));
    assert!(count(&at_rest, "updated") >= 12, "{at_rest:#}");
    cloud.start_again();

    let end = compare_until(&cloud, &fleet, "the halt", |status| {
        status["phase"] == "halted" && count(status, "sent") + count(status, "sending") == 0
    });
    let why = end["why"].as_str().expect("why");
    assert!(why.contains("stage 2") && why.contains("fell back"), "{why}");
    let fell_back = count(&end, "fell-back");
    assert!((3..=4).contains(&fell_back), "{end:#}");
    assert_eq!(end["stages"][2]["phase"], "closed");
    for (id, Seen { tried, runs_new, .. }) in fleet.look() {
        let is_ill = ill.contains(&id);
        assert_eq!(runs_new, tried > 0 && !is_ill, "{id}");
    }
    let reasons = end["devices"].as_array().expect("devices").iter();
    let reasons = reasons.filter(|one| one["state"] == "fell-back").map(|one| &one["why"]);
    assert!(reasons.clone().all(|why| *why == fleet::ILL), "{:?}", reasons.collect::<Vec<_>>());

    // A person goes on: what is known counts no more, and nobody is offered again what it fell back from. Those that were
    // sent to when the node was killed wait for chunks for minutes before they come again.
    let stage_2 = |status: &Value, state: &str| status["stages"][1]["states"][state].as_u64();
    output_of(&mut cloud.command(&["rollout", "resume"]));
    let resumed = compare_until(&cloud, &fleet, "the rest of the second stage", |status| {
        ["waiting", "sending", "sent"].iter().all(|state| stage_2(status, state).is_none())
    });
    assert_eq!(resumed["phase"], "running", "{resumed:#}");
    output_of(&mut cloud.command(&["rollout", "halt"]));
    compare_until(&cloud, &fleet, "silence", |status| {
        assert_eq!(status["phase"], "halted");
        count(status, "sent") + count(status, "sending") == 0
    });
}
