//! Hostile and broken input at the session, for every firmware that behaves unlike the others: each ends the session
//! at once, and nothing is acted on afterwards.

use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::client::Firmware;
use pintle_protocol::tcp::describe::Description;
use pintle_protocol::tcp::server::Sense;
use pintle_protocol::tcp::{Anomaly, SendError};
use pintle_protocol::{Error, Event};

use crate::pair::{FIRMWARE, Pair};

/// One row: its name, what the device's end sends, and whether that is what the session must end with.
type Row = (&'static str, fn(&mut Pair) -> Vec<u8>, fn(Anomaly) -> bool);

/// An event with this id: `E/a` and a byte of data.
fn event(id: u16) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    vec![0x50, 2, high, low, 0xb1, b'E', 0x01, b'a', 0xff, b'1']
}

fn with_id(pair: &mut Pair, plain: &[u8]) -> Vec<u8> {
    let mut plain = plain.to_vec();
    plain[2..4].copy_from_slice(&pair.next_id().to_be_bytes());
    pair.says_bytes(&plain)
}

fn is_id(anomaly: Anomaly) -> bool {
    matches!(anomaly, Anomaly::Id { .. })
}

fn is_garbage(anomaly: Anomaly) -> bool {
    matches!(anomaly, Anomaly::Padding | Anomaly::Message(_))
}

const ROWS: &[Row] = &[
    (
        "an older id",
        |pair| {
            let id = pair.next_id();
            pair.says_bytes(&event(id.wrapping_sub(1)))
        },
        is_id,
    ),
    (
        "a skipped id",
        |pair| {
            let id = pair.next_id();
            pair.says_bytes(&event(id.wrapping_add(1)))
        },
        is_id,
    ),
    (
        "a ping with a wrong id",
        |pair| {
            let [h, l] = pair.next_id().wrapping_add(9).to_be_bytes();
            pair.says_bytes(&[0x40, 0, h, l])
        },
        is_id,
    ),
    (
        "a duplicate",
        |pair| {
            let id = pair.next_id();
            let mut frames = pair.says_bytes(&event(id));
            frames.extend(pair.says_bytes(&event(id)));
            frames
        },
        is_id,
    ),
    (
        "a replayed frame",
        |pair| {
            let id = pair.next_id();
            pair.says_bytes(&event(id)).repeat(2)
        },
        |anomaly| is_garbage(anomaly) || is_id(anomaly),
    ),
    ("a length of 17", |_| [&[0, 17][..], &[7; 17]].concat(), |a| a == Anomaly::Length(17)),
    ("a length of 0", |_| vec![0, 0], |a| a == Anomaly::Length(0)),
    (
        "65 520 announced and 100 sent",
        |_| [&[0xff, 0xf0][..], &[7; 100]].concat(),
        |a| a == Anomaly::Length(0xfff0),
    ),
    (
        "an event of 60 000 bytes",
        |pair| {
            let mut plain = event(pair.next_id());
            plain.extend(vec![b'x'; 60_000]);
            pair.says_bytes(&plain)
        },
        |a| matches!(a, Anomaly::Length(60_000..)),
    ),
    (
        "three bytes of plaintext",
        |pair| pair.says_bytes(&[0x50, 2, 0]),
        |a| a == Anomaly::Message(Error::Truncated),
    ),
    ("no plaintext", |pair| pair.says_bytes(&[]), |a| a == Anomaly::Message(Error::Truncated)),
    ("POST without a path", |pair| with_id(pair, &[0x50, 2, 0, 0]), |a| a == Anomaly::Unknown),
    (
        "a path nobody knows",
        |pair| with_id(pair, &[0x50, 2, 0, 0, 0xb1, b'q']),
        |a| a == Anomaly::Unknown,
    ),
    (
        "a code nobody sends",
        |pair| with_id(pair, &[0x50, 4, 0, 0, 0xb1, b'E', 1, b'a']),
        |a| a == Anomaly::Unknown,
    ),
    (
        "a reserved code",
        |pair| with_id(pair, &[0x50, 0x21, 0, 0]),
        |a| matches!(a, Anomaly::Message(Error::ReservedCode(_))),
    ),
    (
        "a version of 2",
        |pair| with_id(pair, &[0x90, 2, 0, 0, 0xb1, b'E', 1, b'a']),
        |a| a == Anomaly::Message(Error::Version(2)),
    ),
    (
        "an event without a name",
        |pair| with_id(pair, &[0x50, 2, 0, 0, 0xb1, b'E']),
        |a| matches!(a, Anomaly::Contents(_)),
    ),
    (
        "a name that is not UTF-8",
        |pair| with_id(pair, &[0x50, 2, 0, 0, 0xb1, b'E', 2, 0xc3, 0x28]),
        |a| a == Anomaly::Contents(Error::Name),
    ),
    (
        "a name of 65 bytes",
        |pair| {
            let mut plain = vec![0x50, 2, 0, 0, 0xb1, b'E', 0x0d, 52];
            plain.extend([b'n'; 65]);
            with_id(pair, &plain)
        },
        |a| a == Anomaly::Contents(Error::Name),
    ),
    (
        "an event with a token",
        |pair| with_id(pair, &[0x51, 2, 0, 0, 7, 0xb1, b'E', 1, b'a']),
        |a| matches!(a, Anomaly::Contents(Error::TokenLength(1))),
    ),
    (
        "a time request with two bytes of token",
        |pair| with_id(pair, &[0x42, 1, 0, 0, 7, 7, 0xb1, b't']),
        |a| matches!(a, Anomaly::Contents(Error::TokenLength(2))),
    ),
    (
        "an option that events do not have",
        |pair| with_id(pair, &[0x50, 2, 0, 0, 0xb1, b'E', 1, b'a', 0x60]),
        |a| matches!(a, Anomaly::Contents(Error::CriticalOption(17))),
    ),
    (
        "a Max-Age twice",
        |pair| with_id(pair, &[0x50, 2, 0, 0, 0xb1, b'E', 1, b'a', 0x31, 9, 0x01, 9]),
        |a| matches!(a, Anomaly::Contents(_)),
    ),
    (
        "a subscription to a device that is none",
        |pair| with_id(pair, &[0x40, 1, 0, 0, 0xb1, b'e', 1, b'a', 0xff, b'x']),
        |a| a == Anomaly::Contents(Error::DeviceId),
    ),
    (
        "a second hello",
        |pair| {
            let platform = pair.device.firmware().platform_id;
            pair.says(|device, out| device.hello(out, 7, None, platform).unwrap())
        },
        |a| a == Anomaly::SecondHello,
    ),
    (
        "a result of nothing",
        |pair| with_id(pair, &[0x51, 0x44, 0, 0, 200, 0xff, 0, 0, 0, 1]),
        |a| a == Anomaly::Unasked,
    ),
    ("an acknowledgement of nothing", |_| Vec::new(), |a| a == Anomaly::Unasked),
    ("a reset of nothing", |pair| pair.says_bytes(&[0x70, 0, 1, 1]), |a| a == Anomaly::Unasked),
];

