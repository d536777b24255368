//! What a person changes about their own account: the password, the name, and its end.

use zeroize::Zeroizing;

use super::password::{self, Compared};
use super::{AccountError, AccountId, Accounts, MAX_COMPARED, name};
use crate::audit::{Act, Who};
use crate::weakened::{self, Weakness};

/// Whether somebody of this name may take this password: for whoever sets a new one.
///
/// # Errors
/// [`AccountError::Password`], [`AccountError::Weak`]
pub fn check_new_password(name: &str, password: &str) -> Result<(), AccountError> {
    match weakened::is(Weakness::WeakPasswordsTaken) {
        true => Ok(()),
        false => password::check(name, password),
    }
}

impl Accounts {
    /// Whether this is the account's password.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn check_own(
        &self,
        account: AccountId,
        password: Zeroizing<String>,
    ) -> Result<bool, AccountError> {
        if password.len() > MAX_COMPARED {
            return Ok(false);
        }
        let saved = self.store.accounts().get(account).await?.map(|row| row.password);
        Ok(self.hasher.check(password, saved).await? != Compared::Wrong)
    }

    /// Sets another password; false if there is no such account. It asks only for its length.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn set_password(
        &self,
        account: AccountId,
        password: Zeroizing<String>,
        who: Who,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        password::check_length(&password)?;
        let saved = self.hasher.hash(password).await?;
        let act = Act::new("password.changed", who, now_ms).on("account", account.handle());
        Ok(self.store.accounts().set_password(account, &saved, act).await?)
    }

    /// Lets an account log in under another name.
    ///
    /// # Errors
    /// [`AccountError::Name`], [`AccountError::Exists`]
    pub async fn rename(
        &self,
        account: AccountId,
        name: &str,
        who: Who,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        name::check(name)?;
        // A name that was hashed in its former form is taken, too.
        if self.find(name).await?.is_some_and(|other| other != account) {
            return Err(AccountError::Exists);
        }
        let act = Act::new("account.renamed", who, now_ms).on("account", account.handle());
        match self
            .store
            .accounts()
            .set_name(account, &self.name_hash(name).0, self.newest_name_key(), act)
            .await?
        {
            true => Ok(()),
            false => Err(AccountError::Exists),
        }
    }

    /// Ends an account: its tokens, its second factor, its name. Its devices are nobody's then. False where it owns
    /// what cannot be nobody's, such as a product.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn remove(
        &self,
        account: AccountId,
        who: Who,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        let act = Act::new("account.removed", who, now_ms).on("account", account.handle());
        let removed = self.store.accounts().remove(account, act).await?;
        if removed {
            self.leases.end_account(account);
        }
        Ok(removed)
    }
}
