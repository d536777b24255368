//! A tap on the wire between a virtual device and its twin of a cloud: it plays the cloud to the device, which was told the
//! tap's key for this, and the device to the cloud, and passes each message on as it is. So it keeps all that the two ever
//! say to each other twice, sealed as it was on the wire and opened.

use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto};
use pintle_dtls::server::{self, Admission, CookieJar, ServerConfig};
use pintle_dtls::{ConnectionId, Content, PublicKey, Session};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const GLANCE: Duration = Duration::from_millis(2);
const DATAGRAM: usize = 2048;
/// So many datagrams are kept.
const MOST: usize = 10_000;

/// What was said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Every message, opened, both ways.
    pub opened: Vec<Vec<u8>>,
    /// Every datagram, both ways and on both sides of the tap.
    pub sealed: Vec<Vec<u8>>,
}

/// A running tap; it ends when dropped.
pub struct Tap {
    address: SocketAddr,
    key: PublicKey,
    said: Arc<Mutex<Said>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tap {
    /// Between a device that has this private key (DER) and the cloud with that public one, at `at`; with a key of its own
    /// that the device is to expect.
    ///
    /// # Errors
    /// For a person: a key that is none, no socket.
    pub fn between(device: &[u8], cloud: PublicKey, at: SocketAddr) -> Result<Self, String> {
        let own = pintle_firmware::signature::NewKey::p256().ok_or("no random bytes")?;
        Self::with_key(own.expose(), device, cloud, at)
    }

    /// The same with this private key (DER): the cloud's own, where the device has that pinned.
    ///
    /// # Errors
    /// As [`Tap::between`].
    pub fn with_key(
        own: &[u8],
        device: &[u8],
        cloud: PublicKey,
        at: SocketAddr,
    ) -> Result<Self, String> {
        let device = AwsLc.signing_key_from_der(device);
        let device = device.map_err(|_| "the device has no P-256 key".to_owned())?;
        let own = AwsLc.signing_key_from_der(own);
        let own = own.map_err(|_| "the tap has no P-256 key".to_owned())?;
        let key = AwsLc.public_key(&own);
        let said = Arc::<Mutex<Said>>::default();
        let wire = Wire::new(device, own, (cloud, at), Arc::clone(&said));
        let mut wire = wire.map_err(|why| format!("no socket for a tap: {why}"))?;
        let address = wire.inside.local_addr().map_err(|why| why.to_string())?;
        let ended = Arc::<AtomicBool>::default();
        let end = Arc::clone(&ended);
        let thread = std::thread::Builder::new().name("tap".to_owned()).spawn(move || {
            while !end.load(Ordering::Relaxed) {
                wire.turn();
            }
        });
        let thread = thread.map_err(|why| format!("no thread for a tap: {why}"))?;
        Ok(Self { address, key, said, ended, thread: Some(thread) })
    }

    /// Where the device finds its cloud.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that the device is to expect there.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// All that was said so far.
    #[must_use]
    pub fn said(&self) -> Said {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // What a tap that failed did not hear, is missed by whoever looks for it.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Both halves.
struct Wire {
    started: Instant,
    inside: UdpSocket,
    outside: UdpSocket,
    device: Option<SocketAddr>,
    jar: CookieJar,
    server: Arc<ServerConfig<AwsLc>>,
    client: Arc<ClientConfig<AwsLc>>,
    greeting: Option<server::Handshake<AwsLc>>,
    calling: Option<client::Handshake<AwsLc>>,
    to_device: Option<Session>,
    to_cloud: Option<Session>,
    /// What the device said before there was a session with the cloud.
    waiting: Vec<Vec<u8>>,
    said: Arc<Mutex<Said>>,
}

impl Wire {
    fn new(
        device: AwsLcSigningKey,
        own: AwsLcSigningKey,
        (cloud, at): (PublicKey, SocketAddr),
        said: Arc<Mutex<Said>>,
    ) -> io::Result<Self> {
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_read_timeout(Some(GLANCE))?;
            io::Result::Ok(socket)
        };
        let outside = socket()?;
        outside.connect(at)?;
        Ok(Self {
            started: Instant::now(),
            inside: socket()?,
            outside,
            device: None,
            // Nobody but the device on loopback is to be convinced.
            jar: CookieJar::new([3; 32]),
            server: Arc::new(ServerConfig::new(AwsLc, own)),
            client: Arc::new(ClientConfig::new(AwsLc, device, cloud, Offer::DeviceOs)),
            greeting: None,
            calling: None,
            to_device: None,
            to_cloud: None,
            waiting: Vec::new(),
            said,
        })
    }

    fn turn(&mut self) {
        let mut buffer = [0; DATAGRAM];
        if let Ok((length, from)) = self.inside.recv_from(&mut buffer)
            && let Some(datagram) = buffer.get_mut(..length)
        {
            self.device = Some(from);
            self.keep(|said| &mut said.sealed, datagram);
            self.hear_device(datagram);
        }
        if let Ok(length) = self.outside.recv(&mut buffer)
            && let Some(datagram) = buffer.get_mut(..length)
        {
            self.keep(|said| &mut said.sealed, datagram);
            self.hear_cloud(datagram);
        }
        self.flush();
    }

    fn hear_device(&mut self, datagram: &mut [u8]) {
        let now = self.started.elapsed();
        match self.jar.admit(b"device", datagram) {
            Admission::Challenge(challenge) => return self.send_inside(challenge.as_bytes()),
            Admission::Proven(hello) => {
                if self.greeting.as_ref().is_none_or(|greeting| !greeting.is_for(&hello)) {
                    let (server, id) = (Arc::clone(&self.server), ConnectionId::new([5; 8]));
                    self.greeting = server::Handshake::accept(server, hello, id, now).ok();
                    return;
                }
            }
            Admission::Dropped(_) | Admission::NotAClientHello => {}
        }
        let Some(greeting) = &mut self.greeting else { return self.open_from_device(datagram) };
        // What is wrong with it is the device's to notice.
        let _ = greeting.handle_datagram(now, datagram, &mut |_: &PublicKey| true);
        if greeting.is_complete() {
            self.greeted(now);
        }
    }

    fn greeted(&mut self, now: Duration) {
        self.flush();
        let Some(done) = self.greeting.take().and_then(server::Handshake::finish) else { return };
        self.to_device = Some(done.session);
        self.calling = client::Handshake::start(Arc::clone(&self.client), now).ok();
        self.to_cloud = None;
        done.early.into_iter().for_each(|mut early| self.open_from_device(&mut early));
    }

    fn open_from_device(&mut self, datagram: &mut [u8]) {
        let messages = self.to_device.as_mut().map(|session| open(session, datagram));
        for message in messages.unwrap_or_default() {
            self.keep(|said| &mut said.opened, &message);
            self.waiting.push(message);
        }
    }

    fn hear_cloud(&mut self, datagram: &mut [u8]) {
        let now = self.started.elapsed();
        if let Some(calling) = &mut self.calling {
            // Where the cloud refuses, nothing more is heard, and that is what is found.
            let _ = calling.handle_datagram(now, datagram);
            if calling.is_complete() {
                self.flush();
                self.to_cloud = self.calling.take().and_then(client::Handshake::finish);
            }
            return;
        }
        let messages = self.to_cloud.as_mut().map(|session| open(session, datagram));
        for message in messages.unwrap_or_default() {
            self.keep(|said| &mut said.opened, &message);
            if let Some(sealed) =
                self.to_device.as_mut().and_then(|session| seal(session, &message))
            {
                self.send_inside(&sealed);
            }
        }
    }

    fn flush(&mut self) {
        let now = self.started.elapsed();
        while let Some(datagram) = self.greeting.as_mut().and_then(|one| one.poll_transmit()) {
            self.send_inside(&datagram);
        }
        if let Some(calling) = &mut self.calling {
            if calling.poll_timeout().is_some_and(|due| due <= now) {
                let _ = calling.handle_timeout(now);
            }
            while let Some(datagram) = calling.poll_transmit() {
                let _ = self.outside.send(&datagram);
                note(&self.said, |said| &mut said.sealed, &datagram);
            }
        }
        if let Some(session) = &mut self.to_cloud {
            for sealed in self.waiting.drain(..).filter_map(|message| seal(session, &message)) {
                let _ = self.outside.send(&sealed);
                note(&self.said, |said| &mut said.sealed, &sealed);
            }
        }
    }

    fn send_inside(&self, datagram: &[u8]) {
        if let Some(device) = self.device {
            self.keep(|said| &mut said.sealed, datagram);
            let _ = self.inside.send_to(datagram, device);
        }
    }

    fn keep(&self, which: impl FnOnce(&mut Said) -> &mut Vec<Vec<u8>>, bytes: &[u8]) {
        note(&self.said, which, bytes);
    }
}

fn note(said: &Mutex<Said>, which: impl FnOnce(&mut Said) -> &mut Vec<Vec<u8>>, bytes: &[u8]) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = which(&mut said);
    if kept.len() < MOST {
        kept.push(bytes.to_vec());
    }
}

/// The messages of all records in a datagram.
fn open(session: &mut Session, datagram: &mut [u8]) -> Vec<Vec<u8>> {
    let (mut left, mut messages) = (datagram, Vec::new());
    while !left.is_empty() {
        let Ok(opened) = session.open(left) else { break };
        if let Content::Application(message) = opened.content {
            messages.push(message.to_vec());
        }
        left = opened.rest;
    }
    messages
}

fn seal(session: &mut Session, message: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    session.seal(message, &mut out).ok()?;
    Some(out)
}
