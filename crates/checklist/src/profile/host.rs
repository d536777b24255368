//! What a product says of the machine that it runs on.

use serde::{Deserialize, Serialize};

/// How much of the machine a service may reach, where the profile does not say: what systemd calls OK.
pub const EXPOSURE: f64 = 5.0;

/// What a product needs of its machine beyond ports, programs and services.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Host {
    /// Rare network protocols that it speaks: `CAN`, `SCTP`.
    pub protocols: Vec<String>,
    /// Programs that may read or write packets past TCP and UDP.
    pub raw_sockets: Vec<String>,
    /// It passes packets on between networks.
    pub router: bool,
    /// Accounts that somebody may log in to.
    pub logins: Vec<String>,
    /// Files that run with rights of their owner or group, by path.
    pub set_uid: Vec<String>,
    /// Files that run with capabilities, by path.
    pub capabilities: Vec<String>,
    /// What runs by the clock: timers by unit name, cron's files by path.
    pub scheduled: Vec<String>,
    /// Compilers, interpreters and debug tools that it cannot do without, by path.
    pub tools: Vec<String>,
    /// The most that a service may be exposed, as `systemd-analyze security` counts it, from 0 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_limit: Option<f64>,
    /// Services that may be exposed more than that.
    pub exposed_services: Vec<String>,
}

impl Host {
    /// The most that a service may be exposed.
    #[must_use]
    pub fn exposure(&self) -> f64 {
        self.exposure_limit.unwrap_or(EXPOSURE)
    }
}

/// Whether a list of a profile names something: each `*` in it stands for anything.
#[must_use]
pub fn names(list: &[String], something: &str) -> bool {
    list.iter().any(|pattern| crate::machine::is_like(pattern, something))
}
