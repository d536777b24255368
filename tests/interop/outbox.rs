//! `pintle outbox`: the durable consumer as a command.

use crate::api::wait_for_event;
use crate::cloud::{Cloud, output_of, pintle};
use crate::device::{Device, FUNCTION};
use crate::running::Running;
use serde_json::Value;
use std::process::Stdio;

const ID: &str = "0b1e0000000000000000b0c5";
const KEPT: &str = "[outbox]\nprefixes = [\"kept/\"]\n";

/// A cloud that keeps events, and a device that published these.
fn with_events(events: &[&str]) -> (Running, Cloud) {
    let mut cloud = Cloud::start_with(KEPT);
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let mut device = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let stream = api.events("/v1/devices/events");
    for event in events {
        device.write(format!("{event}\n").as_bytes());
        let name = event.split(' ').next().expect("a name");
        wait_for_event(&stream, name);
    }
    (device, cloud)
}

fn events_of(cloud: &Cloud, words: &[&str]) -> Vec<Value> {
    let printed = output_of(cloud.command(words).arg("--json"));
    printed.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["name"].as_str().expect("a name")).collect()
}

#[test]
fn events_wait_until_they_are_taken_and_are_handed_out_no_more() {
    let (_device, mut cloud) = with_events(&["kept/one 1", "lost/two 2", "kept/three 3"]);
    let listed = events_of(&cloud, &["outbox", "list"]);
    assert_eq!(names(&listed), ["kept/one", "kept/three"]);
    assert_eq!(listed, events_of(&cloud, &["outbox", "list"]), "to look takes nothing");
    assert_eq!((&listed[0]["device"], &listed[0]["data"]), (&ID.into(), &"1".into()));
    let taken = events_of(&cloud, &["outbox", "take", "--count", "1"]);
    assert_eq!(taken, listed[..1]);
    cloud.stop();
    cloud.start_again();
    assert_eq!(events_of(&cloud, &["outbox", "take"]), listed[1..]);
    assert_eq!(events_of(&cloud, &["outbox", "list"]), [] as [Value; 0]);
}

#[test]
fn a_consumer_that_cannot_write_an_event_out_does_not_take_it() {
    let (_device, cloud) = with_events(&["kept/one 1"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    let mut take = cloud.command(&["outbox", "take"]);
    let output = take.stdin(Stdio::null()).stdout(full).output().expect("pintle starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("nothing more is taken"), "{said}");
    assert_eq!(names(&events_of(&cloud, &["outbox", "list"])), ["kept/one"]);
}

#[test]
fn a_consumer_that_follows_gets_what_comes_later() {
    let (mut device, cloud) = with_events(&["kept/one 1"]);
    let mut consumer = Running::start(&mut cloud.command(&["outbox", "take", "--follow"]));
    let wait_for = |consumer: &mut Running, what: &str| {
        consumer.wait_until(what, |seen| seen.iter().any(|line| line.contains(what)).then_some(()));
    };
    wait_for(&mut consumer, "kept/one 1");
    device.write(b"kept/two 2\n");
    wait_for(&mut consumer, "kept/two 2");
}

#[test]
fn without_a_running_node_the_outbox_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut list = pintle();
    list.args(["outbox", "list", "--data"]).arg(folder.path());
    let output = list.output().expect("pintle starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no node runs") && said.lines().count() == 1, "{said}");
}
