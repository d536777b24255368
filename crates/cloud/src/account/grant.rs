//! What somebody is given when they logged in or a client proved itself: a token that calls, and one that refreshes it
//! where the grant says so.

use zeroize::Zeroizing;

use super::caller::{Holder, mark};
use super::lifetime::Lifetime;
use super::token::Token;
use super::{AccountError, AccountId, Accounts, Scopes};
use crate::audit::{Act, Who};
use crate::node_key::random;
use crate::product::ProductId;
use crate::store::refresh::{FamilyRow, RefreshRow};
use crate::store::token::TokenRow;

/// The most characters of a client's id that are kept.
const MAX_CLIENT: usize = 64;

/// What is granted, to whom. Begin with [`Grant::new`].
#[derive(Clone)]
pub struct Grant {
    /// Whose account it is for.
    pub account: AccountId,
    /// What its holder is shown as user name. Wiped when dropped.
    pub name: Zeroizing<String>,
    /// The OAuth client that asked.
    pub client: String,
    /// For what kind of holder.
    pub holder: Holder,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The one product it is good for, where it is bound to one.
    pub product: Option<ProductId>,
    /// When a second factor was proven, in milliseconds since 1970.
    pub second_factor_at_ms: Option<i64>,
    /// How long it is to live; it is cut to what the operator allows.
    pub lifetime: Lifetime,
    /// Whether a refresh token comes with it.
    pub refreshable: bool,
}

impl Grant {
    /// All that a person may do, for the usual time, without a second factor and without a refresh token.
    #[must_use]
    pub fn new(account: AccountId, name: &str, client: &str) -> Self {
        Self {
            account,
            name: Zeroizing::new(name.to_owned()),
            client: client.chars().filter(|c| !c.is_control()).take(MAX_CLIENT).collect(),
            holder: Holder::Person,
            scopes: Scopes::all(),
            product: None,
            second_factor_at_ms: None,
            lifetime: Lifetime::asked(None),
            refreshable: false,
        }
    }

    /// Who it is to the audit log.
    pub(super) fn who(&self) -> Who {
        match self.holder {
            Holder::Client => Who::Client(self.client.clone()),
            _ => Who::Account(self.account),
        }
    }
}

/// A token just made.
pub struct IssuedToken {
    /// To be shown to the client, once.
    pub token: Token,
    /// To be shown to the client, once: for a new pair of tokens when this one ends.
    pub refresh: Option<Token>,
    /// How long it lives, after it was cut.
    pub lifetime: Lifetime,
    /// When it ends, in milliseconds since 1970; [`i64::MAX`] is never.
    pub expires_at_ms: i64,
    /// What it may be used for.
    pub scopes: Scopes,
    /// The family it is of, where it can be refreshed.
    pub(super) family: Option<FamilyId>,
}

/// The random number of a family of tokens.
pub(super) type FamilyId = [u8; 16];

impl Accounts {
    /// Makes the tokens of a grant.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::Customer`] where a customer is to be given what a person is.
    pub async fn issue(&self, grant: &Grant, now_ms: i64) -> Result<IssuedToken, AccountError> {
        if !grant.refreshable {
            let (issued, row) = self.make(grant, None, now_ms)?;
            let act = told(grant, &row, now_ms);
            return match self.store.tokens().put(&row, act).await? {
                true => Ok(issued),
                false => Err(AccountError::Customer),
            };
        }
        let mut family: FamilyId = [0; 16];
        random(&mut family)?;
        let (issued, row) = self.make(grant, Some(family), now_ms)?;
        let (refresh, first) = self.make_refresh(grant, family, now_ms)?;
        let act = told(grant, &row, now_ms);
        let kept = family_row(grant, family, &first, now_ms);
        match self.store.refreshes().begin(&kept, &first, &row, act).await? {
            true => Ok(IssuedToken { refresh: Some(refresh), ..issued }),
            false => Err(AccountError::Customer),
        }
    }

    /// A token that calls, not yet stored.
    pub(super) fn make(
        &self,
        grant: &Grant,
        family: Option<FamilyId>,
        now_ms: i64,
    ) -> Result<(IssuedToken, TokenRow), AccountError> {
        let token = Token::generate()?;
        let hash = self.token_hash(&token);
        let lifetime = self.lifetimes.cut(grant.lifetime);
        let expires_at_ms = lifetime.ends_at_ms(now_ms);
        let row = TokenRow {
            hash,
            account: grant.account,
            client: grant.client.clone(),
            holder: grant.holder,
            product: grant.product,
            scopes: grant.scopes,
            second_factor_at_ms: grant.second_factor_at_ms,
            family,
            sealed_name: token.seal_name(&hash, &grant.name)?,
            created_at_ms: now_ms,
            expires_at_ms,
        };
        let scopes = grant.scopes;
        Ok((IssuedToken { token, refresh: None, lifetime, expires_at_ms, scopes, family }, row))
    }

    /// A token that refreshes, not yet stored.
    pub(super) fn make_refresh(
        &self,
        grant: &Grant,
        family: FamilyId,
        now_ms: i64,
    ) -> Result<(Token, RefreshRow), AccountError> {
        let token = Token::generate()?;
        let hash = self.token_hash(&token);
        let waits = Lifetime::Seconds(self.lifetimes.refresh.as_secs());
        let row = RefreshRow {
            hash,
            family,
            sealed_name: token.seal_name(&hash, &grant.name)?,
            created_at_ms: now_ms,
            expires_at_ms: waits.ends_at_ms(now_ms),
            used: false,
        };
        Ok((token, row))
    }
}

/// A family ends with the last of its refresh tokens.
fn family_row(grant: &Grant, id: FamilyId, last: &RefreshRow, now_ms: i64) -> FamilyRow {
    FamilyRow {
        id,
        account: grant.account,
        client: grant.client.clone(),
        holder: grant.holder,
        product: grant.product,
        scopes: grant.scopes,
        second_factor_at_ms: grant.second_factor_at_ms,
        created_at_ms: now_ms,
        ends_at_ms: last.expires_at_ms,
    }
}

/// An endless token is named as one.
fn told(grant: &Grant, row: &TokenRow, now_ms: i64) -> Act {
    let what = if row.expires_at_ms == i64::MAX { "token.issued-endless" } else { "token.issued" };
    Act::new(what, grant.who(), now_ms).on("client", &grant.client).from_token(mark(&row.hash))
}
