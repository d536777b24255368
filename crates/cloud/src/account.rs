//! People: accounts, passwords, second factors and tokens.
//!
//! An account is found by a keyed hash of its name; the name itself is never written down (promise P6). A
//! password is hashed with Argon2id under a pepper made of the node key (promises P5 and P9), on a bounded pool
//! of threads, and a name that does not exist costs as much time as a wrong password.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::audit::{Act, Who};
use crate::node_key::{DataKeys, KEY_LENGTH, Label, NodeKey, NodeKeyError, Sealer};
use crate::store::account::AccountRow;
use crate::store::{Store, StoreError};

mod base32;
mod caller;
mod challenge;
mod client;
mod code;
mod customer;
mod device_code;
mod freshness;
mod grant;
mod lease;
mod lifetime;
mod name;
mod name_hash;
mod own;
mod password;
mod pkce;
mod place;
mod recovery;
mod redirect;
mod refresh;
mod revoking;
mod role;
mod scope;
mod sealed_token;
mod second_factor;
mod token;
mod totp;

pub use caller::{Caller, Held, Holder};
pub use client::{ClientError, ClientKind, MAX_CLIENT_NAME, MOST_CLIENTS, NewClient};
use code::Codes;
pub use code::{CodeError, TakenIn};
pub use customer::CUSTOMER_SCOPES;
pub use device_code::{
    BeginError, DEVICE_CODE_WAITS, DeviceCodes, POLL_EVERY, Pending, Request, UserCode,
};
pub use freshness::{FRESH_FOR, Freshness};
pub use grant::{Grant, IssuedToken};
use lease::Leases;
pub use lease::{Lease, LeaseError};
pub use lifetime::{Lifetime, Lifetimes};
pub use name::MAX_NAME;
use name_hash::Found;
pub use name_hash::NameHash;
use password::{Compared, Hasher};
pub use password::{Cost, WeakPassword};
pub use pkce::Challenge;
pub(crate) use place::handle_bytes;
pub use place::{OrganizationId, Place};
pub use recovery::RecoveryCodes;
pub use redirect::{RedirectError, RedirectUri};
pub use refresh::{Refresh, RefreshError, SHORT};
pub use role::{Role, Standing, UnknownRole};
pub use scope::{Scope, ScopeError, Scopes};
use second_factor::Tries;
pub use second_factor::{Offer, ProofError};
pub use token::Token;

/// The fewest characters a new password may have.
pub const MIN_PASSWORD: usize = 8;
/// The most bytes a new password may have; all of them count.
pub const MAX_PASSWORD: usize = 256;
/// The most bytes that are compared with a saved password; longer ones are refused before they are hashed.
const MAX_COMPARED: usize = 1_024;

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

