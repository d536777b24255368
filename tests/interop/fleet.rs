//! `pintle fleet` against a node: what it says was acknowledged is what a person sees, once; and what it refuses.

use crate::cloud::{Cloud, USER, pintle};
use crate::running::{PATIENCE, Running};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::process::{Command, Output};

const DEVICES: u64 = 50;

fn fleet(cloud: &Cloud) -> Command {
    let mut command = pintle();
    command.args(["fleet", "--udp", &cloud.udp().to_string(), "--data"]).arg(cloud.data());
    command
}

fn refusal(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().expect("the program starts");
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn p3_fifty_devices_on_a_bad_network_that_change_ports_publish_every_event_once() {
    let cloud = Cloud::start();
    let api = cloud.log_in();
    let events = api.events("/v1/devices/events/fleet");
    let folder = cloud.scratch("fleet");
    let (acknowledged, result) = (folder.join("acknowledged"), folder.join("result.json"));
    let mut command = fleet(&cloud);
    command.args(["--devices", &DEVICES.to_string(), "--owner", USER, "--seed", "7"]);
    command.args(["--loss", "10", "--duplicate", "5", "--reorder", "5", "--replay", "20"]);
    command.args(["--nat-rebind", "2s", "--ping", "5s", "--rate", "60", "--duration", "4s"]);
    command.args(["--connect-within", "12s", "--settle", "8s"]);
    command.arg("--acknowledged").arg(&acknowledged).arg("--json").arg(&result);
    Running::start(&mut command).wait_for_end();

    // What the fleet offered came before this, so whatever would come twice has come.
    assert_eq!(api.post("/v1/devices/events", &[("name", "fleet/end"), ("data", "")]).0, 200);
    let mut seen = HashSet::new();
    loop {
        let line = events.recv_timeout(PATIENCE).expect("the stream goes on");
        if line.contains("fleet/end") {
            break;
        }
        if let Some((_, rest)) = line.split_once("\"data\":\"") {
            let data = rest.split('"').next().expect("a string ends").to_owned();
            assert!(seen.insert(data.clone()), "{data} was published twice");
        }
    }
    let acknowledged = fs::read_to_string(&acknowledged).expect("the acknowledged events");
    let missing: Vec<&str> = acknowledged.lines().filter(|event| !seen.contains(*event)).collect();
    assert!(missing.is_empty(), "acknowledged and never delivered: {missing:?}");

    let result = fs::read_to_string(&result).expect("the result");
    let result: Value = serde_json::from_str(&result).expect("JSON");
    assert_eq!(result["events"]["acknowledged"], acknowledged.lines().count());
    assert!(acknowledged.lines().count() >= 100, "{result}");
    assert!(result["traffic"]["replayed"].as_u64() > Some(50), "{result}");
    assert!(result["sessions"]["rebound"].as_u64() > Some(DEVICES), "{result}");
}

#[test]
fn a_small_fleet_connects_reports_and_leaves_nothing_behind() {
    let cloud = Cloud::start();
    let output = fleet(&cloud).args(["--devices", "5", "--duration", "0", "--json", "-"]).output();
    let Output { status, stdout, stderr } = output.expect("the program starts");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let result: Value = serde_json::from_slice(&stdout).expect("nothing but JSON");
    assert_eq!((&result["connected_at_end"], &result["devices_lost"]), (&5.into(), &0.into()));
    let pins = cloud.pin_command("list").output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&pins.stdout), "");
}

#[test]
fn p1_a_fleet_whose_keys_are_not_pinned_stays_out_and_says_so() {
    let cloud = Cloud::start();
    let mut command = fleet(&cloud);
    command.args(["--devices", "2", "--pinned", "--connect-within", "2s", "--duration", "0"]);
    let Output { status, stderr, .. } =
        command.args(["--settle", "0"]).output().expect("it starts");
    assert_eq!(status.code(), Some(1));
    let said = String::from_utf8_lossy(&stderr);
    assert!(said.contains("2 of 2 devices were not connected at the end"), "{said}");
}

#[test]
fn what_a_fleet_cannot_do_is_said_in_one_line() {
    let mut cloud = Cloud::start();
    let too_many = refusal(fleet(&cloud).args(["--devices", "4000001"]));
    assert!(too_many.contains("from 1 to 4000000"), "{too_many}");
    let mut command = pintle();
    command.args(["fleet", "--udp", "192.0.2.1:5684", "--data"]).arg(cloud.data());
    assert!(refusal(&mut command).contains("not on loopback"));
    let no_account = refusal(fleet(&cloud).args(["--owner", "nobody", "--devices", "1"]));
    assert!(no_account.contains("nobody"), "{no_account}");
    cloud.stop();
    let nobody = refusal(&mut fleet(&cloud));
    assert!(nobody.contains("no node answers on 127.0.0.1:"), "{nobody}");
    let mut command = pintle();
    let not_a_folder = refusal(command.args(["fleet", "--data"]).arg(cloud.scratch("empty")));
    assert!(not_a_folder.contains("is not a data folder"), "{not_a_folder}");
}

#[test]
fn a_fleet_on_tcp_publishes_and_comes_back_after_the_node_was_killed() {
    const DEVICES: u64 = 24;
    let mut cloud = Cloud::start_with_tcp();
    let result = cloud.scratch("fleet").join("result.json");
    let mut command = pintle();
    command.args(["fleet", "--protocol", "tcp", "--tcp", &cloud.tcp().to_string(), "--data"]);
    command.arg(cloud.data()).args(["--devices", &DEVICES.to_string(), "--rate", "60"]);
    command.args(["--ping", "1s", "--duration", "8s", "--json"]).arg(&result);
    let mut fleet = Running::start(&mut command);
    fleet.wait_until("all to be connected", |seen| {
        seen.iter().any(|line| line.contains("running")).then_some(())
    });
    cloud.kill();
    cloud.start_again();
    assert!(fleet.wait_for_end().success(), "{}", fleet.said());
    let result = fs::read_to_string(&result).expect("the result");
    let result: Value = serde_json::from_str(&result).expect("JSON");
    assert_eq!(result["connected_at_end"], DEVICES, "{result}");
    assert_eq!(result["outages"][0]["lost"], DEVICES, "{result}");
    assert!(result["events"]["acknowledged"].as_u64() > Some(DEVICES), "{result}");
    let pins = cloud.pin_command("list").output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&pins.stdout), "");
}

#[test]
fn what_a_fleet_on_tcp_cannot_do_is_said_in_one_line() {
    let cloud = Cloud::start();
    let tcp = || {
        let mut command = pintle();
        command.args(["fleet", "--protocol", "tcp", "--data"]).arg(cloud.data());
        command
    };
    let no_key = refusal(&mut tcp());
    assert!(no_key.contains("has no key for the TCP service: make one with"), "{no_key}");
    let other_door = refusal(tcp().args(["--udp", "127.0.0.1:5684"]));
    assert!(other_door.contains("--udp is for --protocol udp"), "{other_door}");
    let old = refusal(fleet(&cloud).args(["--generation", "core"]));
    assert!(old.contains("--generation is for --protocol tcp"), "{old}");
}
