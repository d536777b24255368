//! A running node: the doors, the API and the control socket on one data folder.

use crate::account::Accounts;
use crate::api::ApiState;
use crate::audit::{Act, Who, age};
use crate::certificate::CertificateError;
use crate::clock::now_ms;
use crate::control::{Listener, Office, Products, Rollouts, Running};
use crate::device::{Gateway, Roll};
use crate::door::{ANSWER_WITHIN, DoorError, Layout, Surroundings, UdpDoor};
use crate::event::{Bus, Intake, Outbox};
use crate::folder::{Folder, FolderError};
use crate::guard::Guard;
use crate::init::UDP_KEY_FILE;
use crate::journal::{self, Shelf};
use crate::product::rollout::{Desk, Engine};
use crate::product::{Deliver, Delivery};
use crate::pulse::{Dead, Pulse};
use crate::store::Store;
use crate::survey::Surveyor;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

#[cfg_attr(not(feature = "tcp"), path = "serve/no_tcp.rs")]
mod tcp;
mod webhooks;

mod front;

use front::Front;

/// How long open requests may take to end when the node stops.
const DRAIN: Duration = Duration::from_secs(8);

/// File descriptors that the node keeps for itself: sockets, bells, journals, the store, the control socket.
const OWN_DESCRIPTORS: usize = 128;

/// So many connections the API takes however few descriptors there are.
const FEWEST_CONNECTIONS: usize = 16;

/// The most shards of a node.
const MOST_SHARDS: usize = 64;

/// Why a node does not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The data folder cannot be opened.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The door for devices cannot open.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// An address cannot be bound.
    #[error("cannot serve {what} on {address}: {source}")]
    Bind {
        /// What was to listen there.
        what: &'static str,
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the data folder cannot be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ServeError {
    /// Whether the person who started the node can mend it: the folder, its files, the addresses.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Folder(error) => error.is_usage(),
            Self::Door(error) => error.is_usage(),
            Self::Certificate(_) | Self::Bind { .. } | Self::File { .. } => true,
        }
    }

    /// Whether it is that somebody else listens where this node was to.
    pub fn is_address_in_use(&self) -> bool {
        match self {
            Self::Bind { source, .. }
            | Self::Door(DoorError::Bind { source, .. } | DoorError::BindTcp { source, .. }) => {
                source.kind() == io::ErrorKind::AddrInUse
            }
            _ => false,
        }
    }
}

/// What a node is started with; flags win over the configuration file.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Where the API listens, instead of what the configuration says.
    pub api: Option<SocketAddr>,
    /// Where devices come in, instead of what the configuration says.
    pub udp: Option<SocketAddr>,
    /// Where devices of the TCP service come in, whatever the configuration says: it is on then.
    pub tcp: Option<SocketAddr>,
}

/// Where a node listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The HTTPS API.
    pub api: SocketAddr,
    /// The door for devices over UDP.
    pub udp: SocketAddr,
    /// The door for devices over TCP, where it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<SocketAddr>,
    /// Plain HTTP that says where the API is, where it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<SocketAddr>,
    /// `/metrics`, where they are on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
}

/// A running node.
pub struct Node {
    addresses: Addresses,
    bus: Bus,
    outbox: Outbox,
    accounts: Accounts,
    pulse: Pulse,
    door: UdpDoor,
    tcp: Option<tcp::Door>,
    stop: watch::Sender<bool>,
    api: JoinHandle<io::Result<()>>,
    control: JoinHandle<()>,
    rollouts: JoinHandle<()>,
    webhooks: JoinHandle<()>,
    folder: Folder,
}

