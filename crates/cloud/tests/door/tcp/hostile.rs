//! What no device says, or says now: it ends that session, at once and in silence, and nothing else (promise P2).

use super::device::{TcpDevice, connected, id, pinned};
use crate::node::Node;
use pintle_cloud::event::{Delivery, Filter};
use pintle_protocol::Event;
use pintle_protocol::coap::{Code, Kind, MessageId, Token, Writer, option};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::Generation;
use pintle_protocol::tcp::client::{Firmware, Heard, Session};

/// One thing to do to a session.
type Attack = (&'static str, fn(&mut TcpDevice));

/// An event that asks for no acknowledgement.
fn quiet<'a>(name: &'a str, data: &'a str) -> Event<'a> {
    Event { confirmable: false, ..Event::text(name, data) }
}

fn message(kind: Kind, code: Code, id: MessageId, path: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, kind, code, id, Token::EMPTY);
    for segment in path {
        writer = writer.option(option::URI_PATH, segment).unwrap();
    }
    writer.payload(&[]);
    bytes
}

/// The next id, of a device that says nothing else in between.
fn seal_next(device: &mut TcpDevice, build: impl FnOnce(MessageId) -> Vec<u8>) {
    // A ping uses up the next id and is answered: so the one after it is known.
    let MessageId(id) = device.say(|session, out| session.ping(out).unwrap());
    device.hear(|_, _| {});
    let bytes = build(MessageId(id.wrapping_add(1)));
    device.say(|session: &mut Session, out| session.seal(out, &bytes).unwrap());
}

const ATTACKS: &[Attack] = &[
    ("a repeated id", |device| {
        seal_next(device, |id| {
            message(Kind::Confirmable, Code::EMPTY, MessageId(id.0.wrapping_sub(1)), &[])
        });
    }),
    ("a skipped id", |device| {
        seal_next(device, |id| {
            message(Kind::Confirmable, Code::EMPTY, MessageId(id.0.wrapping_add(1)), &[])
        });
    }),
    ("an older id", |device| {
        seal_next(device, |id| {
            message(Kind::Confirmable, Code::EMPTY, MessageId(id.0.wrapping_sub(9)), &[])
        });
    }),
    ("a replayed frame", |device| {
        device.say(|session, out| session.event(out, &quiet("once", "1")).unwrap());
        let again = device.sent.clone();
        device.send(&again);
    }),
    ("a frame that is left out", |device| {
        device.session.event(&mut Vec::new(), &quiet("lost", "1")).unwrap();
        device.say(|session, out| session.event(out, &quiet("late", "1")).unwrap());
    }),
    ("sixteen bytes of noise", |device| {
        device.send(&[0, 16]);
        device.send(&[0x5a; 16]);
    }),
    ("a length that is no multiple of sixteen", |device| device.send(&[0, 17])),
    ("a length of nothing", |device| device.send(&[0, 0])),
    ("a length beyond all frames", |device| device.send(&[0xff, 0xf0])),
    ("an event of sixty thousand bytes", |device| {
        let long = vec![b'x'; 60_000];
        seal_next(device, |id| {
            let mut bytes = message(Kind::NonConfirmable, Code::POST, id, &[b"e", b"x"]);
            bytes.push(0xff);
            bytes.extend_from_slice(&long);
            bytes
        });
    }),
    ("three bytes of message", |device| {
        device.say(|session, out| session.seal(out, &[0x50, 2, 0]).unwrap());
    }),
    ("a request without a path", |device| {
        seal_next(device, |id| message(Kind::NonConfirmable, Code::POST, id, &[]));
    }),
    ("a path that is none of a device's", |device| {
        seal_next(device, |id| message(Kind::NonConfirmable, Code::POST, id, &[b"q"]));
    }),
    ("a name that is no text", |device| {
        seal_next(device, |id| message(Kind::NonConfirmable, Code::POST, id, &[b"e", b"\xff\xfe"]));
    }),
    ("a flipped bit in the first block", |device| {
        let mut out = Vec::new();
        device.session.event(&mut out, &quiet("flipped", "1")).unwrap();
        out[5] ^= 1;
        device.send(&out);
    }),
    ("a second hello", TcpDevice::say_hello),
    ("an answer to nothing", |device| {
        device.say(|session, out| session.result(out, Token::new(&[9]).unwrap(), 1).unwrap());
    }),
    ("an acknowledgement of nothing", |device| {
        device.say(|session, out| {
            session
                .seal(out, &message(Kind::Acknowledgement, Code::EMPTY, MessageId(7), &[]))
                .unwrap();
        });
    }),
    ("a describe in broken JSON", |device| {
        device.say(|session, out| {
            session.describe(out, DescribeKind::Application, b"{\"f\":[").unwrap();
        });
    }),
];

