//! The stateless cookie (RFC 6347 4.2.1). A hello from an address that has not proven itself costs one keyed
//! hash and no memory, and is answered with less than it brought (P11).
//!
//! A cookie is one byte that names the secret, then 31 bytes of HMAC-SHA256 over the source and what RFC 6347
//! names of the hello: version, random, session ID, suites and compressions.

use crate::message::client_hello::ClientHello;
use crate::message::{CLIENT_HELLO, Fragment, HELLO_VERIFY_REQUEST};
use crate::record::header::{
    self, CLEAR_EPOCH, DTLS_1_0, DTLS_1_2, HANDSHAKE, HEADER_LENGTH, Header,
};
use crate::weakened::{self, Weakness};
use crate::wire::{Malformed, Reader};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a cookie.
const COOKIE_LENGTH: usize = 32;
/// Bytes of a HelloVerifyRequest: record header, message header, version, length, cookie.
const CHALLENGE_LENGTH: usize = HEADER_LENGTH + 12 + 2 + 1 + COOKIE_LENGTH;
/// A client that was challenged more often than this is not served.
const MAX_HELLO_SEQUENCE: u16 = 16;

/// The secrets that cookies are made with.
pub struct CookieJar {
    current: Hmac<Sha256>,
    previous: Option<Hmac<Sha256>>,
    generation: u8,
}

/// What became of a datagram.
pub enum Admission<'a> {
    /// Not the start of a handshake: for somebody else to look at.
    NotAClientHello,
    /// A hello that gets no answer.
    Dropped(DropReason),
    /// A hello without a valid cookie: send the challenge back and forget it.
    Challenge(Challenge),
    /// The source proved that it receives what is sent to it.
    Proven(ProvenHello<'a>),
}

/// Why a hello gets no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DropReason {
    /// It does not parse.
    Malformed,
    /// It came in fragments: nothing is kept for a source without proof.
    Fragmented,
    /// The answer would be longer than what came in.
    TooShort,
    /// Its cookie was made with the previous secret and does not match.
    StaleCookie,
    /// It was challenged too often.
    TooManyChallenges,
}

/// A HelloVerifyRequest, ready to send.
pub struct Challenge([u8; CHALLENGE_LENGTH]);

impl Challenge {
    /// The datagram: never longer than the hello it answers.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A ClientHello whose cookie is valid.
pub struct ProvenHello<'a> {
    pub(crate) hello: ClientHello<'a>,
    pub(crate) body: &'a [u8],
    /// The message's sequence number, which the ServerHello repeats.
    pub(crate) sequence: u16,
    /// The record's sequence number, from which ours go on (RFC 6347 4.2.1).
    pub(crate) record: u64,
}

impl ProvenHello<'_> {
    /// The client's random value: the same in every hello of one handshake.
    #[must_use]
    pub const fn random(&self) -> &[u8; 32] {
        self.hello.random
    }
}

impl CookieJar {
    /// A jar with this secret, which must be random.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self { current: keyed(&secret), previous: None, generation: 0 }
    }

    /// Takes a new secret; cookies of the one before it stay valid until the next rotation.
    pub fn rotate(&mut self, secret: [u8; 32]) {
        self.previous = Some(core::mem::replace(&mut self.current, keyed(&secret)));
        self.generation = self.generation.wrapping_add(1);
    }

    /// Looks at a datagram from `source` (any bytes that name where it came from). Allocates nothing and computes
    /// one HMAC at most.
    #[must_use]
    pub fn admit<'a>(&self, source: &[u8], datagram: &'a [u8]) -> Admission<'a> {
        let Some(header) = hello_header(datagram) else { return Admission::NotAClientHello };
        match read_hello(&header, datagram) {
            Ok(proposed) => self.judge(source, datagram.len(), proposed),
            Err(reason) => Admission::Dropped(reason),
        }
    }

    fn judge<'a>(&self, source: &[u8], length: usize, hello: ProvenHello<'a>) -> Admission<'a> {
        let before = self.generation.wrapping_sub(1);
        let of_previous = matches!(hello.hello.cookie, [named, ..] if *named == before);
        let (secret, generation) = match &self.previous {
            Some(previous) if of_previous => (previous, before),
            _ => (&self.current, self.generation),
        };
        let cookie = make(secret.clone(), generation, source, &hello.hello);
        let proven = bool::from(cookie.as_slice().ct_eq(hello.hello.cookie));
        if proven || weakened::is(Weakness::NoCookie) {
            return Admission::Proven(hello);
        }
        if generation != self.generation {
            return Admission::Dropped(DropReason::StaleCookie);
        }
        if CHALLENGE_LENGTH > length {
            return Admission::Dropped(DropReason::TooShort);
        }
        Admission::Challenge(challenge(&hello, &cookie))
    }
}

fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    // RFC 2104 2: a key shorter than a block is padded with zeros.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
    Hmac::new((&*block).into())
}

fn make(
    mut mac: Hmac<Sha256>,
    generation: u8,
    source: &[u8],
    hello: &ClientHello<'_>,
) -> [u8; COOKIE_LENGTH] {
    let source = if weakened::is(Weakness::CookieForAnyone) { &[] } else { source };
    for part in [source, hello.random, hello.session_id, hello.suites, hello.compressions] {
        // Lengths keep the parts apart.
        mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.update(&hello.version.to_be_bytes());
    let mut cookie: [u8; COOKIE_LENGTH] = mac.finalize().into_bytes().into();
    let [named, ..] = &mut cookie;
    *named = generation;
    cookie
}

/// The record's header when the datagram starts like a ClientHello, looking at a few fixed bytes only.
fn hello_header(datagram: &[u8]) -> Option<Header> {
    let header = Header::read(datagram, 0).ok()?;
    let clear = header.kind == HANDSHAKE && header.epoch == CLEAR_EPOCH;
    let version = header.version == DTLS_1_2 || header.version == DTLS_1_0;
    let hello = datagram.get(HEADER_LENGTH) == Some(&CLIENT_HELLO);
    (clear && version && hello).then_some(header)
}

fn read_hello<'a>(header: &Header, datagram: &'a [u8]) -> Result<ProvenHello<'a>, DropReason> {
    let malformed = |_: Malformed| DropReason::Malformed;
    let mut record = Reader::new(datagram);
    record.bytes(HEADER_LENGTH).map_err(malformed)?;
    let mut message = Reader::new(record.bytes(header.body).map_err(malformed)?);
    let fragment = Fragment::read(&mut message).map_err(malformed)?;
    if !fragment.is_whole() {
        return Err(DropReason::Fragmented);
    }
    message.end().map_err(malformed)?;
    if fragment.sequence > MAX_HELLO_SEQUENCE {
        return Err(DropReason::TooManyChallenges);
    }
    let hello = ClientHello::read(fragment.body).map_err(malformed)?;
    Ok(ProvenHello {
        hello,
        body: fragment.body,
        sequence: fragment.sequence,
        record: header.sequence,
    })
}

/// RFC 6347 4.2.1: the record repeats the number of the hello's record.
fn challenge(hello: &ProvenHello<'_>, cookie: &[u8; COOKIE_LENGTH]) -> Challenge {
    let mut bytes = [0; CHALLENGE_LENGTH];
    let [high, low] = DTLS_1_2.to_be_bytes();
    let [s0, s1] = hello.sequence.to_be_bytes();
    let body = [high, low, 0x20];
    let message = [HELLO_VERIFY_REQUEST, 0, 0, 0x23, s0, s1, 0, 0, 0, 0, 0, 0x23];
    let numbers = header::epoch_and_sequence(CLEAR_EPOCH, hello.record);
    let parts: [&[u8]; 6] =
        [&[HANDSHAKE, high, low], &numbers, &[0, 0x2f], &message, &body, cookie];
    bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    Challenge(bytes)
}
