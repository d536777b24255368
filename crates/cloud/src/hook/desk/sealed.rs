//! A webhook as the store has it: what it is told is sealed, and bound to whose it is.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Hooks, HooksError};
use crate::account::AccountId;
use crate::hook::settings::Settings;
use crate::hook::{Hook, HookId};
use crate::node_key::Sealer;
use crate::product::ProductId;
use crate::store::hook::HookRow;

impl Hooks {
    pub(super) fn seal(&self, hook: &Hook) -> Result<HookRow, HooksError> {
        let plain = serde_json::to_vec(&hook.settings).map(Zeroizing::new);
        let plain = plain.map_err(|_| HooksError::Crypto)?;
        let context = context(hook.id, hook.owner, hook.product);
        Ok(HookRow {
            id: hook.id,
            owner: hook.owner,
            product: hook.product,
            sealed: self.shared.sealer.seal(&context, &plain)?,
            created_at_ms: hook.created_at_ms,
            updated_at_ms: hook.updated_at_ms,
        })
    }

    pub(super) fn open(&self, row: &HookRow) -> Option<Hook> {
        let settings = open_row(&self.shared.sealer, row)?;
        Some(Hook {
            id: row.id,
            owner: row.owner,
            product: row.product,
            settings,
            created_at_ms: row.created_at_ms,
            updated_at_ms: row.updated_at_ms,
            room: Arc::default(),
        })
    }
}

/// What the webhook of a row is told; `None` where it does not open.
pub(crate) fn open_row(sealer: &Sealer, row: &HookRow) -> Option<Settings> {
    let context = context(row.id, row.owner, row.product);
    let plain = sealer.open(&context, &row.sealed).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// What a row's settings are bound to: those of one account do nothing in the row of another.
pub(crate) fn context(id: HookId, owner: AccountId, product: Option<ProductId>) -> Vec<u8> {
    let product = product.map_or(0, |product| u32::from(product.0) + 1);
    [id.as_bytes().as_slice(), owner.as_bytes(), &product.to_be_bytes()].concat()
}
