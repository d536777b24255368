//! The webhooks of a node: made, changed, removed, and known to whoever publishes events.
//!
//! They are read once, at the start, and are in memory from then on; the store has what memory has, since changes go one
//! after the other and to the store first.

pub(crate) mod sealed;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::client::{Answer, Client};
use super::log::Log;
use super::occasion::{self, Occasion};
use super::request::{RequestError, outgoing};
use super::settings::{Settings, SettingsError};
use super::trouble::{Trouble, status_error};
use super::{Hook, HookId, Logged, MOST, telling};
use crate::account::AccountId;
use crate::audit::{Act, TokenMark, Who};
use crate::event::interest::{Among, Interest, Interests, Table};
use crate::event::{Event, Wanted};
use crate::node_key::{Label, NodeKey, NodeKeyError, Sealer};
use crate::product::ProductId;
use crate::store::{Store, StoreError};

/// Webhooks that are tried out at once.
const TRIALS: usize = 8;

/// Why a webhook was not made, changed or removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HooksError {
    /// What it was to be told.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What its templates make of an event.
    #[error("an event could not be sent: {0}")]
    Request(#[from] RequestError),
    /// There are so many already.
    #[error("there are {MOST} webhooks already, the most there may be: remove one first")]
    TooMany,
    /// It is not there.
    #[error("there is no such integration")]
    Unknown,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused: no random bytes, or no memory")]
    Crypto,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NodeKeyError> for HooksError {
    fn from(_: NodeKeyError) -> Self {
        Self::Crypto
    }
}

/// Whose change it is, for the audit log.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub who: Who,
    /// With which token.
    pub token: Option<TokenMark>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The answer, where there was one.
    pub status: Option<u16>,
    /// Its body.
    pub body: Vec<u8>,
    /// What went wrong.
    pub error: Option<String>,
}

/// The webhooks. Clones share them.
#[derive(Clone)]
pub struct Hooks {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    sealer: Sealer,
    interests: Interests,
    client: Client,
    plain: bool,
    log: Log,
    table: Mutex<BTreeMap<HookId, Arc<Hook>>>,
    /// Those that do not rest, by whose events they hear.
    by_among: Mutex<HashMap<Among, Vec<Arc<Hook>>>>,
    /// Of trials, so many at once.
    trials: Semaphore,
    /// One change at a time.
    changing: tokio::sync::Mutex<()>,
}

