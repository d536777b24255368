//! People, as an operator asks for them: make an account, list them, let somebody in again who forgot a password or lost a
//! second factor.
//!
//! An account is named by what its holder types, or by its handle. Acts at the machine are noted as the operator's.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::line::Response;
use super::office::Office;
use crate::account::{AccountId, check_new_password};
use crate::audit::Who;
use crate::clock::now_ms;

/// A password on its way to the node. Not printable, wiped when dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Password(String);

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        Self(password.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

/// What an operator asks of people.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum PeopleRequest {
    /// Make an account.
    Create {
        /// What its holder will type.
        name: String,
        /// Its password.
        password: Password,
    },
    /// All accounts.
    List,
    /// Give an account another password; whoever is logged in to it is logged out.
    Reset {
        /// The account.
        user: String,
        /// The password.
        password: Password,
    },
    /// Take the second factor of an account away.
    ResetSecondFactor {
        /// The account.
        user: String,
    },
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLine {
    /// Its handle, which logs in, too.
    pub handle: String,
    /// `person`, `service` or `customer`.
    pub kind: String,
    /// Whether it has a second factor.
    pub has_second_factor: bool,
    /// How many devices are its own.
    pub devices: usize,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
}

type Result<T> = std::result::Result<T, String>;

impl Office {
    pub(super) async fn people(&self, request: PeopleRequest) -> Result<Response> {
        let at_ms = now_ms();
        match request {
            PeopleRequest::Create { name, password } => {
                self.create_person(&name, password, at_ms).await
            }
            PeopleRequest::List => self.list_people().await,
            PeopleRequest::Reset { user, password } => {
                self.reset_password(&user, password, at_ms).await
            }
            PeopleRequest::ResetSecondFactor { user } => {
                self.reset_second_factor(&user, at_ms).await
            }
        }
    }

    async fn create_person(&self, name: &str, password: Password, at_ms: i64) -> Result<Response> {
        let accounts = self.accounts();
        check_new_password(name, &password.0).map_err(text)?;
        let password = Zeroizing::new(password.0.clone());
        let id = accounts.create(name, password, Some(Who::Operator), at_ms).await.map_err(text)?;
        Ok(Response::Person { handle: id.handle(), done: "created".to_owned() })
    }

    async fn list_people(&self) -> Result<Response> {
        let known = self.store().accounts().list().await.map_err(text)?;
        let people = known.into_iter().map(|known| PersonLine {
            handle: known.id.handle(),
            kind: known.holder.name().to_owned(),
            has_second_factor: known.has_second_factor,
            devices: known.devices,
            created_at_ms: known.created_at_ms,
        });
        Ok(Response::People { people: people.collect() })
    }

    async fn reset_password(&self, user: &str, password: Password, at_ms: i64) -> Result<Response> {
        let (accounts, id) = (self.accounts(), self.person(user).await?);
        check_new_password(user, &password.0).map_err(text)?;
        let password = Zeroizing::new(password.0.clone());
        accounts.set_password(id, password, Who::Operator, at_ms).await.map_err(text)?;
        accounts.revoke_all(id, Who::Operator, at_ms).await.map_err(text)?;
        Ok(Response::Person { handle: id.handle(), done: "given another password".to_owned() })
    }

    async fn reset_second_factor(&self, user: &str, at_ms: i64) -> Result<Response> {
        let id = self.person(user).await?;
        let removed = self.accounts().remove_second_factor(id, Who::Operator, at_ms).await;
        match removed.map_err(text)? {
            true => Ok(Response::Person {
                handle: id.handle(),
                done: "without a second factor now".to_owned(),
            }),
            false => Err(format!("the account {} has no second factor", id.handle())),
        }
    }

    async fn person(&self, user: &str) -> Result<AccountId> {
        let found = self.accounts().find(user).await.map_err(text)?;
        found.ok_or_else(|| {
            format!("there is no account `{user}`: name it as its holder types it, or by its handle (`pintle user list`)")
        })
    }
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_on_its_way_is_not_printed() {
        let request =
            PeopleRequest::Create { name: "ada".into(), password: Password::from("hush") };
        assert!(!format!("{request:?}").contains("hush"));
    }
}
