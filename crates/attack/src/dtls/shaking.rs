//! A handshake by hand: every message is sent by whoever plays the client, in whatever order and with whatever in it.
//!
//! The hello of a handshake asks for a number of its own, which the answer repeats. So the beginning of one handshake tells
//! where the answers to the one before end, without waiting for silence: the target takes what one address sends in order.

use super::crypt::{Keys, sha256};
use super::hello::Hello;
use super::line::{ANSWER, Line};
use super::session::Session;
use super::wire::{
    self, ALERT, CERTIFICATE, CERTIFICATE_VERIFY, CHANGE_CIPHER_SPEC, CLIENT_HELLO,
    CLIENT_KEY_EXCHANGE, FINISHED, HANDSHAKE, HELLO_VERIFY_REQUEST, Message, Record, SERVER_HELLO,
    SERVER_HELLO_DONE, SERVER_KEY_EXCHANGE, put8, put16, put24, records,
};
use crate::raid::{Identity, Stop, Tried, at_home, untried};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto};

/// A first flight has fewer messages than this, so numbers of two flights on end do not meet.
const APART: u16 = 6;
/// How many turns there are before the numbers of hellos begin anew: targets take low ones alone.
const TURNS: u16 = 2;
/// How many datagrams of earlier handshakes are read past.
const MOST_STRAY: usize = 512;

/// What the target answered to the last handshake on this line, before the next began.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) records: Vec<Record>,
}

impl Answers {
    /// Descriptions of the alerts in clear text.
    pub(crate) fn alerts(&self) -> Vec<u8> {
        let alerts = self.records.iter().filter(|record| (record.kind, record.epoch) == (ALERT, 0));
        alerts.filter_map(|record| record.body.get(1).copied()).collect()
    }

    /// Whether the target ended a handshake as one that is well.
    pub(crate) fn has_finished(&self) -> bool {
        self.records.iter().any(|record| (record.kind, record.epoch) == (HANDSHAKE, 1))
    }

    /// How many bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.records.iter().map(|record| 13 + record.body.len()).sum()
    }
}

/// A handshake in which the target's first flight came.
pub(crate) struct Shaking<'l, 'r> {
    pub(crate) line: &'l Line<'r>,
    pub(crate) hello: Hello,
    pub(crate) cookie: Vec<u8>,
    turn: u16,
    pub(crate) connection_id: Option<Vec<u8>>,
    pub(crate) server_random: [u8; 32],
    /// The target's ephemeral point.
    pub(crate) point: [u8; 65],
    transcript: Vec<u8>,
    next_message: u16,
    next_record: u64,
    keys: Option<Keys>,
}

/// The challenge's cookie for a hello.
pub(crate) fn cookie(line: &Line<'_>, hello: &Hello) -> Tried<Vec<u8>> {
    send_hello(line, hello, 0, &[])?;
    for _ in 0..MOST_STRAY {
        let Some(datagram) = line.hear(ANSWER)? else { break };
        let messages = records(&datagram).into_iter().flat_map(|record| record.messages());
        let mut challenges = messages.filter(|message| message.kind == HELLO_VERIFY_REQUEST);
        if let Some(cookie) = challenges.next().and_then(|it| it.body.get(3..).map(<[u8]>::to_vec))
        {
            return Ok(cookie);
        }
    }
    untried("nobody answers a ClientHello at the target's address for devices over UDP")
}

/// Sends a hello as message and record of this number.
pub(crate) fn send_hello(
    line: &Line<'_>,
    hello: &Hello,
    sequence: u16,
    cookie: &[u8],
) -> Tried<Vec<u8>> {
    let message = wire::message(CLIENT_HELLO, sequence, &hello.body(cookie));
    line.send(&wire::record(HANDSHAKE, 0, sequence.into(), &message))?;
    Ok(message)
}

impl<'l, 'r> Shaking<'l, 'r> {
    /// Begins with a sound hello, and reads the target's first flight.
    pub(crate) fn begin(line: &'l Line<'r>) -> Tried<Self> {
        Self::begin_with(line, Hello::sound(line.raid.random()))
    }

    /// Begins with this hello, and reads the target's first flight.
    pub(crate) fn begin_with(line: &'l Line<'r>, hello: Hello) -> Tried<Self> {
        Ok(Self::begin_after(line, hello, 0)?.0)
    }

