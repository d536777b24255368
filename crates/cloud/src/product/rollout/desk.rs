//! Where people speak to rollouts: start, halt, resume, and how it stands. On a running node or on a folder at rest.

use super::draw::draw;
use super::fact::{Facts, Member};
use super::plan::{Plan, PlanError};
use super::status::Status;
use super::step::{Phase, Rollout};
use super::transfers::Transfers;
use crate::audit::Actor;
use crate::clock::now_ms;
use crate::product::{Image, ProductId, Refusal, Shelf};
use crate::store::rollout::{Begun, NewRollout, Told};
use crate::store::{Store, StoreError};
use pintle_firmware::module::{Function, Module};
use pintle_protocol::DeviceId;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::{Mutex, Notify};

/// Devices that are written or read at once.
const PAGE: u32 = 1_000;

/// Why a rollout was not started, halted, resumed or shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeskError {
    /// The plan cannot be followed.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The image may not be sent.
    #[error("the image may not be sent: {0}")]
    Image(#[from] Refusal),
    /// Nobody could tell whether a device runs it.
    #[error(
        "the firmware is {0}, and devices name the SHA-256 of an application only: a rollout could not tell who runs it"
    )]
    NoApplication(Function),
    /// There is nobody to send it to.
    #[error(
        "product {0} has no device that this version is for: put devices into it first (those marked for development or \
         locked to another version are left alone)"
    )]
    NoDevices(ProductId),
    /// Another one is under way.
    #[error("a rollout of product {0} is running already: `pintle rollout halt` ends its offers")]
    AnotherRuns(ProductId),
    /// There is no such rollout.
    #[error("there is no rollout {0}")]
    NoRollout(u64),
    /// It is not clear which one is meant.
    #[error("rollouts {0} are under way: say which one with --rollout N or --product P")]
    Several(String),
    /// There is none at all.
    #[error("there is no rollout yet: `pintle rollout start` begins one")]
    None,
    /// It is not in the phase for that.
    #[error("rollout {number} is {phase}, and {wanted}")]
    NotSo {
        /// The rollout.
        number: u64,
        /// Its phase.
        phase: &'static str,
        /// What can be done only in another.
        wanted: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// By which an image is known to run.
fn hashes(image: &Image) -> Result<([u8; 32], [u8; 32]), DeskError> {
    let module = Module::read(&image.file).map_err(Refusal::from)?;
    let function = module.prefix().function;
    match function {
        Function::USER_PART | Function::MONOLITHIC => Ok((image.sha256, module.suffix().sha256.0)),
        other => Err(DeskError::NoApplication(other)),
    }
}

/// Where people speak to rollouts. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    transfers: Transfers,
    poke: Arc<Notify>,
    starting: Arc<Mutex<()>>,
    online: Option<Arc<dyn Fn(DeviceId) -> bool + Send + Sync>>,
    actor: Actor,
}

impl Desk {
    /// A desk on this store. On a running node, `online` says who can be reached; at rest nobody can.
    pub fn new(store: Store, online: Option<Arc<dyn Fn(DeviceId) -> bool + Send + Sync>>) -> Self {
        let (transfers, poke) = (Transfers::default(), Arc::new(Notify::new()));
        Self { store, transfers, poke, starting: Arc::default(), online, actor: Actor::OPERATOR }
    }

    /// This desk, as somebody speaks to it; without that, whoever is at the machine.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// The store, for one write that is written down.
    fn telling(&self, what: &'static str, number: u64) -> Store {
        self.store.telling(self.actor.act(what, now_ms()).on("rollout", number))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    pub(super) fn poke(&self) {
        self.poke.notify_one();
    }

    pub(super) async fn poked(&self) {
        self.poke.notified().await;
    }

    /// Starts a rollout: checks the image, draws the devices, opens the first stage. A rollout of the product that is
    /// halted gives way to it. Its number.
    ///
    /// # Errors
    /// [`DeskError`]; nothing has begun then.
    pub async fn start(
        &self,
        shelf: &Shelf,
        product: ProductId,
        version: u16,
        plan: Plan,
    ) -> Result<u64, DeskError> {
        plan.check()?;
        let (sha256, module_sha256) = hashes(&shelf.image(product, version).await?)?;
        let _alone = self.starting.lock().await;
        let devices = self.population(product, version).await?;
        let count = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        if devices.is_empty() {
            return Err(DeskError::NoDevices(product));
        }
        let reach = plan.reach(count);
        let new = NewRollout { product, version, sha256, module_sha256, plan, at_ms: now_ms() };
        let Begun::Drawing(number) = self.store.rollouts().begin(&new).await? else {
            return Err(DeskError::AnotherRuns(product));
        };
        let drawn = tokio::task::spawn_blocking(move || draw(number, devices)).await;
        let drawn = drawn.map_err(|_| StoreError::Closed)?;
        for (page, first) in drawn.chunks(PAGE as usize).zip((0..).step_by(PAGE as usize)) {
            self.store.rollouts().add(number, first, page).await?;
        }
        match self
            .telling("rollout.started", number)
            .rollouts()
            .run(number, &reach, now_ms())
            .await?
        {
            Told::Done => {}
            Told::NotSo | Told::AnotherRuns => return Err(DeskError::AnotherRuns(product)),
        }
        self.poke();
        Ok(number)
    }

    /// Halts a rollout: no more offers, and transfers that are under way are broken off.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn halt(&self, number: u64) -> Result<(), DeskError> {
        let told = self
            .telling("rollout.halted", number)
            .rollouts()
            .halt(number, "a person halted it")
            .await?;
        self.poke();
        self.answer(number, told, "only one that is running can be halted").await
    }

