//! The handshake, with a stand-in for RSA that counts what it is asked to do: both sides agree, in any pieces; every
//! failure does the same work; and recorded handshakes come out as recorded.

use std::cell::{Cell, RefCell};

use pintle_protocol::DeviceId;
use pintle_protocol::tcp::client::{Firmware, Handshake, HandshakeError};
use pintle_protocol::tcp::server::{Answer, Greeting, Sense};
use pintle_protocol::tcp::{
    BLOCK, CLAIM, ClaimBytes, CloudRsa, Credentials, DevicePublicKey, DeviceRsa, KeyFormError,
    NONCE, RsaError, client,
};
use subtle::Choice;
use zeroize::Zeroizing;

use crate::pair::credentials;
use crate::recording::{Recording, basic, updates};

/// What a block that nobody tampered with ends with, in place of padding.
const SEAL: u8 = 0x42;

/// Stands in for both sides' RSA: what it "encrypts" can be read by everybody.
struct Glass {
    key: DevicePublicKey,
    sealed_to: RefCell<Vec<DevicePublicKey>>,
    opened: Cell<u32>,
    signed: Cell<u32>,
}

impl Glass {
    fn new(key: DevicePublicKey) -> Self {
        Self { key, sealed_to: RefCell::default(), opened: Cell::new(0), signed: Cell::new(0) }
    }

    fn work(&self) -> (u32, usize, u32) {
        (self.opened.get(), self.sealed_to.borrow().len(), self.signed.get())
    }
}

impl CloudRsa for Glass {
    fn open(&self, block: &[u8; BLOCK], rejected: &[u8; CLAIM]) -> ClaimBytes {
        self.opened.set(self.opened.get() + 1);
        let valid = block[CLAIM..].iter().all(|byte| *byte == SEAL);
        let claim = if valid { block[..CLAIM].try_into().unwrap() } else { *rejected };
        ClaimBytes { bytes: Zeroizing::new(claim), valid: Choice::from(u8::from(valid)) }
    }

    fn seal(&self, to: &DevicePublicKey, credentials: &Credentials) -> Result<[u8; 128], RsaError> {
        self.sealed_to.borrow_mut().push(*to);
        let mut ciphertext = *to.modulus();
        ciphertext[..40].copy_from_slice(credentials.as_bytes());
        Ok(ciphertext)
    }

    fn sign(&self, mac: &[u8; 20]) -> Result<[u8; 256], RsaError> {
        self.signed.set(self.signed.get() + 1);
        let mut signature = [SEAL; 256];
        signature[..20].copy_from_slice(mac);
        Ok(signature)
    }
}

impl DeviceRsa for Glass {
    fn public(&self) -> DevicePublicKey {
        self.key
    }

