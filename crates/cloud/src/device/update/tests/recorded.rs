//! The recorded update of a device that runs Device OS, with our cloud in the place of the one that was recorded.
//!
//! That one left two chunks out, finished too early, so that the device dropped the transfer, sent the missing ones in
//! vain, and began again. Ours does none of this, but hears all that the device said and when, under the ids and tokens
//! of its own messages; so it has to find out what is missing, begin again when its chunks are reset, and end as well.

use super::*;
use pintle_protocol::coap::{Code, Kind, Message, Writer};
use pintle_protocol::describe::{DescribeKind, System};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::update::{FromCloud, Statistics};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

struct Line {
    at: Duration,
    by_device: bool,
    bytes: Vec<u8>,
}

fn conversation() -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path.join("../../tests/vectors/device-os-6.2/s4.log")).unwrap();
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let at = Duration::from_secs_f64(words.next()?.parse().ok()?);
        let by_device = match words.next()? {
            "S>C" => false,
            "C>S" => true,
            _ => return None,
        };
        let hex = line.rsplit('|').next()?.trim();
        let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?;
        Some(Line { at, by_device, bytes })
    };
    String::from_utf8_lossy(&text).lines().filter_map(read).collect()
}

/// The message with another id and token.
fn rewritten(message: &Message<'_>, id: MessageId, token: pintle_protocol::coap::Token) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, message.kind, message.code, id, token);
    for option in message.options() {
        writer = writer.option(option.number, option.value).unwrap();
    }
    writer.payload(message.payload());
    out
}

/// Our side of the conversation, and what it said.
struct Replay {
    room: Room,
    /// The index of each recorded chunk.
    recorded: HashMap<MessageId, u32>,
    /// The last of our messages with a chunk of each index.
    chunks: BTreeMap<u32, MessageId>,
    /// Our last confirmable message.
    asked: Option<(MessageId, pintle_protocol::coap::Token)>,
    starts: Vec<Vec<u8>>,
    finishes: usize,
}

impl Replay {
    fn said(&mut self, messages: Vec<Vec<u8>>) {
        for bytes in messages {
            let message = Message::parse(&bytes).unwrap();
            if message.kind == Kind::Confirmable {
                self.asked = Some((message.id, message.token));
            }
            match FromCloud::decode(&message) {
                Ok(Some(FromCloud::Chunk(chunk))) => {
                    self.chunks.insert(chunk.index, message.id);
                }
                Ok(Some(FromCloud::Start(_))) => self.starts.push(bytes.clone()),
                Ok(Some(FromCloud::Finish(_))) => self.finishes += 1,
                _ => {}
            }
        }
    }

    /// What the device said, as it would have said it to us; none where it answers what we did not ask.
    fn for_us(&self, message: &Message<'_>) -> Option<Vec<u8>> {
        let (id, token) = self.asked?;
        match (message.kind, message.code) {
            (Kind::Reset, _) => {
                let index = self.recorded.get(&message.id)?;
                Some(rewritten(message, *self.chunks.get(index)?, message.token))
            }
            (Kind::Acknowledgement, _) => Some(rewritten(message, id, message.token)),
            // To the finish that came too early.
            (_, Code::UNAVAILABLE) => None,
            (_, code) if code.is_response() => Some(rewritten(message, message.id, token)),
            _ => Some(rewritten(message, message.id, message.token)),
        }
    }

    fn hears(&mut self, line: &Line) {
        let said = self.room.at(line.at);
        self.said(said);
        let message = Message::parse(&line.bytes).unwrap();
        if let Some(bytes) = self.for_us(&message) {
            let (verdict, said) = self.room.hear(&bytes);
            assert!(!matches!(verdict, Verdict::End(_) | Verdict::Malformed), "{message:?}");
            self.said(said);
            let said = self.room.at(line.at);
            self.said(said);
        }
    }
}

fn start_of(line: &Line) -> Option<(Message<'_>, pintle_protocol::update::Start<'_>)> {
    let message = Message::parse(&line.bytes).unwrap();
    match FromCloud::decode(&message) {
        Ok(Some(FromCloud::Start(start))) => Some((message, start)),
        _ => None,
    }
}

