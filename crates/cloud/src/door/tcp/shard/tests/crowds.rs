//! Who is let in, who waits and who is heard when many come: from one address, from many, with blocks that are wrong
//! and with none.

use super::*;

#[test]
fn ten_thousand_half_open_connections_are_bounded_and_keep_no_device_out() {
    let mut house = house();
    for n in 0..10_000 {
        assert!(house.shard.arrived(address(n)).is_some());
        house.later(Duration::from_micros(10));
    }
    assert_eq!(house.shard.connections.count(), callers::MOST);
    house.introduced(1);
    assert!(house.roll.is_online(house.roll.find(device(1)).unwrap()));
    assert!(house.shard.connections.count() <= callers::MOST);
    house.later(BLOCK_DEADLINE);
    assert_eq!(house.shard.connections.count(), 1, "only the device stays");
}

#[test]
fn from_one_address_some_shake_hands_and_the_others_have_their_turn_when_those_are_done() {
    let mut house = house();
    let all: Vec<_> =
        (0..callers::MOST_EACH + 2).map(|_| house.shard.arrived(address(1)).unwrap()).collect();
    assert_eq!(house.said(), callers::MOST_EACH * NONCE);
    // The next in turn is gone by then.
    house.shard.gone(all[callers::MOST_EACH]);
    house.shard.heard(all[0], &[0; 256]);
    assert_eq!(house.said(), 0, "its turn is not over before its block was opened");
    house.refuse(all[0], None);
    assert_eq!(house.said(), 0, "nor before its end");
    // Another address waits for none of them.
    house.shard.arrived(address(2)).unwrap();
    assert_eq!(house.said(), NONCE);
    house.shard.tell_time(house.now + VERDICT_AFTER, 0);
    house.shard.handle_timeout();
    assert_eq!(house.said(), NONCE);
    // Who is let in makes way at once.
    house.shard.heard(all[1], &[0; 256]);
    house.shard.arrived(address(1)).unwrap();
    house.admit(all[1], 1);
    assert_eq!(house.said(), ANSWER + NONCE);
}

#[test]
fn p1_wrong_blocks_without_end_keep_no_device_out_be_they_from_one_address_or_from_many() {
    for addresses in [1, 40] {
        let mut house = house();
        // All that fails is an alarm, too: then only addresses are heard from which a device came in.
        let (key, _) = house.introduced(1);
        house.shard.gone(key);
        for n in 0..20_000 {
            let Some(key) = house.shard.arrived(address(9 + n % addresses)) else { continue };
            house.shard.heard(key, &[0; 256]);
            if let Some(work) = house.shard.blocks.pop() {
                let opened = Opened::Refused(None);
                house.shard.opened(Finished { key: work.key, from: work.from, opened });
            }
        }
        assert!(house.shard.connections.count() <= callers::MOST);
        house.introduced(1);
        assert!(house.roll.is_online(house.roll.find(device(1)).unwrap()), "{addresses}");
    }
}

#[test]
fn a_block_whose_connection_is_gone_counts_until_it_was_opened() {
    let mut house = house();
    let keys: Vec<_> = (0..callers::MOST_EACH).map(|_| house.block_from(1)).collect();
    let from = house.from(keys[0]);
    house.said();
    keys.iter().for_each(|key| house.shard.gone(*key));
    house.shard.arrived(address(1)).unwrap();
    assert_eq!(house.said(), 0, "its address still has all that it may have");
    for key in keys {
        house.shard.opened(Finished { key, from, opened: Opened::Refused(None) });
    }
    assert_eq!(house.said(), NONCE);
}

#[test]
fn while_many_blocks_wait_nobody_is_let_in() {
    let mut house = house();
    let keys: Vec<_> = (0..MOST_OPENING as u32).map(|n| house.block_from(n)).collect();
    assert!(house.shard.is_busy());
    house.refuse(keys[0], None);
    assert!(!house.shard.is_busy());
}

#[test]
fn an_address_that_asks_the_key_too_often_gets_no_more_answers_and_cannot_tell() {
    let mut house = house();
    let mut opened = 0;
    for _ in 0..100 {
        let key = house.block_from(1);
        if let Some(work) = house.shard.blocks.pop() {
            opened += 1;
            let from = work.from;
            house.shard.opened(Finished { key, from, opened: Opened::Refused(None) });
        }
        assert_eq!(house.later(VERDICT_AFTER / 101), [], "each ends when its time is over");
    }
    assert!((60..80).contains(&opened), "{opened}");
    house.later(VERDICT_AFTER);
    assert_eq!(house.shard.connections.count(), 0);
    house.block_from(2);
    assert_eq!(house.shard.blocks.len(), 1, "another address is heard");
}

#[test]
fn p11_an_address_is_known_by_a_hello_and_not_by_a_block_that_anyone_could_have_made() {
    let mut house = house();
    let key = house.block_from(1);
    house.admit(key, 1);
    for n in 0..2_000 {
        let key = house.block_from(1_000 + n);
        house.refuse(key, None);
        house.shard.gone(key);
    }
    house.shard.blocks.clear();
    house.block_from(1);
    assert!(house.shard.blocks.is_empty(), "it proved nothing");
}

#[test]
fn a_device_that_shakes_hands_without_end_is_refused_at_its_address_alone() {
    let mut house = house();
    let admitted = (0..100).filter(|_| {
        let key = house.block_from(1);
        house.admit(key, 1);
        let is_in = live(&mut house.shard.connections, key).is_some();
        house.shard.gone(key);
        is_in
    });
    assert_eq!(admitted.count(), 60);
    let (key, _) = house.introduced(1);
    assert!(live(&mut house.shard.connections, key).is_none());
    let key = house.block_from(2);
    house.admit(key, 1);
    assert!(live(&mut house.shard.connections, key).is_some(), "who has its key goes elsewhere");
}

#[test]
fn a_block_that_nobody_waited_for_is_neither_a_failure_nor_its_addresss_turn() {
    let mut house = house();
    let keys: Vec<_> = (0..callers::MOST_EACH).map(|_| house.block_from(1)).collect();
    let from = house.from(keys[0]);
    house.later(VERDICT_AFTER);
    for key in keys {
        house.shard.opened(Finished { key, from, opened: Opened::TooLate });
    }
    let counted = |name| house.shard.counters.all().into_iter().find(|(of, _)| *of == name);
    assert_eq!(counted("failed"), Some(("failed", 0)));
    house.shard.arrived(address(1)).unwrap();
    assert_eq!(house.said(), NONCE);
}
