//! What SSH keeps keys in (RFC 4251 section 5, RFC 4253 section 6.6): fields with a length in front, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The name of the one kind that secrets can be sealed to. Ed25519 keys of SSH only sign.
const RSA: &[u8] = b"ssh-rsa";

/// The first line of a text, if it looks like a public key of SSH, of whatever kind.
pub(super) fn line(bytes: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(bytes).ok()?.trim_start().lines().next()?;
    let is_key = ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|start| line.starts_with(start));
    is_key.then_some(line)
}

/// Modulus and exponent of an RSA key's line, without leading zeros.
pub(super) fn rsa_public(line: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut words = line.split_ascii_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let blob = STANDARD.decode(blob).ok().filter(|_| kind.as_bytes() == RSA)?;
    let (kind, rest) = field(&blob)?;
    let (exponent, rest) = field(rest)?;
    let (modulus, rest) = field(rest)?;
    let whole = kind == RSA && rest.is_empty();
    whole.then_some((positive(modulus)?.to_vec(), positive(exponent)?.to_vec()))
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// The digits of a positive number in its one form.
fn positive(digits: &[u8]) -> Option<&[u8]> {
    match digits {
        [0, 0x80..=0xff, ..] => digits.get(1..),
        [1..=0x7f, ..] => Some(digits),
        _ => None,
    }
}
