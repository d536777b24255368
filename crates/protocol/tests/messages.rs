//! Device messages: every codec there and back, its limits, and that arbitrary bytes never panic.

use std::borrow::Cow;

use pintle_protocol::coap::{
    Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer, option,
};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::goodbye::Goodbye;
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::reply::{self, Answer};
use pintle_protocol::value::{self, Value, VariableType};
use pintle_protocol::{
    ContentFormat, DeviceId, Error, Event, Subscription, SubscriptionKind, from_cloud, from_device,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

const ID: MessageId = MessageId(0x1234);

fn datagram(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// Device OS finds the path at this place and nowhere else.
fn has_the_form_a_device_takes(datagram: &[u8]) -> bool {
    datagram[0] == 0x41 && datagram[5] == 0xb1
}

#[test]
fn a_device_id_is_24_hexadecimal_digits_in_either_case() {
    let id: DeviceId = "0123456789abcdefABCDEF01".parse().unwrap();
    assert_eq!(id.to_string(), "0123456789abcdefabcdef01");
    let wrong = [
        "",
        "0123",
        "0123456789abcdef0123456",
        "0123456789abcdef012345678",
        "0123456789abcdef0123456g",
    ];
    for text in wrong {
        assert_eq!(text.parse::<DeviceId>(), Err(Error::DeviceId));
    }
}

#[test]
fn every_request_to_a_device_has_the_form_it_takes() {
    let token = RequestToken(7);
    let requests = [
        datagram(|out| from_cloud::call(out, ID, token, "f", b"x").unwrap()),
        datagram(|out| from_cloud::read(out, ID, token, "v").unwrap()),
        datagram(|out| from_cloud::describe(out, ID, token, DescribeKind::System, None).unwrap()),
        datagram(|out| from_cloud::hello(out, ID, token).unwrap()),
        datagram(|out| from_cloud::signal(out, ID, token, true).unwrap()),
        datagram(|out| from_cloud::forget_session(out, ID, token).unwrap()),
    ];
    for request in requests {
        assert!(has_the_form_a_device_takes(&request), "{request:02x?}");
    }
}

#[test]
fn no_acknowledgement_but_the_time_says_2_05() {
    let answers = [
        Answer::Changed,
        Answer::Continue,
        Answer::BadRequest,
        Answer::BadOption,
        Answer::Forbidden,
        Answer::NotFound,
        Answer::MethodNotAllowed,
        Answer::Incomplete,
        Answer::TooLarge,
        Answer::NotImplemented,
        Answer::Unavailable,
    ];
    assert!(answers.iter().all(|answer| answer.code() != Code::CONTENT));
    let ledger = datagram(|out| reply::no_ledger(out, ID, Token::EMPTY));
    assert_eq!(ledger, b"\x60\x44\x12\x34\xff\x08\x04");
}

#[test]
fn names_and_data_past_their_limits_are_refused_by_writer_and_reader() {
    let long = "n".repeat(65);
    let token = RequestToken(1);
    let mut out = Vec::new();
    assert_eq!(from_cloud::call(&mut out, ID, token, &long, b""), Err(Error::Name));
    assert_eq!(from_cloud::read(&mut out, ID, token, ""), Err(Error::Name));
    let data = vec![0; 1025];
    let too_long = Err(Error::TooLong { limit: 1024 });
    assert_eq!(from_cloud::call(&mut out, ID, token, "f", &data), too_long);
    let event = Event { data: &data, ..Event::text("name", "") };
    assert_eq!(from_device::event(&mut out, ID, &event), too_long);
    assert_eq!(from_cloud::event(&mut out, ID, &Event::text(&long, "")), Err(Error::Name));
    assert!(out.is_empty());

    let request = |letter: &str, name: &str, query: &[u8]| {
        datagram(|out| {
            Writer::new(out, Kind::Confirmable, Code::POST, ID, Token::EMPTY)
                .path(letter.as_bytes())
                .unwrap()
                .path(name.as_bytes())
                .unwrap()
                .option(option::URI_QUERY, query)
                .unwrap();
        })
    };
    let decode = |bytes: &[u8]| from_cloud::decode(&Message::parse(bytes).unwrap()).err();
    assert_eq!(decode(&request("f", &long, b"")), Some(Error::Name));
    assert_eq!(decode(&request("f", "ok", &data)), Some(Error::TooLong { limit: 1024 }));
    assert_eq!(decode(&request("e", &long, b"")), Some(Error::Name));
}

#[test]
fn a_megabyte_of_argument_is_refused() {
    let argument = vec![b'a'; 1 << 20];
    let mut out = Vec::new();
    let refused = from_cloud::call(&mut out, ID, RequestToken(1), "f", &argument);
    assert_eq!(refused, Err(Error::TooLong { limit: 1024 }));
    assert!(out.is_empty());
}

#[test]
fn a_request_with_a_critical_option_that_is_not_known_is_answered_4_02() {
    let hello = datagram(|out| {
        let writer = Writer::new(out, Kind::Confirmable, Code::POST, ID, Token::EMPTY);
        writer.path(b"h").unwrap().option(17, b"").unwrap().payload(&[0; 32]);
    });
    let error = from_device::decode(&Message::parse(&hello).unwrap()).unwrap_err();
    assert_eq!(error, Error::CriticalOption(17));
    assert_eq!(error.answer().code(), Code::BAD_OPTION);
}

#[test]
fn two_describes_cannot_be_asked_for_at_once() {
    for query in [&b"\x03"[..], b"", b"\x01\x02"] {
        let asked = datagram(|out| {
            let writer = Writer::new(out, Kind::Confirmable, Code::GET, ID, Token::EMPTY);
            writer.path(b"d").unwrap().option(option::URI_QUERY, query).unwrap();
        });
        let error = from_cloud::decode(&Message::parse(&asked).unwrap());
        assert_eq!(error, Err(Error::Query));
    }
}

#[test]
fn responses_acknowledgements_and_resets_are_no_requests() {
    for bytes in
        [&b"\x60\x00\0\x01"[..], b"\x70\0\0\x01", b"\x41\x45\0\x01a\xffx", b"\x41\x84\0\x01a"]
    {
        let message = Message::parse(bytes).unwrap();
        assert_eq!(from_device::decode(&message), Ok(from_device::Request::Unknown));
        assert_eq!(from_cloud::decode(&message), Ok(from_cloud::Request::Unknown));
    }
}

#[test]
fn a_value_of_the_wrong_size_is_refused() {
    for (kind, size) in [(VariableType::Bool, 1), (VariableType::Int, 4), (VariableType::Double, 8)]
    {
        for wrong in (0..12).filter(|length| *length != size) {
            assert_eq!(value::decode(kind, &vec![0; wrong]), Err(Error::Value));
        }
    }
    assert_eq!(value::decode(VariableType::String, &[0; 1025]), Err(Error::Value));
    assert_eq!(value::decode_result(b"\xff\xff\xff\xfe"), Ok(-2));
    assert_eq!(value::decode_result(b""), Err(Error::Value));
    for kind in [VariableType::Bool, VariableType::Int, VariableType::String, VariableType::Double]
    {
        assert_eq!(VariableType::from_name(kind.name()), Some(kind));
        assert_eq!(VariableType::from_number(kind.number()), Some(kind));
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_/é-]{1,32}"
}

prop_compose! {
    fn any_hello()(
        ids in any::<(u16, u16, u16)>(), product_version in of(0u16..0xffff),
        id: [u8; 12], sizes in any::<(u16, u16, u32, u16)>(),
    ) -> Hello {
        Hello {
            product_id: ids.0, product_version, flags: HelloFlags(ids.1), platform_id: ids.2,
            device_id: DeviceId::from_bytes(id), system_version: sizes.0, max_message: sizes.1,
            max_binary: sizes.2, chunk: sizes.3,
        }
    }
}

prop_compose! {
    fn any_goodbye()(fields in any::<[Option<u32>; 4]>()) -> Goodbye {
        let [cloud_reason, reset_reason, sleep_seconds, network_reason] = fields;
        Goodbye { cloud_reason, reset_reason, sleep_seconds, network_reason }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::Int),
        vec(any::<u8>(), 0..=1024).prop_map(Value::String),
        any::<f64>().prop_map(Value::Double),
    ]
}

fn any_kind() -> impl Strategy<Value = DescribeKind> {
    prop_oneof![
        Just(DescribeKind::System),
        Just(DescribeKind::Application),
        Just(DescribeKind::Metrics)
    ]
}

proptest! {
    #[test]
    fn what_a_device_writes_the_cloud_reads(
        hello in any_hello(), goodbye in any_goodbye(), prefix in "[a-z/]{0,64}",
        kind in any_kind(), body in vec(any::<u8>(), 0..1024), num in of(0u32..100),
    ) {
        use from_device::Request;
        let token = RequestToken(9);
        let block = num.map(|num| Block { num, more: true, szx: 6 });
        let subscription =
            Subscription { prefix: Cow::Owned(prefix), kind: SubscriptionKind::Binary };
        let messages = [
            (datagram(|out| from_device::hello(out, ID, &hello).unwrap()), Request::Hello(hello)),
            (datagram(|out| from_device::goodbye(out, ID, &goodbye).unwrap()), Request::Goodbye(goodbye)),
            (datagram(|out| from_device::describe(out, ID, token, kind, &body, block).unwrap()),
                Request::Describe { kind, body: &body, block }),
            (datagram(|out| from_device::subscribe(out, ID, &subscription).unwrap()),
                Request::Subscribe(subscription)),
            (datagram(|out| from_device::time(out, ID, token).unwrap()), Request::Time),
            (datagram(|out| from_device::ping(out, ID)), Request::Ping),
        ];
        for (bytes, expected) in messages {
            let message = Message::parse(&bytes).unwrap();
            prop_assert_eq!(from_device::decode(&message).unwrap(), expected);
        }
    }

    #[test]
    fn what_the_cloud_writes_a_device_reads(
        name in "[a-zA-Z0-9_/-]{1,64}", argument in vec(any::<u8>(), 0..=1024),
        kind in any_kind(), on: bool, token: u8,
    ) {
        use from_cloud::Request;
        let token = RequestToken(token);
        let messages = [
            (datagram(|out| from_cloud::call(out, ID, token, &name, &argument).unwrap()),
                Request::Call { name: &name, argument: &argument }),
            (datagram(|out| from_cloud::read(out, ID, token, &name).unwrap()), Request::Read { name: &name }),
            (datagram(|out| from_cloud::describe(out, ID, token, kind, None).unwrap()),
                Request::Describe { kind, block: None }),
            (datagram(|out| from_cloud::signal(out, ID, token, on).unwrap()), Request::Signal { on }),
            (datagram(|out| from_cloud::forget_session(out, ID, token).unwrap()), Request::ForgetSession),
            (datagram(|out| from_cloud::hello(out, ID, token).unwrap()), Request::Hello),
            (datagram(|out| from_cloud::ping(out, ID)), Request::Ping),
        ];
        for (bytes, expected) in messages {
            let message = Message::parse(&bytes).unwrap();
            prop_assert_eq!(from_cloud::decode(&message).unwrap(), expected);
        }
    }

    #[test]
    fn an_event_is_the_same_on_the_other_side_either_way(
        name in name(), data in vec(any::<u8>(), 0..=1024), format: u16, ttl: u32, confirmable: bool,
    ) {
        let event = Event {
            name: Cow::Owned(name), data: &data, content_format: ContentFormat(format), ttl, confirmable,
        };
        let bytes = datagram(|out| from_device::event(out, ID, &event).unwrap());
        prop_assert!(bytes.len() <= pintle_protocol::MAX_MESSAGE);
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!(from_device::decode(&message).unwrap(), from_device::Request::Event(event.clone()));
        prop_assert_eq!(from_cloud::decode(&message).unwrap(), from_cloud::Request::Event(event));
    }

    #[test]
    fn a_value_is_the_same_on_the_other_side(value in any_value()) {
        let bytes = datagram(|out| reply::value(out, ID, Token::EMPTY, &value).unwrap());
        let message = Message::parse(&bytes).unwrap();
        let read = value::decode(value.kind(), message.payload()).unwrap();
        prop_assert_eq!(read.encode(), value.encode());
    }

    #[test]
    fn arbitrary_contents_never_panic(
        letter in "[a-zA-Z]", code in 1u8..4, rest in vec(any::<u8>(), 0..80), payload in vec(any::<u8>(), 0..80),
    ) {
        let mut bytes = vec![0x41, code, 0, 1, 7, 0xb1, letter.as_bytes()[0]];
        bytes.extend(rest);
        bytes.push(0xff);
        bytes.extend(&payload);
        if let Ok(message) = Message::parse(&bytes) {
            let _ = from_device::decode(&message);
            let _ = from_cloud::decode(&message);
        }
        let _ = (Hello::parse(&payload), Goodbye::parse(&payload));
    }
}

#[test]
fn of_a_bad_name_and_a_critical_option_an_event_reports_the_option() {
    let bytes = datagram(|out| {
        Writer::new(out, Kind::Confirmable, Code::POST, ID, Token::EMPTY)
            .path(b"E")
            .unwrap()
            .path(b"\xff")
            .unwrap()
            .option(17, b"")
            .unwrap();
    });
    let error = from_device::decode(&Message::parse(&bytes).unwrap()).err();
    assert_eq!(error, Some(Error::CriticalOption(17)));
}
