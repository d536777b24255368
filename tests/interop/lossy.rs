//! A device behind a bad network: it connects, and whatever is lost or comes twice, an event is published
//! once and a call is run once.

use crate::api::wait_for_event;
use crate::cloud::Cloud;
use crate::device::{Device, FUNCTION};
use crate::relay::{Relay, Weather};

const ID: &str = "0b1e0000000000000000105e";
const EVENTS: usize = 8;

#[test]
fn p3_behind_a_network_that_loses_and_doubles_each_event_and_call_counts_once() {
    let mut cloud = Cloud::start();
    let relay = Relay::through(Weather::new(7, 10, 20), cloud.udp());
    let device = Device::new(&cloud, ID, relay.address());
    cloud.pin(ID, &device.public_key());
    let mut running = device.run();
    let api = cloud.log_in();
    cloud.wait_for_device(&api, ID, FUNCTION);

    let events = api.events("/v1/devices/events/count");
    for n in 0..EVENTS {
        running.write(format!("count event-{n}.\n").as_bytes());
    }
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < EVENTS {
        let line = wait_for_event(&events, "event-");
        let start = line.find("event-").expect("a name");
        let name: String = line[start..].chars().take_while(|c| *c != '.').collect();
        assert!(!seen.contains(&name), "{name} was published twice");
        seen.push(name);
    }
    let path = format!("/v1/devices/{ID}/{FUNCTION}");
    let answered = (0..3).filter(|_| api.post(&path, &[("args", "")]).0 == 200).count();
    assert!(answered >= 2, "only {answered} of 3 calls were answered");
    let run = device.times_called();
    assert!(run <= 3, "3 calls were run {run} times");
}
