//! Faults of releases and of what runs in the field: signed for real, and planted in what a node tells.

use crate::Plant;
use pintle_checklist::review::look;
use pintle_checklist::survey::{Device, Firmware, Keyring, KeyringKey, Product, Survey};
use pintle_checklist::{Scene, Verdict, check_named};
use pintle_firmware::Digest;
use pintle_firmware::module::Platform;
use pintle_firmware::release::{Key, KeyringBuilder, Kind, Release, Role, Thresholds, sign};
use pintle_firmware::signature::{AwsLcSigner, NewKey, Sign};

const NOW_S: u64 = 1_700_000_000;
const LATER_S: u64 = NOW_S + 365 * 24 * 3_600;
const SOON_S: u64 = NOW_S + 24 * 3_600;

/// The keys of a product: two roots, one who releases, one who reviews.
struct Keys([AwsLcSigner; 4]);

impl Keys {
    fn new() -> Self {
        let one = || AwsLcSigner::from_pkcs8(NewKey::ed25519().unwrap().expose()).unwrap();
        Self([one(), one(), one(), one()])
    }

    fn signers(&self, which: &[usize]) -> Vec<&dyn Sign> {
        which.iter().map(|at| &self.0[*at] as &dyn Sign).collect()
    }

    fn keyring(&self, expiry: u64, review: u8, roots: usize) -> Keyring {
        let thresholds = Thresholds { root: 1, release: 1, review };
        let roles = [Role::Root, Role::Root, Role::Release, Role::Review];
        let keys = || self.0.iter().zip(roles).skip(2 - roots);
        let payload = KeyringBuilder {
            product: 7,
            number: 1,
            expiry,
            thresholds,
            keys: keys().map(|(key, role)| Key { role, public: key.public_key() }).collect(),
        }
        .payload();
        let envelope = sign(Kind::Keyring, &payload, &self.signers(&[1])).unwrap();
        let told = keys().map(|(key, role)| KeyringKey {
            role: role.to_string(),
            id: key.public_key().id().to_string(),
            algorithm: "ed25519".into(),
        });
        Keyring {
            number: 1,
            expiry,
            thresholds: [1, 1, review],
            keys: told.collect(),
            envelope: hex(&envelope),
        }
    }

