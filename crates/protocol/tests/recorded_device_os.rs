//! Every message of the recorded conversations of Device OS 6.2.0: decoded, and written again byte for byte.
//!
//! The recordings are in `tests/vectors/device-os-6.2`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pintle_protocol::block::{Assembler, Fetch, Progress, piece};
use pintle_protocol::coap::{Code, Kind, Message, Opt, RequestToken, Writer, option};
use pintle_protocol::describe::{Application, DescribeKind, Metrics, System};
use pintle_protocol::update::{FromCloud, FromDevice};
use pintle_protocol::value::{self, Value, VariableType};
use pintle_protocol::{from_cloud, from_device, reply};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Device,
    Cloud,
}

struct Recorded {
    from: Side,
    bytes: Vec<u8>,
    line: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/device-os-6.2")
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn conversation(folder: &Path, name: &str) -> Vec<Recorded> {
    let text = std::fs::read(folder.join(name)).unwrap();
    let text = String::from_utf8_lossy(&text);
    let side = |line: &str| match line.split_whitespace().nth(1) {
        Some("C>S") => Some(Side::Device),
        Some("S>C") => Some(Side::Cloud),
        _ => None,
    };
    text.lines()
        .filter_map(|line| Some((side(line)?, line)))
        .map(|(from, line)| {
            let bytes = hex(line.rsplit('|').next().unwrap().trim());
            Recorded { from, bytes, line: line.chars().take(160).collect() }
        })
        .collect()
}

/// Every conversation, by file name; the expected number of messages guards against reading nothing.
fn conversations() -> BTreeMap<&'static str, Vec<Recorded>> {
    let folder = folder();
    let files = [
        ("s1.log", 101),
        ("s2.log", 101),
        ("s3.log", 62),
        ("s4.log", 156),
        ("s6.many.log", 36),
        ("s6.persist.log", 36),
        ("s6.ping.log", 40),
    ];
    files
        .into_iter()
        .map(|(name, count)| {
            let messages = conversation(&folder, name);
            assert_eq!(messages.len(), count, "{name}");
            (name, messages)
        })
        .collect()
}

fn all() -> impl Iterator<Item = Recorded> {
    conversations().into_values().flatten()
}

fn token_of(message: &Message<'_>) -> RequestToken {
    message.token.try_into().unwrap()
}

#[test]
fn every_message_parses_and_is_written_again_byte_for_byte() {
    for recorded in all() {
        let message = Message::parse(&recorded.bytes).expect(&recorded.line);
        let mut out = Vec::new();
        let mut writer =
            Writer::new(&mut out, message.kind, message.code, message.id, message.token);
        for option in message.options() {
            writer = writer.option(option.number, option.value).unwrap();
        }
        writer.payload(message.payload());
        assert_eq!(out, recorded.bytes, "{}", recorded.line);
    }
}

/// Writes what was decoded again; `None` for what this crate does not write.
fn rewrite_from_device(message: &Message<'_>, line: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match from_device::decode(message).expect(line) {
        from_device::Request::Hello(hello) => from_device::hello(&mut out, message.id, &hello),
        from_device::Request::Describe { kind, body, block } => {
            from_device::describe(&mut out, message.id, token_of(message), kind, body, block)
        }
        from_device::Request::Event(event) => from_device::event(&mut out, message.id, &event),
        from_device::Request::Subscribe(subscription) => {
            from_device::subscribe(&mut out, message.id, &subscription)
        }
        from_device::Request::Time => from_device::time(&mut out, message.id, token_of(message)),
        from_device::Request::Goodbye(goodbye) => {
            from_device::goodbye(&mut out, message.id, &goodbye)
        }
        from_device::Request::Ping => {
            from_device::ping(&mut out, message.id);
            Ok(())
        }
        from_device::Request::Update(FromDevice::Acknowledged(what)) => {
            what.write(&mut out, message.id)
        }
        from_device::Request::Ledger(_) | from_device::Request::Unknown => return None,
    }
    .expect(line);
    Some(out)
}

#[test]
fn every_request_of_the_device_is_understood_and_written_again_byte_for_byte() {
    let mut rewritten = 0;
    for recorded in all().filter(|recorded| recorded.from == Side::Device) {
        let message = Message::parse(&recorded.bytes).unwrap();
        let path = message.uri_path().next().unwrap_or(b"");
        match rewrite_from_device(&message, &recorded.line) {
            Some(out) => {
                assert_eq!(out, recorded.bytes, "{}", recorded.line);
                rewritten += 1;
            }
            // Ledger requests, and what is no request at all.
            None => assert!(path == b"L" || !message.code.is_request(), "{}", recorded.line),
        }
    }
    assert!(rewritten > 100, "only {rewritten} requests");
}

