//! Firmware that is a program, in slots that are a file.

use super::*;
use crate::LastReset;
use crate::firmware::tests::{module, start};
use crate::install;
use std::path::PathBuf;

/// A device whose firmware writes its version into a file, and is well if a file `well-VERSION` is there.
fn device(door: &Door, dir: &Path, first: &[u8], more: &str) -> PathBuf {
    let folder = door.folder(dir);
    let home = folder.dir().to_path_buf();
    install(&folder, first, &[], 256 * 1024).unwrap();
    let path = home.join("device.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n[application]\n{more}")).unwrap();
    home
}

fn program(version: u16, end: &str) -> Vec<u8> {
    module(format!("#!/bin/sh\necho {version} > version\n{end}\n").as_bytes(), version)
}

const STAYS: &str = "exec sleep 600";
const HEALTH: &str = "health = ['sh', '-c', 'read v < version && test -n \"$v\" || exit 75; \
    test -e well-$v || exit 3']\n";

#[test]
fn p8_a_program_is_updated_and_one_whose_health_command_fails_is_fallen_back_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let home = device(&door, dir.path(), &program(1, STAYS), HEALTH);
    std::fs::write(home.join("well-2"), "").unwrap();
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    door.serve_until("subscribe spark");

    let two = program(2, STAYS);
    std::fs::remove_file(home.join("version")).unwrap();
    door.update(&start(&two, &[]), &two).unwrap();
    assert_eq!(door.hello().product_version, Some(2));
    door.serve_until("subscribe spark");
    wait_for(&notices, |notice| *notice == Notice::Confirmed);

    let three = program(3, STAYS);
    std::fs::remove_file(home.join("version")).unwrap();
    door.update(&start(&three, &[]), &three).unwrap();
    assert_eq!(door.hello().product_version, Some(2));
    assert_eq!(
        door.serve_until("event spark/device/last_reset"),
        "event spark/device/last_reset=update_error, its health command ended with 3"
    );
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
    assert!(!home.join("fallback").exists(), "the cloud was told");
}

#[test]
fn p8_a_program_that_ends_early_or_cannot_start_is_fallen_back_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let home = device(&door, dir.path(), &program(1, STAYS), HEALTH);
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    door.serve_until("subscribe spark");
    let ends = module(b"#!/bin/sh\nrm -f version; exit 9\n", 2);
    let no_program = module(b"\x7fELF but not really", 3);
    for (file, why) in [(ends, "the program ended with 9"), (no_program, "could not be started")] {
        std::fs::remove_file(home.join("version")).ok();
        door.update(&start(&file, &[]), &file).unwrap();
        let told = door.serve_until("event spark/device/last_reset");
        assert!(told.contains(why), "{told}");
        door.serve_until("subscribe spark");
        wait_for(&notices, |notice| matches!(notice, Notice::FellBack(LastReset::Failed(_))));
    }
    stop(agent, &mut door);
}

#[test]
fn p8_a_program_that_does_not_say_that_it_is_well_in_time_is_fallen_back_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let more = "health = [\"sh\", \"-c\", \"exit 75\"]\nhealth_within_seconds = 1\n";
    let home = device(&door, dir.path(), &program(1, STAYS), more);
    let (agent, _notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    door.serve_until("subscribe spark");
    let two = program(2, STAYS);
    door.update(&start(&two, &[]), &two).unwrap();
    assert_eq!(
        door.serve_until("event spark/device/last_reset"),
        "event spark/device/last_reset=update_timeout, its health command did not find it well within 1 s"
    );
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn a_device_with_an_application_and_no_firmware_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let door = Door::open();
    let folder = door.folder(dir.path());
    let home = folder.dir().to_path_buf();
    let text = std::fs::read_to_string(home.join("device.toml")).unwrap();
    std::fs::write(home.join("device.toml"), format!("{text}\n[application]\n")).unwrap();
    let error = Agent::spawn(Folder::open(&home).unwrap(), RunOptions::default()).err().unwrap();
    assert!(error.to_string().contains("pintle device firmware install"), "{error}");
}

#[test]
fn p8_a_program_that_the_cloud_does_not_greet_in_time_is_fallen_back_from() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let home = device(&door, dir.path(), &program(1, STAYS), "greeted_within_seconds = 1\n");
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    door.serve_until("subscribe spark");
    let two = program(2, STAYS);
    door.update(&start(&two, &[]), &two).unwrap();
    // Nobody serves the cloud until then.
    wait_for(&notices, |notice| matches!(notice, Notice::FellBack(LastReset::TimedOut(_))));
    let told = door.serve_until("event spark/device/last_reset");
    assert!(told.contains("update_timeout, the cloud did not acknowledge its Hello"), "{told}");
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn an_agent_that_is_stopped_while_it_tries_new_firmware_ends_at_once_and_tries_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let home = device(&door, dir.path(), &program(1, STAYS), "health = ['sh', '-c', 'exit 75']\n");
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    door.serve_until("subscribe spark");
    let two = program(2, STAYS);
    door.update(&start(&two, &[]), &two).unwrap();
    let on_trial = |notice: &Notice| matches!(notice, Notice::Starting { on_trial: true, .. });
    wait_for(&notices, on_trial);
    agent.stopper().stop();
    agent.stop().unwrap();
    let text = std::fs::read_to_string(home.join("device.toml")).unwrap();
    std::fs::write(home.join("device.toml"), text.replace("exit 75", "exit 0")).unwrap();
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    wait_for(&notices, on_trial);
    assert_eq!(door.hello().product_version, Some(2));
    door.serve_until("subscribe spark");
    wait_for(&notices, |notice| *notice == Notice::Confirmed);
    stop(agent, &mut door);
}
