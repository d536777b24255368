//! Scopes: what a token, a role or a service account may do, as `object:action`.
//!
//! The names are those that clients of device clouds know, and a few of this server's own. A set is a number with a bit
//! for each, so it is cheap to carry with every request. Written down, the set of all is `*:*`: it takes in the scopes
//! that later releases add.

use std::fmt;
use std::str::FromStr;

macro_rules! scopes {
    ($($variant:ident $name:literal)*) => {
        /// One thing that may be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the name of each says it")]
        pub enum Scope { $($variant),* }

        impl Scope {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// How clients write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

scopes! {
    AccountGet "account:get"
    AccountUpdate "account:update"
    AuditGet "audit:get"
    ClientsList "clients:list"
    ClientsCreate "clients:create"
    ClientsUpdate "clients:update"
    ClientsRemove "clients:remove"
    CustomersList "customers:list"
    CustomersCreate "customers:create"
    CustomersUpdate "customers:update"
    CustomersRemove "customers:remove"
    DevicesList "devices:list"
    DevicesGet "devices:get"
    DevicesClaim "devices:claim"
    DevicesImport "devices:import"
    DevicesRemove "devices:remove"
    DevicesRelease "devices:release"
    DevicesUpdate "devices:update"
    DevicesPing "devices:ping"
    FunctionCall "devices.function:call"
    VariableGet "devices.variable:get"
    KeyCreate "devices.key:create"
    KeyUpdate "devices.key:update"
    DiagnosticsGet "devices.diagnostics:get"
    DiagnosticsUpdate "devices.diagnostics:update"
    EventsGet "events:get"
    EventsSend "events:send"
    FirmwareList "firmware:list"
    FirmwareGet "firmware:get"
    FirmwareCreate "firmware:create"
    FirmwareUpdate "firmware:update"
    FirmwareRelease "firmware:release"
    FirmwareRemove "firmware:remove"
    BinaryGet "firmware.binary:get"
    GroupsList "groups:list"
    GroupsGet "groups:get"
    GroupsCreate "groups:create"
    GroupsUpdate "groups:update"
    GroupsRemove "groups:remove"
    ImpactGet "groups.impact:get"
    IntegrationsList "integrations:list"
    IntegrationsGet "integrations:get"
    IntegrationsCreate "integrations:create"
    IntegrationsUpdate "integrations:update"
    IntegrationsRemove "integrations:remove"
    IntegrationsTest "integrations:test"
    KeyringGet "keyring:get"
    KeyringUpdate "keyring:update"
    OrganizationGet "organization:get"
    OrganizationCreate "organization:create"
    OrganizationUpdate "organization:update"
    ProductsList "products:list"
    ProductsGet "products:get"
    ProductsCreate "products:create"
    ProductsUpdate "products:update"
    SecretsGet "secrets:get"
    SecretsSend "secrets:send"
    UsersList "teams.users:list"
    UsersInvite "teams.users:invite"
    UsersUpdate "teams.users:update"
    UsersRemove "teams.users:remove"
    TokensList "tokens:list"
    TokensRemove "tokens:remove"
}

/// How the set of all is written.
const EVERYTHING: &str = "*:*";

/// The most bytes of a list of scopes that is looked at.
const MAX_TEXT: usize = 4_096;

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u128);

/// A list of scopes that this server cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// It has no scope of this name.
    #[error("there is no scope {0:?} here")]
    Unknown(String),
    /// Longer than any list of scopes.
    #[error("the list of scopes is longer than {MAX_TEXT} bytes")]
    TooLong,
}

impl Scopes {
    /// None.
    pub const NONE: Self = Self(0);

    /// All there are.
    #[must_use]
    pub const fn all() -> Self {
        Self(u128::MAX)
    }

    /// These.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut rest) = (0, scopes);
        while let [first, others @ ..] = rest {
            bits |= bit(*first);
            rest = others;
        }
        Self(bits)
    }

    /// Whether it has this one.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// Whether it has all of these.
    #[must_use]
    pub const fn contains_all(self, scopes: Self) -> bool {
        self.0 & scopes.0 == scopes.0
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }

    /// The names of each; for the set of all, `*:*` alone.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = self == Self::all();
        let each = if all { Self::NONE } else { self };
        all.then_some(EVERYTHING).into_iter().chain(each.iter().map(Scope::name))
    }
}

/// There are fewer scopes than bits: a test counts them.
const fn bit(scope: Scope) -> u128 {
    1 << scope as u32
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | bit(scope)))
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(name: &str) -> Result<Self, ScopeError> {
        let found = Self::ALL.iter().copied().find(|scope| scope.name() == name);
        found.ok_or_else(|| ScopeError::Unknown(name.chars().take(64).collect()))
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// Names with blanks between them (RFC 6749 3.3). One that is not known is refused, not left out.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_TEXT {
            return Err(ScopeError::TooLong);
        }
        text.split_ascii_whitespace().try_fold(Self::NONE, |scopes, name| match name {
            EVERYTHING => Ok(Self::all()),
            name => Ok(scopes.or(Self::of(&[name.parse()?]))),
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(out, "{blank}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_scope_has_a_bit_and_a_name_of_its_own() {
        assert!(Scope::ALL.len() < 128);
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(*scope), "{scope}");
            assert_eq!(Scopes::of(&[*scope]).iter().collect::<Vec<_>>(), [*scope]);
        }
    }

    #[test]
    fn all_is_written_as_all_and_an_unknown_one_is_refused() {
        assert_eq!("*:*".parse(), Ok(Scopes::all()));
        assert_eq!(Scopes::all().to_string(), "*:*");
        assert_eq!("".parse(), Ok(Scopes::NONE));
        let unknown = Err(ScopeError::Unknown("devices:own".into()));
        assert_eq!("devices:get devices:own".parse::<Scopes>(), unknown);
        assert_eq!("x ".repeat(4_000).parse::<Scopes>(), Err(ScopeError::TooLong));
    }

    proptest! {
        #[test]
        fn a_set_is_read_as_it_was_written(picked in prop::collection::vec(0..Scope::ALL.len(), 0..20)) {
            let scopes: Scopes = picked.into_iter().map(|index| Scope::ALL[index]).collect();
            prop_assert_eq!(scopes.to_string().parse::<Scopes>(), Ok(scopes));
        }

        #[test]
        fn no_text_is_too_strange_to_be_read(text in ".{0,200}") {
            let _ = text.parse::<Scopes>();
        }
    }
}
