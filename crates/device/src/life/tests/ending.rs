//! How a session ends: by the device, by the cloud, and not by strangers.

use super::*;
use pintle_protocol::coap::RequestToken;
use pintle_protocol::reply;

#[test]
fn leaving_says_goodbye_and_ends() {
    let mut world = World::connected();
    world.life.leave(world.now);
    world.settle();
    assert!(world.life.is_gone());
    assert_eq!(world.heard(), ["goodbye Some(2)"]);
}

#[test]
fn leaving_a_cloud_that_does_not_answer_takes_three_seconds() {
    let mut world = World::connected();
    world.cloud.deaf = true;
    world.life.leave(world.now);
    world.run_for(Duration::from_millis(2900));
    assert!(!world.life.is_gone());
    world.run_for(Duration::from_millis(200));
    assert!(world.life.is_gone());
    assert!(world.life.take_saved().is_some());
}

#[test]
fn a_message_that_is_never_acknowledged_ends_the_session() {
    let mut world = World::connected();
    world.cloud.deaf = true;
    let publication = world.life.publish(world.now, "a", b"1").unwrap();
    world.run_for(Duration::from_secs(91));
    world.cloud.deaf = false;
    world.run_for(Duration::from_secs(10));
    assert!(world.happened.contains(&Happening::NotPublished(publication, Unpublished::Lost)));
    assert!(!world.losses().is_empty());
    assert!(world.life.is_connected(), "{:?}", world.happened);
}

#[test]
fn a_reset_a_close_and_a_key_change_each_lead_to_a_new_handshake_at_once() {
    for (way, loss) in [(0, Loss::Reset), (1, Loss::Closed), (2, Loss::KeyChange)] {
        let mut world = World::connected();
        let datagram = match way {
            0 => world.cloud.ask(reply::reset),
            1 => {
                let mut out = Vec::new();
                world.cloud.session.as_mut().unwrap().close(&mut out).unwrap();
                out
            }
            _ => world
                .cloud
                .ask(|out, id| from_cloud::forget_session(out, id, RequestToken(1)).unwrap()),
        };
        world.deliver(datagram);
        world.run_for(Duration::from_millis(10));
        assert_eq!(world.losses(), [loss]);
        assert_eq!(world.cloud.handshakes, 2);
        assert!(world.life.is_connected());
    }
}

#[test]
fn p2_forged_records_do_not_end_the_session() {
    let mut world = World::connected();
    let mut close = Vec::new();
    world.cloud.session.as_mut().unwrap().close(&mut close).unwrap();
    *close.last_mut().unwrap() ^= 1;
    for datagram in [close, vec![], vec![0], vec![21; 40], vec![23; 2000]] {
        world.deliver(datagram);
    }
    assert!(world.life.is_connected());
    assert_eq!(world.losses(), []);
}