    /// Lets a halted rollout go on. The failures that it has now count no more; those devices are not offered the image
    /// again where they fell back or refused it.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn resume(&self, number: u64) -> Result<(), DeskError> {
        let told =
            self.telling("rollout.resumed", number).rollouts().resume(number, now_ms()).await?;
        self.poke();
        self.answer(number, told, "only one that is halted can be resumed").await
    }

    /// Which rollout is meant: this one, or the newest; of this product, where one is named.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn which(
        &self,
        number: Option<u64>,
        product: Option<ProductId>,
    ) -> Result<u64, DeskError> {
        if let Some(number) = number {
            return Ok(number);
        }
        let newest = self.store.rollouts().newest(product).await?.ok_or(DeskError::None)?;
        let under_way = self.store.rollouts().unfinished().await?;
        let of_others = under_way.iter().filter(|other| other.number != newest.number);
        let others: Vec<_> = of_others.map(|other| other.number.to_string()).collect();
        if product.is_none() && !others.is_empty() {
            let all = format!("{} and {}", others.join(", "), newest.number);
            return Err(DeskError::Several(all));
        }
        Ok(newest.number)
    }

    /// How a rollout stands, by the same judgement that the engine acts on. All devices of its open stages are named
    /// if `all`, else those that do not run the image.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn status(&self, number: u64, all: bool) -> Result<Status, DeskError> {
        let found = self.store.rollouts().find(number).await?;
        let rollout = found.ok_or(DeskError::NoRollout(number))?;
        let mut status = Status::new(&rollout, self.online.is_some());
        let mut from = 0;
        while from < rollout.open() && rollout.phase != Phase::Drawing {
            let (page, now) = (self.page(&rollout, from).await?, now_ms());
            page.iter().for_each(|(member, facts)| status.look(&rollout, member, facts, now, all));
            let full = page.len() == PAGE as usize;
            from = page.last().filter(|_| full).map_or(rollout.open(), |(last, _)| last.rank + 1);
        }
        Ok(status)
    }

    async fn page(&self, rollout: &Rollout, from: u32) -> Result<Vec<(Member, Facts)>, StoreError> {
        let before = self.transfers.of(rollout.number);
        let page = self.store.rollouts().page(rollout.number, from, rollout.open(), PAGE);
        let mut page = page.await?;
        // An offer that began while the page was read is not in what was looked at before.
        let after = self.transfers.of(rollout.number);
        for (member, facts) in &mut page {
            facts.online = self.online.as_ref().is_some_and(|online| online(member.device));
            let live = after.get(&member.device).or_else(|| before.get(&member.device));
            facts.sending = live.copied();
        }
        Ok(page)
    }

    async fn answer(&self, number: u64, told: Told, wanted: &'static str) -> Result<(), DeskError> {
        let rollout = self.store.rollouts().find(number).await?;
        let rollout = rollout.ok_or(DeskError::NoRollout(number))?;
        match told {
            Told::Done => Ok(()),
            Told::AnotherRuns => Err(DeskError::AnotherRuns(rollout.product)),
            Told::NotSo => Err(DeskError::NotSo { number, phase: rollout.phase.name(), wanted }),
        }
    }

    async fn population(
        &self,
        product: ProductId,
        version: u16,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let rows = self.store.rollouts().population(product, version);
        let read = tokio::task::spawn_blocking(move || rows.collect());
        read.await.unwrap_or(Err(StoreError::Closed))
    }
}
