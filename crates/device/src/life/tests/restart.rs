//! The next run of a device goes on where the last one ended.

use super::*;
use pintle_protocol::coap::RequestToken;

#[test]
fn a_restart_goes_on_in_the_old_session() {
    let mut world = World::connected();
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    assert!(world.life.is_connected(), "{:?}", world.happened);
    assert!(world.happened.contains(&Happening::Connected { resumed: true }));
    assert_eq!(world.cloud.handshakes, 1);
    assert_eq!(
        world.heard(),
        [
            "ping",
            "event particle/device/updates/enabled=false",
            "event particle/device/updates/forced=false"
        ]
    );
    assert_eq!(world.cloud.record_types[0], 253);
}

#[test]
fn a_restart_tells_what_changed_and_nothing_else() {
    let mut world = World::connected();
    let changed = Profile { subscriptions: vec!["other/".to_owned()], ..profile(1) };
    world.restart(changed);
    world.run_for(Duration::from_secs(1));
    assert_eq!(
        world.heard()[3..],
        ["describe Application 0", "subscribe particle", "subscribe spark", "subscribe other/"]
    );
    let changed = Profile {
        product_version: Some(9),
        subscriptions: vec!["other/".to_owned()],
        ..profile(1)
    };
    world.restart(changed);
    world.run_for(Duration::from_secs(1));
    let heard = world.heard();
    assert_eq!(
        heard[..3],
        ["ping".to_owned(), format!("hello {ID}"), "describe System 0".to_owned()]
    );
    assert_eq!(heard.len(), 6);
    assert_eq!(world.cloud.handshakes, 1);
}

#[test]
fn p3_records_from_before_a_restart_are_not_taken_after_it() {
    let mut world = World::connected();
    let recorded =
        world.cloud.ask(|out, id| from_cloud::call(out, id, RequestToken(7), "led", b"").unwrap());
    world.deliver(recorded.clone());
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    world.deliver(recorded);
    assert_eq!(world.calls(), 0);
}

#[test]
fn p3_a_call_repeated_over_a_restart_is_not_made_again() {
    let mut world = World::connected();
    let message = call();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    world.heard();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    assert_eq!(world.heard(), ["ack 0.00"]);
    assert_eq!(world.calls(), 0);
}

#[test]
fn p3_an_event_repeated_over_a_restart_is_not_taken_again() {
    let mut world = World::connected();
    let mut message = Vec::new();
    let event = pintle_protocol::Event::text("cmd/go", "now");
    from_cloud::event(&mut message, MessageId(9), &event).unwrap();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    world.restart(profile(0));
    world.run_for(Duration::from_secs(1));
    world.heard();
    let datagram = world.cloud.seal(&message);
    world.deliver(datagram);
    assert_eq!(world.heard(), ["ack 0.00"]);
    let is_event = |happening: &Happening| matches!(happening, Happening::Event { .. });
    assert!(!world.happened.iter().any(is_event));
}
