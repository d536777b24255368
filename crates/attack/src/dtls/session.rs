//! A session by hand: records of any kind, epoch and number, with or without the connection ID.

use super::crypt::{Direction, Keys};
use super::line::{ANSWER, Line};
use super::shaking::Shaking;
use super::wire::{
    self, APPLICATION, CONNECTION_ID, FINISHED, HANDSHAKE, VERSION, number, put16, records,
};
use crate::raid::{Identity, Raid, Stop, Tried, untried};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::hello::{Hello, HelloFlags};
use pintle_protocol::{DeviceId, Error, from_cloud, from_device, reply};
use std::time::Duration;

/// How many other messages are read past while one is waited for.
const MOST_OTHERS: usize = 1024;

/// A device's session, in the attacker's hands.
pub(crate) struct Session<'l, 'r> {
    pub(crate) line: &'l Line<'r>,
    keys: Keys,
    pub(crate) connection_id: Option<Vec<u8>>,
    pub(crate) next: u64,
    message: u16,
    /// Explicit nonces of the records that came.
    pub(crate) nonces: Vec<[u8; 8]>,
    /// How many handshake messages came inside the session.
    pub(crate) handshakes: usize,
}

/// A record of this kind, epoch and number; behind a connection ID as RFC 9146 has it.
pub(crate) fn seal(
    write: &Direction,
    id: Option<&[u8]>,
    kind: u8,
    epoch: u16,
    sequence: u64,
    text: &[u8],
) -> Vec<u8> {
    let numbers = number(epoch, sequence);
    let Some(id) = id else {
        let mut additional = [&numbers[..], &[kind], &VERSION].concat();
        additional.extend(length(text).to_be_bytes());
        return wire::record(kind, epoch, sequence, &write.seal(&numbers, &additional, text));
    };
    let inner = [text, &[kind]].concat();
    let count = u8::try_from(id.len()).unwrap_or(u8::MAX);
    let mut additional = vec![0xff; 8];
    additional.extend([CONNECTION_ID, count, CONNECTION_ID]);
    additional.extend(VERSION);
    additional.extend(numbers);
    additional.extend(id);
    additional.extend(length(&inner).to_be_bytes());
    let mut record = vec![CONNECTION_ID];
    record.extend(VERSION);
    record.extend(numbers);
    record.extend(id);
    put16(&mut record, &write.seal(&numbers, &additional, &inner));
    record
}

fn length(text: &[u8]) -> u16 {
    u16::try_from(text.len()).unwrap_or(u16::MAX)
}

impl<'l, 'r> Session<'l, 'r> {
    /// A session that begins: the Finished had the first number.
    pub(crate) fn new(line: &'l Line<'r>, keys: Keys, connection_id: Option<Vec<u8>>) -> Self {
        // Device OS counts its messages upwards from anywhere.
        let [high, low] = line.raid.random();
        let message = u16::from_be_bytes([high & 0x3f, low]);
        Self { line, keys, connection_id, next: 1, message, nonces: Vec::new(), handshakes: 0 }
    }

    /// Shakes hands as this device.
    pub(crate) fn shake(line: &'l Line<'r>, identity: &Identity) -> Tried<Self> {
        let mut shaking = Shaking::begin(line)?;
        shaking.all(identity)?;
        shaking.session()
    }

    /// Shakes hands as this device, and says Hello.
    pub(crate) fn connect(line: &'l Line<'r>, identity: &Identity) -> Tried<Self> {
        let mut session = Self::shake(line, identity)?;
        session.introduce(identity.id)?;
        Ok(session)
    }

