//! A cloud for one device: the cloud's side of the protocol, and a line for everything that it heard.

use pintle_protocol::coap::{Kind, Message};
use pintle_protocol::reply::Answer;
use pintle_protocol::tcp::server::{Greeting, Received, Sense, Session};
use pintle_protocol::tcp::update::{Failed, Heard, Sender};
use pintle_protocol::tcp::{Credentials, DevicePublicKey, Generation, Request};
use pintle_rsa::CloudKey;
use std::sync::OnceLock;
use std::time::Duration;
use zeroize::Zeroizing;

/// One key for all tests: making it takes a while.
pub(crate) fn key() -> &'static CloudKey {
    static KEY: OnceLock<CloudKey> = OnceLock::new();
    KEY.get_or_init(|| CloudKey::generate().unwrap())
}

/// The time that this cloud tells.
pub(super) const TIME: u32 = 1_800_000_000;

pub(super) struct Cloud {
    pinned: DevicePublicKey,
    connections: u8,
    greeting: Option<Greeting>,
    pub(super) session: Option<Session>,
    out: Vec<u8>,
    pub(super) heard: Vec<String>,
    /// Whether it answers hellos, and all that follows.
    pub(super) silent: bool,
    /// The bytes that this cloud sent, with all before them.
    pub(super) said: Vec<u8>,
    /// An update that it sends, and how that ended.
    pub(super) sender: Option<Sender>,
    pub(super) updated: Option<Result<Heard, Failed>>,
}

impl Cloud {
    pub(super) fn new(pinned: &DevicePublicKey) -> Self {
        Self {
            pinned: *pinned,
            connections: 0,
            greeting: None,
            session: None,
            out: Vec::new(),
            heard: Vec::new(),
            silent: false,
            said: Vec::new(),
            sender: None,
            updated: None,
        }
    }

    pub(super) fn accept(&mut self) {
        self.connections += 1;
        let greeting = Greeting::new([self.connections; 40]);
        self.out = greeting.nonce().to_vec();
        (self.greeting, self.session) = (Some(greeting), None);
    }

    pub(super) fn say(&mut self) -> Option<Vec<u8>> {
        self.said.extend_from_slice(&self.out);
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out))
    }

    /// Says something in the session.
    pub(super) fn tell<T>(
        &mut self,
        write: impl FnOnce(&mut Session, &mut Vec<u8>) -> Result<T, pintle_protocol::tcp::SendError>,
    ) -> T {
        write(self.session.as_mut().unwrap(), &mut self.out).unwrap()
    }

    pub(super) fn generation(&self) -> Option<Generation> {
        self.session.as_ref().and_then(Session::generation)
    }

    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        if let Some(greeting) = &mut self.greeting {
            let taken = greeting.take(bytes);
            bytes = &bytes[taken..];
            if greeting.is_full() {
                self.shake();
            }
        }
        let mut scratch = Vec::new();
        while !bytes.is_empty() {
            let mut session = self.session.take().expect("bytes before the handshake");
            let received = session.receive(&mut bytes, &mut scratch).expect("an anomaly");
            if let Some(received) = received {
                self.hear(&mut session, received);
            }
            self.session = Some(session);
        }
    }

    fn shake(&mut self) {
        let block = self.greeting.take().and_then(Greeting::into_block).unwrap();
        let claim = block.open(key(), &[0; 214]);
        let pinned = u8::from(claim.public_key() == self.pinned.as_spki()).into();
        let mut bytes = [self.connections; 40];
        bytes[32..].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let credentials = Credentials::new(Zeroizing::new(bytes));
        let answer = claim.answer(pinned, &self.pinned, &credentials, key()).unwrap();
        let (_, bytes, session) = answer.admit().expect("the claim holds");
        self.out.extend_from_slice(&bytes);
        self.session = Some(session);
    }

    fn hear(&mut self, session: &mut Session, received: Received<'_>) {
        if let Some(sender) = &mut self.sender {
            match sender.hear(Duration::ZERO, &received) {
                Ok(Heard::Nothing | Heard::GoesOn) => {}
                end => self.updated = Some(end),
            }
        }
        let Received { message, sense } = received;
        self.heard.push(line_of(&message, &sense));
        if self.silent {
            return;
        }
        let out = &mut self.out;
        let answered = match sense {
            Sense::Hello(_) => session.hello(out),
            Sense::Request(Request::Time) => session.time(out, &message, TIME),
            Sense::Request(Request::Describe { .. }) => {
                session.answer(out, &message, Answer::Changed)
            }
            _ if message.kind == Kind::Confirmable => session.acknowledge(out, message.id),
            _ => Ok(()),
        };
        answered.unwrap();
    }
}

fn line_of(message: &Message<'_>, sense: &Sense<'_>) -> String {
    let payload = || String::from_utf8_lossy(message.payload()).into_owned();
    match sense {
        Sense::Hello(hello) => format!("hello {:#06x}", hello.flags.0),
        Sense::Request(request) => match request {
            Request::Describe { kind, block, .. } => {
                let more = if block.is_some() { " in blocks" } else { "" };
                format!("describe {kind:?}{more} {}", payload())
            }
            Request::Event(event) => format!("event {} {}", event.name, payload()),
            Request::Subscribe(wish) => format!("subscribe {}", wish.prefix),
            Request::Time => "time".to_owned(),
            Request::Goodbye(goodbye) => format!("goodbye {:?}", goodbye.cloud_reason),
            Request::Ping => "ping".to_owned(),
            Request::ChunksMissed(missed) => {
                format!("missed {:?}", missed.iter().collect::<Vec<_>>())
            }
            Request::UpdateDone => "update done".to_owned(),
        },
        Sense::Acknowledged(asked) => format!("ack {:?}", asked.about),
        Sense::Answered(asked) => {
            let how = if message.kind == Kind::Acknowledgement { "at once" } else { "apart" };
            format!("answer {:?} {how} {:02x?}", asked.about, message.payload())
        }
        Sense::Refused(asked) => format!("refused {:?} {}", asked.about, message.code),
    }
}
