//! Opaque bearer tokens: 32 random bytes, shown once as 64 hex digits, stored as a keyed hash (promise P9).
//!
//! Tokens that call, tokens that refresh, codes and client secrets are all of this kind. The name typed at login is
//! sealed under a key made of the token itself: `/v1/user` can say it back to the token's holder, and nobody else can
//! read it, not even with the node key.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{AccountError, Accounts};
use crate::node_key::{KEY_LENGTH, expand, keyed_hash, open_with, seal_with};
use crate::weakened::{self, Weakness};

/// Bytes of a token.
const LENGTH: usize = 32;

/// A token in clear. Not printable, wiped when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; LENGTH]>);

impl Token {
    pub(super) fn generate() -> Result<Self, AccountError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| AccountError::Crypto)?;
        Ok(Self(bytes))
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * LENGTH || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The 64 hex digits a client is given.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * LENGTH));
        for nibble in self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            text.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
        }
        text
    }

    /// Seals a name so that only this token opens it.
    pub(super) fn seal_name(
        &self,
        hash: &[u8; KEY_LENGTH],
        name: &str,
    ) -> Result<Vec<u8>, AccountError> {
        Ok(seal_with(&self.name_key(), hash, name.trim().as_bytes())?)
    }

    /// The name that was sealed under this token.
    pub(super) fn open_name(
        &self,
        hash: &[u8; KEY_LENGTH],
        sealed: &[u8],
    ) -> Result<Zeroizing<String>, AccountError> {
        let name = open_with(&self.name_key(), hash, sealed)?;
        Ok(Zeroizing::new(String::from_utf8_lossy(&name).into_owned()))
    }

    fn name_key(&self) -> Zeroizing<[u8; KEY_LENGTH]> {
        expand(self.0.as_slice(), b"user name")
    }
}

impl Accounts {
    /// What a token is stored and found as.
    pub(super) fn token_hash(&self, token: &Token) -> [u8; KEY_LENGTH] {
        if weakened::is(Weakness::TokensUnhashed) {
            return *token.0;
        }
        keyed_hash(&self.token_key, token.0.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_revealed_reads_back_and_nothing_else_is_a_token(text in ".{0,70}") {
            let token = Token::generate().unwrap();
            let read = Token::parse(&token.reveal()).unwrap();
            prop_assert!(read.0 == token.0);
            let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            prop_assert_eq!(Token::parse(&text).is_some(), digits);
        }
    }
}
