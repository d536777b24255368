//! What a node knows of itself that an audit asks for, as the node tells it.
//!
//! A running node answers over its control socket; of one that does not run, `pintle` reads a copy of the store. Either
//! way it is one value of JSON, and reading it changes nothing: no entry in the audit log, no write. People are handles
//! here, never names. `pintle-cloud` writes it from types of its own; a test of the command line holds both against each
//! other, and what one side does not know is an error, so that nothing is passed over in silence.

mod device;
mod people;
mod product;
mod settings;
mod share;

pub use device::{Device, Entry, OwnKey, Pin, Place, Repeat, RsaLook, Watch, WeakKey};
pub use people::{Client, Hook, Kind, Member, Organization, Person, Role, Secrets, Token};
pub use product::{Firmware, Keyring, KeyringKey, Product};
pub use settings::{DataKey, Limit, Milestones, Running, Settings};
pub use share::Share;

use serde::{Deserialize, Serialize};

/// All that a node tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// The version of the program that tells it: of the running node, or of the one that read its store.
    pub version: String,
    /// What only a running node has; `None` where none runs.
    pub running: Option<Running>,
    /// The configuration in effect.
    pub settings: Settings,
    /// When what was last done.
    pub milestones: Milestones,
    /// Data keys, by label, oldest first.
    pub data_keys: Vec<DataKey>,
    /// The cloud's own keys for devices.
    pub own_keys: Vec<OwnKey>,
    /// Accounts of people, services and customers, the oldest first.
    pub people: Vec<Person>,
    /// Organisations, by slug.
    pub organizations: Vec<Organization>,
    /// Who has which role where, by place and handle.
    pub members: Vec<Member>,
    /// Tokens that have not ended, and logins that can be refreshed, by handle.
    pub tokens: Vec<Token>,
    /// Registered OAuth clients, by id.
    pub clients: Vec<Client>,
    /// Webhooks, the oldest first.
    pub hooks: Vec<Hook>,
    /// One-time secrets.
    pub secrets: Secrets,
    /// Products, by number.
    pub products: Vec<Product>,
    /// Devices, by id.
    pub devices: Vec<Device>,
    /// Pinned keys, by device.
    pub pins: Vec<Pin>,
    /// What was looked for in all RSA keys.
    pub rsa: RsaLook,
    /// What happened to pins, first pins left out; oldest first.
    pub history: Vec<Entry>,
}
