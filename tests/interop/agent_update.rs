//! A node updates the firmware of a gateway, whose agent is killed in the middle of trying it.

use crate::api::wait_for_event;
use crate::cloud::{Cloud, output_of, pintle};
use crate::device::{Device, FUNCTION};
use crate::running::Running;
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform};
use serde_json::Value;
use std::fs;
use std::process::Command;

const ID: &str = "0b1e0000000000000000a6e7";

/// Whether a version is well is decided by a file that the test makes; until then it is asked again.
const HEALTH: &str = r#"
[application]
health = ["sh", "-c", "read v < version; test -e well-$v && exit 0; test -e ill-$v && exit 3; exit 75"]
"#;

/// A module with a program that says its version and stays.
pub(crate) fn module(version: u16) -> Vec<u8> {
    let program = format!("#!/bin/sh\necho {version} > version\nexec sleep 600\n");
    let mut builder = Builder::new(Platform(3), Function::USER_PART, 0x1000, program.as_bytes());
    builder.prefix.version = version;
    builder.build()
}

fn sha256(version: u16) -> String {
    Digest::of(&module(version)).to_string()
}

pub(crate) fn wait_for_line(running: &mut Running, wanted: &str) {
    running.wait_until(wanted, |seen| seen.iter().any(|line| line.contains(wanted)).then_some(()));
}

pub(crate) fn kill(running: &Running) {
    let id = running.process().to_string();
    assert!(Command::new("kill").args(["-KILL", &id]).status().is_ok_and(|told| told.success()));
}

/// The slots of a device that does not run.
fn slots(device: &Device) -> Value {
    let mut status = pintle();
    status.args(["device", "firmware", "status", "--json", "--dir"]).arg(device.folder());
    serde_json::from_str::<Value>(&output_of(&mut status)).expect("JSON")["slots"].take()
}

#[test]
fn p8_an_agent_that_is_killed_while_it_tries_new_firmware_comes_back_and_the_cloud_hears_how_it_went()
 {
    let mut cloud = Cloud::start();
    let device = Device::new(&cloud, ID, cloud.udp());
    let first = cloud.scratch("modules").join("first.bin");
    fs::write(&first, module(1)).expect("a file");
    device.install(&first.to_string_lossy());
    let config = device.folder().join("device.toml");
    let made = fs::read_to_string(&config).expect("its settings");
    fs::write(&config, made.replace("\n[application]\n", HEALTH)).expect("its settings");
    cloud.pin(ID, &device.public_key());
    let mut agent = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let events = api.events("/v1/devices/events");

    let trial = format!("starting firmware {} on trial", sha256(2));
    let (status, said) = api.put_file(&format!("/v1/devices/{ID}"), &module(2));
    assert_eq!((status, &said["status"]), (200, &Value::from("Update started")), "{said}");
    wait_for_line(&mut agent, &trial);
    kill(&agent);
    let mut agent = device.run();
    wait_for_line(&mut agent, &trial);
    fs::write(device.folder().join("well-2"), "").expect("a file");
    wait_for_line(&mut agent, "the new firmware is well");
    wait_for_event(&events, "success ");

    let (status, said) = api.put_file(&format!("/v1/devices/{ID}"), &module(3));
    assert_eq!(status, 200, "{said}");
    fs::write(device.folder().join("ill-3"), "").expect("a file");
    wait_for_event(&events, "update_error, its health command ended with 3");
    wait_for_line(&mut agent, "back to the last good one");

    kill(&agent);
    let mut agent = device.run();
    wait_for_line(&mut agent, &format!("starting firmware {}", sha256(2)));
    wait_for_line(&mut agent, "connected");
    agent.terminate();
    let slots = slots(&device);
    let of = |version: u16| {
        let mut all = slots.as_object().expect("slots").values();
        all.find(|slot| slot["sha256"] == sha256(version)).cloned().expect("it is in a slot")
    };
    assert_eq!(of(2)["last_known_good"], true, "{slots}");
    assert_eq!(of(3)["standing"], "rejected", "{slots}");
}
