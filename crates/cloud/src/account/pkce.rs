//! Proof Key for Code Exchange (RFC 7636), by SHA-256 alone: `plain` is not taken (RFC 9700 2.1.1).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::weakened::{self, Weakness};

/// What a client says when it asks for a code: the hash of a secret that it will show when it takes the code in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads base64url of 32 bytes, which is 43 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Whether this is the secret: 43 to 128 unreserved characters (RFC 7636 4.1).
    #[must_use]
    pub fn is_of(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let same = digest(&SHA256, verifier.as_bytes()).as_ref().ct_eq(&self.0);
        formed && (bool::from(same) || weakened::is(Weakness::ChallengesUnchecked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_holds_and_no_other_secret_does() {
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(challenge.is_of(verifier));
        assert!(!challenge.is_of(&verifier.to_lowercase()));
        assert!(!challenge.is_of(""));
        assert!(Challenge::parse(verifier).is_some(), "any 32 bytes may be a hash");
    }

    #[test]
    fn a_challenge_of_another_length_or_alphabet_is_none() {
        for text in ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", &"A".repeat(44)] {
            assert!(Challenge::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_secret_that_is_too_short_is_refused_even_if_its_hash_is_right() {
        let short = "short";
        let hash = digest(&SHA256, short.as_bytes());
        let challenge = Challenge::parse(&URL_SAFE_NO_PAD.encode(hash.as_ref())).unwrap();
        assert!(!challenge.is_of(short));
    }
}
