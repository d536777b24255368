//! What a connected device and people outside say to each other.

use crate::device::{TestDevice, connected, id};
use crate::node::{Node, new_key};
use pintle_cloud::device::AskError;
use pintle_cloud::event::{Delivery, Filter};
use pintle_protocol::coap::{Code, Kind, Message, Token};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_cloud::{self, Request};
use pintle_protocol::value::{Value, VariableType};
use pintle_protocol::{Event, Subscription, SubscriptionKind, from_device, reply};
use std::time::Duration;

fn everything(node: &Node) -> Filter {
    Filter { owner: node.owner, device: None, prefix: String::new() }
}

#[test]
fn an_event_reaches_its_owners_stream_and_is_acknowledged() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let mut stream = node.bus.subscribe(everything(&node));
    device.say(|out, id| from_device::event(out, id, &Event::text("temp", "21.5")).unwrap());
    assert!(device.acknowledged());
    let delivery = node.runtime.block_on(stream.next()).unwrap();
    let Delivery::Event(event) = delivery else { panic!("{delivery:?}") };
    assert_eq!((event.name.as_str(), event.data.as_slice()), ("temp", &b"21.5"[..]));
}

#[test]
fn a_repeated_event_is_acknowledged_again_and_published_once() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let mut stream = node.bus.subscribe(everything(&node));
    let mut message = Vec::new();
    let event = Event::text("once", "1");
    from_device::event(&mut message, pintle_protocol::coap::MessageId(500), &event).unwrap();
    for _ in 0..2 {
        device.send(&message);
        assert!(device.find(|answer| answer.id.0 == 500).is_some());
    }
    device.say(|out, id| from_device::event(out, id, &Event::text("after", "2")).unwrap());
    let names: Vec<_> = (0..2)
        .map(|_| match node.runtime.block_on(stream.next()).unwrap() {
            Delivery::Event(event) => event.name.clone(),
            Delivery::Missed(n) => panic!("{n} missed"),
        })
        .collect();
    assert_eq!(names, ["once", "after"]);
}

#[test]
fn a_function_is_called_and_its_value_returned() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let gateway = node.gateway.clone();
    let call = node.runtime.spawn(async move { gateway.call(id(1), "led", b"on").await });
    let request = device.hear();
    let message = Message::parse(&request).unwrap();
    let expected = Request::Call { name: "led", argument: b"on" };
    assert_eq!(from_cloud::decode(&message).unwrap(), expected);
    assert_eq!(message.token.as_bytes().len(), 1);
    let mut answer = Vec::new();
    reply::ack_empty(&mut answer, message.id);
    device.send(&answer);
    let token = message.token;
    device.say(|out, id| reply::call_result(out, id, token, -7));
    assert!(device.acknowledged(), "a separate response is acknowledged");
    assert_eq!(node.runtime.block_on(call).unwrap(), Ok(-7));
}

#[test]
fn a_variable_is_read_with_its_type() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let gateway = node.gateway.clone();
    let read =
        node.runtime.spawn(async move { gateway.read(id(1), "temp", VariableType::Double).await });
    let request = device.hear();
    let token = Message::parse(&request).unwrap().token;
    device.say(|out, id| reply::value(out, id, token, &Value::Double(21.5)).unwrap());
    assert!(device.acknowledged());
    assert_eq!(node.runtime.block_on(read).unwrap(), Ok(Value::Double(21.5)));
}

#[test]
fn a_device_that_refuses_or_resets_is_not_waited_for() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let gateway = node.gateway.clone();
    let read = node.runtime.spawn(async move { gateway.read(id(1), "x", VariableType::Int).await });
    let request = device.hear();
    let token = Message::parse(&request).unwrap().token;
    device.say(|out, id| reply::failure(out, id, token, reply::Answer::NotFound));
    assert!(device.acknowledged());
    assert_eq!(node.runtime.block_on(read).unwrap(), Err(AskError::Refused(Code::NOT_FOUND)));
    let gateway = node.gateway.clone();
    let call = node.runtime.spawn(async move { gateway.call(id(1), "x", b"").await });
    let request = device.hear();
    let mut reset = Vec::new();
    reply::reset(&mut reset, Message::parse(&request).unwrap().id);
    device.send(&reset);
    assert_eq!(node.runtime.block_on(call).unwrap(), Err(AskError::Refused(Code::NOT_FOUND)));
}