    /// What these keys say about a file.
    fn statement(&self, version: u16, file: &[u8], expiry: u64, by: &[usize]) -> String {
        let release = Release {
            product: 7,
            platform: Platform(13),
            version,
            counter: 1,
            digest: Digest::of(file),
            length: u32::try_from(file.len()).unwrap(),
            expiry,
            number: u32::from(version),
            over: 0,
            minimums: [None; 4],
        };
        hex(&sign(Kind::Release, &release.payload(), &self.signers(by)).unwrap())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn firmware(version: u16, file: &[u8], statement: Option<String>) -> Firmware {
    Firmware {
        version,
        size: u32::try_from(file.len()).unwrap(),
        sha256: hex(Digest::of(file).as_bytes()),
        released_at_ms: Some(1),
        statement,
        ..Firmware::default()
    }
}

fn device(id: &str, image: &[u8]) -> Device {
    Device {
        id: id.into(),
        product: Some(7),
        image: Some(hex(Digest::of(image).as_bytes())),
        confirmed: true,
        seen: true,
        ..Device::default()
    }
}

const OLD: &[u8] = b"the older image";
const NEW: &[u8] = b"the newer image";

/// A product with two releases, reviewed, of which the newer one is in force and runs on two devices.
fn product(keys: &Keys) -> Survey {
    let both = &[2, 3];
    let newer = keys.statement(2, NEW, LATER_S, both);
    let older = keys.statement(1, OLD, LATER_S, both);
    let product = Product {
        id: 7,
        slug: "kettle".into(),
        keyring: Some(keys.keyring(LATER_S, 1, 2)),
        firmware: vec![
            Firmware { is_default: true, ..firmware(2, NEW, Some(newer)) },
            firmware(1, OLD, Some(older)),
        ],
        ..Product::default()
    };
    let devices = vec![device("d1", NEW), device("d2", NEW), device("d3", OLD)];
    Survey { products: vec![product], devices, ..Survey::default() }
}

fn scene(survey: &Survey) -> Scene {
    Scene { now_ms: NOW_S * 1_000, review: look(Ok(survey)), ..Scene::default() }
}

fn sound() -> Scene {
    scene(&product(&Keys::new()))
}

fn with(change: fn(&Keys, &mut Survey)) -> Scene {
    let keys = Keys::new();
    let mut survey = product(&keys);
    change(&keys, &mut survey);
    scene(&survey)
}

macro_rules! plants {
    ($($check:literal: $change:expr,)+) => {
        &[$(Plant { check: $check, broken: || with($change), sound },)+]
    };
}

pub const PLANTS: &[Plant] = plants! {
    "review-keyring-set": |_, survey| survey.products[0].keyring = None,
    "review-two-pairs-of-eyes": |keys, survey| {
        survey.products[0].keyring = Some(keys.keyring(LATER_S, 0, 2));
    },
    "review-root-spare": |keys, survey| {
        survey.products[0].keyring = Some(keys.keyring(LATER_S, 1, 1));
    },
    "review-keyring-in-time": |keys, survey| {
        survey.products[0].keyring = Some(keys.keyring(SOON_S, 1, 2));
    },
    "review-products-untouched": |_, survey| {
        // Signed by other roots than its own.
        let other = Keys::new().keyring(LATER_S, 1, 2).envelope;
        let ring = survey.products[0].keyring.as_mut().unwrap();
        let half = ring.envelope.len() - 128;
        ring.envelope.replace_range(half.., &other[half..]);
    },
    "review-released-signed": |keys, survey| {
        survey.products[0].firmware[0].statement = Some(keys.statement(2, NEW, LATER_S, &[2]));
    },
    "review-released-in-time": |keys, survey| {
        survey.products[0].firmware[0].statement = Some(keys.statement(2, NEW, SOON_S, &[2, 3]));
    },
    "review-field-known": |_, survey| survey.devices.push(device("d4", b"nobody's image")),
    "review-field-reviewed": |_, survey| survey.products[0].firmware[1].statement = None,
    "review-development-few": |_, survey| {
        let marked = |number| Device { development: true, ..device(&format!("e{number}"), NEW) };
        survey.devices.extend((0..6).map(marked));
    },
};

#[test]
fn a_review_of_another_file_is_none() {
    let scene = with(|keys, survey| {
        survey.products[0].firmware[0].statement = Some(keys.statement(2, OLD, LATER_S, &[2, 3]));
    });
    let verdict = (check_named("review-released-signed").unwrap().judge)(&scene);
    let Verdict::Broken { faults } = verdict else { panic!("{verdict:?}") };
    assert!(faults[0].detail.contains("about another file"), "{faults:?}");
}

#[test]
fn the_devices_that_run_an_image_nobody_reviewed_are_named() {
    let scene = with(|_, survey| survey.products[0].firmware[1].statement = None);
    let verdict = (check_named("review-field-reviewed").unwrap().judge)(&scene);
    let Verdict::Broken { faults } = verdict else { panic!("{verdict:?}") };
    assert!(faults[0].detail.contains("d3") && !faults[0].detail.contains("d1"), "{faults:?}");
}

#[test]
fn a_share_of_the_fleet_counts_what_devices_reported_themselves() {
    let mut survey = product(&Keys::new());
    survey.devices.push(Device { confirmed: false, ..device("d4", NEW) });
    survey.devices.push(Device { development: true, ..device("d5", OLD) });
    let [share] = &survey.shares()[..] else { panic!("{:?}", survey.shares()) };
    assert_eq!((share.due, share.confirmed), (4, 2));
    assert_eq!(
        (share.other.as_slice(), share.silent.as_slice()),
        (["d3".to_owned()].as_slice(), ["d4".to_owned()].as_slice())
    );
}
