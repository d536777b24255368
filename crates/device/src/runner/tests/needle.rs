//! Looks for secrets in bytes, however they may be spelled there. Shared with the tests of the whole program.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The secrets that are somewhere in `hay`, each with how it is spelled there.
pub(crate) fn find(secrets: &[&str], hay: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for secret in secrets {
        for (how, needle) in spellings(secret) {
            if hay.windows(needle.len()).any(|part| part == needle) {
                found.push(format!("{secret} ({how})"));
            }
        }
    }
    found
}

/// A secret in all the ways that bytes become text, and the other way round.
pub(crate) fn spellings(secret: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = secret.as_bytes();
    let hex = |byte: &u8| format!("{byte:02x}");
    let lower: String = bytes.iter().map(hex).collect();
    let utf16 = |spell: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(spell).collect();
    let mut all = vec![
        ("plain".to_owned(), bytes.to_vec()),
        ("reversed".to_owned(), bytes.iter().rev().copied().collect()),
        ("hex".to_owned(), lower.clone().into_bytes()),
        ("upper-case hex".to_owned(), lower.to_uppercase().into_bytes()),
        ("UTF-16, little endian".to_owned(), utf16(u16::to_le_bytes)),
        ("UTF-16, big endian".to_owned(), utf16(u16::to_be_bytes)),
    ];
    // Base64 takes three bytes at a time, and a secret may begin at any of them.
    for before in 0..3 {
        let shifted = [&vec![0; before], bytes].concat();
        // Only the characters that nothing but the secret decides.
        let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        for (name, text) in [
            ("base64", STANDARD_NO_PAD.encode(&shifted)),
            ("base64 for URLs", URL_SAFE_NO_PAD.encode(&shifted)),
        ] {
            all.push((format!("{name}, {before} in"), text.as_bytes()[from..to].to_vec()));
        }
    }
    all
}