#[test]
fn p2_every_kind_of_hostile_input_ends_the_session_and_nothing_is_heard_after_it() {
    for (firmware_name, firmware) in FIRMWARE {
        for (name, attack, is_right) in ROWS {
            let mut pair = Pair::greeted(firmware);
            let frames = match *name {
                "an acknowledgement of nothing" => {
                    let far = pair.next_id().wrapping_add(0x4000);
                    let [high, low] = far.to_be_bytes();
                    pair.says_bytes(&[0x60, 0, high, low])
                }
                _ => attack(&mut pair),
            };
            let anomaly = pair.hears(&frames, |_| {}).expect_err(name);
            assert!(is_right(anomaly), "{firmware_name}, {name}: {anomaly:?}");
            is_over(&mut pair, name);
        }
    }
}

/// Nothing is heard and nothing said any more.
fn is_over(pair: &mut Pair, name: &str) {
    assert!(pair.cloud.has_ended());
    let event = pair.says(|device, out| {
        device.event(out, &Event::text("late", "1")).unwrap();
    });
    assert_eq!(pair.hears(&event, |_| panic!("{name}: acted on")), Err(Anomaly::Ended));
    let mut out = Vec::new();
    assert_eq!(pair.cloud.ping(&mut out), Err(SendError::Ended));
    assert_eq!(pair.cloud.event(&mut out, &Event::text("late", "1")), Err(SendError::Ended));
    assert!(out.is_empty(), "{name}: nothing is said");
}