/// Writes what was decoded again; `None` for what this crate does not write, or writes otherwise.
fn rewrite_from_cloud(message: &Message<'_>, line: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let token = || token_of(message);
    let request = from_cloud::decode(message);
    if message.uri_path().next() == Some(b"S") && request.is_err() {
        // The starts that the recorded device refused.
        return None;
    }
    match request.expect(line) {
        from_cloud::Request::Update(FromCloud::Start(start)) => {
            start.write(&mut out, message.id, token())
        }
        from_cloud::Request::Update(FromCloud::Chunk(chunk)) => chunk.write(&mut out, message.id),
        from_cloud::Request::Update(FromCloud::Finish(finish)) => {
            finish.write(&mut out, message.id, token())
        }
        from_cloud::Request::Call { name, argument } => {
            from_cloud::call(&mut out, message.id, token(), name, argument)
        }
        from_cloud::Request::Read { name } => from_cloud::read(&mut out, message.id, token(), name),
        from_cloud::Request::Describe { kind, block } => {
            from_cloud::describe(&mut out, message.id, token(), kind, block)
        }
        from_cloud::Request::Hello => from_cloud::hello(&mut out, message.id, token()),
        from_cloud::Request::Signal { on } => from_cloud::signal(&mut out, message.id, token(), on),
        from_cloud::Request::ForgetSession => {
            from_cloud::forget_session(&mut out, message.id, token())
        }
        from_cloud::Request::Event(event) => {
            return rewrite_split_event(message, &event);
        }
        from_cloud::Request::Ping => {
            from_cloud::ping(&mut out, message.id);
            Ok(())
        }
        from_cloud::Request::Ledger(_) | from_cloud::Request::Unknown => return None,
    }
    .expect(line);
    Some(out)
}

/// The recorded server split names at their slashes, which we read but do not write: what we write must mean
/// the same.
fn rewrite_split_event(
    message: &Message<'_>,
    event: &pintle_protocol::Event<'_>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    from_cloud::event(&mut out, message.id, event).unwrap();
    let again = Message::parse(&out).unwrap();
    assert_eq!(from_cloud::decode(&again), Ok(from_cloud::Request::Event(event.clone())));
    None
}

#[test]
fn every_request_of_the_cloud_is_understood_and_written_again_byte_for_byte() {
    let mut rewritten = 0;
    for recorded in all().filter(|recorded| recorded.from == Side::Cloud) {
        let message = Message::parse(&recorded.bytes).unwrap();
        let path = message.uri_path().next().unwrap_or(b"");
        match rewrite_from_cloud(&message, &recorded.line) {
            Some(out) => {
                assert_eq!(out, recorded.bytes, "{}", recorded.line);
                rewritten += 1;
            }
            None => assert!(
                matches!(path, b"L" | b"S" | b"M" | b"q" | b"E" | b"e")
                    || !message.code.is_request(),
                "{}",
                recorded.line
            ),
        }
    }
    assert!(rewritten > 30, "only {rewritten} requests");
}

/// The bytes of an acknowledgement or reset, made by the writers of [`reply`].
fn rewrite_reply(message: &Message<'_>) -> Option<Vec<u8>> {
    let (id, token) = (message.id, message.token);
    let mut out = Vec::new();
    match (message.kind, message.code) {
        (Kind::Reset, _) => reply::reset(&mut out, id),
        (Kind::Acknowledgement, Code::EMPTY) => reply::ack_empty(&mut out, id),
        (Kind::Acknowledgement, Code::CONTENT) => {
            let time = message.payload().try_into().unwrap();
            reply::time(&mut out, id, token, u32::from_be_bytes(time));
        }
        (Kind::Acknowledgement, Code::CONTINUE) => reply::next_block(&mut out, id, token),
        (Kind::Acknowledgement, Code::CHANGED) if message.options().next().is_none() => {
            reply::ack(&mut out, id, token, reply::Answer::Changed, message.payload());
        }
        _ => return None,
    }
    Some(out)
}

#[test]
fn every_acknowledgement_and_reset_is_written_again_byte_for_byte() {
    for recorded in all() {
        let message = Message::parse(&recorded.bytes).unwrap();
        if let Some(out) = rewrite_reply(&message) {
            assert_eq!(out, recorded.bytes, "{}", recorded.line);
        }
    }
}

#[test]
fn every_call_and_read_finds_its_response_by_token() {
    let mut found = 0;
    for messages in conversations().into_values() {
        let mut asked = BTreeMap::new();
        for recorded in &messages {
            let message = Message::parse(&recorded.bytes).unwrap();
            if recorded.from == Side::Cloud && message.code.is_request() {
                let Ok(request) = from_cloud::decode(&message) else { continue };
                asked.insert(message.token, request);
            } else if message.kind == Kind::Confirmable && message.code.is_response() {
                let Some(request) = asked.remove(&message.token) else { continue };
                found += usize::from(response_is_written_again(&request, &message));
            }
        }
    }
    assert!(found > 20, "only {found} responses");
}