#[test]
fn the_recorded_update_ends_the_same_way_with_our_cloud_on_the_other_side() {
    let all = conversation();
    let begins =
        all.iter().position(|line| start_of(line).is_some_and(|(_, start)| start.sha256.is_some()));
    let (before, after) = all.split_at(begins.unwrap());
    let (first, start) = start_of(&after[0]).unwrap();
    let mut pieces = BTreeMap::new();
    let mut recorded = HashMap::new();
    for line in &all {
        let message = Message::parse(&line.bytes).unwrap();
        if let Ok(Some(FromCloud::Chunk(chunk))) = FromCloud::decode(&message) {
            pieces.insert(chunk.index, chunk.data.to_vec());
            recorded.insert(message.id, chunk.index);
        }
    }
    let file: Vec<u8> = pieces.into_values().flatten().collect();
    assert_eq!(file.len(), start.file_size as usize);
    let sha256 = pintle_firmware::Digest::of(&file).0;

    let room = Room::new(1024, first.id.0, first.token.as_bytes()[0]);
    let (chunks, starts) = (BTreeMap::new(), Vec::new());
    let mut replay = Replay { room, recorded, chunks, asked: None, starts, finishes: 0 };
    // All that it said before the update; the first of it is its Hello.
    replay.room.standing = Standing::default();
    let hello = before.iter().find(|line| line.by_device).unwrap();
    let Ok(Request::Hello(hello)) = from_device::decode(&Message::parse(&hello.bytes).unwrap())
    else {
        panic!()
    };
    replay.room.who.device = hello.device_id;
    for line in before.iter().filter(|line| line.by_device) {
        replay.room.world.now = line.at;
        let message = Message::parse(&line.bytes).unwrap();
        if message.code.is_request() {
            assert_ne!(replay.room.hear(&line.bytes).0, Verdict::Malformed);
        }
    }
    assert!(replay.room.standing.introduced);
    assert_eq!(replay.room.standing.chunk.bytes(), Some(512));
    // It was sent larger ones all the same, and took them.
    replay.room.standing.chunk = chunk_size(HelloFlags::UPDATE_V3, 1024);

    replay.room.world.now = after[0].at;
    let offer =
        Offer { file: Arc::from(file), sha256, function: start.function, statement: Arc::from([]) };
    let (mut begun, mut transfer, said) = replay.room.update(offer);
    assert_eq!(said, [after[0].bytes.clone()], "the start is the recorded one");
    replay.said(said);
    let mut lines = after.iter().filter(|line| line.by_device);
    let done = loop {
        let line = lines.next().expect("the update ends before the conversation does");
        replay.hears(line);
        if let Some(done) = transfer.try_done() {
            break done.unwrap();
        }
    };
    assert_eq!(begun.try_recv(), Ok(Ok(())));
    assert_eq!((replay.starts.len(), replay.finishes), (2, 1));
    let statistics = Statistics { received: 21, again: 1, out_of_order: 2, acknowledgements: 20 };
    assert_eq!((done.statistics, done.resumed_from), (statistics, 0));
    // Then the device comes back and runs what it was sent: version 7 of its user part.
    let described = lines.find_map(|line| {
        let message = Message::parse(&line.bytes).unwrap();
        match from_device::decode(&message) {
            Ok(Request::Describe { kind: DescribeKind::System, body, .. }) => {
                Some(System::parse(body).unwrap())
            }
            _ => None,
        }
    });
    let modules = described.unwrap().modules;
    assert!(modules.iter().any(|module| (module.function.0, module.version) == (5, 7)));
}

#[test]
fn the_recorded_refusals_end_an_update_with_their_reason() {
    let all = conversation();
    let mut refused = Vec::new();
    for (at, line) in all.iter().enumerate().filter(|(_, line)| !line.by_device) {
        let message = Message::parse(&line.bytes).unwrap();
        if message.uri_path().next() != Some(b"S") {
            continue;
        }
        let mut room = Room::new(512, message.id.0, message.token.as_bytes()[0]);
        let (_begun, mut transfer, _) = room.update(offer(&file(1000)));
        for answer in all.iter().skip(at + 1).filter(|answer| answer.by_device).take(2) {
            let _ = room.hear(&answer.bytes);
        }
        if let Some(Err(UpdateError::Refused(failure))) = transfer.try_done() {
            refused.push(failure.why.unwrap());
        }
    }
    assert_eq!(refused, [Refusal::PROTOCOL, Refusal::PROTOCOL, Refusal::SIZE]);
}
