//! New tokens for a refresh token (RFC 6749 6), which is good for one use (RFC 9700 2.2.2, 4.14).
//!
//! One that comes twice was stolen, or the answer to its first use was: which, nobody can tell, so the whole family ends
//! and somebody has to log in again.

use super::caller::mark;
use super::grant::{FamilyId, Grant, IssuedToken};
use super::lifetime::Lifetime;
use super::token::Token;
use super::{AccountError, Accounts, Scopes};
use crate::audit::{Act, Who};
use crate::node_key::KEY_LENGTH;
use crate::store::refresh::{FamilyRow, RefreshRow};
use crate::weakened::{self, Weakness};

/// How long a token lives that can be refreshed: an hour.
pub const SHORT: Lifetime = Lifetime::Seconds(3_600);

/// A refresh that a client asks for.
pub struct Refresh<'a> {
    /// The refresh token as it was sent.
    pub presented: &'a str,
    /// The client that sent it, which proved itself if it has a secret.
    pub client: &'a str,
    /// What it asks for, where that is less than what was granted.
    pub scopes: Option<Scopes>,
    /// How long the new token is to live.
    pub lifetime: Lifetime,
}

/// Why there are no new tokens.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// Unknown, expired, of another client, or used before: which one, a thief need not know.
    #[error("the refresh token is not good: it was used, it ended, or it is not this client's")]
    NotGood,
    /// More scopes than were granted.
    #[error("more scopes are asked for than were granted")]
    MoreScopes,
    /// The store failed, or cryptography.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Accounts {
    /// Uses a refresh token up, and gives a new pair of tokens.
    ///
    /// # Errors
    /// [`RefreshError`]
    pub async fn refresh(
        &self,
        refresh: &Refresh<'_>,
        now_ms: i64,
    ) -> Result<IssuedToken, RefreshError> {
        let token = Token::parse(refresh.presented).ok_or(RefreshError::NotGood)?;
        let hash = self.token_hash(&token);
        let found = self.store.refreshes().find(&hash, now_ms).await.map_err(AccountError::from)?;
        let (row, family) = found.ok_or(RefreshError::NotGood)?;
        if family.client != refresh.client {
            return Err(RefreshError::NotGood);
        }
        if row.used {
            self.end_reused(&row, &family, now_ms).await?;
            return Err(RefreshError::NotGood);
        }
        let scopes = refresh.scopes.unwrap_or(family.scopes);
        if !family.scopes.contains_all(scopes) {
            return Err(RefreshError::MoreScopes);
        }
        let grant = Grant {
            account: family.account,
            name: token.open_name(&hash, &row.sealed_name)?,
            client: family.client.clone(),
            holder: family.holder,
            scopes,
            product: family.product,
            second_factor_at_ms: family.second_factor_at_ms,
            lifetime: refresh.lifetime,
            refreshable: true,
        };
        match self.rotate(&hash, &grant, row.family, now_ms).await? {
            Some(issued) => Ok(issued),
            None => {
                // Somebody was quicker with the very same token.
                self.end_reused(&row, &family, now_ms).await?;
                Err(RefreshError::NotGood)
            }
        }
    }

    async fn rotate(
        &self,
        used: &[u8; KEY_LENGTH],
        grant: &Grant,
        family: FamilyId,
        now_ms: i64,
    ) -> Result<Option<IssuedToken>, AccountError> {
        let (issued, row) = self.make(grant, Some(family), now_ms)?;
        let (token, next) = self.make_refresh(grant, family, now_ms)?;
        let act = Act::new("token.refreshed", grant.who(), now_ms)
            .on("client", &grant.client)
            .from_token(mark(&row.hash));
        let rotated = self.store.refreshes().rotate(used, &next, &row, act).await?;
        Ok(rotated.then_some(IssuedToken { refresh: Some(token), ..issued }))
    }

    async fn end_reused(
        &self,
        row: &RefreshRow,
        family: &FamilyRow,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        let act = Act::new("token.reused", Who::Account(family.account), now_ms)
            .on("client", &family.client)
            .from_token(mark(&row.hash))
            .refused("a refresh token came a second time: everything that came of its login ended");
        match weakened::is(Weakness::RefreshesReused) {
            true => Ok(()),
            false => self.end_family(&row.family, act).await,
        }
    }

    /// Ends a family, and what is held open with its tokens.
    pub(super) async fn end_family(&self, family: &FamilyId, act: Act) -> Result<(), AccountError> {
        let ended = self.store.refreshes().end(family, act).await?;
        self.end_leases(&ended);
        Ok(())
    }
}