    /// Begins a handshake in another turn than the one before on this line; also what the target said before it
    /// answered.
    pub(crate) fn begin_after(
        line: &'l Line<'r>,
        hello: Hello,
        turn: u16,
    ) -> Tried<(Self, Answers)> {
        let sequence = 1 + turn % TURNS * APART;
        let mut answers = Answers::default();
        send_hello(line, &hello, 0, &[])?;
        let cookie = loop {
            let messages = hear(line, &mut answers)?;
            // One with another number is the answer to a hello of before.
            let is_ours = |it: &Message| (it.kind, it.sequence) == (HELLO_VERIFY_REQUEST, 0);
            let challenge = messages.into_iter().find(is_ours);
            if let Some(cookie) = challenge.and_then(|it| it.body.get(3..).map(<[u8]>::to_vec)) {
                break cookie;
            }
        };
        let transcript = send_hello(line, &hello, sequence, &cookie)?;
        let mut flight: Vec<Message> = Vec::new();
        while flight.last().is_none_or(|message| message.kind != SERVER_HELLO_DONE) {
            for message in hear(line, &mut answers)? {
                let next = sequence + u16::try_from(flight.len()).unwrap_or_default();
                flight.extend(Some(message).filter(|message| message.sequence == next));
            }
        }
        answers.records.retain(|record| !is_of_flight(record, sequence));
        let begun = Begun { line, hello, cookie, turn, sequence, transcript };
        Ok((begun.read(&flight)?, answers))
    }

    /// A message with the next number, hashed.
    pub(crate) fn next(&mut self, kind: u8, body: &[u8]) -> Vec<u8> {
        let message = wire::message(kind, self.next_message, body);
        self.next_message += 1;
        self.transcript.extend(&message);
        message
    }

    /// The number that the next message has.
    pub(crate) const fn sequence(&self) -> u16 {
        self.next_message
    }

    /// Sends the body of a record in clear text.
    pub(crate) fn send_clear(&mut self, kind: u8, body: &[u8]) -> Tried<()> {
        let record = wire::record(kind, 0, self.next_record, body);
        self.next_record += 1;
        self.line.send(&record)
    }

    /// Sends a message in clear text.
    pub(crate) fn say(&mut self, kind: u8, body: &[u8]) -> Tried<()> {
        let message = self.next(kind, body);
        self.send_clear(HANDSHAKE, &message)
    }

    /// Certificate with this key.
    pub(crate) fn show(&mut self, key: &PublicKey) -> Tried<()> {
        let mut body = Vec::new();
        put24(&mut body, &key.to_spki());
        self.say(CERTIFICATE, &body)
    }

    /// ClientKeyExchange; from then on there are keys.
    pub(crate) fn exchange(&mut self) -> Tried<()> {
        let crypto = |error| at_home("no key can be agreed on")(&error);
        let (key, point) = AwsLc.ephemeral().map_err(crypto)?;
        let mut body = Vec::new();
        put8(&mut body, &point);
        self.say(CLIENT_KEY_EXCHANGE, &body)?;
        let premaster = AwsLc.agree(key, &self.point).map_err(crypto)?;
        let (hash, random) = (sha256(&self.transcript), &self.hello.random);
        self.keys = Some(Keys::new(&premaster, &hash, random, &self.server_random));
        Ok(())
    }

    /// The body of a CertificateVerify of this key over all that was said.
    pub(crate) fn proof(&self, key: &AwsLcSigningKey) -> Tried<Vec<u8>> {
        let signature = AwsLc.sign(key, &self.transcript);
        let signature = signature.map_err(|error| at_home("nothing can be signed")(&error))?;
        let mut body = vec![4, 3];
        put16(&mut body, signature.as_bytes());
        Ok(body)
    }

    /// CertificateVerify of this key.
    pub(crate) fn prove(&mut self, key: &AwsLcSigningKey) -> Tried<()> {
        let proof = self.proof(key)?;
        self.say(CERTIFICATE_VERIFY, &proof)
    }

    /// ChangeCipherSpec and Finished; `change` may do something to what the Finished says. Before there are keys it is
    /// noise.
    pub(crate) fn finish(&mut self, change: impl FnOnce(&mut [u8; 12])) -> Tried<()> {
        self.send_clear(CHANGE_CIPHER_SPEC, &[1])?;
        let hash = sha256(&self.transcript);
        let Some(mut data) = self.keys.as_ref().map(|keys| keys.finished(&hash)) else {
            return self.line.send(&wire::record(HANDSHAKE, 1, 0, &[0x5a; 40]));
        };
        change(&mut data);
        let message = self.next(FINISHED, &data);
        let Some(keys) = &self.keys else { return Ok(()) };
        self.line.send(&self.sealed(&keys.write, &message))
    }

