//! The hash chain: each entry's hash covers its bytes and the hash of the one before, so the newest one stands for all.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256};

/// SHA-256 over the domain, the link before, and an entry's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link(pub [u8; 32]);

/// What the first entry is linked to.
pub const GENESIS: Link = Link([0; 32]);

/// Keeps this hash apart from every other use of SHA-256.
const DOMAIN: &[u8] = b"pintle audit entry 1\0";

impl Link {
    /// The link of an entry that follows this one.
    #[must_use]
    pub fn next(&self, body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(&self.0);
        context.update(body);
        let mut link = [0; 32];
        link.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self(link)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// How far the log has come: the number of an entry and its link, which stand for everything up to there.
///
/// Written `1234:` and 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The entry's number, counted from 1; 0 where there is none.
    pub seq: u64,
    /// Its link.
    pub link: Link,
}

impl Head {
    /// Of a log without entries.
    pub const EMPTY: Self = Self { seq: 0, link: GENESIS };
}

impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.seq, self.link)
    }
}

/// A text that is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a head is the number of an entry, a colon and 64 hex digits, as `pintle audit verify` prints it"
)]
pub struct NotAHead;

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (seq, link) = text.trim().split_once(':').ok_or(NotAHead)?;
        let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or(NotAHead)?;
        Ok(Self { seq, link: Link(from_hex(link).ok_or(NotAHead)?) })
    }
}

/// Bytes from exactly twice as many hex digits.
pub(super) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (digits, rest) = text.as_bytes().as_chunks::<2>();
    if digits.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
        let digit =
            |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_covers_the_body_and_everything_before() {
        let one = GENESIS.next(b"one");
        assert_ne!(one, GENESIS.next(b"two"));
        assert_ne!(one.next(b"two"), GENESIS.next(b"two"));
        assert_eq!(one.next(b"two"), GENESIS.next(b"one").next(b"two"));
    }

    #[test]
    fn a_head_is_read_as_it_is_written_and_nothing_else_is() {
        let head = Head { seq: 17, link: GENESIS.next(b"x") };
        assert_eq!(head.to_string().parse(), Ok(head));
        let zero = "0".repeat(64);
        for bad in [
            "",
            "17",
            "17:",
            ":ab",
            "0:",
            "17:00",
            "-1:ab",
            &format!("0:{zero}"),
            &format!("1:{zero}0"),
            &format!("1:{}é", "0".repeat(62)),
        ] {
            assert_eq!(bad.parse::<Head>(), Err(NotAHead), "{bad}");
        }
    }
}
