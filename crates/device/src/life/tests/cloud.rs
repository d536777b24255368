//! A cloud for tests: the server side of the record layer, and answers that a test can change.

use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{Admission, CookieJar, Handshake, ServerConfig};
use pintle_dtls::{ConnectionId, Content, PublicKey, Session};
use pintle_protocol::coap::{Kind, Message, MessageId};
use pintle_protocol::from_device::{self, Request};
use pintle_protocol::{block, reply};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A private key as DER.
pub(crate) fn generate_key() -> Vec<u8> {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let key = EcdsaKeyPair::generate_pkcs8(
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    );
    key.unwrap().as_ref().to_vec()
}

pub(crate) struct Cloud {
    config: Arc<ServerConfig<AwsLc>>,
    jar: CookieJar,
    shaking: Option<Handshake<AwsLc>>,
    pub(crate) session: Option<Session>,
    uploads: BTreeMap<u8, block::Assembler>,
    next_id: u16,
    /// What was heard, one line a message.
    pub(crate) heard: Vec<String>,
    /// Every message as it came, decrypted.
    pub(crate) plain: Vec<Vec<u8>>,
    /// The messages themselves.
    pub(crate) messages: VecDeque<Vec<u8>>,
    /// Describe bodies as put together, by kind.
    pub(crate) describes: BTreeMap<u8, Vec<u8>>,
    /// The first byte of each record that came in the session.
    pub(crate) record_types: Vec<u8>,
    pub(crate) handshakes: usize,
    /// Nothing is answered while set.
    pub(crate) silent: bool,
    /// Messages are heard but not acknowledged while set.
    pub(crate) deaf: bool,
}

impl Cloud {
    pub(crate) fn new() -> Self {
        let key = AwsLc.signing_key_from_der(&generate_key()).unwrap();
        Self {
            config: Arc::new(ServerConfig::new(AwsLc, key)),
            jar: CookieJar::new([7; 32]),
            shaking: None,
            session: None,
            uploads: BTreeMap::new(),
            next_id: 0x7000,
            heard: Vec::new(),
            plain: Vec::new(),
            messages: VecDeque::new(),
            describes: BTreeMap::new(),
            record_types: Vec::new(),
            handshakes: 0,
            silent: false,
            deaf: false,
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.config.public_key()
    }

    /// Takes a datagram and gives the replies.
    pub(crate) fn take(&mut self, now: Duration, datagram: &mut [u8]) -> Vec<Vec<u8>> {
        if self.silent {
            return Vec::new();
        }
        match self.jar.admit(b"device", datagram) {
            Admission::Challenge(challenge) => return vec![challenge.as_bytes().to_vec()],
            Admission::Proven(hello) => {
                if self.shaking.as_ref().is_none_or(|shaking| !shaking.is_for(&hello)) {
                    let id = ConnectionId::new([9; 8]);
                    self.shaking = Handshake::accept(Arc::clone(&self.config), hello, id, now).ok();
                    return self.flight();
                }
            }
            Admission::Dropped(_) | Admission::NotAClientHello => {}
        }
        if self.shaking.is_some() { self.shake(now, datagram) } else { self.open(datagram) }
    }

    fn flight(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.shaking.as_mut()?.poll_transmit()).collect()
    }

    fn shake(&mut self, now: Duration, datagram: &mut [u8]) -> Vec<Vec<u8>> {
        let Some(shaking) = &mut self.shaking else { return Vec::new() };
        let result = shaking.handle_datagram(now, datagram, &mut |_: &PublicKey| true);
        let done = shaking.is_complete();
        let out = self.flight();
        if result.is_err() {
            self.shaking = None;
        }
        if done {
            let established = self.shaking.take().unwrap().finish().unwrap();
            self.session = Some(established.session);
            self.handshakes += 1;
        }
        out
    }

    fn open(&mut self, datagram: &mut [u8]) -> Vec<Vec<u8>> {
        let first = datagram.first().copied().unwrap_or_default();
        let Some(session) = &mut self.session else { return Vec::new() };
        let Ok(opened) = session.open(datagram) else { return Vec::new() };
        let Content::Application(message) = opened.content else { return Vec::new() };
        let message = message.to_vec();
        self.record_types.push(first);
        self.hear(&message)
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.plain.push(bytes.to_vec());
        let message = Message::parse(bytes).unwrap();
        let line = self.line(&message);
        self.heard.push(line);
        self.messages.push_back(bytes.to_vec());
        if message.kind != Kind::Confirmable || self.deaf {
            return Vec::new();
        }
        let mut out = Vec::new();
        match from_device::decode(&message) {
            Ok(Request::Time) => reply::time(&mut out, message.id, message.token, 1_700_000_000),
            Ok(Request::Describe { block: Some(block), .. }) if block.more => {
                reply::next_block(&mut out, message.id, message.token);
            }
            _ => reply::ack_empty(&mut out, message.id),
        }
        vec![self.seal(&out)]
    }

    fn line(&mut self, message: &Message<'_>) -> String {
        if matches!(message.kind, Kind::Acknowledgement) {
            return format!("ack {}", message.code);
        }
        match from_device::decode(message).unwrap() {
            Request::Hello(hello) => format!("hello {}", hello.device_id),
            Request::Describe { kind, body, block } => {
                let upload = self.uploads.entry(kind.number()).or_default();
                if let block::Progress::Complete(body) = upload.push(block, body).unwrap() {
                    self.describes.insert(kind.number(), body);
                }
                format!("describe {kind:?} {}", block.map_or(0, |block| block.num))
            }
            Request::Event(event) => {
                format!("event {}={}", event.name, String::from_utf8_lossy(event.data))
            }
            Request::Subscribe(subscription) => format!("subscribe {}", subscription.prefix),
            Request::Unknown => format!("{} {:02x?}", message.code, message.payload()),
            Request::Goodbye(goodbye) => format!("goodbye {:?}", goodbye.cloud_reason),
            other => format!("{other:?}").to_lowercase(),
        }
    }

    pub(crate) fn seal(&mut self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.session.as_mut().unwrap().seal(message, &mut out).unwrap();
        out
    }

    /// A request of the cloud, sealed.
    pub(crate) fn ask(&mut self, write: impl FnOnce(&mut Vec<u8>, MessageId)) -> Vec<u8> {
        self.next_id += 1;
        let mut message = Vec::new();
        write(&mut message, MessageId(self.next_id));
        self.seal(&message)
    }
}
