//! A device of a test: it takes an update by the protocol's own receiver, and has whims. The tests of the door have it
//! too.

use pintle_protocol::coap::{Code, Kind, Message, MessageId, Writer};
use pintle_protocol::exchange::{Exchange, Received, Settings};
use pintle_protocol::from_cloud::{self, Request};
use pintle_protocol::reply;
use pintle_protocol::update::{Failure, Finish, FromCloud, Receiver, Refusal, Start, Started};
use std::time::Duration;

pub struct Device {
    exchange: Exchange<()>,
    receiver: Option<Receiver>,
    said: Vec<Vec<u8>>,
    /// What it has of the file, from the start on.
    pub file: Vec<u8>,
    pub statement: Vec<u8>,
    pub finished: bool,
    pub cancelled: bool,
    /// What it refuses with, whether in the acknowledgement, and whether only at the end.
    pub refusal: Option<(Refusal, bool, bool)>,
    pub begins_at: Option<u32>,
    pub forgets_at_once: bool,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            exchange: Exchange::new(Settings::default(), 1, 1),
            receiver: None,
            said: Vec::new(),
            file: Vec::new(),
            statement: Vec::new(),
            finished: false,
            cancelled: false,
            refusal: None,
            begins_at: None,
            forgets_at_once: false,
        }
    }
}

impl Device {
    /// Loses all but what is on flash.
    pub fn restart(&mut self) {
        self.receiver = None;
    }

    pub fn hear(&mut self, now: Duration, bytes: &[u8]) {
        let message = Message::parse(bytes).unwrap();
        match self.exchange.receive(now, &message) {
            Received::Fresh => {}
            Received::Duplicate(Some(answer)) => return self.said.push(answer),
            _ => return,
        }
        match from_cloud::decode(&message) {
            Ok(Request::Update(FromCloud::Start(start))) => self.start(now, &message, &start),
            Ok(Request::Update(FromCloud::Chunk(chunk))) => {
                let Some(receiver) = &mut self.receiver else {
                    return self.say(|out| reply::reset(out, message.id));
                };
                receiver.take(now, &chunk).unwrap();
                while let Some((at, piece)) = receiver.poll_piece() {
                    assert_eq!(at as usize, self.file.len());
                    self.file.extend(piece);
                }
            }
            Ok(Request::Update(FromCloud::Finish(finish))) => self.finish(now, &message, finish),
            Ok(Request::Ping) => self.say(|out| reply::ack_empty(out, message.id)),
            other => panic!("{other:?}"),
        }
    }

    /// Says something that is to be acknowledged.
    pub fn ask(&mut self, now: Duration, write: impl FnOnce(&mut Vec<u8>, MessageId)) {
        let id = self.exchange.next_id();
        self.say(|out| write(out, id));
        let request = self.said.last().unwrap().clone();
        self.exchange.send(now, 0, id, request, ()).unwrap();
    }

    /// Whether all that it said was acknowledged.
    pub fn is_heard(&self) -> bool {
        self.exchange.poll_timeout().is_none()
    }

    fn start(&mut self, now: Duration, message: &Message<'_>, start: &Start<'_>) {
        if let Some((why, piggybacked, false)) = self.refusal {
            return self.refuse(now, message, why, piggybacked);
        }
        self.statement = start.statement.to_vec();
        let stored = u32::try_from(self.file.len()).unwrap();
        let receiver = Receiver::new(now, start, stored);
        let started = receiver.started();
        let offset = self.begins_at.unwrap_or(started.offset);
        self.receiver = Some(receiver).filter(|_| !self.forgets_at_once);
        self.answer(now, message, |out, id| {
            Started { offset, ..started }.write(out, id, message.token).unwrap();
        });
    }

    fn finish(&mut self, now: Duration, message: &Message<'_>, finish: Finish) {
        if let Some((why, ..)) = self.refusal {
            return self.refuse(now, message, why, false);
        }
        let receiver = self.receiver.take();
        if finish.cancel {
            self.cancelled = true;
            self.file.clear();
        } else if receiver.as_ref().is_none_or(|receiver| !receiver.is_complete()) {
            return self.refuse(now, message, Refusal::PROTOCOL, false);
        } else {
            self.finished = true;
        }
        let said = receiver.map(|receiver| receiver.statistics().to_json()).unwrap_or_default();
        self.answer(now, message, |out, id| {
            let writer = Writer::new(out, Kind::Confirmable, Code::CHANGED, id, message.token);
            writer.payload(said.as_bytes());
        });
    }

    fn refuse(&mut self, now: Duration, message: &Message<'_>, why: Refusal, piggybacked: bool) {
        if !piggybacked {
            return self.answer(now, message, |out, id| {
                Failure::write(out, Kind::Confirmable, id, message.token, why);
            });
        }
        self.say(|out| Failure::write(out, Kind::Acknowledgement, message.id, message.token, why));
        let answer = self.said.last().unwrap().clone();
        self.exchange.answered(now, message.id, &answer);
    }

    /// Acknowledges a request, and answers it in a message of its own.
    fn answer(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        write: impl FnOnce(&mut Vec<u8>, MessageId),
    ) {
        self.say(|out| reply::ack_empty(out, message.id));
        let acknowledgement = self.said.last().unwrap().clone();
        self.exchange.answered(now, message.id, &acknowledgement);
        self.ask(now, write);
    }

    fn say(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut message = Vec::new();
        write(&mut message);
        self.said.push(message);
    }

    /// What it says at this time.
    pub fn at(&mut self, now: Duration) -> Vec<Vec<u8>> {
        while let Some(again) = self.exchange.poll_retransmit(now) {
            self.said.push(again.to_vec());
        }
        while self.exchange.poll_given_up(now).is_some() {}
        let what = self.receiver.as_mut().and_then(|receiver| receiver.poll_acknowledged(now));
        if let Some(what) = what {
            let id = self.exchange.next_id();
            self.say(|out| what.write(out, id).unwrap());
        }
        std::mem::take(&mut self.said)
    }

    pub fn poll_timeout(&self) -> Option<Duration> {
        let due = self.receiver.as_ref().map(Receiver::poll_timeout);
        due.into_iter().chain(self.exchange.poll_timeout()).min()
    }
}
