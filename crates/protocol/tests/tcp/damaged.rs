//! Streams to damage, and what a session hears of them.

use std::fmt;

use pintle_protocol::Event;
use pintle_protocol::coap::{Code, Message};
use pintle_protocol::describe::{Application, DescribeKind, Metric, MetricId, Metrics};
use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::describe::Description;
use pintle_protocol::tcp::server::{self, About, Asked, Sense};
use pintle_protocol::tcp::{Credentials, Request};
use pintle_protocol::value::{Value, VariableType};

use crate::pair::{FIRMWARE, Pair, credentials};
use crate::recorded::asked;
use crate::recording::{Recording, basic};

/// One direction of one session.
pub(crate) struct Stream {
    pub(crate) name: String,
    /// `to cloud` or `to device`.
    pub(crate) side: &'static str,
    pub(crate) frames: Vec<Frame>,
    credentials: Credentials,
    firmware: Firmware,
}

/// One frame, and what the cloud asked before it came.
pub(crate) struct Frame {
    asked: Vec<Asked>,
    bytes: Vec<u8>,
    plain: Vec<u8>,
}

/// What a session heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The messages that were acted on.
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) ended: bool,
}

/// What damage meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Length,
    Structure,
    /// The padding and the data before it.
    Padding,
    Data(&'static str),
}

impl Place {
    pub(crate) fn is_structure(self) -> bool {
        matches!(self, Self::Length | Self::Structure)
    }

    /// A length that grew makes a session wait, so it does not end by itself.
    pub(crate) fn is_length(self) -> bool {
        self == Self::Length
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("length"),
            Self::Structure => f.write_str("structure"),
            Self::Padding => f.write_str("last block of data, padding"),
            Self::Data(kind) => f.write_str(kind),
        }
    }
}

impl Stream {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|frame| frame.bytes.clone()).collect()
    }

    /// The frame that a byte of the stream is in, and what damage there meets.
    pub(crate) fn place(&self, byte: usize) -> (usize, Place) {
        let mut offset = byte;
        for (index, frame) in self.frames.iter().enumerate() {
            match offset.checked_sub(frame.bytes.len()) {
                Some(rest) => offset = rest,
                None => return (index, frame.place(offset)),
            }
        }
        (self.frames.len(), Place::Length)
    }

    /// Feeds the bytes in the pieces that the undamaged stream's frames make.
    pub(crate) fn hear(&self, bytes: &[u8]) -> Heard {
        let mut rest = bytes;
        let mut listener = self.listener();
        let mut heard = Heard { messages: Vec::new(), ended: false };
        for frame in &self.frames {
            listener.remember(&frame.asked);
            let (piece, after) = rest.split_at(frame.bytes.len().min(rest.len()));
            rest = after;
            if listener.hear(piece, &mut heard.messages).is_none() {
                heard.ended = true;
                break;
            }
        }
        heard
    }

    fn listener(&self) -> Listener {
        match self.side {
            "to cloud" => Listener::Cloud(server::Session::from_credentials(&self.credentials)),
            _ => Listener::Device(client::Session::new(&self.credentials, self.firmware, 0)),
        }
    }
}

impl Frame {
    fn place(&self, offset: usize) -> Place {
        let Some(offset) = offset.checked_sub(2) else { return Place::Length };
        // One block becomes noise, and in the next the same bit is turned over, if there is a next.
        let (noise, turned) = (offset / 16 * 16, offset + 16);
        let (text, whole) = (self.plain.len(), self.bytes.len() - 2);
        let (data, kind) = data(&self.plain);
        if noise < data {
            Place::Structure
        } else if noise + 16 > text || (text..whole).contains(&turned) {
            Place::Padding
        } else {
            Place::Data(kind)
        }
    }
}

/// Where a message's data begins, and what it is. A describe's JSON is all structure.
fn data(plain: &[u8]) -> (usize, &'static str) {
    let message = Message::parse(plain).unwrap();
    let payload = message.payload();
    let argument = message.uri_query().next().filter(|_| message.code == Code::POST);
    let is_event = matches!(message.uri_path().next(), Some(b"e" | b"E"));
    match argument {
        Some(argument) if message.uri_path().next() == Some(b"f") => {
            (plain.len() - argument.len(), "argument of a function")
        }
        _ if is_unreadable(payload) => (plain.len() - payload.len(), "describe nobody asks for"),
        _ if payload.first() == Some(&b'{') => (plain.len(), ""),
        _ if is_event => (plain.len() - payload.len(), "data of an event"),
        _ if payload.first() == Some(&0) => (plain.len() - payload.len(), "measurements"),
        _ => (plain.len() - payload.len(), "value of a variable"),
    }
}

