//! CoAP framing: the examples of RFC 7252 and 7959, every rule that makes a datagram unreadable, and properties.

use pintle_protocol::Error;
use pintle_protocol::coap::{
    Block, Code, Kind, Message, MessageId, RequestToken, Token, Writer, option,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn written(
    kind: Kind,
    code: Code,
    id: u16,
    token: &[u8],
    path: Option<&str>,
    payload: &str,
) -> Vec<u8> {
    let mut out = Vec::new();
    let token = Token::new(token).unwrap();
    let mut writer = Writer::new(&mut out, kind, code, MessageId(id), token);
    if let Some(path) = path {
        writer = writer.path(path.as_bytes()).unwrap();
    }
    writer.payload(payload.as_bytes());
    out
}

#[test]
fn the_examples_of_rfc_7252_appendix_a_are_read_and_written() {
    use Kind::{Acknowledgement, Confirmable, NonConfirmable};
    let path = Some("temperature");
    let examples: [(_, &[u8]); 8] = [
        (
            written(Confirmable, Code::GET, 0x7d34, b"", path, ""),
            b"\x40\x01\x7d\x34\xbbtemperature",
        ),
        (
            written(Acknowledgement, Code::CONTENT, 0x7d34, b"", None, "22.3 C"),
            b"\x60\x45\x7d\x34\xff22.3 C",
        ),
        (
            written(Confirmable, Code::GET, 0x7d35, b"\x20", path, ""),
            b"\x41\x01\x7d\x35\x20\xbbtemperature",
        ),
        (
            written(Acknowledgement, Code::CONTENT, 0x7d35, b"\x20", None, "22.3 C"),
            b"\x61\x45\x7d\x35\x20\xff22.3 C",
        ),
        (written(Acknowledgement, Code::EMPTY, 0x7d38, b"", None, ""), b"\x60\x00\x7d\x38"),
        (
            written(Confirmable, Code::CONTENT, 0xad7b, b"\x53", None, "22.3 C"),
            b"\x41\x45\xad\x7b\x53\xff22.3 C",
        ),
        (
            written(NonConfirmable, Code::GET, 0x7d40, b"\x75", path, ""),
            b"\x51\x01\x7d\x40\x75\xbbtemperature",
        ),
        (
            written(NonConfirmable, Code::CONTENT, 0xad7c, b"\x75", None, "22.3 C"),
            b"\x51\x45\xad\x7c\x75\xff22.3 C",
        ),
    ];
    for (ours, theirs) in &examples {
        assert_eq!(ours, theirs);
        let message = Message::parse(theirs).unwrap();
        let segments: Vec<_> = message.uri_path().collect();
        assert!(segments.is_empty() || segments == [b"temperature"]);
        assert!(message.payload().is_empty() || message.payload() == b"22.3 C");
    }
}

#[test]
fn every_rule_of_framing_is_checked() {
    let broken: [(&[u8], Error); 18] = [
        (b"", Error::Truncated),
        (b"\x40\x01\x00", Error::Truncated),
        (b"\x00\x01\x00\x01", Error::Version(0)),
        (b"\x80\x01\x00\x01", Error::Version(2)),
        (b"\x49\x01\x00\x01123456789", Error::TokenLength(9)),
        (b"\x42\x01\x00\x01a", Error::Truncated),
        (b"\x40\x20\x00\x01", Error::ReservedCode(Code(0x20))),
        (b"\x40\xe1\x00\x01", Error::ReservedCode(Code(0xe1))),
        (b"\x50\x00\x00\x01", Error::KindAndCode(Code::EMPTY)),
        (b"\x60\x01\x00\x01", Error::KindAndCode(Code::GET)),
        (b"\x70\x45\x00\x01", Error::KindAndCode(Code::CONTENT)),
        (b"\x40\x00\x00\x01\xff", Error::EmptyWithContent),
        (b"\x41\x00\x00\x01\x07", Error::EmptyWithContent),
        (b"\x40\x01\x00\x01\xff", Error::EmptyPayload),
        (b"\x40\x01\x00\x01\xf0", Error::OptionNibble),
        (b"\x40\x01\x00\x01\x0f", Error::OptionNibble),
        (b"\x40\x01\x00\x01\xb2a", Error::Truncated),
        (b"\x40\x01\x00\x01\xe0\xff\xff", Error::OptionNumber),
    ];
    for (datagram, error) in broken {
        assert_eq!(Message::parse(datagram).err(), Some(error), "{datagram:02x?}");
    }
    for cut in [&b"\x40\x01\x00\x01\xd0"[..], b"\x40\x01\x00\x01\xe0\x01", b"\x40\x01\x00\x01\x0d"]
    {
        assert_eq!(Message::parse(cut).err(), Some(Error::Truncated));
    }
}

#[test]
fn option_lengths_and_deltas_use_the_short_form_that_fits() {
    for length in [0, 12, 13, 268, 269, 1500, 65_804] {
        let mut out = Vec::new();
        let value = vec![7; length];
        let writer =
            Writer::new(&mut out, Kind::Confirmable, Code::PUT, MessageId(1), Token::EMPTY);
        writer.option(12, &value).unwrap().option(2053, &value).unwrap();
        let message = Message::parse(&out).unwrap();
        let read: Vec<_> = message.options().map(|o| (o.number, o.value.len())).collect();
        assert_eq!(read, [(12, length), (2053, length)]);
        let extra = |n: usize| {
            if n < 13 {
                0
            } else if n < 269 {
                1
            } else {
                2
            }
        };
        assert_eq!(out.len(), 4 + 2 * (1 + extra(length) + length) + extra(2041));
    }
}

fn start(out: &mut Vec<u8>) -> Writer<'_> {
    Writer::new(out, Kind::Confirmable, Code::GET, MessageId(1), Token::EMPTY)
}

