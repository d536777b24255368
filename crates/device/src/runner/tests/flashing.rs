//! The tests' cloud sends an update, as [`pintle_protocol::update`] has it.

use super::Door;
use pintle_protocol::coap::{Code, Kind, Message, RequestToken, Token};
use pintle_protocol::describe;
use pintle_protocol::from_device::{Request, decode};
use pintle_protocol::hello::Hello;
use pintle_protocol::update::{
    Acknowledged, Chunk, Failure, Finish, FromDevice, Sender, Start, Started,
};

const BEGIN: RequestToken = RequestToken(0x51);
const END: RequestToken = RequestToken(0x52);

/// What became of an update.
#[derive(Debug)]
pub(super) struct Sent {
    /// Where the device wanted it from.
    pub(super) from: u32,
    /// What it said of it.
    pub(super) statistics: String,
}

impl Door {
    /// Sends a file; what the device says to it in the end. It may still apply it.
    pub(super) fn update(&mut self, start: &Start<'_>, file: &[u8]) -> Result<Sent, Failure> {
        let started = self.start_update(start)?;
        let mut sender = Sender::new(self.started.elapsed(), start, started).unwrap();
        while !sender.is_complete() {
            self.send_chunks(&mut sender, file);
            let what = self.acknowledgement();
            sender.acknowledged(self.started.elapsed(), &what).unwrap();
        }
        let statistics = self.finish_update(Finish::default())?;
        Ok(Sent { from: started.offset, statistics })
    }

    pub(super) fn start_update(&mut self, start: &Start<'_>) -> Result<Started, Failure> {
        let ask = self.cloud.ask(|out, id| start.write(out, id, BEGIN).unwrap());
        self.send(&ask);
        let answer = self.answer_to(BEGIN.into());
        let message = Message::parse(&answer).unwrap();
        match message.code {
            Code::CREATED => Ok(Started::read(&message).unwrap()),
            code => Err(Failure::read(code, message.payload())),
        }
    }

    pub(super) fn send_chunks(&mut self, sender: &mut Sender, file: &[u8]) {
        while let Some(sent) = sender.poll_chunk(self.started.elapsed()) {
            let data = &file[sent.bytes.start as usize..sent.bytes.end as usize];
            let chunk = Chunk { index: sent.index, data };
            let chunk = self.cloud.ask(|out, id| chunk.write(out, id).unwrap());
            self.send(&chunk);
        }
    }

    pub(super) fn finish_update(&mut self, finish: Finish) -> Result<String, Failure> {
        let ask = self.cloud.ask(|out, id| finish.write(out, id, END).unwrap());
        self.send(&ask);
        let answer = self.answer_to(END.into());
        let message = Message::parse(&answer).unwrap();
        match message.code {
            Code::CHANGED => Ok(String::from_utf8(message.payload().to_vec()).unwrap()),
            code => Err(Failure::read(code, message.payload())),
        }
    }

    /// Serves until a message comes that `wanted` makes something of.
    pub(super) fn serve_for<T>(&mut self, wanted: impl Fn(&Message<'_>) -> Option<T>) -> T {
        loop {
            while let Some(bytes) = self.cloud.messages.pop_front() {
                if let Some(found) = wanted(&Message::parse(&bytes).unwrap()) {
                    return found;
                }
            }
            self.turn();
        }
    }

    fn answer_to(&mut self, token: Token) -> Vec<u8> {
        loop {
            while let Some(bytes) = self.cloud.messages.pop_front() {
                let message = Message::parse(&bytes).unwrap();
                if message.token == token && message.code.is_response() {
                    return bytes;
                }
            }
            self.turn();
        }
    }

    pub(super) fn acknowledgement(&mut self) -> Acknowledged {
        self.serve_for(|message| match decode(message) {
            Ok(Request::Update(FromDevice::Acknowledged(what))) => Some(what),
            _ => None,
        })
    }

    pub(super) fn hello(&mut self) -> Hello {
        self.serve_for(|message| match decode(message) {
            Ok(Request::Hello(hello)) => Some(hello),
            _ => None,
        })
    }

    /// The SHA-256 of the user part that the device described last.
    pub(super) fn described(&self) -> [u8; 32] {
        let system = describe::System::parse(&self.cloud.describes[&1]).unwrap();
        system.modules.iter().find(|module| module.function.0 == 5).unwrap().hash.unwrap()
    }

    /// Tells the device of an event, which it acknowledges.
    pub(super) fn tell(&mut self, name: &str, data: &str) {
        let event = pintle_protocol::Event::text(name, data);
        let event =
            self.cloud.ask(|out, id| pintle_protocol::from_cloud::event(out, id, &event).unwrap());
        self.send(&event);
        self.serve_for(|message| (message.kind == Kind::Acknowledgement).then_some(()));
    }
}
