//! Recorded conversations of six firmware generations: our cloud hears the real devices, and says what the recorded
//! server said.

use pintle_protocol::coap::{Code, Kind, Message, MessageId, Opt, RequestToken, option};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::reply::Answer;
use pintle_protocol::tcp::describe::Description;
use pintle_protocol::tcp::server::{self, About, Asked, Sense};
use pintle_protocol::tcp::{Anomaly, Generation, Request, SendError, client};
use pintle_protocol::value::{Value, VariableType};
use pintle_protocol::{Event, SubscriptionKind, value};

use crate::recording::{Recorded, Recording, basic};

/// What the recorded server's message asks, if it asks.
pub(crate) fn asked(plain: &[u8]) -> Option<Asked> {
    let message = Message::parse(plain).unwrap();
    if message.kind != Kind::Confirmable {
        return None;
    }
    let about = match (message.code, message.uri_path().next()) {
        (Code::EMPTY, _) => About::Ping,
        (Code::GET, Some(b"d")) => About::Describe(kind_of(&message)),
        (Code::GET, Some(b"v")) => About::Read,
        (Code::POST, Some(b"f")) => About::Call,
        (Code::PUT, Some(b"s")) => About::Signal,
        (Code::POST, Some(b"u")) => About::UpdateBegin,
        (Code::POST, Some(b"c")) => About::Chunk,
        (Code::PUT, Some(b"u")) => About::UpdateDone,
        other => panic!("{other:?}"),
    };
    let token = RequestToken::try_from(message.token).ok();
    Some(Asked { id: message.id, token, about })
}

/// The recorded server also asks for both parts at once, or says nothing, which means the same.
pub(crate) fn kind_of(message: &Message<'_>) -> DescribeKind {
    match message.uri_query().next() {
        Some([2]) => DescribeKind::Application,
        Some([4]) => DescribeKind::Metrics,
        _ => DescribeKind::System,
    }
}

/// What our cloud made of one conversation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    hellos: u32,
    events: Vec<String>,
    subscriptions: Vec<String>,
    times: u32,
    pongs: u32,
    accepted: u32,
    results: Vec<i32>,
    values: Vec<Value2>,
    functions: Vec<Vec<String>>,
    modules: Vec<usize>,
    signals: u32,
    refused: Vec<Code>,
    unreadable: u32,
}

/// A value that can be compared.
#[derive(Debug, PartialEq, Eq)]
enum Value2 {
    Int(i32),
    Text(Vec<u8>),
}

impl Tally {
    fn add(&mut self, message: &Message<'_>, sense: Sense<'_>) {
        match sense {
            Sense::Hello(_) => self.hellos += 1,
            Sense::Request(request) => self.add_request(request),
            Sense::Acknowledged(Asked { about: About::Ping, .. }) => self.pongs += 1,
            Sense::Acknowledged(_) => self.accepted += 1,
            Sense::Answered(asked) => self.add_answer(message, asked),
            Sense::Refused(_) => self.refused.push(message.code),
        }
    }

    fn add_request(&mut self, request: Request<'_>) {
        match request {
            Request::Event(event) => self.events.push(event.name.into_owned()),
            Request::Subscribe(wish) => {
                assert!(wish.mine && wish.kind == SubscriptionKind::Text);
                self.subscriptions.push(wish.prefix.into_owned());
            }
            Request::Time => self.times += 1,
            Request::Describe { kind, body, block: None } => self.add_describe(kind, body),
            other => panic!("{other:?}"),
        }
    }

    fn add_answer(&mut self, message: &Message<'_>, asked: Asked) {
        let bytes = message.payload();
        match asked.about {
            About::Call => self.results.push(value::decode_result(bytes).unwrap()),
            About::Read if bytes.len() == 4 => {
                let number = value::decode(VariableType::Int, bytes).unwrap();
                let Value::Int(number) = number else { panic!() };
                self.values.push(Value2::Int(number));
            }
            About::Read => self.values.push(Value2::Text(bytes.to_vec())),
            About::Describe(kind) => self.add_describe(kind, bytes),
            About::Signal => self.signals += 1,
            About::UpdateBegin | About::Chunk | About::UpdateDone => panic!("no update"),
            About::Ping => panic!("a ping has no answer"),
        }
    }

    fn add_describe(&mut self, kind: DescribeKind, body: &[u8]) {
        let Ok(description) = Description::parse(kind, body) else {
            self.unreadable += 1;
            return;
        };
        self.functions.extend(description.application.map(|application| application.functions));
        self.modules.extend(description.system.map(|system| system.modules.len()));
    }
}

