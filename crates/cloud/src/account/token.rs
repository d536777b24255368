//! Opaque bearer tokens: 32 random bytes, shown once as 64 hex digits, stored as a keyed hash (promise P9).
//!
//! The name typed at login is sealed under a key made of the token itself: `/v1/user` can say it back to the
//! token's holder, and nobody else can read it, not even with the node key.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{AccountError, AccountId, Accounts};
use crate::node_key::{KEY_LENGTH, expand, keyed_hash, open_with, seal_with};
use crate::store::token::TokenRow;
use crate::weakened::{self, Weakness};

/// Bytes of a token.
const LENGTH: usize = 32;
/// The longest a token lives: one year, in seconds.
const MAX_SECONDS: u64 = 365 * 24 * 3_600;
/// How long a token lives when its client does not say: 90 days, in seconds.
const DEFAULT_SECONDS: u64 = 7_776_000;
/// The most bytes of a client's name that are kept.
const MAX_CLIENT: usize = 64;

/// How long a token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    seconds: u64,
}

impl Lifetime {
    /// What a client asked for. Nothing gives 90 days; 0 ("never expires") and all above a year give a year.
    #[must_use]
    pub fn asked(seconds: Option<u64>) -> Self {
        let seconds = match seconds {
            None => DEFAULT_SECONDS,
            Some(0) => MAX_SECONDS,
            Some(seconds) => seconds.min(MAX_SECONDS),
        };
        Self { seconds }
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.seconds
    }
}

/// A token in clear. Not printable, wiped when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; LENGTH]>);

impl Token {
    fn generate() -> Result<Self, AccountError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| AccountError::Crypto)?;
        Ok(Self(bytes))
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * LENGTH || !text.is_ascii() {
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

    fn name_key(&self) -> Zeroizing<[u8; KEY_LENGTH]> {
        expand(self.0.as_slice(), b"user name")
    }
}

/// A token just made.
pub struct IssuedToken {
    /// To be shown to the client, once.
    pub token: Token,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// Who presented a valid token.
#[derive(Clone)]
pub struct Caller {
    /// Whose token it is.
    pub account: AccountId,
    /// The OAuth client it was issued to.
    pub client: String,
    /// The name typed at login. Kept in memory for this request only.
    pub name: Zeroizing<String>,
    /// When the token ends, in milliseconds since 1970.
    pub expires_at_ms: i64,
    pub(super) hash: [u8; KEY_LENGTH],
}

impl Accounts {
    /// Makes a token for an account; `name` is what its holder is shown as user name.
    pub async fn issue(
        &self,
        account: AccountId,
        name: &str,
        client: &str,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<IssuedToken, AccountError> {
        let token = Token::generate()?;
        let hash = self.token_hash(&token);
        let expires_at_ms = i64::try_from(lifetime.seconds() * 1_000)
            .map_or(i64::MAX, |ms| now_ms.saturating_add(ms));
        let row = TokenRow {
            hash,
            account,
            client: client.chars().filter(|c| !c.is_control()).take(MAX_CLIENT).collect(),
            sealed_name: seal_with(&token.name_key(), &hash, name.trim().as_bytes())?,
            created_at_ms: now_ms,
            expires_at_ms,
        };
        self.store.tokens().put(&row).await?;
        Ok(IssuedToken { token, lifetime, expires_at_ms })
    }

    /// Who holds this token; `None` if it is unknown, expired or revoked.
    pub async fn caller(
        &self,
        presented: &str,
        now_ms: i64,
    ) -> Result<Option<Caller>, AccountError> {
        let Some(token) = Token::parse(presented) else { return Ok(None) };
        let hash = self.token_hash(&token);
        let Some(row) = self.store.tokens().find(&hash, now_ms).await? else { return Ok(None) };
        let name = open_with(&token.name_key(), &hash, &row.sealed_name)?;
        let name = Zeroizing::new(String::from_utf8_lossy(&name).into_owned());
        Ok(Some(Caller {
            account: row.account,
            client: row.client,
            name,
            expires_at_ms: row.expires_at_ms,
            hash,
        }))
    }

    /// Revokes the token a caller came with.
    pub async fn revoke_current(&self, caller: &Caller) -> Result<bool, AccountError> {
        self.revoke_hash(&caller.hash).await
    }

    /// Revokes a token by holding it; false if there is no such token.
    pub async fn revoke(&self, presented: &str) -> Result<bool, AccountError> {
        let Some(token) = Token::parse(presented) else { return Ok(false) };
        self.revoke_hash(&self.token_hash(&token)).await
    }

    /// Revokes every token of an account.
    pub async fn revoke_all(&self, account: AccountId) -> Result<usize, AccountError> {
        let revoked = self.store.tokens().revoke_all(account).await?;
        self.leases.end_account(account);
        Ok(revoked)
    }

    async fn revoke_hash(&self, hash: &[u8; KEY_LENGTH]) -> Result<bool, AccountError> {
        let revoked = self.store.tokens().revoke(hash).await?;
        self.leases.end_token(hash);
        Ok(revoked)
    }

    fn token_hash(&self, token: &Token) -> [u8; KEY_LENGTH] {
        if weakened::is(Weakness::TokensUnhashed) {
            return *token.0;
        }
        keyed_hash(&self.token_key, token.0.as_slice())
    }
}
