//! What a device of each firmware and people outside say to each other.

use super::device::{ALL, TcpDevice, connected, id, pinned};
use crate::node::Node;
use pintle_cloud::device::{AskError, Transport};
use pintle_cloud::event::{self, Delivery, Filter, Source};
use pintle_protocol::coap::Code;
use pintle_protocol::from_cloud::Request;
use pintle_protocol::tcp::Subscription;
use pintle_protocol::tcp::client::{Firmware, Heard};
use pintle_protocol::value::{Value, VariableType};
use pintle_protocol::{Event, SubscriptionKind};

/// The next event of a stream that is none about the device's presence.
fn next(node: &Node, stream: &mut pintle_cloud::event::Subscription) -> event::Event {
    loop {
        match node.runtime.block_on(stream.next()).unwrap() {
            Delivery::Event(event) if event.name == "spark/status" => {}
            Delivery::Event(event) => return (**event).clone(),
            Delivery::Missed(count) => panic!("{count} missed"),
        }
    }
}

fn stream(node: &Node) -> pintle_cloud::event::Subscription {
    node.bus.subscribe(Filter { owner: node.owner, device: None, prefix: String::new() })
}

#[test]
fn an_event_of_every_firmware_is_heard_and_marked_as_unprotected() {
    let node = Node::start_with_tcp();
    let mut stream = stream(&node);
    for (n, firmware) in (1..).zip(ALL) {
        let mut device = connected(&node, n, firmware);
        let quiet = Event { confirmable: false, ..Event::text("a/b", "21.5") };
        device.say(|session, out| session.event(out, &quiet).unwrap());
        let event = next(&node, &mut stream);
        assert_eq!((event.name.as_str(), event.data.as_slice()), ("a/b", &b"21.5"[..]));
        assert_eq!(event.source, Source::Unprotected(id(n)));
        // Acknowledged where that is asked for.
        let loud = Event { confirmable: true, ..Event::text("loud", "") };
        device.say(|session, out| session.event(out, &loud).unwrap());
        device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
        assert_eq!(next(&node, &mut stream).name, "loud");
    }
}

#[test]
fn every_firmware_is_called_read_pinged_and_signalled_and_keeps_its_session() {
    let node = Node::start_with_tcp();
    for (n, firmware) in (1..).zip(ALL) {
        let mut device = connected(&node, n, firmware);
        for _ in 0..2 {
            let gateway = node.gateway.clone();
            let asked = node.runtime.spawn(async move {
                let ping = gateway.ping(id(n)).await;
                let signal = gateway.signal(id(n), true).await;
                let call = gateway.call(id(n), "led", b"on").await;
                (ping, signal, call, gateway.read(id(n), "temp", VariableType::Double).await)
            });
            (0..4).for_each(|_| device.serve());
            let answers = node.runtime.block_on(asked).unwrap();
            assert_eq!(answers, (Ok(()), Ok(()), Ok(2), Ok(Value::Double(21.5))), "{firmware:?}");
        }
        device.say(|session, out| session.ping(out).unwrap());
        device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
        device.say(|session, out| session.time(out).unwrap());
        device.hear(|_, heard| assert!(matches!(heard, Heard::Time(1_700_000_000..)), "{heard:?}"));
    }
    assert_eq!(node.tcp_count("completed"), ALL.len() as u64, "nobody had to come back");
}

#[test]
fn no_firmware_is_sent_what_it_cannot_take() {
    let node = Node::start_with_tcp();
    for (n, firmware) in (1..).zip(ALL) {
        let mut device = connected(&node, n, firmware);
        let limits = firmware.generation.limits();
        let call = |name: &str, length: usize| {
            let (gateway, name) = (node.gateway.clone(), name.to_owned());
            let argument = vec![b'x'; length];
            node.runtime.spawn(async move { gateway.call(id(n), &name, &argument).await })
        };
        let refused = node.runtime.block_on(call("led", limits.argument + 1)).unwrap();
        assert_eq!(refused, Err(AskError::TooLarge { limit: limits.argument }), "{firmware:?}");
        let refused = node.runtime.block_on(call(&"n".repeat(limits.name + 1), 1)).unwrap();
        assert_eq!(refused, Err(AskError::Refused(Code::NOT_FOUND)), "{firmware:?}");
        // Not one of those that it described: some firmware would read address zero.
        let read = node.gateway.read(id(n), "other", VariableType::Int);
        let refused = node.runtime.block_on(read);
        assert_eq!(refused, Err(AskError::Refused(Code::NOT_FOUND)), "{firmware:?}");
        let longest = call("led", limits.argument);
        device.serve();
        let expected = i32::try_from(limits.argument).unwrap();
        assert_eq!(node.runtime.block_on(longest).unwrap(), Ok(expected), "{firmware:?}");
    }
}

