//! Does what the operator asks, on the store of a running node or of one at rest.

use super::batch::PinLine;
use super::line::{Entry, Pinned, Request, Response, Skipped, WaitingEvent};
use super::product::Products;
use super::rollout::Rollouts;
use crate::account::{AccountId, Accounts};
use crate::audit::Actor;
use crate::clock::now_ms;
use crate::device::{Enrolment, Gateway, enrolment};
use crate::device_key::KeyKind;
use crate::event::Outbox;
use crate::pinning::Pinning;
use crate::pulse::Pulse;
use crate::serve::Addresses;
use crate::store::Store;
use crate::store::pin::{BatchError, HistoryEntry, NewPin, PinChange, PinError, PinnedBy, What};
use crate::survey::Surveyor;
use crate::vault::Vault;
use pintle_protocol::DeviceId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long shards and store have to show that they live.
const HEARTBEAT_WITHIN: Duration = Duration::from_secs(4);

/// How many waiting events go into one answer, at most: 1 MiB or so.
const MOST_ROWS: usize = 512;

/// How long an answer may wait for an event.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where an operator's requests are carried out.
#[derive(Clone)]
pub struct Office {
    store: Store,
    accounts: Accounts,
    gateway: Option<Gateway>,
    pinning: Pinning,
    running: Option<Running>,
    rollouts: Option<Rollouts>,
    products: Option<Products>,
    vault: Option<Vault>,
    surveyor: Option<Surveyor>,
}

/// What only a running node has.
#[derive(Clone)]
pub struct Running {
    /// Whether everything in it answers.
    pub pulse: Pulse,
    /// Where it listens.
    pub addresses: Addresses,
    /// What waits for a durable consumer.
    pub outbox: Outbox,
    /// Which devices may be pinned with the key that they come with; `None` where the TCP service is off.
    pub enrolment: Option<Enrolment>,
}

/// Why nobody can be enrolled.
const NO_TCP: &str = "the TCP service is off on this node, and devices on UDP are pinned with `pintle pin set`: start it with \
                      [tcp] enabled = true, or --tcp";

type Result<T> = std::result::Result<T, String>;

impl Office {
    /// An office on this store; `gateway` where the node runs, so that doors learn of new pins.
    pub fn new(store: Store, accounts: Accounts, gateway: Option<Gateway>) -> Self {
        let pinning = Pinning::new(store.clone(), Arc::default());
        Self {
            store,
            accounts,
            gateway,
            pinning,
            running: None,
            rollouts: None,
            products: None,
            vault: None,
            surveyor: None,
        }
    }

    /// Sets another way to a pin.
    #[must_use]
    pub fn with_pinning(mut self, pinning: Pinning) -> Self {
        self.pinning = pinning;
        self
    }

    /// Lets it speak of rollouts.
    #[must_use]
    pub fn with_rollouts(mut self, rollouts: Rollouts) -> Self {
        self.rollouts = Some(rollouts);
        self
    }

    /// Lets it speak of products.
    #[must_use]
    pub fn with_products(mut self, products: Products) -> Self {
        let shelf = products.shelf.by(Actor::OPERATOR);
        self.products = Some(Products { shelf, ..products });
        self
    }

    /// Lets it speak of keys and backups.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Lets it answer an audit.
    #[must_use]
    pub fn with_surveyor(mut self, surveyor: Surveyor) -> Self {
        self.surveyor = Some(surveyor);
        self
    }

    pub(super) fn surveyor(&self) -> Option<&Surveyor> {
        self.surveyor.as_ref()
    }

