//! How a connection ends, and what comes after it.

use super::*;
use crate::life::{Loss, Unpublished};

fn losses(world: &World) -> Vec<Loss> {
    let loss = |happening: &Happening| match happening {
        Happening::Disconnected(loss) => Some(*loss),
        _ => None,
    };
    world.happened.iter().filter_map(loss).collect()
}

#[test]
fn a_silent_cloud_is_pinged_after_15_seconds_and_left_10_seconds_later() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        world.run_for(Duration::from_secs(60));
        assert_eq!(world.heard(), ["ping"; 4]);
        world.cloud.silent = true;
        world.run_for(Duration::from_secs(24));
        assert!(world.life.is_connected());
        world.run_for(Duration::from_secs(1));
        assert_eq!(losses(&world), [Loss::Silence]);
        // It comes back at once, and then waits for a hello that does not come.
        assert_eq!(world.connections, 2);
        world.run_for(Duration::from_secs(4));
        assert_eq!(losses(&world)[1], Loss::NoHello);
    }
}

#[test]
fn a_cloud_that_closes_is_tried_again_with_growing_waits() {
    let mut world = World::connected(Generation::Photon);
    let event = world.life.publish(world.now, "temp", b"1").unwrap();
    world.life.closed(world.now);
    world.run_for(Duration::ZERO);
    assert!(world.happened.contains(&Happening::NotPublished(event, Unpublished::Lost)));
    assert_eq!(losses(&world), [Loss::Closed]);
    assert!(world.life.is_connected());
    // From now on nobody is there.
    let mut waits = Vec::new();
    for _ in 0..8 {
        world.life.closed(world.now);
        while world.life.poll_happening().is_some() {}
        let due = world.life.poll_timeout().unwrap();
        waits.push((due - world.now).as_secs());
        world.now = due;
        world.life.handle_timeout(due);
        while world.life.poll_transmit().is_some() {}
    }
    assert_eq!(waits, [0, 1, 1, 1, 1, 1, 2, 2]);
}

#[test]
fn whoever_is_told_to_end_says_goodbye_where_its_firmware_does() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        world.life.leave(world.now);
        world.settle();
        assert!(world.life.is_gone());
        let old = matches!(generation, Generation::Core | Generation::PhotonOld);
        let expected: &[&str] = if old { &[] } else { &["goodbye Some(2)"] };
        assert_eq!(world.heard(), expected, "{generation:?}");
    }
}

#[test]
fn p1_an_answer_that_the_pinned_cloud_did_not_sign_is_refused() {
    let mut world = World::new(Generation::Photon);
    // A cloud that has the device's key but not the pinned one of its own.
    let other = pintle_rsa::CloudKey::generate().unwrap();
    let side = Arc::new(pintle_rsa::DeviceSide {
        key: DeviceKey::read(&device_side().key.to_der().unwrap()).unwrap(),
        cloud: other.public().clone(),
    });
    world.life = Life::start(side, Generation::Photon, profile(6), Duration::ZERO, 1).unwrap();
    while world.life.poll_happening().is_some() {}
    world.cloud.accept();
    let mut nonce = world.cloud.say().unwrap();
    world.life.handle_input(world.now, &mut nonce);
    assert_eq!(world.life.poll_transmit().map(|block| block.len()), Some(256));
    let mut forged = vec![7; 384];
    world.life.handle_input(world.now, &mut forged);
    world.settle();
    assert_eq!(losses(&world), [Loss::WrongAnswer]);
}

#[test]
fn p2_a_frame_that_is_no_message_ends_the_session() {
    for generation in Generation::ALL {
        let mut world = World::connected(generation);
        let mut noise = [&[0, 16][..], &[0x5a; 16]].concat();
        world.life.handle_input(world.now, &mut noise);
        world.run_for(Duration::ZERO);
        assert_eq!(losses(&world), [Loss::Anomaly], "{generation:?}");
        assert!(world.life.is_connected(), "and it came back");
    }
}
