//! Rooms of the checklist on a real node: what a stranger and a tap see of it, and what becomes of updates that a virtual
//! device of a scratch product is to get from it.

use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::Device;
use pintle_attack::target::Person;
use pintle_attack::{Outcome, Target};
use pintle_checklist::communication::{self, Communication, Stranger, attempted};
use pintle_checklist::update::{self, Bench};
use pintle_checklist::{Look, Scene, Verdict};
use pintle_device::Folder;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HEARD: &str = "0b1e0000000000000000c401";
const UPDATED: &str = "0b1e0000000000000000c402";
const PATIENCE: Duration = Duration::from_secs(20);

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("a time")
}

fn target(cloud: &Cloud) -> Target {
    Target {
        udp: Some(cloud.udp()),
        api: Some(cloud.api_url()),
        authority: Some(cloud.ca()),
        ..Target::default()
    }
}

/// A device of the operator's that does not run.
fn device(cloud: &Cloud, id: &str) -> Folder {
    let device = Device::new(cloud, id, cloud.udp());
    cloud.pin(id, &device.public_key());
    Folder::open(device.folder()).expect("a device")
}

/// Every check of a room must hold, but those that need what was not given.
fn all_hold(scene: &Scene, room: &str, untried: &[&str]) {
    for check in pintle_checklist::checks().filter(|check| check.room.name() == room) {
        let verdict = (check.judge)(scene);
        match untried.contains(&check.id) {
            true => {
                assert!(matches!(verdict, Verdict::Untried { .. }), "{}: {verdict:?}", check.id)
            }
            false => assert!(matches!(verdict, Verdict::Holds { .. }), "{}: {verdict:?}", check.id),
        }
    }
}

#[test]
fn a_stranger_and_a_tap_find_nothing_at_a_fresh_node_and_the_same_each_time() {
    let cloud = Cloud::start();
    let (target, device) = (target(&cloud), device(&cloud, HEARD));
    let held = attempted::cases().map(|case| (case, Outcome::held("held"))).collect();
    let attempts = Look::seen(["attacks"], held);
    let look = |scratch: &str| -> Look<Communication> {
        communication::look(&Stranger {
            target: Ok(&target),
            attempts: &attempts,
            device: Ok(&device),
            scratch: &cloud.scratch(scratch),
            patience: PATIENCE,
        })
    };
    let first = look("first");
    let evidence = |look: &Look<Communication>| serde_json::to_string(look).expect("JSON");
    assert_eq!(evidence(&first), evidence(&look("again")));
    let scene = Scene { now_ms: now_ms(), communication: first, ..Scene::default() };
    all_hold(&scene, "communication", &[]);
}

#[test]
fn p8_the_checklist_updates_a_virtual_device_through_a_node_and_gets_nothing_bad_out_of_it() {
    let cloud = Cloud::start();
    let (target, device) = (target(&cloud), device(&cloud, UPDATED));
    let person = Person { name: USER.into(), password: PASSWORD.into(), seed: None };
    let bench = Bench { target: &target, person: &person, device };
    let update = update::look(Ok(bench), Err("no survey".to_owned()), now_ms());
    let scene = Scene { now_ms: now_ms(), update, ..Scene::default() };
    let of_fleet = ["update-fleet-current", "update-fleet-fell-back", "update-fleet-silent"];
    all_hold(&scene, "update", &of_fleet);
}