#[test]
fn p2_sixteen_random_bytes_end_the_session() {
    for (name, firmware) in FIRMWARE {
        for seed in 0..64_u8 {
            let mut pair = Pair::greeted(firmware);
            let noise = std::array::from_fn::<u8, 16, _>(|place| {
                seed.wrapping_mul(151).wrapping_add((place as u8).wrapping_mul(97))
            });
            let frame = [&[0, 16][..], &noise].concat();
            assert!(pair.hears(&frame, |_| panic!("{name}: acted on")).is_err(), "{name} {seed}");
            is_over(&mut pair, "noise");
        }
    }
}

#[test]
fn p2_nothing_but_a_hello_that_follows_from_the_credentials_begins_a_session() {
    for (name, firmware) in FIRMWARE {
        let ends = |say: &dyn Fn(&mut Pair) -> Vec<u8>| {
            let mut pair = Pair::silent(firmware);
            let frame = say(&mut pair);
            let ended = pair.hears(&frame, |_| panic!("{name}: acted on")).unwrap_err();
            is_over(&mut pair, name);
            ended
        };
        let early = ends(&|pair| pair.says(|device, out| _ = device.ping(out).unwrap()));
        assert_eq!(early, Anomaly::NotHello, "{name}");
        let wrong_id = ends(&|pair| {
            pair.says(|device, out| {
                device.ping(&mut Vec::new()).unwrap();
                device.hello(out, 7, None, 6).unwrap();
            });
            // As if the frame before had been dropped: sealed with the first vector again.
            let mut other = Pair::silent(firmware);
            other.says_bytes(&[0x50, 2, 0x12, 0x34, 0xb1, b'h', 0xff, 0, 7, 0, 1, 0, 0, 0, 6])
        });
        assert_eq!(wrong_id, Anomaly::HelloId, "{name}");
        let long = ends(&|pair| pair.says_bytes(&[0; 70]));
        assert_eq!(long, Anomaly::Length(80), "{name}");
    }
}

#[test]
fn the_cloud_says_nothing_before_the_device_said_hello() {
    let mut pair = Pair::silent(Firmware::PHOTON_0_7);
    let mut out = Vec::new();
    assert!(matches!(pair.cloud.hello(&mut out), Err(SendError::NotForDevice(_))));
    assert!(matches!(pair.cloud.ping(&mut out), Err(SendError::NotForDevice(_))));
    assert!(out.is_empty());
}

#[test]
fn p2_a_describe_with_broken_json_ends_that_session_alone() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let request = pair.cloud_says(|cloud, out| {
            cloud.describe(out, DescribeKind::Application, None).unwrap();
        });
        let answer = describes(&mut pair, &request, br#"{"f":["led"],"v":{"#);
        let mut broken = 0;
        pair.hears(&answer, |sense| broken += u32::from(matches!(sense, Sense::Answered(_))))
            .unwrap();
        assert_eq!(broken, 1, "{name}");
        let parsed = Description::parse(DescribeKind::Application, br#"{"f":["led"],"v":{"#);
        assert_eq!(parsed, Err(Error::ApplicationDescribe));
        pair.cloud.end();
        is_over(&mut pair, name);
    }
}

fn describes(pair: &mut Pair, request: &[u8], body: &[u8]) -> Vec<u8> {
    let (mut scratch, mut out) = (Vec::new(), Vec::new());
    let received = pair.device.receive(&mut &*request, &mut scratch).unwrap().unwrap();
    pair.device.described(&mut out, &received.message, body, None).unwrap();
    out
}

#[test]
fn a_describe_that_is_refused_does_no_harm() {
    for (_, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let request = pair.cloud_says(|cloud, out| {
            cloud.describe(out, DescribeKind::System, None).unwrap();
        });
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        let received = pair.device.receive(&mut request.as_slice(), &mut scratch).unwrap().unwrap();
        pair.device.refuse(&mut out, &received.message).unwrap();
        let mut refused = 0;
        pair.hears(&out, |sense| refused += u32::from(matches!(sense, Sense::Refused(_)))).unwrap();
        assert_eq!(refused, 1);
        assert!(!pair.cloud.has_ended());
    }
}

#[test]
fn frames_and_their_lengths_may_come_in_any_pieces() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let frames = pair.says(|device, out| {
            device.event(out, &Event::text("one", "1")).unwrap();
            device.time(out).unwrap();
            device.event(out, &Event::text("a/longer/name/than/one/block", "2")).unwrap();
        });
        let mut heard = 0;
        for byte in &frames {
            heard += pair.hears(std::slice::from_ref(byte), |_| {}).unwrap();
        }
        assert_eq!(heard, 3, "{name}");
    }
}
