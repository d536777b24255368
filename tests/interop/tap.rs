//! A tap on the wire between a device and its cloud: it has the private keys of both, plays the cloud to the device and
//! the device to the cloud, and passes each message on as it is, having kept it in clear. What it shows is all that the
//! two ever say to each other.

use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{self, Admission, CookieJar, ServerConfig};
use pintle_dtls::{ConnectionId, Content, PublicKey, Session};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const GLANCE: Duration = Duration::from_millis(5);
const DATAGRAM: usize = 2048;

/// What was said, in order: by the device, and by the cloud.
#[derive(Clone, Default)]
pub(crate) struct Said {
    pub(crate) by_device: Vec<Vec<u8>>,
    pub(crate) by_cloud: Vec<Vec<u8>>,
}

/// A running tap; it ends when dropped.
pub(crate) struct Tap {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tap {
    /// Between the device with this private key and the cloud with that one, at `cloud`.
    pub(crate) fn between(device_key: &Path, cloud_key: &Path, cloud: SocketAddr) -> Self {
        let (said, ended) = (Arc::<Mutex<Said>>::default(), Arc::<AtomicBool>::default());
        let mut wire = Wire::new(device_key, cloud_key, cloud, Arc::clone(&said));
        let address = wire.inside.local_addr().expect("a bound socket has an address");
        let end = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                wire.turn();
            }
        });
        Self { address, said, ended, thread: Some(thread) }
    }

    /// Where the device finds its cloud.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that was said so far.
    pub(crate) fn said(&self) -> Said {
        self.said.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(
            ended.is_none_or(|ended| ended.is_ok()) || std::thread::panicking(),
            "the tap failed"
        );
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
    fn new(device: &Path, cloud: &Path, at: SocketAddr, said: Arc<Mutex<Said>>) -> Self {
        let key = |path: &Path| {
            let der = fs::read(path).expect("a key");
            AwsLc.signing_key_from_der(&der).expect("a P-256 key")
        };
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
            socket.set_read_timeout(Some(GLANCE)).expect("a timeout");
            socket
        };
        let server = ServerConfig::new(AwsLc, key(cloud));
        let client = ClientConfig::new(AwsLc, key(device), server.public_key(), Offer::DeviceOs);
        let outside = socket();
        outside.connect(at).expect("the cloud's address");
        Self {
            started: Instant::now(),
            inside: socket(),
            outside,
            device: None,
            jar: CookieJar::new([3; 32]),
            server: Arc::new(server),
            client: Arc::new(client),
            greeting: None,
            calling: None,
            to_device: None,
            to_cloud: None,
            waiting: Vec::new(),
            said,
        }
    }

    fn turn(&mut self) {
        let mut buffer = [0; DATAGRAM];
        if let Ok((length, from)) = self.inside.recv_from(&mut buffer) {
            self.device = Some(from);
            self.hear_device(&mut buffer[..length]);
        }
        if let Ok(length) = self.outside.recv(&mut buffer) {
            self.hear_cloud(&mut buffer[..length]);
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
        let _ = greeting.handle_datagram(now, datagram, &mut |_: &PublicKey| true);
        if greeting.is_complete() {
            self.flush();
            let done = self.greeting.take().and_then(server::Handshake::finish);
            let done = done.expect("a complete handshake");
            self.to_device = Some(done.session);
            let calling = client::Handshake::start(Arc::clone(&self.client), now);
            (self.calling, self.to_cloud) = (Some(calling.expect("a handshake")), None);
            done.early.into_iter().for_each(|mut early| self.open_from_device(&mut early));
        }
    }

    fn open_from_device(&mut self, datagram: &mut [u8]) {
        let messages = self.to_device.as_mut().map(|session| open(session, datagram));
        for message in messages.unwrap_or_default() {
            self.said.lock().expect("nobody panicked").by_device.push(message.clone());
            self.waiting.push(message);
        }
    }

    fn hear_cloud(&mut self, datagram: &mut [u8]) {
        let now = self.started.elapsed();
        if let Some(calling) = &mut self.calling {
            calling.handle_datagram(now, datagram).expect("the cloud takes the device's key");
            if calling.is_complete() {
                self.flush();
                self.to_cloud = self.calling.take().and_then(client::Handshake::finish);
            }
            return;
        }
        let messages = self.to_cloud.as_mut().map(|session| open(session, datagram));
        for message in messages.unwrap_or_default() {
            let sealed = self.to_device.as_mut().map(|session| seal(session, &message));
            self.said.lock().expect("nobody panicked").by_cloud.push(message);
            self.send_inside(&sealed.unwrap_or_default());
        }
    }

    fn flush(&mut self) {
        let now = self.started.elapsed();
        while let Some(datagram) = self.greeting.as_mut().and_then(|one| one.poll_transmit()) {
            self.send_inside(&datagram);
        }
        if let Some(calling) = &mut self.calling {
            if calling.poll_timeout().is_some_and(|due| due <= now) {
                calling.handle_timeout(now).expect("the cloud answers");
            }
            while let Some(datagram) = calling.poll_transmit() {
                self.outside.send(&datagram).expect("it can be sent");
            }
        }
        if let Some(session) = &mut self.to_cloud {
            for message in self.waiting.drain(..) {
                self.outside.send(&seal(session, &message)).expect("it can be sent");
            }
        }
    }

    fn send_inside(&self, datagram: &[u8]) {
        if let Some(device) = self.device {
            self.inside.send_to(datagram, device).expect("it can be sent");
        }
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

fn seal(session: &mut Session, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    session.seal(message, &mut out).expect("a message fits a record");
    out
}
