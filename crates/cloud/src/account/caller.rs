//! Who presented a valid token, and what the token is good for.

use zeroize::Zeroizing;

use super::token::Token;
use super::{AccountError, AccountId, Accounts, Scopes};
use crate::audit::{Act, TokenMark, Who};
use crate::node_key::KEY_LENGTH;
use crate::product::ProductId;
use crate::store::token::TokenRow;
use crate::weakened::{self, Weakness};

/// What kind of holder a token was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A person who logged in.
    Person,
    /// A program with an account of its own.
    Service,
    /// An OAuth client, acting for itself within what its maker may do.
    Client,
    /// A customer of a product.
    Customer,
}

impl Holder {
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Client => "client",
            Self::Customer => "customer",
        }
    }

    /// What is stored under this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Person, Self::Service, Self::Client, Self::Customer]
            .into_iter()
            .find(|holder| holder.name() == name)
    }
}

/// Who presented a valid token.
#[derive(Clone)]
pub struct Caller {
    /// Whose token it is. For a client acting for itself: who made the client.
    pub account: AccountId,
    /// The OAuth client it was issued to.
    pub client: String,
    /// For what kind of holder it was made.
    pub holder: Holder,
    /// The name typed at login. Kept in memory for this request only.
    pub name: Zeroizing<String>,
    /// What it may be used for; roles can only take away from it.
    pub scopes: Scopes,
    /// The one product it is good for, where it is bound to one.
    pub product: Option<ProductId>,
    /// When its holder last proved a second factor for it, in milliseconds since 1970.
    pub second_factor_at_ms: Option<i64>,
    /// When the token was made, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the token ends, in milliseconds since 1970; [`i64::MAX`] is never.
    pub expires_at_ms: i64,
    pub(super) hash: [u8; KEY_LENGTH],
}

impl Caller {
    /// What the audit log knows its token by.
    #[must_use]
    pub fn mark(&self) -> TokenMark {
        mark(&self.hash)
    }

    /// Who it is to the audit log.
    #[must_use]
    pub fn who(&self) -> Who {
        match self.holder {
            Holder::Client => Who::Client(self.client.clone()),
            _ => Who::Account(self.account),
        }
    }
}

/// The first bytes of a token's keyed hash.
pub(super) fn mark(hash: &[u8; KEY_LENGTH]) -> TokenMark {
    let mut mark = TokenMark::default();
    for (to, from) in mark.iter_mut().zip(hash) {
        *to = *from;
    }
    mark
}

/// A token's mark, as people are shown it.
pub(super) fn shown_mark(hash: &[u8; KEY_LENGTH]) -> String {
    mark(hash).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One of an account's tokens, as its owner may know it.
pub struct Held {
    /// What the audit log knows it by.
    pub mark: String,
    /// The OAuth client it was issued to.
    pub client: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970; [`i64::MAX`] is never.
    pub expires_at_ms: i64,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl Accounts {
    /// The tokens of the caller's account, the newest first.
    pub async fn held(&self, caller: &Caller, now_ms: i64) -> Result<Vec<Held>, AccountError> {
        let rows = self.store.tokens().list(caller.account, now_ms).await?;
        let held = |row: TokenRow| Held {
            mark: shown_mark(&row.hash),
            is_current: row.hash == caller.hash,
            client: row.client,
            scopes: row.scopes,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
        };
        Ok(rows.into_iter().map(held).collect())
    }

    /// Who holds this token; `None` if it is unknown, expired or revoked.
    pub async fn caller(
        &self,
        presented: &str,
        now_ms: i64,
    ) -> Result<Option<Caller>, AccountError> {
        let Some(token) = Token::parse(presented) else { return Ok(None) };
        let hash = self.token_hash(&token);
        let now_ms = if weakened::is(Weakness::TokensEndless) { 0 } else { now_ms };
        let Some(row) = self.store.tokens().find(&hash, now_ms).await? else { return Ok(None) };
        let name = token.open_name(&hash, &row.sealed_name)?;
        Ok(Some(caller(row, name)))
    }

    /// Writes down that the caller proved a second factor just now; false if the token ended meanwhile.
    pub async fn step_up(&self, caller: &Caller, now_ms: i64) -> Result<bool, AccountError> {
        let act = Act::new("second-factor.proven", caller.who(), now_ms).from_token(caller.mark());
        Ok(self.store.tokens().step_up(&caller.hash, act, now_ms).await?)
    }
}

fn caller(row: TokenRow, name: Zeroizing<String>) -> Caller {
    Caller {
        account: row.account,
        client: row.client,
        holder: row.holder,
        name,
        scopes: row.scopes,
        product: row.product,
        second_factor_at_ms: row.second_factor_at_ms,
        created_at_ms: row.created_at_ms,
        expires_at_ms: row.expires_at_ms,
        hash: row.hash,
    }
}