    fn seal_block(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError> {
        let mut sealed = [SEAL; BLOCK];
        sealed[..CLAIM].copy_from_slice(block);
        Ok(sealed)
    }

    fn open(&self, ciphertext: &[u8; 128]) -> Result<Zeroizing<[u8; 40]>, RsaError> {
        let ours = ciphertext[40..] == self.key.modulus()[40..];
        if ours { Ok(Zeroizing::new(ciphertext[..40].try_into().unwrap())) } else { Err(RsaError) }
    }

    fn verify(&self, mac: &[u8; 20], signature: &[u8; 256]) -> bool {
        signature[..20] == *mac && signature[20..].iter().all(|byte| *byte == SEAL)
    }
}

const NONCE_SENT: [u8; NONCE] = [9; NONCE];
const ID: DeviceId = DeviceId::from_bytes([0x3a; 12]);

fn key(first: u8) -> DevicePublicKey {
    DevicePublicKey::from_modulus(&std::array::from_fn(|place| {
        first.wrapping_add(place as u8) | 0x80
    }))
    .unwrap()
}

/// The block of a device in order.
fn block(rsa: &Glass) -> Vec<u8> {
    let (mut device, mut block) = (Handshake::new(ID), Vec::new());
    assert!(device.receive(&mut &NONCE_SENT[..], rsa, &mut block).unwrap().is_none());
    block
}

/// What the cloud makes of a block, for a device whose key is `pinned`.
fn answer(rsa: &Glass, block: &[u8], pinned: &DevicePublicKey) -> Answer {
    let mut greeting = Greeting::new(NONCE_SENT);
    assert_eq!(greeting.take(block), BLOCK);
    let claim = greeting.into_block().unwrap().open(rsa, &[0xa5; CLAIM]);
    let same = Choice::from(u8::from(claim.public_key() == pinned.as_spki()));
    claim.answer(same, &key(0x01), &credentials(), rsa).unwrap()
}

#[test]
fn both_sides_shake_hands_in_any_pieces_and_the_hello_follows() {
    for piece in [1, 2, 7, 39, 40, 41, 1000] {
        let rsa = Glass::new(key(0x10));
        let mut greeting = Greeting::new(NONCE_SENT);
        let (mut device, mut block) = (Handshake::new(ID), Vec::new());
        for bytes in greeting.nonce().chunks(piece) {
            assert!(device.receive(&mut &*bytes, &rsa, &mut block).unwrap().is_none());
        }
        assert_eq!(block.len(), BLOCK);
        for bytes in block.chunks(piece) {
            assert!(!greeting.is_full());
            assert_eq!(greeting.take(bytes), bytes.len());
        }
        assert_eq!(greeting.take(b"more"), 0);
        let claim = greeting.into_block().unwrap().open(&rsa, &[0; CLAIM]);
        assert_eq!((claim.device_id(), claim.public_key()), (ID, key(0x10).as_spki()));
        let answer = claim.answer(Choice::from(1), &key(1), &credentials(), &rsa).unwrap();
        let (id, bytes, mut cloud) = answer.admit().unwrap();
        assert_eq!(id, ID);
        let mut came = None;
        for mut bytes in bytes.chunks(piece) {
            came = device.receive(&mut bytes, &rsa, &mut block).unwrap();
        }
        let mut device = client::Session::new(&came.unwrap(), Firmware::PHOTON_0_7, 0);
        let (mut hello, mut scratch) = (Vec::new(), Vec::new());
        device.hello(&mut hello, 6, None, 6).unwrap();
        let received = cloud.receive(&mut hello.as_slice(), &mut scratch).unwrap().unwrap();
        assert!(matches!(received.sense, Sense::Hello(hello) if hello.platform_id == 6));
    }
}

#[test]
fn p1_every_failure_does_the_same_work_and_tells_nothing() {
    let mine = key(0x10);
    let good = block(&Glass::new(mine));
    let wrong = |place: usize| {
        let mut block = good.clone();
        block[place] ^= 1;
        block
    };
    let cases = [
        ("wrong padding", wrong(CLAIM), mine),
        ("wrong nonce", wrong(0), mine),
        ("another key's form", wrong(52), mine),
        ("another exponent", wrong(CLAIM - 1), mine),
        ("another modulus", wrong(100), mine),
        ("another key pinned", good.clone(), key(0x20)),
    ];
    let rsa = Glass::new(mine);
    assert!(answer(&rsa, &good, &mine).admit().is_some());
    assert_eq!(*rsa.sealed_to.borrow(), [mine]);
    let work = rsa.work();
    for (name, block, pinned) in cases {
        let rsa = Glass::new(mine);
        let answer = answer(&rsa, &block, &pinned);
        assert_eq!(rsa.work(), work, "{name}");
        assert_eq!(*rsa.sealed_to.borrow(), [key(0x01)], "{name}: only ever to the decoy");
        assert!(answer.admit().is_none(), "{name}");
    }
}

#[test]
fn p1_a_device_leaves_a_cloud_that_is_not_its_own() {
    let rsa = Glass::new(key(0x10));
    let (_, answer, _) = answer(&rsa, &block(&rsa), &key(0x10)).admit().unwrap();
    let heard = |damaged: usize| {
        let (mut device, mut out) = (Handshake::new(ID), Vec::new());
        device.receive(&mut &NONCE_SENT[..], &rsa, &mut out).unwrap();
        let mut bytes = answer;
        bytes[damaged] ^= 1;
        device.receive(&mut &bytes[..], &rsa, &mut out).map(|credentials| credentials.is_some())
    };
    // The credentials themselves, what they were encrypted with, and the signature.
    assert_eq!(heard(0), Err(HandshakeError::Signature));
    assert_eq!(heard(60), Err(HandshakeError::Credentials));
    assert_eq!(heard(128), Err(HandshakeError::Signature));
    assert_eq!(heard(383), Err(HandshakeError::Signature));
}

#[test]
fn a_device_key_has_one_form() {
    let key = key(0x10);
    assert_eq!(DevicePublicKey::from_spki(key.as_spki()), Ok(key));
    let not = |bytes: &[u8]| assert_eq!(DevicePublicKey::from_spki(bytes), Err(KeyFormError));
    for place in (0..29).chain(157..162) {
        let mut bytes = *key.as_spki();
        bytes[place] ^= 1;
        not(&bytes);
    }
    // A modulus of fewer bits.
    let mut short = *key.as_spki();
    short[29] = 0x7f;
    not(&short);
    not(&key.as_spki()[1..]);
    not(&[key.as_spki().as_slice(), &[0]].concat());
    assert_eq!(format!("{key:?}"), "DevicePublicKey(90919293..)");
}

/// Opens and signs what was recorded, and nothing else.
struct Tape<'r> {
    recording: &'r Recording,
    mac: Cell<[u8; 20]>,
}

