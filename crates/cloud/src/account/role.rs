//! Roles: what a person may do in a product or an organisation, as sets of scopes.
//!
//! Each has all that the one after it has. What only the owner may do is what decides over everyone else: who owns it,
//! and which keys may sign releases.

use std::fmt;
use std::str::FromStr;

use super::scope::{Scope, Scopes};

/// What somebody is to a product or an organisation. The more it may, the greater it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees what is there.
    Viewer,
    /// And talks to devices.
    Support,
    /// And changes devices and firmware.
    Developer,
    /// And the people.
    Administrator,
    /// And everything else.
    Owner,
}

const VIEWER: Scopes = Scopes::of(&[
    Scope::CustomersList,
    Scope::DevicesList,
    Scope::DevicesGet,
    Scope::DiagnosticsGet,
    Scope::EventsGet,
    Scope::FirmwareList,
    Scope::FirmwareGet,
    Scope::GroupsList,
    Scope::GroupsGet,
    Scope::ImpactGet,
    Scope::IntegrationsList,
    Scope::KeyringGet,
    Scope::OrganizationGet,
    Scope::ProductsList,
    Scope::ProductsGet,
    Scope::UsersList,
]);

const SUPPORT: Scopes = VIEWER.or(Scopes::of(&[
    Scope::DevicesPing,
    Scope::DiagnosticsUpdate,
    Scope::FunctionCall,
    Scope::VariableGet,
]));

const DEVELOPER: Scopes = SUPPORT.or(Scopes::of(&[
    Scope::BinaryGet,
    Scope::DevicesImport,
    Scope::DevicesRemove,
    Scope::DevicesUpdate,
    Scope::EventsSend,
    Scope::FirmwareCreate,
    Scope::FirmwareRelease,
    Scope::FirmwareRemove,
    Scope::FirmwareUpdate,
    Scope::GroupsCreate,
    Scope::GroupsRemove,
    Scope::GroupsUpdate,
    Scope::IntegrationsCreate,
    Scope::IntegrationsGet,
    Scope::IntegrationsRemove,
    Scope::IntegrationsTest,
    Scope::IntegrationsUpdate,
]));

const ADMINISTRATOR: Scopes = DEVELOPER.or(Scopes::of(&[
    Scope::AuditGet,
    Scope::ClientsCreate,
    Scope::ClientsList,
    Scope::ClientsRemove,
    Scope::ClientsUpdate,
    Scope::CustomersCreate,
    Scope::CustomersRemove,
    Scope::CustomersUpdate,
    Scope::DevicesRelease,
    Scope::KeyUpdate,
    Scope::ProductsCreate,
    Scope::ProductsUpdate,
    Scope::UsersInvite,
    Scope::UsersRemove,
    Scope::UsersUpdate,
]));

/// What no service may be given: it decides over others, and a service cannot prove a second factor; or it would be
/// whose something is.
const FOR_PEOPLE: Scopes = Scopes::of(&[
    Scope::KeyUpdate,
    Scope::KeyringUpdate,
    Scope::OrganizationUpdate,
    Scope::ProductsCreate,
    Scope::UsersInvite,
    Scope::UsersRemove,
    Scope::UsersUpdate,
]);

/// A role that this server does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no role {0:?}: there are Owner, Administrator, Developer, Support and View-only")]
pub struct UnknownRole(String);

impl Role {
    /// All there are, from the least to the greatest.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Support, Self::Developer, Self::Administrator, Self::Owner];

    /// As it is stored and in an address.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Developer => "developer",
            Self::Administrator => "administrator",
            Self::Owner => "owner",
        }
    }

    /// As clients show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "View-only",
            Self::Support => "Support",
            Self::Developer => "Developer",
            Self::Administrator => "Administrator",
            Self::Owner => "Owner",
        }
    }

    /// What it may do.
    #[must_use]
    pub const fn scopes(self) -> Scopes {
        match self {
            Self::Viewer => VIEWER,
            Self::Support => SUPPORT,
            Self::Developer => DEVELOPER,
            Self::Administrator => ADMINISTRATOR,
            Self::Owner => Scopes::all(),
        }
    }
}

impl Scopes {
    /// What of these a service account may be given.
    #[must_use]
    pub const fn for_services(self) -> Self {
        self.without(FOR_PEOPLE)
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    /// By its id or its name, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let is = |role: &Self| {
            role.id().eq_ignore_ascii_case(text) || role.name().eq_ignore_ascii_case(text)
        };
        let unknown = || UnknownRole(text.chars().take(32).collect());
        Self::ALL.into_iter().find(is).ok_or_else(unknown)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// What somebody may do in one place, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The greatest role; a service has none.
    pub role: Option<Role>,
    /// What it comes to, before a token takes away from it.
    pub scopes: Scopes,
}

impl Standing {
    /// With this role.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        Self { role: Some(role), scopes: role.scopes() }
    }

    /// Both together: who has a role in a product and another in its organisation may do what either may.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { role: self.role.max(other.role), scopes: self.scopes.or(other.scopes) }
    }

    /// Whether who stands so may give this role to others, or take it from them: nobody gives more than they have.
    #[must_use]
    pub fn may_give(self, role: Role) -> bool {
        self.scopes.contains_all(role.scopes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_more_than_the_one_below_it_and_only_the_owner_has_all() {
        for pair in Role::ALL.windows(2) {
            let (less, more) = (pair[0].scopes(), pair[1].scopes());
            assert!(more.contains_all(less) && less != more, "{} {}", pair[0], pair[1]);
        }
        assert!(!Role::Administrator.scopes().contains(Scope::KeyringUpdate));
        assert!(Role::Owner.scopes().contains(Scope::KeyringUpdate));
    }

    #[test]
    fn a_role_is_read_by_its_name_or_its_id() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(role.id().to_uppercase().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let administrator = Standing::of(Role::Administrator);
        assert!(
            administrator.may_give(Role::Administrator) && administrator.may_give(Role::Viewer)
        );
        assert!(!administrator.may_give(Role::Owner));
        assert!(Standing::of(Role::Owner).may_give(Role::Owner));
        let service = Standing { role: None, scopes: Scopes::all().for_services() };
        assert!(!service.may_give(Role::Administrator));
    }
}
