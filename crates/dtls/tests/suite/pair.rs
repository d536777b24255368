//! A device and a cloud on virtual time: the clock jumps to the next delivery or timer, so nothing sleeps and
//! every run with the same seed is the same run.

use p256::elliptic_curve::rand_core::{TryCryptoRng, TryRng};
use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto, RustCrypto};
use pintle_dtls::server::{self, Admission, CookieJar, Established, ServerConfig};
use pintle_dtls::{ConnectionId, HandshakeError, PublicKey, Session};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// A small deterministic generator (SplitMix64); good enough to test with, no good for keys.
#[derive(Clone)]
pub struct TestRandom(pub u64);

impl TryRng for TestRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|number| (number >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for TestRandom {}

impl TestRandom {
    pub fn below(&mut self, limit: u64) -> u64 {
        let Ok(number) = self.try_next_u64();
        number % limit
    }
}

pub fn rust_crypto(seed: u64) -> RustCrypto<TestRandom> {
    RustCrypto::new(TestRandom(seed))
}

/// A SEC 1 private key whose scalar repeats one byte.
pub fn key_der(byte: u8) -> Vec<u8> {
    let mut der = vec![0x30, 0x25, 2, 1, 1, 4, 0x20];
    der.extend([byte; 32]);
    der
}

pub fn public_key(byte: u8) -> PublicKey {
    let key = AwsLc.signing_key_from_der(&key_der(byte)).unwrap();
    AwsLc.public_key(&key)
}

pub const CLOUD_KEY: u8 = 0x11;
pub const DEVICE_KEY: u8 = 0x22;
pub const CLOUD_ID: ConnectionId = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 7]);

pub fn cloud<C: Crypto>(crypto: C) -> ServerConfig<C> {
    let key = crypto.signing_key_from_der(&key_der(CLOUD_KEY)).unwrap();
    ServerConfig::new(crypto, key)
}

pub fn device<C: Crypto>(crypto: C, offer: Offer) -> ClientConfig<C> {
    let key = crypto.signing_key_from_der(&key_der(DEVICE_KEY)).unwrap();
    ClientConfig::new(crypto, key, public_key(CLOUD_KEY), offer)
}

/// How bad the network is, in percent.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    pub loss: u64,
    pub repeats: u64,
    pub reordering: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    Device,
    Cloud,
}

/// Changes datagrams on their way.
pub type Meddler = Box<dyn FnMut(usize, Side, &mut Vec<u8>)>;

struct Parcel {
    at: Duration,
    number: u64,
    to: Side,
    datagram: Vec<u8>,
}

/// One device, one cloud and the network between them.
pub struct Pair<S: Crypto, C: Crypto> {
    pub now: Duration,
    pub jar: CookieJar,
    pub cloud: Arc<ServerConfig<S>>,
    pub server: Option<server::Handshake<S>>,
    pub client: Option<client::Handshake<C>>,
    pub established: Option<Established>,
    pub device_session: Option<Session>,
    pub server_error: Option<HandshakeError>,
    pub client_error: Option<HandshakeError>,
    /// Every datagram ever sent, in order, before the network had its way with it.
    pub sent: Vec<(Side, Vec<u8>)>,
    pub admits: fn(&PublicKey) -> bool,
    /// May change a datagram on its way, or drop it by emptying it. Called with its number and receiver.
    pub meddle: Meddler,
    weather: Weather,
    random: TestRandom,
    parcels: Vec<Parcel>,
}

pub const SOURCE: &[u8] = b"192.0.2.7:49152";

#[allow(
    clippy::arc_with_non_send_sync,
    reason = "RustCrypto belongs to one thread, and so does a test"
)]
impl<S: Crypto, C: Crypto> Pair<S, C> {
    pub fn new(cloud: ServerConfig<S>, device: ClientConfig<C>) -> Self {
        let client = client::Handshake::start(Arc::new(device), Duration::ZERO).unwrap();
        Self {
            now: Duration::ZERO,
            jar: CookieJar::new([5; 32]),
            cloud: Arc::new(cloud),
            server: None,
            client: Some(client),
            established: None,
            device_session: None,
            server_error: None,
            client_error: None,
            sent: vec![],
            admits: |_| true,
            meddle: Box::new(|_, _, _| ()),
            weather: Weather::default(),
            random: TestRandom(1),
            parcels: vec![],
        }
    }

    pub fn in_weather(mut self, weather: Weather, seed: u64) -> Self {
        self.weather = weather;
        self.random = TestRandom(seed);
        self
    }

    /// Runs until both ends are done, or nothing more can happen.
    pub fn run(&mut self) {
        self.collect();
        while !(self.device_session.is_some() && self.established.is_some()) {
            let timers = [self.server_timer(), self.client_timer()];
            let next = self
                .parcels
                .iter()
                .map(|parcel| parcel.at)
                .chain(timers.into_iter().flatten())
                .min();
            let Some(next) = next else { return };
            self.now = self.now.max(next);
            self.deliver();
            self.tick();
            self.collect();
        }
    }

    /// Both sessions of a handshake that must have worked.
    pub fn sessions(mut self) -> (Session, Session) {
        self.run();
        assert_eq!((self.server_error, self.client_error), (None, None));
        (
            self.established.expect("the cloud is done").session,
            self.device_session.expect("the device is done"),
        )
    }

