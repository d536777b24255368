//! What a product's profile asks of its updates: `[update]` in `pintle-product.toml`.

use serde::{Deserialize, Serialize};

/// How far an update is to have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// So many of a hundred devices run what is released to them.
    pub current_percent: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self { current_percent: 95 }
    }
}
