//! Devices that lie of an update, or never come to its end.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn p2_whatever_a_device_says_of_an_update_the_cloud_sends_no_chunk_too_often(
        which in 0..FIRMWARE.len(),
        slow: bool,
        words in vec((0..7_u8, vec(any::<u16>(), 0..60)), 0..60),
    ) {
        let mut world = World::new(FIRMWARE[which].1, slow, file(5000), 4000);
        let (mut said, mut token, mut scratch) = (0, 0, Vec::new());
        'conversation: for (place, (word, indices)) in (0..).zip(words) {
            while let Some(say) = world.sender.poll_say(world.now) {
                said += 1;
                let mut down = Vec::new();
                let message = say.message(&world.file).unwrap();
                let asked = world.pair.cloud.update(&mut down, &message).unwrap();
                token = asked.token.unwrap().0;
            }
            let up = lie(&mut world.pair, (place, word), token, &indices);
            match world.pair.cloud.receive(&mut up.as_slice(), &mut scratch) {
                Ok(Some(received)) => match world.sender.hear(world.now, &received) {
                    Ok(update::Heard::Done) | Err(_) => break 'conversation,
                    Ok(_) => {}
                },
                _ => break 'conversation,
            }
        }
        // Ten chunks, each at most so often; and before each round of them a list, and a word that it was all.
        prop_assert!(said <= 1 + 20 * usize::from(MOST_TIMES), "{said}");
    }
}

/// Something that a device may say of an update, true or not.
fn lie(pair: &mut Pair, (place, word): (u16, u8), token: u8, indices: &[u16]) -> Vec<u8> {
    let [high, low] = pair.next_id().wrapping_add(place).to_be_bytes();
    let list: Vec<u8> = indices.iter().flat_map(|index| (index % 12).to_be_bytes()).collect();
    let payload = |head: Vec<u8>, body: &[u8]| match body {
        [] => head,
        body => [head, vec![0xff], body.to_vec()].concat(),
    };
    let plain = match word {
        0 => payload(vec![0x51, 0x44, high, low, token], &[1]),
        1 => payload(vec![0x51, 0x44, high, low, token], &[0]),
        2 => vec![0x51, 0x44, high, low, token],
        3 => vec![0x51, 0x80, high, low, token],
        4 => payload(vec![0x50, 0x01, high, low, 0xb1, b'c'], &list),
        5 => vec![0x50, 0x03, high, low, 0xb1, b'u'],
        _ => payload(vec![0x51, 0x44, high, low, token], &list),
    };
    pair.says_bytes(&plain)
}

#[test]
fn p2_a_device_that_asks_for_the_same_chunk_for_ever_is_given_up() {
    for (name, firmware) in FIRMWARE {
        let mut world = World::new(firmware, false, file(2000), 4000);
        let mut never = std::iter::repeat_n(Fate::IsLeftOut, 1000);
        assert_eq!(world.run(&mut never), Err(Failed::Damaged), "{name}");
        let mut slow = World::new(firmware, true, file(2000), 4000);
        let mut bad = std::iter::repeat_n(Fate::IsDamaged, 1000);
        assert_eq!(slow.run(&mut bad), Err(Failed::Damaged), "{name}");
        // Nothing more is said.
        assert_eq!(
            (world.sender.poll_say(world.now), slow.sender.poll_say(slow.now)),
            (None, None)
        );
    }
}

#[test]
fn p2_a_device_that_wants_what_there_is_not_has_lied() {
    let missing = |indices: &[u16]| {
        let mut world = World::new(Firmware::PHOTON_1_5, false, file(2000), 4000);
        let mut fates = [Fate::IsLeftOut].into_iter();
        // The device is as far as its beginning: all of the file is said, and not heard.
        let begin = world.sender.poll_say(world.now).unwrap();
        let up = world.say(&begin, Fate::Arrives);
        assert_eq!(world.hear(&up), Ok(false));
        let first = world.sender.poll_say(world.now).unwrap();
        world.say(&first, fates.next().unwrap());
        let up = world.pair.says(|device, out| {
            device.chunks_missed(out, indices).unwrap();
        });
        world.hear(&up)
    };
    assert_eq!(missing(&[0]), Ok(false));
    assert_eq!(missing(&[3]), Ok(false), "that was not sent yet, and comes");
    assert_eq!(missing(&[0, 4]), Err(Failed::Lied));
}

#[test]
fn p2_what_a_device_says_of_an_update_that_there_is_not_ends_its_session() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let up = pair.says(|device, out| {
            device.chunks_missed(out, &[0]).unwrap();
        });
        assert_eq!(pair.hears(&up, |_| {}), Err(Anomaly::Unasked), "{name}");
        let mut pair = Pair::greeted(firmware);
        let up = pair.says(|device, out| device.finished_by_itself(out).unwrap());
        assert_eq!(pair.hears(&up, |_| {}).is_err(), !up.is_empty(), "{name}");
    }
    // Nor does newer firmware say by itself that it has all; and a list is one index or more, and not too many.
    let mut world = World::new(Firmware::PHOTON_2_3, false, file(2000), 4000);
    let begin = world.sender.poll_say(world.now).unwrap();
    let up = world.say(&begin, Fate::Arrives);
    world.hear(&up).unwrap();
    let [high, low] = world.pair.next_id().wrapping_add(1).to_be_bytes();
    let up = world.pair.says_bytes(&[0x50, 0x03, high, low, 0xb1, b'u']);
    assert_eq!(world.pair.hears(&up, |_| {}), Err(Anomaly::Unasked));
    for bad in [vec![], vec![0; 3], vec![0; 102]] {
        assert!(Missed::read(&bad).is_err());
    }
    assert_eq!(Missed::read(&[0, 3, 1, 0]).unwrap().iter().collect::<Vec<_>>(), [3, 256]);
}
