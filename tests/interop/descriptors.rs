//! Out of file descriptors: devices are served, the log is not filled, and it passes by itself.

use crate::cloud::Cloud;
use crate::device::{Device, FUNCTION};
use crate::place::Place;
use std::net::TcpStream;
use std::time::Duration;

/// Fewer than the connections that come.
const DESCRIPTORS: usize = 130;

const ID: &str = "0b1e0000000000000000fd00";

#[test]
fn p11_more_connections_than_file_descriptors_keep_no_device_waiting() {
    let mut cloud = Cloud::start_in(|_| Place::with_descriptors(DESCRIPTORS), "");
    let device = Device::new(&cloud, ID, cloud.udp());
    cloud.pin(ID, &device.public_key());
    let mut device = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);
    let events = api.events("/v1/devices/events");
    let address = cloud.api_address();
    // What the system does not queue any more is not waited for, but for a few of them.
    let mut patience = 5;
    let connect = |_| {
        let stream = TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok();
        patience -= i32::from(stream.is_none());
        (patience > 0).then_some(stream)
    };
    let flood: Vec<_> = (0..300).map_while(connect).flatten().collect();
    assert!(
        flood.len() > DESCRIPTORS,
        "{} are no more than the node has descriptors for",
        flood.len()
    );
    for n in 0..3 {
        device.write(format!("served-{n} 1\n").as_bytes());
        crate::api::wait_for_event(&events, &format!("served-{n}"));
    }
    // The operator at the machine gets in, too.
    crate::cloud::output_of(&mut cloud.pin_command("list"));
    drop(flood);
    cloud.wait_for_device(&api, ID, FUNCTION);
    let said = cloud.node().said();
    let complaints = said.lines().filter(|line| line.contains("WARN") || line.contains("ERROR"));
    assert!(complaints.count() <= 2, "{said}");
}
