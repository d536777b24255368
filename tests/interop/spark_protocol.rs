//! A second opinion on the handshake of the TCP service: peers built on `@brewskey/spark-protocol`, a server for the same
//! devices. Our devices at its server, and a device of its parts at ours.

use crate::api::wait_for_event;
use crate::cloud::Cloud;
use crate::device::{Device, GENERATIONS};
use crate::peers;
use crate::running::Running;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn library() -> PathBuf {
    let library = peers::npm("spark-protocol", "node_modules/@brewskey/spark-protocol");
    library.canonicalize().expect("the package is there")
}

fn script(mode: &str, folder: &Path) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/spark.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(mode).arg(library()).arg(folder).current_dir(folder);
    command
}

#[test]
fn our_devices_shake_hands_with_a_spark_protocol_server_and_answer_it() {
    // It makes the folders of the devices.
    let cloud = Cloud::start_with_tcp();
    let folder = cloud.scratch("spark");
    let mut server = Running::start(&mut script("server", &folder));
    let port: u16 = server.wait_until("the port", |seen| {
        seen.iter().find_map(|line| line.strip_prefix("listening on ")?.parse().ok())
    });
    let key = folder.join("server.pem");
    let mut running = Vec::new();
    for (number, generation) in GENERATIONS.into_iter().enumerate() {
        let id = format!("0b1e0000000000000000590{number}");
        let address = ([127, 0, 0, 1], port).into();
        let device = Device::at_another_cloud(&cloud, &id, generation, address, &key);
        fs::copy(device.public_key(), folder.join(format!("{id}.der"))).expect("a key is copied");
        running.push(device.run());
        server.wait_until("the handshake", |seen| {
            seen.contains(&format!("{id} shook hands")).then_some(())
        });
        // What the peer asks of 3.x, that refuses.
        if number < 3 {
            server.wait_until("the answers", |seen| {
                seen.contains(&format!("{id} answered")).then_some(())
            });
        }
    }
}

#[test]
fn a_device_of_spark_protocols_parts_shakes_hands_with_our_cloud_and_publishes() {
    const ID: &str = "0b1e00000000000000005910";
    let cloud = Cloud::start_with_tcp();
    let device = Device::over_tcp(&cloud, ID, "photon-0.7", cloud.tcp());
    cloud.pin(ID, &device.public_key());
    let folder = cloud.scratch("spark");
    fs::copy(device.private_key(), folder.join("device_key.der")).expect("a key is copied");
    fs::copy(cloud.tcp_public_key(), folder.join("server.der")).expect("a key is copied");
    let events = cloud.log_in().events("/v1/devices/events");
    let mut command = script("device", &folder);
    command.args([&cloud.tcp().ip().to_string(), &cloud.tcp().port().to_string(), ID]);
    let mut peer = Running::start(&mut command);
    peer.wait_until("the cloud's hello", |seen| {
        seen.iter().any(|line| line == "the cloud said hello").then_some(())
    });
    wait_for_event(&events, "came in");
}