#[test]
fn a_device_that_never_answers_is_given_up_after_a_bounded_time() {
    let node = Node::start_with(Duration::from_millis(200));
    let _device = connected(&node, 1);
    let asked = node.gateway.call(id(1), "led", b"");
    assert_eq!(node.runtime.block_on(asked), Err(AskError::TimedOut));
}

#[test]
fn a_device_that_is_not_here_is_offline_at_once() {
    let node = Node::start();
    let asked = node.runtime.block_on(node.gateway.call(id(9), "led", b""));
    assert_eq!(asked, Err(AskError::Offline));
}

#[test]
fn an_argument_of_a_megabyte_is_refused_before_it_leaves() {
    let node = Node::start();
    let _device = connected(&node, 1);
    let asked = node.runtime.block_on(node.gateway.call(id(1), "led", &vec![b'x'; 1 << 20]));
    assert_eq!(asked, Err(AskError::TooLarge { limit: 1024 }));
}

#[test]
fn describe_and_subscriptions_are_durable_when_they_are_acknowledged() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let json = br#"{"f":["led"],"v":{"temp":9}}"#;
    let token = pintle_protocol::coap::RequestToken(5);
    device.say(|out, id| {
        from_device::describe(out, id, token, DescribeKind::Application, json, None).unwrap();
    });
    assert!(device.acknowledged());
    let subscription = Subscription { prefix: "cmd/".into(), kind: SubscriptionKind::Text };
    device.say(|out, id| from_device::subscribe(out, id, &subscription).unwrap());
    assert!(device.acknowledged());
    let row = node.store.devices().find(id(1)).wait().unwrap().unwrap();
    assert_eq!(row.functions.as_deref(), Some(r#"["led"]"#));
    assert_eq!(row.variables.as_deref(), Some(r#"{"temp":"double"}"#));
    assert_eq!(node.store.devices().subscriptions(id(1)).wait().unwrap()[0].prefix, "cmd/");
}

#[test]
fn an_event_reaches_a_subscribed_device_also_after_a_restart() {
    let mut node = Node::start();
    let mut listener = connected(&node, 1);
    let mut speaker = connected(&node, 2);
    let subscription = Subscription { prefix: "cmd/".into(), kind: SubscriptionKind::Text };
    listener.say(|out, id| from_device::subscribe(out, id, &subscription).unwrap());
    assert!(listener.acknowledged());
    for round in 0..2 {
        speaker.say(|out, id| from_device::event(out, id, &Event::text("cmd/go", "1")).unwrap());
        let heard = listener.find(|message| message.code == Code::POST);
        let heard = heard.unwrap_or_else(|| panic!("the event came in round {round}"));
        let message = Message::parse(&heard).unwrap();
        assert_eq!((message.kind, message.token), (Kind::Confirmable, Token::EMPTY));
        let mut answer = Vec::new();
        reply::ack_empty(&mut answer, message.id);
        listener.send(&answer);
        if round == 0 {
            node.restart();
            assert!(listener.ping() && speaker.ping());
        }
    }
}

#[test]
fn every_confirmable_request_is_answered_whatever_it_is() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let ack = |device: &mut TestDevice, bytes: &[u8]| {
        device.send(bytes);
        let wanted = Message::parse(bytes).unwrap().id;
        let answer = device.find(|message| message.id == wanted).expect("an acknowledgement");
        let message = Message::parse(&answer).unwrap();
        (message.kind, message.code, message.payload().to_vec())
    };
    // A ledger request is answered 2.04 with result 2: not found.
    let ledger = ack(&mut device, &[0x41, 2, 1, 0, 9, 0xb1, b'L', 0xff, 8, 1]);
    assert_eq!(ledger, (Kind::Acknowledgement, Code::CHANGED, vec![8, 4]));
    let unknown = ack(&mut device, &[0x41, 2, 1, 1, 9, 0xb1, b'Q']);
    assert_eq!(unknown.1, Code::NOT_FOUND);
    let time = ack(&mut device, &[0x41, 1, 1, 2, 9, 0xb1, b't']);
    assert_eq!((time.1, time.2.len()), (Code::CONTENT, 4));
}

#[test]
fn a_device_that_shakes_hands_anew_replaces_its_own_session() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut old = TestDevice::connected(&node, id(1), &key);
    let mut new = TestDevice::connected(&node, id(1), &key);
    assert!(new.ping());
    old.say(from_device::ping);
    assert!(old.hears_nothing());
}

#[test]
fn goodbye_and_return_show_in_presence_and_status_events() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    assert!(node.gateway.presence(id(1)).online);
    let mut stream = node.bus.subscribe(everything(&node));
    device.say(|out, id| {
        let goodbye =
            pintle_protocol::goodbye::Goodbye { cloud_reason: Some(2), ..Default::default() };
        from_device::goodbye(out, id, &goodbye).unwrap();
    });
    assert!(device.acknowledged());
    let mut status = || match node.runtime.block_on(stream.next()).unwrap() {
        Delivery::Event(event) => String::from_utf8(event.data.clone()).unwrap(),
        Delivery::Missed(n) => panic!("{n} missed"),
    };
    assert_eq!(status(), "offline");
    assert!(!node.gateway.presence(id(1)).online);
    assert!(device.ping());
    assert_eq!(status(), "online");
}

