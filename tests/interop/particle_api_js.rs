//! `particle-api-js` 12, through the script beside this file.

use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::{Device, FUNCTION, GENERATIONS, VARIABLE};
use crate::peers;
use crate::running::Running;
use std::path::Path;
use std::process::Command;

const ID: &str = "0b1e00000000000000000a91";
const NEW_ID: &str = "0b1e00000000000000000a92";

/// The script, to be finished by the caller: the device, the new device, its key and that key's algorithm.
fn script(cloud: &Cloud, id: &str, fresh: &Device, algorithm: &str) -> Command {
    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/api.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([USER, PASSWORD]);
    command.args([id, FUNCTION, VARIABLE, fresh.id()]).arg(fresh.public_key()).arg(algorithm);
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    peers::without_proxies(&mut command);
    command
}

fn run(mut command: Command) {
    let mut node = Running::start(&mut command);
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "api.mjs: {status}\n{said}");
}

#[test]
fn particle_api_js_12_drives_a_device() {
    let mut cloud = Cloud::start();
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let _running = device.run();
    cloud.wait_for_device(&cloud.log_in(), ID, FUNCTION);
    let fresh = Device::new(&cloud, NEW_ID, cloud.udp());
    run(script(&cloud, ID, &fresh, "ecc"));

    let _running = fresh.run();
    cloud.wait_for_device(&cloud.log_in(), NEW_ID, FUNCTION);
}

#[test]
fn particle_api_js_12_drives_a_device_of_each_generation_over_tcp() {
    let mut cloud = Cloud::start_with_tcp();
    let api = cloud.log_in();
    let device = |generation: &str, number: usize| {
        Device::over_tcp(
            &cloud,
            &format!("0b1e0000000000000000a7{number:02x}"),
            generation,
            cloud.tcp(),
        )
    };
    let pairs: Vec<(Device, Device)> = GENERATIONS
        .into_iter()
        .zip(0..)
        .map(|(generation, number)| (device(generation, number), device(generation, number + 16)))
        .collect();
    let _running: Vec<Running> = pairs
        .iter()
        .map(|(device, _)| {
            cloud.pin(device.id(), &device.public_key());
            device.run()
        })
        .collect();
    for (device, _) in &pairs {
        cloud.wait_for_device(&api, device.id(), FUNCTION);
    }
    std::thread::scope(|scope| {
        for (device, fresh) in &pairs {
            let command = script(&cloud, device.id(), fresh, "rsa");
            scope.spawn(|| run(command));
        }
    });
    let _running: Vec<Running> = pairs.iter().map(|(_, fresh)| fresh.run()).collect();
    for (_, fresh) in &pairs {
        cloud.wait_for_device(&api, fresh.id(), FUNCTION);
    }
}
