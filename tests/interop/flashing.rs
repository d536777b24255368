//! `particle cloud flash` of a device that runs an application: what the device runs then, and what its owner hears.

use crate::cloud::{Cloud, PASSWORD, USER, output_of, pintle};
use crate::device::{Device, FUNCTION};
use crate::particle_cli::{Cli, node_22};
use crate::peers;
use crate::running::Running;
use pintle_firmware::Digest;
use pintle_firmware::module::{Builder, Function, Platform};
use std::fs;

const ID: &str = "0b1e0000000000000000f1a5";

/// A module with a program that does nothing for long.
fn module(version: u16) -> Vec<u8> {
    let program = format!("#!/bin/sh\n# {version} {}\nexec sleep 600\n", "-".repeat(50_000));
    let mut builder = Builder::new(Platform(3), Function::USER_PART, 0x1000, program.as_bytes());
    builder.prefix.version = version;
    builder.build()
}

/// Whether the device has this module for its last known good one; it must not run.
fn has_confirmed(device: &Device, module: &[u8]) -> bool {
    let mut status = pintle();
    status.args(["device", "firmware", "status", "--json", "--dir"]).arg(device.folder());
    let said: serde_json::Value = serde_json::from_str(&output_of(&mut status)).expect("JSON");
    let sha256 = Digest::of(module).to_string();
    let slots = said["slots"].as_object().expect("slots").values();
    slots.into_iter().any(|slot| slot["sha256"] == sha256 && slot["last_known_good"] == true)
}

fn flash(mut cloud: Cloud, cli: &Cli) {
    let files = cloud.scratch("modules");
    let (first, second) = (module(1), module(2));
    let save = |name: &str, bytes: &[u8]| {
        let path = files.join(name);
        fs::write(&path, bytes).expect("a file can be written");
        path.to_string_lossy().into_owned()
    };
    let device = Device::new(&cloud, ID, cloud.udp());
    device.install(&save("first.bin", &first));
    cloud.pin(ID, &device.public_key());
    let running = device.run();
    cloud.wait_for_device(&cloud.log_in(), ID, FUNCTION);
    cli.run(&["login", "-u", USER, "-p", PASSWORD]);

    let junk = save("junk.bin", &[0x5a; 3_000]);
    let (_, said) = cli.try_run(&["cloud", "flash", ID, &junk]);
    assert!(said.contains("no firmware module"), "junk was not refused for what it is:\n{said}");

    let mut heard = Running::start(&mut cli.command(&["subscribe"]));
    heard.wait_until("any event", |seen| {
        if seen.iter().any(|line| line.contains("listening")) {
            return Some(());
        }
        cli.run(&["publish", "listening"]);
        None
    });
    cli.expect(&["cloud", "flash", ID, &save("second.bin", &second)], "Flash success!");
    heard.wait_until("the end of the update", |seen| {
        let of_flash = |line: &&String| line.contains("spark/flash/status");
        let told: Vec<_> = seen.iter().filter(of_flash).collect();
        let failed = told.iter().any(|line| line.contains("failed "));
        assert!(!failed, "the update failed: {seen:#?}");
        let begun = told.iter().any(|line| line.contains("started "));
        (begun && told.iter().any(|line| line.contains("success "))).then_some(())
    });
    running.terminate();
    assert!(has_confirmed(&device, &second));
}

#[test]
fn particle_cli_3_43_flashes_a_device() {
    let cloud = Cloud::start();
    let cli = Cli::new(&cloud, "particle-cli-3.43", peers::node());
    flash(cloud, &cli);
}

#[test]
fn particle_cli_3_51_flashes_a_device() {
    let cloud = Cloud::start();
    let cli = Cli::new(&cloud, "particle-cli-3.51", node_22());
    flash(cloud, &cli);
}
