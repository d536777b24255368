//! An authenticator program, as small as it can be (RFC 6238, and Base32 of RFC 4648), and how a person takes it into use.

use crate::api::Api;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use std::time::SystemTime;

/// The second factor of one account.
pub(crate) struct Authenticator {
    seed: Vec<u8>,
    /// Good once each.
    pub(crate) recovery_codes: Vec<String>,
}

impl Authenticator {
    /// Gives an account that has none a second factor.
    pub(crate) fn enrol(api: &Api) -> Self {
        let (status, offer) = api.get("/v1/user/mfa-enable");
        assert_eq!(status, 200, "{offer}");
        let text = |name: &str| offer[name].as_str().expect("a text").to_owned();
        let mut new = Self { seed: bytes_of(&text("secret")), recovery_codes: Vec::new() };
        let form = [("mfa_token", &*text("mfa_token")), ("otp", &*new.code())];
        let (status, answer) = api.post("/v1/user/mfa-enable", &form);
        assert_eq!(status, 200, "{answer}");
        let codes = answer["recovery_codes"].as_array().expect("a list");
        new.recovery_codes =
            codes.iter().map(|code| code.as_str().expect("a text").to_owned()).collect();
        new
    }

    /// What it shows now.
    pub(crate) fn code(&self) -> String {
        self.of_step(step())
    }

    /// What it shows in half a minute, which a server takes now: clocks differ.
    pub(crate) fn next_code(&self) -> String {
        self.of_step(step() + 1)
    }

    fn of_step(&self, step: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.seed).expect("a key of any length");
        mac.update(&step.to_be_bytes());
        let tag = mac.finalize().into_bytes();
        let at = usize::from(tag[19] & 15);
        let word = tag[at..at + 4].iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

fn step() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    now.as_secs() / 30
}

fn bytes_of(base32: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in base32.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        held = ((held << 5) | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("a byte"));
        }
    }
    bytes
}
