//! `pintle-product.toml`: what a product ships, by its own account.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{Date, format_description::well_known::Iso8601};

pub mod draft;
mod host;

pub use host::{EXPOSURE, Host, names};

/// What a product says of itself. Nothing declared is nothing allowed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The product's name.
    pub name: String,
    /// Lines that `init` drafted and nobody has confirmed yet, by their dotted key.
    pub please_confirm: Vec<String>,
    /// Sockets that may listen.
    pub ports: Vec<Port>,
    /// Programs that may run, by path.
    pub programs: Vec<String>,
    /// Services that may be enabled, by unit name.
    pub services: Vec<String>,
    /// What it needs of the machine that it runs on.
    pub host: Host,
    /// What it may be made of.
    pub dependencies: crate::dependency::Policy,
    /// What the product does that carries a risk.
    pub functions: BTreeMap<String, Vec<crate::risk::Risk>>,
    /// How often it is attacked, and by whom.
    pub penetration: crate::penetration::Plan,
    /// How far its updates are to have reached.
    pub update: crate::update::Policy,
    /// What its devices' keys are to be.
    pub keys: crate::key::Policy,
    /// Findings that somebody answers for.
    pub accepted: Vec<Acceptance>,
}

/// A socket that may listen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Port {
    /// `tcp`, `udp` or `unix`.
    pub protocol: String,
    /// The number; of a Unix socket its path stands in `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Of a Unix socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The program that listens, by path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// On loopback alone.
    #[serde(default)]
    pub loopback: bool,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
}

/// A finding that somebody answers for, for some time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Acceptance {
    /// The check's id.
    pub check: String,
    /// The subject of the fault; all of the check's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who answers for it: a role or a handle, better than a name.
    pub by: String,
    /// The last day of it, as `2027-01-31`.
    pub until: String,
    /// Why.
    pub why: String,
}

impl Profile {
    /// Reads a `pintle-product.toml`.
    ///
    /// # Errors
    /// It is not TOML, or says what no profile says.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Who accepts this fault at this time, if anybody does.
    #[must_use]
    pub fn acceptance(&self, check: &str, subject: &str, now_ms: u64) -> Option<&Acceptance> {
        self.accepted.iter().find(|accepted| {
            accepted.check == check
                && accepted.subject.as_deref().is_none_or(|of| of == subject)
                && accepted.holds_at(now_ms)
        })
    }
}

impl Acceptance {
    fn holds_at(&self, now_ms: u64) -> bool {
        let Ok(until) = Date::parse(&self.until, &Iso8601::DATE) else { return false };
        let end = until.midnight().assume_utc().unix_timestamp().saturating_add(24 * 60 * 60);
        i128::from(now_ms) < i128::from(end) * 1000
    }
}
