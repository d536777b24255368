//! What an operator's audit needs to know of a node, as one value: settings, people, products, devices and keys.
//!
//! Taking it reads and nothing else: no write, no entry in the audit log. It names nobody: people are handles. No secret is
//! in it, nor a hash of one. A running node gives it over its control socket; of one at rest [`offline`] reads a copy of the
//! store. `pintle-checklist` reads it with types of its own.

mod fleet;
mod key;
pub mod offline;
mod people;
mod product;
mod settings;
mod watch;

pub use fleet::{Device, Entry, Pin};
pub use key::{OwnKey, RsaLook, WeakKey};
pub use people::{Client, Hook, Member, Organization, Person, Secrets, Token};
pub use product::{Firmware, Keyring, KeyringKey, Product};
pub use settings::{DataKey, Limit, Milestones, Running, Settings};
pub use watch::{Brought, Place, Repeat, Seen, Watch};

use crate::clock::now_ms;
use crate::config::Config;
use crate::folder::Folder;
use crate::node_key::NodeKey;
use crate::pinning::KnownWeak;
use crate::product::Shelf;
use crate::serve::Addresses;
use crate::store::{Store, StoreError};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;

/// All that a node tells of itself.
#[derive(Debug, Serialize)]
pub struct Survey {
    /// The version of the program that tells it.
    pub version: &'static str,
    /// What only a running node has.
    pub running: Option<Running>,
    /// The configuration in effect.
    pub settings: Settings,
    /// When what was last done.
    pub milestones: Milestones,
    /// Data keys, by label, oldest first.
    pub data_keys: Vec<DataKey>,
    /// The cloud's own keys for devices.
    pub own_keys: Vec<OwnKey>,
    /// Accounts, the oldest first.
    pub people: Vec<Person>,
    /// Organisations, by slug.
    pub organizations: Vec<Organization>,
    /// Roles, by place.
    pub members: Vec<Member>,
    /// What logs in and has not ended.
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

/// Takes surveys of one node. Cheap to clone.
#[derive(Clone)]
pub struct Surveyor {
    store: Store,
    shelf: Shelf,
    node_key: Arc<NodeKey>,
    known_weak: Arc<KnownWeak>,
    config: Config,
    data: PathBuf,
    running: Option<(Addresses, Watch)>,
}

impl Surveyor {
    /// Of an open data folder.
    #[must_use]
    pub fn new(folder: &Folder) -> Self {
        Self {
            store: folder.store.clone(),
            shelf: folder.shelf.clone(),
            node_key: Arc::clone(&folder.node_key),
            known_weak: folder.known_weak(),
            config: folder.config.clone(),
            data: folder.path.clone(),
            running: None,
        }
    }

    /// Of a node that runs: where it listens, and what it keeps an eye on.
    #[must_use]
    pub fn of_running(mut self, addresses: Addresses, watch: Watch) -> Self {
        self.running = Some((addresses, watch));
        self
    }

    /// Takes one, now.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read. What is wrong with what it holds is in the survey.
    pub async fn take(&self) -> Result<Survey, StoreError> {
        let now = now_ms();
        let organizations = self.store.organizations().all().await?;
        let data_keys = self.store.data_keys().list().await?;
        let (pins, rsa) = self.pins().await?;
        Ok(Survey {
            version: env!("CARGO_PKG_VERSION"),
            running: self
                .running
                .as_ref()
                .map(|(_, watch)| Running { process: std::process::id(), watch: watch.seen() }),
            settings: self.settings(),
            milestones: self.milestones().await?,
            own_keys: key::own(&self.data),
            people: people::people(&self.store, &data_keys).await?,
            members: people::members(&self.store, &organizations).await?,
            tokens: people::tokens(&self.store, now).await?,
            clients: people::clients(&self.store).await?,
            hooks: people::hooks(&self.store, &self.node_key).await?,
            secrets: people::secrets(&self.store, now).await?,
            products: self.shelf.survey(&organizations).await?,
            devices: fleet::devices(&self.store).await?,
            pins,
            rsa,
            history: fleet::history(&self.store).await?,
            organizations: organizations
                .into_iter()
                .map(|organization| Organization { slug: organization.slug })
                .collect(),
            data_keys: settings::data_keys(data_keys),
        })
    }

    /// All pins, and what was found in the RSA keys among them.
    async fn pins(&self) -> Result<(Vec<Pin>, RsaLook), StoreError> {
        let keys = self.store.survey().pins().await?;
        let (known, debian) =
            (Arc::clone(&self.known_weak), self.config.security.weak_keys.is_some());
        let looked = tokio::task::spawn_blocking(move || key::look(&known, debian, keys)).await;
        looked.map_err(|_| StoreError::Closed)
    }
}