/// Why an account could not be made or checked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The name is empty, too long or looks like a handle.
    #[error(
        "a user name has 1 to {MAX_NAME} bytes and no control characters, and is not 24 hex digits"
    )]
    Name,
    /// The password is too short or too long.
    #[error("a password has {MIN_PASSWORD} characters or more, and at most {MAX_PASSWORD} bytes")]
    Password,
    /// The password is one that guessers try.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// Too many wait for their password to be compared.
    #[error("too many logins at once: try again soon")]
    Busy,
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
    tries: Tries,
    names: DataKeys,
    token_key: Zeroizing<[u8; KEY_LENGTH]>,
    login_steps: Zeroizing<[u8; KEY_LENGTH]>,
    seeds: Option<Arc<Sealer>>,
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
            tries: Tries::default(),
            hasher: Hasher::new(node_key.keys(Label::PASSWORD)),
            names: node_key.keys(Label::ACCOUNT_NAME),
            token_key: node_key.derive(Label::TOKEN),
            login_steps: node_key.derive(Label::LOGIN_STEP),
            seeds: node_key.sealer(Label::SECOND_FACTOR).ok().map(Arc::new),
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

    /// Sets what new hashes of passwords cost; [`Cost::for_tests`] for tests that are about something else.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.hasher = self.hasher.with_cost(cost);
        self
    }

    /// Sets how many threads hash passwords.
    #[must_use]
    pub fn with_hashing_threads(mut self, threads: usize) -> Self {
        self.hasher = self.hasher.with_threads(threads);
        self
    }

    /// Makes an account. Blocks, for about 50 ms: for the command line, not for async code. It asks only for the length
    /// of the password; see [`Accounts::check_new_password`].
    ///
    /// # Errors
    /// [`AccountError`]
    pub fn create_blocking(
        &self,
        name: &str,
        password: &str,
        now_ms: i64,
    ) -> Result<AccountId, AccountError> {
        self.check_new(name, password)?;
        if self.known(name::normal(name).as_bytes()).any(|ask| matches!(ask.wait(), Ok(Some(_)))) {
            return Err(AccountError::Exists);
        }
        let row = AccountRow {
            id: AccountId::generate()?,
            name_key: self.newest_name_key(),
            password: self.hasher.hash_blocking(password)?,
        };
        let act = Act::new("account.created", Who::Operator, now_ms).on("account", row.id.handle());
        match self.store.accounts().create(&row, &self.name_hash(name).0, act, now_ms).wait()? {
            true => Ok(row.id),
            false => Err(AccountError::Exists),
        }
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn create(
        &self,
        name: &str,
        password: Zeroizing<String>,
        who: Option<Who>,
        now_ms: i64,
    ) -> Result<AccountId, AccountError> {
        self.check_new(name, &password)?;
        if self.found(name::normal(name).as_bytes()).await?.is_some() {
            return Err(AccountError::Exists);
        }
        let row = AccountRow {
            id: AccountId::generate()?,
            name_key: self.newest_name_key(),
            password: self.hasher.hash(password).await?,
        };
        let who = who.unwrap_or(Who::Account(row.id));
        let act = Act::new("account.created", who, now_ms).on("account", row.id.handle());
        match self.store.accounts().create(&row, &self.name_hash(name).0, act, now_ms).await? {
            true => Ok(row.id),
            false => Err(AccountError::Exists),
        }
    }

    fn check_new(&self, name: &str, password: &str) -> Result<(), AccountError> {
        name::check(name)?;
        password::check_length(password)
    }

    /// The account of that name or handle.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn find(&self, name: &str) -> Result<Option<AccountId>, AccountError> {
        Ok(self.row(name).await?.map(|found| found.row.id))
    }

    async fn row(&self, name: &str) -> Result<Option<Found>, AccountError> {
        if name.len() > 4 * MAX_NAME {
            return Ok(None);
        }
        let normal = name::normal(name);
        let former = name::former(name, &normal);
        for form in [Some(&normal), former.as_ref()].into_iter().flatten() {
            if let Some(found) = self.found(form.as_bytes()).await? {
                return Ok(Some(found));
            }
        }
        match name::as_handle(&normal) {
            Some(handle) => {
                let row = self.store.accounts().find_by_handle(&handle).await?;
                Ok(row.map(|row| Found { row, moves_to: None }))
            }
            None => Ok(None),
        }
    }

    /// Checks a name, or a handle, and a password; `None` if they do not belong together, after the same time either
    /// way.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn check(
        &self,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<AccountId>, AccountError> {
        if password.len() > MAX_COMPARED {
            return Ok(None);
        }
        let row = self.row(name).await?;
        self.compare(row, password).await
    }

    async fn compare(
        &self,
        found: Option<Found>,
        password: Zeroizing<String>,
    ) -> Result<Option<AccountId>, AccountError> {
        let (found, saved) = found.map(|found| (found.name(), found.row.password)).unzip();
        let compared = self.hasher.check(password.clone(), saved).await?;
        let Some((id, moves_to)) = found.filter(|_| compared != Compared::Wrong) else {
            return Ok(None);
        };
        if compared == Compared::Outdated {
            self.hash_anew(id, password).await?;
        }
        if let Some(hash) = moves_to {
            self.move_name(id, &hash).await?;
        }
        Ok(Some(id))
    }

    /// The password is right, and hashed at another cost, or under an older pepper, than it would be now.
    async fn hash_anew(
        &self,
        id: AccountId,
        password: Zeroizing<String>,
    ) -> Result<(), AccountError> {
        let saved = self.hasher.hash(password).await?;
        Ok(self.store.accounts().set_password(id, &saved, None).await.map(drop)?)
    }

    fn seeds(&self) -> Result<&Sealer, AccountError> {
        self.seeds.as_deref().ok_or(AccountError::Crypto)
    }
}
