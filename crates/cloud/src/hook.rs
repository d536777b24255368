//! Webhooks: events that go to servers of other people, over HTTPS, and what those answer.
//!
//! 1. A webhook is an interest in events (see [`crate::event::interest`]). A device's event that one wants is a sealed row
//!    of the journal before the device hears that it was taken in, and stays one until every webhook took it or gave up.
//! 2. [`courier`] takes what arrives, and [`schedule`] says what goes when: again after a failure, not at all to a host
//!    where much failed, and never so much of one account that others wait.
//! 3. [`request`] fills the templates in; [`client`] resolves the name, [`egress`] looks at every address it has, and only
//!    such a one is dialled. What is sent is signed ([`signature`]).
//! 4. What came of it is published as events of the account (`telling`), and the last ten tries are remembered in memory.
//!
//! What a webhook is told ([`settings`]) is sealed in the store, since it holds keys of other services.

pub mod client;
pub mod courier;
mod desk;
pub mod egress;
mod log;
mod occasion;
pub mod request;
pub mod schedule;
pub mod secret;
pub mod settings;
pub mod signature;
pub mod target;
mod telling;
pub mod template;
mod trouble;
mod variables;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::account::AccountId;
use crate::event::interest::Room;
use crate::node_key::{NodeKeyError, random};
use crate::product::ProductId;
pub(crate) use desk::sealed::{context as sealed_context, open_row};
pub use desk::{By, Hooks, HooksError, Trial};
pub use log::Logged;
use settings::Settings;

/// The most webhooks of one account, and of one product.
pub const MOST: usize = 100;

/// A webhook's id: 12 random bytes, which clients see as 24 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HookId([u8; 12]);

impl HookId {
    /// A new one.
    ///
    /// # Errors
    /// [`NodeKeyError::Crypto`] where there is no randomness.
    pub fn generate() -> Result<Self, NodeKeyError> {
        let mut bytes = [0; 12];
        random(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// An id from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl fmt::Display for HookId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// A text that is no id of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's id has 24 hex digits")]
pub struct NoHookId;

impl FromStr for HookId {
    type Err = NoHookId;

    fn from_str(text: &str) -> Result<Self, NoHookId> {
        let id: crate::DeviceId = text.parse().map_err(|_| NoHookId)?;
        Ok(Self(*id.as_bytes()))
    }
}

/// A webhook.
pub struct Hook {
    /// Its id.
    pub id: HookId,
    /// The account that made it, or whose product it is of.
    pub owner: AccountId,
    /// The product whose devices' events it hears, instead of its owner's.
    pub product: Option<ProductId>,
    /// What it is told.
    pub settings: Settings,
    /// In milliseconds since 1970.
    pub created_at_ms: i64,
    /// In milliseconds since 1970.
    pub updated_at_ms: i64,
    /// What waits for it.
    room: Arc<Room>,
}