#[test]
fn a_device_that_does_not_describe_itself_is_asked_block_by_block() {
    let (node, key) = (Node::start(), new_key());
    node.pin(id(1), &key);
    let mut device = TestDevice::shaken(&node, &key);
    device.say(|out, message| {
        let mut hello = crate::device::hello_of(id(1));
        hello.flags = pintle_protocol::hello::HelloFlags(0x16);
        from_device::hello(out, message, &hello).unwrap();
    });
    let functions: Vec<_> = (0..60).map(|n| format!("a_function_with_a_long_name_{n}")).collect();
    let application = pintle_protocol::describe::Application { functions, variables: Vec::new() };
    let json = application.to_json().unwrap();
    let mut blocks = 0;
    while blocks < 2 {
        let request =
            device.find(|message| message.code == Code::GET).expect("a describe is asked for");
        let message = Message::parse(&request).unwrap();
        let Ok(Request::Describe { kind, block }) = from_cloud::decode(&message) else { panic!() };
        let token = message.token;
        if kind == DescribeKind::System {
            device.say(|out, id| reply::describe(out, id, token, kind, &[], None).unwrap());
            continue;
        }
        let (block, piece) =
            pintle_protocol::block::piece(&json, block.map_or(0, |block| block.num), 6).unwrap();
        device
            .say(|out, id| reply::describe(out, id, token, kind, piece, Some((1, block))).unwrap());
        blocks += 1;
    }
    assert!(device.ping());
    node.store.flush().wait().unwrap();
    let row = node.store.devices().find(id(1)).wait().unwrap().unwrap();
    assert_eq!(row.functions, Some(serde_json::json!(application.functions).to_string()));
}

#[test]
fn a_device_that_reports_without_end_is_slowed_and_still_heard() {
    let node = Node::start();
    let mut device = connected(&node, 1);
    let ids = 2000..2120_u16;
    for id in ids.clone().map(pintle_protocol::coap::MessageId) {
        let mut message = Vec::new();
        let token = pintle_protocol::coap::RequestToken(id.0 as u8);
        let json = br#"{"f":["led"],"v":{}}"#;
        from_device::describe(&mut message, id, token, DescribeKind::Application, json, None)
            .unwrap();
        device.send(&message);
    }
    let mut answered = 0;
    while let Some(answer) = device.hear_within(Duration::from_secs(2)) {
        answered += usize::from(ids.contains(&Message::parse(&answer).unwrap().id.0));
    }
    assert!((60..ids.len()).contains(&answered), "{answered} of {} were answered", ids.len());
    assert!(device.ping(), "only what is to be written down is slowed");
}