/// A session that hears, as whoever owns it would.
enum Listener {
    Cloud(server::Session),
    Device(client::Session),
}

impl Listener {
    fn remember(&mut self, asked: &[Asked]) {
        if let Self::Cloud(cloud) = self {
            asked.iter().for_each(|asked| cloud.remember(*asked));
        }
    }

    /// `None` once the session ended.
    fn hear(&mut self, mut input: &[u8], messages: &mut Vec<Vec<u8>>) -> Option<()> {
        let mut scratch = Vec::new();
        loop {
            let heard = match self {
                Self::Cloud(cloud) => {
                    let received = cloud.receive(&mut input, &mut scratch).ok()?;
                    received.map(|received| is_readable(&received))
                }
                Self::Device(device) => {
                    device.receive(&mut input, &mut scratch).ok()?.map(|_| true)
                }
            };
            if !heard.map_or(Some(true), |readable| readable.then_some(false))? {
                let padding = usize::from(*scratch.last()?);
                messages.push(scratch[..scratch.len() - padding].to_vec());
            } else {
                return Some(());
            }
        }
    }
}

/// Whether what the message says can be read: what cannot ends the session too.
fn is_readable(received: &server::Received<'_>) -> bool {
    match &received.sense {
        Sense::Answered(Asked { about: About::Describe(kind), .. }) => {
            describes(*kind, received.message.payload())
        }
        Sense::Request(Request::Describe { kind, body, .. }) => describes(*kind, body),
        _ => true,
    }
}

fn describes(kind: DescribeKind, body: &[u8]) -> bool {
    Description::parse(kind, body).is_ok() || is_unreadable(body)
}

/// Asked for all at once, as our cloud never does, firmware 3.3 leaves out a comma. That is heard here, and counted
/// as data.
fn is_unreadable(body: &[u8]) -> bool {
    body.windows(5).any(|bytes| bytes == b"}]\"f\"")
}

/// Both directions of the recorded sessions, and of a longer one for each firmware.
pub(crate) fn streams() -> Vec<Stream> {
    let recorded = basic().into_iter().flat_map(|recording| {
        [recorded_stream(&recording, true), recorded_stream(&recording, false)]
    });
    let long = FIRMWARE.into_iter().flat_map(|(name, firmware)| long_session(name, firmware));
    recorded.chain(long).collect()
}

fn recorded_stream(recording: &Recording, to_cloud: bool) -> Stream {
    let (mut frames, mut pending) = (Vec::new(), Vec::new());
    for recorded in &recording.frames {
        if recorded.from_device != to_cloud {
            pending.extend(to_cloud.then(|| asked(&recorded.plain)).flatten());
            continue;
        }
        let asked = std::mem::take(&mut pending);
        let (bytes, plain) = (recorded.frame.clone(), recorded.plain.clone());
        frames.push(Frame { asked, bytes, plain });
    }
    // A Core hears no further than the frame that is too long for it.
    let firmware = Firmware { largest_frame: 928, ..recording.firmware };
    let side = if to_cloud { "to cloud" } else { "to device" };
    let name = format!("{} {side}", recording.version);
    Stream { name, side, frames, credentials: recording.credentials.clone(), firmware }
}

