//! What a cloud may send: each generation's limits, to the byte, and nothing a device was not made to take.

use pintle_protocol::coap::{MessageId, RequestToken};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::client::Firmware;
use pintle_protocol::tcp::{Generation, SendError, Sizes, client, server};
use pintle_protocol::{Error, Event};

use crate::pair::{FIRMWARE, Pair};

fn text(length: usize) -> String {
    "n".repeat(length)
}

/// Says it, and has the device hear it.
fn heard(
    pair: &mut Pair,
    say: impl FnOnce(&mut server::Session, &mut Vec<u8>) -> Result<(), SendError>,
) -> Result<(), SendError> {
    let mut out = Vec::new();
    let said = say(&mut pair.cloud, &mut out);
    assert_eq!(said.is_err(), out.is_empty());
    if !out.is_empty() {
        assert_eq!(pair.device_hears(&out).expect("the device takes it").len(), 1);
    }
    said
}

#[test]
fn names_arguments_and_data_end_at_each_generations_limits() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let limits = pair.cloud.limits().unwrap();
        let mut call = |name: usize, argument: usize| {
            heard(&mut pair, |cloud, out| {
                cloud.call(out, &text(name), text(argument).as_bytes()).map(drop)
            })
        };
        let too_large = |limit| Err(SendError::TooLarge { limit });
        assert_eq!(call(3, limits.argument), Ok(()), "{name}");
        assert_eq!(call(3, limits.argument + 1), too_large(limits.argument), "{name}");
        assert_eq!(call(limits.name, 0), Ok(()), "{name}");
        assert_eq!(call(limits.name + 1, 0), Err(SendError::Name { limit: limits.name }), "{name}");
        assert!(call(0, 0).is_err(), "{name}");
        let mut event = |name: usize, data: usize| {
            let (name, data) = (text(name), text(data));
            heard(&mut pair, |cloud, out| cloud.event(out, &Event::text(&name, &data)))
        };
        assert_eq!(event(3, limits.event_data), Ok(()), "{name}");
        assert_eq!(event(3, limits.event_data + 1), too_large(limits.event_data), "{name}");
        assert_eq!(event(limits.event_name, 0), Ok(()), "{name}");
        let too_long = Err(SendError::Name { limit: limits.event_name });
        assert_eq!(event(limits.event_name + 1, 0), too_long, "{name}");
        let read = |length: usize| {
            let mut pair = Pair::greeted(firmware);
            heard(&mut pair, |cloud, out| cloud.read(out, &text(length)).map(drop))
        };
        assert_eq!((read(limits.name).is_ok(), read(limits.name + 1).is_ok()), (true, false));
    }
}

#[test]
fn the_longest_name_leaves_less_room_for_the_argument_and_says_how_much() {
    let mut pair = Pair::greeted(Firmware::PHOTON_3_3);
    let mut call = |argument: usize| {
        heard(&mut pair, |cloud, out| {
            cloud.call(out, &text(64), text(argument).as_bytes()).map(drop)
        })
    };
    let Err(SendError::TooLarge { limit }) = call(864) else { panic!("a frame over the limit") };
    assert!(limit < 864);
    assert_eq!(call(limit), Ok(()));
    assert_eq!(call(limit + 1), Err(SendError::TooLarge { limit }));
}

#[test]
fn a_core_gets_little_until_it_is_known_not_to_be_the_first_firmware() {
    let mut pair = Pair::greeted(Firmware::CORE);
    let long = text(255);
    let mut out = Vec::new();
    let refused = pair.cloud.event(&mut out, &Event::text("a", &long));
    assert_eq!(refused, Err(SendError::TooLarge { limit: 63 }));
    let ping = pair.cloud.ping(&mut out).unwrap();
    let pong = pair.says(|device, out| device.pong(out, ping.id).unwrap());
    pair.hears(&pong, |_| {}).unwrap();
    assert_eq!(pair.cloud.event(&mut out, &Event::text("a", &long)), Ok(()));
}

#[test]
fn only_0_8_and_later_are_asked_for_measurements() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let asked = heard(&mut pair, |cloud, out| {
            cloud.describe(out, DescribeKind::Metrics, None).map(drop)
        });
        let old = matches!(firmware.generation, Generation::Core | Generation::PhotonOld);
        let refused = Err(SendError::NotForDevice(Error::Query));
        assert_eq!(asked, if old { refused } else { Ok(()) }, "{name}");
    }
}

