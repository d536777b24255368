//! The id of a one-time secret: 32 random bytes that the sender makes, and that go to the recipient by another way
//! than the server.
//!
//! HKDF-Expand (RFC 5869 2.3) makes two keys of them. The one finds the secret and is all that the server is told; it
//! keeps a hash of that. The other wraps what was sealed, and the server never learns it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{self as hashing, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::SecretError;
use crate::node_key::{expand, open_with, random, seal_with};

/// Bytes of the half that finds a secret.
pub const FIND: usize = 32;
/// What an id begins with, so that it is not taken for anything else.
const START: &str = "ps1_";
const SEED: usize = 32;
/// Bytes that tell a slip of the finger from an id.
const CHECK: usize = 4;

/// An id. Not printable, wiped when dropped.
pub struct Ticket(Zeroizing<[u8; SEED]>);

impl Ticket {
    /// A new one.
    pub fn generate() -> Result<Self, SecretError> {
        let mut seed = Zeroizing::new([0; SEED]);
        random(seed.as_mut_slice()).map_err(|_| SecretError::Refused)?;
        Ok(Self(seed))
    }

    /// As it is handed on: 52 characters that a double click selects whole.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(SEED + CHECK));
        bytes.extend_from_slice(self.0.as_slice());
        bytes.extend_from_slice(&check(self.0.as_slice()));
        let mut text = Zeroizing::new(String::with_capacity(START.len() + 2 * SEED));
        text.push_str(START);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        text
    }

    /// The half that the server is told.
    #[must_use]
    pub fn find(&self) -> Zeroizing<[u8; FIND]> {
        expand(self.0.as_slice(), b"pintle one-time secret: find")
    }

    /// Wraps what was sealed.
    pub fn wrap(&self, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        seal_with(&self.wrapping(), self.find().as_slice(), sealed)
            .map_err(|_| SecretError::Refused)
    }

    /// Opens what [`Ticket::wrap`] made.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Vec<u8>, SecretError> {
        let opened = open_with(&self.wrapping(), self.find().as_slice(), wrapped);
        opened.map(|sealed| sealed.to_vec()).map_err(|_| SecretError::Changed)
    }

    fn wrapping(&self) -> Zeroizing<[u8; 32]> {
        expand(self.0.as_slice(), b"pintle one-time secret: wrap")
    }
}

/// Not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATicket;

impl fmt::Display for NotATicket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "not the id of a secret: it begins with {START} and was copied whole")
    }
}

impl FromStr for Ticket {
    type Err = NotATicket;

    fn from_str(text: &str) -> Result<Self, NotATicket> {
        let text = text.trim().strip_prefix(START).ok_or(NotATicket)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| NotATicket)?;
        let (seed, sum) = bytes.split_first_chunk::<SEED>().ok_or(NotATicket)?;
        if sum != check(seed) { Err(NotATicket) } else { Ok(Self(Zeroizing::new(*seed))) }
    }
}

fn check(seed: &[u8]) -> [u8; CHECK] {
    crc32fast::hash(seed).to_be_bytes()
}

/// What the server keeps of the half that finds a secret. It is random, so a plain hash will do.
#[must_use]
pub fn digest(find: &[u8; FIND]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(hashing::digest(&SHA256, find).as_ref()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticket(seed: [u8; SEED]) -> Ticket {
        Ticket(Zeroizing::new(seed))
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_it_was_written_and_a_slip_is_noticed(seed in any::<[u8; SEED]>(), at in 4_usize..52, other in "[A-Za-z0-9_-]") {
            let text = ticket(seed).reveal();
            prop_assert_eq!(text.len(), 52);
            let read: Ticket = text.parse().unwrap();
            prop_assert_eq!(*read.0, seed);
            let mut slip = text.to_string();
            slip.replace_range(at..=at, &other);
            prop_assert_eq!(slip.parse::<Ticket>().is_ok(), slip == *text);
        }

        #[test]
        fn p5_what_is_wrapped_opens_with_its_id_alone(sealed in prop::collection::vec(any::<u8>(), 0..80), one in any::<[u8; SEED]>(), two in any::<[u8; SEED]>()) {
            prop_assume!(one != two);
            let wrapped = ticket(one).wrap(&sealed).unwrap();
            prop_assert_eq!(ticket(one).unwrap(&wrapped), Ok(sealed));
            prop_assert_eq!(ticket(two).unwrap(&wrapped), Err(SecretError::Changed));
            prop_assert_ne!(*ticket(one).find(), *ticket(one).wrapping());
        }
    }
}
