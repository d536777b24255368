//! Codes of second factors (RFC 6238 with HMAC-SHA-1, six digits, half a minute), as an authenticator program shows them.

use aws_lc_rs::hmac;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// How long a code is shown, in seconds.
const SHOWN_FOR: u64 = 30;

/// The half minute of now, counted from 1970.
#[must_use]
pub fn step_of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() / SHOWN_FOR
}

/// What is shown in this half minute; `None` where the seed is no Base32.
#[must_use]
pub fn code(seed: &str, step: u64) -> Option<Zeroizing<String>> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes_of(seed)?);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = tag.as_ref().last().map_or(0, |last| usize::from(last & 15));
    let word = tag.as_ref().get(at..at + 4)?.try_into().ok()?;
    let digits = (u32::from_be_bytes(word) & 0x7fff_ffff) % 1_000_000;
    Some(Zeroizing::new(format!("{digits:06}")))
}

/// Base32 (RFC 4648 section 6), as people type it.
fn bytes_of(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut held, mut bits) = (0_u16, 0_u32);
    for letter in text.bytes().filter(|byte| !matches!(byte, b'=' | b' ' | b'-')) {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = ((held << 5) | u16::from(value)) & 0x0fff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the rows of SHA-1, the last six digits.
        let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, shown) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            assert_eq!(code(seed, seconds / SHOWN_FOR).unwrap().as_str(), shown);
        }
        assert!(code("no Base32: 1", 1).is_none());
    }
}