#[test]
fn an_event_reaches_subscribers_of_every_firmware_unless_it_is_too_long_for_them() {
    let node = Node::start_with_tcp();
    let publish = |data: usize| {
        node.bus.publish(event::Event {
            name: "cmd/go".into(),
            data: vec![b'x'; data],
            content_format: 0,
            ttl: 60,
            published_at_ms: 0,
            source: Source::Api,
            owner: Some(node.owner),
        });
    };
    for (n, firmware) in (1..).zip(ALL) {
        let mut device = connected(&node, n, firmware);
        let wish = Subscription {
            prefix: "cmd/".into(),
            kind: SubscriptionKind::Text,
            mine: true,
            device: None,
        };
        device.say(|session, out| session.subscribe(out, &wish).unwrap());
        device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
        let before = node.tcp_count("too_long");
        publish(firmware.generation.limits().event_data + 1);
        // The door says that it listens before it sleeps, so the first may not reach it.
        while node.tcp_count("too_long") == before {
            publish(firmware.generation.limits().event_data + 1);
            std::thread::yield_now();
        }
        let longest = firmware.generation.limits().event_data;
        publish(longest);
        device.hear(|_, heard| match heard {
            Heard::Request(Request::Event(event)) => {
                assert_eq!((event.name.as_ref(), event.data.len()), ("cmd/go", longest));
            }
            other => panic!("{other:?}"),
        });
        device.say(|session, out| session.ping(out).unwrap());
        device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
    }
}

#[test]
fn the_roll_tells_how_a_device_came_in_and_the_store_what_it_said() {
    let node = Node::start_with_tcp();
    let device = connected(&node, 1, Firmware::PHOTON_3_3);
    let presence = node.gateway.presence(id(1));
    assert_eq!((presence.online, presence.transport), (true, Some(Transport::Tcp)));
    node.store.flush().wait().unwrap();
    let row = node.store.devices().find(id(1)).wait().unwrap().unwrap();
    assert_eq!((row.platform_id, row.system_version), (Some(6), Some(3301)));
    assert_eq!(row.functions.as_deref(), Some(r#"["led"]"#));
    assert!(row.variables.unwrap().contains("double"));
    drop(device);
    while node.gateway.presence(id(1)).online {
        std::thread::yield_now();
    }
}

#[test]
fn a_long_describe_that_stalls_is_asked_for_block_by_block() {
    let node = Node::start_with_tcp();
    let side = pinned(&node, 1);
    let mut device = TcpDevice::shaken(&node, id(1), &side, Firmware::PHOTON_3_3);
    device.say_hello();
    device.hear(|_, heard| assert!(matches!(heard, Heard::Request(Request::Hello))));
    let names: Vec<_> = (0..60).map(|n| format!("\"a_function_of_some_length_{n}\"")).collect();
    let long = format!("{{\"f\":[{}],\"v\":{{}}}}", names.join(","));
    device.say(|session, out| {
        use pintle_protocol::describe::DescribeKind;
        session.describe(out, DescribeKind::System, super::device::SYSTEM).unwrap();
        session.describe(out, DescribeKind::Application, long.as_bytes()).unwrap();
    });
    let mut blocks = 0;
    while node.store.devices().find(id(1)).wait().unwrap().unwrap().functions.is_none() {
        let wanted = device.hear(|message, heard| match heard {
            Heard::Describe { flags: Some(2), block } => Some((message.id, message.token, *block)),
            Heard::Acknowledged => None,
            other => panic!("{other:?}"),
        });
        let Some((id, token, block)) = wanted else { continue };
        blocks += 1;
        device.say(|session, out| {
            let mut request = Vec::new();
            use pintle_protocol::coap::{Kind, Writer};
            Writer::new(&mut request, Kind::Confirmable, Code::GET, id, token).payload(&[]);
            let message = pintle_protocol::coap::Message::parse(&request).unwrap();
            session.described(out, &message, long.as_bytes(), block).unwrap();
        });
        device.hear(|_, heard| assert_eq!(*heard, Heard::Acknowledged));
        node.store.flush().wait().unwrap();
    }
    assert_eq!(blocks, long.len().div_ceil(512));
}
