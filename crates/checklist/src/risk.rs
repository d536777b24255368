//! The six risks that a connected product brings.

use serde::{Deserialize, Serialize};

/// A risk of a connected product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// What customers entrusted gets out.
    CustomerData,
    /// What the company keeps to itself gets out.
    CorporateData,
    /// A device does harm to people or things.
    PhysicalDamage,
    /// Something stands still that must not.
    Downtime,
    /// The company answers for what its product was used for.
    Liability,
    /// Nobody trusts the name any more.
    Reputation,
}

impl Risk {
    /// All six.
    pub const ALL: [Self; 6] = [
        Self::CustomerData,
        Self::CorporateData,
        Self::PhysicalDamage,
        Self::Downtime,
        Self::Liability,
        Self::Reputation,
    ];

    /// As a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::CustomerData => "Customer data exposed",
            Self::CorporateData => "Corporate data exposed",
            Self::PhysicalDamage => "Physical damage",
            Self::Downtime => "High-risk downtime",
            Self::Liability => "Broader liability",
            Self::Reputation => "Reputation",
        }
    }
}
