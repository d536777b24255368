//! Codes of six digits that change every half minute (RFC 6238 with HMAC-SHA-1, as authenticator programs know it).
//!
//! It compares; who keeps the last step that was used, so that no code is good twice (RFC 6238 5.2), is
//! [`super::second_factor`].

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of a seed: as many as the hash has (RFC 4226 4, R6).
pub(super) const SEED_LENGTH: usize = 20;
/// How long a code is good, in milliseconds.
const STEP_MS: i64 = 30_000;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;

/// What person and node share. Not printable, wiped when dropped.
pub(super) type Seed = Zeroizing<[u8; SEED_LENGTH]>;

/// A half minute, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step(pub(super) i64);

impl Step {
    /// The one that this time is in; in milliseconds since 1970.
    pub(super) fn at(now_ms: i64) -> Self {
        Self(now_ms.div_euclid(STEP_MS))
    }
}

/// The step whose code this is: the one of now, the one before or the one after it (clocks differ). It looks at all
/// three whatever it finds.
pub(super) fn step_of(seed: &Seed, typed: &str, now_ms: i64) -> Option<Step> {
    let now = Step::at(now_ms).0;
    let mut found = None;
    for step in [now.saturating_sub(1), now, now.saturating_add(1)] {
        let code = code(seed.as_slice(), step);
        if bool::from(code.as_bytes().ct_eq(typed.as_bytes())) {
            found = Some(Step(step));
        }
    }
    found
}

/// The code of one step (RFC 4226 5.3).
fn code(seed: &[u8], step: i64) -> Zeroizing<String> {
    let digits = hotp(seed, step, 10_u32.pow(6));
    Zeroizing::new(format!("{digits:0DIGITS$}"))
}

fn hotp(seed: &[u8], counter: i64, modulus: u32) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let offset = tag.as_ref().last().map_or(0, |last| usize::from(last & 15));
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(tag.as_ref().iter().skip(offset)) {
        *to = *from;
    }
    (u32::from_be_bytes(word) & 0x7fff_ffff) % modulus
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8; 20] = b"12345678901234567890";

    /// RFC 6238 appendix B, the rows of SHA-1, eight digits.
    #[test]
    fn p9_the_vectors_of_rfc_6238_hold() {
        let vectors = [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ];
        for (second, code) in vectors {
            assert_eq!(hotp(SEED, Step::at(second * 1_000).0, 100_000_000), code, "at {second}");
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn p9_the_vectors_of_rfc_4226_hold() {
        let vectors = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, expected) in (0..).zip(vectors) {
            assert_eq!(code(SEED, counter).as_str(), expected);
        }
    }

    #[test]
    fn p9_a_code_is_good_in_its_half_minute_and_the_two_beside_it() {
        let seed = Zeroizing::new(*SEED);
        let typed = code(SEED, 1_000).to_string();
        let at = |step: i64| step_of(&seed, &typed, step * STEP_MS + 29_999);
        for good in [999, 1_000, 1_001] {
            assert_eq!(at(good), Some(Step(1_000)));
        }
        for bad in [997, 998, 1_002, 1_003] {
            assert_eq!(at(bad), None);
        }
        for bad in ["", "12345", "1234567"] {
            assert_eq!(step_of(&seed, bad, 1_000 * STEP_MS), None);
        }
    }
}