    fn server_timer(&self) -> Option<Duration> {
        self.server.as_ref().and_then(server::Handshake::poll_timeout)
    }

    fn client_timer(&self) -> Option<Duration> {
        self.client.as_ref().and_then(client::Handshake::poll_timeout)
    }

    fn post(&mut self, to: Side, mut datagram: Vec<u8>) {
        self.sent.push((to, datagram.clone()));
        (self.meddle)(self.sent.len() - 1, to, &mut datagram);
        if datagram.is_empty() || self.random.below(100) < self.weather.loss {
            return;
        }
        let copies = if self.random.below(100) < self.weather.repeats { 2 } else { 1 };
        for _ in 0..copies {
            let late = self.random.below(100) < self.weather.reordering;
            let delay = 10 + if late { self.random.below(400) } else { 0 };
            let at = self.now + Duration::from_millis(delay);
            let number = self.sent.len() as u64;
            self.parcels.push(Parcel { at, number, to, datagram: datagram.clone() });
        }
    }

    fn deliver(&mut self) {
        self.parcels.sort_by_key(|parcel| (parcel.at, parcel.number));
        let later =
            self.parcels.split_off(self.parcels.partition_point(|parcel| parcel.at <= self.now));
        for parcel in std::mem::replace(&mut self.parcels, later) {
            match parcel.to {
                Side::Cloud => self.at_cloud(parcel.datagram),
                Side::Device => self.at_device(parcel.datagram),
            }
            self.collect();
        }
    }

    fn at_cloud(&mut self, mut datagram: Vec<u8>) {
        if let Some(established) = &mut self.established {
            let answer = established.linger.answer(self.now, &mut established.session, &datagram);
            if let Some(answer) = answer {
                self.post(Side::Device, answer);
            } else if matches!(
                established.session.open(&mut datagram).map(|opened| opened.content),
                Ok(pintle_dtls::Content::Handshake(_))
            ) && let Some(answer) =
                established.linger.repeat(self.now, &mut established.session)
            {
                self.post(Side::Device, answer);
            }
            return;
        }
        match self.jar.admit(SOURCE, &datagram) {
            Admission::NotAClientHello => {}
            Admission::Dropped(_) => return,
            Admission::Challenge(challenge) => {
                let challenge = challenge.as_bytes().to_vec();
                self.post(Side::Device, challenge);
                return;
            }
            Admission::Proven(hello) => {
                if !self.server.as_ref().is_some_and(|server| server.is_for(&hello)) {
                    match server::Handshake::accept(self.cloud.clone(), hello, CLOUD_ID, self.now) {
                        Ok(server) => self.server = Some(server),
                        Err(error) => self.server_error = Some(error),
                    }
                    return;
                }
            }
        }
        if let Some(server) = &mut self.server
            && let Err(error) = server.handle_datagram(self.now, &mut datagram, &mut self.admits)
        {
            self.server_error.get_or_insert(error);
        }
    }

    fn at_device(&mut self, mut datagram: Vec<u8>) {
        if let Some(client) = &mut self.client
            && let Err(error) = client.handle_datagram(self.now, &mut datagram)
        {
            self.client_error.get_or_insert(error);
        }
    }

    fn tick(&mut self) {
        if let Some(server) = &mut self.server
            && let Err(error) = server.handle_timeout(self.now)
        {
            self.server_error.get_or_insert(error);
        }
        if let Some(client) = &mut self.client
            && let Err(error) = client.handle_timeout(self.now)
        {
            self.client_error.get_or_insert(error);
        }
    }

    fn collect(&mut self) {
        while let Some(datagram) = self.server.as_mut().and_then(server::Handshake::poll_transmit) {
            self.post(Side::Device, datagram);
        }
        while let Some(datagram) = self.client.as_mut().and_then(client::Handshake::poll_transmit) {
            self.post(Side::Cloud, datagram);
        }
        if self.server.as_ref().is_some_and(server::Handshake::is_complete) {
            self.established = self.server.take().and_then(server::Handshake::finish);
        }
        if self.client.as_ref().is_some_and(client::Handshake::is_complete) {
            self.device_session = self.client.take().and_then(client::Handshake::finish);
        }
    }
}

pub fn aws_pair(offer: Offer) -> Pair<AwsLc, AwsLc> {
    Pair::new(cloud(AwsLc), device(AwsLc, offer))
}

/// Sends `text` from one end and checks that the other reads it.
pub fn say(from: &mut Session, to: &mut Session, text: &[u8]) {
    let mut datagram = vec![];
    from.seal(text, &mut datagram).unwrap();
    assert_eq!(hear(to, &mut datagram), text);
}

/// Opens application data.
pub fn hear(to: &mut Session, datagram: &mut [u8]) -> Vec<u8> {
    match to.open(datagram).unwrap().content {
        pintle_dtls::Content::Application(text) => text.to_vec(),
        other => panic!("not application data: {other:?}"),
    }
}

/// Why a datagram is not opened.
pub fn refusal(to: &mut Session, datagram: &mut [u8]) -> pintle_dtls::OpenError {
    to.open(datagram).err().expect("must not open")
}
