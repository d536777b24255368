//! Organisations and teams, as an operator asks for them: to make the first ones, and to help out where no owner can.

use serde::{Deserialize, Serialize};

use super::line::Response;
use super::office::Office;
use crate::account::{AccountId, OrganizationId, Place, Role, handle_bytes, new_organization};
use crate::audit::{Act, Who};
use crate::clock::now_ms;
use crate::product::ProductId;
use crate::store::member::Joining;

/// What an operator asks of organisations and teams.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum TeamRequest {
    /// Make an organisation.
    MakeOrganization {
        /// Its name.
        name: String,
        /// Its name in addresses; made of its name if not given.
        slug: Option<String>,
        /// The name or handle of the account that is its first owner.
        owner: String,
    },
    /// All organisations.
    Organizations,
    /// The members of a team.
    List {
        /// Whose team.
        of: TeamOf,
    },
    /// Put an account into a team, or give it another role.
    Put {
        /// Whose team.
        of: TeamOf,
        /// The name or handle of the account.
        account: String,
        /// Its role.
        role: String,
    },
    /// Take an account out of a team; a service goes with its account.
    Remove {
        /// Whose team.
        of: TeamOf,
        /// The name or handle of the account.
        account: String,
    },
}

/// What a team is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TeamOf {
    /// A product, by number or slug.
    Product(String),
    /// An organisation, by id or slug.
    Organization(String),
}

/// An organisation, for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationLine {
    /// Its id.
    pub id: String,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A member, for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    /// The handle of its account.
    pub account: String,
    /// Its role; a service has none.
    pub role: Option<String>,
    /// What a service is called.
    pub label: Option<String>,
    /// The scopes of a service.
    pub scopes: Option<String>,
}

type Result<T> = std::result::Result<T, String>;

impl Office {
    pub(super) async fn team(&self, request: TeamRequest) -> Result<Response> {
        match request {
            TeamRequest::MakeOrganization { name, slug, owner } => {
                self.make_organization(&name, slug, &owner).await?;
                self.organizations().await
            }
            TeamRequest::Organizations => self.organizations().await,
            TeamRequest::List { of } => self.members(self.place(&of).await?).await,
            TeamRequest::Put { of, account, role } => {
                let (place, account) = (self.place(&of).await?, self.account(&account).await?);
                let role = role.parse::<Role>().map_err(text)?;
                self.put(place, account, role).await?;
                self.members(place).await
            }
            TeamRequest::Remove { of, account } => {
                let (place, account) = (self.place(&of).await?, self.account(&account).await?);
                self.remove(place, account).await?;
                self.members(place).await
            }
        }
    }

    async fn make_organization(&self, name: &str, slug: Option<String>, owner: &str) -> Result<()> {
        let owner = self.account(owner).await?;
        let now_ms = now_ms();
        let row = new_organization(name, slug, now_ms).map_err(text)?;
        let act = Act::new("organization.created", Who::Operator, now_ms);
        let act = act.on("organization", row.id);
        match self.store().organizations().create(&row, owner, act).await.map_err(text)? {
            true => Ok(()),
            false => Err(format!("there is an organization of slug `{}` already", row.slug)),
        }
    }

    async fn put(&self, place: Place, account: AccountId, role: Role) -> Result<()> {
        let (members, now_ms) = (self.store().members(), now_ms());
        let done = match members.find(place, account).await.map_err(text)? {
            Some(member) if member.standing.role.is_none() => {
                return Err("this is a service: services have scopes, not roles".to_owned());
            }
            Some(_) => {
                members.set_role(place, account, role, act("member.changed", place, account)).await
            }
            None => {
                let joining = Joining::person(account, place, role, now_ms);
                members.add(&joining, act("member.added", place, account)).await
            }
        };
        if done.map_err(text)? { Ok(()) } else { Err(LAST_OWNER.to_owned()) }
    }

    async fn remove(&self, place: Place, account: AccountId) -> Result<()> {
        let members = self.store().members();
        let member = members.find(place, account).await.map_err(text)?;
        let member = member.ok_or("this account is not in the team")?;
        let done = match member.standing.role {
            Some(_) => members.remove(place, account, act("member.removed", place, account)).await,
            None => {
                let act = act("service.removed", place, account);
                members.remove_service(place, account, act).await
            }
        };
        if done.map_err(text)? { Ok(()) } else { Err(LAST_OWNER.to_owned()) }
    }

    async fn organizations(&self) -> Result<Response> {
        let rows = self.store().organizations().all().await.map_err(text)?;
        let lines = rows.into_iter().map(|row| OrganizationLine {
            id: row.id.to_string(),
            slug: row.slug,
            name: row.name,
        });
        Ok(Response::Organizations { organizations: lines.collect() })
    }

    async fn members(&self, place: Place) -> Result<Response> {
        let rows = self.store().members().list(place).await.map_err(text)?;
        let lines = rows.into_iter().map(|row| MemberLine {
            account: row.account.handle(),
            role: row.standing.role.map(|role| role.id().to_owned()),
            scopes: row.label.is_some().then(|| row.standing.scopes.to_string()),
            label: row.label,
        });
        Ok(Response::Team { members: lines.collect() })
    }

    async fn place(&self, of: &TeamOf) -> Result<Place> {
        match of {
            TeamOf::Product(named) => {
                let products = self.store().products();
                let found = match named.parse().map(ProductId) {
                    Ok(id) => products.find(id).await,
                    Err(_) => products.find_by_slug(named).await,
                };
                let found = found.map_err(text)?.map(|row| Place::Product(row.id));
                found.ok_or_else(|| format!("there is no product `{named}` on this node"))
            }
            TeamOf::Organization(named) => {
                let organizations = self.store().organizations();
                let found = match OrganizationId::parse(named) {
                    Some(id) => organizations.find(id).await,
                    None => organizations.find_by_slug(named).await,
                };
                let found = found.map_err(text)?.map(|row| Place::Organization(row.id));
                found.ok_or_else(|| format!("there is no organization `{named}` on this node"))
            }
        }
    }

    /// The account of this handle or name.
    async fn account(&self, named: &str) -> Result<AccountId> {
        let found = match handle_bytes(named) {
            Some(handle) => self.store().accounts().find_by_handle(&handle).await.map_err(text)?,
            None => None,
        };
        match found {
            Some(found) => Ok(found.id),
            None => self.owner(Some(named)).await?.ok_or_else(|| "no account is named".to_owned()),
        }
    }
}

const LAST_OWNER: &str = "this is the organization's last owner: make somebody else an owner first";

fn act(what: &'static str, place: Place, account: AccountId) -> Act {
    let on = format!("{place} account {}", account.handle());
    Act::new(what, Who::Operator, now_ms()).on(place.kind(), on)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