#[test]
fn only_3_x_is_asked_for_blocks() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let asked = heard(&mut pair, |cloud, out| {
            cloud.describe(out, DescribeKind::Application, Some(1)).map(drop)
        });
        let known = firmware.generation == Generation::Photon3;
        let expected = if known { Ok(()) } else { Err(SendError::NotForDevice(Error::Path)) };
        assert_eq!(asked, expected, "{name}");
    }
}

#[test]
fn no_id_and_no_token_is_used_twice_at_a_time() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let (mut out, mut ids, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..255 {
            let asked = pair.cloud.read(&mut out, "v").unwrap();
            ids.push(asked.id);
            tokens.push(asked.token.unwrap());
        }
        assert_eq!(pair.cloud.read(&mut out, "v"), Err(SendError::Unanswered), "{name}");
        assert_eq!(pair.cloud.ping(&mut out), Err(SendError::Unanswered), "{name}");
        ids.sort_unstable();
        ids.dedup();
        let first: RequestToken = tokens[0];
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!((ids.len(), tokens.len()), (255, 255), "{name}");
        // Once one is answered, there is one to give again.
        let [high, low] = pair.next_id().to_be_bytes();
        let answer = pair.says_bytes(&[0x51, 0x45, high, low, first.0, 0xff, 1]);
        pair.hears(&answer, |_| {}).unwrap();
        assert!(!pair.cloud.has_ended(), "{name}");
    }
}

#[test]
fn an_id_of_ours_is_never_about_to_be_the_devices() {
    let mut pair = Pair::greeted(Firmware::PHOTON_2_3);
    let expected = pair.next_id();
    for _ in 0..70_000 {
        let mut out = Vec::new();
        let before = pair.cloud.acknowledge(&mut out, MessageId(0));
        assert_eq!(before, Ok(()));
        let asked = pair.cloud.ping(&mut out).unwrap();
        assert!(asked.id.0.wrapping_sub(expected) >= 512);
        let frame =
            pair.says_bytes(&[0x60, 0, asked.id.0.to_be_bytes()[0], asked.id.0.to_be_bytes()[1]]);
        pair.hears(&frame, |_| {}).unwrap();
    }
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<server::Session>() <= 160, "{}", size_of::<server::Session>());
    assert!(size_of::<server::Greeting>() <= 304);
    assert!(size_of::<client::Session>() <= 192, "{}", size_of::<client::Session>());
}

/// What firmware relies on: a token of one byte and then a path of one letter, or no token at all.
#[test]
fn everything_said_has_its_parts_where_firmware_looks_for_them() {
    for (_, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let mut out = Vec::new();
        pair.cloud.call(&mut out, "led", b"on").unwrap();
        pair.cloud.read(&mut out, "temp").unwrap();
        pair.cloud.describe(&mut out, DescribeKind::System, None).unwrap();
        pair.cloud.signal(&mut out, true).unwrap();
        for plain in pair.device_hears(&out).unwrap() {
            assert_eq!((plain[0], plain[5]), (0x41, 0xb1), "{plain:02x?}");
        }
        let mut out = Vec::new();
        pair.cloud.event(&mut out, &Event { ttl: 5, ..Event::text("a/b", "1") }).unwrap();
        let event = pair.device_hears(&out).unwrap().remove(0);
        // The path where old code parses it, Max-Age before the data, and nothing else.
        assert_eq!(event[4..], *b"\xb1E\x03a/b\x31\x05\xff1");
        assert_eq!(event[0], 0x50);
    }
}

#[test]
fn a_device_that_says_it_takes_less_gets_less() {
    let sizes = Firmware::PHOTON_3_3.sizes.map(|sizes| Sizes { max_message: 512, ..sizes });
    let mut pair = Pair::greeted(Firmware { sizes, ..Firmware::PHOTON_3_3 });
    let refused = pair.cloud.call(&mut Vec::new(), "f", &[b'x'; 500]).unwrap_err();
    let SendError::TooLarge { limit } = refused else { panic!("{refused}") };
    let mut frame = Vec::new();
    pair.cloud.call(&mut frame, "f", &vec![b'x'; limit]).unwrap();
    assert_eq!(frame.len(), 2 + 480, "the length and a block have to fit, too");
    assert!(pair.cloud.call(&mut Vec::new(), "f", &vec![b'x'; limit + 1]).is_err());
}

#[test]
fn p1_no_device_is_told_to_forget_the_cloud_that_it_trusts() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let mut out = Vec::new();
        let mut say = |name| pair.cloud.event(&mut out, &Event::text(name, "x"));
        assert!(say("spark/device/key/restore").is_err(), "{name}");
        say("spark/device/random").unwrap();
    }
}