    /// A record with the next number.
    pub(crate) fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        let sequence = self.next;
        self.next += 1;
        self.seal_as(APPLICATION, 1, sequence, message)
    }

    /// A record of any kind, epoch and number.
    pub(crate) fn seal_as(&self, kind: u8, epoch: u16, sequence: u64, text: &[u8]) -> Vec<u8> {
        seal(&self.keys.write, self.connection_id.as_deref(), kind, epoch, sequence, text)
    }

    /// A record with the next number, without the connection ID.
    pub(crate) fn seal_without_id(&mut self, message: &[u8]) -> Vec<u8> {
        let sequence = self.next;
        self.next += 1;
        seal(&self.keys.write, None, APPLICATION, 1, sequence, message)
    }

    /// The next message's id.
    pub(crate) const fn next_id(&mut self) -> MessageId {
        let id = MessageId(self.message);
        self.message = self.message.wrapping_add(1);
        id
    }

    /// A ping, and its id.
    pub(crate) fn ping(&mut self) -> (MessageId, Vec<u8>) {
        let id = self.next_id();
        let mut message = Vec::new();
        from_device::ping(&mut message, id);
        (id, self.seal(&message))
    }

    /// What a datagram of the target's says in this session: messages, and whether it is over.
    fn open(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        for record in records(datagram).iter().filter(|record| record.epoch == 1) {
            let Some(text) = record.body.len().checked_sub(16) else { continue };
            let mut additional = [&record.number[..], &[record.kind], &VERSION].concat();
            additional.extend(u16::try_from(text).unwrap_or_default().to_be_bytes());
            let Some(text) = self.keys.read.open(&record.body, &additional) else { continue };
            self.nonces.extend(record.body.first_chunk::<8>());
            match record.kind {
                APPLICATION => messages.push(text),
                // After its Finished, which may come again, a target has no more to say.
                HANDSHAKE if text.first() != Some(&FINISHED) => self.handshakes += 1,
                _ => {}
            }
        }
        messages
    }

    /// What comes in this time, if anything does.
    pub(crate) fn glance(&mut self, within: Duration) -> Tried<Vec<Vec<u8>>> {
        let datagram = self.line.hear(within)?;
        Ok(datagram.map(|datagram| self.open(&datagram)).unwrap_or_default())
    }

    /// Whether an event with this name comes.
    pub(crate) fn hears_of(&mut self, name: &str) -> Tried<bool> {
        for _ in 0..MOST_OTHERS {
            let Some(messages) = self.hear()? else { return Ok(false) };
            self.acknowledge(&messages)?;
            if messages.iter().any(|message| is_event(message, name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next messages of the target's; its pings are answered.
    pub(crate) fn hear(&mut self) -> Tried<Option<Vec<Vec<u8>>>> {
        let Some(datagram) = self.line.hear(ANSWER)? else { return Ok(None) };
        let messages = self.open(&datagram);
        for message in &messages {
            if let [0x40, 0, high, low] = message[..] {
                let answer = self.seal(&[0x70, 0, high, low]);
                self.line.send(&answer)?;
            }
        }
        Ok(Some(messages))
    }

    /// All messages that come until the one with this id is acknowledged; `None` where that never happens.
    pub(crate) fn until(&mut self, id: MessageId) -> Tried<Option<Vec<Vec<u8>>>> {
        let mut all = Vec::new();
        for _ in 0..MOST_OTHERS {
            let Some(messages) = self.hear()? else { return Ok(None) };
            let done = messages.iter().any(|message| acknowledges(message, id));
            all.extend(messages);
            if done {
                return Ok(Some(all));
            }
        }
        Ok(None)
    }

    /// What came until a fresh ping was answered; `None` where the session is over.
    pub(crate) fn fence(&mut self) -> Tried<Option<Vec<Vec<u8>>>> {
        let (id, ping) = self.ping();
        self.line.send(&ping)?;
        self.until(id)
    }

    /// What came until a fresh ping was answered. Where it is not, the case broke: the session should live.
    pub(crate) fn lives(&mut self, after: &str) -> Tried<Vec<Vec<u8>>> {
        match self.fence()? {
            Some(messages) => Ok(messages),
            None => Err(Stop::Broke(format!("the session was not heard any more after {after}"))),
        }
    }

    /// Says something and waits for its acknowledgement; all that came.
    pub(crate) fn say(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, MessageId) -> Result<(), Error>,
    ) -> Tried<Vec<Vec<u8>>> {
        let id = self.next_id();
        let mut message = Vec::new();
        if write(&mut message, id).is_err() {
            return untried("a message of the attacker's cannot be written");
        }
        let record = self.seal(&message);
        self.line.send(&record)?;
        match self.until(id)? {
            Some(messages) => Ok(messages),
            None => untried("the target does not answer a sound message of a device"),
        }
    }

    /// Acknowledges what the target wants acknowledged.
    pub(crate) fn acknowledge(&mut self, messages: &[Vec<u8>]) -> Tried<()> {
        for message in messages.iter().filter_map(|message| Message::parse(message).ok()) {
            if message.kind == Kind::Confirmable {
                let mut answer = Vec::new();
                reply::ack_empty(&mut answer, message.id);
                let record = self.seal(&answer);
                self.line.send(&record)?;
            }
        }
        Ok(())
    }

    /// Says Hello.
    pub(crate) fn introduce(&mut self, id: DeviceId) -> Tried<()> {
        let hello = greeting(id);
        self.say(|out, id| from_device::hello(out, id, &hello)).map(drop)
    }
}

/// What a device says of itself that asks for nothing.
pub(crate) fn greeting(device_id: DeviceId) -> Hello {
    Hello {
        product_id: 32,
        product_version: Some(1),
        flags: HelloFlags::SENDS_DESCRIBE.union(HelloFlags::GOODBYE),
        platform_id: 32,
        device_id,
        system_version: 6200,
        max_message: 1152,
        max_binary: 0x0010_0000,
        chunk: 512,
    }
}

/// Whether a message is an event with this name.
pub(crate) fn is_event(message: &[u8], name: &str) -> bool {
    let event = Message::parse(message).ok().and_then(|it| {
        from_cloud::decode(&it)
            .ok()
            .map(|r| matches!(r, from_cloud::Request::Event(event) if event.name == name))
    });
    event == Some(true)
}

/// Whether a message acknowledges this id.
pub(crate) fn acknowledges(message: &[u8], id: MessageId) -> bool {
    Message::parse(message)
        .is_ok_and(|message| (message.kind, message.id) == (Kind::Acknowledgement, id))
}

/// How many messages acknowledge this id.
pub(crate) fn acknowledgements(messages: &[Vec<u8>], id: MessageId) -> usize {
    messages.iter().filter(|message| acknowledges(message, id)).count()
}

/// The first device of the target's, and a session of its own on a line.
pub(crate) fn connected<'l, 'r>(
    raid: &'r Raid<'r>,
    line: &'l Line<'r>,
) -> Tried<(Identity, Session<'l, 'r>)> {
    let identity = raid.identity(0)?;
    let session = Session::connect(line, &identity)?;
    Ok((identity, session))
}
