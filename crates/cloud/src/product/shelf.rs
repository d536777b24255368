//! The one door to firmware: whatever is released or sent comes off this shelf, checked in that moment.

use std::io;
use std::path::Path;
use std::sync::Arc;

use pintle_firmware::module::{Module, Platform, Wanted};
use pintle_firmware::release::{Release, Time};
use pintle_protocol::DeviceId;
use tokio::sync::{Mutex, Semaphore};

use super::checked::{self, Policy};
use super::marks::{self, Marks};
use super::pieces::{self, Which};
use super::standing::{Releases, Standing};
use super::target::{Target, target};
use super::{Image, ProductId, Refusal};
use crate::audit::{Act, Actor};
use crate::clock;
use crate::node_key::{Label, NodeKey, NodeKeyError, Sealer};
use crate::store::firmware::FirmwareRow;
use crate::store::product::ProductRow;
use crate::store::{Store, Transaction};

/// Files in memory at once, of uploads and of what is taken off the shelf.
const FILES_AT_ONCE: usize = 8;

/// The firmware of a node's products. Cheap to clone.
#[derive(Clone)]
pub struct Shelf {
    pub(super) store: Store,
    pub(super) rooms: Arc<Rooms>,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    actor: Actor,
}

pub(super) struct Rooms {
    pub(super) files: Sealer,
    pub(super) standing: Sealer,
    marks: Arc<Mutex<Marks>>,
    at_once: Semaphore,
}

/// A product with what is in force in it.
pub(super) struct Opened {
    pub(super) row: ProductRow,
    pub(super) standing: Standing,
    pub(super) policy: Policy,
}

impl Shelf {
    /// The shelf of a data folder's store.
    ///
    /// # Errors
    /// [`NodeKeyError::Crypto`].
    pub fn new(store: Store, node_key: &NodeKey, folder: &Path) -> Result<Self, NodeKeyError> {
        let marks =
            Marks::new(folder.join(marks::FILE_NAME), node_key.sealer(Label::PRODUCT_MARKS)?);
        let rooms = Rooms {
            files: node_key.sealer(Label::FIRMWARE)?,
            standing: node_key.sealer(Label::PRODUCT)?,
            marks: Arc::new(Mutex::new(marks)),
            at_once: Semaphore::new(FILES_AT_ONCE),
        };
        let (rooms, now_ms) = (Arc::new(rooms), Arc::new(clock::now_ms));
        Ok(Self { store, rooms, now_ms, actor: Actor::NODE })
    }

    /// This shelf, as it is used by somebody: what they change is written down as theirs.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Something done here, for the audit log.
    pub(super) fn act(&self, what: &'static str) -> Act {
        self.actor.act(what, self.now_ms())
    }

    /// Writes down that something was refused.
    pub(super) fn refused<T>(&self, act: Act, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if let Err(refusal) = &result
            && let Some(why) = refusal.word()
        {
            self.store.note(act.refused(why));
        }
        result
    }

    /// Sets another clock, in milliseconds since 1970.
    #[must_use]
    pub fn with_clock(mut self, now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        self.now_ms = Arc::new(now_ms);
        self
    }

    /// A firmware, to be sent: unsealed, hashed, and checked against the product's keyring just now. Every start of a
    /// transfer asks for it again.
    ///
    /// # Errors
    /// [`Refusal`]: the one reason why it may not be sent.
    pub async fn image(&self, product: ProductId, version: u16) -> Result<Image, Refusal> {
        let opened = self.open(product).await?;
        self.take(&opened, version).await
    }

    /// The same, where the file has to be the one that was released.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::Exchanged`] where it is another.
    pub async fn released_image(
        &self,
        product: ProductId,
        version: u16,
        sha256: &[u8; 32],
    ) -> Result<Image, Refusal> {
        let image = self.image(product, version).await?;
        if image.sha256 == *sha256 {
            Ok(image)
        } else {
            Err(Refusal::Exchanged { product, version })
        }
    }

