//! A cloud that says nothing, and a network that is not there.

use super::*;

#[test]
fn silence_is_met_with_a_ping_every_25_seconds() {
    let mut world = World::connected();
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.heard(), ["ping", "ping"]);
    assert!(world.life.is_connected());
}

#[test]
fn a_silent_cloud_is_resumed_with_records_of_type_253_from_a_new_port() {
    let mut world = World::connected();
    let port = world.port;
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(56));
    assert_eq!(world.losses(), [Loss::Silence]);
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.port, port + 1);
    assert_eq!(world.cloud.handshakes, 1);
    assert!(world.life.is_connected());
    let heard = world.heard();
    assert_eq!(heard[0], "ping");
    assert!(
        !heard.iter().any(|line| line.starts_with("hello") || line.starts_with("subscribe")),
        "{heard:?}"
    );
    assert_eq!(world.cloud.record_types[0], 253);
    assert_eq!(world.cloud.record_types.last(), Some(&25));
}

#[test]
fn a_session_that_is_resumed_three_times_in_vain_is_given_up() {
    let mut world = World::connected();
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(25 + 30 + 10 * 3 - 1));
    assert_eq!(world.losses(), [Loss::Silence; 3]);
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.losses()[3], Loss::Unresumable);
    assert_eq!(world.cloud.handshakes, 2);
    assert!(world.life.is_connected());
}

#[test]
fn a_session_outlives_a_time_without_a_network() {
    let mut world = World::connected();
    world.cloud.silent = true;
    world.run_for(Duration::from_secs(56));
    for _ in 0..10 {
        world.life.unreachable(world.now);
        world.run_for(Duration::from_secs(10));
    }
    world.cloud.silent = false;
    world.run_for(Duration::from_secs(10));
    assert!(world.life.is_connected());
    assert_eq!(world.cloud.handshakes, 1);
}
