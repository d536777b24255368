//! `particle-api-js` 12, through the script beside this file.

use crate::cloud::{Cloud, PASSWORD, USER};
use crate::device::{Device, FUNCTION, VARIABLE};
use crate::peers;
use crate::running::Running;
use std::path::Path;
use std::process::Command;

const ID: &str = "0b1e00000000000000000a91";
const NEW_ID: &str = "0b1e00000000000000000a92";

#[test]
fn particle_api_js_12_drives_a_device() {
    let mut cloud = Cloud::start();
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let _running = device.run();
    cloud.wait_for_device(&cloud.log_in(), ID, FUNCTION);
    let fresh = Device::new(&cloud, NEW_ID, cloud.udp());

    let library = peers::npm("particle-api-js", "node_modules/particle-api-js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/api.mjs");
    let mut command = Command::new(peers::node());
    command.arg(script).arg(library).arg(cloud.api_url()).args([USER, PASSWORD]);
    command.args([ID, FUNCTION, VARIABLE, NEW_ID]).arg(fresh.public_key());
    command.env("NODE_EXTRA_CA_CERTS", cloud.ca());
    let mut node = Running::start(peers::without_proxies(&mut command));
    let status = node.wait_for_end();
    let said = node.said();
    assert!(status.success() && said.ends_with("all passed"), "api.mjs: {status}\n{said}");

    let _running = fresh.run();
    cloud.wait_for_device(&cloud.log_in(), NEW_ID, FUNCTION);
}
