//! New firmware that is not well: the last known good one is back, and the cloud hears why.

use super::updates::{large, virtual_device};
use super::*;
use crate::firmware::tests::{People, start};
use crate::{LastReset, VirtualFirmware};
use pintle_firmware::Digest;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::update::Refusal;

#[test]
fn p8_an_image_that_fails_its_health_check_is_fallen_back_from_and_never_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let bad = Digest::of(&large(2)).0;
    let firmware = VirtualFirmware::new(large(1)).health(move |firmware| {
        if firmware.sha256 == bad { Err("its sensor is silent".to_owned()) } else { Ok(()) }
    });
    let (agent, notices) = virtual_device(firmware, door.folder(dir.path()));
    door.serve_until("subscribe spark");
    let file = large(2);
    door.update(&start(&file, &[]), &file).unwrap();
    let hello = door.hello();
    assert_eq!(hello.product_version, Some(1), "the bad image never said hello");
    assert!(!hello.flags.contains(HelloFlags::UPDATE_SUCCEEDED));
    assert_eq!(
        door.serve_until("event spark/device/last_reset"),
        "event spark/device/last_reset=update_error, its sensor is silent"
    );
    door.serve_until("subscribe spark");
    assert_eq!(door.described(), Digest::of(&large(1)).0);
    let why = LastReset::Failed("its sensor is silent".to_owned());
    wait_for(&notices, |notice| *notice == Notice::FellBack(why.clone()));

    let failure = door.update(&start(&file, &[]), &file).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::VALIDATION));
    assert_eq!(failure.message, "this image was tried and rejected: offer another");
    let better = large(3);
    door.update(&start(&better, &[]), &better).unwrap();
    assert_eq!(door.hello().product_version, Some(3));
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn p8_a_device_with_a_keyring_takes_a_release_with_its_review_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let people = People::new();
    let first = large(1);
    let firmware =
        VirtualFirmware::new(first.clone()).signed(people.keyring(1), people.release(&first, 1, 1));
    let (agent, _notices) = virtual_device(firmware, door.folder(dir.path()));
    door.serve_until("subscribe spark");
    let file = large(2);
    let failure = door.update(&start(&file, &[]), &file).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::VALIDATION));
    assert_eq!(failure.message, "no release came with it: have one signed");
    let statement = people.release(&file, 1, 2);
    door.update(&start(&file, &statement), &file).unwrap();
    assert_eq!(door.hello().product_version, Some(2));
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}
