//! People: accounts, passwords and tokens.
//!
//! An account is found by a keyed hash of its name; the name itself is never written down (promise P6). A
//! password is hashed with Argon2id under a pepper made of the node key (promises P5 and P9), on a bounded pool
//! of threads, and a name that does not exist costs as much time as a wrong password. Second factors and roles
//! are not here.

use std::fmt;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::node_key::{KEY_LENGTH, Label, NodeKey, NodeKeyError, keyed_hash};
use crate::store::account::{AccountRow, SavedPassword};
use crate::store::{Store, StoreError};

mod caller;
mod client;
mod code;
mod customer;
mod device_code;
mod grant;
mod lease;
mod lifetime;
mod organization;
mod password;
mod pkce;
mod place;
mod redirect;
mod refresh;
mod revoking;
mod role;
mod scope;
mod token;

pub use caller::{Caller, Holder};
pub use client::{ClientError, ClientKind, MAX_CLIENT_NAME, MOST_CLIENTS, NewClient};
use code::Codes;
pub use code::{CodeError, TakenIn};
pub use customer::CUSTOMER_SCOPES;
pub use device_code::{
    BeginError, DEVICE_CODE_WAITS, DeviceCodes, POLL_EVERY, Pending, Request, UserCode,
};
pub use grant::{Grant, IssuedToken};
use lease::Leases;
pub use lease::{Lease, LeaseError};
pub use lifetime::{Lifetime, Lifetimes};
pub use organization::{BadOrganization, new_organization, organization_name};
use password::Hasher;
pub use pkce::Challenge;
pub(crate) use place::handle_bytes;
pub use place::{OrganizationId, Place};
pub use redirect::{RedirectError, RedirectUri};
pub use refresh::{Refresh, RefreshError, SHORT};
pub use role::{Role, Standing, UnknownRole};
pub use scope::{Scope, ScopeError, Scopes};
pub use token::Token;

/// The fewest characters a new password may have.
pub const MIN_PASSWORD: usize = 8;
/// The most bytes a password may have; longer ones are refused before they are hashed.
pub const MAX_PASSWORD: usize = 1_024;
/// The most bytes an account name may have.
pub const MAX_NAME: usize = 256;

/// An account: 16 random bytes that say nothing about the person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 16]);

impl AccountId {
    /// A new random id.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| NodeKeyError::Crypto)?;
        Ok(Self(bytes))
    }

    /// An id from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The handle others see as a device's `owner`: 24 hex digits.
    #[must_use]
    pub fn handle(&self) -> String {
        self.0.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AccountId({})", self.handle())
    }
}

/// The keyed hash an account is found by, and by which its failed logins are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(pub(crate) [u8; KEY_LENGTH]);

/// Why an account could not be made or checked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name is empty or too long.
    #[error("a user name has 1 to {MAX_NAME} bytes and no control characters")]
    Name,
    /// The password is too short or too long.
    #[error("a password has {MIN_PASSWORD} characters or more, and at most {MAX_PASSWORD} bytes")]
    Password,
    /// The name is taken.
    #[error("there is an account of that name already")]
    Exists,
    /// The account is a customer's: it is good for its product, and for no login of the ordinary kind.
    #[error("this account is a customer of a product, and good for that alone")]
    Customer,
    /// Hashing or sealing failed.
    #[error("the cryptographic library refused: no random bytes, or no memory")]
    Crypto,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NodeKeyError> for AccountError {
    fn from(_: NodeKeyError) -> Self {
        Self::Crypto
    }
}

/// The accounts of a node.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    hasher: Hasher,
    leases: Leases,
    name_key: Zeroizing<[u8; KEY_LENGTH]>,
    token_key: Zeroizing<[u8; KEY_LENGTH]>,
    lifetimes: Lifetimes,
    codes: Codes,
}

impl Accounts {
    /// The accounts in `store`, with the keys of this node.
    #[must_use]
    pub fn new(store: Store, node_key: &NodeKey) -> Self {
        Self {
            store,
            leases: Leases::default(),
            hasher: Hasher::new(node_key.derive(Label::PASSWORD)),
            name_key: node_key.derive(Label::ACCOUNT_NAME),
            token_key: node_key.derive(Label::TOKEN),
            lifetimes: Lifetimes::default(),
            codes: Codes::default(),
        }
    }

    /// Sets how long tokens may live.
    #[must_use]
    pub fn with_lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// The hash a name is known by. Case and surrounding blanks make no difference.
    #[must_use]
    pub fn name_hash(&self, name: &str) -> NameHash {
        NameHash(keyed_hash(&self.name_key, name.trim().to_lowercase().as_bytes()))
    }

    /// Makes an account. Blocks, for about 50 ms: for the command line, not for async code.
    pub fn create_blocking(
        &self,
        name: &str,
        password: &str,
        now_ms: i64,
    ) -> Result<AccountId, AccountError> {
        check_name(name)?;
        if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
            return Err(AccountError::Password);
        }
        let row = AccountRow {
            id: AccountId::generate()?,
            password: self.hasher.hash_blocking(password)?,
        };
        if self.store.accounts().create(&row, &self.name_hash(name).0, now_ms).wait()? {
            Ok(row.id)
        } else {
            Err(AccountError::Exists)
        }
    }

    /// The account of that name.
    pub async fn find(&self, name: &str) -> Result<Option<AccountId>, AccountError> {
        Ok(self.store.accounts().find(&self.name_hash(name).0).await?.map(|row| row.id))
    }

    /// Checks a name and password; `None` if they do not belong together, after the same time either way.
    pub async fn check(
        &self,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<AccountId>, AccountError> {
        if name.len() > MAX_NAME {
            return Ok(None);
        }
        self.check_hash(self.name_hash(name), password).await
    }

    async fn check_hash(
        &self,
        name: NameHash,
        password: Zeroizing<String>,
    ) -> Result<Option<AccountId>, AccountError> {
        if password.len() > MAX_PASSWORD {
            return Ok(None);
        }
        let row = self.store.accounts().find(&name.0).await?;
        let (id, saved) = row.map(|row| (row.id, row.password)).unzip();
        let matches = self.hasher.check(password, saved).await?;
        Ok(id.filter(|_| matches))
    }

    /// Checks and hashes a new password.
    async fn hash_password(
        &self,
        password: Zeroizing<String>,
    ) -> Result<SavedPassword, AccountError> {
        if password.chars().count() < MIN_PASSWORD || password.len() > MAX_PASSWORD {
            return Err(AccountError::Password);
        }
        let hasher = self.hasher.clone();
        let work = tokio::task::spawn_blocking(move || hasher.hash_blocking(&password));
        work.await.map_err(|_| AccountError::Crypto)?
    }
}

fn check_name(name: &str) -> Result<(), AccountError> {
    let trimmed = name.trim();
    if trimmed.is_empty() || trimmed.len() > MAX_NAME || trimmed.chars().any(char::is_control) {
        return Err(AccountError::Name);
    }
    Ok(())
}
