//! `pintle service check` on hosts that are well and on hosts that are not.

use crate::folder::{DataFolder, FREE_PORTS, Running, pintle};
use crate::notify::Manager;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

fn run(data: &Path, json: bool) -> Output {
    let mut command = pintle("service");
    command.args(["check", "--data"]).arg(data).args(json.then_some("--json"));
    command.output().expect("the program starts")
}

/// The exit code, and state and text of a finding.
fn finding(data: &Path, name: &str) -> (Option<i32>, String, String) {
    let output = run(data, true);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no finding {name:?}: {report:#}"));
    let text = |key: &str| found[key].as_str().expect("text").to_owned();
    (output.status.code(), text("state"), text("what"))
}

fn state(data: &Path, name: &str) -> String {
    finding(data, name).1
}

#[test]
fn a_new_folder_has_no_failure_and_a_node_that_does_not_run_does_not_pass() {
    let folder = DataFolder::new();
    let data = folder.path();
    let (code, node, _) = finding(&data, "node");
    assert_eq!((code, node.as_str()), (Some(0), "not tried"));
    for name in ["API", "devices", "TCP service", "sandbox in effect", "user", "core dumps"] {
        assert_eq!(state(&data, name), "not tried", "{name}");
    }
    let (_, key, advice) = finding(&data, "node key");
    assert!(key == "warn" && advice.contains("move it"), "{advice}");
}

#[test]
fn each_finding_is_one_line_for_a_person() {
    let folder = DataFolder::new();
    let output = run(&folder.path(), false);
    let text = String::from_utf8(output.stdout).expect("text");
    let states = ["ok  ", "warn  ", "fail  ", "not tried  "];
    let lines: Vec<&str> = text.lines().collect();
    let (sum, findings) = lines.split_last().expect("lines");
    assert!(
        findings.iter().all(|line| states.iter().any(|state| line.starts_with(state))),
        "{text}"
    );
    assert!(sum.contains("not tried"), "{text}");
}

#[test]
fn a_running_node_is_met_on_its_socket_over_its_api_and_as_a_device() {
    let folder = DataFolder::new();
    let mut command = folder.serve();
    command.stderr(Stdio::null());
    let manager = Manager::of(&folder, &mut command);
    let mut node = Running(command.spawn().expect("the node starts"));
    manager.wait_for("READY=1");
    for name in ["node", "API", "devices", "API port", "UDP port", "certificate"] {
        let (_, state, what) = finding(&folder.path(), name);
        assert_eq!(state, "ok", "{name}: {what}");
    }
    let (_, state, what) = finding(&folder.path(), "TCP service");
    assert_eq!((state.as_str(), what.as_str()), ("ok", "off"));
    assert!(node.terminate());
}

#[test]
fn a_running_node_that_shows_an_old_certificate_is_found_out() {
    let folder = DataFolder::new();
    let mut command = folder.serve();
    command.stderr(Stdio::null());
    let manager = Manager::of(&folder, &mut command);
    let mut node = Running(command.spawn().expect("the node starts"));
    manager.wait_for("READY=1");
    fs::copy(DataFolder::new().path().join("api.pem"), folder.path().join("api.pem")).unwrap();
    let (_, state, what) = finding(&folder.path(), "API");
    assert!(state == "warn" && what.contains("restart the node"), "{what}");
    assert!(node.terminate());
}

#[test]
fn a_folder_open_to_others_fails() {
    let folder = DataFolder::new();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let (code, state, what) = finding(&folder.path(), "data folder");
    assert_eq!((code, state.as_str()), (Some(1), "fail"));
    assert!(what.contains("chmod 0700"), "{what}");
}

#[test]
fn a_key_open_to_others_fails() {
    let folder = DataFolder::new();
    let key = folder.path().join("keys/udp.der");
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    let (code, state, what) = finding(&folder.path(), "key files");
    assert_eq!((code, state.as_str()), (Some(1), "fail"));
    assert!(what.contains("udp.der"), "{what}");
}

#[test]
fn a_node_key_outside_the_folder_is_as_it_should_be() {
    let folder = DataFolder::new();
    let key = folder.scratch.path().join("node.key");
    fs::rename(folder.path().join("keys/node.key"), &key).unwrap();
    let (code, state, _) = finding(&folder.path(), "node key");
    assert_eq!((code, state.as_str()), (Some(1), "fail"), "it is gone");
    let named = format!("{FREE_PORTS}[node]\nkey_file = {:?}\n", key.display().to_string());
    folder.write("config.toml", &named);
    assert_eq!(state_of_key(&folder), "ok");
}

fn state_of_key(folder: &DataFolder) -> String {
    state(&folder.path(), "node key")
}

#[test]
fn a_port_that_another_program_has_fails() {
    let folder = DataFolder::new();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    folder.write("config.toml", &format!("[api]\nlisten = \"{taken}\"\n"));
    let (code, state, what) = finding(&folder.path(), "API port");
    assert_eq!((code, state.as_str()), (Some(1), "fail"));
    assert!(what.contains("another program listens"), "{what}");
}

#[test]
fn a_setting_that_is_unknown_fails_with_its_line() {
    let folder = DataFolder::new();
    folder.write("config.toml", "\n[upd]\n");
    let (code, state, what) = finding(&folder.path(), "configuration");
    assert_eq!((code, state.as_str()), (Some(1), "fail"));
    assert!(what.contains("line 2"), "{what}");
}

#[test]
fn a_place_that_is_no_data_folder_is_a_slip_of_whoever_typed() {
    let output = run(Path::new("/nowhere"), false);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("pintle init"));
}

#[test]
fn a_node_that_serves_the_tcp_service_is_warned_of_and_one_without_a_key_for_it_fails() {
    let folder = DataFolder::new();
    let data = folder.path();
    folder.write(
        "config.toml",
        &format!("{FREE_PORTS}[tcp]\nenabled = true\nlisten = \"127.0.0.1:0\"\n"),
    );
    let (code, state, what) = finding(&data, "TCP service");
    assert_eq!((code, state.as_str()), (Some(1), "fail"), "{what}");
    assert!(what.contains("pintle init --tcp"), "{what}");
    let made = pintle("init").args(["--tcp", "--data"]).arg(&data).stdout(Stdio::null()).status();
    assert!(made.expect("pintle starts").success());
    assert_eq!(self::state(&data, "TCP service"), "not tried");
    let mut command = folder.serve();
    command.stderr(Stdio::null());
    let manager = Manager::of(&folder, &mut command);
    let mut node = Running(command.spawn().expect("the node starts"));
    manager.wait_for("READY=1");
    let (_, state, what) = finding(&data, "TCP service");
    assert_eq!(state, "warn", "{what}");
    assert!(what.starts_with("on, 127.0.0.1:") && what.contains("/tcp"), "{what}");
    assert!(node.terminate());
}
