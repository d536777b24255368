//! The disk of a running node is full, and has space again: refusals that say why, and everything goes on by itself.

use crate::api::{Api, wait_for_event};
use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::{Device, FUNCTION};
use crate::place::{Ballast, Place};
use crate::relay::Relay;
use serde_json::Value;
use std::collections::BTreeSet;

const ID: &str = "0b1e0000000000000000d15c";
const LATE: &str = "0b1e0000000000000001a7e0";
const CONFIG: &str = "[outbox]\nprefixes = [\"kept/\"]\n";
const HANDSHAKE: u8 = 22;

fn on_a_small_disk() -> Cloud {
    Cloud::start_in(|data| Place::with_disk(data, 16), CONFIG)
}

/// How often the node logged a line with this in it.
fn times_said(cloud: &mut Cloud, part: &str) -> usize {
    cloud.node().said().lines().filter(|line| line.contains(part)).count()
}

#[test]
fn p3_a_full_disk_is_refused_for_and_recovered_from_without_a_restart() {
    let mut cloud = on_a_small_disk();
    let relay = Relay::to(cloud.udp());
    let device = Device::new(&cloud, ID, relay.address());
    let late = Device::new(&cloud, LATE, cloud.udp());
    cloud.pin(ID, &device.public_key());
    cloud.pin(LATE, &late.public_key());
    let mut device = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let events = api.events("/v1/devices/events");
    device.write(b"kept/before 0\n");
    wait_for_event(&events, "kept/before");
    relay.take_sent();

    let ballast = Ballast::fill(&cloud.data());
    let mut published = 0;
    cloud.node().wait_until("the journal's refusal", |seen| {
        published += 1;
        let filler = "x".repeat(600);
        device.write(format!("kept/during-{published} {filler}\n").as_bytes());
        seen.iter().any(|line| line.contains("cannot write the journal")).then_some(())
    });
    let (url, ca) = (cloud.api_url(), cloud.ca());
    let log_in = || Api::try_to_log_in(&url, &ca, USER, PASSWORD);
    let refusal = cloud.node().wait_until("a refused login", |_| {
        // It may find a little room still.
        Some(log_in()).filter(|(status, _)| *status != 200)
    });
    assert_eq!(refusal.0, 507, "{}", refusal.1);
    assert!(
        refusal.1["error_description"].as_str().is_some_and(|why| why.contains("disk is full"))
    );
    assert_eq!(api.get(&format!("/v1/devices/{ID}")).0, 200, "reading goes on");
    let (status, answer) = api.post(&format!("/v1/devices/{ID}/{FUNCTION}"), &[("args", "")]);
    assert_eq!((status, &answer["return_value"]), (200, &42.into()), "a device is reached");
    let _late = late.run();

    drop(ballast);
    cloud.node().wait_until("the journal's recovery", |seen| {
        seen.iter().any(|line| line.contains("the journal is written again")).then_some(())
    });
    cloud.node().wait_until("a login", |_| (log_in().0 == 200).then_some(()));
    cloud.wait_for_device(&api, LATE, FUNCTION);
    device.write(b"kept/after 0\n");
    wait_for_event(&events, "kept/after");
    let kept: BTreeSet<String> = names_in_outbox(&cloud);
    for name in (1..=published).map(|n| format!("kept/during-{n}")) {
        assert!(kept.contains(&name), "{name} is lost: {kept:?}");
    }
    let handshake = |datagram: &Vec<u8>| datagram.starts_with(&[HANDSHAKE, 0xfe, 0xfd, 0, 0]);
    assert!(!relay.take_sent().iter().any(handshake), "the session went on");
    let said = cloud.node().said();
    assert!(times_said(&mut cloud, "ERROR") <= 4, "said once, not again and again:\n{said}");
}

fn names_in_outbox(cloud: &Cloud) -> BTreeSet<String> {
    let taken = crate::cloud::output_of(cloud.command(&["outbox", "take"]).arg("--json"));
    let name = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        event["name"].as_str().expect("a name").to_owned()
    };
    taken.lines().map(name).collect()
}

#[test]
fn a_node_that_is_started_on_a_full_disk_says_why_it_cannot() {
    let mut cloud = on_a_small_disk();
    cloud.stop();
    let ballast = Ballast::fill(&cloud.data());
    assert_refused(&cloud, &["full", "No space left"]);
    drop(ballast);
    cloud.start_again();
}

#[test]
fn a_node_that_is_started_on_a_read_only_disk_says_why_it_cannot() {
    let mut cloud = on_a_small_disk();
    cloud.stop();
    cloud.remount("ro");
    assert_refused(&cloud, &["Read-only file system", "readonly"]);
    cloud.remount("rw");
    cloud.start_again();
}

/// `serve` ends with one line that has one of these words in it.
fn assert_refused(cloud: &Cloud, words: &[&str]) {
    let output = cloud.fail_to_start();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}: {said}", output.status);
    assert!(words.iter().any(|word| said.contains(word)), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
