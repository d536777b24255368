//! Updates of virtual devices over a loopback socket.

use super::*;
use crate::VirtualFirmware;
use crate::firmware::tests::{module, start};
use pintle_firmware::Digest;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::update::{Finish, Refusal, Sender};

pub(super) fn virtual_device(
    firmware: VirtualFirmware,
    folder: Folder,
) -> (AgentHandle, Receiver<Notice>) {
    spawn(folder, RunOptions { firmware: Some(firmware), ..RunOptions::default() })
}

/// A module of a few blocks.
pub(super) fn large(version: u16) -> Vec<u8> {
    let content: Vec<u8> = (0..40_000_u32).map(|n| (n * u32::from(version)) as u8).collect();
    module(&content, version)
}

#[test]
fn p8_an_update_counts_when_the_new_image_said_hello_and_described_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let firmware = VirtualFirmware::new(large(1));
    let (agent, notices) = virtual_device(firmware.clone(), door.folder(dir.path()));
    let hello = door.hello();
    assert_eq!((hello.product_id, hello.product_version), (12, Some(1)));
    assert!(hello.flags.contains(HelloFlags::UPDATE_V3));
    assert!(!hello.flags.contains(HelloFlags::UPDATE_SUCCEEDED));
    assert!(hello.max_binary >= 2 << 20);
    assert_eq!(
        door.serve_until("event particle/device/updates/enabled"),
        "event particle/device/updates/enabled=true"
    );
    door.serve_until("subscribe spark");
    assert_eq!(door.described(), Digest::of(&large(1)).0);

    let file = large(2);
    let sent = door.update(&start(&file, &[]), &file).unwrap();
    assert_eq!(sent.from, 0);
    assert!(sent.statistics.starts_with("{\"recv_chunks\":"), "{}", sent.statistics);
    let hello = door.hello();
    assert_eq!(door.cloud.handshakes, 2, "a full handshake");
    assert_eq!(hello.product_version, Some(2));
    assert!(hello.flags.contains(HelloFlags::UPDATE_SUCCEEDED));
    assert_eq!(
        door.serve_until("event spark/device/last_reset"),
        "event spark/device/last_reset=update"
    );
    door.serve_until("subscribe spark");
    assert_eq!(door.described(), Digest::of(&file).0);
    wait_for(&notices, |notice| *notice == Notice::Confirmed);

    // Once more the same: nothing is sent, and the cloud sees it start.
    let sent = door.update(&start(&file, &[]), &file).unwrap();
    assert_eq!(sent.from as usize, file.len());
    assert!(door.hello().flags.contains(HelloFlags::UPDATE_SUCCEEDED));
    door.serve_until("subscribe spark");
    stop(agent, &mut door);

    let folder = Folder::open(&dir.path().join("d")).unwrap();
    let (agent, notices) = virtual_device(firmware, folder);
    wait_for(&notices, |notice| match notice {
        Notice::Starting { firmware, on_trial } => {
            !on_trial && firmware.sha256 == Digest::of(&file).0
        }
        _ => false,
    });
    door.serve_until("event particle/device/updates/forced");
    stop(agent, &mut door);
}

#[test]
fn p8_a_transfer_that_was_cut_goes_on_where_the_flash_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let firmware = VirtualFirmware::new(large(1));
    let (agent, _notices) = virtual_device(firmware, door.folder(dir.path()));
    door.serve_until("subscribe spark");
    let file = large(2);
    let begin = start(&file, &[]);
    let started = door.start_update(&begin).unwrap();
    let mut sender = Sender::new(Duration::ZERO, &begin, started).unwrap();
    while sender.arrived() < 20_000 {
        door.send_chunks(&mut sender, &file);
        let what = door.acknowledgement();
        sender.acknowledged(door.started.elapsed(), &what).unwrap();
    }
    // The cloud knows nothing of the session any more.
    let reset = door.cloud.ask(pintle_protocol::reply::reset);
    door.send(&reset);
    door.cloud.heard.clear();
    door.serve_until("subscribe spark");
    assert_eq!(door.cloud.handshakes, 2);
    let sent = door.update(&begin, &file).unwrap();
    assert!(sent.from >= 16_384, "{}", sent.from);
    assert_eq!(door.hello().product_version, Some(2));
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn a_device_with_updates_disabled_takes_them_when_they_are_forced_and_holds_events_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let firmware = VirtualFirmware::new(large(1)).disabled();
    let (agent, _notices) = virtual_device(firmware, door.folder(dir.path()));
    assert_eq!(
        door.serve_until("event particle/device/updates/enabled"),
        "event particle/device/updates/enabled=false"
    );
    door.serve_until("subscribe spark");
    let file = large(2);
    let failure = door.update(&start(&file, &[]), &file).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::DISABLED));
    door.tell("particle/device/updates/forced", "true");
    assert_eq!(
        door.serve_until("event particle/device/updates/forced=true"),
        "event particle/device/updates/forced=true"
    );
    let begin = start(&file, &[]);
    door.start_update(&begin).unwrap();
    agent.publish("held", b"1").unwrap();
    let failure = door.finish_update(Finish::default()).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::PROTOCOL), "nothing came");
    assert_eq!(failure.message, "not all of the file came");
    assert_eq!(door.serve_until("event held"), "event held=1");
    let failure = door.finish_update(Finish::default()).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::NOT_RUNNING));
    door.start_update(&begin).unwrap();
    door.finish_update(Finish { cancel: true, discard: true }).unwrap();
    door.update(&begin, &file).unwrap();
    assert_eq!(door.hello().product_version, Some(2));
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn a_device_without_an_application_says_that_it_takes_no_updates() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let (agent, _notices) = spawn(door.folder(dir.path()), RunOptions::default());
    assert!(!door.hello().flags.contains(HelloFlags::UPDATE_V3));
    door.serve_until("subscribe spark");
    let file = large(2);
    let failure = door.update(&start(&file, &[]), &file).unwrap_err();
    assert_eq!(failure.why, Some(Refusal::UNSUPPORTED));
    stop(agent, &mut door);
}
