//! The recorded updates, each side of them with ours in its place: our cloud hears the real devices and sends them what
//! they took; our devices hear the recorded cloud and say byte for byte what the real ones said.
//!
//! The recorded cloud left two chunks out of each fast update, and damaged one of each slow one.

use std::time::Duration;

use pintle_protocol::coap::{Code, Kind, Message};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::tcp::client::{self, Heard};
use pintle_protocol::tcp::server::{self, Sense};
use pintle_protocol::tcp::update::{self, FromCloud, Receiver, Say, Sender};
use pintle_protocol::tcp::{Request, Subscription};
use pintle_protocol::{Event, SubscriptionKind};

use crate::recorded::{asked, assert_same, kind_of};
use crate::recording::{Recorded, Recording, updates};
use crate::updates::answer;

const NOW: Duration = Duration::ZERO;

/// The chunks that the recorded cloud left out at first.
const LEFT_OUT: [u16; 2] = [3, 7];

fn update_of(recorded: &Recorded) -> Option<(Message<'_>, FromCloud<'_>)> {
    let message = Message::parse(&recorded.plain).unwrap();
    let update = (!recorded.from_device).then(|| FromCloud::decode(&message).unwrap()).flatten();
    update.map(|update| (message, update))
}

/// The file that was sent.
fn file_of(recording: &Recording) -> Vec<u8> {
    let mut file = vec![0; 6000];
    for (_, update) in recording.frames.iter().filter_map(update_of) {
        if let FromCloud::Chunk(update::Chunk { index: Some(index), data, .. }) = update {
            file[usize::from(index) * 512..][..data.len()].copy_from_slice(data);
        }
    }
    file
}

/// Our cloud in the place of the recorded one.
struct Cloud<'r> {
    recording: &'r Recording,
    file: Vec<u8>,
    /// Hears the device, with the recorded cloud's questions in its memory.
    ears: server::Session,
    /// Says what ours says, to a device that only listens.
    mouth: server::Session,
    listener: client::Session,
    sender: Option<Sender>,
    left_out: Vec<u16>,
    /// Of each update: the bytes said, and whether the device had it all.
    ended: Vec<(bool, usize)>,
    chunks: usize,
}

impl<'r> Cloud<'r> {
    fn new(recording: &'r Recording) -> Self {
        let Recording { credentials, firmware, .. } = recording;
        Self {
            recording,
            file: file_of(recording),
            ears: server::Session::from_credentials(credentials),
            mouth: server::Session::from_credentials(credentials),
            listener: client::Session::new(credentials, *firmware, 0),
            sender: None,
            left_out: Vec::new(),
            ended: Vec::new(),
            chunks: 0,
        }
    }

    /// The recorded cloud says something of an update: ours says the same.
    fn says(&mut self, recorded: &Recorded) {
        let Some((theirs, update)) = update_of(recorded) else { return };
        if let FromCloud::Begin(begin) = update {
            let limits = self.ears.limits().unwrap();
            let sender = Sender::new(NOW, begin.size, &limits).unwrap();
            self.sender = Some(if begin.fast { sender } else { sender.slow() });
            self.left_out = LEFT_OUT.to_vec();
        }
        let say = self.next();
        let ours = say.message(&self.file).unwrap();
        let mut out = Vec::new();
        if matches!(update, FromCloud::Begin(_)) {
            // The one before it is over, but for the ears alone.
            self.mouth = server::Session::from_credentials(&self.recording.credentials);
            self.listener =
                client::Session::new(&self.recording.credentials, self.recording.firmware, 0);
            let hello = &self.recording.frames[0].frame;
            self.mouth.receive(&mut hello.as_slice(), &mut Vec::new()).unwrap();
        }
        self.mouth.update(&mut out, &ours).unwrap();
        let mut scratch = Vec::new();
        let heard = self.listener.receive(&mut out.as_slice(), &mut scratch).unwrap();
        let message = heard.expect("a whole frame").message;
        self.chunks += usize::from(matches!(ours, FromCloud::Chunk(_)));
        match update {
            FromCloud::Chunk(chunk) if !chunk.is_whole() => {
                assert_eq!(message.payload(), theirs.payload());
                assert_ne!(ours, update, "the recorded one was damaged on purpose");
            }
            _ => assert_same(&message, &theirs),
        }
    }

    /// What ours says next, but for the chunks that get lost.
    fn next(&mut self) -> Say {
        loop {
            let say = self.sender.as_mut().unwrap().poll_say(NOW).expect("it is our turn");
            let Say::Chunk { index: Some(index), .. } = say else { return say };
            let Some(at) = self.left_out.iter().position(|left_out| *left_out == index) else {
                return say;
            };
            self.left_out.remove(at);
        }
    }

