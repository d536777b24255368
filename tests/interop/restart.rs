//! A restart of the cloud, with a device that notices nothing: the old session goes on, from the
//! old port and from a new one, and nothing recorded before is accepted after.

use crate::api::{Api, wait_for_event};
use crate::cloud::Cloud;
use crate::device::{Device, FUNCTION};
use crate::relay::Relay;
use crate::running::Running;

const ID: &str = "0b1e0000000000000000ca11";
const HANDSHAKE: u8 = 22;

struct Story {
    // The order matters: the device ends before the relay, the relay before the cloud.
    device: Running,
    relay: Relay,
    cloud: Cloud,
    api: Api,
}

impl Story {
    /// A device, connected through a relay.
    fn begin() -> Self {
        let mut cloud = Cloud::start();
        let relay = Relay::to(cloud.udp());
        let device = Device::new(&cloud, ID, relay.address());
        cloud.pin(ID, &device.public_key());
        let device = device.run();
        let api = cloud.log_in();
        cloud.wait_for_device(&api, ID, FUNCTION);
        Self { device, relay, cloud, api }
    }

    fn restart(&mut self) {
        self.cloud.stop();
        self.cloud.start_again();
        self.api = self.cloud.log_in();
    }

    /// Calls the function until it answers: the first datagrams may find no cloud.
    fn call(&mut self) {
        let path = format!("/v1/devices/{ID}/{FUNCTION}");
        let api = &self.api;
        self.device.wait_until("an answer of the function", |_| {
            let (status, body) = api.post(&path, &[("args", "")]);
            (status == 200 && body["return_value"] == 42).then_some(())
        });
    }

    fn assert_no_handshake(&self) {
        let sent = self.relay.take_sent();
        let plain = |datagram: &Vec<u8>| datagram.starts_with(&[HANDSHAKE, 0xfe, 0xfd, 0, 0]);
        assert!(!sent.iter().any(plain), "the device shook hands again");
    }
}

#[test]
fn p3_a_device_goes_on_with_its_session_after_a_restart_of_the_cloud() {
    let mut story = Story::begin();
    story.call();
    story.relay.take_sent();
    story.restart();
    story.call();
    story.assert_no_handshake();
}

#[test]
fn p3_a_device_goes_on_from_another_port_after_a_restart_of_the_cloud() {
    let mut story = Story::begin();
    story.call();
    story.relay.take_sent();
    story.cloud.stop();
    story.relay.change_port();
    story.cloud.start_again();
    story.api = story.cloud.log_in();
    let events = story.api.events("/v1/devices/events");
    // The device speaks first from a new port; told to, it publishes what it reads.
    story.device.write(b"hello from-a-new-port\n");
    wait_for_event(&events, "from-a-new-port");
    story.call();
    story.assert_no_handshake();
}

#[test]
fn p3_datagrams_recorded_before_a_restart_are_rejected_after_it() {
    let mut story = Story::begin();
    let events = story.api.events("/v1/devices/events");
    story.device.write(b"recorded once\n");
    wait_for_event(&events, "once");
    story.call();
    let recorded = story.relay.take_sent();
    story.restart();
    let events = story.api.events("/v1/devices/events");
    for datagram in &recorded {
        story.relay.inject(datagram);
    }
    story.device.write(b"marker after-the-replay\n");
    loop {
        let line = wait_for_event(&events, ":");
        assert!(!line.contains("recorded") && !line.contains("once"), "replayed: {line}");
        if line.contains("after-the-replay") {
            break;
        }
    }
    story.call();
    story.assert_no_handshake();
}
