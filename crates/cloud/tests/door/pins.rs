//! P1: a device is admitted only with the key pinned for its id.

use crate::device::{TestDevice, id, shake, socket};
use crate::node::{Node, new_key};
use pintle_dtls::client::Offer;
use std::time::Duration;

#[test]
fn p1_a_device_with_its_pinned_key_is_admitted() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::connected(&node, id(1), &key);
    assert!(device.ping());
}

#[test]
fn p1_a_device_with_an_unpinned_key_is_refused_in_silence_and_written_down_once() {
    let (node, key) = (Node::start(), new_key());
    assert!(TestDevice::is_refused(&node, &key));
    // Backed off: a second try is refused as well, and fills no history.
    assert!(TestDevice::is_refused(&node, &key));
    node.wait_for("refused", 2);
    let refusals = node.history();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].what, "refused-unpinned");
    assert_eq!(refusals[0].fingerprint, Some(crate::node::public_key(&key).fingerprint()));
}

#[test]
fn p1_a_hello_with_another_id_than_the_keys_is_refused_in_silence_and_written_down() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::shaken(&node, &key);
    device.say_hello(id(2));
    assert!(device.hears_nothing());
    let last = node.history().pop().unwrap();
    assert_eq!((last.what.as_str(), last.device), ("refused-wrong-id", Some(id(2))));
    assert!(!node.gateway.presence(id(1)).online && !node.gateway.presence(id(2)).online);
    assert!(TestDevice::is_refused(&node, &key), "the key is backed off");
}

#[test]
fn p1_nothing_is_heard_from_a_device_before_its_hello() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::shaken(&node, &key);
    device.say(pintle_protocol::from_device::ping);
    assert!(device.hears_nothing());
    assert!(!node.gateway.presence(id(1)).online);
}

#[test]
fn p1_changing_a_pin_ends_the_live_session_under_the_old_key() {
    let (node, old, new) = (Node::start(), new_key(), new_key());
    node.pin(id(1), &old);
    let mut device = TestDevice::connected(&node, id(1), &old);
    node.pin(id(1), &new);
    assert_eq!(device.hear(), b"close_notify");
    assert!(TestDevice::is_refused(&node, &old));
    let mut device = TestDevice::connected(&node, id(1), &new);
    assert!(device.ping());
}

#[test]
fn p1_a_device_does_not_speak_to_a_cloud_with_another_key() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let other = crate::node::public_key(&new_key());
    let patience = Duration::from_secs(10);
    let session = shake(&socket(), patience, node.address(), &key, other, Offer::DeviceOs);
    assert!(session.is_none());
}