#[test]
fn p2_every_anomaly_of_every_generation_ends_that_session_alone_and_in_silence() {
    let node = Node::start_with_tcp();
    let mut bystander = connected(&node, 200, Firmware::PHOTON_2_3);
    for (n, generation) in (1..).zip(Generation::ALL) {
        let side = pinned(&node, n);
        for (name, attack) in ATTACKS {
            let firmware = Firmware::of(generation);
            let mut device = TcpDevice::connected(&node, id(n), &side, firmware);
            attack(&mut device);
            assert!(device.is_cut_off(), "{name}, {generation:?}");
        }
    }
    let ended: u64 =
        pintle_protocol::tcp::Anomaly::KINDS.iter().map(|kind| node.tcp_count(kind)).sum();
    assert_eq!(ended, (ATTACKS.len() * Generation::ALL.len()) as u64, "each was counted");
    bystander.say(|session, out| session.ping(out).unwrap());
    bystander.hear(|_, _| {});
}

#[test]
fn p3_nothing_is_acted_on_after_an_anomaly() {
    let node = Node::start_with_tcp();
    let mut stream =
        node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: "x/".into() });
    let mut device = connected(&node, 1, Firmware::PHOTON_3_3);
    // In one segment: what is in order, what is not, and what would be.
    let mut out = Vec::new();
    device.session.event(&mut out, &quiet("x/before", "1")).unwrap();
    out.extend_from_slice(&[0, 0]);
    device.session.event(&mut out, &quiet("x/after", "1")).unwrap();
    device.send(&out);
    assert!(device.is_cut_off());
    let mut other = connected(&node, 2, Firmware::PHOTON_3_3);
    other.say(|session, out| session.event(out, &quiet("x/last", "1")).unwrap());
    let mut names = Vec::new();
    for _ in 0..2 {
        match node.runtime.block_on(stream.next()).unwrap() {
            Delivery::Event(event) => names.push(event.name.clone()),
            Delivery::Missed(count) => panic!("{count} missed"),
        }
    }
    assert_eq!(names, ["x/before", "x/last"]);
}

#[test]
fn p2_a_describe_that_is_asked_for_and_broken_ends_that_session_alone() {
    let node = Node::start_with_tcp();
    for (n, firmware) in (1..).zip([Firmware::CORE, Firmware::PHOTON_0_7, Firmware::PHOTON_1_5]) {
        let mut device = TcpDevice::shaken(&node, id(n), &pinned(&node, n), firmware);
        device.greet();
        let (id, token) = device.hear(|message, _| (message.id, message.token));
        let mut request = Vec::new();
        Writer::new(&mut request, Kind::Confirmable, Code::GET, id, token).payload(&[]);
        let request = pintle_protocol::coap::Message::parse(&request).unwrap();
        device.say(|session, out| session.described(out, &request, b"{\"m\":[", None).unwrap());
        assert!(device.is_cut_off(), "{firmware:?}");
    }
    connected(&node, 9, Firmware::CORE);
}

#[test]
fn p2_a_broken_describe_is_not_even_acknowledged() {
    let node = Node::start_with_tcp();
    let mut device = TcpDevice::shaken(&node, id(1), &pinned(&node, 1), Firmware::PHOTON_3_3);
    device.greet();
    // A first block that nothing follows, so that it is asked at once.
    device.say(|session, out| session.describe(out, DescribeKind::System, &[b' '; 1000]).unwrap());
    device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
    let (id, token) = device.hear(|message, _| (message.id, message.token));
    let mut request = Vec::new();
    Writer::new(&mut request, Kind::Confirmable, Code::GET, id, token).payload(&[]);
    let request = pintle_protocol::coap::Message::parse(&request).unwrap();
    device.say(|session, out| session.described(out, &request, b"{\"m\":[", None).unwrap());
    assert!(device.is_cut_off());
}