#[test]
fn a_refused_option_leaves_the_buffer_as_it_was() {
    let mut out = b"before".to_vec();
    let late = start(&mut out).option(15, b"q").unwrap().option(11, b"p");
    assert_eq!(late.err(), Some(Error::OptionOrder { last: 15, number: 11 }));
    let long = start(&mut out).path(&vec![0; 65_805]);
    assert_eq!(long.err(), Some(Error::OptionTooLong(11)));
    let block = Block { num: 1 << 20, more: false, szx: 6 };
    let block = start(&mut out).block(option::BLOCK1, Some(block));
    assert_eq!(block.err(), Some(Error::BlockOption));
    assert_eq!(out, b"before");
}

#[test]
fn critical_options_that_are_not_known_are_named() {
    let elective = Message::parse(b"\x40\x01\x00\x01\xb1d\x10").unwrap();
    assert_eq!(elective.require_known(&[11]), Ok(()));
    let datagram = b"\x40\x01\x00\x01\xb1d\x60";
    let message = Message::parse(datagram).unwrap();
    assert_eq!(message.require_known(&[11]), Err(Error::CriticalOption(17)));
    assert_eq!(message.require_known(&[11, 17]), Ok(()));
}

#[test]
fn block_values_are_those_of_rfc_7959() {
    let read = |value: &[u8]| {
        let mut out = Vec::new();
        Writer::new(&mut out, Kind::Confirmable, Code::PUT, MessageId(1), Token::EMPTY)
            .option(option::BLOCK1, value)
            .unwrap();
        Message::parse(&out).unwrap().block1()
    };
    let block = |num, more, szx| Ok(Some(Block { num, more, szx }));
    assert_eq!(read(b""), block(0, false, 0));
    assert_eq!(read(b"\x0b"), block(0, true, 3));
    assert_eq!(read(b"\x1b"), block(1, true, 3));
    assert_eq!(read(b"\xff\xff\xfe"), block((1 << 20) - 1, true, 6));
    assert_eq!(read(b"\x07"), Err(Error::BlockOption));
    assert_eq!(read(b"\0\0\0\x06"), Err(Error::BlockOption));
    assert_eq!(Block { num: 0, more: true, szx: 6 }.size(), 1024);
}

