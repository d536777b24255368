//! The webhooks of a node: known before the doors open, since what arrives first may be for one, and delivered until it
//! stops.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::ServeError;
use crate::clock::now_ms;
use crate::config::Config;
use crate::device::Gateway;
use crate::event::interest::{Arrival, Interests};
use crate::event::{Bus, Intake, Outbox};
use crate::folder::{Folder, FolderError};
use crate::hook::client::{Client, Roots};
use crate::hook::courier::Courier;
use crate::hook::egress::Egress;
use crate::hook::{Hooks, HooksError};
use crate::node_key::NodeKeyError;

/// Webhooks that are known, and not delivered yet.
pub(super) struct Prepared {
    hooks: Hooks,
    interests: Interests,
    arriving: mpsc::UnboundedReceiver<Arrival>,
}

/// Reads the webhooks of a folder.
pub(super) async fn prepare(folder: &Folder) -> Result<Prepared, ServeError> {
    let (interests, arriving) = Interests::new();
    let (client, plain) = (client(&folder.config)?, folder.config.webhooks.plain_http);
    let made = Hooks::new(folder.store.clone(), &folder.node_key, interests.clone(), client, plain);
    let hooks = made.map_err(foreign)?;
    hooks.load().await.map_err(foreign)?;
    Ok(Prepared { hooks, interests, arriving })
}

fn client(config: &Config) -> Result<Client, ServeError> {
    let own = config.webhooks.ca_file.as_deref();
    if let Some(path) = own {
        let file = |source| ServeError::File { path: path.to_owned(), source };
        Roots::check(path).map_err(file)?;
    }
    Ok(Client::new(Egress::new(&config.webhooks.allow), Roots::new(own)))
}

fn foreign(error: HooksError) -> ServeError {
    ServeError::Folder(match error {
        HooksError::Store(error) => FolderError::Store(error),
        _ => FolderError::NodeKey(NodeKeyError::Crypto),
    })
}

impl Prepared {
    /// The outbox beside which they wait for events.
    pub(super) fn outbox(&self, config: &Config) -> (Intake, Outbox) {
        Outbox::beside(config.outbox.prefixes.clone(), &self.interests)
    }

    /// Delivers from now on.
    pub(super) fn deliver(
        self,
        gateway: &Gateway,
        bus: &Bus,
        stopped: watch::Receiver<bool>,
    ) -> (JoinHandle<()>, Hooks) {
        let doors = gateway.clone();
        let taken = Arc::new(move |row| doors.taken(row));
        let hooks = self.hooks.clone();
        let courier = Courier::new(self.hooks, bus.clone(), self.arriving, taken, now_ms);
        (tokio::spawn(courier.run(stopped)), hooks)
    }
}