fn hear(recording: &Recording) -> Tally {
    let mut cloud = server::Session::from_credentials(&recording.credentials);
    let (mut tally, mut scratch) = (Tally::default(), Vec::new());
    for Recorded { from_device, frame, plain } in &recording.frames {
        if !from_device {
            asked(plain).into_iter().for_each(|asked| cloud.remember(asked));
            continue;
        }
        let mut input = frame.as_slice();
        let received = cloud.receive(&mut input, &mut scratch);
        let received =
            received.unwrap_or_else(|e| panic!("{} {plain:02x?}: {e}", recording.version));
        let received = received.expect("a whole frame");
        assert!(input.is_empty());
        let sent = Message::parse(plain).unwrap();
        assert_eq!((received.message.code, received.message.token), (sent.code, sent.token));
        assert_eq!(received.message.payload(), sent.payload());
        tally.add(&received.message, received.sense);
    }
    assert!(!cloud.has_ended());
    tally
}

#[test]
fn p2_every_recorded_frame_is_opened_accepted_and_understood() {
    let led_ping = || vec!["led".to_owned(), "ping".to_owned()];
    for recording in basic() {
        let tally = hear(&recording);
        let version = recording.version;
        assert_eq!((tally.hellos, tally.times), (1, 1), "{version}");
        assert_eq!(tally.subscriptions, ["spark", "fw/"], "{version}");
        assert!(tally.events.iter().any(|name| name == "spark/hardware/max_binary"), "{version}");
        // What each made of 11, 300 and 700 bytes of argument, how often it described itself, and what it refused:
        // long arguments (but made the calls) and, 3.x, a describe without a part named.
        let (results, describes, refused) = match version {
            "0.7.0" => (vec![11, 11, 11], 3, 2),
            "1.0.1" => (vec![11, 300, 300], 3, 1),
            // The long call was longer than its buffer: it left.
            "1.4.4" => (vec![11, 300], 3, 0),
            "1.5.2" => (vec![11, 300, 622], 3, 1),
            "2.3.1" => (vec![11, 300, 622], 4, 1),
            _ => (vec![11, 300, 700], 2, 1),
        };
        assert_eq!(tally.functions, vec![led_ping(); describes], "{version}");
        assert_eq!(tally.modules, vec![2; describes], "{version}");
        // Asked for both parts at once, which our cloud never does, 3.3.1 leaves out the comma between them.
        assert_eq!(tally.unreadable, u32::from(version == "3.3.1"), "{version}");
        assert_eq!(tally.results, results, "{version}");
        assert_eq!(tally.refused, vec![Code::BAD_REQUEST; refused], "{version}");
        let answered = version != "1.4.4";
        let values = [Value2::Int(42), Value2::Text(b"hello".to_vec())];
        assert_eq!(
            tally.values,
            values.into_iter().take(2 * usize::from(answered)).collect::<Vec<_>>()
        );
        assert_eq!(tally.signals, u32::from(answered), "{version}");
        assert_eq!(tally.pongs, 2 + u32::from(answered), "{version}");
    }
}

#[test]
fn our_cloud_says_what_the_recorded_server_said_but_for_numbers_it_chose() {
    for recording in basic() {
        let mut cloud = server::Session::from_credentials(&recording.credentials);
        let mut device = client::Session::new(&recording.credentials, recording.firmware, 0);
        let (mut greeted, mut compared, mut scratch) = (false, 0, Vec::new());
        for Recorded { from_device, frame, plain } in &recording.frames {
            if *from_device {
                if !std::mem::replace(&mut greeted, true) {
                    cloud.receive(&mut frame.as_slice(), &mut scratch).unwrap();
                }
                continue;
            }
            let theirs = Message::parse(plain).unwrap();
            let mut out = Vec::new();
            let said = say(&mut cloud, &mut out, &theirs);
            let Some(limit) = beyond(&theirs, cloud.generation().unwrap()) else {
                said.unwrap();
                let heard = device.receive(&mut out.as_slice(), &mut scratch);
                let ours = heard.unwrap().expect("a whole frame").message;
                assert_same(&ours, &theirs);
                compared += 1;
                continue;
            };
            assert_eq!(said, Err(limit));
            assert!(out.is_empty());
        }
        assert!(compared >= 17, "{}: {compared}", recording.version);
    }
}

