//! Customers: the people a product is sold to, as accounts that are good for that product alone.
//!
//! A customer is found by a keyed hash of product and name, so the same person may be a customer of two products, and
//! have an account of the ordinary kind, without any of the three knowing of the others.

use zeroize::Zeroizing;

use super::caller::{Caller, Holder};
use super::grant::Grant;
use super::name_hash::Found;
use super::scope::Scope;
use super::token::Token;
use super::{AccountError, AccountId, Accounts, MAX_PASSWORD, NameHash, Scopes, name, password};
use crate::audit::{Act, TokenMark, Who};
use crate::product::ProductId;
use crate::store::account::AccountRow;

/// What a customer may do with the devices that are his own.
pub const CUSTOMER_SCOPES: Scopes = Scopes::of(&[
    Scope::AccountGet,
    Scope::DevicesClaim,
    Scope::DevicesGet,
    Scope::DevicesList,
    Scope::DevicesPing,
    Scope::DevicesRelease,
    Scope::DevicesUpdate,
    Scope::EventsGet,
    Scope::EventsSend,
    Scope::FunctionCall,
    Scope::VariableGet,
    Scope::TokensRemove,
]);

/// No name of an ordinary account begins with a control character.
fn own_name(product: ProductId, name: &str) -> String {
    format!("\u{1}customer of {product}\u{1}{}", name.trim())
}

impl Accounts {
    /// What a customer of this name is found by.
    #[must_use]
    pub fn customer_hash(&self, product: ProductId, name: &str) -> NameHash {
        self.name_hash(&own_name(product, name))
    }

    async fn customer(
        &self,
        product: ProductId,
        name: &str,
    ) -> Result<Option<Found>, AccountError> {
        self.found(name::normal(&own_name(product, name)).as_bytes()).await
    }

    /// Makes a customer; without a password nobody can log in as one, and only the product's clients act for one.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn create_customer(
        &self,
        product: ProductId,
        name: &str,
        password: Option<Zeroizing<String>>,
        (who, token): (Who, Option<TokenMark>),
        now_ms: i64,
    ) -> Result<AccountId, AccountError> {
        name::check(name)?;
        let hash = self.customer_hash(product, name);
        if self.customer(product, name).await?.is_some() {
            return Err(AccountError::Exists);
        }
        let password = match password {
            Some(password) => password,
            None => Token::generate()?.reveal(),
        };
        password::check_length(&password)?;
        let row = AccountRow {
            id: AccountId::generate()?,
            name_key: self.newest_name_key(),
            password: self.hasher.hash(password).await?,
        };
        let act = Act::new("customer.created", who, now_ms).on("customer", row.id.handle());
        let act = match token {
            Some(mark) => act.from_token(mark),
            None => act,
        };
        if self.store.customers().create(product, &row, &hash.0, now_ms, act).await? {
            Ok(row.id)
        } else {
            Err(AccountError::Exists)
        }
    }

    /// Checks a customer's name and password; `None` if they do not belong together.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn check_customer(
        &self,
        product: ProductId,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<AccountId>, AccountError> {
        if password.len() > MAX_PASSWORD {
            return Ok(None);
        }
        let found = self.customer(product, name).await?;
        self.compare(found, password).await
    }

    /// Gives a customer another password; all of the customer's tokens end.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn set_customer_password(
        &self,
        customer: AccountId,
        password: Zeroizing<String>,
        by: &Caller,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        password::check_length(&password)?;
        let password = self.hasher.hash(password).await?;
        let act = act("customer.password-set", customer, by, now_ms);
        let ended = self.store.customers().set_password(customer, &password, act).await?;
        self.end_leases(&ended);
        Ok(())
    }

    /// Removes a customer with all tokens; the customer's devices are nobody's then.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn remove_customer(
        &self,
        customer: AccountId,
        by: &Caller,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        let act = act("customer.removed", customer, by, now_ms);
        let ended = self.store.customers().remove(customer, act).await?;
        self.end_leases(&ended);
        Ok(())
    }

    /// The customer of this name.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn find_customer(
        &self,
        product: ProductId,
        name: &str,
    ) -> Result<Option<AccountId>, AccountError> {
        let hash = self.customer_hash(product, name);
        Ok(self.store.accounts().find(&hash.0).await?.map(|row| row.id))
    }
}

fn act(what: &'static str, customer: AccountId, by: &Caller, now_ms: i64) -> Act {
    Act::new(what, by.who(), now_ms).on("customer", customer.handle()).from_token(by.mark())
}

impl Grant {
    /// What a customer of a product is given: no more than customers may do, and to be refreshed.
    #[must_use]
    pub fn for_customer(account: AccountId, name: &str, client: &str, product: ProductId) -> Self {
        Self {
            holder: Holder::Customer,
            scopes: CUSTOMER_SCOPES,
            product: Some(product),
            refreshable: true,
            ..Self::new(account, name, client)
        }
    }
}
