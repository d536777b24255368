//! Item 9: devices that take what they must not, a node that lets it out, a fleet that is behind.
//!
//! A device without a keyring is really handed everything; what the agent refuses for other reasons, and what the twin of a
//! node does, is planted in what came of the trials. Both are seen at work in `tests/interop/checklist_wire.rs`.

use crate::Plant;
use pintle_attack::Outcome;
use pintle_checklist::survey::Share;
use pintle_checklist::update::cloud::TRIALS;
use pintle_checklist::update::device::Workbench;
use pintle_checklist::update::image::Kind;
use pintle_checklist::update::{Trials, Update};
use pintle_checklist::{Look, Scene};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

fn workbench() -> Workbench {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Workbench::new(Kind { platform: 3, product: 12 }, now).unwrap()
}

/// What a device of today does.
fn of_device() -> Trials {
    static TRIED: OnceLock<Trials> = OnceLock::new();
    TRIED.get_or_init(|| workbench().try_all()).clone()
}

/// What a device does that has no keyring.
fn unpinned() -> Trials {
    static TRIED: OnceLock<Trials> = OnceLock::new();
    TRIED.get_or_init(|| workbench().unpinned().try_all()).clone()
}

fn of_cloud() -> Trials {
    TRIALS.iter().map(|name| ((*name).to_owned(), Outcome::held("refused"))).collect()
}

fn share() -> Share {
    Share {
        product: 12,
        slug: "pump".into(),
        due: 100,
        confirmed: 98,
        other: Vec::new(),
        silent: Vec::new(),
        fell_back: Vec::new(),
    }
}

fn scene(device: Trials, cloud: Trials, share: Share) -> Scene {
    let update = Update {
        device: Look::seen(["a device"], device),
        cloud: Look::seen(["a twin"], cloud),
        fleet: Look::seen(["a survey"], vec![share]),
    };
    Scene { update: Look::seen(["updates"], update), ..Scene::default() }
}

fn sound() -> Scene {
    scene(of_device(), of_cloud(), share())
}

fn without_a_keyring() -> Scene {
    scene(unpinned(), of_cloud(), share())
}

fn broke(mut trials: Trials, name: &str) -> Trials {
    assert!(trials.insert(name.to_owned(), Outcome::broke("it was taken")).is_some(), "{name}");
    trials
}

fn device(name: &str) -> Scene {
    scene(broke(of_device(), name), of_cloud(), share())
}

fn cloud(name: &str) -> Scene {
    scene(of_device(), broke(of_cloud(), name), share())
}

const fn plant(check: &'static str, broken: fn() -> Scene) -> Plant {
    Plant { check, broken, sound }
}

pub const PLANTS: &[Plant] = &[
    plant("update-device-sound", || device("sound")),
    plant("update-device-unsigned", without_a_keyring),
    plant("update-device-reviews", without_a_keyring),
    plant("update-device-keyring", without_a_keyring),
    plant("update-device-damaged", || device("turned-bit")),
    plant("update-device-board", || device("other-board")),
    plant("update-device-product", || device("other-product")),
    plant("update-device-rollback", without_a_keyring),
    plant("update-device-statement", without_a_keyring),
    plant("update-device-ended", without_a_keyring),
    plant("update-device-too-long", || device("too-long")),
    plant("update-device-power", || device("power-cut")),
    plant("update-device-resumed", || device("resumed")),
    plant("update-device-unwell", || device("never-well")),
    plant("update-device-rejected", || device("once-rejected")),
    plant("update-cloud-sound", || cloud("sound")),
    plant("update-cloud-counted", || cloud("counted")),
    plant("update-cloud-damaged", || cloud("damaged")),
    plant("update-cloud-elsewhere", || cloud("other-product")),
    plant("update-cloud-unsigned", || cloud("unsigned")),
    plant("update-cloud-reviews", || cloud("strangers")),
    plant("update-cloud-never-run", || cloud("never-run")),
    plant("update-cloud-rollback", || cloud("older-counter")),
    plant("update-cloud-unwell", || cloud("unwell")),
    plant("update-fleet-current", || {
        scene(of_device(), of_cloud(), Share { confirmed: 94, ..share() })
    }),
    plant("update-fleet-fell-back", || {
        let fell_back = vec!["0b1e00000000000000000001".to_owned()];
        scene(of_device(), of_cloud(), Share { fell_back, ..share() })
    }),
    plant("update-fleet-silent", || {
        let silent = vec!["0b1e00000000000000000002".to_owned()];
        scene(of_device(), of_cloud(), Share { silent, ..share() })
    }),
];