    fn hears(&mut self, recorded: &Recorded) {
        let mut scratch = Vec::new();
        let received = self.ears.receive(&mut recorded.frame.as_slice(), &mut scratch);
        let version = self.recording.version;
        let received =
            received.unwrap_or_else(|e| panic!("{version} {:02x?}: {e}", recorded.plain)).unwrap();
        if let Sense::Request(Request::ChunksMissed(missed)) = received.sense {
            assert_eq!(missed.iter().collect::<Vec<_>>(), LEFT_OUT);
        }
        let Some(sender) = &mut self.sender else { return };
        if sender.hear(NOW, &received).unwrap() == update::Heard::Done {
            self.ended.push((sender.has_begun(), sender.sent() as usize));
            self.sender = None;
        }
    }
}

#[test]
fn our_cloud_hears_the_recorded_devices_and_sends_each_update_to_the_same_end() {
    for recording in updates() {
        let mut cloud = Cloud::new(&recording);
        for recorded in &recording.frames {
            match recorded.from_device {
                true => cloud.hears(recorded),
                false => {
                    asked(&recorded.plain).into_iter().for_each(|asked| {
                        // What nobody owes an answer is not remembered.
                        let (_, update) = update_of(recorded).unwrap();
                        let is_fast = |chunk: update::Chunk<'_>| chunk.index.is_some();
                        if !matches!(update, FromCloud::Chunk(chunk) if is_fast(chunk)) {
                            cloud.ears.remember(asked);
                        }
                    });
                    cloud.says(recorded);
                }
            }
        }
        // A fast one, and a slow one in which a chunk was sent twice; neither is under way any more.
        assert_eq!(cloud.ended, [(true, 6000), (true, 6000)], "{}", recording.version);
        assert_eq!(cloud.chunks, 12 + 13, "{}", recording.version);
        assert!(!cloud.ears.has_ended() && !cloud.ears.is_updating());
    }
}

/// Our device in the place of the recorded one.
struct Device {
    session: client::Session,
    receiver: Option<Receiver>,
    stored: Vec<u8>,
    said: Vec<u8>,
}

impl Device {
    fn hears(&mut self, recorded: &Recorded) {
        let mut scratch = Vec::new();
        let received = self.session.receive(&mut recorded.frame.as_slice(), &mut scratch);
        let client::Received { message, heard } = received.unwrap().expect("a whole frame");
        if let Heard::Update(update) = heard {
            let place = (&mut self.receiver, &mut self.stored);
            answer(&mut self.session, place, NOW, (&message, update), &mut self.said);
        }
    }

    /// The next frame it says: an answer, or what the real one began here.
    fn says(&mut self, recorded: &Recorded) -> Vec<u8> {
        if self.said.is_empty() {
            begins(&mut self.session, &mut self.said, &Message::parse(&recorded.plain).unwrap());
        }
        let rest = self.said.split_off(recorded.frame.len().min(self.said.len()));
        std::mem::replace(&mut self.said, rest)
    }
}

fn begins(session: &mut client::Session, out: &mut Vec<u8>, message: &Message<'_>) {
    let mut path = message.uri_path();
    match (message.code, path.next()) {
        (Code::EMPTY, None) => session.ping(out).map(drop).unwrap(),
        (Code::POST, Some(b"h")) => session.hello(out, 0xffff, None, 3).unwrap(),
        (Code::POST, Some(b"E")) => {
            let name = std::str::from_utf8(path.next().unwrap()).unwrap();
            let confirmable = message.kind == Kind::Confirmable;
            let event = Event { confirmable, data: message.payload(), ..Event::text(name, "") };
            session.event(out, &event).map(drop).unwrap();
        }
        (Code::GET, Some(b"e")) => {
            let prefix = String::from_utf8_lossy(path.next().unwrap());
            let wish =
                Subscription { prefix, kind: SubscriptionKind::Text, mine: true, device: None };
            session.subscribe(out, &wish).map(drop).unwrap();
        }
        (Code::GET, Some(b"t")) => session.time(out).map(drop).unwrap(),
        (Code::POST, Some(b"d")) => {
            let kind: DescribeKind = kind_of(message);
            session.describe(out, kind, message.payload()).map(drop).unwrap();
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_devices_hear_the_recorded_cloud_and_say_byte_for_byte_what_the_real_ones_said() {
    for recording in updates() {
        let tokens = recording.frames.iter().filter(|frame| frame.from_device);
        let token = tokens
            .filter_map(|frame| {
                let message = Message::parse(&frame.plain).unwrap();
                let asks = message.code.is_request() && !message.token.is_empty();
                asks.then(|| message.token.as_bytes()[0])
            })
            .next()
            .unwrap();
        let (credentials, firmware) = (&recording.credentials, recording.firmware);
        let session = client::Session::new(credentials, firmware, token.wrapping_sub(1));
        let mut device = Device { session, receiver: None, stored: Vec::new(), said: Vec::new() };
        for recorded in &recording.frames {
            if recorded.from_device {
                let said = device.says(recorded);
                assert_eq!(said, recorded.frame, "{} {:02x?}", recording.version, recorded.plain);
            } else {
                device.hears(recorded);
            }
        }
        assert!(device.said.is_empty(), "{}", recording.version);
        assert_eq!(device.stored, file_of(&recording), "{}", recording.version);
    }
}
