//! Offers devices what is released to them: when they come online with another version, or at once where a release
//! asks for it.
//!
//! A release never takes a device back to an older version than it reports; a lock does. A device that took an image
//! and says Hello without it fell back, and is not offered it again. What is offered comes off the [`Shelf`], so it was
//! checked just then.

use std::collections::BTreeSet;
use std::future::Future;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

use pintle_protocol::DeviceId;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};

use super::target::Target;
use super::{Image, ProductId, Refusal, Shelf};
use crate::clock::now_ms;
use crate::device::Gateway;
use crate::device::update::{Offer, UpdateError};
use crate::event::{Published, Source, Tap};
use crate::store::product::ProductRow;
use crate::store::product_device::Taken;
use crate::store::{Store, StoreError};

/// Devices that are served at once.
const AT_ONCE: usize = 64;
/// Devices that the store is asked about in one question: most have nothing to do with a product.
const LOOKED_AT: usize = 256;
/// How long devices come together before they are looked up.
const GATHERING: Duration = Duration::from_millis(20);
/// Wakes that wait, at most. What is lost beyond is made up for when the device comes again.
const MOST_WAKES: usize = 65_536;

/// The way to the devices.
pub trait Reach: Clone + Send + Sync + 'static {
    /// Whether a device can be reached now.
    fn is_online(&self, id: DeviceId) -> bool;

    /// Sends a device a file; answers when the device has it whole, which does not mean that it runs it.
    fn send(
        &self,
        id: DeviceId,
        offer: Offer,
    ) -> impl Future<Output = Result<(), UpdateError>> + Send;
}

impl Reach for Gateway {
    fn is_online(&self, id: DeviceId) -> bool {
        self.presence(id).online
    }

    async fn send(&self, id: DeviceId, offer: Offer) -> Result<(), UpdateError> {
        self.update(id, offer).await?.done().await.map(drop)
    }
}

/// Says what there may be something to deliver to. Clones share the one [`Deliver`].
#[derive(Clone, Default)]
pub struct Delivery {
    wakes: Option<mpsc::Sender<Wake>>,
}

enum Wake {
    Device(DeviceId),
    Product(ProductId),
}

impl Delivery {
    /// A device is online, or something about it changed.
    pub fn device(&self, id: DeviceId) {
        self.wake(Wake::Device(id));
    }

    /// Something is to go to the connected devices of a product at once.
    pub fn product(&self, product: ProductId) {
        self.wake(Wake::Product(product));
    }

    fn wake(&self, wake: Wake) {
        // A full queue loses it: the device comes again.
        let _ = self.wakes.as_ref().map(|wakes| wakes.try_send(wake));
    }
}

/// Hears on the bus which devices came online.
impl Tap for Delivery {
    fn hear(&self, event: &Arc<Published>) {
        let online = event.name == "spark/status" && event.data == b"online";
        if let (true, Source::Device(id) | Source::Unprotected(id)) = (online, event.source) {
            self.device(id);
        }
    }
}

/// The task of a node that delivers.
pub struct Deliver<R> {
    desk: Desk<R>,
    wakes: mpsc::Receiver<Wake>,
    /// Nobody looked yet whether there is something to deliver to them.
    waiting: BTreeSet<DeviceId>,
    /// Whether that is being looked up for some.
    looking: bool,
    /// There may be.
    concerned: BTreeSet<DeviceId>,
    busy: BTreeSet<DeviceId>,
}

/// What a task of [`Deliver`] did.
enum Done {
    Looked(Vec<DeviceId>),
    Served(DeviceId),
}

#[derive(Clone)]
struct Desk<R> {
    store: Store,
    shelf: Shelf,
    reach: R,
}

impl<R: Reach> Deliver<R> {
    /// The task, and the way to wake it.
    pub fn new(store: Store, shelf: Shelf, reach: R) -> (Self, Delivery) {
        let (wake, wakes) = mpsc::channel(MOST_WAKES);
        let desk = Desk { store, shelf, reach };
        let deliver = Self {
            desk,
            wakes,
            waiting: BTreeSet::new(),
            looking: false,
            concerned: BTreeSet::new(),
            busy: BTreeSet::new(),
        };
        (deliver, Delivery { wakes: Some(wake) })
    }

    /// Goes on until the node stops, or nobody can wake it any more and all is delivered.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let (mut open, mut wakes) = (true, Vec::new());
        loop {
            self.look(&mut tasks);
            self.serve(&mut tasks);
            if !open && tasks.is_empty() {
                return;
            }
            let over = async { drop(stopped.wait_for(|stopped| *stopped).await) };
            // Whoever wakes this while it looks is heard after: one waking for many devices.
            let room = !self.looking && self.concerned.len() < MOST_WAKES;
            tokio::select! {
                () = over => return,
                Some(done) = tasks.join_next() => self.done(done),
                woken = self.wakes.recv_many(&mut wakes, LOOKED_AT), if open && room => open = woken > 0,
            }
            for wake in wakes.drain(..) {
                self.take(wake).await;
            }
        }
    }

    /// Has it looked up for some of those that wait, one question at a time: meanwhile others come together.
    fn look(&mut self, tasks: &mut JoinSet<Done>) {
        if self.looking || self.waiting.is_empty() {
            return;
        }
        self.looking = true;
        let ids: Vec<_> = iter::from_fn(|| self.waiting.pop_first()).take(LOOKED_AT).collect();
        let desk = self.desk.clone();
        tasks.spawn(async move { Done::Looked(desk.concerned(ids).await) });
    }

    /// Serves as many as may be at once.
    fn serve(&mut self, tasks: &mut JoinSet<Done>) {
        while self.busy.len() < AT_ONCE
            && let Some(id) = self.next()
        {
            let desk = self.desk.clone();
            self.busy.insert(id);
            tasks.spawn(async move {
                desk.serve(id).await;
                Done::Served(id)
            });
        }
    }

    fn done(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Looked(concerned)) => {
                self.looking = false;
                self.concerned.extend(concerned);
            }
            Ok(Done::Served(id)) => drop(self.busy.remove(&id)),
            Err(error) => {
                tracing::error!(%error, "a delivery ended by itself");
                self.looking = false;
            }
        }
    }

    /// The next device that is not being served; one that is waits until that is done.
    fn next(&mut self) -> Option<DeviceId> {
        let id = self.concerned.iter().find(|id| !self.busy.contains(*id)).copied()?;
        self.concerned.remove(&id);
        Some(id)
    }

    async fn take(&mut self, wake: Wake) {
        match wake {
            Wake::Device(id) => drop(self.waiting.insert(id)),
            Wake::Product(product) => match self.desk.store.product_devices().list(product).await {
                Ok(members) => {
                    let ids = members.into_iter().map(|member| member.device.id);
                    self.waiting.extend(ids.filter(|id| self.desk.reach.is_online(*id)));
                }
                Err(error) => {
                    tracing::error!(%product, %error, "a release waits for its devices to come again")
                }
            },
        }
    }
}

