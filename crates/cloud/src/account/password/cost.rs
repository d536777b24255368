//! What a hash of a password costs.

use argon2::Params;

use crate::account::AccountError;

/// Memory, passes and lanes of Argon2id. Stored beside each hash, so that it can rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What every new hash costs: 19 MiB, two passes, one lane, the floor that OWASP advises.
    pub const FULL: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// Next to nothing, for tests that are about something else. A release build has the full cost here, too: no
    /// setting makes its hashes cheap.
    #[must_use]
    pub const fn for_tests() -> Self {
        if cfg!(debug_assertions) {
            Self { memory_kib: 8, passes: 1, lanes: 1 }
        } else {
            Self::FULL
        }
    }

    pub(super) fn params(self) -> Result<Params, AccountError> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| AccountError::Crypto)
    }
}
