//! How a node is set up, and when what was last done to it.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What only a running node has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// Its process id.
    pub process: u32,
    /// What it keeps an eye on, in a memory that does not grow; since its start.
    pub watch: super::Watch,
}

/// The configuration in effect: where a running node was started with other addresses, those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The HTTPS API.
    pub api: SocketAddr,
    /// Devices over UDP.
    pub udp: SocketAddr,
    /// Devices over the TCP service, where it is on.
    pub tcp: Option<SocketAddr>,
    /// Plain HTTP that says where the API is.
    pub redirect: Option<SocketAddr>,
    /// `/metrics` over plain HTTP.
    pub metrics: Option<SocketAddr>,
    /// Whether the API shows a certificate that the operator gave.
    pub given_certificate: bool,
    /// Whether anybody may make an account.
    pub registration: bool,
    /// Whether clients may send a person's password.
    pub password_grant: bool,
    /// The most days that a token lives.
    pub token_days: u16,
    /// Whether a token may live for ever.
    pub endless_tokens: bool,
    /// How many days a refresh token waits.
    pub refresh_days: u16,
    /// Networks that are not public and that webhooks may reach.
    pub webhook_networks: Vec<String>,
    /// Whether webhooks may go over plain HTTP.
    pub webhook_plain_http: bool,
    /// Whether webhooks trust authorities beside those of the system.
    pub webhook_authorities: bool,
    /// Whether `security.txt` names a contact.
    pub contact: bool,
    /// Whether a list of Debian's weak keys is given.
    pub weak_keys: bool,
    /// Where heads of the audit log are carried to.
    pub audit_heads: Option<PathBuf>,
    /// After how many days entries of the audit log are removed.
    pub audit_keep_days: Option<u16>,
    /// The data folder.
    pub data: PathBuf,
    /// The node key.
    pub key_file: PathBuf,
    /// Quotas, in the order of the configuration.
    pub limits: Vec<Limit>,
}

/// A quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name in `[limits]`.
    pub name: String,
    /// What is in force.
    pub value: u64,
    /// What a new node has.
    pub usual: u64,
}

/// When something was last done, in milliseconds since 1970; `None` for never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestones {
    /// The folder was made, or this was first written down.
    pub began_ms: Option<i64>,
    /// A backup was made.
    pub backed_up_ms: Option<i64>,
    /// A backup was restored, as a trial or in earnest.
    pub restored_ms: Option<i64>,
    /// The node key was copied for keeping.
    pub key_copied_ms: Option<i64>,
}

/// A data key; no secret is in this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataKey {
    /// What it is for.
    pub label: String,
    /// How many its label had before.
    pub generation: u32,
    /// In milliseconds since 1970.
    pub made_at_ms: i64,
    /// Whether everything new goes under it.
    pub newest: bool,
}

impl Default for Settings {
    /// As a new node has them.
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            api: loopback(8443),
            udp: SocketAddr::from(([0, 0, 0, 0], 5684)),
            tcp: None,
            redirect: None,
            metrics: None,
            given_certificate: false,
            registration: false,
            password_grant: true,
            token_days: 365,
            endless_tokens: false,
            refresh_days: 14,
            webhook_networks: Vec::new(),
            webhook_plain_http: false,
            webhook_authorities: false,
            contact: false,
            weak_keys: false,
            audit_heads: None,
            audit_keep_days: None,
            data: PathBuf::new(),
            key_file: PathBuf::new(),
            limits: Vec::new(),
        }
    }
}