impl CloudRsa for Tape<'_> {
    fn open(&self, block: &[u8; BLOCK], _rejected: &[u8; CLAIM]) -> ClaimBytes {
        assert_eq!(*block, self.recording.block);
        ClaimBytes { bytes: Zeroizing::new(self.recording.claim), valid: Choice::from(1) }
    }

    fn seal(&self, to: &DevicePublicKey, _: &Credentials) -> Result<[u8; 128], RsaError> {
        assert_eq!(to.as_spki()[..], self.recording.claim[52..]);
        Ok(self.recording.reply[..128].try_into().unwrap())
    }

    fn sign(&self, mac: &[u8; 20]) -> Result<[u8; 256], RsaError> {
        self.mac.set(*mac);
        Ok(self.recording.reply[128..].try_into().unwrap())
    }
}

impl DeviceRsa for Tape<'_> {
    fn public(&self) -> DevicePublicKey {
        DevicePublicKey::from_spki(&self.recording.claim[52..]).unwrap()
    }

    fn seal_block(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError> {
        assert_eq!(*block, self.recording.claim);
        Ok(self.recording.block)
    }

    fn open(&self, ciphertext: &[u8; 128]) -> Result<Zeroizing<[u8; 40]>, RsaError> {
        assert_eq!(*ciphertext, self.recording.reply[..128]);
        Ok(Zeroizing::new(*self.recording.credentials.as_bytes()))
    }

    fn verify(&self, mac: &[u8; 20], signature: &[u8; 256]) -> bool {
        *signature == self.recording.reply[128..] && *mac == self.mac.get()
    }
}

/// What the recorded signatures are over, taken out of them with the recorded server's public key.
const SIGNED: [&str; 9] = [
    "d13256f1ac111fb24d39d71d3ffdb637b120f409",
    "47042d070a8973b2758267731071b0ffb74bdd66",
    "26608e42be269a18aec1906f8de1ab62ed2c90f3",
    "7cc84a6282480b49cdc317c95f9caa2e73e170f0",
    "a71376eca76d1af17f03fbed525f064b1d51c9ea",
    "bab77e874c106fca5e831817af8d2efe459b24c7",
    "9592ff8ab0c2241e943085c4675e838dcabdf916",
    "07f3cd52eb874b61085fdba8510b0a0d53be1f8a",
    "8e44aafb81c23e2cf110eddfd950f8eec007f4de",
];

#[test]
fn recorded_handshakes_come_out_as_recorded_on_both_sides() {
    for (recording, signed) in basic().iter().chain(&updates()).zip(SIGNED) {
        let tape = Tape { recording, mac: Cell::new([0; 20]) };
        let mut greeting = Greeting::new(recording.nonce);
        greeting.take(&recording.block);
        let claim = greeting.into_block().unwrap().open(&tape, &[0; CLAIM]);
        let id = claim.device_id();
        assert_eq!(id.to_string(), "3a0027000447343337343737");
        let answer = claim.answer(Choice::from(1), &key(1), &recording.credentials, &tape).unwrap();
        let (_, bytes, _) = answer.admit().unwrap();
        assert_eq!(bytes, recording.reply);
        let mac: String = tape.mac.get().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(mac, signed, "{}", recording.version);
        let (mut device, mut block) = (Handshake::new(id), Vec::new());
        device.receive(&mut &recording.nonce[..], &tape, &mut block).unwrap();
        assert_eq!(block, recording.block);
        assert!(device.receive(&mut &bytes[..], &tape, &mut block).unwrap().is_some());
    }
}