impl<R: Reach> Desk<R> {
    /// Those of some devices to which there may be something to deliver, by what all of them said until now.
    async fn concerned(&self, ids: Vec<DeviceId>) -> Vec<DeviceId> {
        tokio::time::sleep(GATHERING).await;
        let found = async {
            self.store.flush().await?;
            self.store.product_devices().concerned(&ids).await
        };
        found.await.unwrap_or_else(|error: StoreError| {
            // Of a disk that refuses the store itself says so, once.
            if !error.is_of_disk() {
                tracing::error!(devices = ids.len(), %error, "what is released waits for devices to come again");
            }
            Vec::new()
        })
    }

    async fn serve(&self, id: DeviceId) {
        if let Err(error) = self.let_in(id).await {
            tracing::error!(device = %id, %error, "a device could not be put into its product");
        }
        match self.offer(id).await {
            Ok(Some((version, image))) => self.send(id, version, image).await,
            Ok(None) => {}
            Err(refusal) => tracing::warn!(device = %id, %refusal, "nothing is sent to a device"),
        }
    }

    /// Puts a device into the product that it says it is of, where that has no quarantine and the same owner.
    async fn let_in(&self, id: DeviceId) -> Result<(), StoreError> {
        if self.store.product_devices().membership(id).await?.is_some() {
            return Ok(());
        }
        let Some(row) = self.store.devices().find(id).await? else { return Ok(()) };
        let said = row.product_id.filter(|said| Some(*said) != row.platform_id).map(ProductId);
        let Some(said) = said else { return Ok(()) };
        let product = self.store.products().find(said).await?;
        let open = |product: &ProductRow| !product.quarantine && Some(product.owner) == row.owner;
        if product.as_ref().is_some_and(open) {
            tracing::info!(device = %id, product = %said, "a device was let into its product");
            self.store.product_devices().add(said, &[id], now_ms()).await?;
        }
        Ok(())
    }

    async fn offer(&self, id: DeviceId) -> Result<Option<(u16, Image)>, Refusal> {
        let Some((product, version, sha256)) = self.wanted(id).await? else { return Ok(None) };
        let image = match sha256 {
            Some(sha256) => self.shelf.released_image(product, version, &sha256).await?,
            None => self.shelf.image(product, version).await?,
        };
        let bad = self.is_rejected(id, version, &image.sha256).await?;
        Ok((!bad).then_some((version, image)))
    }

    /// Whether a device fell back from an image that it is to have: it says so, or its first Hello since it took the image
    /// is still of another version. Then it is remembered.
    async fn is_rejected(
        &self,
        id: DeviceId,
        version: u16,
        sha256: &[u8; 32],
    ) -> Result<bool, Refusal> {
        let devices = self.store.product_devices();
        if devices.rejected(id).await?.contains(sha256) {
            return Ok(true);
        }
        let taken = devices.taken(id).await?.filter(|taken| taken.sha256 == *sha256);
        let why = match taken {
            Some(Taken { fell_back: Some(why), .. }) => why,
            Some(Taken { hellos: 1, .. }) => {
                format!("it took version {version} and came back without it")
            }
            Some(_) | None => return Ok(false),
        };
        tracing::warn!(device = %id, version, why, "a device fell back: it is not offered that image again");
        devices.reject(id, sha256, &why, now_ms()).await?;
        Ok(true)
    }

    async fn wanted(
        &self,
        id: DeviceId,
    ) -> Result<Option<(ProductId, u16, Option<[u8; 32]>)>, Refusal> {
        let Some((product, target)) = self.shelf.target(id).await? else { return Ok(None) };
        let Some(row) = self.store.devices().find(id).await? else { return Ok(None) };
        let own = row.product_id == Some(product.0);
        let running = row.firmware_version.filter(|_| own);
        Ok(match target {
            Target::Nothing(_) => None,
            Target::Version { version, sha256: None } => {
                (running != Some(version)).then_some((product, version, None))
            }
            Target::Version { version, sha256 } => {
                let newer = running.is_none_or(|running| running < version);
                newer.then_some((product, version, sha256))
            }
        })
    }

    async fn send(&self, id: DeviceId, version: u16, image: Image) {
        match self.reach.send(id, image.into()).await {
            Ok(()) => tracing::info!(device = %id, version, "a device took what is released to it"),
            Err(error) => {
                tracing::info!(device = %id, version, %error, "a device did not take what is released to it");
            }
        }
    }
}