    /// The first record of the session.
    fn sealed(&self, write: &super::crypt::Direction, message: &[u8]) -> Vec<u8> {
        let id = self.connection_id.as_deref();
        super::session::seal(write, id, HANDSHAKE, 1, 0, message)
    }

    /// All of a sound client's second flight.
    pub(crate) fn all(&mut self, identity: &Identity) -> Tried<()> {
        self.show(&identity.public)?;
        self.exchange()?;
        self.prove(&identity.key)?;
        self.finish(|_| {})
    }

    /// What the target answered until now: begins another handshake to know.
    pub(crate) fn answers(self) -> Tried<Answers> {
        let hello = Hello::sound(self.line.raid.random());
        Ok(Self::begin_after(self.line, hello, self.turn + 1)?.1)
    }

    /// Waits for the target's Finished; the session that began.
    pub(crate) fn session(self) -> Tried<Session<'l, 'r>> {
        let Some(keys) = self.keys else { return untried("the handshake has no keys") };
        for _ in 0..MOST_STRAY {
            let Some(datagram) = self.line.hear(ANSWER)? else { break };
            for record in records(&datagram) {
                if (record.kind, record.epoch) == (HANDSHAKE, 1) {
                    return Ok(Session::new(self.line, keys, self.connection_id));
                }
                if record.kind == ALERT && record.epoch == 0 {
                    return untried("the target refused a sound handshake with an alert");
                }
            }
        }
        untried("the target does not end a sound handshake: is the device's key pinned there?")
    }
}

/// A handshake of which the target's first flight was not read yet.
struct Begun<'l, 'r> {
    line: &'l Line<'r>,
    hello: Hello,
    cookie: Vec<u8>,
    turn: u16,
    sequence: u16,
    transcript: Vec<u8>,
}

impl<'l, 'r> Begun<'l, 'r> {
    fn read(self, flight: &[Message]) -> Tried<Shaking<'l, 'r>> {
        let Self { line, hello, cookie, turn, sequence, mut transcript } = self;
        for message in flight {
            transcript.extend(wire::message(message.kind, message.sequence, &message.body));
        }
        let body = |kind| {
            let message = flight.iter().find(|message| message.kind == kind);
            message.map(|message| message.body.as_slice()).unwrap_or_default()
        };
        let odd = || Stop::Untried("the target's first flight is not one that can be read".into());
        let greeting = body(SERVER_HELLO);
        let random = greeting.get(2..).and_then(<[u8]>::first_chunk).ok_or_else(odd)?;
        let point = body(SERVER_KEY_EXCHANGE).get(4..).and_then(<[u8]>::first_chunk);
        Ok(Shaking {
            line,
            hello,
            cookie,
            turn,
            connection_id: connection_id(greeting),
            server_random: *random,
            point: *point.ok_or_else(odd)?,
            transcript,
            // Our messages and records go on from the hello's.
            next_message: sequence + 1,
            next_record: u64::from(sequence) + 1,
            keys: None,
        })
    }
}

/// The next datagram's messages; all its records are noted.
fn hear(line: &Line<'_>, answers: &mut Answers) -> Tried<Vec<Message>> {
    let heard = line.hear(ANSWER)?.filter(|_| answers.records.len() < MOST_STRAY);
    let Some(datagram) = heard else {
        return untried(
            "nobody answers a ClientHello at the target's address for devices over UDP",
        );
    };
    let records = records(&datagram);
    let messages = records.iter().flat_map(Record::messages).collect();
    answers.records.extend(records);
    Ok(messages)
}

/// Whether a record belongs to the flight whose hello had this number, or is a challenge.
fn is_of_flight(record: &Record, sequence: u16) -> bool {
    let messages = record.messages();
    let belongs = |message: &Message| {
        message.kind == HELLO_VERIFY_REQUEST || (sequence..sequence + 6).contains(&message.sequence)
    };
    !messages.is_empty() && messages.iter().all(belongs)
}

/// The connection ID in a ServerHello.
fn connection_id(greeting: &[u8]) -> Option<Vec<u8>> {
    let session = usize::from(*greeting.get(34)?);
    let mut rest = greeting.get(35 + session + 5..)?;
    while let Some(([a, b, c, d], after)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        let (data, after) = after.split_at_checked(length)?;
        if u16::from_be_bytes([*a, *b]) == 54 {
            return data.get(1..).map(<[u8]>::to_vec);
        }
        rest = after;
    }
    None
}
