//! People, services and customers, by their handles; what they hold and where they have a say.

use serde::{Deserialize, Serialize};

/// What kind of holder an account is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person who logs in.
    #[default]
    Person,
    /// A program.
    Service,
    /// An OAuth client that acts for itself.
    Client,
    /// A customer of one product.
    Customer,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Client => "client",
            Self::Customer => "customer",
        }
    }
}

/// A role, from the least to the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Sees, and asks devices.
    Support,
    /// Changes devices and firmware.
    Developer,
    /// Also people, keys and clients.
    Administrator,
    /// Everything.
    Owner,
}

impl Role {
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
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// 24 hex digits.
    pub handle: String,
    /// For whom it is.
    pub kind: Kind,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// How many devices are its own.
    pub devices: u32,
    /// The product, of a customer.
    pub product: Option<u16>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// Whether its password is hashed at the cost that new ones are.
    pub full_cost: bool,
    /// Whether its password is under the newest pepper.
    pub newest_pepper: bool,
}

/// An organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// Its name in addresses.
    pub slug: String,
}

/// A role somewhere: in a product, or in an organisation and so in all of its products.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Whose.
    pub handle: String,
    /// The product.
    pub product: Option<u16>,
    /// The organisation, by slug.
    pub organization: Option<String>,
    /// The role, of a person.
    pub role: Option<Role>,
    /// What it may do; `*:*` for everything.
    pub scopes: Vec<String>,
    /// In milliseconds since 1970.
    pub added_at_ms: i64,
}

/// Something that logs in: a token, or a login that makes new tokens as long as it is refreshed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Whose.
    pub handle: String,
    /// For what kind of holder.
    pub kind: Kind,
    /// The OAuth client it was given to.
    pub client: String,
    /// The one product it is good for.
    pub product: Option<u16>,
    /// What it may be used for; `*:*` for everything that its holder may.
    pub scopes: Vec<String>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970; `None` for never.
    pub expires_at_ms: Option<i64>,
    /// Whether a second factor was ever proven for it.
    pub second_factor: bool,
    /// Whether it is a login that is refreshed; its tokens are not listed then.
    pub refreshed: bool,
}

/// A registered OAuth client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// What it is called by.
    pub id: String,
    /// Who made it.
    pub handle: String,
    /// The product it is for.
    pub product: Option<u16>,
    /// `installed` or `web`.
    pub kind: String,
    /// What its tokens may be used for at most.
    pub scopes: Vec<String>,
    /// The scheme that browsers are sent back to it by.
    pub redirect: Option<String>,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
}

/// A webhook. Where it goes is a secret of its maker; this says only how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Its id.
    pub id: String,
    /// Who made it.
    pub handle: String,
    /// The product it is of.
    pub product: Option<u16>,
    /// Events whose names begin so.
    pub event: String,
    /// Whether it is for one device alone.
    pub one_device: bool,
    /// Whether its requests go over TLS.
    pub tls: bool,
    /// Whether it rests.
    pub disabled: bool,
}

/// One-time secrets, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Still there though their time is over by more than an hour.
    pub overdue: u32,
    /// Still there though they were read.
    pub read_and_kept: u32,
}
