//! Answers: each firmware's way of giving them is understood, one that fits no question ends the session, and none
//! counts twice.

use pintle_protocol::coap::{Message, MessageId};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::goodbye::Goodbye;
use pintle_protocol::hello::HelloFlags;
use pintle_protocol::reply::Answer;
use pintle_protocol::tcp::client::Firmware;
use pintle_protocol::tcp::server::{Asked, Sense};
use pintle_protocol::tcp::{Anomaly, Generation, Request, Subscription};
use pintle_protocol::{Event, SubscriptionKind};

use crate::pair::{FIRMWARE, Pair};

#[test]
fn an_answer_with_another_questions_token_ends_the_session() {
    let mut pair = Pair::greeted(Firmware::PHOTON_2_3);
    let mut out = Vec::new();
    let call = pair.cloud.call(&mut out, "led", b"").unwrap();
    let read = pair.cloud.read(&mut out, "temp").unwrap();
    let [high, low] = read.id.0.to_be_bytes();
    let token = call.token.unwrap().0;
    let frame = pair.says_bytes(&[0x61, 0x45, high, low, token, 0xff, 1]);
    assert_eq!(pair.hears(&frame, |_| panic!("acted on")), Err(Anomaly::Unasked));
}

#[test]
fn an_answer_of_another_kind_than_was_asked_for_ends_the_session() {
    let mut pair = Pair::greeted(Firmware::PHOTON_2_3);
    let mut out = Vec::new();
    let call = pair.cloud.call(&mut out, "led", b"").unwrap();
    let [high, low] = pair.next_id().to_be_bytes();
    let frame = pair.says_bytes(&[0x51, 0x45, high, low, call.token.unwrap().0, 0xff, 0, 0, 0, 1]);
    assert_eq!(pair.hears(&frame, |_| panic!("acted on")), Err(Anomaly::Unknown));
}

#[test]
fn p3_an_answer_counts_once() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let call = pair.cloud_says(|cloud, out| _ = cloud.call(out, "led", b"on").unwrap());
        let answers = pair.says(|device, out| {
            let mut scratch = Vec::new();
            let token =
                device.receive(&mut call.as_slice(), &mut scratch).unwrap().unwrap().message.token;
            device.acknowledge(out, id_of(&scratch)).unwrap();
            device.result(out, token, 1).unwrap();
            device.result(out, token, 2).unwrap();
        });
        let mut results = 0;
        let ended =
            pair.hears(&answers, |sense| results += u32::from(matches!(sense, Sense::Answered(_))));
        assert_eq!((results, ended), (1, Err(Anomaly::Unasked)), "{name}");
    }
}

fn id_of(plain: &[u8]) -> MessageId {
    MessageId(u16::from_be_bytes([plain[2], plain[3]]))
}

#[test]
fn each_generation_acknowledges_in_its_own_way_and_is_understood() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let pings: Vec<Asked> = (0..3)
            .map(|_| {
                let mut asked = None;
                let ping = pair.cloud_says(|cloud, out| asked = cloud.ping(out).ok());
                pair.device_hears(&ping).unwrap();
                asked.unwrap()
            })
            .collect();
        let mut pongs = Vec::new();
        for ping in &pings {
            let pong = pair.says(|device, out| device.pong(out, ping.id).unwrap());
            pair.hears(&pong, |sense| {
                let Sense::Acknowledged(asked) = sense else { panic!("{name}: {sense:?}") };
                pongs.push(*asked);
            })
            .unwrap();
        }
        assert_eq!(pongs, pings, "{name}");
        // The device's own messages go on from where its acknowledgements left the numbers.
        let event = pair.says(|device, out| _ = device.event(out, &Event::text("a", "1")).unwrap());
        assert_eq!(pair.hears(&event, |_| {}), Ok(1), "{name}");
    }
}

#[test]
fn a_signal_is_acknowledged_by_its_token() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let mut asked = None;
        let signal = pair.cloud_says(|cloud, out| asked = cloud.signal(out, true).ok());
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        let received = pair.device.receive(&mut signal.as_slice(), &mut scratch).unwrap().unwrap();
        pair.device.signalled(&mut out, &received.message).unwrap();
        pair.device.event(&mut out, &Event::text("a", "1")).unwrap();
        let mut answered = Vec::new();
        let count = pair.hears(&out, |sense| {
            if let Sense::Answered(asked) = sense {
                answered.push(*asked);
            }
        });
        assert_eq!(count, Ok(2), "{name}");
        assert_eq!(answered, [asked.unwrap()], "{name}");
    }
}

