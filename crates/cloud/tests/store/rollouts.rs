//! Rollouts in the store: what may be offered to whom, and what a page tells of a device.

use std::num::NonZeroU32;

use pintle_cloud::DeviceId;
use pintle_cloud::product::ProductId;
use pintle_cloud::product::rollout::{Action, Again, Facts, Kind, Member, Phase, Plan};
use pintle_cloud::store::Store;
use pintle_cloud::store::device::{SavedSystem, put_fell_back, put_hello, put_system, put_took};
use pintle_cloud::store::product::ProductRow;
use pintle_cloud::store::rollout::{Begun, NewRollout, Told};

use super::{HELLO, account, copy_of, device, open};

const PRODUCT: ProductId = ProductId(12_000);
const FILE: [u8; 32] = [7; 32];
const MODULE: [u8; 32] = [8; 32];

fn new_rollout() -> NewRollout {
    let at_once = NonZeroU32::new(2).unwrap();
    let plan = Plan { at_once, ..Plan::default() };
    let (product, version) = (PRODUCT, 2);
    NewRollout { product, version, sha256: FILE, module_sha256: MODULE, plan, at_ms: 10 }
}

/// A product with three devices that said Hello once.
fn with_devices(store: &Store) -> Vec<DeviceId> {
    let owner = account(store, "one");
    let product = ProductRow {
        id: PRODUCT,
        slug: "pump".into(),
        name: "Pump".into(),
        description: String::new(),
        platform_id: 3,
        owner,
        organization: None,
        quarantine: false,
        standing: Vec::new(),
        created_at_ms: 1,
    };
    store.products().create(&product).wait().unwrap();
    let devices = [1, 2, 3].map(device);
    for id in devices {
        store.devices().put(put_hello(id, HELLO, 1)).wait().unwrap();
    }
    store.product_devices().add(PRODUCT, &devices, 1).wait().unwrap();
    devices.into()
}

/// Begins a rollout with these devices, and lets it run.
fn run(store: &Store, devices: &[DeviceId]) -> u64 {
    let Begun::Drawing(number) = store.rollouts().begin(&new_rollout()).wait().unwrap() else {
        panic!("another runs");
    };
    store.rollouts().add(number, 0, devices).wait().unwrap();
    let reach = [1, 3];
    assert_eq!(store.rollouts().run(number, &reach, 11).wait().unwrap(), Told::Done);
    number
}

fn seen(store: &Store, number: u64, rank: u32) -> (Member, Facts) {
    store.rollouts().page(number, rank, rank + 1, 9).wait().unwrap().remove(0)
}

fn offer(store: &Store, number: u64, device: DeviceId) -> bool {
    store.rollouts().offer(number, device, 100).wait().unwrap()
}

#[test]
fn p8_a_halted_rollout_offers_nothing_and_a_rejected_image_is_offered_by_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let devices = with_devices(&store);
    let number = run(&store, &devices);
    let rollouts = || store.rollouts();
    assert_eq!(rollouts().begin(&new_rollout()).wait().unwrap(), Begun::AnotherRuns);
    assert!(offer(&store, number, devices[0]));
    let rollout = rollouts().find(number).wait().unwrap().unwrap();
    let fell_back = Action::FellBack(devices[0], "not well".into());
    let halt = Action::Halt("too many".into());
    rollouts().note(&rollout, &[fell_back, halt], 120).wait().unwrap();
    assert!(!offer(&store, number, devices[1]), "it is halted");
    let left = copy_of(dir.path());
    drop(store);

    // As a kill would leave it.
    let store = open(left.path());
    let rollouts = || store.rollouts();
    let halted = rollouts().find(number).wait().unwrap().unwrap();
    assert_eq!(halted.phase, Phase::Halted { why: "too many".into() });
    assert_eq!(seen(&store, number, 0).0.ended, Some((Kind::FellBack, "not well".into())));
    assert_eq!(rollouts().resume(number, 130).wait().unwrap(), Told::Done);
    assert_eq!(rollouts().resume(number, 130).wait().unwrap(), Told::NotSo);
    assert_eq!(seen(&store, number, 0).0.forgiven, Some(Kind::FellBack));
    assert!(!offer(&store, number, devices[0]), "it fell back from it");
    assert!(offer(&store, number, devices[1]));

    // Nor does the next rollout of the same image, which takes the place of the halted one.
    assert_eq!(rollouts().halt(number, "a person").wait().unwrap(), Told::Done);
    let next = run(&store, &devices);
    assert_eq!(rollouts().find(number).wait().unwrap().unwrap().phase.name(), "replaced");
    assert_eq!(seen(&store, next, 0).1.rejected.as_deref(), Some("not well"));
    assert!(!offer(&store, next, devices[0]));
    assert_eq!(rollouts().resume(number, 140).wait().unwrap(), Told::NotSo);
}

#[test]
fn p8_a_page_tells_what_came_after_what() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let devices = with_devices(&store);
    let number = run(&store, &devices);
    let put = |transaction| store.devices().put(transaction).wait().unwrap();
    let describe = |image| {
        let system = SavedSystem { json: "{}".into(), image };
        put(put_system(devices[0], &system, 5));
    };
    describe(Some([1; 32]));
    assert!(offer(&store, number, devices[0]));
    let (member, facts) = seen(&store, number, 0);
    assert_eq!(member.offered.map(|offer| (offer.greeting, offer.tries)), Some((1, 1)));
    assert_eq!((facts.greetings, facts.described_in, facts.took), (1, 1, None));
    put(put_took(devices[0], &FILE, 200));
    // What the shard wrote down is not written over by whoever hears of it later.
    store.rollouts().took(number, devices[0], 900).wait().unwrap();
    assert_eq!(seen(&store, number, 0).1.took, Some((1, 200)));
    put(put_hello(devices[0], HELLO, 300));
    put(put_fell_back(devices[0], "why"));
    let (_, facts) = seen(&store, number, 0);
    assert_eq!((facts.greetings, facts.greeted_ms, facts.described_in), (2, 300, 1));
    assert_eq!((facts.confessed, facts.runs_image), (Some((2, "why".into())), false));
    for image in [FILE, MODULE] {
        describe(Some(image));
        let (_, facts) = seen(&store, number, 0);
        assert_eq!((facts.described_in, facts.runs_image), (2, true));
    }
    describe(None);
    assert!(!seen(&store, number, 0).1.runs_image);
    let change = pintle_cloud::store::product_device::Change {
        development: Some(true),
        ..Default::default()
    };
    assert!(store.product_devices().change(PRODUCT, devices[0], change, 9).wait().unwrap());
    assert!(seen(&store, number, 0).1.exempt.unwrap().contains("development"));
}

#[test]
fn an_offer_that_never_began_is_made_soon_again_and_others_ever_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let devices = with_devices(&store);
    let number = run(&store, &devices);
    let again = |which, rank: usize| {
        assert!(offer(&store, number, devices[rank]));
        let failed = store.rollouts().failed(number, devices[rank], "no", which, 100);
        failed.wait().unwrap();
        seen(&store, number, rank as u32).0
    };
    let soon = again(Again::Soon, 0);
    assert_eq!((soon.offered, soon.trouble.as_deref()), (None, Some("no")));
    for wait in [2_000, 4_000, 8_000] {
        assert_eq!(again(Again::Later, 1).offered.unwrap().again_ms, 100 + wait);
    }
    assert_eq!(again(Again::Never, 2).ended, Some((Kind::Refused, "no".into())));
    assert!(!offer(&store, number, devices[2]));
}
