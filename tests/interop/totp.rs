//! A second factor as an authenticator program has it (RFC 6238), for accounts of the tests.

use crate::api::Api;
use hmac::{Hmac, KeyInit as _, Mac as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// Sets up a second factor for whoever is logged in; the token counts as fresh from then on.
pub(crate) fn enrol(api: &Api) {
    let (status, offer) = api.get("/v1/user/mfa-enable");
    assert_eq!(status, 200, "{offer}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let code = code(&base32(offer["secret"].as_str().unwrap()), now / 30);
    let form = [("mfa_token", offer["mfa_token"].as_str().unwrap()), ("otp", code.as_str())];
    let (status, enrolled) = api.post("/v1/user/mfa-enable", &form);
    assert_eq!(status, 200, "{enrolled}");
}

fn code(seed: &[u8], step: u64) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(seed).unwrap();
    mac.update(&step.to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit => digit - b'2' + 26,
        };
        bits = bits << 5 | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    out
}

#[test]
fn a_code_is_what_the_standard_says() {
    // RFC 6238 appendix B, of which six digits.
    assert_eq!(code(b"12345678901234567890", 59 / 30), "287082");
    assert_eq!(base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), b"12345678901234567890");
}