    pub(super) fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    pub(super) fn products(&self) -> Option<&Products> {
        self.products.as_ref()
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn rollouts(&self) -> Option<&Rollouts> {
        self.rollouts.as_ref()
    }

    /// Lets it answer for the running node.
    #[must_use]
    pub fn of_running(mut self, running: Running) -> Self {
        self.running = Some(running);
        self
    }

    /// Carries a request out. A refusal is an answer too.
    pub async fn carry_out(&self, request: Request) -> Response {
        let done = match request {
            Request::PinSet { pin } => self.set(pin).await,
            Request::PinImport { pins } => self.import(pins).await,
            Request::PinTakeOver { pins } => self.take_over(pins).await,
            Request::PinEnrol { device, minutes } => self.enrol(&device, minutes).await,
            Request::Heartbeat => self.heartbeat().await,
            Request::PinForget { devices } => self.forget(devices).await,
            Request::OutboxList { count, wait_ms } => self.waiting(count, wait_ms).await,
            Request::OutboxTake { rows } => self.take(&rows),
            Request::Product { product } => self.product(product).await,
            Request::Rollout { rollout } => self.rollout(rollout).await,
            Request::People { people } => self.people(people).await,
            Request::Key { key } => self.key(key).await,
            Request::Backup => self.back_up().await,
            Request::Survey => self.take_survey().await,
            Request::AuditRead { reading, because } => self.audit_read(reading, because).await,
            Request::Team { team } => self.team(team).await,
            Request::PinList => self.list().await,
            Request::PinHistory { device } => self.history(device).await,
        };
        done.unwrap_or_else(|why| Response::Refused { why })
    }

    async fn set(&self, line: PinLine) -> Result<Response> {
        let owner = self.owner(line.owner.as_deref()).await?;
        let pin = line.check(owner, PinnedBy::Operator, now_ms())?;
        let change = self.pinning.set(&pin).await;
        if let Err(error) = &change {
            self.note_refusal(&pin, error).await;
        }
        let change = change.map_err(|error| error.to_string())?;
        self.tell_doors(&pin);
        Ok(Response::Set {
            device: pin.device.to_string(),
            fingerprint: pin.key.fingerprint().to_string(),
            kind: pin.key.kind(),
            change: word(change).into(),
        })
    }

    async fn import(&self, lines: Vec<PinLine>) -> Result<Response> {
        let mut pins = Vec::with_capacity(lines.len());
        for line in &lines {
            let at = |why: String| format!("line {}: {why}; nothing was imported", line.line);
            let owner = self.owner(line.owner.as_deref()).await.map_err(at)?;
            pins.push(line.check(owner, PinnedBy::Import, now_ms()).map_err(at)?);
        }
        let taken = self.pinning.set_all(&pins).await;
        let changes = taken.map_err(|BatchError { index, error, .. }| {
            let line = lines.get(index).map_or(0, |line| line.line);
            format!("line {line}: {error}; nothing was imported")
        })?;
        pins.iter().for_each(|pin| self.tell_doors(pin));
        let new = changes.iter().filter(|change| **change == PinChange::First).count();
        Ok(Response::Imported { pins: pins.len(), new })
    }

    async fn take_over(&self, lines: Vec<PinLine>) -> Result<Response> {
        let (mut pins, mut skipped) = (Vec::with_capacity(lines.len()), Vec::new());
        for line in &lines {
            let owner = self.owner(line.owner.as_deref()).await?;
            match line.check(owner, PinnedBy::Import, now_ms()) {
                Ok(pin) => pins.push(pin),
                Err(why) => skipped.push(Skipped { what: line.device.clone(), why }),
            }
        }
        let taken = self.pinning.set_sound(&pins).await;
        let (changes, bad) =
            taken.map_err(|BatchError { error, .. }| format!("{error}; nothing was imported"))?;
        for (index, pin) in pins.iter().enumerate() {
            let Some(error) = bad.get(&index) else {
                self.tell_doors(pin);
                continue;
            };
            skipped.push(Skipped { what: pin.device.to_string(), why: error.to_string() });
            self.note_refusal(pin, error).await;
        }
        let new = changes.iter().filter(|change| **change == PinChange::First).count();
        Ok(Response::TakenOver { new, same: changes.len() - new, skipped })
    }

    async fn enrol(&self, device: &str, minutes: u16) -> Result<Response> {
        let enrolment = self.running()?.enrolment.as_ref().ok_or(NO_TCP)?;
        let within = Duration::from_secs(60 * u64::from(minutes));
        if within.is_zero() || within > enrolment::LONGEST {
            return Err("leave is given for 1 to 60 minutes".to_owned());
        }
        let id: DeviceId =
            device.parse().map_err(|_| format!("`{device}` is not a device id: 24 hex digits"))?;
        let has = self.store.pins().key_of(id).await.map_err(|error| error.to_string())?;
        if has.is_some() {
            return Err(format!(
                "device {id} has a key pinned; only a device without one is pinned with the key that it comes with \
                 (`pintle pin set` replaces a key)"
            ));
        }
        let at_ms = now_ms();
        let entry = HistoryEntry {
            at_ms,
            device: Some(id),
            fingerprint: None,
            kind: KeyKind::Rsa1024,
            what: What::EnrolmentAllowed.as_str().into(),
            detail: format!("for {minutes} minutes, by operator"),
        };
        self.store.pins().note(&entry).await.map_err(|error| error.to_string())?;
        match enrolment.allow(id, Instant::now(), within) {
            true => Ok(Response::Enrolling { device: id.to_string(), minutes }),
            false => Err(format!(
                "{} devices have leave already: wait until some of them came",
                enrolment::MOST
            )),
        }
    }

    async fn forget(&self, devices: Vec<String>) -> Result<Response> {
        let ids = devices.iter().map(|text| {
            text.parse().map_err(|_| format!("`{text}` is not a device id: 24 hex digits"))
        });
        let ids: Vec<DeviceId> = ids.collect::<Result<_>>()?;
        let forgotten = self.store.pins().forget_all(&ids, now_ms()).await;
        let devices = forgotten.map_err(|error| error.to_string())?;
        if let Some(enrolment) = self.running.as_ref().and_then(|node| node.enrolment.as_ref()) {
            // Or whoever came next with that id would be pinned.
            ids.iter().for_each(|device| enrolment.withdraw(*device));
        }
        if let Some(gateway) = &self.gateway {
            ids.into_iter().for_each(|device| gateway.key_changed(device));
        }
        Ok(Response::Forgotten { devices })
    }

    async fn list(&self) -> Result<Response> {
        let rows = self.store.pins().list().await.map_err(|error| error.to_string())?;
        let pins = rows.into_iter().map(|row| Pinned {
            device: row.device.to_string(),
            fingerprint: row.fingerprint.to_string(),
            kind: row.kind,
            platform_id: row.platform_id,
            owner: row.owner.map(|owner| owner.handle()),
            by: row.by,
            at_ms: row.at_ms,
        });
        Ok(Response::Pins { pins: pins.collect() })
    }

    async fn history(&self, device: Option<String>) -> Result<Response> {
        let device = device
            .map(|text| {
                text.parse().map_err(|_| format!("`{text}` is not a device id: 24 hex digits"))
            })
            .transpose()?;
        let entries = self.store.pins().history(device).await.map_err(|error| error.to_string())?;
        let entries = entries.into_iter().map(|entry| Entry {
            at_ms: entry.at_ms,
            what: entry.what,
            device: entry.device.map(|device: DeviceId| device.to_string()),
            kind: entry.fingerprint.map(|_| entry.kind),
            fingerprint: entry.fingerprint.map(|key| key.to_string()),
            detail: entry.detail,
        });
        Ok(Response::History { entries: entries.collect() })
    }

    async fn heartbeat(&self) -> Result<Response> {
        let Running { pulse, addresses, .. } = self.running()?;
        pulse.beat(HEARTBEAT_WITHIN).await.map_err(|dead| dead.to_string())?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Response::Alive { process: std::process::id(), version, addresses: *addresses })
    }