    /// What is released in a product.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn releases(&self, product: ProductId) -> Result<Releases, Refusal> {
        Ok(self.open(product).await?.standing.releases)
    }

    /// Whether nothing is released in a product without signatures.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn asks_for_signatures(&self, product: ProductId) -> Result<bool, Refusal> {
        Ok(self.open(product).await?.policy.asks_for_signatures())
    }

    /// What a device is to have; `None` where it is in no product.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn target(&self, id: DeviceId) -> Result<Option<(ProductId, Target)>, Refusal> {
        let Some(membership) = self.store.product_devices().membership(id).await? else {
            return Ok(None);
        };
        let releases = self.releases(membership.product).await?;
        Ok(Some((membership.product, target(&releases, &membership))))
    }

    /// Whether a file may be flashed to this one device, and what is to go with it: the signed release where the file
    /// is a product's firmware that has one, nothing otherwise.
    ///
    /// Nothing unsigned goes to a device of a product with a keyring, save one that is marked for development. A device
    /// is of the product it was put into, and of the one that it says itself.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn may_flash(&self, device: DeviceId, file: &[u8]) -> Result<Arc<[u8]>, Refusal> {
        let statement = self.statement_for(device, file).await;
        self.refused(self.act("device.flashed").on("device", device), statement)
    }

    async fn statement_for(&self, device: DeviceId, file: &[u8]) -> Result<Arc<[u8]>, Refusal> {
        let module = Module::read(file)?;
        let known = self.store.devices().find(device).await?;
        let membership = self.store.product_devices().membership(device).await?;
        if let Some(fault) = checked::fault_for_device(&module, known.as_ref()) {
            return Err(Refusal::Module(fault));
        }
        let of_module = module.suffix().product.map(|product| ProductId(product.id));
        if let (Some(found), Some(own)) = (of_module, &membership)
            && found != own.product
        {
            return Err(Refusal::OtherProduct { found, wanted: own.product });
        }
        let said = known.and_then(|row| row.product_id).map(ProductId);
        let development = membership.as_ref().is_some_and(|own| own.development);
        let mut products = vec![membership.map(|own| own.product), said, of_module];
        products.sort();
        products.dedup();
        let mut statement = Arc::default();
        for product in products.into_iter().flatten() {
            if !self.is_known(product).await? {
                continue;
            }
            let opened = self.open(product).await?;
            match self.signed(&opened, file, &module).await {
                Ok(found) => statement = found,
                Err(Refusal::DeviceNeedsSigned { .. }) if development => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(statement)
    }

    /// Whether there is, or was, such a product: a row that was deleted by hand does not take its rules along.
    async fn is_known(&self, product: ProductId) -> Result<bool, Refusal> {
        if self.store.products().find(product).await?.is_some() {
            return Ok(true);
        }
        self.rooms.marks.lock().await.knows(product)
    }

    /// The statement of a file that is firmware of the product; nothing where the product asks for none.
    async fn signed(
        &self,
        opened: &Opened,
        file: &[u8],
        module: &Module<'_>,
    ) -> Result<Arc<[u8]>, Refusal> {
        if !opened.policy.asks_for_signatures() {
            return Ok(Arc::default());
        }
        let refused = Refusal::DeviceNeedsSigned { product: opened.row.id };
        let version = module.suffix().product.ok_or(refused.clone())?.version;
        let row = self.store.firmware().find(opened.row.id, version).await?;
        let row = row.filter(|row| checked::is_file_of(row, file)).ok_or(refused)?;
        opened.check(&row, file, self.time())
    }

    /// A product with what is in force in it.
    pub(super) async fn open(&self, product: ProductId) -> Result<Opened, Refusal> {
        let mut marks = self.rooms.marks.lock().await;
        self.open_with(&mut marks, product).await
    }

    async fn open_with(&self, marks: &mut Marks, product: ProductId) -> Result<Opened, Refusal> {
        let row = self.store.products().find(product).await?;
        let row = match row {
            Some(row) => row,
            None if marks.knows(product)? => return Err(Refusal::Locked { product, why: GONE }),
            None => return Err(Refusal::NoProduct(product)),
        };
        let standing = Standing::open(&self.rooms.standing, product, &row.standing)?;
        marks.check(product, &standing)?;
        let keyrings = match standing.keyring {
            Some(_) => self.store.products().keyrings(product).await?,
            None => Vec::new(),
        };
        let policy = Policy::new(product, &standing, keyrings)?;
        Ok(Opened { row, standing, policy })
    }

    /// Takes a firmware off the shelf.
    pub(super) async fn take(&self, opened: &Opened, version: u16) -> Result<Image, Refusal> {
        let product = opened.row.id;
        let missing = Refusal::NoFirmware { product, version };
        let row = self.store.firmware().find(product, version).await?.ok_or(missing)?;
        let file = self.file(&row).await?;
        let statement = opened.check(&row, &file, self.time())?;
        let function = Module::read(&file)?.prefix().function.0;
        Ok(Image { sha256: row.sha256, function: Some(function), file, statement })
    }

    /// The file of a firmware: unsealed, and of the SHA-256 that was written down when it was uploaded.
    pub(super) async fn file(&self, row: &FirmwareRow) -> Result<Arc<[u8]>, Refusal> {
        let (product, version, sha256) = (row.product, row.version, row.sha256);
        let damaged = Refusal::Damaged { product, version };
        let _one = self.rooms.at_once.acquire().await.map_err(|_| Refusal::Internal)?;
        let sealed = self.store.firmware().pieces(product, version).await?;
        let rooms = Arc::clone(&self.rooms);
        let opened = tokio::task::spawn_blocking(move || {
            let which = Which { product, version, sha256: &sha256 };
            let file: Arc<[u8]> =
                pieces::open(&rooms.files, which, &sealed).ok()?.as_slice().into();
            checked::is_sha256(&file, &sha256).then_some(file)
        });
        opened.await.map_err(|_| Refusal::Internal)?.ok_or(damaged)
    }

    /// Changes what is in force in a product, with what belongs to it, all or nothing. One change at a time.
    pub(super) async fn change(
        &self,
        product: ProductId,
        change: impl FnOnce(&Opened, &mut Standing) -> Result<Transaction, Refusal>,
    ) -> Result<Standing, Refusal> {
        let mut marks = Arc::clone(&self.rooms.marks).lock_owned().await;
        let opened = self.open_with(&mut marks, product).await?;
        let mut next = opened.standing.clone();
        let with = change(&opened, &mut next)?;
        next.generation = next.generation.saturating_add(1);
        let sealed = next.seal(&self.rooms.standing, product)?;
        let old = &opened.row.standing;
        if !self.store.products().restand(product, old, &sealed, with).await? {
            return Err(Refusal::Meanwhile(product));
        }
        let generation = next.generation;
        let raised = tokio::task::spawn_blocking(move || marks.raise(product, generation));
        raised.await.map_err(|_| Refusal::Internal)??;
        Ok(next)
    }

    /// Remembers the standing of a product that was just made.
    pub(super) async fn remember(&self, product: ProductId) -> Result<(), Refusal> {
        let mut marks = Arc::clone(&self.rooms.marks).lock_owned().await;
        let raised = tokio::task::spawn_blocking(move || marks.raise(product, 1));
        raised.await.map_err(|_| Refusal::Internal)?
    }

    /// Seals the marks of products anew, after a newer key was made.
    ///
    /// # Errors
    /// What the disk says, or that the marks do not open.
    pub(crate) async fn reseal_marks(&self) -> io::Result<()> {
        let mut marks = Arc::clone(&self.rooms.marks).lock_owned().await;
        tokio::task::spawn_blocking(move || marks.reseal()).await.map_err(io::Error::other)?
    }

    /// Milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        (self.now_ms)()
    }

    /// The time that expiry is checked against.
    pub(super) fn time(&self) -> Time {
        Time::Seconds(u64::try_from(self.now_ms() / 1_000).unwrap_or(0))
    }
}

