//! From the first Hello to being connected, and what waited for that.

use super::*;
use pintle_dtls::HandshakeError;
use pintle_protocol::describe::{Application, System};

#[test]
fn a_fresh_device_says_everything_in_order() {
    let mut world = World::new();
    world.settle();
    assert_eq!(
        world.heard(),
        [
            &format!("hello {ID}"),
            "describe System 0",
            "time",
            "event particle/device/updates/enabled=false",
            "event particle/device/updates/forced=false",
            "describe Application 0",
            "subscribe particle",
            "subscribe spark",
            "subscribe cmd/",
        ]
    );
    assert!(world.happened.contains(&Happening::Connected { resumed: false }));
    assert!(world.happened.contains(&Happening::Time(1_700_000_000)));
    let application = Application::parse(&world.cloud.describes[&2]).unwrap();
    assert_eq!(application.functions, ["led"]);
    assert_eq!(System::parse(&world.cloud.describes[&1]).unwrap().modules[0].version, 6200);
    assert!(world.cloud.record_types.iter().all(|kind| *kind == 25));
}

#[test]
fn p1_a_cloud_with_another_key_is_not_spoken_to() {
    let mut world = World::with(profile(0), Some(Cloud::new().public_key()));
    world.run_for(Duration::from_secs(120));
    assert_eq!(world.heard(), [""; 0]);
    assert_eq!(world.cloud.handshakes, 0);
    let refused = |loss: &Loss| matches!(loss, Loss::Handshake(HandshakeError::BadSignature(_)));
    assert!(
        !world.losses().is_empty() && world.losses().iter().all(refused),
        "{:?}",
        world.losses()
    );
    // Backed off, not looping.
    assert!(world.losses().len() < 90, "{}", world.losses().len());
}

#[test]
fn a_long_describe_goes_up_in_blocks_each_acknowledged() {
    let mut world = World::with(profile(99), None);
    world.settle();
    assert!(world.life.is_connected());
    let blocks = |line: &&String| line.starts_with("describe Application");
    assert!(world.heard().iter().filter(blocks).count() > 2);
    assert_eq!(Application::parse(&world.cloud.describes[&2]).unwrap().functions.len(), 100);
}

#[test]
fn events_wait_for_the_connection_and_their_acknowledgement() {
    let mut world = World::new();
    let publication = world.life.publish(world.now, "a", b"1").unwrap();
    assert!(!world.happened.contains(&Happening::Published(publication)));
    world.settle();
    assert_eq!(world.heard().iter().filter(|line| *line == "event a=1").count(), 1);
    assert!(world.happened.contains(&Happening::Published(publication)));
    for _ in 0..20 {
        world.life.publish(world.now, "b", b"2").unwrap();
    }
    world.settle();
    assert_eq!(world.heard().len(), 20);
}
