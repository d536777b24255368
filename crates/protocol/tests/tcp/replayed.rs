//! Virtual devices in the place of the recorded ones: asked the same, each says byte for byte what the real one said.

use pintle_protocol::coap::{Code, Kind, Message};
use pintle_protocol::from_cloud::Request;
use pintle_protocol::tcp::{Anomaly, Subscription, client};
use pintle_protocol::value::Value;
use pintle_protocol::{Event, SubscriptionKind};

use crate::recorded::kind_of;
use crate::recording::{Recorded, Recording, basic};

#[test]
fn each_virtual_firmware_says_byte_for_byte_what_the_real_one_said() {
    for recording in basic() {
        let mut device = Device::of(&recording);
        let mut left = false;
        for (place, recorded) in recording.frames.iter().enumerate() {
            if recorded.from_device {
                assert!(!left, "{}: it had left", recording.version);
                let said = device.says(recorded);
                assert_eq!(said, recorded.frame, "{} {:02x?}", recording.version, recorded.plain);
            } else if !left {
                left = device.hears(recorded, &recording.frames[place + 1..]).is_err();
            }
        }
        // The Core's buffer was too short for one of the calls.
        assert_eq!(left, recording.version == "1.4.4");
    }
}

/// A virtual device that is asked what the real one was asked.
struct Device {
    session: client::Session,
    /// What it answers, as far as the real one's answers were not looked at yet.
    said: Vec<u8>,
}

impl Device {
    fn of(recording: &Recording) -> Self {
        // From 2.0 on the first token is random, and before that zero: it is the one before the first that was used.
        let tokens =
            recording.frames.iter().filter(|frame| frame.from_device).filter_map(|frame| {
                let message = Message::parse(&frame.plain).unwrap();
                let asks = message.code.is_request() && !message.token.is_empty();
                asks.then(|| message.token.as_bytes()[0])
            });
        let token = tokens.take(1).sum::<u8>().wrapping_sub(1);
        let session = client::Session::new(&recording.credentials, recording.firmware, token);
        Self { session, said: Vec::new() }
    }

    /// The next frame it says: an answer, or what the real one began here.
    fn says(&mut self, recorded: &Recorded) -> Vec<u8> {
        if self.said.is_empty() {
            self.begins(&Message::parse(&recorded.plain).unwrap());
        }
        let rest = self.said.split_off(recorded.frame.len().min(self.said.len()));
        std::mem::replace(&mut self.said, rest)
    }

    fn begins(&mut self, message: &Message<'_>) {
        let (session, out) = (&mut self.session, &mut self.said);
        let mut path = message.uri_path();
        match (message.code, path.next()) {
            (Code::POST, Some(b"h")) => session.hello(out, 0xffff, None, 3).unwrap(),
            (Code::POST, Some(b"E")) => {
                let event = Event {
                    confirmable: message.kind == Kind::Confirmable,
                    data: message.payload(),
                    ..Event::text(std::str::from_utf8(path.next().unwrap()).unwrap(), "")
                };
                session.event(out, &event).map(drop).unwrap();
            }
            (Code::GET, Some(b"e")) => {
                let wish = Subscription {
                    prefix: String::from_utf8_lossy(path.next().unwrap()),
                    kind: SubscriptionKind::Text,
                    mine: true,
                    device: None,
                };
                session.subscribe(out, &wish).map(drop).unwrap();
            }
            (Code::GET, Some(b"t")) => session.time(out).map(drop).unwrap(),
            (Code::POST, Some(b"d")) => {
                session.describe(out, kind_of(message), message.payload()).map(drop).unwrap();
            }
            other => panic!("{other:?}"),
        }
    }

    /// Hears the recorded server, and answers with what the real device had to tell: `later` says what that was.
    fn hears(&mut self, recorded: &Recorded, later: &[Recorded]) -> Result<(), Anomaly> {
        let mut scratch = Vec::new();
        let received = self.session.receive(&mut recorded.frame.as_slice(), &mut scratch)?;
        let client::Received { message, heard } = received.expect("a whole frame");
        let told = later.iter().filter(|frame| frame.from_device).find_map(|frame| {
            let answer = Message::parse(&frame.plain).unwrap();
            let tells = answer.token == message.token && answer.code == Code::CONTENT;
            tells.then(|| answer.payload().to_vec())
        });
        let out = &mut self.said;
        match heard {
            client::Heard::Request(request) => {
                answer(&mut self.session, out, &message, &request, told);
            }
            client::Heard::Describe { flags: None, .. }
                if self.session.firmware().requires_describe_flags =>
            {
                self.session.refuse(out, &message).unwrap();
            }
            client::Heard::Describe { block, .. } => {
                self.session.described(out, &message, &told.unwrap(), block).unwrap();
            }
            client::Heard::Time(seconds) => assert!(seconds > 1_700_000_000),
            client::Heard::Acknowledged => {}
            client::Heard::Update(_) => panic!("no update"),
            client::Heard::Refused => panic!("{recorded:02x?}", recorded = recorded.plain),
        }
        Ok(())
    }
}

/// The application has a function that gives the length of its argument, and two variables.
fn answer(
    session: &mut client::Session,
    out: &mut Vec<u8>,
    message: &Message<'_>,
    request: &Request<'_>,
    told: Option<Vec<u8>>,
) {
    match request {
        Request::Ping => session.pong(out, message.id).unwrap(),
        Request::Signal { .. } => session.signalled(out, message).unwrap(),
        Request::Call { argument, .. } => {
            let (argument, refused) = session.argument(argument);
            let result = argument.len() as i32;
            match refused {
                true => session.refuse(out, message).unwrap(),
                false => session.acknowledge(out, message.id).unwrap(),
            }
            session.result(out, message.token, result).unwrap();
        }
        Request::Read { .. } => {
            let value = Value::String(told.unwrap());
            session.value(out, message, Some(&value)).unwrap();
        }
        Request::Event(_) | Request::Hello => {}
        other => panic!("{other:?}"),
    }
}