    async fn waiting(&self, count: usize, wait_ms: u64) -> Result<Response> {
        let within = Duration::from_millis(wait_ms).min(LONGEST_WAIT);
        let rows = self.running()?.outbox.wait(count.min(MOST_ROWS), within).await;
        Ok(Response::Outbox { events: rows.iter().map(WaitingEvent::from).collect() })
    }

    fn take(&self, rows: &[String]) -> Result<Response> {
        let outbox = &self.running()?.outbox;
        let rows = rows.iter().map(|row| row.parse().map_err(|_| format!("`{row}` is no row")));
        let rows: Vec<u64> = rows.collect::<Result<_>>()?;
        let taken = rows.into_iter().filter_map(|row| {
            let is_last = outbox.taken(row)?;
            if let Some(gateway) = self.gateway.as_ref().filter(|_| is_last) {
                gateway.taken(row);
            }
            Some(row)
        });
        Ok(Response::Taken { rows: taken.count() })
    }

    fn running(&self) -> Result<&Running> {
        self.running.as_ref().ok_or_else(|| "no node runs on this folder".to_owned())
    }

    pub(super) async fn owner(&self, name: Option<&str>) -> Result<Option<AccountId>> {
        let Some(name) = name else { return Ok(None) };
        let found = self.accounts.find(name).await.map_err(|error| error.to_string())?;
        found.map(Some).ok_or_else(|| format!("there is no account `{name}` to own it"))
    }

    async fn note_refusal(&self, pin: &NewPin, error: &PinError) {
        let Some(what) = What::of_refusal(error) else { return };
        let entry = HistoryEntry {
            at_ms: pin.at_ms,
            device: Some(pin.device),
            fingerprint: Some(pin.key.fingerprint()),
            kind: pin.key.kind(),
            what: what.as_str().into(),
            detail: error.to_string(),
        };
        if let Err(error) = self.store.pins().note(&entry).await {
            tracing::error!(%error, "a refused pin could not be written down");
        }
    }

    fn tell_doors(&self, pin: &NewPin) {
        let Some(gateway) = &self.gateway else { return };
        gateway.key_changed(pin.device);
        if pin.owner.is_some() {
            gateway.owner_changed(pin.device);
        }
    }
}

fn word(change: PinChange) -> &'static str {
    match change {
        PinChange::First => "first",
        PinChange::Same => "same",
        PinChange::Replaced { .. } => "replaced",
    }
}