const GONE: &str = "it is gone from the store; restore a backup of the whole data folder";

impl Opened {
    /// Checks a firmware's file in full, as the product's keyring asks; what travels with it.
    pub(super) fn check(
        &self,
        row: &FirmwareRow,
        file: &[u8],
        now: Time,
    ) -> Result<Arc<[u8]>, Refusal> {
        let module = Module::read(file)?;
        let wanted = self.wanted(Some(row.version));
        if let Some(fault) = checked::first_difference(&wanted, &module) {
            return Err(Refusal::Module(fault));
        }
        if self.release_of(row, file, now)?.is_none() {
            return Ok(Arc::default());
        }
        Ok(self.policy.statement(row.statement.as_deref().unwrap_or_default()).into())
    }

    /// What was signed about a firmware's file, checked in full; `None` where nobody has to sign.
    pub(super) fn release_of(
        &self,
        row: &FirmwareRow,
        file: &[u8],
        now: Time,
    ) -> Result<Option<Release>, Refusal> {
        let module = Module::read(file)?;
        let release = self.policy.check(row.statement.as_deref(), file, &module, now)?;
        match release {
            Some(release) if release.counter < self.standing.counter => {
                let (found, highest) = (release.counter, self.standing.counter);
                Err(Refusal::Counter { found, highest })
            }
            release => Ok(release),
        }
    }

    /// What a module of this product has to be.
    pub(super) fn wanted(&self, version: Option<u16>) -> Wanted<'static> {
        Wanted {
            platform: Some(Platform(self.row.platform_id)),
            product: Some(self.row.id.0),
            product_version: version,
            ..Wanted::default()
        }
    }
}
