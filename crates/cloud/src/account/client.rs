//! OAuth clients that somebody registered, for an account or for a product. What is registered nowhere is a public
//! client of the operator's own choosing, see [`crate::api`].
//!
//! A secret is a [`Token`]: shown once, kept as a keyed hash, compared in constant time.

use std::str::FromStr;

use subtle::ConstantTimeEq as _;

use super::caller::Caller;
use super::redirect::RedirectUri;
use super::token::Token;
use super::{AccountError, Accounts, Scopes};
use crate::audit::Act;
use crate::node_key::random;
use crate::product::ProductId;
use crate::store::client::{ClientRow, ClientsOf};

/// The most characters of a client's name.
pub const MAX_CLIENT_NAME: usize = 100;
/// The most clients of an account or a product.
pub const MOST_CLIENTS: usize = 100;

/// Where a client runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// On people's machines, where it cannot keep a secret from them.
    Installed,
    /// On a server of its own.
    Web,
}

impl ClientKind {
    /// As clients of the API write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Web => "web",
        }
    }
}

impl FromStr for ClientKind {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, ClientError> {
        match text {
            "installed" => Ok(Self::Installed),
            "web" => Ok(Self::Web),
            _ => Err(ClientError::Kind),
        }
    }
}

/// A client to be registered.
pub struct NewClient {
    /// What people are shown.
    pub name: String,
    /// Where it runs.
    pub kind: ClientKind,
    /// Where browsers are sent back to, if they ever are.
    pub redirect_uri: Option<RedirectUri>,
    /// What its tokens may be used for at most.
    pub scopes: Scopes,
    /// The product it is for, if it is for one.
    pub product: Option<ProductId>,
}

/// Why a client was not registered or changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The name is empty, too long, or not to be printed.
    #[error(
        "a client's name has 1 to {MAX_CLIENT_NAME} characters, none of them a control character"
    )]
    Name,
    /// Neither kind.
    #[error("the type of a client is \"installed\" or \"web\"")]
    Kind,
    /// More than its maker may do.
    #[error("a client cannot be given more scopes than you have yourself")]
    MoreScopes,
    /// There are enough.
    #[error("there are {MOST_CLIENTS} clients, the most there may be: remove one first")]
    TooMany,
    /// The store failed, or cryptography.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Accounts {
    /// Registers a client; its secret is to be shown once.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn register_client(
        &self,
        new: NewClient,
        caller: &Caller,
        now_ms: i64,
    ) -> Result<(ClientRow, Token), ClientError> {
        check_name(&new.name)?;
        if !caller.scopes.contains_all(new.scopes) {
            return Err(ClientError::MoreScopes);
        }
        let of = new.product.map_or(ClientsOf::Account(caller.account), ClientsOf::Product);
        let there = self.store.clients().list(of).await.map_err(AccountError::from)?;
        if there.len() >= MOST_CLIENTS {
            return Err(ClientError::TooMany);
        }
        let secret = Token::generate()?;
        let row = ClientRow {
            id: new_id()?,
            account: caller.account,
            product: new.product,
            kind: new.kind.name().to_owned(),
            name: new.name,
            secret_hash: self.token_hash(&secret),
            redirect_uri: new.redirect_uri.map(|uri| uri.to_string()),
            scopes: new.scopes,
            created_at_ms: now_ms,
        };
        let act = act("client.registered", &row, caller, now_ms);
        self.store.clients().put(&row, act).await.map_err(AccountError::from)?;
        Ok((row, secret))
    }

    /// Changes a client's name or scopes. Where it may do less, its tokens end: they might be good for more.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn edit_client(
        &self,
        before: &ClientRow,
        after: &ClientRow,
        caller: &Caller,
        now_ms: i64,
    ) -> Result<(), ClientError> {
        check_name(&after.name)?;
        if !before.scopes.contains_all(after.scopes) && !caller.scopes.contains_all(after.scopes) {
            return Err(ClientError::MoreScopes);
        }
        let edited = act("client.changed", after, caller, now_ms);
        self.store.clients().edit(after, edited).await.map_err(AccountError::from)?;
        if !after.scopes.contains_all(before.scopes) {
            let act = act("client.tokens-revoked", after, caller, now_ms);
            let ended = self.store.clients().end_tokens(&after.id, act).await;
            self.end_leases(&ended.map_err(AccountError::from)?);
        }
        Ok(())
    }

    /// Removes a client and all tokens that it was given.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn remove_client(
        &self,
        row: &ClientRow,
        caller: &Caller,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        let act = act("client.removed", row, caller, now_ms);
        let ended = self.store.clients().remove(&row.id, act).await?;
        self.end_leases(&ended);
        Ok(())
    }

    /// Whether this is the client's secret.
    #[must_use]
    pub fn is_secret_of(&self, client: &ClientRow, secret: &str) -> bool {
        Token::parse(secret).is_some_and(|secret| {
            self.token_hash(&secret).as_slice().ct_eq(client.secret_hash.as_slice()).into()
        })
    }
}

fn check_name(name: &str) -> Result<(), ClientError> {
    let length = name.trim().chars().count();
    let fits = (1..=MAX_CLIENT_NAME).contains(&length) && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(ClientError::Name) }
}

/// 24 hex digits: nothing that a public client is called.
fn new_id() -> Result<String, AccountError> {
    let mut bytes = [0; 12];
    random(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn act(what: &'static str, row: &ClientRow, caller: &Caller, now_ms: i64) -> Act {
    Act::new(what, caller.who(), now_ms).on("client", &row.id).from_token(caller.mark())
}
