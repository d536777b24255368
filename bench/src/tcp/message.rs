//! A device's events through the whole of a TCP session, and the bare cipher over frames of their length.

use crate::clock::Stopwatch;
use aes::{Aes128Dec, Aes128Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use pintle_protocol::Event;
use pintle_protocol::tcp::server::Sense;
use pintle_protocol::tcp::{Credentials, Request, client, server};
use std::hint::black_box;
use zeroize::Zeroizing;

/// Frames prepared at a time, off the clock.
pub const PREPARED: usize = 512;
/// Bytes of the CoAP message each way.
const MESSAGE: usize = 50;
/// Bytes of its ciphertext: whole blocks of 16.
const CIPHERTEXT: usize = 64;
const LENGTH: usize = 2;
const KEY: [u8; 16] = [1; 16];

/// Both ends of one session.
pub struct Bench {
    device: client::Session,
    cloud: server::Session,
    scratch: Vec<u8>,
    out: Vec<u8>,
}

impl Bench {
    /// A session in which both have said hello.
    pub fn new() -> Self {
        let credentials = Credentials::new(Zeroizing::new([1; Credentials::SIZE]));
        let mut device = client::Session::new(&credentials, client::Firmware::PHOTON_3_3, 0);
        let mut cloud = server::Session::from_credentials(&credentials);
        let (mut scratch, mut out) = (Vec::new(), Vec::new());
        device.hello(&mut out, 6, Some(1), 6).expect("a short hello");
        cloud.receive(&mut &out[..], &mut scratch).expect("a good hello");
        out.clear();
        cloud.hello(&mut out).expect("a short hello");
        Self { device, cloud, scratch, out }
    }

    /// One lot of frames, prepared off the clock.
    pub fn lot(&mut self, watch: &mut Stopwatch) {
        let frames: Vec<Vec<u8>> = (0..PREPARED).map(|_| self.frame()).collect();
        watch.time(|| frames.iter().for_each(|frame| self.turn(frame)));
    }

    fn frame(&mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        self.device.event(&mut frame, &event()).expect("a short event");
        assert_eq!(frame.len(), LENGTH + CIPHERTEXT, "the event is as long as the figure says");
        frame
    }

    fn turn(&mut self, frame: &[u8]) {
        let received = self.cloud.receive(&mut &*frame, &mut self.scratch).expect("a good frame");
        let Some(server::Received { sense: Sense::Request(Request::Event(event)), .. }) = received
        else {
            panic!("not an event")
        };
        self.out.clear();
        self.cloud.event(&mut self.out, &event).expect("a short event");
        black_box(&self.out);
    }
}

fn event() -> Event<'static> {
    let event = Event::text("greenhouse/temperature", r#"{"celsius":21.531234}"#);
    Event { confirmable: false, ..event }
}

/// The cipher alone.
pub struct Bare {
    frame: [u8; CIPHERTEXT],
}

impl Bare {
    /// One frame of the right length.
    pub fn new() -> Self {
        Self { frame: sealed([0; CIPHERTEXT]) }
    }

    /// As many frames as a lot of messages, each way.
    pub fn lot(&mut self, watch: &mut Stopwatch) {
        watch.time(|| {
            for _ in 0..PREPARED {
                let mut frame = black_box(self.frame);
                let cipher = cbc::Decryptor::<Aes128Dec>::new(&KEY.into(), &KEY.into());
                cipher.decrypt_padded::<Pkcs7>(&mut frame).expect("a good frame");
                black_box(sealed(frame));
            }
        });
    }
}

fn sealed(mut frame: [u8; CIPHERTEXT]) -> [u8; CIPHERTEXT] {
    let cipher = cbc::Encryptor::<Aes128Enc>::new(&KEY.into(), &KEY.into());
    cipher.encrypt_padded::<Pkcs7>(&mut frame, MESSAGE).expect("room for the padding");
    frame
}