/// What must keep our cloud from saying this.
fn beyond(theirs: &Message<'_>, generation: Generation) -> Option<SendError> {
    let limit = generation.limits().argument;
    let long = theirs.uri_query().any(|query| query.len() > limit);
    long.then_some(SendError::TooLarge { limit })
}

fn say(
    cloud: &mut server::Session,
    out: &mut Vec<u8>,
    theirs: &Message<'_>,
) -> Result<(), SendError> {
    let mut path = theirs.uri_path();
    let (letter, name) = (path.next(), path.next().unwrap_or(b""));
    let name = std::str::from_utf8(name).unwrap();
    let query = theirs.uri_query().next().unwrap_or(b"");
    match (theirs.kind, theirs.code, letter) {
        (Kind::Confirmable, Code::EMPTY, _) => cloud.ping(out).map(drop),
        (Kind::Acknowledgement, Code::EMPTY, _) => cloud.acknowledge(out, theirs.id),
        (Kind::Acknowledgement, Code::CHANGED, _) => cloud.answer(out, theirs, Answer::Changed),
        (Kind::Acknowledgement, Code::CONTENT, _) => {
            let seconds = u32::from_be_bytes(theirs.payload().try_into().unwrap());
            cloud.time(out, theirs, seconds)
        }
        (_, Code::POST, Some(b"h")) => cloud.hello(out),
        (_, Code::POST, Some(b"e")) => {
            let path: Vec<&str> =
                theirs.uri_path().skip(1).map(|part| std::str::from_utf8(part).unwrap()).collect();
            let name = path.join("/");
            let ttl = theirs.max_age().unwrap_or(60);
            cloud.event(out, &Event { data: theirs.payload(), ttl, ..Event::text(&name, "") })
        }
        (_, Code::POST, Some(b"f")) => cloud.call(out, name, query).map(drop),
        (_, Code::GET, Some(b"v")) => cloud.read(out, name).map(drop),
        (_, Code::GET, Some(b"d")) => cloud.describe(out, kind_of(theirs), None).map(drop),
        (_, Code::PUT, Some(b"s")) => cloud.signal(out, query == [1]).map(drop),
        other => panic!("{other:?}"),
    }
}

/// Same but for the numbers, and what our cloud does on purpose: it always says what it wants described, and it
/// writes events in one form.
pub(crate) fn assert_same(ours: &Message<'_>, theirs: &Message<'_>) {
    let letter = theirs.uri_path().next();
    assert_eq!(
        (ours.kind, ours.code, ours.payload()),
        (theirs.kind, theirs.code, theirs.payload())
    );
    assert_eq!(ours.token.as_bytes().len(), theirs.token.as_bytes().len());
    if theirs.kind == Kind::Acknowledgement {
        assert_eq!((ours.id, ours.token), (theirs.id, theirs.token));
    }
    let options = |message: &Message<'_>| -> Vec<(u16, Vec<u8>)> {
        message.options().map(|Opt { number, value }| (number, value.to_vec())).collect()
    };
    let event = |message: &Message<'_>| -> (Vec<u8>, Option<u32>) {
        let name: Vec<&[u8]> = message.uri_path().skip(1).collect();
        (name.join(&b'/'), message.max_age().filter(|seconds| *seconds != 60))
    };
    match (theirs.code, letter) {
        (Code::POST, Some(b"e")) => assert_eq!(event(ours), event(theirs)),
        (Code::GET, Some(b"d")) => {
            let expected = [
                (option::URI_PATH, b"d".to_vec()),
                (option::URI_QUERY, vec![kind_of(theirs).number()]),
            ];
            assert_eq!(options(ours), expected);
        }
        _ => assert_eq!(options(ours), options(theirs)),
    }
}

#[test]
fn a_read_id_of_the_recorded_server_is_no_id_of_ours() {
    // What `remember` is for: without it, the same answers end the session.
    let recording = basic().remove(0);
    let mut cloud = server::Session::from_credentials(&recording.credentials);
    let mut scratch = Vec::new();
    let ended = recording
        .frames
        .iter()
        .filter(|frame| frame.from_device)
        .find_map(|frame| cloud.receive(&mut frame.frame.as_slice(), &mut scratch).err());
    assert_eq!(ended, Some(Anomaly::Unasked));
    assert_eq!(asked(&[0x40, 0, 0, 9]).map(|asked| asked.id), Some(MessageId(9)));
}