impl Hooks {
    /// Those in `store`, of which none is known before [`Self::load`]. `plain` says whether plain HTTP may be spoken.
    ///
    /// # Errors
    /// [`HooksError::Crypto`].
    pub fn new(
        store: Store,
        node_key: &NodeKey,
        interests: Interests,
        client: Client,
        plain: bool,
    ) -> Result<Self, HooksError> {
        let sealer = node_key.sealer(Label::WEBHOOK)?;
        let shared = Shared {
            store,
            sealer,
            interests,
            client,
            plain,
            log: Log::default(),
            table: Mutex::default(),
            by_among: Mutex::default(),
            trials: Semaphore::new(TRIALS),
            changing: tokio::sync::Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Reads them all. One that does not open is left out, and said so.
    ///
    /// # Errors
    /// [`HooksError::Store`].
    pub async fn load(&self) -> Result<(), HooksError> {
        let _one = self.shared.changing.lock().await;
        let mut table = BTreeMap::new();
        for row in self.shared.store.hooks().all().await? {
            match self.open(&row) {
                Some(hook) => drop(table.insert(hook.id, Arc::new(hook))),
                None => {
                    tracing::error!(integration = %row.id, "a webhook does not open under this node's keys, and rests");
                }
            }
        }
        *self.table() = table;
        self.publish().await
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`HooksError`].
    pub async fn create(
        &self,
        owner: AccountId,
        product: Option<ProductId>,
        settings: Settings,
        by: By,
    ) -> Result<Arc<Hook>, HooksError> {
        let hook = Hook {
            id: HookId::generate()?,
            owner,
            product,
            settings,
            created_at_ms: by.at_ms,
            updated_at_ms: by.at_ms,
            room: Arc::default(),
        };
        self.check(&hook)?;
        let row = self.seal(&hook)?;
        let _one = self.shared.changing.lock().await;
        if !self.shared.store.hooks().add(&row, act("integration.created", row.id, by)).await? {
            return Err(HooksError::TooMany);
        }
        self.put(hook).await
    }

    /// Tells one something else from now on.
    ///
    /// # Errors
    /// [`HooksError`].
    pub async fn replace(
        &self,
        id: HookId,
        settings: Settings,
        by: By,
    ) -> Result<Arc<Hook>, HooksError> {
        let _one = self.shared.changing.lock().await;
        let before = self.get(id).ok_or(HooksError::Unknown)?;
        let hook = Hook {
            id,
            owner: before.owner,
            product: before.product,
            settings,
            created_at_ms: before.created_at_ms,
            updated_at_ms: by.at_ms,
            room: Arc::clone(&before.room),
        };
        self.check(&hook)?;
        let row = self.seal(&hook)?;
        if !self.shared.store.hooks().replace(&row, act("integration.changed", id, by)).await? {
            return Err(HooksError::Unknown);
        }
        self.put(hook).await
    }

    /// Removes one. What waits for it is not delivered.
    ///
    /// # Errors
    /// [`HooksError`].
    pub async fn remove(&self, id: HookId, by: By) -> Result<(), HooksError> {
        let _one = self.shared.changing.lock().await;
        let removed =
            self.shared.store.hooks().remove(id, act("integration.removed", id, by)).await?;
        self.table().remove(&id);
        self.shared.log.forget(id);
        self.publish().await?;
        if removed { Ok(()) } else { Err(HooksError::Unknown) }
    }

    /// Those of an account, or of a product, the oldest first.
    #[must_use]
    pub fn list(&self, owner: AccountId, product: Option<ProductId>) -> Vec<Arc<Hook>> {
        let of = |hook: &&Arc<Hook>| hook.is_of(owner, product);
        let mut all: Vec<_> = self.table().values().filter(of).cloned().collect();
        all.sort_by_key(|hook| (hook.created_at_ms, hook.id));
        all
    }

    /// One of an account, or of a product.
    #[must_use]
    pub fn find(
        &self,
        id: HookId,
        owner: AccountId,
        product: Option<ProductId>,
    ) -> Option<Arc<Hook>> {
        self.get(id).filter(|hook| hook.is_of(owner, product))
    }

    /// The last tries of one, the newest first.
    #[must_use]
    pub fn logged(&self, id: HookId) -> Vec<Logged> {
        self.shared.log.of(id)
    }

    /// Sends an event with one now, once, whatever comes of it; nothing where too many are tried out already.
    pub async fn try_out(&self, hook: &Hook, event: &Event, now_ms: i64) -> Option<Trial> {
        let _one_of_some = self.shared.trials.try_acquire().ok()?;
        let id = occasion::name(hook.id, None);
        let occasion = Occasion { event, id: &id, product: hook.product.map(|product| product.0) };
        Some(match self.send(hook, &occasion, now_ms).await {
            Ok(answer) => {
                let bad = !(200..300).contains(&answer.status);
                let error = bad.then(|| status_error(hook, answer.status));
                Trial { status: Some(answer.status), body: answer.body, error }
            }
            Err(error) => Trial { status: None, body: Vec::new(), error: Some(error.to_string()) },
        })
    }

    /// Which devices are in a product has changed.
    ///
    /// # Errors
    /// [`HooksError::Store`].
    pub async fn places_changed(&self) -> Result<(), HooksError> {
        let _one = self.shared.changing.lock().await;
        self.publish().await
    }

    /// Whether a webhook waits for an event that a person publishes, and has room for it.
    #[must_use]
    pub fn wanted(&self, event: &Event) -> Wanted {
        let mut watch = self.shared.interests.watch();
        let hooks = watch.wants(event);
        if !hooks {
            watch.count_missed(event);
        }
        Wanted { outbox: false, hooks }
    }

    /// One, whosever it is.
    pub(super) fn get(&self, id: HookId) -> Option<Arc<Hook>> {
        self.table().get(&id).cloned()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Hook>> {
        self.table().values().cloned().collect()
    }

    /// Those that an event is for.
    pub(super) fn wanting(&self, event: &Event) -> Vec<Arc<Hook>> {
        let product = self.shared.interests.table().product_of(event).map(Among::Product);
        let among = [event.owner.map(Among::Account), product];
        let known = self.shared.by_among.lock().unwrap_or_else(PoisonError::into_inner);
        let all = among.into_iter().flatten().filter_map(|among| known.get(&among)).flatten();
        all.filter(|hook| hook.interest().is_in(event)).cloned().collect()
    }

    pub(super) fn interests(&self) -> &Interests {
        &self.shared.interests
    }

    pub(super) fn log(&self) -> &Log {
        &self.shared.log
    }

    /// One try.
    pub(super) async fn send(
        &self,
        hook: &Hook,
        occasion: &Occasion<'_>,
        now_ms: i64,
    ) -> Result<Answer, Trouble> {
        let mut request = outgoing(&hook.settings, occasion).map_err(Trouble::Request)?;
        request.sign(&hook.settings.signing_key, occasion.id, now_ms / 1_000);
        let host = request.target.host.clone();
        self.shared.client.send(request).await.map_err(|error| Trouble::Send(host, error))
    }

    fn check(&self, hook: &Hook) -> Result<(), HooksError> {
        hook.settings.check(self.shared.plain)?;
        let event = telling::about(hook);
        let occasion = Occasion { event: &event, id: "evt_0", product: None };
        outgoing(&hook.settings, &occasion)?;
        Ok(())
    }

    async fn put(&self, hook: Hook) -> Result<Arc<Hook>, HooksError> {
        let hook = Arc::new(hook);
        self.table().insert(hook.id, Arc::clone(&hook));
        self.publish().await?;
        Ok(hook)
    }

    /// Lets whoever publishes events know.
    async fn publish(&self) -> Result<(), HooksError> {
        let (mut table, mut known) = (Table::default(), HashMap::<_, Vec<_>>::new());
        for hook in self.table().values().filter(|hook| !hook.settings.disabled) {
            let account = Among::Account(hook.owner);
            let among = hook.product.map_or(account, |product| Among::Product(product.0));
            table.add(among, hook.interest());
            known.entry(among).or_default().push(Arc::clone(hook));
        }
        *self.shared.by_among.lock().unwrap_or_else(PoisonError::into_inner) = known;
        for (device, product) in self.shared.store.hooks().placed_devices().await? {
            table.place(device, product.0);
        }
        self.shared.interests.set(table);
        Ok(())
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<HookId, Arc<Hook>>> {
        self.shared.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hook {
    fn is_of(&self, owner: AccountId, product: Option<ProductId>) -> bool {
        match self.product {
            Some(own) => product == Some(own),
            None => product.is_none() && self.owner == owner,
        }
    }

    fn interest(&self) -> Interest {
        Interest {
            device: self.settings.device(),
            prefix: self.settings.event.clone(),
            room: Arc::clone(&self.room),
        }
    }
}

fn act(what: &'static str, id: HookId, by: By) -> Act {
    let act = Act::new(what, by.who, by.at_ms).on("integration", id);
    match by.token {
        Some(token) => act.from_token(token),
        None => act,
    }
}