#[test]
fn a_code_shows_itself_as_class_and_detail() {
    assert_eq!(Code::CONTENT.to_string(), "2.05");
    assert_eq!(Code::CONTINUE.to_string(), "2.31");
    assert_eq!(Code::EMPTY.to_string(), "0.00");
}

#[test]
fn only_a_token_of_one_byte_is_a_request_token() {
    assert_eq!(RequestToken::try_from(Token::new(b"a").unwrap()), Ok(RequestToken(b'a')));
    assert!(RequestToken::try_from(Token::EMPTY).is_err());
    assert!(RequestToken::try_from(Token::new(b"ab").unwrap()).is_err());
    assert_eq!(Token::new(&[0; 9]), None);
}

fn any_kind_and_code() -> impl Strategy<Value = (Kind, Code)> {
    prop_oneof![
        (1u8..32).prop_map(|code| (Kind::Confirmable, Code(code))),
        (64u8..192).prop_map(|code| (Kind::Confirmable, Code(code))),
        (1u8..32).prop_map(|code| (Kind::NonConfirmable, Code(code))),
        (64u8..192).prop_map(|code| (Kind::Acknowledgement, Code(code))),
    ]
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_again(
        (kind, code) in any_kind_and_code(),
        id in any::<u16>(),
        token in vec(any::<u8>(), 0..=8),
        deltas in vec((0u16..700, vec(any::<u8>(), 0..400)), 0..8),
        payload in vec(any::<u8>(), 0..64),
    ) {
        let mut out = Vec::new();
        let mut number = 0;
        let mut options = Vec::new();
        let token = Token::new(&token).unwrap();
        let mut writer = Writer::new(&mut out, kind, code, MessageId(id), token);
        for (delta, value) in &deltas {
            number += delta;
            writer = writer.option(number, value).unwrap();
            options.push((number, value.as_slice()));
        }
        writer.payload(&payload);
        let message = Message::parse(&out).unwrap();
        prop_assert_eq!(
            (message.kind, message.code, message.id, message.token),
            (kind, code, MessageId(id), token)
        );
        let read: Vec<_> = message.options().map(|option| (option.number, option.value)).collect();
        prop_assert_eq!(read, options);
        prop_assert_eq!(message.payload(), payload.as_slice());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_what_parses_walks_to_its_end(
        mut bytes in vec(any::<u8>(), 0..200),
    ) {
        // Every second time, as a version that has a chance.
        if let Some(first) = bytes.first_mut().filter(|first| **first & 1 == 0) {
            *first = 0x40 | *first & 0x31;
        }
        if let Ok(message) = Message::parse(&bytes) {
            let options: usize = message.options().map(|option| 1 + option.value.len()).sum();
            prop_assert!(options + message.payload().len() <= bytes.len());
            let _ = (message.block1(), message.block2(), message.etag(), message.max_age());
            let _ = (message.uri_path().count(), message.uri_query().count());
        }
    }

    #[test]
    fn blocks_and_numbers_survive_the_wire(num in 0u32..1 << 20, more: bool, szx in 0u8..7, age: u32) {
        let block = Block { num, more, szx };
        let mut out = Vec::new();
        Writer::new(&mut out, Kind::Confirmable, Code::GET, MessageId(1), Token::EMPTY)
            .uint(option::MAX_AGE, age).unwrap()
            .block(option::BLOCK2, Some(block)).unwrap();
        let message = Message::parse(&out).unwrap();
        prop_assert_eq!(message.block2(), Ok(Some(block)));
        prop_assert_eq!(message.max_age(), Some(age));
    }
}
