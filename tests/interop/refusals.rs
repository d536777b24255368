//! Who is not let in, and where an operator sees it: in the node's log and in `pin history`.

use crate::cloud::{Cloud, output_of};
use crate::device::Device;
use serde_json::Value;

const FIRST: &str = "0b1e0000000000000000f157";
const SECOND: &str = "0b1e00000000000000005ec0";

/// The entries of `pin history` that are refusals of this kind.
fn refusals(cloud: &Cloud, what: &str) -> Vec<Value> {
    let history = output_of(cloud.pin_command("history").arg("--json"));
    let history: Value = serde_json::from_str(&history).expect("pin history --json prints JSON");
    let entries = history["entries"].as_array().expect("a list of entries").iter();
    entries.filter(|entry| entry["what"] == what).cloned().collect()
}

/// Waits until the node logs a line that has all these parts.
fn wait_for_log(cloud: &mut Cloud, parts: &[&str]) {
    cloud.node().wait_until(&format!("a log line with {parts:?}"), |seen| {
        seen.iter().any(|line| parts.iter().all(|part| line.contains(part))).then_some(())
    });
}

fn wait_for_history(cloud: &mut Cloud, what: &str) -> Value {
    for _ in 0..50 {
        if let Some(entry) = refusals(cloud, what).pop() {
            return entry;
        }
    }
    panic!("pin history has no {what}:\n{}", cloud.node().said());
}

#[test]
fn p1_a_device_with_an_unpinned_key_is_refused_and_the_refusal_is_written_down() {
    let mut cloud = Cloud::start();
    let stranger = Device::new(&cloud, FIRST, cloud.udp());
    let _running = stranger.run();
    wait_for_log(&mut cloud, &["refused", "not pinned"]);
    wait_for_history(&mut cloud, "refused-unpinned");
}

#[test]
fn p1_a_second_id_with_the_first_devices_key_is_refused_and_the_refusal_is_written_down() {
    let mut cloud = Cloud::start();
    let first = Device::new(&cloud, FIRST, cloud.udp());
    cloud.pin(FIRST, &first.public_key());
    let second = Device::new(&cloud, SECOND, cloud.udp());
    second.take_keys_of(&first);
    let _running = second.run();
    wait_for_log(&mut cloud, &["refused", SECOND]);
    let entry = wait_for_history(&mut cloud, "refused-wrong-id");
    assert!(entry.to_string().contains(FIRST) || entry.to_string().contains(SECOND), "{entry}");
    let (status, _) = cloud.log_in().get(&format!("/v1/devices/{SECOND}"));
    assert!(matches!(status, 403 | 404), "the second id is not a device: {status}");
}

#[test]
fn p1_one_key_is_not_pinned_for_two_devices() {
    let cloud = Cloud::start();
    let first = Device::new(&cloud, FIRST, cloud.udp());
    cloud.pin(FIRST, &first.public_key());
    let mut again = cloud.pin_command("set");
    again.args(["--device", SECOND, "--key"]).arg(first.public_key());
    let output = again.output().expect("pintle starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "the key was pinned twice");
    assert!(said.contains(FIRST), "the error names the device that has the key: {said}");
}