fn response_is_written_again(request: &from_cloud::Request<'_>, message: &Message<'_>) -> bool {
    let (id, token) = (message.id, message.token);
    let mut out = Vec::new();
    match request {
        from_cloud::Request::Call { .. } => {
            let result = value::decode_result(message.payload()).unwrap();
            reply::call_result(&mut out, id, token, result);
        }
        from_cloud::Request::Read { .. } if message.code == Code::NOT_FOUND => {
            reply::failure(&mut out, id, token, reply::Answer::NotFound);
        }
        from_cloud::Request::Read { name } => {
            let read = value::decode(variable_type(name), message.payload()).unwrap();
            reply::value(&mut out, id, token, &read).unwrap();
        }
        from_cloud::Request::Describe { kind, .. } => {
            let tag = message.etag().map_or(0, |tag| tag[0]);
            let block = message.block2().unwrap().map(|block| (tag, block));
            reply::describe(&mut out, id, token, *kind, message.payload(), block).unwrap();
        }
        _ => return false,
    }
    let mut original = Vec::new();
    let mut writer = Writer::new(&mut original, message.kind, message.code, id, token);
    for option in message.options() {
        writer = writer.option(option.number, option.value).unwrap();
    }
    writer.payload(message.payload());
    assert_eq!(out, original);
    true
}

fn variable_type(name: &str) -> VariableType {
    match name {
        "count" => VariableType::Int,
        "temp" => VariableType::Double,
        "flag" => VariableType::Bool,
        _ => VariableType::String,
    }
}

#[test]
fn the_recorded_values_are_what_the_device_showed() {
    let read = |kind, bytes: &str| value::decode(kind, &hex(bytes)).unwrap();
    assert_eq!(read(VariableType::Int, "00000001"), Value::Int(1));
    assert_eq!(read(VariableType::Double, "0000000000803540"), Value::Double(21.5));
    assert_eq!(read(VariableType::Bool, "01"), Value::Bool(true));
}

#[test]
fn every_describe_is_read_and_written_again_byte_for_byte() {
    let mut seen = BTreeMap::new();
    for recorded in all().filter(|recorded| recorded.from == Side::Device) {
        let message = Message::parse(&recorded.bytes).unwrap();
        let Ok(from_device::Request::Describe { kind, body, block: None }) =
            from_device::decode(&message)
        else {
            continue;
        };
        let again = match kind {
            DescribeKind::System => System::parse(body).unwrap().to_protobuf(),
            DescribeKind::Application => Application::parse(body).unwrap().to_json().unwrap(),
            DescribeKind::Metrics => Metrics::parse(body).unwrap().to_bytes(),
        };
        assert_eq!(again, body, "{}", recorded.line);
        *seen.entry(kind.number()).or_insert(0) += 1;
    }
    assert!(seen.len() == 3, "{seen:?}");
}

#[test]
fn the_long_describe_comes_together_from_its_blocks_either_way() {
    let Some(messages) = conversations().remove("s6.many.log") else { return };
    let mut upload = Assembler::new();
    let mut fetch = Fetch::new();
    let mut bodies = Vec::new();
    for recorded in messages.iter().filter(|recorded| recorded.from == Side::Device) {
        let message = Message::parse(&recorded.bytes).unwrap();
        let progress = match from_device::decode(&message) {
            Ok(from_device::Request::Describe { kind: DescribeKind::Application, body, block }) => {
                upload.push(block, body).unwrap()
            }
            _ if message.code == Code::CONTENT => fetch.push(&message).unwrap(),
            _ => continue,
        };
        if let Progress::Complete(body) = progress {
            bodies.push(body);
        }
    }
    let [posted, fetched] = bodies.try_into().unwrap();
    assert_eq!(posted, fetched);
    let application = Application::parse(&posted).unwrap();
    assert_eq!(application.to_json().unwrap(), posted);
    assert_eq!(application.functions.len(), 19);
    let blocks: Vec<_> = (0..).map_while(|num| piece(&posted, num, 6)).collect();
    assert_eq!(blocks.iter().map(|(_, data)| data.len()).collect::<Vec<_>>(), [1024, 1024, 14]);
}

#[test]
fn every_message_of_the_firmware_transfer_is_understood_by_its_receiver_alone() {
    let (mut understood, mut impossible) = (0, 0);
    for recorded in all() {
        let message = Message::parse(&recorded.bytes).unwrap();
        let is_of_transfer =
            |option: Opt<'_>| option.number > option::BLOCK1 && option.is_critical();
        if !message.code.is_request() || !message.options().any(is_of_transfer) {
            continue;
        }
        let cloud = matches!(from_device::decode(&message), Ok(from_device::Request::Update(_)));
        let device = matches!(from_cloud::decode(&message), Ok(from_cloud::Request::Update(_)));
        impossible += usize::from(from_cloud::decode(&message).is_err());
        understood += usize::from(cloud || device);
        assert_eq!(cloud, !device && recorded.from == Side::Device, "{}", recorded.line);
    }
    // Two starts lack what a device needs to know: it refused them.
    assert_eq!((understood > 80, impossible), (true, 2));
}
