//! Our own handshakes with devices of the last generation, and the library's private operations alone.

use crate::clock::Stopwatch;
use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha256;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::server::{Greeting, Sense, Session};
use pintle_protocol::tcp::{CLAIM, Credentials, DevicePublicKey, client};
use pintle_rsa::{CloudKey, DeviceKey, DeviceSide};
use std::hint::black_box;
use zeroize::Zeroizing;

/// Handshakes that run in step, so that the clock is read once for all of them.
pub const IN_STEP: usize = 16;

/// One cloud and one device that shakes hands again and again.
pub struct Bench {
    cloud: CloudKey,
    library: PrivateOperations,
    decoy: DevicePublicKey,
    device: DeviceSide,
    /// What the cloud has pinned: the hash of the device's public key.
    pin: [u8; 32],
}

/// The library's private operations alone.
pub struct PrivateOperations(Rsa<Private>);

impl PrivateOperations {
    /// With a fresh key.
    pub fn new() -> Self {
        Self::with(&CloudKey::generate().expect("a cloud's key"))
    }

    fn with(cloud: &CloudKey) -> Self {
        let der = cloud.to_der().expect("memory");
        Self(Rsa::private_key_from_der(&der).expect("the same key"))
    }

    /// Both, as often as a group has handshakes; how often.
    pub fn run(&self, watch: &mut Stopwatch) -> usize {
        let block = [1; 256];
        watch.time(|| {
            for _ in 0..IN_STEP {
                let mut out = [0; 256];
                let opened = self.0.private_decrypt(&block, &mut out, Padding::NONE);
                black_box(opened.expect("a number below the modulus"));
                let signed = self.0.private_encrypt(&[7; 20], &mut out, Padding::PKCS1);
                black_box(signed.expect("a short text"));
            }
        });
        IN_STEP
    }
}

/// One handshake's end in the device.
struct Device {
    handshake: client::Handshake,
    /// What came for it, and what it says.
    came: Vec<u8>,
    says: Vec<u8>,
}

impl Bench {
    /// With fresh keys.
    pub fn new() -> Self {
        let cloud = CloudKey::generate().expect("a cloud's key");
        let library = PrivateOperations::with(&cloud);
        let key = |what| DeviceKey::generate().expect(what);
        let decoy = *key("a decoy's key").public();
        let device = DeviceSide { key: key("a device's key"), cloud: cloud.public().clone() };
        let pin = sha256(device.key.public().as_spki());
        Self { cloud, library, decoy, device, pin }
    }

    /// One group, step by step; only the cloud's work is on the clock.
    pub fn group(&self, watch: &mut Stopwatch) {
        let mut devices: Vec<Device> = (0..IN_STEP).map(|_| Device::new()).collect();
        let greetings: Vec<Greeting> = watch.time(|| (0..IN_STEP).map(|_| greeting()).collect());
        for (device, greeting) in devices.iter_mut().zip(&greetings) {
            device.came.extend_from_slice(greeting.nonce());
            device.turn(&self.device);
        }
        let blocks = devices.iter().map(|device| device.says.as_slice());
        let admitted: Vec<([u8; 384], Session)> = watch.time(|| {
            greetings
                .into_iter()
                .zip(blocks)
                .map(|(greeting, block)| self.admit(greeting, block))
                .collect()
        });
        for (device, (answer, mut session)) in devices.iter_mut().zip(admitted) {
            device.came.extend_from_slice(&answer);
            device.turn(&self.device);
            watch.time(|| greet(&mut session, &device.says));
        }
    }

    /// As many of the two private operations.
    pub fn private_operations(&self, watch: &mut Stopwatch) {
        self.library.run(watch);
    }

    /// What a pool's thread and the door do with a block.
    fn admit(&self, mut greeting: Greeting, block: &[u8]) -> ([u8; 384], Session) {
        let mut rejected = [0; CLAIM];
        random(&mut rejected);
        greeting.take(block);
        let claim = greeting.into_block().expect("a whole block").open(&self.cloud, &rejected);
        let pinned = u8::from(openssl::memcmp::eq(&sha256(claim.public_key()), &self.pin)).into();
        let mut credentials = Zeroizing::new([0; Credentials::SIZE]);
        random(credentials.as_mut_slice());
        let credentials = Credentials::new(credentials);
        let answer = claim.answer(pinned, &self.decoy, &credentials, &self.cloud);
        let (_, bytes, session) = answer.expect("an answer").admit().expect("a good block");
        (bytes, session)
    }
}

impl Device {
    fn new() -> Self {
        let handshake = client::Handshake::new(DeviceId::from_bytes([7; 12]));
        Self { handshake, came: Vec::new(), says: Vec::new() }
    }

    fn turn(&mut self, rsa: &DeviceSide) {
        self.says.clear();
        let mut input = self.came.as_slice();
        let credentials = self.handshake.receive(&mut input, rsa, &mut self.says);
        self.came.clear();
        if let Some(credentials) = credentials.expect("a good cloud") {
            let mut session = client::Session::new(&credentials, client::Firmware::PHOTON_3_3, 0);
            session.hello(&mut self.says, 6, Some(1), 6).expect("a short hello");
        }
    }
}

fn greeting() -> Greeting {
    let mut nonce = [0; 40];
    random(&mut nonce);
    Greeting::new(nonce)
}

/// Reads the device's hello and answers it.
fn greet(session: &mut Session, hello: &[u8]) {
    let (mut scratch, mut out) = (Vec::new(), Vec::new());
    let received = session.receive(&mut &*hello, &mut scratch).expect("a good frame");
    assert!(matches!(received.expect("a whole frame").sense, Sense::Hello(_)), "a hello");
    session.hello(&mut out).expect("a short hello");
    black_box(&out);
}

fn random(out: &mut [u8]) {
    openssl::rand::rand_bytes(out).expect("randomness");
}