impl Node {
    /// Opens the data folder and everything that listens.
    ///
    /// # Errors
    /// [`ServeError`]; nothing is left running then.
    pub async fn start(folder: &Path, options: &ServeOptions) -> Result<Self, ServeError> {
        let descriptors = allow_all_descriptors();
        let folder = Folder::open(folder)?;
        let front = Front::bind(&folder, options).await?;

        let path = folder.path.join(crate::control::SOCKET);
        let control =
            Listener::open(&folder.path).map_err(|source| ServeError::File { path, source })?;

        // The doors come last of all that can fail: one takes the saved sessions, and they exist once.
        let (bus, roll) = (Bus::new(), Roll::default());
        let webhooks = webhooks::prepare(&folder).await?;
        let (intake, outbox) = webhooks.outbox(&folder.config);
        let tcp = tcp::prepare(&folder, options, descriptors)?;
        let around = surroundings(&folder, &bus, &roll, intake, tcp.as_ref())?;
        let door = open_door(&folder, options, around.clone()).await?;
        let mut mailboxes = door.mailboxes();
        let tcp = match tcp.map(|tcp| tcp.open(&around, door.mailboxes())).transpose() {
            Ok(tcp) => tcp,
            Err(error) => {
                // What it took up is written down again.
                let _ = tokio::task::spawn_blocking(move || door.close()).await;
                return Err(error.into());
            }
        };
        mailboxes.extend(tcp.iter().map(tcp::Door::mailbox));
        let gateway = Gateway::new(mailboxes, roll.clone());
        let accounts = folder.accounts();

        let pulse = Pulse::new(gateway.clone(), folder.store.clone());
        let listens = tcp.as_ref().map(tcp::Door::address);
        let addresses = Addresses { udp: door.address(), tcp: listens, ..front.addresses()? };
        let (stop, stopped) = watch::channel(false);
        let (rollouts, desk) = roll_out(&folder, &gateway, stopped.clone());
        let delivery = deliver(&folder, &gateway, &bus, stopped.clone());
        let (webhooks, hooks) = webhooks.deliver(&gateway, &bus, stopped.clone());
        let (products, shelf) = (folder.store.clone(), folder.shelf.clone());
        let products = Products { store: products, shelf, delivery: delivery.clone() };
        let vault = folder.vault();
        let office = Office::new(folder.store.clone(), accounts.clone(), Some(gateway.clone()))
            .with_pinning(folder.pinning())
            .with_products(products)
            .with_rollouts(Rollouts { desk, shelf: folder.shelf.clone() })
            .with_vault(vault.clone())
            .with_surveyor(Surveyor::new(&folder).of_running(addresses, roll.watch().clone()))
            .of_running(Running {
                pulse: pulse.clone(),
                addresses,
                outbox: outbox.clone(),
                enrolment: tcp.as_ref().map(tcp::Door::enrolment),
            });
        let control = tokio::spawn(control.serve(office));
        vault.finish_by_itself();
        if let Some(days) = folder.config.audit.keep_days {
            tokio::spawn(age::keep(folder.store.clone(), days, stopped.clone()));
        }

        let guard = Guard::new(folder.config.limits.clone());
        tokio::spawn(crate::secret::sweep(folder.store.clone(), stopped.clone()));
        let store = folder.store.clone();
        let (shelf, people, over) = (folder.shelf.clone(), accounts.clone(), stopped.clone());
        let state = ApiState::new(store, shelf, gateway, bus.clone(), people, over)
            .with_pinning(folder.pinning())
            .with_delivery(delivery)
            .with_hooks(hooks)
            .with_guard(guard.clone())
            .with_registration(folder.config.accounts.registration)
            .with_oauth(folder.config.oauth.clone())
            .with_consent(&folder.path.join(crate::folder::CONSENT_FILE))
            .with_contact(
                folder.config.security.contact.as_ref().map(|contact| contact.get_ref().as_str()),
            );
        let most = folder.config.limits.connections.get();
        let connections = connections_at_once(descriptors, tcp.is_some(), most);
        let api = front.open(state, roll, tcp.is_some(), connections, stopped);
        folder.store.note(Act::new("node.started", Who::Node, now_ms()));
        if tcp.is_some() {
            folder.store.note(Act::new("tcp-service.opened", Who::Node, now_ms()));
        }
        Ok(Self {
            addresses,
            bus,
            outbox,
            accounts,
            pulse,
            door,
            tcp,
            stop,
            api,
            control,
            rollouts,
            webhooks,
            folder,
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Its event bus.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The events that wait for a durable consumer.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What it remembers.
    pub fn store(&self) -> &Store {
        &self.folder.store
    }

    /// Its people.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Asks everything that serves somebody whether it still does, for a watchdog: each has `within` to answer.
    ///
    /// # Errors
    /// [`Dead`]: who did not.
    pub async fn heartbeat(&self, within: Duration) -> Result<(), Dead> {
        if self.api.is_finished() {
            return Err(Dead::Api);
        }
        self.pulse.beat(within).await
    }

    /// Ends cleanly: no new request, streams closed, sessions saved. How many sessions.
    pub async fn stop(self) -> usize {
        // The API may have ended by itself; then nobody listens.
        let _ = self.stop.send(true);
        self.control.abort();
        // They end between two steps; what they were about to do is done at the next start.
        let _ =
            tokio::time::timeout(DRAIN, async { tokio::join!(self.rollouts, self.webhooks) }).await;
        match tokio::time::timeout(DRAIN, self.api).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the API had ended by itself"),
            Ok(Err(_)) | Err(_) => tracing::warn!("some requests were cut off"),
        }
        let (door, tcp) = (self.door, self.tcp);
        let close = move || {
            // First the one without a journal: the other may still have to keep what it heard.
            if let Some(tcp) = tcp {
                tcp.close();
            }
            door.close()
        };
        let saved = tokio::task::spawn_blocking(close).await.unwrap_or(0);
        self.folder.store.note(Act::new("node.stopped", Who::Node, now_ms()));
        if let Err(error) = self.folder.store.flush().await {
            tracing::error!(%error, "the store may have lost the last writes");
        }
        saved
    }
}

fn surroundings(
    folder: &Folder,
    bus: &Bus,
    roll: &Roll,
    intake: Intake,
    tcp: Option<&tcp::Prepared>,
) -> Result<Surroundings, ServeError> {
    let path = folder.path.join(UDP_KEY_FILE);
    let cloud_key = fs::read(&path).map_err(|source| ServeError::File { path, source })?;
    Ok(Surroundings {
        store: folder.store.clone(),
        node_key: Arc::clone(&folder.node_key),
        incarnation: folder.incarnation()?,
        cloud_key: Zeroizing::new(cloud_key),
        bus: bus.clone(),
        roll: roll.clone(),
        runtime: tokio::runtime::Handle::current(),
        answer_within: ANSWER_WITHIN,
        layout: layout(folder),
        journal: Shelf::folder(folder.path.join(journal::FOLDER_NAME)),
        intake,
        neighbours: tcp.into_iter().map(tcp::Prepared::mailbox).collect(),
    })
}

/// Lets rollouts go on, and gives the desk where people speak to them.
fn roll_out(
    folder: &Folder,
    gateway: &Gateway,
    stopped: watch::Receiver<bool>,
) -> (JoinHandle<()>, Desk) {
    let reach = gateway.clone();
    let online = Arc::new(move |device| reach.presence(device).online);
    let desk = Desk::new(folder.store.clone(), Some(online));
    let (store, shelf) = (folder.store.clone(), folder.shelf.clone());
    let engine = Engine::new(desk.clone(), store, shelf, gateway.clone());
    (tokio::spawn(engine.run(stopped)), desk)
}

/// Starts what delivers releases, and lets it hear who comes online.
fn deliver(
    folder: &Folder,
    gateway: &Gateway,
    bus: &Bus,
    stopped: watch::Receiver<bool>,
) -> Delivery {
    let (store, shelf) = (folder.store.clone(), folder.shelf.clone());
    let (deliver, delivery) = Deliver::new(store, shelf, gateway.clone());
    bus.tap(Arc::new(delivery.clone()));
    tokio::spawn(deliver.run(stopped));
    delivery
}

async fn open_door(
    folder: &Folder,
    options: &ServeOptions,
    around: Surroundings,
) -> Result<UdpDoor, ServeError> {
    let address = options.udp.unwrap_or(folder.config.udp.listen);
    // A thread of its own, not the runtime's: what it starts has the priority of the caller (see `priority`).
    let (tell, told) = oneshot::channel();
    let open = move || tell.send(UdpDoor::open(address, around)).map_or((), drop);
    thread::Builder::new().name("door".to_owned()).spawn(open).map_err(DoorError::System)?;
    let opened = told.await.map_err(|_| DoorError::System(io::Error::other("it ended at once")))?;
    Ok(opened?)
}

/// A shard for each processor core, unless the configuration says how many.
fn layout(folder: &Folder) -> Layout {
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let shards = folder.config.udp.shards.map_or_else(cores, |shards| shards.get().into());
    Layout::new(u8::try_from(shards.min(MOST_SHARDS)).unwrap_or(1))
}

/// Takes as many file descriptors as the system lets this process have, and says how many: every connection of the
/// API is one, and the usual limit of 1,024 is below what the API takes.
fn allow_all_descriptors() -> u64 {
    let limit = getrlimit(Resource::RLIMIT_NOFILE);
    let taken = limit.and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = taken {
        tracing::warn!(%error, "the limit of open files stays as it is");
        return limit.map_or(u64::MAX, |(now, _)| now);
    }
    limit.map_or(u64::MAX, |(_, most)| most)
}

/// How many connections the API takes: never so many that journal and store find no descriptor left, and where devices
/// come in over TCP, at most half of what there is.
fn connections_at_once(descriptors: u64, with_tcp: bool, most: usize) -> usize {
    let left = spare(descriptors) / if with_tcp { 2 } else { 1 };
    left.max(FEWEST_CONNECTIONS).min(most)
}

/// How many descriptors there are for connections.
fn spare(descriptors: u64) -> usize {
    usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(OWN_DESCRIPTORS)
}