#[test]
fn old_firmware_may_describe_itself_in_two_answers_and_no_more() {
    for (_, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let mut asked = None;
        pair.cloud_says(|cloud, out| asked = cloud.describe(out, DescribeKind::System, None).ok());
        let Asked { id, token, .. } = asked.unwrap();
        let [high, low] = id.0.to_be_bytes();
        let mut heard = 0;
        let answer = [0x61, 0x45, high, low, token.unwrap().0, 0xff, b'{', b'}'];
        let mut hear = |pair: &mut Pair| {
            let frame = pair.says_bytes(&answer);
            pair.hears(&frame, |_| heard += 1).is_ok()
        };
        let old = matches!(firmware.generation, Generation::Core | Generation::PhotonOld);
        assert!(hear(&mut pair));
        assert_eq!(hear(&mut pair), old);
        assert!(!hear(&mut pair));
        assert_eq!(heard, 1 + u32::from(old));
    }
}

#[test]
fn p2_only_the_oldest_generations_may_shift_an_acknowledgement() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let mut asked = None;
        pair.cloud_says(|cloud, out| asked = cloud.call(out, "led", b"").ok());
        let [high, low] = asked.unwrap().id.0.to_be_bytes();
        let shifted = pair.says_bytes(&[0x60, high, low, 0]);
        let old = matches!(firmware.generation, Generation::Core | Generation::PhotonOld);
        assert_eq!(pair.hears(&shifted, |_| {}).is_ok(), old, "{name}");
    }
}

#[test]
fn every_message_of_every_firmware_is_understood() {
    for (name, firmware) in FIRMWARE {
        let mut pair = Pair::greeted(firmware);
        let frames = pair.says(|device, out| {
            let wish = Subscription {
                prefix: "alerts".into(),
                kind: SubscriptionKind::Text,
                mine: true,
                device: Some("0123456789ab"),
            };
            device.subscribe(out, &wish).unwrap();
            device.describe(out, DescribeKind::Application, br#"{"f":[],"v":{}}"#).unwrap();
            device
                .event(out, &Event { ttl: 9, confirmable: false, ..Event::text("a/b", "1") })
                .unwrap();
            device.time(out).unwrap();
            device.ping(out).unwrap();
            device.goodbye(out, &Goodbye { cloud_reason: Some(2), ..Goodbye::default() }).unwrap();
        });
        let mut heard = Vec::new();
        pair.hears(&frames, |sense| {
            let Sense::Request(request) = sense else { panic!("{sense:?}") };
            heard.push(match request {
                Request::Subscribe(wish) => {
                    assert_eq!((&*wish.prefix, wish.device), ("alerts", Some("0123456789ab")));
                    "subscribe"
                }
                Request::Describe { .. } => "describe",
                Request::Event(event) => {
                    assert_eq!((&*event.name, event.ttl, event.data), ("a/b", 9, &b"1"[..]));
                    "event"
                }
                Request::Time => "time",
                Request::Ping => "ping",
                Request::ChunksMissed(_) | Request::UpdateDone => "update",
                Request::Goodbye(goodbye) => {
                    assert_eq!(goodbye.cloud_reason, Some(2));
                    "goodbye"
                }
            });
        })
        .unwrap();
        assert_eq!(heard, ["subscribe", "describe", "event", "time", "ping", "goodbye"], "{name}");
        // And the cloud's answer to each is one the device takes.
        let answers = pair.cloud_says(|cloud, out| {
            cloud.acknowledge(out, MessageId(1)).unwrap();
            let time = [0x41, 1, 0, 9, 7, 0xb1, b't'];
            let message = Message::parse(&time).unwrap();
            cloud.time(out, &message, 1_800_000_000).unwrap();
            cloud.answer(out, &message, Answer::Changed).unwrap();
        });
        assert_eq!(pair.device_hears(&answers).unwrap().len(), 3);
    }
}

#[test]
fn the_first_newer_code_is_known_by_its_first_id_though_it_says_nothing_of_what_it_can_do() {
    let silent = Firmware { flags: HelloFlags(0), ..Firmware::PHOTON_1_0 };
    let mut pair = Pair::greeted(silent);
    let ping = pair.cloud.ping(&mut Vec::new()).unwrap();
    assert!(pair.cloud.awaits_ping());
    let pong = pair.says(|device, out| device.pong(out, ping.id).unwrap());
    pair.hears(&pong, |sense| assert!(matches!(sense, Sense::Acknowledged(_)))).unwrap();
    assert!(!pair.cloud.awaits_ping());
}
