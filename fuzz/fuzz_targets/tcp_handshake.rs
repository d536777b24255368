//! Any block to the cloud and any answer to a device, in any pieces and with RSA that hands over what it is given:
//! neither side panics, and nobody is admitted without the nonce, the form of the key, and the pin.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::client::Handshake;
use pintle_protocol::tcp::server::Greeting;
use pintle_protocol::tcp::{
    BLOCK, CLAIM, ClaimBytes, CloudRsa, Credentials, DevicePublicKey, DeviceRsa, NONCE, RsaError,
};
use subtle::Choice;
use zeroize::Zeroizing;

const SENT: [u8; NONCE] = [9; NONCE];

struct Glass(DevicePublicKey);

impl CloudRsa for Glass {
    fn open(&self, block: &[u8; BLOCK], rejected: &[u8; CLAIM]) -> ClaimBytes {
        let valid = block[BLOCK - 1] != 0;
        let bytes = if valid { *block.first_chunk().unwrap() } else { *rejected };
        ClaimBytes { bytes: Zeroizing::new(bytes), valid: Choice::from(u8::from(valid)) }
    }

    fn seal(&self, to: &DevicePublicKey, _: &Credentials) -> Result<[u8; 128], RsaError> {
        Ok(*to.modulus())
    }

    fn sign(&self, mac: &[u8; 20]) -> Result<[u8; 256], RsaError> {
        Ok(std::array::from_fn(|place| mac[place % mac.len()]))
    }
}

impl DeviceRsa for Glass {
    fn public(&self) -> DevicePublicKey {
        self.0
    }

    fn seal_block(&self, block: &[u8; CLAIM]) -> Result<[u8; BLOCK], RsaError> {
        Ok(std::array::from_fn(|place| block.get(place).copied().unwrap_or(1)))
    }

    fn open(&self, ciphertext: &[u8; 128]) -> Result<Zeroizing<[u8; 40]>, RsaError> {
        ciphertext.first_chunk().map(|bytes| Zeroizing::new(*bytes)).ok_or(RsaError)
    }

    fn verify(&self, mac: &[u8; 20], signature: &[u8; 256]) -> bool {
        signature.starts_with(mac)
    }
}

fuzz_target!(|input: (bool, bool, u8, Vec<u8>)| {
    let (pinned, with_nonce, piece, mut bytes) = input;
    let key = DevicePublicKey::from_modulus(&[0xc1; 128]).unwrap();
    let rsa = Glass(key);
    let _ = DevicePublicKey::from_spki(&bytes);
    if with_nonce {
        bytes.splice(..0, SENT);
    }
    greet(&rsa, &bytes, usize::from(piece).max(1), pinned);
    let (mut device, mut out) = (Handshake::new(DeviceId::from_bytes([1; 12])), Vec::new());
    for mut piece in bytes.chunks(usize::from(piece).max(1)) {
        if device.receive(&mut piece, &rsa, &mut out).is_err() {
            break;
        }
    }
    assert!(out.is_empty() || out.len() % BLOCK == 0);
});

fn greet(rsa: &Glass, bytes: &[u8], piece: usize, pinned: bool) {
    let mut greeting = Greeting::new(SENT);
    let taken: usize = bytes.chunks(piece).map(|piece| greeting.take(piece)).sum();
    assert_eq!(greeting.is_full(), taken == BLOCK);
    let Some(block) = greeting.into_block() else { return };
    let claim = block.open(rsa, &[0xa5; CLAIM]);
    let formed = DevicePublicKey::from_spki(claim.public_key()).is_ok();
    let credentials = Credentials::new(Zeroizing::new([5; 40]));
    let pinned_too = Choice::from(u8::from(pinned));
    let answer = claim.answer(pinned_too, &rsa.0, &credentials, rsa).unwrap();
    let right = pinned && formed && bytes.starts_with(&SENT) && bytes[BLOCK - 1] != 0;
    assert_eq!(answer.admit().is_some(), right);
}