/// A session with as much data as this firmware takes, event by event and answer by answer.
fn long_session(name: &str, firmware: Firmware) -> [Stream; 2] {
    let mut pair = Pair::silent(firmware);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let hello =
        pair.says(|device, out| device.hello(out, 1, Some(1), firmware.platform_id).unwrap());
    pair.hears(&hello, |_| {}).unwrap();
    up.push((Vec::new(), hello));
    down.push(pair.cloud_says(|cloud, out| cloud.hello(out).unwrap()));
    let limits = pair.cloud.limits().unwrap();
    let text =
        |length: usize| "the quick brown fox ".chars().cycle().take(length).collect::<String>();
    let data = text(limits.event_data.min(400));
    let event = Event { confirmable: false, ..Event::text("garden/temperature", &data) };
    for _ in 0..2 {
        up.push((Vec::new(), pair.says(|device, out| _ = device.event(out, &event))));
        down.push(pair.cloud_says(|cloud, out| cloud.event(out, &event).unwrap()));
    }
    let (argument, mut asked) = (text(limits.argument), None);
    down.push(pair.cloud_says(|cloud, out| _ = cloud.call(out, "water", argument.as_bytes())));
    down.iter().for_each(|frame| drop(pair.device_hears(frame).unwrap()));
    for kind in [DescribeKind::Application, DescribeKind::Metrics] {
        let request = pair.cloud_says(|cloud, out| asked = cloud.describe(out, kind, None).ok());
        if request.is_empty() {
            // Old firmware has no measurements.
            continue;
        }
        let answer = described(&mut pair, &request, kind);
        up.extend(answer.into_iter().map(|frame| (Vec::from_iter(asked.take()), frame)));
        down.push(request);
    }
    let request = pair.cloud_says(|cloud, out| asked = cloud.read(out, "name").ok());
    let answer = value(&mut pair, &request, &text(200));
    up.extend(answer.into_iter().map(|frame| (Vec::from_iter(asked.take()), frame)));
    down.push(request);
    up.push((Vec::new(), pair.says(|device, out| _ = device.event(out, &event))));
    [
        stream(name, firmware, up, "to cloud"),
        stream(
            name,
            firmware,
            down.into_iter().map(|frame| (Vec::new(), frame)).collect(),
            "to device",
        ),
    ]
}

fn stream(
    name: &str,
    firmware: Firmware,
    frames: Vec<(Vec<Asked>, Vec<u8>)>,
    side: &'static str,
) -> Stream {
    let name = format!("long {name} {side}");
    let mut stream =
        Stream { name, side, frames: Vec::new(), credentials: credentials(), firmware };
    // The plaintexts are what an undamaged session hears.
    stream.frames = frames
        .into_iter()
        .map(|(asked, bytes)| Frame { asked, bytes, plain: Vec::new() })
        .collect();
    let heard = stream.hear(&stream.bytes());
    assert_eq!(heard.messages.len(), stream.frames.len(), "{}", stream.name);
    for (frame, plain) in stream.frames.iter_mut().zip(heard.messages) {
        frame.plain = plain;
    }
    stream
}

fn described(pair: &mut Pair, request: &[u8], kind: DescribeKind) -> Vec<Vec<u8>> {
    let description = match kind {
        DescribeKind::Metrics => {
            let metric = |number| Metric { id: MetricId::new(number).unwrap(), value: Ok(7) };
            Description {
                metrics: Some(Metrics::new((100..140).map(metric).collect())),
                ..Description::default()
            }
        }
        _ => {
            let variables = (0..20).map(|n| (format!("v{n}"), VariableType::Int)).collect();
            let functions = vec!["water".to_owned(), "light".to_owned()];
            let application = Some(Application { functions, variables });
            Description { application, ..Description::default() }
        }
    };
    let body = description.to_bytes().unwrap();
    answers(pair, request, |device, out, message| {
        device.described(out, message, &body, None).unwrap()
    })
}

fn value(pair: &mut Pair, request: &[u8], text: &str) -> Vec<Vec<u8>> {
    let value = Value::String(text.as_bytes().to_vec());
    answers(pair, request, |device, out, message| device.value(out, message, Some(&value)).unwrap())
}

/// The frames that answer a request.
fn answers(
    pair: &mut Pair,
    request: &[u8],
    answer: impl FnOnce(&mut client::Session, &mut Vec<u8>, &Message<'_>),
) -> Vec<Vec<u8>> {
    let (mut scratch, mut out) = (Vec::new(), Vec::new());
    let received = pair.device.receive(&mut &*request, &mut scratch);
    let received = received.expect("in order").expect("a whole frame");
    answer(&mut pair.device, &mut out, &received.message);
    let mut rest = out.as_slice();
    let mut frames = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk::<2>() {
        let (frame, after) = rest.split_at(2 + usize::from(u16::from_be_bytes(*length)));
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}
